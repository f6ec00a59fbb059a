"""Views that try to write, for the tests of read-only requests and of the API's errors."""

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import connection
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import path
from django.utils.functional import SimpleLazyObject
from django.views import View
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import CursorPagination, UnknownAddress
from common.errors import Conflict, Invalid, NotAllowed
from common.readonly import without_database, writes
from files.models import StoredFile


def insert():
    return StoredFile.objects.create(name="x", sha256="0" * 64, content_type="text/plain", size=1).name


def write(request):
    return HttpResponse(insert())


@writes("the test says so")
def allowed(request):
    return HttpResponse(insert())


@writes("the test says so, of a class")
class AllowedClass(View):
    def get(self, request):
        return HttpResponse(insert())


class RefusedClass(View):
    def get(self, request):
        return HttpResponse(insert())


def lazy(request):
    """Writes while its template is rendered."""
    from django.template import engines

    template = engines["django"].from_string("{{ value }}")
    return SimpleTemplateResponse(template, {"value": SimpleLazyObject(insert)})


def stream(request):
    def rows():
        yield "first "
        yield insert()

    return StreamingHttpResponse(rows())


def stream_reads(request):
    return StreamingHttpResponse(str(count) for count in [StoredFile.objects.count()])


@without_database
def forgets(request):
    return HttpResponse(StoredFile.objects.count())


def swallows(request):
    """Catches the refusal and answers all the same: nothing is written."""
    from django.db import InternalError

    try:
        insert()
    except InternalError:
        return HttpResponse("swallowed")
    return HttpResponse("written")


def transaction_state(request):
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return HttpResponse(cursor.fetchone()[0])


class Raises(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    errors = {
        "invalid": Invalid("La commune est obligatoire.", field="collectivity"),
        "not-allowed": NotAllowed("Seul le guichet peut qualifier."),
        "conflict": Conflict("Un collègue a déjà décidé.", code="already_decided"),
        "missing": Http404(),
        "too-big": RequestDataTooBig(),
        "denied": PermissionDenied(),
        "validation": ValidationError({"name": ["Trop long."]}),
        "fields": exceptions.ValidationError(
            {"lines": [{}, {"offer": ["Obligatoire."]}], "non_field_errors": ["Non."]}
        ),
        "throttled": exceptions.Throttled(wait=12),
        "anonymous": exceptions.NotAuthenticated(),
        "bug": ZeroDivisionError("secret detail"),
    }

    def get(self, request, which):
        raise self.errors[which]


class FileSerializer(serializers.ModelSerializer):
    class Meta:
        model = StoredFile
        fields = ["name"]


class Files(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request):
        paginator = CursorPagination()
        page = paginator.paginate_queryset(StoredFile.objects.all(), request, view=self)
        return paginator.get_paginated_response(FileSerializer(page, many=True).data)

    def post(self, request):
        return Response({})


urlpatterns = [
    path("write", write),
    path("allowed", allowed),
    path("allowed-class", AllowedClass.as_view()),
    path("refused-class", RefusedClass.as_view()),
    path("lazy", lazy),
    path("stream", stream),
    path("stream-reads", stream_reads),
    path("forgets", forgets),
    path("swallows", swallows),
    path("state", transaction_state),
    path("api/raises/<slug:which>", Raises.as_view()),
    path("api/files", Files.as_view()),
    path("api/<path:unknown>", UnknownAddress.as_view()),
]
