"""Statements that a page costs, transactions left out."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SET TRANSACTION")


@contextmanager
def statements() -> Iterator[list[str]]:
    """``with statements() as sql: client.get(…)``, then ``len(sql)``."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found.extend(query["sql"] for query in captured if not query["sql"].startswith(_TRANSACTIONS))
