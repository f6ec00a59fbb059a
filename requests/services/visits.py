"""The list of visits: adding communes, planning a visit, noting that it was made, taking a commune off."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from common import clock
from common.actor import Actor
from common.errors import Conflict, Invalid, NotAllowed
from requests.models import Visit
from requests.permissions import VISITORS, silence_scope
from requests.services.transitions import require_text
from territories.models import Collectivity

LONGEST_NOTE, LONGEST_VISITOR = 1000, 120


@dataclass(frozen=True, slots=True)
class Visited:
    """What the page of a visit says of it."""

    planned_on: dt.date | None = None
    visitor: str = ""
    visited_on: dt.date | None = None
    note: str = ""


def keeps(actor: Actor) -> bool:
    """May this actor write on the list of his territory?"""
    return actor.role in VISITORS and actor.mandate_confirmed


def add(actor: Actor, codes: Collection[str], *, at: dt.datetime | None = None) -> tuple[int, int]:
    """Puts communes on the list; says how many came, and how many were there already. All of them or none."""
    _require(actor)
    if not codes:
        raise Invalid("Cochez au moins une commune.", field="commune")
    if not all(code.isalnum() for code in codes):
        raise Invalid("Une des communes cochées n’existe pas. Rouvrez la page.", field="commune")
    with transaction.atomic():
        here = Collectivity.objects.current().municipal().filter(silence_scope(actor), code__in=set(codes))
        # held in one order: twice the same click waits for the first, then finds its visits
        bodies = list(here.order_by("pk").select_for_update(of=("self",), no_key=True))
        if len(bodies) != len(set(codes)):
            raise Invalid("Une des communes cochées n’est pas de votre territoire. Rouvrez la page.", field="commune")
        there = set(Visit.objects.open().filter(commune__in=bodies).values_list("commune", flat=True))
        new = [body for body in bodies if body.pk not in there]
        Visit.objects.bulk_create(
            Visit(
                commune=body,
                added_by_id=actor.author_id,
                changed_by_id=actor.author_id,
                service=actor.body,
                added_at=at or clock.now(),
            )
            for body in new
        )
        return len(new), len(there)


def record(actor: Actor, pk: int, said: Visited, *, version: int, at: dt.datetime | None = None) -> Visit:
    """Writes what is planned or was done. ``version`` is that of the page on which it was typed."""
    _require(actor)
    note = said.note.strip()
    visitor = said.visitor.strip()
    if note:
        require_text(note, "note", "", at_most=LONGEST_NOTE)
    if visitor:
        require_text(visitor, "visitor", "", at_most=LONGEST_VISITOR)
    with transaction.atomic():
        visit = _locked(actor, pk)
        wanted = (said.planned_on, visitor, said.visited_on, note)
        if (visit.planned_on, visit.visitor, visit.visited_on, visit.note) == wanted:
            return visit
        if visit.version != version:
            raise Conflict("Cette visite a été modifiée entre-temps. Rouvrez-la avant d’écrire.")
        today = clock.today(visit.commune.department.zone_info)
        if said.visited_on and said.visited_on > today:
            raise Invalid("Notez une visite faite : cette date est à venir.", field="visited_on")
        if said.visited_on is None and visit.visited_on is not None:
            others = Visit.objects.open().filter(commune=visit.commune)
            if others.exists():
                raise Conflict("Une autre visite de cette commune est prévue : notez-y la suite.")
        visit.planned_on, visit.visitor, visit.visited_on, visit.note = wanted
        visit.changed_by_id = actor.author_id
        visit.version += 1
        visit.save()
        return visit


def remove(actor: Actor, pk: int) -> None:
    """Takes a commune off the list. A visit that was made stays."""
    _require(actor)
    with transaction.atomic():
        visit = _locked(actor, pk)
        if visit.visited_on is not None:
            raise Conflict("Cette visite est faite : elle reste dans la liste.")
        visit.delete()


def _require(actor: Actor) -> None:
    if not keeps(actor):
        raise NotAllowed("La liste des visites est tenue par le guichet et les sous-préfectures.")


def _locked(actor: Actor, pk: int) -> Visit:
    """Its commune is locked first: whoever adds it to the list waits too."""
    visible = Visit.objects.visible_to(actor).filter(pk=pk)
    commune = Collectivity.objects.filter(pk__in=visible.values("commune")).select_related("department")
    held = commune.select_for_update(of=("self",), no_key=True).first()
    visit = visible.select_for_update(of=("self",)).first()
    if held is None or visit is None:
        raise Conflict("Cette commune n’est plus dans la liste des visites.")
    visit.commune = held
    return visit
