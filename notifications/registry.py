"""What the portal tells, to whom, in which words: one class a kind of mail, in each app's ``notifications.py``.

    @register
    class Submitted(Notification):
        kind = "request_submitted"
        event = events.RequestSubmitted
        label = "Accusé d’enregistrement"
        template = "requests/mail/submitted"  # .txt and .html, which extend notifications/mail/base

        def recipients(self, event): ...
        def subject(self, event, recipient): ...
        def context(self, event, recipient): ...

Nothing of it runs in the transaction that emits the event: only one row of the outbox is written there.
"""

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from common.events import Event


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom. ``key`` identifies him for ever (« user:12 », « desk:04 », « address:mairie@… »): he is told once."""

    email: str
    key: str
    name: str = ""
    user_id: int | None = None


_loaded: ContextVar[dict[Hashable, Any] | None] = ContextVar("loaded", default=None)


@contextmanager
def one_event() -> Iterator[None]:
    """While the mails of one event are written, what they speak of is loaded once."""
    token = _loaded.set({})
    try:
        yield
    finally:
        _loaded.reset(token)


def once(key: Hashable, load: Callable[[], Any]) -> Any:
    """What ``load`` returns, loaded once an event under this key."""
    loaded = _loaded.get()
    if loaded is None:
        return load()
    if key not in loaded:
        loaded[key] = load()
    return loaded[key]


class Notification:
    """One kind of mail.

    A kind that speaks of a row overrides ``load(event)``, and its other methods read ``self.about(event)``: the row is
    read once an event, whatever the number of recipients.

    ``valid_for``
        This long after the event the mail has no object any more and is not sent (None: always sent).
    ``secret``
        It carries a code: the outbox forgets it once the mail is written, the mail once it is sent.
    """

    kind: ClassVar[str]
    event: ClassVar[type[Event]]
    label: ClassVar[str]
    template: ClassVar[str]
    valid_for: ClassVar[dt.timedelta | None] = None
    secret: ClassVar[bool] = False

    def load(self, event: Any) -> Any:
        """What the mail speaks of, with its relations selected."""
        raise NotImplementedError

    def about(self, event: Any) -> Any:
        """What :meth:`load` returned for this event."""
        return once(self.kind, lambda: self.load(event))

    def tells(self, event: Any) -> bool:
        """Whether this kind may have something to tell of the event, from the event alone: asks the database
        nothing."""
        return True

    def recipients(self, event: Any) -> Iterable[Recipient]:
        raise NotImplementedError

    def subject(self, event: Any, recipient: Recipient) -> str:
        raise NotImplementedError

    def context(self, event: Any, recipient: Recipient) -> Mapping[str, Any]:
        return {}

    def object_reference(self, event: Any) -> str:
        """What the mail is about (« 2026-04-00012 »): mails of one object form one conversation."""
        return ""

    def reply_to(self, event: Any, recipient: Recipient) -> str:
        """The mailbox that a human being reads; empty: nobody's."""
        return ""


N = TypeVar("N", bound=type[Notification])

_kinds: dict[str, Notification] = {}


def register(notification: N) -> N:
    """Class decorator; a kind is used once."""
    if notification.kind in _kinds:
        raise ValueError(f"notification registered twice: {notification.kind}")
    _kinds[notification.kind] = notification()
    return notification


def notifications_of(event_type: type[Event]) -> tuple[Notification, ...]:
    """Those caused by this type of event, or by a type it derives from."""
    return tuple(each for each in _kinds.values() if issubclass(event_type, each.event))
