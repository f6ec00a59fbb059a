"""« Où l’aide manque »: what the catalogue leaves uncovered, for the State: its own departments, or the nation."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.generic import View

from accounts.access import AdmittedMixin
from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor, Role
from common.french import plural
from common.tabular import respond
from operators import coverage
from operators.coverage_page import KIND_LABELS, Table, map_of, matrix_of
from operators.enums import Theme
from operators.models import CoverageCell
from territories.models import Collectivity, Department

READERS = DESK_ROLES | {Role.SUB_PREFECT, Role.CMT, Role.REGION}


class CoverageView(AdmittedMixin, View):
    """A department's page. ``?theme=`` lists the bodies, ``?depuis=`` compares, ``?format=csv`` exports."""

    readers = READERS
    refusal = "Cette page est celle des services de l’État."

    def admits(self, actor: Actor) -> bool:
        return actor.role in self.readers and actor.mandate_confirmed

    def departments(self) -> Sequence[Department]:
        """Those of the mandate, in the order of their codes."""
        actor, mandate = self.request.actor, self.request.mandate  # type: ignore[attr-defined]
        codes = actor.departments or {mandate.department_id}
        return list(Department.objects.filter(code__in=codes).order_by("code"))

    def get(self, request: HttpRequest) -> HttpResponseBase:
        departments = self.departments()
        wanted = request.GET.get("departement", "")
        chosen = next((one for one in departments if one.code == wanted), None)
        if not wanted:
            chosen = next(iter(departments), None)
        if chosen is None:
            raise Http404("Ce département n’est pas de ceux de votre mandat.")
        return self.of_department(chosen, departments)

    def of_department(self, department: Department, departments: Sequence[Department]) -> HttpResponseBase:
        cells = CoverageCell.objects.filter(department=department)
        days = list(cells.order_by("-on").values_list("on", flat=True).distinct())
        if self.request.GET.get("format") == "csv":
            return export(cells.filter(on=days[0]) if days else cells, f"couverture-{department.code}")
        before = self.compared(days)
        shown = list(cells.filter(on__in=[on for on in (*days[:1], before) if on]))
        table = Table(shown, days[0] if days else None, before)
        context = {
            "department": department,
            "departments": departments,
            "table": table,
            "days": days[1:],
            "before": before,
            "drill": self.drill(table),
        }
        return render(self.request, "operators/coverage/department.html", context)

    def compared(self, days: Sequence[dt.date]) -> dt.date | None:
        """The day to compare with, one of those computed; another is ignored."""
        wanted = self.request.GET.get("depuis", "")
        return next((on for on in days[1:] if on.isoformat() == wanted), None)

    def drill(self, table: Table) -> Mapping[str, Any] | None:
        """The bodies without a local offer for the theme asked."""
        theme = self.request.GET.get("theme", "")
        if theme not in Theme.values:
            return None
        found = {kind: table.codes(theme, kind) for kind in coverage.KINDS}
        bodies = Collectivity.objects.filter(code__in=[code for codes in found.values() for code in codes])
        by_kind = {kind.value: [body for body in bodies if body.kind == kind] for kind in coverage.KINDS}
        return {
            "theme": Theme(theme),
            "lists": [(KIND_LABELS[kind], by_kind[kind.value]) for kind in coverage.KINDS if by_kind[kind.value]],
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        departments = self.departments()
        coverage.compute(departments=[one.code for one in departments])
        messages.success(request, f"Couverture recalculée pour {plural(len(departments), 'département')}.")
        return redirect(request.get_full_path())


class NationalCoverageView(CoverageView):
    """The nation: a department by line, a theme by column, and the map of one theme."""

    readers = NATIONAL_ROLES
    refusal = "Cette page est celle de l’Agence."

    def departments(self) -> Sequence[Department]:
        return list(Department.objects.filter(is_current=True).order_by("code"))

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if request.GET.get("departement"):
            return super().get(request)
        latest = CoverageCell.objects.latest_day()
        if request.GET.get("format") == "csv":
            return export(latest, "couverture-nationale")
        kind = request.GET.get("nature", "")
        kind = kind if kind in {one.value for one in coverage.KINDS} else coverage.KINDS[0].value
        theme = request.GET.get("theme", "")
        theme = theme if theme in Theme.values else Theme.values[0]
        cells = list(latest.filter(kind=kind).defer("codes"))
        departments = {one.code: one for one in self.departments()}
        context = {
            "kind": kind,
            "kinds": [(one.value, KIND_LABELS[one]) for one in coverage.KINDS],
            "theme": Theme(theme),
            "themes": Theme,
            "lines": matrix_of(cells, departments),
            "map": map_of([cell for cell in cells if cell.theme == theme]),
            "on": cells[0].on if cells else None,
        }
        return render(request, "operators/coverage/nation.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        coverage.compute()
        messages.success(request, "Couverture recalculée pour toute la France.")
        return redirect(request.get_full_path())


COLUMNS = (
    ("Jour", lambda cell: cell.on),
    ("Département", lambda cell: cell.department_id),
    ("Thème", lambda cell: cell.get_theme_display()),
    ("Nature", lambda cell: cell.get_kind_display()),
    ("Collectivités", lambda cell: cell.bodies),
    ("Habitants", lambda cell: cell.inhabitants),
    ("Sans offre locale", lambda cell: cell.uncovered),
    ("Habitants sans offre locale", lambda cell: cell.uncovered_inhabitants),
    ("Sans aucune offre", lambda cell: cell.bare),
    ("Codes sans offre locale", lambda cell: " ".join(cell.codes)),
)


def export(cells: Any, name: str) -> HttpResponseBase:
    rows = ([value(cell) for _, value in COLUMNS] for cell in cells.order_by("department_id", "theme", "kind"))
    return respond("csv", name, [heading for heading, _ in COLUMNS], rows)
