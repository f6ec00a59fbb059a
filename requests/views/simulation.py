"""Simulations: another catalogue, other thresholds. The agency's staff only; every page works without JavaScript."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property

from accounts.access import AdmittedMixin
from common.actor import Actor
from common.errors import Conflict, ServiceError
from common.tabular import respond
from operators.matching.criteria import BY_KEY
from requests import simulation_page
from requests.enums import SimulationKind
from requests.forms.simulation import FinancingForm, RoutingForm, ScopeForm, blank
from requests.models import SimulatedBody, SimulatedRequest, Simulation, SupportRequest
from requests.scenario import from_json
from requests.services import financing
from requests.services import simulation as service
from requests.services.funding import rule_on
from requests.views.acts import SignedInView, refuse
from territories.enums import CollectivityKind
from territories.models import Department

PAGE_SIZE = 50
#: Address of each kind.
KINDS: dict[str, tuple[SimulationKind, type[ScopeForm]]] = {
    "acheminement": (SimulationKind.ROUTING, RoutingForm),
    "financement": (SimulationKind.FINANCING, FinancingForm),
}
ADDRESSES = {kind.value: address for address, (kind, _) in KINDS.items()}


class AgencyView(AdmittedMixin, SignedInView):
    """A page of the agency's staff."""

    refusal = "Les simulations sont celles de l’Agence."

    def admits(self, actor: Actor) -> bool:
        return service.may_simulate(actor)

    @cached_property
    def simulation(self) -> Simulation:
        return found(self.kwargs["uuid"])


def found(key: Any) -> Simulation:
    """Raises ``Http404``: one that was removed does not exist."""
    row = Simulation.objects.kept().filter(uuid=key).select_related("asked_by").first()
    if row is None:
        raise Http404("Cette simulation n’existe pas, ou elle a été supprimée.")
    return row


class SimulationList(AgencyView):
    def get(self, request: HttpRequest) -> HttpResponse:
        rows = Simulation.objects.kept().select_related("asked_by").defer("summary")
        listed = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        context = {"page": listed, "lines": [(row, *simulation_page.state(row)) for row in listed]}
        return render(request, "requests/simulation/list.html", context)


class NewSimulation(AgencyView):
    """The form; ``?comme=`` takes a former simulation's settings."""

    def form_class(self) -> tuple[SimulationKind, type[ScopeForm]]:
        if self.kwargs["kind"] not in KINDS:
            raise Http404("Une simulation porte sur l’acheminement ou sur le financement.")
        return KINDS[self.kwargs["kind"]]

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        nature, form_class = self.form_class()
        return self.page(form_class(initial=self.initial(nature, form_class)))

    def initial(self, nature: SimulationKind, form_class: type[ScopeForm]) -> dict[str, Any]:
        wanted = self.request.GET.get("comme", "")
        if wanted:
            try:
                former = found(uuid.UUID(wanted))
            except ValueError as error:
                raise Http404("Cette simulation n’existe pas.") from error
            if former.kind == nature:
                return blank(form_class, from_json(former.kind, former.parameters), former.title)
        first = blank(form_class)
        rule = rule_on(first["end"]) if nature is SimulationKind.FINANCING else None
        if rule is not None:
            known = financing.scenario_of(rule, start=first["start"], end=first["end"])
            return blank(form_class, known)
        return first

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        form = self.form_class()[1](request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        data = form.cleaned_data
        try:
            made = service.ask(form.scenario(), self.actor, title=data["title"], key=data["key"])
        except ServiceError as error:
            return self.page(form, status=refuse(form, error))
        return redirect("requests:simulation", made.uuid)

    def page(self, form: ScopeForm, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {"form": form, "fields": list(form), "groups": [], "routing": False}
        if isinstance(form, RoutingForm):
            context |= {"fields": form.plain_fields, "groups": form.change_groups, "routing": True}
        return render(self.request, "requests/simulation/new.html", context, status=status)


class SimulationPage(AgencyView):
    """How far it is; then its totals and its rows. ``?vue=tout`` lists all requests, ``?departement=`` one's."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        row = self.simulation
        label, badge = simulation_page.state(row)
        context: dict[str, Any] = {
            "simulation": row,
            "state": label,
            "badge": badge,
            "terms": simulation_page.settings_of(row),
            "again": f"{reverse('requests:simulation-new', args=[ADDRESSES[row.kind]])}?comme={row.uuid}",
        }
        if not row.is_complete:
            return render(request, "requests/simulation/waiting.html", context)
        if row.kind == SimulationKind.FINANCING:
            context |= {**simulation_page.gains(row), **self.bodies()}
            return render(request, "requests/simulation/financing.html", context)
        context |= {**simulation_page.totals(row), **self.requests()}
        return render(request, "requests/simulation/routing.html", context)

    def department(self) -> str:
        return self.request.GET.get("departement", "").replace("\x00", "")

    def listed(self, rows: Any, count: int | None = None) -> Page[Any]:
        paginator = Paginator(rows, PAGE_SIZE)
        if count is not None:
            paginator.count = count
        return paginator.get_page(self.request.GET.get("page"))

    def requests(self) -> dict[str, Any]:
        """Counts come from the totals: a million rows are not counted again. Never through the requests themselves: the
        agency sees those that were referred, and a join would lose the others."""
        rows = SimulatedRequest.objects.filter(simulation=self.simulation).order_by("support_request_id")
        whole = self.request.GET.get("vue") == "tout"
        name, summary = "requests" if whole else "changed", self.simulation.summary
        code, count = self.department(), summary["all"][name]
        if code:
            rows = rows.filter(department_id=code)
            count = next((row[name] for row in summary["departments"] if row["key"] == code), 0)
        listed = self.listed(rows if whole else rows.exclude(shift=""), count)
        return {
            "page": listed,
            "rows": simulation_page.shown(listed, SupportRequest.objects.visible_to(self.actor)),
            "whole": whole,
            "department": code,
            "query": f"&vue={'tout' if whole else 'changements'}" + (f"&departement={code}" if count and code else ""),
        }

    def bodies(self) -> dict[str, Any]:
        rows = SimulatedBody.objects.filter(simulation=self.simulation).select_related("collectivity")
        code = self.department()
        known = Department.objects.filter(code=code).first() if code else None
        if known is not None:
            rows = rows.filter(department=known)
        listed = self.listed(rows.order_by("department_id", "kind", "collectivity__name", "pk"))
        labels = {one.code: one.label for one in Department.objects.filter(code__in={r.department_id for r in listed})}
        return {
            "page": listed,
            "rows": [(row, labels.get(row.department_id, row.department_id)) for row in listed],
            "department": known.code if known else "",
            "query": f"&departement={known.code}" if known else "",
        }


class SimulationProgress(AgencyView):
    """The part asked again while a worker is at it; the whole page once there is something else to show."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        label, badge = simulation_page.state(self.simulation)
        context = {"simulation": self.simulation, "state": label, "badge": badge}
        response = render(request, "requests/simulation/_progress.html", context)
        if not self.simulation.is_running:
            response["HX-Refresh"] = "true"
        return response


class CancelSimulation(AgencyView):
    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            service.cancel(self.simulation, self.actor)
            messages.success(request, "L’annulation est demandée : le calcul s’arrête à la prochaine étape.")
        except Conflict as error:
            messages.warning(request, error.message)
        return redirect("requests:simulation", self.simulation.uuid)


class RemoveSimulation(AgencyView):
    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            service.remove(self.simulation, self.actor)
        except Conflict as error:
            messages.warning(request, error.message)
            return redirect("requests:simulation", self.simulation.uuid)
        messages.success(request, "La simulation est supprimée.")
        return redirect("requests:simulations")


REQUESTS = (
    *("Demande", "Département", "Thème", "Avant", "Offres avant", "Après", "Offres après"),
    *("Changement", "Offre du changement", "Critère"),
)
BODIES = ("Collectivité", "Département", "Nature", "Population", "Prise en charge totale")


class SimulationExport(AgencyView):
    """``resultats.csv``: a line a request, or a line a body whose financing changes."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not self.simulation.is_complete:
            raise Http404("Cette simulation n’a pas de résultat.")
        name = f"simulation-{self.simulation.uuid}"
        if self.simulation.kind == SimulationKind.FINANCING:
            return respond("csv", name, BODIES, self.bodies())
        return respond("csv", name, REQUESTS, self.requests())

    def requests(self) -> Iterator[list[Any]]:
        rows = SimulatedRequest.objects.filter(simulation=self.simulation).order_by("support_request_id")
        visible, last = SupportRequest.objects.visible_to(self.actor), 0
        while batch := list(rows.filter(support_request_id__gt=last)[:2000]):
            last = batch[-1].support_request_id
            keys = [row.support_request_id for row in batch]
            references = dict(visible.filter(pk__in=keys).order_by().values_list("pk", "reference"))
            for row in batch:
                yield [
                    references.get(row.support_request_id, "non transmise"),
                    row.department_id,
                    row.get_theme_display(),
                    simulation_page.ROUTES[row.before],
                    " ".join(row.before_offers),
                    simulation_page.ROUTES[row.after],
                    " ".join(row.after_offers),
                    row.get_shift_display(),
                    row.shift_offer,
                    BY_KEY[row.shift_criterion].label if row.shift_criterion else "",
                ]

    def bodies(self) -> Iterator[list[Any]]:
        rows = SimulatedBody.objects.filter(simulation=self.simulation).select_related("collectivity").order_by("pk")
        for row in rows.iterator(chunk_size=2000):
            gained = "gagnée" if row.gained else "perdue"
            yield [row.collectivity.code, row.department_id, CollectivityKind(row.kind).label, row.population, gained]
