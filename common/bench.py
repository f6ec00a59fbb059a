"""Ours beside its floor, pair by pair, in one run (DESIGN 8). Each app declares its measures in ``bench.py``.

A speed said without its floor says nothing: the floor is the same work with nothing around it, on the same machine, a
moment before and a moment after. The floor is measured against itself too: far from 1, the machine was not quiet.
"""

import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
from django.db import connection

#: Beyond this the floor does not agree with itself, and the run says so.
NOISE = 0.15
WARM_UP = 5
_TRANSACTION = re.compile(r"\s*(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET TRANSACTION)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Measure:
    """``goal``: at most so many times the floor; without a floor, at most so many seconds at the 95th percentile."""

    name: str
    ours: Callable[[], object]
    goal: float
    floor: Callable[[], object] | None = None
    floor_is: str = ""
    pairs: int = 100


@dataclass(frozen=True, slots=True)
class Result:
    """What was found, against its goal: at most it, or ``at_least``. Times are in milliseconds.

    ``cpu`` is what one of ours costs this process and its PostgreSQL session together; ``buffers``, the pages of 8 kB
    that PostgreSQL reads for it.
    """

    name: str
    value: float
    unit: str
    goal: float
    at_least: bool = False
    detail: str = ""
    median: float | None = None
    p95: float | None = None
    floor: float | None = None
    floor_is: str = ""
    guard: float | None = None
    cpu: float | None = None
    buffers: int | None = None

    @property
    def is_met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def is_noisy(self) -> bool:
        return self.guard is not None and abs(self.guard - 1) > NOISE


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def run(measure: Measure) -> Result:
    """Measures; raises whatever the work raises."""
    for _ in range(WARM_UP):
        measure.ours()
        if measure.floor is not None:
            measure.floor()
    before: list[float] = []
    ours: list[float] = []
    after: list[float] = []
    for _ in range(measure.pairs):
        if measure.floor is not None:
            before.append(timed(measure.floor))
        ours.append(timed(measure.ours))
        if measure.floor is not None:
            after.append(timed(measure.floor))
    median, p95 = statistics.median(ours), percentile(ours, 0.95)
    cpu = cpu_of(measure.ours, measure.pairs)
    detail = f"{measure.pairs} pairs" if measure.floor else f"{measure.pairs} times"
    if measure.floor is None:
        goal = measure.goal * 1000
        return Result(measure.name, p95, "ms, p95", goal, detail=detail, median=median, p95=p95, cpu=cpu)
    floor = statistics.median(before + after)
    return Result(
        measure.name,
        median / floor,
        "×",
        measure.goal,
        detail=detail,
        median=median,
        p95=p95,
        floor=floor,
        floor_is=measure.floor_is,
        guard=statistics.median(before) / statistics.median(after),
        cpu=cpu,
        buffers=measure.floor.buffers() if isinstance(measure.floor, Replay) else None,
    )


def cpu_of(work: Callable[[], object], times: int) -> float | None:
    """Milliseconds of processor that one call costs here and in our PostgreSQL session; None when it is elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        session = psutil.Process(pid)
        if session.name() != "postgres":
            return None
        before = sum(session.cpu_times()[:2]) + time.process_time()
        for _ in range(times):
            work()
        return (sum(session.cpu_times()[:2]) + time.process_time() - before) * 1000 / times
    except psutil.Error:
        return None


def statements(work: Callable[[], object]) -> list[tuple[str, Any]]:
    """Every statement that the work sends, with its parameters; not what opens and ends a transaction."""
    found: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not _TRANSACTION.match(sql):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return found


@dataclass(frozen=True, slots=True)
class Replay:
    """The floor of a page: its statements, bare, on one connection, every row fetched."""

    found: Sequence[tuple[str, Any]]

    def __call__(self) -> None:
        with connection.connection.cursor() as cursor:
            for sql, params in self.found:
                cursor.execute(sql, params)
                if cursor.description:
                    cursor.fetchall()

    def buffers(self) -> int:
        """Pages of 8 kB that its readings touch, in memory or not."""
        total = 0
        with connection.cursor() as cursor:
            for sql, params in self.found:
                if sql.lstrip().upper().startswith(("SELECT", "WITH", "(")):
                    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                    plan = cursor.fetchone()[0][0]["Plan"]
                    total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return total
