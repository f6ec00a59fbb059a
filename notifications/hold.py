"""Keeping the mails of an act back for a moment, so that whoever did it may take it back (SCREENS 5).

Events emitted inside :func:`holding` wait in the outbox until the hold ends; :func:`cancel` makes sure that none of
them is ever told.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from common import clock
from common.errors import Conflict
from notifications.models import OutboxEvent


@dataclass(frozen=True, slots=True)
class Hold:
    """``until`` is an instant of the machine, which the mails wait for."""

    until: dt.datetime
    id: uuid.UUID = field(default_factory=uuid.uuid4)


_current: ContextVar[Hold | None] = ContextVar("hold", default=None)


def current() -> Hold | None:
    return _current.get()


@contextmanager
def holding(hold: Hold | None) -> Iterator[None]:
    """What is emitted inside waits for the hold's end; None: nothing waits."""
    token = _current.set(hold)
    try:
        yield
    finally:
        _current.reset(token)


def cancel(hold_id: uuid.UUID) -> None:
    """No mail of this hold will leave. Raises ``Conflict`` when its time is over. Called inside a transaction."""
    at = clock.instant()
    rows = OutboxEvent.objects.select_for_update(of=("self",)).filter(hold=hold_id)
    if any(row.not_before is None or row.not_before <= at or not row.is_undone for row in rows):
        raise Conflict("Le courriel est parti : cet acte ne peut plus être annulé.", code="already_sent")
    rows.update(done_at=at, cancelled_at=at)
