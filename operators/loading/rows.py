"""A line of the map ⇄ an offer's values. Only the columns that the file has are read: the others stay as they were."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.french import NBSP, number
from common.tabular import Fault, Line, Table, Value, folded
from common.tabular.cells import as_boolean, as_date, as_integer, as_text
from operators.loading.columns import BY_FIELD, COLUMNS, EXAMPLE, Column, Kind
from operators.loading.words import SEPARATOR, Words, split
from operators.models import Offer
from operators.places import Typed, text_of
from operators.places import read as read_places
from operators.services.faults import NUMBERS
from operators.values import OfferValues


@dataclass(slots=True)
class Given:
    """What a line gives: its cells understood, by field; ``places`` are found later, with those of other lines."""

    line: int
    code: str = ""
    provider: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    places: list[Typed] | None = None
    faults: list[Fault] = field(default_factory=list)


class Reader:
    """Understands the lines of one table. ``remarks`` tells the columns that it does not read."""

    def __init__(self, table: Table, words: Mapping[str, Words]) -> None:
        names = {folded(name): column for column in COLUMNS for name in column.other_names}
        names |= {folded(column.heading): column for column in COLUMNS}
        self.columns: dict[str, tuple[int, Column]] = {}
        self.faults: list[Fault] = []
        self.remarks: list[str] = []
        self._era, self._words = table.era, words
        self._at: dict[str, tuple[int, str]] = {}  # field → its place and its heading
        unread = []
        for place, heading in table.headings.items():
            column = names.get(folded(heading))
            if column is None:
                unread.append(heading)
            elif column.field not in self._at:
                self._at[column.field] = place, heading
                self.columns[heading] = place, column
            elif folded(heading) != folded(first := self._at[column.field][1]):
                reason = f"dit la même chose que «{NBSP}{first}{NBSP}». Gardez une seule des deux colonnes."
                self.faults.append(Fault(0, reason, place, heading))
        for column in COLUMNS:
            if column.required and column.field not in self._at:
                reason = f"la colonne «{NBSP}{column.heading}{NBSP}» manque. Ajoutez-la, ou partez du modèle."
                self.faults.append(Fault(0, reason))
        if unread:
            self.remarks.append(f"Colonnes non lues{NBSP}: {', '.join(unread[:20])}.")

    def fault(self, line: int, name: str, reason: str) -> Fault:
        """A fault of one field, placed in its column; of the whole line when the file lacks that column."""
        place, heading = self._at.get(name, (0, ""))
        if not place and name in BY_FIELD:
            reason = f"{BY_FIELD[name].heading}{NBSP}: {reason}"
        return Fault(line, reason, place, heading)

    def read(self, line: Line) -> Given | None:
        """None for an example of the template."""
        given = Given(line.number)
        for heading, (place, column) in self.columns.items():
            if heading not in line.cells:
                continue  # at fault already
            value = line.cells[heading]
            try:
                self._take(given, column, value)
            except ValueError as error:
                given.faults.append(Fault(line.number, str(error), place, heading))
        return None if given.code.startswith(EXAMPLE) else given

    def _take(self, given: Given, column: Column, value: Value) -> None:
        text = as_text(value)
        if column.required and not text:
            raise ValueError("cette cellule est vide. Remplissez-la.")
        match column.kind:
            case Kind.CODE:
                given.code = text.lower()
            case Kind.PROVIDER:
                given.provider = text
            case Kind.PLACES:
                given.places = read_places(text)
            case Kind.TOLD:
                pass
            case _:
                given.values[column.field] = self._value(column, value, text)

    def _value(self, column: Column, value: Value, text: str) -> Any:
        match column.kind:
            case Kind.INTEGER:
                return as_integer(value, most=NUMBERS[column.field])
            case Kind.BOOLEAN:
                return bool(as_boolean(value))
            case Kind.DAY:
                return as_date(value, era=self._era)
            case Kind.LABEL:
                return self._words[column.field].code(text) if text else ""
            case Kind.LABELS:
                return tuple(self._words[column.field].code(part) for part in split(text))
            case Kind.TEXT if len(text) > column.most:
                raise ValueError(
                    f"ce texte compte {number(len(text))} caractères{NBSP}: {number(column.most)} au plus."
                )
            case Kind.TEXT if column.field in ("title", "price_label", "membership_label", "source_url"):
                return re.sub(r"\s*\n\s*", " ", text)
        return text


def cell(words: Mapping[str, Words], column: Column, value: Any) -> Value:
    """One value of an offer, as the cell of its column."""
    match column.kind:
        case Kind.LABEL:
            return words[column.field].label(value) if value else ""
        case Kind.LABELS:
            return SEPARATOR.join(words[column.field].label(code) for code in value)
        case Kind.PLACES:
            return text_of(value)
        case Kind.BOOLEAN:
            return "oui" if value else "non"
    found: Value = value
    return found


def row(words: Mapping[str, Words], offer: Offer) -> list[Value]:
    """An offer as a line of the map; its provider, coverage and subjects are to be fetched before."""
    values = OfferValues.of(offer)
    told: Mapping[str, Value] = {
        "code": offer.code,
        "provider": offer.provider.code,
        "status": str(offer.get_status_display()),
        "illustrative": "oui" if offer.illustrative else "non",
    }
    return [
        told[column.field] if column.field in told else cell(words, column, getattr(values, column.field))
        for column in COLUMNS
    ]
