"""A process that ends after its n-th statement, and what it left in the database."""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

#: Everything that an act writes; territories, catalogue and programmes are only read.
PREFIXES = ("accounts_", "files_", "notifications_", "requests_", "django_session")


class Cut(BaseException):
    """The end of the process: nothing of ours may catch it."""


class Cutter:
    """An ``execute_wrapper`` that ends the process once, after statement number ``after``."""

    def __init__(self, after: int) -> None:
        self.after, self.seen, self.fired = after, 0, False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        self.seen += not self.fired
        if self.seen == self.after and not self.fired:
            self.fired = True
            raise Cut(sql)
        return result


def cut(act: Callable[[], Any], after: int) -> tuple[bool, Any]:
    """Runs the act and ends it after that statement. Whether it went to its end, having fewer; and then its result."""
    with connection.execute_wrapper(Cutter(after)):
        try:
            return True, act()
        except Cut:
            transaction.set_rollback(False)  # a deletion's transaction, which has no savepoint, marks the test's own
            return False, None


def tables() -> list[str]:
    return sorted(name for name in connection.introspection.table_names() if name.startswith(PREFIXES))


def fingerprint(ignored: frozenset[str] = frozenset()) -> dict[str, tuple[int, str]]:
    """Table → number of rows, and a digest of all of them but for the ``ignored`` columns."""
    row = f"(to_jsonb(t) - '{{{','.join(sorted(ignored))}}}'::text[])::text" if ignored else "t::text"
    each = [
        f"SELECT '{name}', count(*), md5(coalesce(string_agg({row}, ' ' ORDER BY {row}), '')) FROM {name} t"  # noqa: S608
        for name in tables()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> dict[str, int]:
    """Table → rows more, for each table that is not as it was."""
    return {name: after[name][0] - before[name][0] for name in after if after[name] != before[name]}
