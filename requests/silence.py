"""« La carte du silence »: communes with facts of fragility that have filed nothing for years. Read, never stored.

A fact counts when the evidence of the third motive says that it holds (``operators.matching.evidence``); a measure
without a threshold, or an unknown, counts for nothing and against nothing (PRACTICE 1.12, 3.4). What a draft says is
nobody's business here: only what was filed breaks a silence, be it withdrawn or redirected since.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import F, Max, Min, OuterRef, Q, Subquery

from common import perimeter
from common.actor import Actor
from operators.matching.evidence import FRAGILITY_FACTS, Evidence, FragilityFact, Line, fragility
from operators.territory_facts import zoning_fact
from requests.models import SupportRequest, Visit
from requests.permissions import silence_scope
from territories.enums import CollectivityKind
from territories.models import Collectivity, Department, FlatMembership, FormerCode, ZoningValue

YEARS, MOST_YEARS = 3, 10
#: Facts that can hold: the others are measures, for which no source gives a threshold.
TELLING = tuple(fact for fact in FRAGILITY_FACTS if not fact.unit)
FACTS, MOST_FACTS = 1, len(TELLING)
#: A commune visited since then is marked.
VISITED = relativedelta(months=12)

#: What is read of a commune.
_COLUMNS = ("code", "name", "population", "population_vintage", "latitude", "longitude", "arrondissement__name")
_CODES = {code: fact.key for fact in FRAGILITY_FACTS for code in fact.codes}


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune, what is known of it, and when it and its intercommunalité last filed (local dates)."""

    body: Collectivity
    epci: str
    lines: tuple[Line, ...]
    filed_on: dt.date | None
    epci_filed_on: dt.date | None
    planned: bool
    visited_on: dt.date | None

    @property
    def holding(self) -> int:
        return sum(line.holds is True for line in self.lines)

    def silent(self, since: dt.date) -> bool:
        """Nothing filed on that day nor after."""
        return self.filed_on is None or self.filed_on < since

    def might_hold(self, listed: Collection[str]) -> int:
        """How many facts hold, were all those unknown to hold; of ``listed``, those that some commune has."""
        unknown = {line.args["fact"] for line in self.lines if line.holds is None}
        return self.holding + sum(fact.key in unknown and fact.key in listed for fact in TELLING)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from (each source and vintage under its letter), and of how many communes it is known."""

    label: str
    origins: tuple[tuple[str, str], ...]
    known: int


class Silence:
    """The communes of a department that an actor may know of, against a number of years and of facts. No query."""

    def __init__(self, communes: list[Commune], *, on: dt.date, years: int, at_least: int) -> None:
        self.communes, self.on, self.years, self.at_least = communes, on, years, at_least
        self.since = on - relativedelta(years=years)
        self._silent = [one for one in communes if one.silent(self.since)]
        self.found = [one for one in self._silent if one.holding >= at_least]
        #: (fact, source, vintage) → the letter under which the page names it.
        self.letters: dict[tuple[str, str, str], str] = {}
        self.sources = [self._source(place, fact) for place, fact in enumerate(FRAGILITY_FACTS)]

    @property
    def never(self) -> int:
        return sum(one.filed_on is None for one in self.found)

    @property
    def with_grouping(self) -> int:
        """Those whose intercommunalité filed meanwhile."""
        return sum(self.grouping_filed(one) for one in self.found)

    def grouping_filed(self, one: Commune) -> bool:
        return one.epci_filed_on is not None and one.epci_filed_on >= self.since

    @property
    def inhabitants(self) -> int:
        return sum(one.body.population or 0 for one in self.found)

    @property
    def unsure(self) -> int:
        """Silent, left out, and of which an unknown fact might say otherwise."""
        listed = {fact for fact, _, _ in self.letters}
        left_out = [one for one in self._silent if one.holding < self.at_least]
        return sum(one.might_hold(listed) >= self.at_least for one in left_out)

    def _source(self, place: int, fact: FragilityFact) -> Source:
        known = [one.lines[place] for one in self.communes if one.lines[place].code is Evidence.FACT]
        origins = sorted({(line.source, line.vintage) for line in known})
        for source, vintage in origins:
            self.letters[fact.key, source, vintage] = ascii_lowercase[len(self.letters) % 26]
        named = [
            (self.letters[fact.key, source, vintage], ", ".join(part for part in (source, vintage) if part))
            for source, vintage in origins
        ]
        return Source(fact.label, tuple(named), len(known))


def communes_of(actor: Actor, department: Department, on: dt.date) -> list[Commune]:
    """The communes of a department that ``actor`` may know of, by name. Six queries, whatever their number."""
    scope = Collectivity.objects.current().municipal().filter(silence_scope(actor), department=department)
    bodies = list(scope.filter(fictitious=False).select_related("arrondissement").only(*_COLUMNS))
    groupings = _groupings(department)
    former = _former(department)
    last = last_filings([body.pk for body in bodies], groupings, former, department)
    zonings = _zonings(department)
    planned, visited = _visits(department, on)
    return [
        Commune(
            body=body,
            epci=groupings[body.pk][1] if body.pk in groupings else "",
            lines=fragility(zonings.get(body.pk, {})),
            filed_on=last.get(body.pk),
            epci_filed_on=last.get(groupings[body.pk][0]) if body.pk in groupings else None,
            planned=body.pk in planned,
            visited_on=visited.get(body.pk),
        )
        for body in bodies
    ]


def first_filing(department: Department) -> dt.date | None:
    """The day of the first request of a department that the portal knows: before it, silence means nothing."""
    with perimeter.everything("since when a department's requests are known"):
        found = SupportRequest.objects.filter(department=department).aggregate(first=Min("submitted_at"))["first"]
    return found.astimezone(department.zone_info).date() if found else None


def last_filings(
    communes: Iterable[int],
    groupings: Mapping[int, tuple[int, str]],
    former: Mapping[int, int],
    department: Department,
) -> dict[int, dt.date]:
    """Body → the local day it last filed, its former communes' filings being its own. One query."""
    bodies = {*communes, *former, *(pk for pk, _ in groupings.values())}
    rows = SupportRequest.objects.filter(collectivity__in=bodies).order_by().values("collectivity")
    last: dict[int, dt.date] = {}
    with perimeter.everything("on which day each commune last filed"):
        filed = list(rows.annotate(last=Max("submitted_at")).values_list("collectivity", "last"))
    for pk, at in filed:
        body, day = former.get(pk, pk), at.astimezone(department.zone_info).date()
        last[body] = max(day, last.get(body, day))
    return last


def _groupings(department: Department) -> dict[int, tuple[int, str]]:
    """Commune → the key and name of its intercommunalité."""
    communes = Collectivity.objects.municipal().filter(department=department)
    rows = FlatMembership.objects.filter(member__in=communes, ancestor__kind=CollectivityKind.EPCI)
    return {member: (pk, name) for member, pk, name in rows.values_list("member", "ancestor", "ancestor__name")}


def _former(department: Department) -> dict[int, int]:
    """Body that is no more → the commune that it is part of today."""
    here = FormerCode.objects.filter(collectivity__department=department)
    now = here.filter(code=OuterRef("code")).values("collectivity")[:1]
    rows = Collectivity.objects.filter(is_current=False, code__in=here.values("code")).annotate(now=Subquery(now))
    return dict(rows.order_by().values_list("pk", "now"))


def _zonings(department: Department) -> dict[int, dict[str, Any]]:
    rows = ZoningValue.objects.filter(collectivity__department=department, zoning__in=_CODES)
    found: dict[int, dict[str, Any]] = {}
    for row in rows.order_by().values(
        "collectivity",
        "value",
        "number",
        "vintage",
        code=F("zoning"),
        label=F("zoning__label"),
        source=F("zoning__source"),
        is_numeric=F("zoning__is_numeric"),
    ):
        found.setdefault(row["collectivity"], {})[row["code"]] = zoning_fact(dict(row))
    return found


def _visits(department: Department, on: dt.date) -> tuple[set[int], dict[int, dt.date]]:
    """The communes on the list of visits, and the last visit of those made in the last twelve months."""
    lately = Q(visited_on=None) | Q(visited_on__gte=on - VISITED)
    rows = Visit.objects.filter(lately, commune__department=department).order_by(F("visited_on").asc(nulls_first=True))
    planned, visited = set(), {}
    for commune, day in rows.values_list("commune", "visited_on"):
        if day is None:
            planned.add(commune)
        else:
            visited[commune] = day
    return planned, visited
