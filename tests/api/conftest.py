"""The API as its callers use it: a token bound to one mandate, JSON in and out, problems in one shape."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Mandate
from accounts.services import tokens
from common.actor import Actor
from requests.demonstration.stage import Stage
from requests.models import SupportRequest

PROBLEM = "application/problem+json"
BASE = "/api/v1/support-requests/"


class Caller:
    """``caller.get("?state=closed")``, ``caller.post("2026-04-00001/messages/", {…})``, with a token of one mandate."""

    def __init__(self, secret: str) -> None:
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str = "", **headers: str) -> Any:
        return Client().get(_address(path), headers={**self.headers, **headers})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if isinstance(body, bytes | str) else {} if body is None else body
        return Client().post(_address(path), data, content_type="application/json", headers=given)


def _address(path: str) -> str:
    return path if path.startswith("/") else BASE + path


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def actor(stage: Stage) -> Callable[[str], Actor]:
    return lambda name: stage.actor(stage.account(name))


@pytest.fixture
def caller(stage: Stage) -> Callable[[str | Mandate], Caller]:
    """``caller("instructeur")``: a demonstration account; or any mandate."""

    def make(who: str | Mandate) -> Caller:
        return Caller(tokens.issue(stage.account(who) if isinstance(who, str) else who))

    return make


@pytest.fixture
def case(db: None) -> Callable[[str], SupportRequest]:
    """The latest file of a place."""
    return lambda code: SupportRequest.objects.filter(collectivity__code=code).latest("pk")


@pytest.fixture
def filing() -> dict[str, Any]:
    """A request that Mézel may file."""
    return {
        "collectivity": "04121",
        "subject": "patrimoine",
        "need": "Le toit du lavoir s’effondre. Par où commencer ?",
        "progress": "idea",
    }


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request: two calls of one test are not a loop."""


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem document of a refusal, whose shape is checked."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
