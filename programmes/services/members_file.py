"""Reading a list of members: nothing is written here, and a list with one bad line says which and why.

Known layouts: the agency's own lists (``code_insee``, ``code_insee_2026``, ``siren``, ``id_territoire``…) and the
directory of France services. A file that holds several programmes is filtered on its ``programme`` column.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import Invalid
from programmes.models import Programme

#: What a column may be called → what it holds. The first column found wins.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "current_code": ("code_insee_2026", "commune_2026"),
    "insee_code": ("code_insee", "insee", "codgeo", "commune", "code_commune"),
    "siren": ("siren", "code_siren", "siren_epci"),
    "name": ("nom", "nom_commune", "commune_nom", "lib_commune", "libgeo"),
    "department": ("departement", "code_departement", "dep"),
    "group_code": ("id_territoire", "id"),
    "group_label": ("lib_territoire",),
    "signed_on": ("date_signature", "signature"),
    "source": ("source",),
}
PROGRAMME_COLUMN = "programme"


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad line, or the whole file when ``line`` is 0."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"Ligne {self.line} : {self.reason}" if self.line else self.reason


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One line as it stands in the file, its date read."""

    line: int
    code: str
    listed_code: str
    siren: str
    name: str
    department: str
    group_code: str
    group_label: str
    signed_on: dt.date | None
    source: str


@dataclass(slots=True)
class MembersFile:
    """The lines of one programme, those left out, and the faults found without the database."""

    lines: list[MemberLine] = field(default_factory=list)
    left_out: int = 0
    faults: list[Fault] = field(default_factory=list)


def read(path: Path, programme: Programme) -> MembersFile:
    """Reads a list in UTF-8, separated by commas, semicolons or tabs. Raises ``Invalid`` when it is no such list."""
    text = _text(path)
    header_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    columns = {key: next((name for name in names if name in header), "") for key, names in COLUMNS.items()}
    if not (columns["insee_code"] or columns["siren"]):
        raise Invalid(
            f"{path.name} : aucune colonne de code. Attendu : code_insee ou siren. "
            f"Trouvé : {', '.join(header) or 'rien'}."
        )
    found = MembersFile()
    names = {programme.code.lower(), *programme.aliases}
    for number, row in _numbered(rows, found):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            found.faults.append(Fault(number, f"{len(row)} colonnes au lieu de {len(header)}."))
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
        if PROGRAMME_COLUMN in cells and cells[PROGRAMME_COLUMN].lower() not in names:
            found.left_out += 1
            continue
        _add(found, number, {key: cells[name] if name else "" for key, name in columns.items()})
    if not found.lines and not found.faults:
        raise Invalid(f"{path.name} : aucune ligne pour {programme}. Rien n’est écrit.")
    return found


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} : fichier illisible ({error.strerror}).") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid(f"{path.name}, ligne {line} : le fichier n’est pas en UTF-8.") from error
    if "\0" in text:
        raise Invalid(f"{path.name} : ce n’est pas un fichier texte.")
    return text.replace("\r\n", "\n")


def _numbered(rows: Iterator[list[str]], found: MembersFile) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line where each begins; a quote left open ends the reading with a fault."""
    while True:
        start = getattr(rows, "line_num", 0) + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            found.faults.append(Fault(start, f"ligne mal formée ({error})."))
            return
        yield start, row


def _add(found: MembersFile, number: int, cells: Mapping[str, str]) -> None:
    code = (cells["current_code"] or cells["insee_code"]).upper()
    if not code and not cells["siren"]:
        found.faults.append(Fault(number, "ni code de commune ni SIREN."))
        return
    try:
        signed_on = dt.date.fromisoformat(cells["signed_on"]) if cells["signed_on"] else None
    except ValueError:
        found.faults.append(Fault(number, f"date « {cells['signed_on']} » illisible. Attendu : AAAA-MM-JJ."))
        return
    found.lines.append(
        MemberLine(
            line=number,
            code=code,
            listed_code=cells["insee_code"].upper(),
            siren=cells["siren"].replace(" ", ""),
            name=cells["name"],
            department=cells["department"].upper(),
            group_code=cells["group_code"][:80],
            group_label=cells["group_label"][:300],
            signed_on=signed_on,
            source=cells["source"][:200],
        )
    )
