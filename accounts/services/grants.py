"""An agent helping another desk until a date.

This is a dated mandate of instructor in the department helped, not an object permission: the Actor stays made of one
mandate, every list keeps its column condition, the page shows under which desk one acts, and the end needs nobody.
"""

import datetime as dt

from django.db import transaction

from accounts import events
from accounts.enums import MandateStatus, Proof
from accounts.models import Mandate, User
from accounts.permissions import Ability, desk_abilities
from common import clock
from common.actor import DESK_ROLES, Actor, Role
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from territories.models import Department

LONGEST = dt.timedelta(days=366)


@transaction.atomic
def lend(
    actor: Actor, agent: User, department: Department, until: dt.date, note: str = "", *, at: dt.datetime | None = None
) -> Mandate:
    """Lets ``agent``, of another desk, instruct for ``department`` up to ``until`` included. Granted by the delegate or
    a deputy of the department helped; gives no signature."""
    if Ability.LEND not in desk_abilities(actor, department.code):
        raise NotAllowed("Seule la délégation du département accueille un renfort.")
    now, today = at or clock.now(), clock.today()
    if not today <= until <= today + LONGEST:
        raise Invalid("Le renfort se termine entre aujourd’hui et un an.", field="until")
    agent = User.objects.select_for_update().get(pk=agent.pk)  # the same loan granted twice is one
    own = Mandate.objects.in_force(today).filter(user=agent, role__in=DESK_ROLES, status=MandateStatus.CONFIRMED)
    if not agent.is_active or not own.exclude(department=department).exclude(proof=Proof.LOAN).exists():
        raise Invalid("Cette personne n’appartient pas à un autre guichet.", field="email")
    if own.filter(department=department).exists():
        raise Conflict("Cette personne agit déjà pour ce guichet.", field="email")
    mandate = Mandate.objects.create(
        user=agent,
        role=Role.INSTRUCTOR.value,
        department=department,
        function="en renfort au guichet",
        starts_on=today,
        ends_on=until + dt.timedelta(days=1),
        status=MandateStatus.CONFIRMED,
        proof=Proof.LOAN,
        confirmed_by_id=actor.person_id,
        confirmed_at=now,
        note=note.strip(),
        created_at=now,
    )
    emit(events.MandateConfirmed(mandate_id=mandate.pk, at=now))
    return mandate
