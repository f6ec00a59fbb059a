"""From a collectivity to what the engine knows of it: where it lies, what it belongs to, what lists say of it.

One query, whatever the size of the body; the need (themes, subject, phase…) comes from the caller.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from operators.matching.facts import Facts, ZoningFact
from operators.matching.vocabulary import NATION_CODE, BodyKind, Level
from operators.models import Membership
from programmes.models import ProgrammeMember
from territories.models import Collectivity, CollectivityDepartment, FlatMembership, ZoningValue

#: Values by which a list says that a body is *outside* a zoning. Any other value of a class means inside.
OUTSIDE_VALUES = frozenset({"non", "non classée", "non classé", "hors zonage", "aucun"})

Row = dict[str, Any]


def areas_of(collectivity: Collectivity) -> dict[str, frozenset[str]]:
    """Every code the body lies in, by level. One query.

    Departments are all those of its territory: an offer that covers one of two covers a part, and the engine says so.
    """
    (row,) = _places([collectivity.pk]).values("department_rows", "grouping_rows")
    return _areas(collectivity, row)


def facts_of(collectivity: Collectivity, on: dt.date, held: Row | None = None, /, **need: Any) -> Facts:
    """The facts of a body on a day, with a need; keywords are those of :class:`Facts`, and win over what is held.

    ``held`` is what :func:`held_of` found of it that day; else it is asked for.
    """
    row = held or held_of([collectivity.pk], on)[collectivity.pk]
    known = {
        "population": collectivity.population,
        "population_vintage": collectivity.population_vintage,
        "population_column": collectivity.population_column,
        "commune_count": 1 if collectivity.is_municipal else len(row["commune_rows"]) or None,
        "programmes": frozenset(row["programme_rows"]),
        "zonings": {zoning["code"]: zoning_fact(zoning) for zoning in row["zoning_rows"]},
        "member_of": frozenset(each["provider"] for each in row["membership_rows"] if each["is_member"]),
        "not_member_of": frozenset(each["provider"] for each in row["membership_rows"] if not each["is_member"]),
    }
    return Facts(
        on=on,
        kind=collectivity.kind,
        code=collectivity.code,
        name=collectivity.name,
        areas=_areas(collectivity, row),
        **{**known, **need},
    )


def _places(bodies: Collection[int]) -> Any:
    here = CollectivityDepartment.objects.filter(collectivity=OuterRef("pk")).order_by("department")
    above = FlatMembership.objects.filter(member=OuterRef("pk")).order_by("ancestor__code")
    return Collectivity.objects.filter(pk__in=bodies).annotate(
        department_rows=ArraySubquery(here.values(row=JSONObject(code="department", region="department__region"))),
        grouping_rows=ArraySubquery(above.values(row=JSONObject(kind="ancestor__kind", code="ancestor__code"))),
    )


def held_of(bodies: Collection[int], on: dt.date) -> dict[int, Row]:
    """What is held of these bodies on a day, by key. One query, whatever their number."""
    below = FlatMembership.objects.filter(ancestor=OuterRef("pk"), member__kind=BodyKind.COMMUNE)
    mine = Q(collectivity=OuterRef("pk")) | Q(
        collectivity__in=FlatMembership.objects.filter(member=OuterRef(OuterRef("pk"))).values("ancestor")
    )
    programmes = ProgrammeMember.objects.in_force(on).filter(mine).order_by("programme")
    memberships = Membership.objects.in_force(on).filter(collectivity=OuterRef("pk")).order_by("provider__code")
    rows = _places(bodies).annotate(
        commune_rows=ArraySubquery(below.values("pk")),
        programme_rows=ArraySubquery(programmes.values("programme").distinct()),
        membership_rows=ArraySubquery(
            memberships.values(row=JSONObject(provider="provider__code", is_member="is_member"))
        ),
        zoning_rows=ArraySubquery(
            ZoningValue.objects.filter(collectivity=OuterRef("pk"))
            .order_by("zoning")
            .values(
                row=JSONObject(
                    code="zoning",
                    label="zoning__label",
                    source="zoning__source",
                    is_numeric="zoning__is_numeric",
                    value="value",
                    number="number",
                    vintage="vintage",
                )
            )
        ),
    )
    columns = (
        "department_rows",
        "grouping_rows",
        "commune_rows",
        "programme_rows",
        "membership_rows",
        "zoning_rows",
    )
    return {row["pk"]: row for row in rows.values("pk", *columns)}


def _areas(collectivity: Collectivity, row: Row) -> dict[str, frozenset[str]]:
    groupings = {grouping["code"] for grouping in row["grouping_rows"] if grouping["kind"] == BodyKind.EPCI}
    own = {collectivity.code}
    areas = {
        Level.NATION: {NATION_CODE},
        Level.REGION: {department["region"] for department in row["department_rows"]} - {None},
        Level.DEPARTMENT: {department["code"] for department in row["department_rows"]} or {collectivity.department_id},
        Level.ARRONDISSEMENT: {collectivity.arrondissement_id} - {None},
        Level.EPCI: groupings | own if collectivity.kind == BodyKind.EPCI else groupings,
        Level.COMMUNE: own if collectivity.is_municipal else set(),
    }
    return {level.value: frozenset(codes) for level, codes in areas.items() if codes}


def zoning_fact(row: Row) -> ZoningFact:
    """From a row of ``ZoningValue`` with the label, source and nature of its zoning."""
    return ZoningFact(
        code=row["code"],
        label=row["label"],
        value=row["value"],
        number=float(row["number"]) if row["number"] is not None else None,
        holds=None if row["is_numeric"] else row["value"].casefold() not in OUTSIDE_VALUES,
        source=row["source"],
        vintage=row["vintage"],
    )
