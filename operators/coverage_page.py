"""What the pages of coverage show, from its cells: lines, differences, shades of a map. No query here."""

import csv
import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from common.french import NBSP, apostrophes, number, percent
from operators.coverage import KINDS
from operators.enums import Theme
from operators.matching.vocabulary import BodyKind
from operators.models import CoverageCell

KIND_LABELS: Mapping[BodyKind, str] = {BodyKind.COMMUNE: "Communes", BodyKind.EPCI: "Intercommunalités"}
OUTLINES = settings.BASE_DIR / "fixtures" / "reference" / "departements_svg.csv"
#: Where the overseas departments are drawn, left of the mainland, each to its own scale.
INSETS = {
    "971": "translate(-205 20) scale(2.632)",
    "972": "translate(-205 220) scale(3)",
    "973": "translate(-205 420) scale(3)",
    "974": "translate(-205 620) scale(2.679)",
    "976": "translate(-205 820) scale(3)",
}
#: Share of the inhabitants without a local offer, from which a department is shaded so; the last line that holds.
SHADES: tuple[tuple[float, str], ...] = (
    (0.0, "Personne"),
    (0.0001, "Moins d’un quart"),
    (0.25, "D’un quart à la moitié"),
    (0.5, "De la moitié aux trois quarts"),
    (0.75, "Trois quarts ou plus"),
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many of how many have no local offer, and for how many inhabitants; ``change`` since the day compared."""

    bodies: int
    uncovered: int
    inhabitants: int
    bare: int
    change: str

    @property
    def words(self) -> str:
        if not self.uncovered:
            return "toutes en ont une"
        return f"{number(self.uncovered)} sur {number(self.bodies)}"


@dataclass(frozen=True, slots=True)
class Line:
    theme: Theme
    counts: tuple[Count, ...]

    @property
    def is_whole(self) -> bool:
        return not any(count.uncovered for count in self.counts)


class Table:
    """The themes of a department on a day, beside another day when one is compared."""

    def __init__(self, cells: Iterable[CoverageCell], on: dt.date | None, before: dt.date | None) -> None:
        self.on, self.before = on, before
        self._cells = {(cell.on, cell.theme, cell.kind): cell for cell in cells}

    def __bool__(self) -> bool:
        return self.on is not None

    @property
    def lines(self) -> list[Line]:
        return [Line(theme, tuple(self._counts(theme))) for theme in Theme]

    def codes(self, theme: str, kind: str) -> list[str]:
        cell = self._cells.get((self.on, theme, kind))  # type: ignore[arg-type]
        return list(cell.codes) if cell else []

    def _counts(self, theme: Theme) -> Iterable[Count]:
        for kind in KINDS:
            cell = self._cells.get((self.on, theme.value, kind.value))  # type: ignore[arg-type]
            if cell is None:
                continue
            former = self._cells.get((self.before, theme.value, kind.value)) if self.before else None
            yield Count(
                bodies=cell.bodies,
                uncovered=cell.uncovered,
                inhabitants=cell.uncovered_inhabitants,
                bare=cell.bare,
                change=_change(cell.uncovered - former.uncovered) if former else "",
            )


def _change(difference: int) -> str:
    if not difference:
        return "="
    return f"{'+' if difference > 0 else '−'}{NBSP}{number(abs(difference))}"


def share_of(cell: CoverageCell) -> float:
    """The share of the inhabitants without a local offer; of the bodies where nobody lives or nobody knows."""
    if cell.inhabitants:
        return cell.uncovered_inhabitants / cell.inhabitants
    return cell.uncovered / cell.bodies if cell.bodies else 0.0


def shade(share: float) -> int:
    """The place in :data:`SHADES`."""
    return max(place for place, (bound, _) in enumerate(SHADES) if share >= bound)


def _share(cell: CoverageCell | None) -> dict[str, Any]:
    if cell is None:
        return {"words": "–", "shade": 0}
    share = share_of(cell)
    return {"words": percent(share), "shade": shade(share)}


def matrix_of(cells: Iterable[CoverageCell], departments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line a department, the shares of its themes in their order."""
    by_department: dict[str, dict[str, CoverageCell]] = {}
    for cell in cells:
        by_department.setdefault(cell.department_id, {})[cell.theme] = cell
    return [
        {
            "department": departments[code],
            "shares": [_share(found.get(theme.value)) for theme in Theme],
        }
        for code, found in sorted(by_department.items())
        if code in departments
    ]


@functools.cache
def outlines() -> tuple[tuple[str, str, str], ...]:
    """(code, name, path) of each department."""
    with OUTLINES.open(encoding="utf-8", newline="") as file:
        return tuple((row["code"], apostrophes(row["nom"]), row["d"]) for row in csv.DictReader(file))


def map_of(cells: Iterable[CoverageCell]) -> dict[str, Any]:
    """The departments drawn, each with its shade, and the legend."""
    found = {cell.department_id: cell for cell in cells}
    shapes = [
        {
            "title": f"{name} ({code})"
            + (f"{NBSP}: {percent(share_of(found[code]))} des habitants sans offre locale" if code in found else ""),
            "path": path,
            "inset": INSETS.get(code, ""),
            "shade": shade(share_of(found[code])) if code in found else "none",
        }
        for code, name, path in outlines()
    ]
    return {"shapes": shapes, "legend": [(place, words) for place, (_, words) in enumerate(SHADES)]}
