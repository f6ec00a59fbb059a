"""What a reader gives, whatever the format of the file."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.tabular.cells import ERA_1900
from common.tabular.faults import Fault


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell whose value can't be known."""

    reason: str


def _none(line: int, headings: Mapping[int, str]) -> Iterator[Fault]:
    return iter(())


@dataclass(slots=True)
class Source:
    """``rows``: number of the line, cells. ``problems(line, headings)``: faults of the sheet itself, once it is known
    which line holds the headings. ``even``: each line must have as many cells (``width``, known with the headings).
    ``expected``: lines in all, 0 when unknown."""

    rows: Iterator[tuple[int, Sequence[Any]]]
    problems: Callable[[int, Mapping[int, str]], Iterator[Fault]] = _none
    remarks: list[str] = field(default_factory=list)
    era: dt.date = ERA_1900
    even: bool = False
    width: int = 0
    expected: int = 0
