"""The list of visits: what to know of each commune before going there, and what came of it afterwards."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Q

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from common import perimeter
from common.actor import Actor
from common.french import NBSP
from requests import silence_page
from requests.models import SupportRequest, Visit
from requests.silence import VISITED, Commune
from territories.models import Department


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit and its commune. ``one`` is none for a commune that has merged since."""

    visit: Visit
    one: Commune | None
    telephone: str
    facts: tuple[tuple[str, str, str], ...]
    filed: str


@dataclass(frozen=True, slots=True)
class Made:
    """A visit that was made. ``filed_on``: the first request filed from that day on; ``reference`` when it may be
    read."""

    visit: Visit
    filed_on: dt.date | None
    reference: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    stops: tuple[Stop, ...]


def visits_of(actor: Actor, department: Department, on: dt.date) -> list[Visit]:
    """Those to come, and those made in the last twelve months."""
    lately = Q(visited_on=None) | Q(visited_on__gte=on - VISITED)
    rows = Visit.objects.visible_to(actor).filter(lately, commune__department=department)
    return list(rows.select_related("commune__arrondissement").order_by("commune__normalised_name", "pk"))


def to_come(visits: Sequence[Visit], communes: Sequence[Commune]) -> list[Group]:
    """By arrondissement, then by date and name. One query."""
    known = {one.body.pk: one for one in communes}
    opened = [visit for visit in visits if visit.visited_on is None]
    telephones = dict(
        Organisation.objects.filter(kind=OrganisationKind.COLLECTIVITY)
        .filter(collectivity__in=[visit.commune_id for visit in opened])
        .values_list("collectivity", "telephone")
    )
    named = any(one.body.arrondissement_id for one in communes)

    def title(visit: Visit) -> str:
        area = visit.commune.arrondissement
        return (f"Arrondissement{NBSP}: {area.name}" if area else silence_page.WITHOUT) if named else ""

    ordered = sorted(opened, key=lambda visit: (title(visit), visit.planned_on or dt.date.max))
    return [
        Group(
            name,
            tuple(_stop(row, known.get(row.commune_id), telephones.get(row.commune_id, "")) for row in rows),
        )
        for name, rows in groupby(ordered, key=title)
    ]


def _stop(visit: Visit, one: Commune | None, telephone: str) -> Stop:
    lines = one.lines if one else ()
    facts = tuple((silence_page.sentence(line), line.source, line.vintage) for line in lines)
    return Stop(visit, one, telephone, facts, silence_page.filed(one) if one else "")


def made(actor: Actor, visits: Sequence[Visit], department: Department) -> list[Made]:
    """The last first, each with the request that followed. Two queries."""
    done = sorted((visit for visit in visits if visit.visited_on), key=lambda row: (row.visited_on, row.pk))[::-1]
    if not done:
        return []
    bodies = {visit.commune_id for visit in done}
    rows = SupportRequest.objects.filter(collectivity__in=bodies).order_by("submitted_at", "pk")
    first = min(visit.visited_on for visit in done if visit.visited_on)
    since = dt.datetime.combine(first, dt.time.min, department.zone_info)
    rows = rows.filter(submitted_at__gte=since)
    visible = SupportRequest.objects.visible_to(actor).filter(collectivity__in=bodies, submitted_at__gte=since)
    read = set(visible.values_list("reference", flat=True))
    with perimeter.everything("which communes filed after they were visited"):
        filed = list(rows.values_list("collectivity", "submitted_at", "reference"))
    found = []
    for visit in done:
        after = (
            (day, reference)
            for body, at, reference in filed
            if body == visit.commune_id
            and (day := at.astimezone(department.zone_info).date()) >= (visit.visited_on or day)
        )
        filed_on, reference = next(after, (None, ""))
        found.append(Made(visit, filed_on, reference if reference in read else ""))
    return found
