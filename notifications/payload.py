"""Events to JSON and back, by their declared types: what an event holds is plain values, and stays so."""

import datetime as dt
import enum
import types
import typing
import uuid
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from common.events import Event, type_registry

_AS_TEXT = (uuid.UUID, Decimal)
_AS_ISO = (dt.datetime, dt.date, dt.time)


def _pack(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, _AS_ISO):
        return value.isoformat()
    if isinstance(value, _AS_TEXT):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted((_pack(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [_pack(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _pack(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"an event holds plain values, not {type(value).__name__}")


def _unpack(value: Any, declared: Any) -> Any:
    if value is None:
        return None
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, types.UnionType):
        return _unpack(value, next(each for each in arguments if each is not type(None)))
    if origin in (list, set, frozenset):
        return origin(_unpack(item, arguments[0]) for item in value)
    if origin is tuple:
        kinds = arguments[:1] * len(value) if arguments[1:] == (Ellipsis,) else arguments
        return tuple(_unpack(item, kind) for item, kind in zip(value, kinds, strict=True))
    if isinstance(declared, type):
        if issubclass(declared, enum.Enum) or issubclass(declared, _AS_TEXT):
            return declared(value)
        if issubclass(declared, _AS_ISO):
            return declared.fromisoformat(value)
    return value


def pack(event: Event) -> dict[str, Any]:
    """The event's own fields; ``id`` and ``at`` stand in columns."""
    return {each.name: _pack(getattr(event, each.name)) for each in fields(event) if each.name not in ("id", "at")}


def unpack(name: str, payload: Mapping[str, Any], *, event_id: uuid.UUID, at: dt.datetime) -> Event:
    """The event as it was emitted. A field added since takes its default; one removed since is left out."""
    event_type = type_registry[name]
    declared = typing.get_type_hints(event_type)
    known = {each.name for each in fields(event_type)}
    values = {key: _unpack(value, declared[key]) for key, value in payload.items() if key in known}
    return event_type(id=event_id, at=at, **values)
