"""The load beside its floor: COPY of the same rows into the same tables, constraints and indexes in (DESIGN 8)."""

import time

import psycopg
import pytest

from tests.territories.conftest import SourceCopy

TABLES = (
    *("region", "department", "arrondissement", "collectivity", "collectivitydepartment", "membership"),
    *("flatmembership", "formercode"),
)
GOAL = 3.0


def emptied(server: psycopg.Connection) -> None:
    """Empty, and known to be so: the planner then takes any table for one row, as it may after an autovacuum."""
    tables = ", ".join(f"territories_{table}" for table in TABLES)
    server.execute(f"TRUNCATE {tables} CASCADE")
    server.commit()
    server.autocommit = True
    server.execute(f"VACUUM ANALYZE {tables}")
    server.autocommit = False


@pytest.mark.django_db(transaction=True)
def test_a_first_load_costs_at_most_three_times_its_floor(source: SourceCopy, database_url: str) -> None:
    with psycopg.connect(database_url.replace("postgres://", "postgresql://")) as server:
        rows: dict[str, tuple[str, bytes]] = {}
        for table in TABLES:
            columns = ", ".join(
                name
                for (name,) in server.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                    " AND is_generated = 'NEVER' ORDER BY ordinal_position",
                    [f"territories_{table}"],
                )
            )
            with server.cursor().copy(f"COPY territories_{table} ({columns}) TO STDOUT") as out:
                rows[table] = (columns, b"".join(out))
        server.commit()

        def floor() -> float:
            emptied(server)
            started = time.perf_counter()
            for table, (columns, data) in rows.items():
                with server.cursor().copy(f"COPY territories_{table} ({columns}) FROM STDIN") as into:
                    into.write(data)
            server.commit()
            return time.perf_counter() - started

        floors = [floor()]
        emptied(server)
        started = time.perf_counter()
        assert source.load().wrote
        cost = time.perf_counter() - started
        started = time.perf_counter()
        assert not source.load().wrote
        again = time.perf_counter() - started
        floors.append(floor())
    ratio = cost / (sum(floors) / 2)
    measured = f"load {cost:.2f} s, floor {floors[0]:.2f} and {floors[1]:.2f} s, ratio {ratio:.2f}, again {again:.2f} s"
    assert ratio <= GOAL, measured
