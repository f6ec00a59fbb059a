"""People of the demonstration for the faults of one process, and real servers for the others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Mandate
from accounts.sessions import signed_in
from requests.demonstration.stage import Stage
from tests import databases
from tests.faults.portal import Portal, running


@pytest.fixture(scope="session")
def portal(
    clones: databases.Clones, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """The portal that these tests break, each leaving it whole: its start costs more than most of them."""
    with django_db_blocker.unblock():
        demonstration = databases.ensure_demonstration()
    with running(tmp_path_factory.mktemp("faults"), databases.url(demonstration)) as one:
        yield one


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def sign_in(stage: Stage) -> Callable[[str], Client]:
    """A browser of its own, signed in: ``sign_in("instructeur")``."""

    def enter(who: str | Mandate) -> Client:
        mandate = stage.account(who) if isinstance(who, str) else who
        client = Client()
        client.cookies["sessionid"] = signed_in(mandate)
        return client

    return enter


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request: an act done again and again is no loop."""
