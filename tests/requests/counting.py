"""Statements that a page costs, transactions left out, whatever the number of its rows."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from requests.models import SupportRequest

#: A GET opens its transaction under its perimeter (read-only but where marked) in one statement, counted with it; the
#: role is the tests' own doing.
_OPENED = "SELECT set_config("
_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SET LOCAL ROLE", _OPENED)


@contextmanager
def statements() -> Iterator[list[str]]:
    """``with statements() as sql: client.get(…)``, then ``len(sql)``."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found.extend(query["sql"] for query in captured if not query["sql"].startswith(_TRANSACTIONS))


def twins(row: Any, count: int, /, **changes: Any) -> list[Any]:
    """Rows alike, saved, so that only their number differs; those of ``changes`` are functions of the rank."""
    found = []
    for rank in range(count):
        twin = copy(row)
        twin._state = copy(row._state)
        twin.pk, twin.uuid = None, uuid.uuid4()
        for name, change in changes.items():
            setattr(twin, name, change(rank))
        found.append(twin)
    return list(type(row)._default_manager.bulk_create(found))


def multiply(row: SupportRequest, number: int) -> list[SupportRequest]:
    """Files alike, of references of their own."""
    first = SupportRequest.objects.filter(reference__startswith="2024-").count()
    return twins(
        row,
        number,
        submission_key=lambda rank: uuid.uuid4(),
        reference=lambda rank: f"2024-{row.department_id}-{first + rank:05}",
    )
