"""The kernel of the measures: what it counts, and against what. No speed is judged here."""

import json

import pytest
from django.db import connection, transaction

from anct_portal.bench.page import document, growth, keep, kept, verdict
from common.bench import Measure, Replay, Result, run, statements


def twice() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT code FROM territories_department WHERE code = %s", ["04"])
        with transaction.atomic():
            cursor.execute("SELECT count(*) FROM territories_region")


@pytest.mark.django_db
def test_a_page_is_replayed_without_what_opens_its_transactions() -> None:
    found = statements(twice)
    assert [params for _, params in found] == [["04"], None]
    replay = Replay(found)
    replay()
    assert replay.buffers() > 0


@pytest.mark.django_db
def test_ours_and_its_floor_are_run_in_turns() -> None:
    turns: list[str] = []

    def ours() -> None:
        turns.append("ours")
        sum(range(20_000))

    result = run(Measure("sums", ours, 6.0, lambda: turns.append("floor"), "nothing", pairs=3))
    pairs = turns[10:19]
    assert pairs == ["floor", "ours", "floor"] * 3
    assert result.unit == "×"
    assert result.floor is not None
    assert result.median is not None
    assert result.value == pytest.approx(result.median / result.floor)
    assert result.guard is not None


@pytest.mark.django_db
def test_without_a_floor_the_slow_tail_is_judged() -> None:
    result = run(Measure("nothing", lambda: None, 0.010, pairs=10))
    assert (result.unit, result.goal, result.value) == ("ms, p95", 10.0, result.p95)


def test_what_raises_is_not_measured() -> None:
    def broken() -> None:
        raise RuntimeError("404")

    with pytest.raises(RuntimeError, match="404"):
        run(Measure("broken", broken, 1.0))


def test_the_page_says_what_falls_short_and_by_how_much(tmp_path) -> None:
    lines = tmp_path / "lines"
    small = Result("list", 5.0, "×", 6.0, cpu=10.0, buffers=40)
    large = Result("list", 7.5, "×", 6.0, cpu=15.0, buffers=42)
    rate = Result("filings", 50.0, "a second", 200.0, at_least=True)
    for data, result in (("small", small), ("large", large), ("large", rate)):
        keep(result, data, lines)
    assert [json.loads(line)["data"] for line in lines.read_text().splitlines()] == ["small", "large", "large"]
    found = kept(lines)
    assert [result for _, result in found] == [small, large, rate]
    assert [verdict(result) for _, result in found] == [
        "met",
        "**missed** (1.2 times off)",
        "**missed** (4.0 times off)",
    ]
    assert [(result.value, result.is_met) for _, result in growth(found)] == [(1.5, False), (2, True)]
    page = document(found, {"command": "`make bench`"})
    short = page.partition("## What falls short")[2]
    assert "filings: 50 a second, for at least 200" in short
    assert "small" not in short.replace("small → large", "")
