"""What the engine keeps and what it leaves out: sizes, counts and order of an assessment that is frozen."""

import datetime as dt
import json
from typing import Any

import pytest

from operators.matching.criteria import BY_KEY, Reason
from operators.matching.engine import match
from operators.matching.facts import Area
from operators.matching.reading import read
from operators.matching.recommend import assess
from operators.matching.weights import step
from tests.operators.factories import TODAY, facts, record

FULL = {"capacity_left": 0}


def bytes_of(text: str) -> int:
    return len(text.encode())


def kept(text: str) -> tuple[list[str], int, list[str]]:
    """Codes of the candidates, how many were left out, titles of the misses."""
    found = json.loads(text)
    found = found.get("matching", found)
    codes = [candidate["code"] for candidate in found["candidates"]]
    return codes, found["candidates_omitted"], [miss["title"] for miss in found["misses"]]


def test_twenty_candidates_and_fourteen_misses_are_kept_and_the_rest_counted() -> None:
    offers = [record(f"o{n:02}", title="O") for n in range(21)] + [record(f"p{n:02}", **FULL) for n in range(15)]
    matching = match(facts(), offers)
    codes, omitted, misses = kept(matching.to_json(1_000_000))
    assert (codes, omitted) == ([f"o{n:02}" for n in range(20)], 1)
    assert misses == [f"Offre p{n:02}" for n in range(14)]
    assert matching.as_dict() == json.loads(matching.to_json(1_000_000))
    assert len(matching.as_dict(candidates=1, misses=2)["candidates"]) == 1
    assert matching.as_dict(candidates=1)["candidates_omitted"] == 20
    assert matching.as_dict(candidates=30)["candidates_omitted"] == 0


def test_the_farthest_miss_gives_way_first_then_the_last_candidate() -> None:
    matching = match(facts(), [record("a"), record("b"), record("y", **FULL), record("z", **FULL)])
    sizes = []
    for expected in (
        (["a", "b"], 0, ["Offre y", "Offre z"]),
        (["a", "b"], 0, ["Offre y"]),
        (["a", "b"], 0, []),
        (["a"], 1, []),
        ([], 2, []),
    ):
        text = matching.to_json(sizes[-1] - 1) if sizes else matching.to_json()
        assert kept(text) == expected
        assert matching.to_json(bytes_of(text)) == text  # the bound itself is allowed
        sizes.append(bytes_of(text))
    with pytest.raises(ValueError, match=rf"^an assessment without any offer exceeds {sizes[-1] - 1} bytes$"):
        matching.to_json(sizes[-1] - 1)


def test_the_bound_is_twenty_thousand_bytes_and_an_accent_counts_for_two() -> None:
    """What is stored holds facts, recommendation, evidence and matching: 20,000 bytes in all, and not one less."""

    def assessed(padding: int) -> str:
        """A label is written once: one letter more is one byte more."""
        offers = [record(f"o{n:02}", id=n, title="é" * 150, price_label="x" * 150) for n in range(8)]
        offers.append(record("p", id=99, price_label="x" * padding))
        return assess(facts(), [*offers, *(record(f"z{n}", id=n, title="Loin", **FULL) for n in range(2))]).to_json()

    padding = 20_000 - bytes_of(assessed(0))
    assert 0 < padding < 10_000
    exact, beyond = assessed(padding), assessed(padding + 1)
    assert bytes_of(exact) == 20_000 and "é" in exact and kept(exact)[2] == ["Loin", "Loin"]
    assert bytes_of(beyond) < 20_000 and kept(beyond)[2] == ["Loin"]


def test_evidence_names_nine_local_offers_of_each_sort() -> None:
    body = facts(services=frozenset({"feasibility", "expertise"}))
    part = {"services": frozenset({"expertise"})}
    offers = [record(f"o{n:02}", **part) for n in range(10)] + [record(f"p{n:02}", **FULL) for n in range(10)]
    lines = assess(body, offers).evidence["insufficient_resources"]  # type: ignore[index]
    said = [(line.code.value, line.args["title"]) for line in lines[2:]]
    assert said == [("offer_partial", f"Offre o{n:02}") for n in range(9)] + [
        ("offer_excluded", f"Offre p{n:02}") for n in range(9)
    ]


def test_an_offer_s_own_values_are_listed_up_to_six_and_areas_up_to_five() -> None:
    many = frozenset(["COM", "CUL", "DEV", "JES", "LOG", "NUM", "PAR"])
    args = read(BY_KEY["theme"], facts(themes=("TER",)), record(themes=many)).args
    assert args == {"values": ["COM", "CUL", "DEV", "JES", "LOG", "NUM"]}
    departments = frozenset(f"{n:02}" for n in range(1, 8))
    region = facts(kind="region", areas={"department": departments})
    covered = tuple(Area("department", f"{n:02}") for n in range(6, 0, -1))
    reading = read(BY_KEY["territory"], region, record(coverage=covered))
    assert (reading.reason, reading.args) == (
        Reason.COVERS_PART,
        {"level": "department", "codes": ["01", "02", "03", "04", "05"]},
    )


def test_the_part_covered_is_that_of_the_most_exact_level() -> None:
    body = facts(kind="epci", areas={"department": frozenset({"52", "70"}), "region": frozenset({"27", "44"})})
    covered = (Area("region", "27"), Area("department", "52"))
    assert read(BY_KEY["territory"], body, record(coverage=covered)).args == {"level": "department", "codes": ["52"]}


def test_the_part_left_by_an_exclusion_is_named() -> None:
    body = facts(kind="epci", areas={"department": frozenset({"52", "70"})})
    covered = (Area("department", "52"), Area("department", "70"), Area("department", "70", excluded=True))
    assert read(BY_KEY["territory"], body, record(coverage=covered)).args == {"level": "department", "codes": ["52"]}


def test_a_need_without_order_is_listed_in_that_of_the_alphabet() -> None:
    services = frozenset({"diagnosis", "strategy", "feasibility", "programming", "participation", "expertise"})
    reading = read(BY_KEY["service"], facts(services=services), record(services=services))
    assert reading.args["values"] == [
        "diagnosis", "expertise", "feasibility", "participation", "programming", "strategy",
    ]  # fmt: skip


def test_dates_are_given_with_the_reason() -> None:
    day = dt.timedelta(days=1)
    assert read(BY_KEY["validity"], facts(), record(valid_to=TODAY - day)).args == {"to": "2026-11-20"}
    assert read(BY_KEY["validity"], facts(), record(valid_from=TODAY + day)).args == {"from": "2026-11-22"}


def test_none_is_said_to_be_outside_unless_told() -> None:
    assert assess(facts(), []).matching.excluded_counts == {}
    assert assess(facts(), [], outside=2).matching.excluded_counts == {"territory": 2}


@pytest.mark.parametrize(
    ("table", "value", "points"),
    [
        (((15, 5), (30, 4)), None, 0),
        (((15, 5), (30, 4)), 0, 5),
        (((15, 5), (30, 4)), 15, 5),
        (((15, 5), (30, 4)), 16, 4),
        (((15, 5), (30, 4)), 31, 0),
    ],
)
def test_steps_include_their_bound(table: tuple[tuple[int, int], ...], value: int | None, points: int) -> None:
    assert step(table, value) == points


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({}, 0),
        ({"verified_on": TODAY + dt.timedelta(days=1)}, 5),  # read again on an earlier day: as fresh as can be
        ({"verified_on": TODAY - dt.timedelta(days=181)}, 3),
        ({"themes": frozenset({"LOG"})}, -10),  # the second theme of the need is not the main one
        ({"agreed_beforehand": True, "delay_days": 31}, 5),
    ],
)
def test_points_beside_the_criteria(changes: dict[str, Any], points: int) -> None:
    """An offer of the department, on the main theme, free: 30 + 10 + 15."""
    [candidate] = match(facts(themes=("COM", "LOG")), [record(**changes)]).candidates
    assert candidate.score == 55 + points
