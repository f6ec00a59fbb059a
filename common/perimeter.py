"""The second lock: what PostgreSQL lets a session read of files, messages and documents (docs/adr/0011).

Row-level security compares each row with one session variable, the *perimeter* of whoever acts: an envelope of what
``visible_to`` shows him. Nothing set, no row. The owner of the tables is not subject to it; the application's role is.

An HTTP request takes the perimeter of its actor (``common.readonly``), workers and commands the whole
(:func:`whole_process`), and a read that is the same for everybody says so::

    with everything("public figures"):
        ...
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, NATIONAL_ROLES, Actor, Role

SETTING = "portal.perimeter"
NOTHING = ""
EVERYTHING = '{"everything": true}'

#: Named on a file, they work for somebody else than the State: never an internal note.
_OUTSIDE = frozenset({Role.PROVIDER, Role.PROJECT_LEADER, Role.CONTRACTOR})
#: Their rights come from no file.
_WITHOUT_FILES = frozenset({Role.ANONYMOUS, Role.COMMITTEE_MEMBER, Role.ADMINISTRATOR})

_process = NOTHING


def whole_process(reason: str) -> None:
    """From now on the connections of this process read everything: ``reason`` says for whom it works."""
    global _process
    if not reason.strip():
        raise ValueError("say on whose behalf this process reads everything")
    _process = EVERYTHING


def of(actor: Actor | None) -> str:
    """The variable of this actor: what his mandate says, never a list of files. A visitor's opens no case: only stored
    files that belong to none."""
    if actor is None:
        return NOTHING
    if actor.role is Role.SYSTEM:
        return EVERYTHING
    found = _told(actor) if actor.person_id is not None else {}
    return json.dumps({"visitor": True, **found}, sort_keys=True)


def _told(actor: Actor) -> dict[str, Any]:
    role = actor.role
    if role in COLLECTIVITY_ROLES:
        if actor.collectivity_id is None:
            return {}
        proven = {"proven": True} if actor.mandate_confirmed else {}
        return {"collectivity": actor.collectivity_id, "filer": actor.person_id, **proven}
    if not actor.mandate_confirmed or role in _WITHOUT_FILES:
        return {}
    found: dict[str, Any] = {"person": actor.person_id}
    if role not in _OUTSIDE:
        found["internal"] = "in hand" if role is Role.REGION else "all"
    if role in DESK_ROLES | {Role.CMT, Role.REGION}:
        found["departments"] = sorted(actor.departments)
    if role in DESK_ROLES:
        found["desk"] = True
    if role is Role.SUB_PREFECT:
        found["arrondissements"] = sorted(actor.arrondissements)
    if role in NATIONAL_ROLES:
        found["referred"] = True
    if role in {Role.OPERATOR, Role.PROVIDER, Role.CONTRACTOR} and actor.organisation_id:
        found["body"] = actor.organisation_id
    if role is Role.PROJECT_LEADER:
        found["recorder"] = actor.person_id
    return found


def current() -> str:
    """What this connection reads now."""
    return getattr(connection, "portal_perimeter", NOTHING)


def take(value: str) -> None:
    """Sets the variable: for the transaction when one is open, for the session otherwise. One statement, none when it
    stands already."""
    if value != current():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, %s)", [SETTING, value, connection.in_atomic_block])
        connection.portal_perimeter = value  # type: ignore[attr-defined]


@contextmanager
def restored() -> Iterator[None]:
    """Whatever is taken inside, the session ends with the perimeter that it had."""
    before = current()
    try:
        yield
    finally:
        try:
            take(before)
        except DatabaseError:
            if not connection.in_atomic_block:  # a transaction that fails takes back what was set in it
                connection.close()
            connection.portal_perimeter = before  # type: ignore[attr-defined]


@contextmanager
def everything(reason: str) -> Iterator[None]:
    """Inside, every row may be read: for what is the same for everybody. ``reason`` says what is shown of them."""
    if not reason.strip():
        raise ValueError("say what is shown of files outside the reader's perimeter")
    with restored():
        take(EVERYTHING)
        yield


@contextmanager
def in_transaction(value: str | None, *, read_only: bool) -> Iterator[None]:
    """The perimeter of the transaction just opened (None: unchanged), and whether it may write: one statement, and none
    to come back from it."""
    before = current()
    value = before if value is None else value
    with connection.cursor() as cursor:
        frozen = "set_config('transaction_read_only', 'on', true), " if read_only else ""
        cursor.execute(f"SELECT {frozen}set_config(%s, %s, true)", [SETTING, value])
    connection.portal_perimeter = value  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection.portal_perimeter = before  # type: ignore[attr-defined]


def of_new_session(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """``connection_created``: a session begins with the perimeter of its process."""
    connection.portal_perimeter = _process  # type: ignore[attr-defined]
    if _process != NOTHING and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, _process])
