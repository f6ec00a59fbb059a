"""What is wrong in a table, place by place."""

from dataclasses import dataclass

from common.errors import Invalid
from common.french import NBSP


@dataclass(frozen=True, slots=True)
class Fault:
    """``line`` is the one that a spreadsheet shows, 0 for the whole file; ``column`` the place of the column from 1, 0
    for the whole line; ``heading`` its name, when it has one. ``reason`` is French and says the cure."""

    line: int
    reason: str
    column: int = 0
    heading: str = ""

    @property
    def place(self) -> str:
        """« Ligne 12, colonne E « Thèmes » »; empty for the whole file."""
        named = f" «{NBSP}{self.heading}{NBSP}»" if self.heading else ""
        column = f"colonne {letter(self.column)}{named}" if self.column else ""
        line = f"ligne {self.line}" if self.line else ""
        found = ", ".join(part for part in (line, column) if part)
        return found[:1].upper() + found[1:]

    def __str__(self) -> str:
        return f"{self.place}{NBSP}: {self.reason}" if self.place else self.reason


class Unreadable(Invalid):
    """The file as a whole can't be read as a table."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="file", code="unreadable_table")


def letter(column: int) -> str:
    """The letters that spreadsheets give to a column: 1 → A, 27 → AA."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
