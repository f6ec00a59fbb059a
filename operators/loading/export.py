"""The map as a file: what the catalogue holds, in the columns that loading reads; and the empty template."""

import io
from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from common.french import typo
from common.tabular import Value, letter
from operators.loading.columns import COLUMNS, SHEET, Kind
from operators.loading.plan import Scope, offers_of
from operators.loading.rows import row
from operators.loading.words import SEPARATOR, Words, vocabulary

#: Lines of the template that have the drop-down lists.
LINES = 2_000
_YES_NO = ("oui", "non")
_TITLE = Font(bold=True)
_REQUIRED, _PLAIN = PatternFill("solid", fgColor="CACAFB"), PatternFill("solid", fgColor="E3E3FD")
_EXAMPLE = Font(italic=True, color="666666")
_WRAP = Alignment(wrap_text=True, vertical="top")


def rows(scope: Scope) -> Iterator[list[Value]]:
    """The offers that the actor keeps, all states, in the order of their codes."""
    words = vocabulary()
    for batch in offers_of(scope):
        yield from (row(words, offer) for offer in batch)


def template(providers: list[str]) -> bytes:
    """The workbook to fill: its columns, two lines of example, lists, and the help of each column on another sheet.
    ``providers`` are the names proposed for the body."""
    words = vocabulary()
    lists = _lists(words, providers)
    book = Workbook()
    sheet: Any = book.active
    sheet.title = SHEET
    help_, listed = book.create_sheet("Aide"), book.create_sheet("Listes")
    _offers(sheet, lists)
    _help(help_, lists)
    for place, (heading, values) in enumerate(lists.items(), start=1):
        listed.cell(1, place, heading).font = _TITLE
        listed.column_dimensions[letter(place)].width = 42
        for line, value in enumerate(values, start=2):
            cell = listed.cell(line, place, value)
            cell.data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _lists(words: dict[str, Words], providers: list[str]) -> dict[str, tuple[str, ...]]:
    """Heading → what its list proposes."""
    found: dict[str, tuple[str, ...]] = {}
    for column in COLUMNS:
        if column.kind is Kind.BOOLEAN:
            found[column.heading] = _YES_NO
        elif column.kind is Kind.PROVIDER and providers:
            found[column.heading] = tuple(providers)
        elif column.field in words:
            vocabulary_ = words[column.field]
            found[column.heading] = tuple(dict.fromkeys(map(vocabulary_.label, vocabulary_.labels)))
    return found


def _offers(sheet: Any, lists: dict[str, tuple[str, ...]]) -> None:
    sheet.freeze_panes = "D2"
    sheet.row_dimensions[1].height = 32
    for place, column in enumerate((c for c in COLUMNS if c.kind is not Kind.TOLD), start=1):
        at = letter(place)
        heading = sheet.cell(1, place, column.heading)
        heading.font, heading.fill, heading.alignment = _TITLE, _REQUIRED if column.required else _PLAIN, _WRAP
        if column.help:
            heading.comment = Comment(typo(column.help), "Portail", width=320, height=120)
        wide = column.kind in (Kind.TEXT, Kind.LABELS, Kind.PLACES)
        sheet.column_dimensions[at].width = 34 if wide else max(16, len(column.heading) + 2)
        for line, example in enumerate(column.examples, start=2):
            cell = sheet.cell(line, place, example)
            cell.font, cell.alignment = _EXAMPLE, _WRAP
        if column.heading in lists:
            sheet.add_data_validation(_validation(column.heading, column.kind, lists, at))
        if column.kind is Kind.DAY:
            for line in range(2, LINES // 10):
                sheet.cell(line, place).number_format = "dd/mm/yyyy"


def _validation(heading: str, kind: Kind, lists: dict[str, tuple[str, ...]], at: str) -> DataValidation:
    """The list proposes; where several values may be written it refuses none."""
    source = letter(list(lists).index(heading) + 1)
    rule = DataValidation(
        type="list",
        formula1=f"Listes!${source}$2:${source}${len(lists[heading]) + 1}",
        allow_blank=True,
        showErrorMessage=kind is not Kind.LABELS,
        errorTitle=heading[:32],
        error="Choisissez une valeur de la liste.",
    )
    rule.add(f"{at}2:{at}{LINES}")
    return rule


def _help(sheet: Any, lists: dict[str, tuple[str, ...]]) -> None:
    for place, width in enumerate((28, 80, 16, 80), start=1):
        sheet.column_dimensions[letter(place)].width = width
    lines = [("Colonne", "Ce qu’on y écrit", "Obligatoire", "Valeurs possibles")]
    lines += [
        (
            column.heading,
            typo(column.help),
            "oui" if column.required else "",
            SEPARATOR.join(lists.get(column.heading, ())) if column.kind in (Kind.LABEL, Kind.LABELS) else "",
        )
        for column in COLUMNS
        if column.kind is not Kind.TOLD
    ]
    for number, line in enumerate(lines, start=1):
        for place, text in enumerate(line, start=1):
            cell = sheet.cell(number, place, text)
            cell.alignment = _WRAP
            if number == 1:
                cell.font, cell.fill = _TITLE, _PLAIN
    sheet.freeze_panes = "A2"
