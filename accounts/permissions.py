"""What an actor may do with mandates and acts of delegation.

Pure on the values of the actor and of the row: no query, but for the relations named in each docstring.
"""

import enum

from django.db.models import Q

from accounts.enums import MandateStatus
from accounts.models import Mandate, SignatureAct
from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, Actor, Role


class Ability(enum.StrEnum):
    VIEW = "view"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    PROVE = "prove"
    END = "end"
    RECORD_ACT = "record_act"
    END_ACT = "end_act"
    CHANGE_PREFECT = "change_prefect"
    LEND = "lend"


_NONE: frozenset[Ability] = frozenset()


def is_desk(actor: Actor) -> bool:
    """An agent whose own mandate at a desk is confirmed."""
    return actor.role in DESK_ROLES and actor.mandate_confirmed


def abilities(actor: Actor, mandate: Mandate) -> frozenset[Ability]:
    """On a mandate. The desk answers for the collectivities of its department only; nobody answers for himself."""
    found: set[Ability] = set()
    own = actor.person_id is not None and mandate.user_id == actor.person_id
    open_now = mandate.status in (MandateStatus.CLAIMED, MandateStatus.CONFIRMED) and mandate.ends_on is None
    elected = mandate.role in COLLECTIVITY_ROLES
    if own:
        found.add(Ability.VIEW)
        if elected and open_now:
            found.add(Ability.END)
            if mandate.status == MandateStatus.CLAIMED:
                found.add(Ability.PROVE)
    if is_desk(actor) and mandate.department_id in actor.departments:
        found.add(Ability.VIEW)
        if elected and open_now and not own:
            found.add(Ability.END)
            if mandate.status == MandateStatus.CLAIMED:
                found |= {Ability.CONFIRM, Ability.REFUSE}
    if actor.role is Role.ADMINISTRATOR and actor.mandate_confirmed:
        found.add(Ability.VIEW)
        if open_now and not own:
            found.add(Ability.END)
    return frozenset(found)


def scope(actor: Actor) -> Q:
    """The mandates that the actor may see: ``mandate in scope(actor)`` exactly when VIEW is in ``abilities``."""
    own = Q(user_id=actor.person_id) if actor.person_id is not None else Q(pk__in=[])
    if actor.role is Role.ADMINISTRATOR and actor.mandate_confirmed:
        return Q()
    if is_desk(actor):
        return own | Q(department_id__in=sorted(actor.departments))
    return own


def desk_abilities(actor: Actor, department: str) -> frozenset[Ability]:
    """On the delegations and reinforcements of a department's desk."""
    if actor.role is Role.ADMINISTRATOR and actor.mandate_confirmed:
        return frozenset({Ability.VIEW, Ability.RECORD_ACT, Ability.END_ACT, Ability.CHANGE_PREFECT})
    if not is_desk(actor) or department not in actor.departments:
        return _NONE
    if actor.role is Role.DELEGATE:
        return frozenset({Ability.VIEW, Ability.RECORD_ACT, Ability.END_ACT, Ability.CHANGE_PREFECT, Ability.LEND})
    if actor.role is Role.DEPUTY:
        return frozenset({Ability.VIEW, Ability.LEND})
    return frozenset({Ability.VIEW})


def act_abilities(actor: Actor, act: SignatureAct) -> frozenset[Ability]:
    return desk_abilities(actor, act.department_id)


def act_scope(actor: Actor) -> Q:
    """The acts of delegation that the actor may see."""
    if actor.role is Role.ADMINISTRATOR and actor.mandate_confirmed:
        return Q()
    return Q(department_id__in=sorted(actor.departments)) if is_desk(actor) else Q(pk__in=[])
