"""Fixtures that every test may use.

``db`` / ``@pytest.mark.django_db``
    A transaction on this process's clone of the reference database (migrated, real territories loaded), rolled back.
``committed_db`` / ``transactional_db`` / ``@pytest.mark.django_db(transaction=True)``
    A database of the test's own, cloned from the reference one and dropped afterwards: commits are real, other
    processes see them, and nothing is truncated.
``database_url``
    The address of the test's own database, for the processes that the test starts (implies ``committed_db``).
``@pytest.mark.demonstration``
    The same, on a clone that holds the demonstration: its accounts, its catalogue, its files in every state.
``redis_url``
    The Redis of this run, or an error that says how to get one; for the processes that a test starts.
``clock``
    ``clock.move_to("2026-03-03 10:00", tz="Europe/Paris")``, ``clock.shift(days=3)``: the time stands still until told.

Everywhere: warnings are errors, no connection leaves the machine, an undefined variable in one of our templates fails,
and a relation fetched row by row (N+1) raises; ``with zeal.zeal_ignore(): …`` where it is meant.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine
import zeal
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase

from anct_portal import embedded, env
from common.database import pointed_at
from tests import databases, guards

#: Nothing is truncated: a test that commits does so in a database of its own.
TransactionTestCase._fixture_teardown = lambda self: None  # type: ignore[method-assign]


def pytest_configure(config: pytest.Config) -> None:
    guards.close_network()


@pytest.fixture(scope="session")
def clones(django_db_blocker: Any) -> Iterator[databases.Clones]:
    """The databases of this process (``clones.create()`` gives one more)."""
    with django_db_blocker.unblock():
        try:
            opened = databases.Clones()
        except psycopg.OperationalError:
            if embedded.nothing_runs():
                pytest.exit("Pas de base de données : « make test » démarre la sienne, ou indiquez DATABASE_URL.", 1)
            raise
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def django_db_setup(clones: databases.Clones, django_db_blocker: Any) -> Iterator[None]:
    """Replaces pytest-django's: the test database is a clone of the reference database."""
    name = clones.create()
    with django_db_blocker.unblock(), pointed_at(name):
        yield
    clones.drop(name)


def _commits(node: pytest.Item, fixtures: list[str]) -> bool:
    marker = node.get_closest_marker("django_db")
    marked = marker is not None and (marker.kwargs.get("transaction") or (marker.args and marker.args[0]))
    return bool(marked) or not {"transactional_db", "live_server"}.isdisjoint(fixtures)


@pytest.fixture
def _own_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Gives a clone of its own to each test that commits."""
    commits = _commits(request.node, request.fixturenames)
    demonstration = request.node.get_closest_marker("demonstration") is not None
    if not (commits or demonstration):
        yield
        return
    request.getfixturevalue("django_db_setup")
    clones = request.getfixturevalue("clones")
    with request.getfixturevalue("django_db_blocker").unblock():
        if commits:
            name = clones.create(databases.ensure_demonstration() if demonstration else None)
        else:
            name = clones.demonstration()
        with pointed_at(name):
            yield
        if commits:
            clones.drop(name)


@pytest.fixture
def _django_db_helper(_own_database: None, _django_db_helper: None) -> None:
    """pytest-django's, once the connection points at the database of this test: it opens the transaction."""


@pytest.fixture
def committed_db(transactional_db: None) -> None:
    """A database of the test's own, where commits are real."""


@pytest.fixture
def database_url(committed_db: None) -> str:
    return databases.url(connections["default"].settings_dict["NAME"])


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Redis for the processes that a test starts; in the tests' own process Celery keeps its messages in memory."""
    url = env.text("REDIS_URL", "")
    if not url:
        pytest.fail("this test needs Redis: run `make test`, or set REDIS_URL", pytrace=False)
    return url


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> Iterator[None]:
    with zeal.zeal_context():
        yield


@pytest.fixture(autouse=True)
def _each_piece_of_work_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece of work is what a request is: rows fetched by two of them in one sweep are no N+1."""
    from common import jobs  # imports models: not before Django is set up

    perform_job = jobs.perform_job

    def perform(*arguments: Any, **options: Any) -> bool:
        with zeal.zeal_context():
            return perform_job(*arguments, **options)

    monkeypatch.setattr(jobs, "perform_job", perform)


class Clock:
    """The time of a test: it stands still, and moves when told."""

    def __init__(self) -> None:
        self._travel: time_machine.travel | None = None
        self._traveller: Any = None

    def move_to(self, moment: str | dt.datetime, tz: str = settings.TIME_ZONE) -> dt.datetime:
        """Stops the clock at ``moment``; a text or a naive date is read in the time zone ``tz``."""
        if isinstance(moment, str):
            moment = dt.datetime.fromisoformat(moment)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(tz))
        if self._travel is None:
            self._travel = time_machine.travel(moment, tick=False)
            self._traveller = self._travel.start()
        else:
            self._traveller.move_to(moment)
        return moment

    def shift(self, **duration: float) -> None:
        """``clock.shift(days=3, hours=1)``."""
        self._traveller.shift(dt.timedelta(**duration))

    def stop(self) -> None:
        if self._travel is not None:
            self._travel.stop()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stopped on Tuesday 3 March 2026 at 10:00 in Paris, until the test moves it."""
    stopped = Clock()
    stopped.move_to("2026-03-03 10:00")
    yield stopped
    stopped.stop()
