"""Tables in: one door for CSV and XLSX. The headings are found, the lines come one by one; memory is bounded."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from common.french import NBSP, number, size
from common.tabular import csv_reading, xlsx_reading
from common.tabular.cells import ERA_1900, Value, as_text, folded
from common.tabular.faults import Fault, Unreadable, letter
from common.tabular.source import Bad, Source

#: Octets, lines that hold something, columns, and characters of a cell, above which a file is refused.
OCTETS, LINES, COLUMNS, CHARACTERS = 20_000_000, 50_000, 150, 10_000
#: Lines among which the headings are sought: maps often begin with a title.
HEADING_LINES = 20
#: Known headings that make a line the line of headings.
ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Line:
    """``number`` is the one that a spreadsheet shows; ``cells`` by heading, columns without one left out."""

    number: int
    cells: dict[str, Value]


@dataclass(slots=True)
class Table:
    """``headings`` as they stand, by their place from 1. ``faults`` grow as the lines are read; a line at fault still
    comes, without the cell at fault. ``remarks`` are French sentences."""

    headings: dict[int, str]
    lines: Iterator[Line]
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    era: dt.date = ERA_1900
    expected: int = 0


def open_table(data: bytes, name: str, known: Collection[str], *, sheet: str = "") -> Table:
    """The table that these bytes hold; ``known`` are headings, two of which at least make the line of headings.
    ``sheet`` is the one preferred in a workbook. Raises :class:`Unreadable`, which names the file and the cure."""
    if not data.strip():
        raise Unreadable(f"{name}{NBSP}: ce fichier est vide.")
    if len(data) > OCTETS:
        raise Unreadable(f"{name}{NBSP}: ce fichier dépasse {size(OCTETS)}. Partagez-le en plusieurs.")
    if data.startswith(b"PK\x03\x04"):
        source = xlsx_reading.open_sheet(data, name, sheet)
    elif data.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"{\\rtf")):
        raise Unreadable(
            f"{name}{NBSP}: ce fichier est d’un ancien format, ou protégé par un mot de passe. Enregistrez-le au "
            "format .xlsx, sans mot de passe."
        )
    else:
        source = csv_reading.open_text(data, name)
    wanted = {folded(heading) for heading in known}
    rows = source.rows
    for number_, cells in rows:
        found = [as_text(cell) for cell in cells]
        if len(wanted.intersection(map(folded, found))) >= min(ENOUGH, len(wanted)):
            return _table(source, number_, found, name)
        if number_ >= HEADING_LINES:
            break
    examples = ", ".join(f"«{NBSP}{heading}{NBSP}»" for heading in list(known)[:3])
    raise Unreadable(
        f"{name}{NBSP}: aucune ligne de titres reconnue dans les {HEADING_LINES} premières. Attendus, par exemple"
        f"{NBSP}: {examples}. Partez du modèle."
    )


def _table(source: Source, line: int, found: Sequence[str], name: str) -> Table:
    headings = {place: heading for place, heading in enumerate(found, start=1) if heading}
    if source.even:
        source.width = len(found)
    if len(headings) > COLUMNS:
        raise Unreadable(f"{name}{NBSP}: plus de {COLUMNS} colonnes. Supprimez celles qui ne servent pas.")
    faults, seen = list(source.problems(line, headings)), dict[str, int]()
    for place, heading in headings.items():
        first = seen.setdefault(folded(heading), place)
        if first != place:
            reason = f"ce titre est déjà celui de la colonne {letter(first)}. Supprimez ou renommez l’une des deux."
            faults.append(Fault(line, reason, place, heading))
    table = Table(headings, iter(()), faults, list(source.remarks), source.era, source.expected)
    table.lines = _lines(source, table, line, name)
    return table


def _lines(source: Source, table: Table, line: int, name: str) -> Iterator[Line]:
    count = 0
    for number_, cells in source.rows:
        if not any(cell is not None and cell != "" for cell in cells):
            continue
        count += 1
        if count > LINES:
            raise Unreadable(f"{name}{NBSP}: plus de {number(LINES)} lignes. Partagez le fichier en plusieurs.")
        held: dict[str, Value] = {heading: None for place, heading in table.headings.items() if place > len(cells)}
        for place, cell in enumerate(cells, start=1):
            heading = table.headings.get(place)
            if isinstance(cell, Bad):
                table.faults.append(Fault(number_, cell.reason, place, heading or ""))
            elif heading is None:
                if as_text(cell):
                    reason = "cette cellule n’est sous aucun titre. Videz-la, ou donnez un titre à sa colonne."
                    table.faults.append(Fault(number_, reason, place))
            elif isinstance(cell, str) and len(cell) > CHARACTERS:
                reason = f"ce texte compte {number(len(cell))} caractères{NBSP}: {number(CHARACTERS)} au plus."
                table.faults.append(Fault(number_, reason, place, heading))
            else:
                held[heading] = cell
        if source.width and len(cells) != source.width:
            reason = (
                f"{len(cells)} cellules au lieu de {source.width}. Vérifiez les séparateurs et les guillemets de la "
                "ligne."
            )
            table.faults.append(Fault(number_, reason))
        yield Line(number_, held)
