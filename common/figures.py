"""Figures: each app declares in its ``figures.py`` what it counts in its own tables; nothing else computes a figure.

``reports`` collects and snapshots them. A figure is published with its label, its unit, its definition, its source,
its scope and its period, or not at all (SCREENS 8).
"""

import datetime as dt
import enum
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


class ScopeLevel(enum.StrEnum):
    NATION = "FR"
    REGION = "REG"
    DEPARTMENT = "DEP"


@dataclass(frozen=True, slots=True)
class Scope:
    """The nation, a region or a department; written ``FR``, ``REG-84``, ``DEP-04``."""

    level: ScopeLevel = ScopeLevel.NATION
    code: str = ""

    @classmethod
    def parse(cls, text: str) -> "Scope":
        level, _, code = text.partition("-")
        scope = cls(ScopeLevel(level), code)
        if bool(code) == (scope.level is ScopeLevel.NATION):
            raise ValueError(f"not a scope: {text!r} (FR, REG-84, DEP-04)")
        return scope

    def __str__(self) -> str:
        return f"{self.level}-{self.code}" if self.code else str(self.level)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` to ``end``, both included; None at an end means open (cumulative)."""

    start: dt.date | None
    end: dt.date | None

    @classmethod
    def year(cls, year: int) -> "Period":
        return cls(dt.date(year, 1, 1), dt.date(year, 12, 31))


@dataclass(frozen=True, slots=True)
class Value:
    """What was computed. A share carries its two counts; ``value`` None means unknown, which is not zero."""

    value: Decimal | int | None
    part: int | None = None
    whole: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """``code`` is an API contract; ``definition`` says in French what is counted and what is left out; ``source`` names
    the table or the publisher; ``counted`` is the noun of the counts that go with the value (« demande »)."""

    code: str
    label: str
    unit: str
    definition: str
    source: str
    compute: Callable[[Scope, Period], Value]
    counted: str = ""


_figures: dict[str, Figure] = {}


def register(figure: Figure) -> Figure:
    if figure.code in _figures:
        raise ValueError(f"figure registered twice: {figure.code}")
    _figures[figure.code] = figure
    return figure


def get(code: str) -> Figure:
    return _figures[code]


def all_figures() -> tuple[Figure, ...]:
    return tuple(_figures[code] for code in sorted(_figures))
