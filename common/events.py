"""Declared events: how an app tells those above it that something happened, without knowing them.

An event is a frozen dataclass deriving from :class:`Event`. ``emit`` calls the subscribers at once, inside the caller's
transaction: a subscriber may write rows and register ``on_commit`` hooks, nothing else (no mail, no network).
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. ``id`` identifies it for ever: what it causes is unique on it."""

    name: ClassVar[str]
    id: uuid.UUID
    at: dt.datetime


E = TypeVar("E", bound=Event)

type_registry: dict[str, type[Event]] = {}
_subscribers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def declare(event_type: type[E]) -> type[E]:
    """Class decorator: registers an event type under its ``name``; a name is used once."""
    if type_registry.setdefault(event_type.name, event_type) is not event_type:
        raise ValueError(f"event declared twice: {event_type.name}")
    return event_type


def subscribe(event_type: type[E], subscriber: Callable[[E], None]) -> None:
    """Calls ``subscriber`` for each event of this type or of one that derives from it. Twice is the same as once."""
    if subscriber not in _subscribers[event_type]:
        _subscribers[event_type].append(subscriber)


def emit(event: Event) -> None:
    for event_type in type(event).__mro__:
        for subscriber in _subscribers.get(event_type, ()):
            subscriber(event)
