"""Workbooks: values only. What a person doesn't see, or what would have to be guessed, is refused where it stands.

openpyxl reads the values line by line. The sheet is gone through once before, without keeping anything of it, for what
openpyxl doesn't say when it reads so: merged cells, hidden columns and lines, formulas that hold no value, real size.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.datetime import MAC_EPOCH

from common.french import NBSP, plural
from common.tabular.cells import ERA_1900, ERA_1904, folded
from common.tabular.faults import Fault, Unreadable, letter
from common.tabular.source import Bad, Source

#: Octets once unpacked: of all parts, and of each part that openpyxl loads whole. Lines and columns of the sheet.
UNPACKED, PART = 200_000_000, 10_000_000
ROWS, COLUMNS = 100_000, 500
#: Merged areas named, the others left unsaid; formulas without value told one by one: beyond, the sheet is refused.
MERGED, VALUELESS = 50, 5_000
_ERROR = re.compile(r"#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)")
#: The table of texts, which openpyxl holds whole, may be larger than the other parts: a sheet of words is one.
TEXTS = 40_000_000
_STREAMED = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_TEXTS = re.compile(r"xl/sharedStrings\.xml", re.IGNORECASE)
_PIECE = 65_536


def open_sheet(data: bytes, name: str, wanted: str) -> Source:
    """The sheet of this name, or else the first one shown. Raises :class:`Unreadable`."""
    _examine_archive(data, name)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        sheet: Any = next((one for one in shown if folded(one.title) == folded(wanted)), None) or shown[0]
        scan = Scan()
        with sheet._get_source() as stream:  # openpyxl tells the part of a sheet nowhere else
            scan.read(stream)
        sheet.reset_dimensions()  # those that the file announces may be wrong
    except Exception as error:  # whatever a damaged workbook makes of its readers
        raise _damaged(name) from error
    if scan.last_row > ROWS or scan.last_column > COLUMNS:
        raise Unreadable(
            f"{name}{NBSP}: la feuille «{NBSP}{sheet.title}{NBSP}» va jusqu’à la cellule {letter(scan.last_column)}"
            f"{scan.last_row}. Copiez le tableau seul dans un nouveau classeur."
        )
    remarks = []
    if len(shown) > 1:
        remarks.append(f"Feuille lue{NBSP}: «{NBSP}{sheet.title}{NBSP}». Les autres ne l’ont pas été.")
    if scan.hidden_rows:
        remarks.append(f"{plural(scan.hidden_rows, 'ligne masquée', 'lignes masquées')}, lues comme les autres.")
    return Source(
        rows=_rows(sheet, scan, name),
        problems=scan.problems,
        remarks=remarks,
        era=ERA_1904 if book.epoch == MAC_EPOCH else ERA_1900,
        expected=scan.last_row,
    )


def _damaged(name: str) -> Unreadable:
    return Unreadable(f"{name}{NBSP}: ce classeur est abîmé. Ouvrez-le, enregistrez-le au format .xlsx, recommencez.")


def _examine_archive(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError) as error:
        raise _damaged(name) from error
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        kind = "au format OpenDocument" if "content.xml" in names else "d’un autre format"
        raise Unreadable(f"{name}{NBSP}: ce fichier est {kind}. Enregistrez-le au format .xlsx ou CSV.")
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable(f"{name}{NBSP}: ce classeur est protégé par un mot de passe. Retirez-le, puis recommencez.")
    loaded = [member for member in members if not _STREAMED.fullmatch(member.filename)]
    too_big = sum(member.file_size for member in members) > UNPACKED or len(members) > 2_000
    most = {member: TEXTS if _TEXTS.fullmatch(member.filename) else PART for member in loaded}
    heavy = (member.file_size > size and member.filename.endswith((".xml", ".rels")) for member, size in most.items())
    if too_big or any(heavy):
        raise Unreadable(f"{name}{NBSP}: ce classeur est trop gros une fois ouvert. Copiez le tableau seul ailleurs.")


def _rows(sheet: Any, scan: "Scan", name: str) -> Iterator[tuple[int, Sequence[Any]]]:
    empty = dict.fromkeys(scan.without_value)
    try:
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > scan.last_row:
                return
            row: Sequence[Any] = cells
            if number in scan.rows_without_value:
                row = [_NO_VALUE if (number, place) in empty else cell for place, cell in enumerate(cells, start=1)]
            if any(isinstance(cell, str) and cell[:1] == "#" for cell in row):
                row = [_error(cell) for cell in row]
            yield number, row
    except Exception as error:
        raise _damaged(name) from error


_NO_VALUE = Bad("cette formule n’a pas de valeur enregistrée. Remplacez-la par sa valeur (Copier, Collage spécial).")


def _error(cell: Any) -> Any:
    if isinstance(cell, str) and _ERROR.fullmatch(cell):
        return Bad(f"la cellule contient l’erreur {cell}. Corrigez la formule, ou remplacez-la par sa valeur.")
    return cell


class Scan:
    """One pass over the XML of a sheet. Declarations of types and entities, which no workbook has, are refused."""

    def __init__(self) -> None:
        self.last_row = self.last_column = self.hidden_rows = 0
        self.hidden_columns: list[tuple[int, int]] = []
        self.merged: list[tuple[int, int, int, int]] = []
        self.without_value: list[tuple[int, int]] = []
        self.rows_without_value: set[int] = set()
        self._row = self._column = 0
        self._formula = self._value = self._text = self._awaited = False

    def read(self, stream: Any) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        while piece := stream.read(_PIECE):
            parser.Parse(piece, False)  # noqa: FBT003
        parser.Parse(b"", True)  # noqa: FBT003

    def _refuse(self, *declaration: Any) -> None:
        raise ValueError("a sheet declares no type and no entity")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag.rpartition(" ")[2]:
            case "c":
                self._place(attributes.get("r", ""))
                self._formula = self._value = False
                self._text = attributes.get("t") == "str"
            case "f":
                self._formula = True
            case "v" if self._formula and not self._text:
                self._awaited = True  # an empty one is no value: the workbook was never computed
            case "v" | "is":
                self._filled()
            case "row":
                self._row = int(attributes.get("r", self._row + 1))
                self._column = 0
                self.hidden_rows += attributes.get("hidden") in ("1", "true")
            case "col":
                if attributes.get("hidden") in ("1", "true") and len(self.hidden_columns) < COLUMNS:
                    self.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))
            case "mergeCell" if len(self.merged) < MERGED:
                self.merged.append(range_boundaries(attributes["ref"]))  # type: ignore[arg-type]

    def _filled(self) -> None:
        self._value = True
        self.last_row = max(self.last_row, self._row)
        self.last_column = max(self.last_column, self._column)

    def _characters(self, text: str) -> None:
        if self._awaited:
            self._filled()

    def _end(self, tag: str) -> None:
        self._awaited = False
        if tag.endswith(" c") and self._formula and not self._value:
            if len(self.without_value) >= VALUELESS:
                raise ValueError("too many formulas without a value")
            self.without_value.append((self._row, self._column))
            self.rows_without_value.add(self._row)
            self.last_row = max(self.last_row, self._row)

    def _place(self, reference: str) -> None:
        if not reference:
            self._column += 1
            return
        column = 0
        for character in reference:
            if not character.isalpha():
                break
            column = column * 26 + ord(character.upper()) - 64
        self._column = column

    def problems(self, line: int, headings: Mapping[int, str]) -> Iterator[Fault]:
        """Merged cells from the headings on, and hidden columns that bear one."""
        for first, last in self.hidden_columns:
            for place in range(first, min(last, COLUMNS) + 1):
                if place in headings:
                    reason = "cette colonne est masquée. Affichez-la pour la relire, ou supprimez-la."
                    yield Fault(line, reason, place, headings[place])
        for left, top, right, bottom in self.merged:
            if bottom >= line and top <= self.last_row:
                area = f"{letter(left)}{top} à {letter(right)}{bottom}"
                reason = f"cellules fusionnées ({area}). Annulez la fusion, puis remplissez chaque cellule."
                yield Fault(max(top, line), reason, left, headings.get(left, ""))
