"""Delegations of signature: recorded, ended, and closed all at once when the prefect changes (PRACTICE 2.3)."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts import events
from accounts.enums import ActEnd, MandateStatus, Proof
from accounts.models import Mandate, SignatureAct, User
from accounts.permissions import Ability, act_abilities, desk_abilities
from accounts.services.mandates import close, close_acts
from common import clock
from common.actor import Actor, Matter, Role
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from files.models import StoredFile
from territories.models import Department


@dataclass(frozen=True, slots=True)
class ActText:
    """What the order says, as printed in the gazette."""

    number: str
    gazette: str
    signed_on: dt.date
    published_on: dt.date
    starts_on: dt.date
    quality_block: str
    matters: Collection[Matter]
    ends_on: dt.date | None = None
    amount_ceiling: Decimal | None = None
    ad_interim: bool = False


@dataclass(frozen=True, slots=True)
class ChangeOfPrefect:
    """What a change of prefect did. Apps above add what waits for a signature."""

    mandate: Mandate
    acts_closed: tuple[SignatureAct, ...]

    @property
    def deputies_without_act(self) -> int:
        """Deputies who can sign nothing until the new order is recorded."""
        return len({act.signatory_id for act in self.acts_closed})


@transaction.atomic
def record_act(
    actor: Actor,
    *,
    delegating: Mandate,
    signatory: Mandate,
    text: ActText,
    scan: StoredFile | None = None,
    at: dt.datetime | None = None,
) -> SignatureAct:
    """Records an order already signed and published. Both mandates must be in force on the day it begins."""
    department = delegating.department_id or ""
    if Ability.RECORD_ACT not in desk_abilities(actor, department):
        raise NotAllowed("Seules la préfecture du département et l’administration du portail enregistrent un arrêté.")
    Department.objects.select_for_update().get(pk=department)  # the same order sent twice is recorded once
    _check(delegating, signatory, text)
    now = at or clock.now()
    return _create(delegating, signatory, text, scan=scan, recorded_by_id=actor.person_id, recorded_at=now)


@transaction.atomic
def ensure_act(*, delegating: Mandate, signatory: Mandate, text: ActText) -> SignatureAct:
    """The act of that number for that signatory, created when missing. Idempotent; for seeds; checks no right."""
    known = SignatureAct.objects.filter(
        department_id=delegating.department_id, number=text.number.strip(), signatory=signatory
    ).first()
    if known is not None:
        return known
    _check(delegating, signatory, text)
    return _create(delegating, signatory, text)


def _create(delegating: Mandate, signatory: Mandate, text: ActText, **recorded: Any) -> SignatureAct:
    assert delegating.department is not None  # by constraint on delegates
    return SignatureAct.objects.create(
        delegating=delegating,
        signatory=signatory,
        department=delegating.department,
        matters=[matter.value for matter in Matter if matter in text.matters],
        amount_ceiling=text.amount_ceiling,
        number=text.number.strip(),
        gazette=text.gazette.strip(),
        signed_on=text.signed_on,
        published_on=text.published_on,
        starts_on=text.starts_on,
        ends_on=text.ends_on,
        ended_reason=ActEnd.TERM if text.ends_on else ActEnd.NONE,
        ad_interim=text.ad_interim,
        quality_block=text.quality_block.strip(),
        **recorded,
    )


def _check(delegating: Mandate, signatory: Mandate, text: ActText) -> None:
    if delegating.role != Role.DELEGATE or signatory.role != Role.DEPUTY:
        raise Invalid(
            "Le préfet délègue sa signature à une déléguée adjointe ou un délégué adjoint.", field="signatory"
        )
    if signatory.department_id != delegating.department_id:
        raise Invalid("Le signataire exerce dans un autre département.", field="signatory")
    if not text.matters:
        raise Invalid("Cochez au moins une matière.", field="matters")
    if text.published_on < text.signed_on:
        raise Invalid("La publication suit la signature.", field="published_on")
    if text.starts_on < text.published_on:
        raise Invalid("Un arrêté entre en vigueur après sa publication.", field="starts_on")
    if text.ends_on is not None and text.ends_on <= text.starts_on:
        raise Invalid("La fin précède l’entrée en vigueur.", field="ends_on")
    for mandate, field in ((delegating, "delegating"), (signatory, "signatory")):
        if not mandate.is_confirmed or not mandate.in_force(text.starts_on):
            raise Invalid(f"{mandate.label} n’est pas en fonction à l’entrée en vigueur de l’arrêté.", field=field)
    already = SignatureAct.objects.filter(
        department_id=delegating.department_id, number=text.number.strip(), signatory=signatory
    )
    if already.exists():
        raise Conflict("Cet arrêté est déjà enregistré pour ce signataire.", field="number")


@transaction.atomic
def end_act(
    actor: Actor, act: SignatureAct, on: dt.date, reason: ActEnd = ActEnd.REPEALED, *, at: dt.datetime | None = None
) -> SignatureAct:
    """Ends an act: ``on`` is the first day on which it lets nobody sign."""
    if Ability.END_ACT not in act_abilities(actor, act):
        raise NotAllowed("Seules la préfecture du département et l’administration du portail mettent fin à un arrêté.")
    closed = close_acts(Q(pk=act.pk), on, reason, at=at or clock.now())
    if not closed:
        raise Conflict("Cet arrêté a déjà pris fin.")
    return closed[0]


@transaction.atomic
def change_of_prefect(
    actor: Actor,
    department: Department,
    new_prefect: User,
    on: dt.date,
    *,
    function: str = "préfet",
    ad_interim: bool = False,
    at: dt.datetime | None = None,
) -> ChangeOfPrefect:
    """The new prefect takes office on that day: his predecessors' mandates end, every act of the department is closed
    (also those that a deputy holds from an earlier prefect), and a new order is awaited.

    A vacancy is the same act with ``ad_interim``: whoever replaces the prefect holds the office by interim.
    """
    if Ability.CHANGE_PREFECT not in desk_abilities(actor, department.code):
        raise NotAllowed("Seules la préfecture et l’administration du portail enregistrent un changement de préfet.")
    now = at or clock.now()
    Department.objects.select_for_update().get(pk=department.pk)
    former = list(
        Mandate.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(role=Role.DELEGATE.value, department=department)
        .exclude(status=MandateStatus.REFUSED)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=on))
        .order_by("pk")
    )
    for mandate in former:
        if mandate.user_id == new_prefect.pk and mandate.ad_interim == ad_interim:
            raise Conflict(f"{mandate.label} est déjà en fonction.", field="new_prefect")
        if mandate.starts_on > on:
            raise Invalid(f"{mandate.label} est en fonction depuis une date postérieure.", field="on")
    closed = close_acts(Q(department=department), on, ActEnd.CHANGE_OF_PREFECT, at=now)
    arriving = Mandate.objects.create(
        user=new_prefect,
        role=Role.DELEGATE.value,
        department=department,
        function=function,
        ad_interim=ad_interim,
        starts_on=on,
        status=MandateStatus.CONFIRMED,
        proof=Proof.APPOINTMENT,
        confirmed_at=now,
        confirmed_by_id=actor.person_id,
        created_at=now,
    )
    for mandate in former:
        close(mandate, on, at=now, successor=arriving)
    emit(events.PrefectChanged(department_code=department.code, mandate_id=arriving.pk, on=on, at=now))
    return ChangeOfPrefect(arriving, tuple(closed))
