"""Limits on attempts, counted in PostgreSQL by one atomic upsert: a limit of L lets through exactly L, whatever the
number of tries at the same instant (a cache reads, adds and writes back: it lets more through)."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from accounts.models import AttemptCounter
from common import clock


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` attempts per key in a ``window`` that opens with the first of them."""

    scope: str
    count: int
    window: dt.timedelta


_UPSERT = """
    INSERT INTO {table} AS c (scope, key, started_at, count) VALUES (%(scope)s, %(key)s, %(now)s, 1)
    ON CONFLICT (scope, key) DO UPDATE SET
        count = CASE WHEN c.started_at <= %(opened)s THEN 1 ELSE c.count + 1 END,
        started_at = CASE WHEN c.started_at <= %(opened)s THEN %(now)s ELSE c.started_at END
    WHERE c.started_at <= %(opened)s OR c.count < %(limit)s
    RETURNING c.count
"""


def admit(limit: Limit, value: str, *, at: dt.datetime | None = None) -> bool:
    """Counts one attempt and says whether it is within the limit. Refused attempts are not counted.

    Keys are hashed: the table is no list of the addresses of people.
    """
    now = at or clock.now()
    parameters: dict[str, Any] = {
        "scope": limit.scope,
        "key": _key(value),
        "now": now,
        "opened": now - limit.window,
        "limit": limit.count,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT.format(table=AttemptCounter._meta.db_table), parameters)
        return cursor.fetchone() is not None


def give_back(limit: Limit, value: str) -> None:
    """Takes back one attempt that turned out to be legitimate."""
    AttemptCounter.objects.filter(scope=limit.scope, key=_key(value), count__gt=0).update(count=F("count") - 1)


def _key(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def purge(before: dt.datetime) -> int:
    """Deletes counters whose window opened before that instant."""
    return AttemptCounter.objects.filter(started_at__lt=before).delete()[0]
