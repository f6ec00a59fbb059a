"""Reads ``matrix.txt``: route, object and method by row, one column a person."""

from dataclasses import dataclass
from pathlib import Path

from tests.permissions.cast import Cast

TABLE = Path(__file__).with_name("matrix.txt")


@dataclass(frozen=True)
class Row:
    route: str
    object: str
    method: str
    expected: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.route, self.object

    def arguments(self, cast: Cast) -> dict[str, str]:
        """What the address carries: references and identifiers of the scenes, or the words of the table."""
        found = {}
        for part in self.object.split(","):
            if "=" in part:
                name, value = part.split("=")
                found[name] = cast.references.get(value) or cast.keys.get(value) or value
        return found


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith(("#", " ")):
            route, target, method, *expected = line.split()
            found.append(Row(route, target, method, tuple(expected)))
    return found


def line(row: Row, observed: tuple[str, ...]) -> str:
    return f"{row.route:<38}{row.object:<36}{row.method:<5}" + " ".join(f"{status:>4}" for status in observed)
