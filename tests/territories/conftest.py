"""A copy of the reference files that a test may spoil, and the load of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from territories.loading.faults import Fault, RefusedError
from territories.loading.load import Outcome, load

REFERENCE = settings.BASE_DIR / "fixtures" / "reference"


class SourceCopy:
    """The directory, and what a careless hand may do to its files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, name: str) -> Path:
        return self.directory / f"{name}.csv"

    def lines(self, name: str) -> list[str]:
        return self.path(name).read_text("utf-8").splitlines()

    def write(self, name: str, lines: list[str]) -> None:
        self.path(name).write_text("\n".join(lines) + "\n", "utf-8")

    def edit(self, name: str, change: Callable[[list[str]], list[str]]) -> None:
        self.write(name, change(self.lines(name)))

    def replace(self, name: str, start: str, old: str, new: str) -> int:
        """Changes the line that begins so; returns its number."""
        lines = self.lines(name)
        rank = next(rank for rank, line in enumerate(lines) if line.startswith(start))
        assert old in lines[rank]
        lines[rank] = lines[rank].replace(old, new, 1)
        self.write(name, lines)
        return rank + 1

    def drop(self, name: str, start: str) -> None:
        self.edit(name, lambda lines: [line for line in lines if not line.startswith(start)])

    def load(self, **options: object) -> Outcome:
        return load(self.directory, population_vintage=2023, **options)  # type: ignore[arg-type]

    def refused(self) -> list[Fault]:
        with pytest.raises(RefusedError) as caught:
            self.load()
        return list(caught.value.faults)


@pytest.fixture
def source(tmp_path: Path) -> SourceCopy:
    directory = tmp_path / "reference"
    shutil.copytree(REFERENCE, directory)
    return SourceCopy(directory)
