"""Who reads a committee's page. Nobody decides anything there: the committee is informed (PRACTICE 3.1)."""

import enum
from typing import TYPE_CHECKING

from django.db.models import Q

from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor, Role

if TYPE_CHECKING:
    from committees.models import Committee


class CommitteeAbility(enum.StrEnum):
    VIEW = "view"


#: Its members, and the State where it sits. Legality control has no role here, hence no access (PRACTICE 3.7).
LOCAL_ROLES = DESK_ROLES | {Role.COMMITTEE_MEMBER, Role.SUB_PREFECT, Role.CMT, Role.REGION}
EVERYWHERE_ROLES = NATIONAL_ROLES | {Role.ADMINISTRATOR, Role.SYSTEM}


def _departments(actor: Actor) -> frozenset[str]:
    """Those where the actor works; an arrondissement's code is its department's and one figure."""
    return actor.departments | {code[:-1] for code in actor.arrondissements}


def scope(actor: Actor) -> Q:
    """The committees an actor may see, as a condition on ``Committee``."""
    if actor.role in EVERYWHERE_ROLES:
        return Q()
    if actor.role in LOCAL_ROLES:
        return Q(department__in=_departments(actor))
    return Q(pk__in=[])


def abilities(actor: Actor, committee: "Committee") -> frozenset[CommitteeAbility]:
    seen = actor.role in EVERYWHERE_ROLES or (
        actor.role in LOCAL_ROLES and committee.department_id in _departments(actor)
    )
    return frozenset({CommitteeAbility.VIEW}) if seen else frozenset()
