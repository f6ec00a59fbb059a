"""« Propositions suivies »: how far decisions agree with proposals, for the desk and for the agency."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts.access import AdmittedMixin
from accounts.forms.fields import DayField
from common import clock, perimeter
from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor
from common.tabular import respond
from requests import followed
from requests.models import Decision, SupportRequest
from requests.views.acts import SignedInView, page_of

YEAR = dt.timedelta(days=365)


class PeriodForm(forms.Form):
    du = DayField(label="Du", required=False)
    au = DayField(label="Au", required=False, help_text="Compris.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("du") and data.get("au") and data["du"] > data["au"]:
            self.add_error("au", "La fin de la période précède son début.")
        return data


class FollowedView(AdmittedMixin, SignedInView):
    """The desk's departments. ``?format=csv`` exports the counts, ``?format=motifs`` the proposals overruled."""

    readers = DESK_ROLES
    refusal = "Cette page est celle du guichet."
    national = False

    def admits(self, actor: Actor) -> bool:
        return actor.role in self.readers and followed.may_read(actor)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = PeriodForm(request.GET or None)
        given = form.cleaned_data if form.is_bound and form.is_valid() else {}
        last_day = given.get("au") or clock.today()
        first_day = given.get("du") or (last_day - YEAR if last_day.year > 1 else last_day)
        # the agency counts files that it does not read: it is told their department and their theme
        with perimeter.everything("how many decisions follow the proposals, and why the others do not"):
            found = followed.decisions(self.actor, first_day, last_day)
            rows = followed.counts(found)
            wanted = request.GET.get("format")
            limit = None if wanted == "motifs" else followed.LISTED
            listed = list(followed.overruled(found)[:limit]) if wanted != "csv" else []
        if wanted == "csv":
            return respond("csv", "propositions-suivies", _COUNTED, _counted(rows))
        readable = self._readable(listed)
        if wanted == "motifs":
            return respond("csv", "propositions-ecartees", _OVERRULED, _overruled(listed, readable))
        context = {
            "form": form if form.is_bound else PeriodForm({"du": first_day, "au": last_day}),
            "first_day": first_day,
            "last_day": last_day,
            "total": followed.total(rows),
            "themes": followed.by_theme(rows),
            "departments": followed.by_department(rows) if self.national or len(self.actor.departments) > 1 else [],
            "overruled": [self._line(row, readable) for row in listed],
            "limit": followed.LISTED,
            "query": f"du={first_day.isoformat()}&au={last_day.isoformat()}",
            "national": self.national,
            "fewest": followed.FEWEST,
        }
        return render(request, "requests/desk/followed.html", context)

    def _readable(self, rows: Sequence[Decision]) -> frozenset[int]:
        """Of these, the files that the reader may open."""
        wanted = {row.support_request_id for row in rows}
        return frozenset(
            SupportRequest.objects.visible_to(self.actor).filter(pk__in=wanted).values_list("pk", flat=True)
        )

    def _line(self, row: Decision, readable: frozenset[int]) -> dict[str, Any]:
        support_request = row.support_request
        shown = support_request.pk in readable
        return {
            "row": row,
            "theme": followed.theme_label(row.theme),  # type: ignore[attr-defined]
            "department": support_request.department,
            "name": f"{support_request.collectivity.name} – {support_request.reference}" if shown else "",
            "page": page_of(self.actor, support_request.reference) if shown else "",
            "reason": row.reason.text if shown and row.reason else "",
        }


class NationalFollowedView(FollowedView):
    readers = NATIONAL_ROLES
    refusal = "Cette page est celle de l’Agence."
    national = True


_COUNTED = ("Département", "Thème", "Décisions", "Suivies", "Écartées")
_OVERRULED = ("Date", "Département", "Thème", "Référence", "Proposition", "Décision", "Motif")


def _counted(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        label = followed.theme_label(row["theme"])
        yield row["department"], label, row["whole"], row["whole"] - row["differed"], row["differed"]


def _overruled(rows: Iterable[Any], readable: frozenset[int]) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        asked = row.support_request
        shown = asked.pk in readable
        reference, reason = (asked.reference, row.reason.text if row.reason else "") if shown else ("", "")
        proposed = row.assessment.summary
        theme, decided = followed.theme_label(row.theme), row.get_kind_display()
        yield row.on, asked.department_id, theme, reference, proposed, decided, reason
