"""The only writer of named exceptions: one person, one file, for what nothing else implies (docs/adr/0007)."""

from django.db import transaction
from guardian.shortcuts import assign_perm, remove_perm

from accounts.models import User
from common.actor import Actor
from common.errors import Invalid, NotAllowed
from requests.models import SupportRequest
from requests.permissions import Ability, abilities

#: What may be granted: to read the file and write in its internal notes.
FOLLOW = "requests.follow_supportrequest"


def grant(support_request: SupportRequest, actor: Actor, person: User) -> None:
    """Lets a named colleague of another department or service follow the file. Granting twice is harmless."""
    with transaction.atomic():
        if Ability.GRANT not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département ouvre cette demande à d’autres personnes.")
        if not person.is_active:
            raise Invalid("Ce compte est fermé.", field="person")
        assign_perm(FOLLOW, person, support_request)


def revoke(support_request: SupportRequest, actor: Actor, person: User) -> None:
    """Takes the exception back; effective on the person's next request."""
    with transaction.atomic():
        if Ability.GRANT not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département ouvre cette demande à d’autres personnes.")
        remove_perm(FOLLOW, person, support_request)
