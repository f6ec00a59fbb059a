"""Measures of the territories: completion, as a visitor types; the official code, beside the COPY of its rows."""

import time
from collections.abc import Iterator
from itertools import cycle

from django.conf import settings
from django.db import connection, transaction

from common.bench import Measure, Result
from territories.completion import search
from territories.loading.load import load

TYPED = ("saint etienne", "St-Étienne", "42000", "42218", "mez", "digne", "la fl", "ville", "cc de", "200068")
TABLES = (
    *("region", "department", "arrondissement", "collectivity", "collectivitydepartment", "membership"),
    *("flatmembership", "formercode"),
)


def measures() -> Iterator[Measure]:
    typed = cycle(TYPED)
    yield Measure("completion", lambda: search(next(typed)), 0.010, pairs=500)


def loading() -> Iterator[Result]:
    """Empties the database, as its owner, and loads the territories: for one that is dropped next."""
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET statement_timeout = 0")
    copies = [_copied(f"territories_{table}") for table in TABLES]
    floors = [_floor(copies)]
    _empty()
    reference = settings.BASE_DIR / "fixtures" / "reference"
    spent = []
    for _ in range(2):
        started = time.perf_counter()
        outcome = load(reference, population_vintage=2023)
        spent.append((time.perf_counter() - started) * 1000)
    floors.append(_floor(copies))
    floor = sum(floors) / 2
    connection.close()
    yield Result(
        "load_territories",
        spent[0] / floor,
        "×",
        3,
        detail=f"again, with nothing to write: {spent[1]:.0f} ms{', but it wrote' if outcome.wrote else ''}",
        median=spent[0],
        floor=floor,
        floor_is="COPY of the same rows into the same tables, constraints and indexes in",
        guard=floors[0] / floors[1],
    )


def _copied(table: str) -> tuple[str, bytes]:
    """A statement that takes the rows back, and the rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        (columns,) = cursor.fetchone()
    with connection.connection.cursor() as raw, raw.copy(f"COPY {table} ({columns}) TO STDOUT") as rows:
        return f"COPY {table} ({columns}) FROM STDIN", b"".join(rows)


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(f'territories_{table}' for table in TABLES)} CASCADE")


def _floor(copies: list[tuple[str, bytes]]) -> float:
    _empty()
    started = time.perf_counter()
    with transaction.atomic(), connection.connection.cursor() as raw:
        for statement, rows in copies:
            with raw.copy(statement) as into:
                into.write(rows)
    return (time.perf_counter() - started) * 1000
