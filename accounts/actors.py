"""Builds the Actor: the only place where a person and his mandate become rights.

One query gives everything (``with_rights``): the mandates of a person with their bodies, the desk's instructor
matters, the matters of his acts in force and his list of departments. So a signed-in page pays two queries: its session
and this one.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, Func, OuterRef, Value
from django.http import HttpRequest

from accounts.enums import Proof
from accounts.models import Mandate, SignatureAct, User
from accounts.models.mandates import MandateQuerySet
from common import clock
from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, Actor, Matter, Role, anonymous
from common.written import A_KEY, WrittenModels, kept

#: Where the session keeps the mandate chosen, and the shared mailbox by which its holder came in (services.sign_in).
SESSION_MANDATE = "mandate"
SESSION_MAILBOX = "mailbox"

#: Roles whose territory is a list of departments.
_AREA_ROLES = frozenset({Role.CMT, Role.REGION})
#: Roles whose territory is the one department of the mandate.
_DEPARTMENT_ROLES = DESK_ROLES | {
    Role.FOLLOW_UP_OFFICER,
    Role.PROJECT_LEADER,
    Role.PROVIDER,
    Role.COMMITTEE_MEMBER,
}


def with_rights(mandates: MandateQuerySet, on: dt.date) -> MandateQuerySet:
    """Adds, in the same query, all that an Actor of that day is made of."""
    matters = (
        SignatureAct.objects.alive(on)
        .filter(signatory_id=OuterRef("pk"), department_id=OuterRef("department_id"))
        .annotate(matter=Func(F("matters"), function="unnest", output_field=models.CharField(), set_returning=True))
        .order_by()
        .values("matter")
    )
    listed = Mandate.departments.through.objects.filter(mandate_id=OuterRef("pk")).values("department_id")
    return (
        mandates.select_related("user__mailbox", "organisation", "collectivity", "department__desk", "arrondissement")
        .defer("collectivity__search_terms", "collectivity__other_names")
        .annotate(
            actor_on=Value(on, output_field=models.DateField()),
            actor_departments=ArraySubquery(listed),
            actor_matters=ArraySubquery(matters),
        )
    )


def actor_for(user: User | None, mandate: Mandate | None, on: dt.date | None = None) -> Actor:
    """The actor that ``user`` is under ``mandate`` on that day (today unless told). One query at most, none when the
    mandate comes from :func:`with_rights` of the same day.

    Without a mandate in force on that day the person is known and has no right. A mandate of somebody else raises.
    """
    on = on or clock.today()
    if user is None or not user.is_authenticated or not user.is_active:
        return anonymous(on)
    if mandate is None or not mandate.in_force(on):
        return Actor(role=Role.ANONYMOUS, on=on, person_id=user.pk, name=user.display_name)
    if mandate.user_id != user.pk:
        raise ValueError("this mandate belongs to another person")
    if getattr(mandate, "actor_on", None) != on:
        (mandate,) = _mandate_with_rights(on).read({A_KEY: mandate.pk})
    role = Role(mandate.role)
    return Actor(
        role=role,
        on=on,
        person_id=user.pk,
        mandate_id=mandate.pk,
        organisation_id=mandate.organisation_id,
        collectivity_id=mandate.collectivity_id if role in COLLECTIVITY_ROLES else None,
        mandate_confirmed=mandate.is_confirmed,
        departments=_departments(role, mandate),
        arrondissements=_arrondissements(role, mandate),
        matters=_matters(role, mandate),
        name=mandate.declared_name or user.display_name,
        body=mandate.body,
    )


@kept(16)
def _mandate_with_rights(on: dt.date) -> WrittenModels[Mandate]:
    return WrittenModels.of(with_rights(Mandate.objects.filter(pk=A_KEY), on), A_KEY)


def _departments(role: Role, mandate: Any) -> frozenset[str]:
    if role in _AREA_ROLES:
        return frozenset(mandate.actor_departments)
    if role in _DEPARTMENT_ROLES and mandate.department_id:
        return frozenset({mandate.department_id})
    return frozenset()


def _arrondissements(role: Role, mandate: Mandate) -> frozenset[str]:
    if role is Role.SUB_PREFECT and mandate.arrondissement_id:
        return frozenset({mandate.arrondissement_id})
    return frozenset()


def _matters(role: Role, mandate: Any) -> frozenset[Matter]:
    """By office for the delegate, by acts in force for the deputy, by the desk's choice for its own
    instructors (an agent of another desk who helps signs nothing)."""
    if not mandate.is_confirmed:
        return frozenset()
    if role is Role.DELEGATE:
        return frozenset(Matter)
    if role is Role.DEPUTY:
        return frozenset(map(Matter, mandate.actor_matters))
    if role is Role.INSTRUCTOR and mandate.proof != Proof.LOAN:
        desk = getattr(mandate.department, "desk", None)
        return frozenset(map(Matter, desk.instructor_matters)) if desk else frozenset()
    return frozenset()


def mandates_in_force(user_id: int, on: dt.date) -> list[Mandate]:
    """A person's mandates of that day, refused ones left out, each ready for :func:`actor_for`."""
    return _mandates_of_a_person(on).read({A_KEY: user_id})


@kept(4)
def _mandates_of_a_person(on: dt.date) -> WrittenModels[Mandate]:
    """Every page of whoever is signed in reads this: written once a day."""
    mandates = with_rights(Mandate.objects.in_force(on).filter(user_id=A_KEY), on)
    return WrittenModels.of(mandates.order_by("created_at", "pk"), A_KEY)


def mandates_of(request: HttpRequest) -> Sequence[Mandate]:
    """The mandates among which the signed-in person may choose; empty for a visitor.

    Whoever came in by the mailbox of a town hall only reaches the mandates of that town hall: other mandates of the
    same person (president of a grouping, say) were not proven by this mailbox.
    """
    cached = getattr(request, "_portal_mandates", None)
    if cached is None:
        cached = request._portal_mandates = _load(request)  # type: ignore[attr-defined]
    return cached


def _load(request: HttpRequest) -> list[Mandate]:
    user = request.user
    if not user.is_authenticated:
        return []
    mandates = getattr(user, "mandates_in_force", None)
    if mandates is None:
        mandates = mandates_in_force(user.pk, clock.today())
    mailbox = request.session.get(SESSION_MAILBOX)
    if mailbox is None:
        return list(mandates)
    reached = set(Mandate.objects.reached_by_mailbox(mailbox).filter(user_id=user.pk).values_list("pk", flat=True))
    return [mandate for mandate in mandates if mandate.pk in reached]


def mandate_of(request: HttpRequest) -> Mandate | None:
    """The mandate of this session: the one chosen while it is in force, else the only one, else none."""
    mandates = mandates_of(request)
    if not mandates:
        return None
    chosen = request.session.get(SESSION_MANDATE)
    for mandate in mandates:
        if str(mandate.uuid) == chosen:
            return mandate
    return mandates[0] if len(mandates) == 1 else None


def actor_of(request: HttpRequest) -> Actor:
    """The actor of an HTTP request (what ``request.actor`` evaluates to)."""
    user = request.user
    if not user.is_authenticated:
        return anonymous(clock.today())
    return actor_for(user, mandate_of(request))
