"""How long a session lasts: an idle limit, an absolute one, and the rights under which it was opened.

A right that is gone is gone at the next request, whatever the session: an Actor is computed each time. Beyond that, any
change of rights ends every session of the person, who signs in again. Two go on under a new key: the one in which he
changed them himself (:func:`renew`), and those of an official whose claimed mandate is confirmed while he writes.
"""

import datetime as dt
import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actors import SESSION_MANDATE, actor_for, mandates_in_force
from accounts.models import Mandate, User
from common import clock

SESSION_LIFE = "life"
#: Activity is written down at most this often: a page is not a write.
_STEP = dt.timedelta(minutes=10)


def _rights(user: User) -> dict[str, Any]:
    """All that this person may be today, under any mandate: a digest, and the mandates confirmed. No query for whoever
    a session has loaded."""
    mandates = getattr(user, "mandates_in_force", None)
    if mandates is None:
        mandates = mandates_in_force(user.pk, clock.today())
    said = [str((user.is_staff, user.is_superuser))]
    proven = []
    for mandate in mandates:
        actor = actor_for(user, mandate)
        columns = (actor.mandate_id, actor.role, actor.organisation_id, actor.collectivity_id)
        sets = (actor.departments, actor.arrondissements, actor.matters)
        said.append(str((*map(str, columns), *(sorted(map(str, each)) for each in sets))))
        if actor.mandate_confirmed:
            proven.append(mandate.pk)
    return {"rights": hashlib.sha256("\n".join(sorted(said)).encode()).hexdigest(), "proven": sorted(proven)}


def life_of(user: User) -> dict[str, Any]:
    """What a session of this person bears when it opens."""
    now = clock.now().isoformat()
    return {"since": now, "seen": now, **_rights(user)}


def signed_in(mandate: Mandate) -> str:
    """The key of a new session under this mandate: for measures and trials, which come in by no form."""
    session = SessionStore()
    session[SESSION_KEY] = str(mandate.user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = mandate.user.get_session_auth_hash()
    session[SESSION_LIFE] = life_of(mandate.user)
    session[SESSION_MANDATE] = str(mandate.uuid)
    session.save()
    return str(session.session_key)


@receiver(user_logged_in, dispatch_uid="accounts.sessions")
def begin(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[SESSION_LIFE] = life_of(user)


def renew(request: HttpRequest) -> None:
    """After somebody changed his own rights: this session goes on under a new key, his others end."""
    user: Any = request.user
    life = request.session[SESSION_LIFE]
    request.session.cycle_key()
    request.session[SESSION_LIFE] = {**life, **_rights(User.objects.get(pk=user.pk))}


def is_over(request: HttpRequest) -> bool:
    """Whether the session of this signed-in person has come to its end. Otherwise notes that it is in use, and changes
    its key when a mandate was confirmed since."""
    user: Any = request.user
    life, now, rights = request.session.get(SESSION_LIFE), clock.now(), _rights(user)
    if not life or life["rights"] != rights["rights"] or not set(life["proven"]) <= set(rights["proven"]):
        return True
    since, seen = (dt.datetime.fromisoformat(life[name]) for name in ("since", "seen"))
    if now - since >= settings.SESSION_LONGEST or now - seen >= settings.SESSION_LONGEST_IDLE:
        return True
    if life["proven"] != rights["proven"]:
        request.session.cycle_key()
    if life["proven"] != rights["proven"] or now - seen >= _STEP:
        request.session[SESSION_LIFE] = {**life, **rights, "seen": now.isoformat()}
    return False
