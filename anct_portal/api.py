"""Version 1 of the API: one router, its schema, and a documentation page made from the schema."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from anct_portal import openapi  # noqa: F401  (registers how one authenticates)
from common.api import UnknownAddress
from operators.api.views import OfferViewSet, ProviderViewSet
from programmes.api.views import ProgrammeViewSet
from requests.api.views import SupportRequestViewSet
from territories.api.views import CollectivityViewSet, DepartmentViewSet

router = SimpleRouter()
router.register("support-requests", SupportRequestViewSet, basename="support-request")
router.register("offers", OfferViewSet, basename="offer")
router.register("providers", ProviderViewSet, basename="provider")
router.register("collectivities", CollectivityViewSet, basename="collectivity")
router.register("departments", DepartmentViewSet, basename="department")
router.register("programmes", ProgrammeViewSet, basename="programme")


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The OpenAPI document of version 1, as committed in ``docs/openapi.yaml`` (compared in CI)."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """The addresses, their parameters and answers, as a page anybody may read (RGAA)."""
    document = schema()
    operations = [
        {
            "method": method.upper(),
            "path": address,
            "summary": (operation.get("description") or operation["operationId"]).split("\n")[0],
            "parameters": operation.get("parameters", ()),
            "answers": sorted(operation.get("responses", {})),
            "group": operation["tags"][0],
        }
        for address, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for operation in operations:
        groups.setdefault(operation["group"], []).append(operation)
    return render(request, "pages/api.html", {"groups": sorted(groups.items()), "info": document["info"]})


urlpatterns: list[Any] = [
    path("schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="schema"),
    path("docs/", documentation, name="docs"),
    path("", include(router.urls)),
    re_path(r"^.*$", csrf_exempt(UnknownAddress.as_view())),
]
