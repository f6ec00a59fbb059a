"""The only clock of the portal. Business dates come from here, or from an explicit ``at=`` given to a service."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

_moment: ContextVar[dt.datetime | None] = ContextVar("moment", default=None)


def instant() -> dt.datetime:
    """The machine's present instant, aware, which :func:`at` does not move: for queues, delays and retries."""
    return timezone.now()


def now() -> dt.datetime:
    """The instant at which what is being done happens, aware: :func:`instant`, unless inside :func:`at`."""
    return _moment.get() or instant()


def today(zone: dt.tzinfo | None = None) -> dt.date:
    """The current date in ``zone`` (Paris unless told)."""
    return timezone.localdate(now(), zone)


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Everything inside happens at ``moment``: the demonstration's past is made through the services of today."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)
