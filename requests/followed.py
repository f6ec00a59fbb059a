"""Whether decisions follow the proposals that they answer (ADR 6): counted for whoever keeps the rules and the
catalogue, never published: a low share may say that the rules are wrong, or that an offer is missing.

Decisions taken back before anybody was told, and those that answered no proposal, are not counted.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor
from common.french import NBSP, number, percent
from operators.enums import Theme
from requests.figures import LocalDate
from requests.models import Decision

#: Fewer decisions than this make no share.
FEWEST = 5
#: Overruled proposals listed on the page, the latest first; the export has them all.
LISTED = 100
NO_THEME = "Sans thème"


@dataclass(frozen=True, slots=True)
class Agreement:
    """« 41 sur 46 » : how many decisions followed the proposal, of how many."""

    label: str
    whole: int
    differed: int

    @property
    def followed(self) -> int:
        return self.whole - self.differed

    @property
    def told(self) -> str:
        """« 41 sur 46 (89 %) »; without a share under :data:`FEWEST`."""
        counts = f"{number(self.followed)} sur{NBSP}{number(self.whole)}"
        return f"{counts} ({percent(self.followed / self.whole)})" if self.whole >= FEWEST else counts


def may_read(actor: Actor) -> bool:
    return actor.mandate_confirmed and actor.role in DESK_ROLES | NATIONAL_ROLES


def decisions(actor: Actor, first_day: dt.date, last_day: dt.date, department: str = "") -> QuerySet[Any]:
    """The decisions of a period, in local days, that ``actor`` may count: a desk those of its departments, the agency
    the nation's. Nothing for anybody else."""
    found: QuerySet[Any] = Decision.objects.filter(assessment__isnull=False, dispatch__cancelled_at__isnull=True)
    if actor.role in DESK_ROLES:
        found = found.filter(support_request__department__in=actor.departments)
    if department:
        found = found.filter(support_request__department=department)
    zone = "support_request__department__time_zone"
    found = found.annotate(
        on=LocalDate(F("at"), zone),
        theme=Coalesce(
            F("support_request__themes__0"), NullIf("support_request__subject__theme", Value("")), Value("")
        ),
    )
    return found.filter(on__gte=first_day, on__lte=last_day) if may_read(actor) else found.none()


def counts(found: QuerySet[Any]) -> list[dict[str, Any]]:
    """By department and theme: ``department``, ``name``, ``theme``, ``whole``, ``differed``. One query."""
    rows = found.order_by().values(
        "theme", department=F("support_request__department"), name=F("support_request__department__name")
    )
    rows = rows.annotate(whole=Count("pk"), differed=Count("pk", filter=Q(differs=True)))
    return list(rows.order_by("department", "theme"))


def theme_label(code: str) -> str:
    return Theme(code).label if code in Theme.values else NO_THEME


def by_theme(rows: Iterable[dict[str, Any]]) -> list[Agreement]:
    return _summed((row["theme"], theme_label(row["theme"]), row) for row in rows)


def by_department(rows: Iterable[dict[str, Any]]) -> list[Agreement]:
    return _summed((row["department"], f"{row['name']} ({row['department']})", row) for row in rows)


def total(rows: Iterable[dict[str, Any]]) -> Agreement:
    found = _summed(("", "Ensemble", row) for row in rows)
    return found[0] if found else Agreement("Ensemble", 0, 0)


def _summed(rows: Iterable[tuple[str, str, dict[str, Any]]]) -> list[Agreement]:
    summed: dict[str, tuple[str, int, int]] = {}
    for code, label, row in rows:
        _, whole, differed = summed.get(code, (label, 0, 0))
        summed[code] = (label, whole + row["whole"], differed + row["differed"])
    return [Agreement(*line) for line in summed.values()]


def overruled(found: QuerySet[Any]) -> QuerySet[Any]:
    """With the reason given, the latest first."""
    rows = found.filter(differs=True).select_related(
        "reason", "assessment", "support_request__collectivity", "support_request__department"
    )
    return rows.defer("assessment__document", "support_request__need").order_by("-at", "support_request__reference")
