"""The only writer of named exceptions: one person, one file, for what nothing else implies (docs/adr/0007)."""

from django.db import transaction
from guardian.shortcuts import assign_perm, remove_perm

from accounts.models import Mandate, User
from common import clock
from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor, Role
from common.errors import Invalid, NotAllowed
from requests.models import SupportRequest
from requests.permissions import Ability, abilities

#: What may be granted: to read the file and write in its internal notes.
FOLLOW = "requests.follow_supportrequest"
#: Who may be granted it: the internal notes are the State's, its agency's and its operators'.
STATE_ROLES = (
    DESK_ROLES | NATIONAL_ROLES | {Role.SUB_PREFECT, Role.REGION, Role.CMT, Role.OPERATOR, Role.FOLLOW_UP_OFFICER}
)


def grant(support_request: SupportRequest, actor: Actor, person: User) -> None:
    """Lets a named colleague of another department or service follow the file. Granting twice is harmless."""
    with transaction.atomic():
        if Ability.GRANT not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département ouvre cette demande à d’autres personnes.")
        mandates = Mandate.objects.in_force(clock.today()).proven()
        if not person.is_active or not mandates.filter(user=person, role__in=STATE_ROLES).exists():
            raise Invalid(
                "Cette personne n’agit aujourd’hui pour aucun service de l’État ou de l’Agence.", field="person"
            )
        assign_perm(FOLLOW, person, support_request)


def revoke(support_request: SupportRequest, actor: Actor, person: User) -> None:
    """Takes the exception back; effective on the person's next request."""
    with transaction.atomic():
        if Ability.GRANT not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département ouvre cette demande à d’autres personnes.")
        remove_perm(FOLLOW, person, support_request)
