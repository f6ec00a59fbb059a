"""What changed between two frozen assessments: pure, on documents as the engine writes them."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from operators.matching.changes import compare, meaning
from operators.matching.facts import Area, ZoningFact
from operators.matching.recommend import assess
from tests.operators.factories import TODAY, facts, record


def document(*offers: Any, **changes: Any) -> dict[str, Any]:
    return assess(facts(**changes), offers).as_dict()


def numbered(code: str, number: int, **changes: Any) -> Any:
    return record(code, id=number, title=f"Offre {code}", **changes)


A, B, C = (numbered(code, number) for number, code in enumerate("abc", start=1))


def test_nothing_changes_with_the_day_alone() -> None:
    before, after = document(A, B), document(A, B, on=TODAY + dt.timedelta(days=40))
    assert before != after
    assert meaning(before) == meaning(after)
    found = compare(before, after)
    assert found.nothing and found.rules is None
    assert found.sentence == "Rien n’a changé dans les offres, les faits ni la recommandation."


def test_offers_come_in_and_go_out() -> None:
    found = compare(document(A, B), document(A, C))
    assert [offer.title for offer in found.came_in] == ["Offre c"]
    assert [(offer.title, offer.why) for offer in found.went_out] == [("Offre b", ())]
    assert not found.recommendation_changed
    assert found.sentence == "1\u00a0offre de plus et 1\u00a0offre de moins\u202f; la recommandation ne change pas."


def test_why_an_offer_goes_out_and_comes_back() -> None:
    full = dataclasses.replace(B, capacity_left=0)
    out = compare(document(A, B), document(A, full))
    (gone,) = out.went_out
    assert (gone.title, len(gone.why)) == ("Offre b", 1) and gone.why[0]
    (back,) = compare(document(A, full), document(A, B)).came_in
    assert back.why == gone.why


def test_a_criterion_whose_verdict_changes() -> None:
    asks = dataclasses.replace(A, membership_required=True, membership_label="adhésion à l’agence")
    unsure = document(asks)
    member = document(asks, member_of=frozenset({asks.provider_code}))
    (offer,) = compare(unsure, member).reread
    (told,) = offer.why
    assert "devient" in told
    assert [change.label for change in compare(unsure, member).facts] == ["Adhésions connues"]


def test_the_recommendation_before_and_after() -> None:
    found = compare(document(), document(A))
    assert found.recommendation_changed
    assert found.recommended == ((), ("Offre a",))
    assert found.kinds == ("NATIONAL_ESCALATION", "LOCAL_OFFER")
    assert found.sentence.endswith("la recommandation change.")


def test_facts_in_words() -> None:
    zoning = ZoningFact(code="frr", label="Zonage FRR", value="FRR", source="DGCL", vintage="2024")
    before = document(A, population=None, programmes=frozenset({"PVD"}))
    after = document(A, population=3_500, phase="framing", zonings={"frr": zoning})
    told = {change.label: (change.before, change.after) for change in compare(before, after).facts}
    assert told["Population"] == ("inconnu", "3\u202f500")
    assert told["Avancement"][1] != told["Avancement"][0]
    assert told["Zonage FRR"] == ("inconnu", "FRR (2024)")
    assert told["Programmes"][1] == "aucun"


def test_what_a_document_does_not_name_is_not_guessed() -> None:
    many = [numbered(f"o{number:02}", number) for number in range(1, 24)]
    found = compare(document(*many), document(*many[:20]))
    assert found.incomplete and not found.came_in and not found.went_out
    assert not compare(document(*many[:20]), document(*many)).went_out


def test_rules_that_changed_are_said() -> None:
    before = document(A)
    before["matching"]["rules_version"] = 0
    assert compare(before, document(A)).rules == (0, 1)


@pytest.mark.parametrize(
    "change", [{"title": "Autre"}, {"price_label": "Payante"}, {"coverage": (Area("nation", "FR"),)}]
)
def test_what_is_shown_of_an_offer_is_part_of_the_meaning(change: dict[str, Any]) -> None:
    assert meaning(document(A)) != meaning(document(dataclasses.replace(A, **change)))
