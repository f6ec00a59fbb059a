"""What the pages of coverage show, from its cells: lines, differences, the export. No query here."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.french import NBSP, number, percent, plural
from common.tabular import Value
from operators.coverage import KINDS
from operators.enums import Theme
from operators.matching.vocabulary import BodyKind
from operators.models import CoverageCell, Subject
from territories.models import Department

KIND_LABELS: Mapping[BodyKind, str] = {BodyKind.COMMUNE: "Communes", BodyKind.EPCI: "Intercommunalités"}
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
    population: int
    inhabitants: int
    bare: int
    change: str

    @property
    def words(self) -> str:
        return self.ratio if self.uncovered else "toutes en ont une"

    @property
    def ratio(self) -> str:
        return f"{number(self.uncovered)} sur{NBSP}{number(self.bodies)}"

    @property
    def share(self) -> float:
        """Of the inhabitants; of the bodies where nobody lives or nobody knows."""
        if self.population:
            return self.inhabitants / self.population
        return self.uncovered / self.bodies if self.bodies else 0.0

    @property
    def shade(self) -> int:
        return shade(self.share)

    @property
    def percent(self) -> str:
        """Rounded, but to nothing or to all only when it is."""
        if 0 < self.share < 0.005:
            return f"moins de 1{NBSP}%"
        if 0.995 <= self.share < 1:
            return f"plus de 99{NBSP}%"
        return percent(self.share)


def count_of(cell: CoverageCell, former: CoverageCell | None = None) -> Count:
    return Count(
        bodies=cell.bodies,
        uncovered=cell.uncovered,
        population=cell.inhabitants,
        inhabitants=cell.uncovered_inhabitants,
        bare=cell.bare,
        change=_change(cell.uncovered - former.uncovered) if former else "",
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A theme, or one of its subjects."""

    value: str
    label: str
    #: In the order of ``KINDS``; none where the department leads no body of the kind.
    counts: tuple[Count | None, ...]


class Table:
    """The themes of a department on a day, beside another day when one is compared."""

    def __init__(self, cells: Iterable[CoverageCell], on: dt.date | None, before: dt.date | None) -> None:
        self.on, self.before = on, before
        self._cells = {(cell.on, cell.theme, cell.kind): cell for cell in cells}

    def __bool__(self) -> bool:
        return self.on is not None

    @property
    def lines(self) -> list[Line]:
        return [Line(theme.value, str(theme.label), tuple(self._counts(theme))) for theme in Theme]

    def codes(self, theme: str) -> set[str]:
        """The bodies of both kinds without a local offer."""
        cells = (self._cells.get((self.on, theme, kind.value)) for kind in KINDS)  # type: ignore[arg-type]
        return {code for cell in cells if cell for code in cell.codes}

    def _counts(self, theme: Theme) -> Iterator[Count | None]:
        for kind in KINDS:
            cell = self._cells.get((self.on, theme.value, kind.value))  # type: ignore[arg-type]
            former = self._cells.get((self.before, theme.value, kind.value)) if self.before else None
            yield count_of(cell, former) if cell else None


def subject_lines(subjects: Iterable[Subject], found: Mapping[str, Sequence[CoverageCell]]) -> list[Line]:
    """A line a subject, from its cells in one department."""
    lines = []
    for subject in subjects:
        by_kind = {cell.kind: count_of(cell) for cell in found[subject.code]}
        lines.append(Line(subject.code, subject.label, tuple(by_kind.get(kind.value) for kind in KINDS)))
    return lines


def _change(difference: int) -> str:
    if not difference:
        return "="
    return f"{'+' if difference > 0 else '−'}{NBSP}{number(abs(difference))}"


def shade(share: float) -> int:
    """The place in :data:`SHADES`."""
    return max(place for place, (bound, _) in enumerate(SHADES) if share >= bound)


def matrix_of(
    cells: Iterable[CoverageCell],
    former: Iterable[CoverageCell],
    departments: Iterable[Department],
    themes: Collection[str],
) -> list[tuple[Department, list[Count | None]]]:
    """A line a department that has cells, the counts of these themes in their order. Cells of one kind."""
    by_place = {(cell.department_id, cell.theme): cell for cell in cells}
    before = {(cell.department_id, cell.theme): cell for cell in former}
    known = {code for code, _ in by_place}
    return [
        (
            department,
            [
                count_of(cell, before.get((department.code, theme)))
                if (cell := by_place.get((department.code, theme)))
                else None
                for theme in themes
            ],
        )
        for department in departments
        if department.code in known
    ]


def moves_of(
    cells: Iterable[CoverageCell], former: Iterable[CoverageCell], departments: Iterable[Department]
) -> list[tuple[str, list[tuple[Department, str]]]]:
    """What has changed between two days for one theme and kind: (title, departments with what they gained or lost), the
    widest change first."""
    before = {cell.department_id: cell.uncovered for cell in former}
    change = {
        cell.department_id: cell.uncovered - before[cell.department_id]
        for cell in cells
        if cell.department_id in before
    }
    found = sorted(
        (one for one in departments if change.get(one.code)), key=lambda one: (-abs(change[one.code]), one.code)
    )
    gained = [(one, f"{number(-change[one.code])} de moins") for one in found if change[one.code] < 0]
    lost = [(one, f"{number(change[one.code])} de plus") for one in found if change[one.code] > 0]
    return [
        (f"{plural(len(gained), 'département')} où l’aide a gagné", gained),
        (f"{plural(len(lost), 'département')} où l’aide a reculé", lost),
    ]


# --- the export ------------------------------------------------------------------------------------------------------

HEADINGS = (
    "Jour",
    "Département",
    "Thème",
    "Sujet",
    "Nature",
    "Collectivités",
    "Habitants",
    "Sans offre locale",
    "Habitants sans offre locale",
    "Sans aucune offre",
    "Codes sans offre locale",
)
#: Beside, when another day is compared.
FORMER_HEADINGS = ("Jour comparé", "Sans offre locale ce jour-là", "Habitants sans offre locale ce jour-là")


def row_of(cell: CoverageCell, subject: str = "") -> list[Value]:
    """By :data:`HEADINGS`."""
    return [
        cell.on,
        cell.department_id,
        cell.get_theme_display(),
        subject,
        cell.get_kind_display(),
        cell.bodies,
        cell.inhabitants,
        cell.uncovered,
        cell.uncovered_inhabitants,
        cell.bare,
        " ".join(cell.codes),
    ]


def former_row_of(cell: CoverageCell | None) -> list[Value]:
    """By :data:`FORMER_HEADINGS`."""
    return [cell.on, cell.uncovered, cell.uncovered_inhabitants] if cell else ["", "", ""]
