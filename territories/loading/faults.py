"""What is wrong in a source, line by line: a load says all of it at once, and writes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Faults of one kind in one file that are printed in full; the others are counted.
SHOWN_OF_A_KIND = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """``line`` counts from 1, header included; 0 when the whole file is meant. ``kind`` groups what is said alike."""

    file: str
    line: int
    reason: str
    kind: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, ligne {self.line}" if self.line else self.file
        return f"{place} : {self.reason}"


class RefusedError(Exception):
    """The source is bad: nothing was written."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = sorted(faults, key=lambda fault: (fault.file, fault.line, fault.reason))
        super().__init__(f"{len(self.faults)} anomalies")


def report(faults: Sequence[Fault]) -> list[str]:
    """The lines to print: the first ones of each kind, then how many more there are."""
    counts: dict[tuple[str, str], int] = {}
    lines: list[str] = []
    for fault in faults:
        key = (fault.file, fault.kind or fault.reason)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= SHOWN_OF_A_KIND:
            lines.append(str(fault))
    for (file, kind), count in counts.items():
        if count > SHOWN_OF_A_KIND:
            lines.append(f"{file} : et {count - SHOWN_OF_A_KIND} autres lignes ({kind})")
    return lines
