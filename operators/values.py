"""What a keeper writes of an offer, whatever he writes it with: a form or a spreadsheet.

A plain value: two are equal when nothing changed, and it goes through JSON unharmed.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from operators.models import Offer


class Line(NamedTuple):
    """One area where an offer holds or, ``excluded``, does not; codes are the official ones of the level."""

    level: str
    code: str
    excluded: bool = False


class Difference(NamedTuple):
    """One field that changed, in plain values: ``before`` and ``after`` are those of :meth:`OfferValues.as_json`."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferValues:
    """Lists are ordered alike whoever made them; ``subjects`` are codes."""

    title: str
    description: str = ""
    themes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    engineering_types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    body_kinds: tuple[str, ...] = ()
    population_min: int | None = None
    population_max: int | None = None
    membership_required: bool = False
    membership_label: str = ""
    programmes_required: tuple[str, ...] = ()
    zonings_required: tuple[str, ...] = ()
    legal_mode: str = ""
    price_model: str = ""
    price_label: str = ""
    conditions: str = ""
    delay_days: int | None = None
    capacity_left: int | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    source_url: str = ""
    verified_on: dt.date | None = None
    agreed_beforehand: bool = False
    coverage: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, value.strip())
            elif isinstance(value, list | tuple | set | frozenset):
                object.__setattr__(self, field.name, tuple(sorted(set(value))))

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Those of an offer; its coverage and its subjects cost a query each unless they are prefetched."""
        return cls(
            **{name: getattr(offer, name) for name in COLUMNS},
            subjects=tuple(subject.code for subject in offer.subjects.all()),
            coverage=tuple(Line(row.level, row.code, row.excluded) for row in offer.coverage.all()),
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`as_json`; a field unknown today is left out, a new one takes its default."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        for name in ("valid_from", "valid_to", "verified_on"):
            if values.get(name):
                values[name] = dt.date.fromisoformat(values[name])
        values["coverage"] = tuple(Line(*line) for line in values.get("coverage", ()))
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            plain[field.name] = value.isoformat() if isinstance(value, dt.date) else value
            if isinstance(value, tuple):
                plain[field.name] = [list(each) if isinstance(each, Line) else each for each in value]
        return plain

    def changed(self, fields: Mapping[str, Any]) -> Self:
        """The same but for these fields, given as :meth:`as_json` writes them."""
        return self.from_json({**self.as_json(), **fields})

    def differences(self, before: Self) -> list[Difference]:
        """What changed since ``before``, in the order of the fields."""
        old, new = before.as_json(), self.as_json()
        return [Difference(name, old[name], new[name]) for name in new if old[name] != new[name]]


#: Written in the offer's own columns, as they are.
COLUMNS = tuple(field.name for field in dataclasses.fields(OfferValues) if field.name not in ("subjects", "coverage"))
