"""The desk's engineering map: given as a spreadsheet, shown, applied; taken out as a spreadsheet; its template."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.generic import View

from accounts.access import AdmittedMixin
from common.actor import Actor, Role
from common.errors import Conflict, ServiceError
from common.tabular import FORMATS, respond
from operators.forms import OfferFileForm
from operators.loading.columns import COLUMNS, HEADINGS, SHEET, Kind
from operators.loading.export import rows, template
from operators.loading.plan import Scope
from operators.models import OfferLoad, Provider
from operators.permissions import may_load
from operators.services import loads
from territories.models import Department

#: Former files shown.
SHOWN = 10
COLUMNS_READ = [column for column in COLUMNS if column.kind is not Kind.TOLD]


class LoadingView(AdmittedMixin, View):
    """For the desk of a department, and the administrator."""

    refusal = "Cette page est celle du guichet du département."

    def admits(self, actor: Actor) -> bool:
        return may_load(actor)

    def departments(self) -> list[Department]:
        """Those whose map may be loaded."""
        found = Department.objects.filter(is_current=True).order_by("code")
        if self.actor.role is not Role.ADMINISTRATOR:
            found = found.filter(code__in=self.actor.departments)
        return list(found)

    def scope(self, code: str) -> Scope:
        """Of the department asked, or of all that the actor keeps. 404 for one that is not his."""
        if code and code not in {one.code for one in self.departments()}:
            raise Http404("Ce département n’est pas de ceux de votre mandat.")
        return Scope(self.actor, frozenset({code} if code else self.actor.departments))


class DepositView(LoadingView):
    """``/guichet/offres/charger/``: gives a file; those given before."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST, request.FILES)
        if form.is_valid():
            given = form.cleaned_data
            try:
                load = loads.deposit(
                    given["file"].name,
                    given["file"],
                    self.actor,
                    department=given["department"],
                    key=given["key"],
                )
            except ServiceError as error:
                form.add_error("file", error.message)
            else:
                return redirect(load)
        return self.page(form, status=422)

    def form(self, *given: Any) -> OfferFileForm:
        every = self.actor.role is Role.ADMINISTRATOR
        return OfferFileForm(*given, departments=self.departments(), every=every)

    def page(self, form: OfferFileForm, status: int = 200) -> HttpResponse:
        former = OfferLoad.objects.visible_to(self.actor).select_related("department", "mandate__user")
        context = {"form": form, "former": former.defer("plan")[:SHOWN], "columns": COLUMNS_READ}
        return render(self.request, "operators/loading/deposit.html", context, status=status)


class LoadView(LoadingView):
    """``/guichet/offres/charger/<uuid>/``: what the file would do, or did; « Appliquer », « Abandonner »."""

    def load(self) -> OfferLoad:
        found = OfferLoad.objects.visible_to(self.actor).select_related("progress", "department", "mandate__user")
        return get_object_or_404(found, uuid=self.kwargs["uuid"])

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        load = self.load()
        part = "operators/loading/_load.html" if request.headers.get("HX-Request") else "operators/loading/load.html"
        return render(request, part, {"load": load, "plan": load.plan})

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        load = self.load()
        try:
            if request.POST.get("acte") == "abandonner":
                loads.abandon(load, self.actor)
                messages.success(request, "Le fichier est abandonné. Rien n’a été écrit.")
            else:
                loads.ask(load, self.actor, digest=request.POST.get("lu", ""))
        except Conflict as error:
            messages.error(request, error.message)
        return redirect(load)


class ExportView(LoadingView):
    """``/guichet/offres/export.<csv|xlsx|ods>``: the department's local offers, all states."""

    def get(self, request: HttpRequest, extension: str) -> HttpResponseBase:
        if extension not in FORMATS:
            raise Http404("Formats\N{NO-BREAK SPACE}: csv, xlsx, ods.")
        code = request.GET.get("departement", "")
        scope = self.scope(code)
        name = "-".join(["offres", *sorted(scope.departments)][:4])
        return respond(extension, name, HEADINGS, rows(scope), title=SHEET)


class TemplateView(LoadingView):
    """``/guichet/offres/modele.xlsx``: the workbook to fill."""

    def get(self, request: HttpRequest) -> HttpResponse:
        scope = self.scope(request.GET.get("departement", ""))
        kept = Provider.objects.kept_by(self.actor).local().active()
        names = kept.filter(department__in=scope.departments).order_by("name").values_list("name", flat=True)
        response = HttpResponse(template(list(dict.fromkeys(names))), content_type=FORMATS["xlsx"][0])
        response["Content-Disposition"] = content_disposition_header(True, "modele-offres.xlsx") or "attachment"  # noqa: FBT003
        return response
