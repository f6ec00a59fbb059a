"""Each server that the portal leans on, absent, frozen, slow or full: what is declared in the table happens, nothing is
an unhandled error, and all is well again by itself within a minute."""

import contextlib
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
import redis

from tests.e2e.stack import eventually
from tests.faults.portal import Portal, filing

pytestmark = pytest.mark.xdist_group("e2e")  # with the other portals, one after the other

NO_ANSWER = 0
EVERYTHING = frozenset({"database", "migrations", "redis", "work", "reconciler", "worker"})


@dataclass(frozen=True)
class Result:
    """What is asked of the portal while the fault lasts: « ready » (what it names), a page, a filing (status, in how
    many seconds). « alive » answers 200 at once in all of them."""

    missing: frozenset[str]
    page: int
    filing: int
    seconds: float


#: (Server, fault) → declared result. Of a frozen PostgreSQL, pages wait and go on with it: no answer within the probe.
MATRIX: dict[tuple[str, str], Result] = {
    ("postgresql", "absent"): Result(EVERYTHING, page=503, filing=503, seconds=5),
    ("postgresql", "frozen"): Result(EVERYTHING, page=NO_ANSWER, filing=NO_ANSWER, seconds=4),
    ("postgresql", "slow"): Result(frozenset(), page=200, filing=201, seconds=6),
    ("postgresql", "full"): Result(frozenset(), page=200, filing=503, seconds=5),
    ("redis", "absent"): Result(frozenset({"redis"}), page=200, filing=201, seconds=2),
    ("redis", "frozen"): Result(frozenset({"redis"}), page=200, filing=201, seconds=2),
    ("redis", "full"): Result(frozenset(), page=200, filing=201, seconds=2),
    ("smtp", "absent"): Result(frozenset(), page=200, filing=201, seconds=2),
    ("smtp", "frozen"): Result(frozenset(), page=200, filing=201, seconds=2),
    ("smtp", "full"): Result(frozenset(), page=200, filing=201, seconds=2),
}

# --- the faults ------------------------------------------------------------------------------------------------------

FULL = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON requests_supportrequest EXECUTE FUNCTION no_room();
"""


@contextmanager
def frozen(portal: Portal, name: str) -> Iterator[None]:
    portal.signal_group(name, signal.SIGSTOP)
    try:
        yield
    finally:
        portal.signal_group(name, signal.SIGCONT)


@contextmanager
def absent(portal: Portal, name: str) -> Iterator[None]:
    portal.children[name].stop(0)
    try:
        yield
    finally:
        portal.restart(name)


@contextmanager
def postgresql_absent(portal: Portal) -> Iterator[None]:
    portal.postgresql_stops()
    try:
        yield
    finally:
        portal.postgresql_starts()


@contextmanager
def postgresql_frozen(portal: Portal) -> Iterator[None]:
    portal.postgresql_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        portal.postgresql_signal(signal.SIGCONT)


@contextmanager
def postgresql_slow(portal: Portal) -> Iterator[None]:
    """A statement waits for as long as another holds what it needs; this one lets go by itself after 3 s."""
    with portal.database() as holder:
        holder.execute(
            "SET idle_in_transaction_session_timeout = '3s'; BEGIN; LOCK requests_referencecounter IN EXCLUSIVE MODE"
        )
        yield
        with contextlib.suppress(Exception):
            holder.execute("ROLLBACK")


@contextmanager
def postgresql_full(portal: Portal) -> Iterator[None]:
    """By PostgreSQL's own error: a disk cannot be filled safely."""
    with portal.database() as database:
        database.execute(FULL)
        try:
            yield
        finally:
            database.execute("DROP TRIGGER no_room ON requests_supportrequest; DROP FUNCTION no_room()")


@contextmanager
def redis_full(portal: Portal) -> Iterator[None]:
    client = redis.Redis.from_url(portal.environment["REDIS_URL"], socket_timeout=2)
    client.config_set("maxmemory", "1")
    try:
        yield
    finally:
        client.config_set("maxmemory", "0")
        client.close()


@contextmanager
def smtp_full(portal: Portal) -> Iterator[None]:
    """The sink's folder cannot be written: a file stands in its place."""
    mails, aside = portal.folder / "mails", portal.folder / "aside"
    if mails.exists():
        mails.rename(aside)
    mails.touch()
    try:
        yield
    finally:
        mails.unlink()
        if aside.exists():
            aside.rename(mails)


FAULTS: dict[tuple[str, str], Callable[[Portal], AbstractContextManager[None]]] = {
    ("postgresql", "absent"): postgresql_absent,
    ("postgresql", "frozen"): postgresql_frozen,
    ("postgresql", "slow"): postgresql_slow,
    ("postgresql", "full"): postgresql_full,
    ("redis", "absent"): lambda portal: absent(portal, "redis"),
    ("redis", "frozen"): lambda portal: frozen(portal, "redis"),
    ("redis", "full"): redis_full,
    ("smtp", "absent"): lambda portal: absent(portal, "mails"),
    ("smtp", "frozen"): lambda portal: frozen(portal, "mails"),
    ("smtp", "full"): smtp_full,
}


def meet(portal: Portal, fault: str) -> None:
    """Until a mail of the filing has met the fault: kept waiting by a server that is frozen, put off by the others."""
    state = "state = 'sending' AND claimed_at < now() - interval '1 second'"
    condition = state if fault == "frozen" else "state = 'waiting' AND last_error <> ''"
    eventually(lambda: portal.rows(f"SELECT id FROM notifications_mail WHERE {condition}"), "a mail meets it")  # noqa: S608


# --- the test --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("server", "fault"), MATRIX, ids=["-".join(cell) for cell in MATRIX])
def test_the_declared_result(server: str, fault: str, portal: Portal) -> None:
    portal.recovers()
    declared, key = MATRIX[server, fault], uuid.uuid4()
    with FAULTS[server, fault](portal):
        filed = portal.api("maire", "", filing(), key=key, timeout=declared.seconds)
        alive = portal.ask("GET", "/sante/vive", timeout=1)
        missing = portal.missing()
        page = portal.ask("GET", "/", timeout=2)
        if server == "smtp":
            meet(portal, fault)
    assert (alive.status, missing, page.status, filed.status) == (
        200,
        declared.missing,
        declared.page,
        declared.filing,
    )
    if filed.status == 503:
        assert filed.headers["Retry-After"] == "10"
        assert filed.json()["code"] == "unavailable"
    broken = time.monotonic()
    portal.recovers(60)
    assert portal.api("maire", "", filing(), key=key).status == 201, "sent again, it is filed once"
    portal.recovers(60)
    assert portal.rows("SELECT count(*) FROM requests_supportrequest WHERE submission_key = %s", key) == [(1,)]
    assert time.monotonic() - broken < 60
    given_up = portal.rows("SELECT state, last_error FROM notifications_mail WHERE state NOT IN ('sent')")
    assert given_up == [], "no mail is lost"
