"""One database for the whole matrix: the demonstration, the cast and its files, sessions already open.

Each request of a test runs in a savepoint that is rolled back, so that every case starts from the same files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
import zeal
from django.conf import settings
from django.db import connection, transaction
from django.http import FileResponse, HttpResponseBase
from django.test import Client

from accounts.sessions import signed_in
from common import database, perimeter
from common.database import pointed_at
from tests import databases
from tests.permissions.cast import TODAY, Cast, build

#: Every answer is given under the role of web and workers, whom row-level security binds.
ROLE = "portal_application"


@dataclass
class Prepared:
    database: str
    cast: Cast
    sessions: dict[str, str]


@pytest.fixture(scope="session")
def prepared(django_db_setup: None, clones: databases.Clones, django_db_blocker: Any) -> Iterator[Prepared]:
    with django_db_blocker.unblock(), time_machine.travel(f"{TODAY}+01:00", tick=False), zeal.zeal_ignore():
        name = clones.create(databases.ensure_demonstration())
        with pointed_at(name):
            cast = build()
            assert database.grant(ROLE) or database.grant(ROLE), "two processes may create the role at once"
            sessions = {actor: signed_in(mandate) for actor, mandate in cast.mandates.items()}
    yield Prepared(name, cast, sessions)
    clones.drop(name)


@pytest.fixture
def _own_database(prepared: Prepared, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), pointed_at(prepared.database):
        yield


@pytest.fixture
def cast(prepared: Prepared) -> Cast:
    return prepared.cast


@pytest.fixture(autouse=True)
def _day() -> Iterator[None]:
    with time_machine.travel(f"{TODAY}+01:00", tick=False):
        yield


class Ask:
    """``ask("inst", "POST", address, body)``: what that person is answered; nothing of it stays."""

    def __init__(self, sessions: dict[str, str]) -> None:
        self.sessions = sessions
        self.client = Client(raise_request_exception=False)

    def __call__(self, who: str, method: str, address: str, body: Any = None) -> HttpResponseBase:
        self.client.cookies.clear()
        if who in self.sessions:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who]
        with transaction.atomic(), perimeter.restored():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {ROLE}")
            if method == "GET":
                response = self.client.get(address)
            elif address.startswith("/api/"):
                response = self.client.post(address, body or {}, content_type="application/json")
            else:
                response = self.client.post(address, body or {})
            if isinstance(response, FileResponse):
                response.getvalue()  # read to its end, it closes its file
            transaction.set_rollback(True)
        connection.run_on_commit = []
        return response


@pytest.fixture
def ask(prepared: Prepared, db: None, settings: Any) -> Ask:
    """Rows read one by one are watched elsewhere: here it would double the time."""
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.startswith("zeal.")]
    return Ask(prepared.sessions)


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    pass
