"""A database that fails is answered by 503, by whatever layer it is met; a bug of ours stays a 500."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client
from structlog.testing import capture_logs

pytestmark = pytest.mark.django_db


@contextlib.contextmanager
def failing(error: Exception, *, words: str = "") -> Iterator[None]:
    """Every statement that holds these words fails so."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if words in sql:
            raise error
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


LOST = OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LOST, 503),
        (OperationalError("could not extend file: No space left on device"), 503),
        (InterfaceError("connection already closed"), 503),
        (ProgrammingError("column does not exist"), 500),
    ],
)
def test_a_page(browser: Client, settings: Any, debug: bool, error: Exception, status: int) -> None:
    settings.DEBUG = debug
    with failing(error):
        answer = browser.get("/")
    assert answer.status_code == status
    assert debug or "Content-Security-Policy" in answer
    if status == 503:
        assert answer["Retry-After"] == "10"
        assert answer["Content-Length"] == str(len(answer.content))
        assert "momentanément indisponible" in answer.text
        assert "server closed" not in answer.text


@pytest.mark.parametrize("words", ["transaction_read_only", "django_session", "accounts_attemptcounter"])
def test_whatever_layer_meets_it(browser: Client, words: str) -> None:
    """The read-only transaction, the session, a view that writes."""
    browser.cookies["sessionid"] = "x" * 32
    with failing(LOST, words=words):
        if words == "accounts_attemptcounter":
            answer = browser.post("/connexion/", {"email": "maire@demo.example"})
        else:
            answer = browser.get("/")
    assert answer.status_code == 503


def test_the_api(browser: Client) -> None:
    with failing(LOST, words="accounts_apitoken"), capture_logs() as logs:
        answer = browser.get("/api/v1/support-requests/", headers={"authorization": "Bearer x"})
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["title"]) == ("unavailable", "Service momentanément indisponible")
    assert "api_error" in {log["event"] for log in logs}, "the log says all"
