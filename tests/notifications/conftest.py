"""A mail server, and events of the test's own."""

from collections.abc import Iterator

import pytest

from common import jobs
from notifications import delivery, outbox, registry
from tests.notifications.smtp import Server


@pytest.fixture
def smtp(settings) -> Iterator[Server]:
    server = Server()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    delivery._closed_until = 0.0
    yield server
    delivery._closed_until = 0.0
    server.stop()


@pytest.fixture
def kinds(monkeypatch):
    """The registry, emptied for the test; ``kinds(cls)`` adds one."""
    monkeypatch.setattr(registry, "_kinds", {})
    return registry.register


def send_now_pending(limit: int = 10_000) -> None:
    """Writes and sends all that is due, in this process, as workers and the reconciler do."""
    while jobs.sweep([outbox.WORK, delivery.WORK], limit=limit):
        pass
