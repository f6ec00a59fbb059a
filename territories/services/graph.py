"""The membership graph: the only writer of memberships by hand, and of the flattened table."""

# ruff: noqa: S608  (one literal text is put before others)

import datetime as dt

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from common.clock import today
from common.errors import Conflict, Invalid
from territories.models import Collectivity, FlatMembership, Membership

#: ``UNION`` drops what was already reached, so that the walk ends whatever the graph is.
_REACHED = """
WITH RECURSIVE reached (member_id, ancestor_id) AS (
  SELECT member_id, grouping_id FROM territories_membership WHERE until IS NULL
  UNION
  SELECT r.member_id, m.grouping_id FROM reached r
  JOIN territories_membership m ON m.member_id = r.ancestor_id AND m.until IS NULL
)
"""


def refresh(cursor: CursorWrapper) -> tuple[int, int]:
    """Makes the flattened table say what the open memberships say; writes the differences only: (added, removed)."""
    cursor.execute(
        f"""{_REACHED}
        DELETE FROM territories_flatmembership f
        WHERE NOT EXISTS (SELECT FROM reached r WHERE r.member_id = f.member_id AND r.ancestor_id = f.ancestor_id)
        """
    )
    removed = cursor.rowcount
    cursor.execute(
        f"""{_REACHED}
        INSERT INTO territories_flatmembership (member_id, ancestor_id)
        SELECT member_id, ancestor_id FROM reached r
        WHERE member_id <> ancestor_id AND NOT EXISTS (
          SELECT FROM territories_flatmembership f WHERE f.member_id = r.member_id AND f.ancestor_id = r.ancestor_id)
        """
    )
    return cursor.rowcount, removed


def refusal(member: Collectivity, grouping: Collectivity) -> str:
    """Why this membership cannot be recorded, in French; empty when it can."""
    if member == grouping:
        return "Un groupement n’est pas membre de lui-même."
    if FlatMembership.objects.filter(member=grouping, ancestor=member).exists():
        return f"{grouping.name} est déjà membre de {member.name} : l’inverse ferait une boucle."
    if member.memberships.opened().filter(grouping=grouping).exists():
        return f"{member.name} est déjà membre de {grouping.name}."
    return ""


@transaction.atomic
def join(member: Collectivity, grouping: Collectivity, since: dt.date | None = None) -> Membership:
    """Records a membership from ``since`` on (unknown: none). Refuses a circle, and a membership already open."""
    _lock()
    if reason := refusal(member, grouping):
        raise Invalid(reason, field="grouping")
    membership = Membership.objects.create(member=member, grouping=grouping, since=since)
    _refresh()
    return membership


@transaction.atomic
def leave(membership: Membership, until: dt.date | None = None) -> None:
    """Closes a membership; its row stays."""
    _lock()
    membership.refresh_from_db()
    if membership.until is not None:
        raise Conflict("Cette adhésion est déjà terminée.")
    last_day = until or today()
    if membership.since and last_day < membership.since:
        raise Invalid("L’adhésion ne peut pas se terminer avant son début.", field="until")
    membership.until = last_day
    membership.save(update_fields=["until"])
    _refresh()


def _refresh() -> None:
    with connection.cursor() as cursor:
        refresh(cursor)


def _lock() -> None:
    """One writer of the graph at a time: two joins made at once could close a circle that neither sees."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE territories_membership IN SHARE ROW EXCLUSIVE MODE")
