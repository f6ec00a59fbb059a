"""« Où l’aide manque »: what the catalogue leaves uncovered, for the State: its own departments, or the nation."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.generic import View

from accounts.access import AdmittedMixin
from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor, Role
from common.tabular import respond
from operators import coverage
from operators.coverage_maps import dots_of, map_of
from operators.coverage_page import (
    FORMER_HEADINGS,
    HEADINGS,
    KIND_LABELS,
    Table,
    former_row_of,
    matrix_of,
    moves_of,
    row_of,
    subject_lines,
)
from operators.enums import Theme
from operators.matching.vocabulary import NATION_CODE
from operators.models import CoverageCell, Subject
from territories.models import Collectivity, Department

READERS = DESK_ROLES | {Role.SUB_PREFECT, Role.CMT, Role.REGION}
#: Those who may ask for a computation; the others read.
ASKERS = DESK_ROLES | NATIONAL_ROLES | {Role.SUB_PREFECT}


class CoverageView(AdmittedMixin, View):
    """A department's page. ``?theme=`` or ``?sujet=`` shows the bodies, ``?depuis=`` compares, ``?format=csv``
    exports, ``?calcul`` is where the computation asked stands; POST asks for one."""

    readers = READERS
    refusal = "Cette page est celle des services de l’État."

    def admits(self, actor: Actor) -> bool:
        return actor.role in self.readers and actor.mandate_confirmed

    def departments(self) -> Sequence[Department]:
        """Those of the mandate, a sub-prefect's by his arrondissements, in the order of their codes."""
        actor = self.actor
        rows = Department.objects.filter(is_current=True).order_by("code")
        if actor.role is Role.SUB_PREFECT:
            return list(rows.filter(arrondissements__in=actor.arrondissements).distinct())
        return list(rows.filter(code__in=actor.departments))

    def chosen(self, departments: Sequence[Department]) -> Department:
        """The one asked, or the first."""
        wanted = self.request.GET.get("departement", "")
        for one in departments:
            if not wanted or one.code == wanted:
                return one
        raise Http404("Ce département n’est pas de ceux de votre mandat.")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        departments = self.departments()
        chosen = self.chosen(departments)
        if "calcul" in request.GET:
            return self.computing(chosen.code)
        return self.of_department(chosen, departments)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self.asks:
            raise PermissionDenied("Votre mandat permet de lire cette page, sans demander de calcul.")
        coverage.ask(self.place())
        return redirect(f"{request.get_full_path()}#calcul")

    def place(self) -> str:
        """What a POST asks to compute."""
        return self.chosen(self.departments()).code

    @property
    def asks(self) -> bool:
        return self.actor.role in ASKERS

    def state(self, place: str) -> dict[str, Any]:
        """Where the last computation asked of this place stands."""
        here = self.request.GET.copy()
        here.pop("calcul", None)
        page = f"{self.request.path}?{here.urlencode()}" if here else self.request.path
        here["calcul"] = ""
        return {
            "job": coverage.asked(place),
            "asks": self.asks,
            "page": page,
            "state_page": f"{self.request.path}?{here.urlencode()}",
        }

    def computing(self, place: str) -> HttpResponse:
        """Asked again by the page while the computation is waited for."""
        return render(self.request, "operators/coverage/_computing.html", self.state(place) | {"waited": True})

    def of_department(self, department: Department, departments: Sequence[Department]) -> HttpResponseBase:
        cells = CoverageCell.objects.filter(department=department)
        days = list(cells.order_by("-on").values_list("on", flat=True).distinct())
        before = self.compared(days)
        shown = list(cells.filter(on__in=[on for on in (*days[:1], before) if on]))
        theme, subject, subjects = self.drilled()
        found = coverage.of_subjects([one.code for one in subjects], [department.code]) if theme and days else {}
        if self.request.GET.get("format") == "csv":
            former, latest = ([cell for cell in shown if (cell.on == before) is past] for past in (True, False))
            live = [(cell, one.label) for one in subjects for cell in found.get(one.code, ())]
            return export(f"couverture-{department.code}", latest, live, before, former)
        table = Table(shown, days[0] if days else None, before)
        context = {
            "department": department,
            "departments": departments,
            "table": table,
            "days": days[1:],
            "before": before,
            "theme": theme.value if theme else "",
            "drill": None,
            "export": self.export_address(),
            **self.state(department.code),
        }
        if theme and days:
            uncovered = {code for cell in found[subject.code] for code in cell.codes} if subject else table.codes(theme)
            context["drill"] = {
                "theme": theme,
                "subject": subject,
                "chosen": subject.code if subject else "",
                "label": subject.label if subject else theme.label,
                "lines": subject_lines(subjects, found),
                **self.bodies(department, uncovered),
            }
        return render(self.request, "operators/coverage/department.html", context)

    def bodies(self, department: Department, uncovered: Collection[str]) -> dict[str, Any]:
        """Those of a department: a map of all, the lists of the uncovered."""
        rows = Collectivity.objects.filter(is_current=True, fictitious=False, kind__in=coverage.KINDS)
        bodies = list(rows.filter(department=department).order_by("name", "code"))
        lists = [
            (KIND_LABELS[kind], [body for body in bodies if body.kind == kind and body.code in uncovered])
            for kind in coverage.KINDS
        ]
        return {"map": dots_of(bodies, uncovered), "lists": [(label, rows) for label, rows in lists if rows]}

    def compared(self, days: Sequence[dt.date]) -> dt.date | None:
        """The day to compare with, one of those computed; another is ignored."""
        wanted = self.request.GET.get("depuis", "")
        return next((on for on in days[1:] if on.isoformat() == wanted), None)

    def drilled(self) -> tuple[Theme | None, Subject | None, Sequence[Subject]]:
        """The theme asked, or that of the subject asked; this subject, if any; the subjects of the theme. ``?sujet=``
        may name a theme too."""
        theme, code = self.request.GET.get("theme", ""), self.request.GET.get("sujet", "").replace("\x00", "")[:40]
        if code in Theme.values:
            theme, code = code, ""
        subject = Subject.objects.active().filter(code=code, theme__isnull=False).first() if code else None
        if subject:
            theme = str(subject.theme)
        if theme not in Theme.values:
            return None, None, ()
        return Theme(theme), subject, list(Subject.objects.active().filter(theme=theme))

    def export_address(self) -> str:
        kept = self.request.GET.copy()
        kept["format"] = "csv"
        return f"?{kept.urlencode()}"


class NationalCoverageView(CoverageView):
    """The nation: a department by line, a theme by column, and the map of one theme; or one subject alone, by
    ``?sujet=``, counted now. ``?nature=`` is the kind of body. With ``?departement=``, that department's page."""

    readers = NATIONAL_ROLES
    refusal = "Cette page est celle de l’Agence."

    def departments(self) -> Sequence[Department]:
        return list(Department.objects.filter(is_current=True).order_by("code"))

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if request.GET.get("departement"):
            return super().get(request)
        if "calcul" in request.GET:
            return self.computing(NATION_CODE)
        kind = request.GET.get("nature", "")
        kind = kind if kind in {one.value for one in coverage.KINDS} else coverage.KINDS[0].value
        days = list(CoverageCell.objects.order_by("-on").values_list("on", flat=True).distinct())
        theme, subject, _ = self.drilled()
        live = coverage.of_subjects([subject.code])[subject.code] if subject and days else []
        before = None if subject else self.compared(days)
        if request.GET.get("format") == "csv":
            former = CoverageCell.objects.filter(on=before).defer("codes") if before else ()
            cells = CoverageCell.objects.filter(on=days[0]) if days else CoverageCell.objects.none()
            told = [(cell, subject.label) for cell in live] if subject else []
            return export("couverture-nationale", () if subject else cells, told, before, former)
        return self.of_nation(kind, theme or Theme(Theme.values[0]), subject, live, days, before)

    def of_nation(
        self,
        kind: str,
        theme: Theme,
        subject: Subject | None,
        live: Sequence[CoverageCell],
        days: Sequence[dt.date],
        before: dt.date | None,
    ) -> HttpResponseBase:
        """``live``: the cells of the subject; the others are those of the last day."""
        known = CoverageCell.objects.filter(kind=kind).defer("codes")
        cells = [cell for cell in live if cell.kind == kind]
        if not subject:
            cells = list(known.filter(on=days[0])) if days else []
        former = list(known.filter(on=before)) if before else []
        departments = self.departments()
        subjects = list(Subject.objects.active())
        of_theme = [cell for cell in cells if cell.theme == theme]
        formerly = [cell for cell in former if cell.theme == theme]
        context = {
            "kind": kind,
            "kinds": [(one.value, KIND_LABELS[one]) for one in coverage.KINDS],
            "theme": theme,
            "themes": Theme,
            "subject": subject,
            "choices": [(one, [row for row in subjects if row.theme == one]) for one in Theme],
            "label": subject.label if subject else theme.label,
            "lines": matrix_of(cells, former, departments, [theme] if subject else Theme.values),
            "map": map_of(of_theme),
            "on": days[0] if days else None,
            "days": days[1:],
            "before": before,
            "moves": moves_of(of_theme, formerly, departments) if before else (),
            "export": self.export_address(),
            **self.state(NATION_CODE),
        }
        return render(self.request, "operators/coverage/nation.html", context)

    def place(self) -> str:
        return super().place() if self.request.GET.get("departement") else NATION_CODE


def export(
    name: str,
    cells: Iterable[CoverageCell],
    of_subjects: Iterable[tuple[CoverageCell, str]],
    before: dt.date | None,
    former: Iterable[CoverageCell],
) -> HttpResponseBase:
    """A line a department, theme and kind, beside that of the day compared; then those of the subjects shown."""

    def key(cell: CoverageCell) -> tuple[str, str, str]:
        return (cell.department_id, cell.theme, cell.kind)

    by_key = {key(cell): cell for cell in former}
    rows = [row_of(cell) + (former_row_of(by_key.get(key(cell))) if before else []) for cell in sorted(cells, key=key)]
    rows += [row_of(cell, label) + (former_row_of(None) if before else []) for cell, label in of_subjects]
    return respond("csv", name, [*HEADINGS, *(FORMER_HEADINGS if before else ())], rows)
