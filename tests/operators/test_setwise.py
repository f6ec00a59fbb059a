"""Two executions, one meaning: what SQL finds of many needs and offers at once is what the engine finds of each."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators.matching import setwise
from operators.matching.criteria import Verdict
from operators.matching.engine import FAMILY_ORDER, match
from operators.matching.facts import Facts, OfferRecord
from operators.matching.recommend import recommend
from tests.operators.test_matching_properties import bodies, catalogues

pytestmark = pytest.mark.django_db
EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def relation(rows: list[dict[str, Any]], columns: Any) -> tuple[str, str]:
    """Rows as a relation, and the value that its text takes."""
    typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    return f"(SELECT * FROM jsonb_to_recordset(%s) AS given({typed}))", json.dumps(rows, default=str)  # noqa: S608


def asked(write: Any, needs: list[Facts], offers: tuple[OfferRecord, ...]) -> list[dict[str, Any]]:
    left, needed = relation([setwise.need_row(at, each) for at, each in enumerate(needs)], setwise.NEED_COLUMNS)
    right, offered = relation([setwise.offer_row(each) for each in offers], setwise.OFFER_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH needs AS MATERIALIZED {left}, offers AS MATERIALIZED {right} {write('needs', 'offers')}",
            [needed, offered],
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@EXAMPLES
@given(st.lists(bodies, min_size=1, max_size=4), catalogues)
def test_each_pair_is_read_the_same(needs: list[Facts], offers: tuple[OfferRecord, ...]) -> None:
    expected = {}
    for at, facts in enumerate(needs):
        found = match(facts, offers)
        for candidate in found.candidates:
            readings = {reading.criterion: reading.reason.value for reading in candidate.readings}
            expected[at, candidate.offer.id] = (None, readings, bool(candidate.questions), candidate.score)
        for miss in found.misses:
            failed = {reading.criterion: reading.reason.value for reading in miss.failed}
            expected[at, miss.offer.id] = (miss.first.criterion, failed, None, None)
    pairs = {}
    for row in asked(setwise.pairs, needs, offers):
        key = row["need"], row["offer"]
        readings = {name: row[name] for name in (criterion.key for criterion in setwise.CRITERIA)}
        if row["failed"] is None:
            pairs[key] = (None, readings, row["asks"], row["score"])
        else:
            failed = {
                name: found
                for name, found in readings.items()
                if setwise.VERDICTS[setwise.Reason(found)] is Verdict.FAILED
            }
            pairs[key] = (row["failed"], failed, None, None)
    assert pairs == expected


@EXAMPLES
@given(st.lists(bodies, min_size=1, max_size=4), catalogues)
def test_each_need_has_the_same_outcome(needs: list[Facts], offers: tuple[OfferRecord, ...]) -> None:
    outcomes = {row["need"]: row for row in asked(setwise.outcomes, needs, offers)}
    assert set(outcomes) == set(range(len(needs)))
    for at, facts in enumerate(needs):
        found, row = match(facts, offers), outcomes[at]
        proposed = recommend(found)
        assert row["route"] == (None if proposed.route is None else FAMILY_ORDER.index(proposed.route))
        for family in FAMILY_ORDER:
            assert row[f"found_{family.value}"] == proposed.found[family]
            assert row[f"examined_{family.value}"] == found.examined.get(family, 0)
        best = found.of(proposed.route)[0].offer.code if proposed.route else None
        assert row["best"] == best
        assert row["certain"] == proposed.certain
        assert row["local_on_theme"] == found.local_on_theme


@EXAMPLES
@given(st.lists(bodies, min_size=1, max_size=4), catalogues)
def test_candidates_are_the_pairs_that_nothing_excludes(needs: list[Facts], offers: tuple[OfferRecord, ...]) -> None:
    found = {(row["need"], row["offer"]): row["score"] for row in asked(setwise.candidates, needs, offers)}
    pairs = asked(setwise.pairs, needs, offers)
    assert found == {(row["need"], row["offer"]): row["score"] for row in pairs if row["failed"] is None}
