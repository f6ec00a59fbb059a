"""Text staging tables: each file is copied as it is, with its line numbers, and judged there before any writing."""

import csv
import io

import psycopg
from django.db import DatabaseError, transaction
from django.db.backends.utils import CursorWrapper

from territories.loading.faults import Fault

#: Rules of one query are cut there: a file whose columns were swapped breaks them on every line.
MOST_FAULTS_READ = 5_000


def stage(cursor: CursorWrapper, table: str, file: str, columns: tuple[str, ...], data: bytes) -> list[Fault]:
    """Creates a temporary table of texts (dropped at commit) and copies the file in; empty cells are empty texts."""
    fields = ", ".join(f'"{column}" text NOT NULL' for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"CREATE TEMPORARY TABLE {table} (line integer GENERATED ALWAYS AS IDENTITY (START 2), {fields}) ON COMMIT DROP"
    )
    if b'"' in data and (faults := _broken_by_quotes(file, data)):
        return faults
    copying = f"COPY {table} ({names}) FROM STDIN (FORMAT csv, HEADER true, FORCE_NOT_NULL ({names}))"
    try:
        with transaction.atomic(), cursor.copy(copying) as copy:
            copy.write(data)
    except (psycopg.DataError, DatabaseError) as error:
        return _shape_faults(file, columns, data) or [Fault(file, 0, f"illisible : {error}")]
    cursor.execute(f"ANALYZE {table}")
    return []


def _broken_by_quotes(file: str, data: bytes) -> list[Fault]:
    """A quoted line break would shift every line number; no official file has one."""
    reader = csv.reader(io.StringIO(data.decode(), newline=""))
    previous = 0
    broken = "guillemet non refermé ou saut de ligne dans une cellule"
    try:
        for _ in reader:
            if reader.line_num > previous + 1:
                return [Fault(file, previous + 1, broken)]
            previous = reader.line_num
    except csv.Error:  # the cell that never ends is longer than the reader allows
        return [Fault(file, previous + 1, broken)]
    return []


def _shape_faults(file: str, columns: tuple[str, ...], data: bytes) -> list[Fault]:
    kind = "nombre de colonnes"
    return [
        Fault(file, number, f"{len(row)} colonnes au lieu de {len(columns)}", kind)
        for number, row in enumerate(csv.reader(io.StringIO(data.decode(), newline="")), 1)
        if len(row) != len(columns)
    ]
