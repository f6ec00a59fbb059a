"""One criterion after the other: the four verdicts, their reasons, and the bounds."""

import datetime as dt
from typing import Any

import pytest

from operators.matching.criteria import BY_KEY, Reason, Verdict
from operators.matching.engine import match
from operators.matching.facts import Area, Facts, ZoningFact
from operators.matching.reading import read
from operators.matching.recommend import assess
from operators.matching.vocabulary import Family
from tests.operators.factories import AREAS, TODAY, facts, record

EPCI_AREAS = {
    "nation": frozenset({"FR"}),
    "region": frozenset({"27", "44"}),
    "department": frozenset({"52", "70"}),
    "epci": frozenset({"200070332"}),
}
EPCI = {"kind": "epci", "code": "200070332", "name": "CC des Savoir-Faire", "areas": EPCI_AREAS}
QPV = ZoningFact(code="qpv", label="qpv", value="oui", holds=True)
MEASURE = ZoningFact(code="frr", label="frr", value="3", number=3.0)
FRR = ZoningFact(code="frr", label="frr", value="FRR socle", holds=True)


def covering(*areas: tuple[str, str] | tuple[str, str, bool]) -> dict[str, Any]:
    return {"coverage": tuple(Area(*area) for area in areas)}


#: criterion, changes to the facts, changes to the offer, reason expected.
CASES: list[tuple[str, dict[str, Any], dict[str, Any], Reason]] = [
    ("territory", {}, covering(("commune", "04121")), Reason.COVERS_COMMUNE),
    ("territory", {}, covering(("epci", "200067437")), Reason.COVERS_EPCI),
    ("territory", {}, covering(("arrondissement", "043")), Reason.COVERS_ARRONDISSEMENT),
    ("territory", {}, covering(("department", "04")), Reason.COVERS_DEPARTMENT),
    ("territory", {}, covering(("region", "93")), Reason.COVERS_REGION),
    ("territory", {}, covering(("nation", "FR")), Reason.COVERS_NATION),
    ("territory", {}, covering(("nation", "FR"), ("commune", "04121")), Reason.COVERS_COMMUNE),
    ("territory", {}, covering(("department", "05")), Reason.TERRITORY_OUTSIDE),
    ("territory", {}, covering(("department", "04"), ("commune", "04121", True)), Reason.TERRITORY_EXCLUDED),
    ("territory", {}, covering(("department", "04"), ("epci", "200067437", True)), Reason.TERRITORY_EXCLUDED),
    ("territory", {}, covering(("department", "04"), ("commune", "04022", True)), Reason.COVERS_DEPARTMENT),
    ("territory", {}, covering(("department", "93")), Reason.TERRITORY_OUTSIDE),  # 93 is a region's code too
    ("territory", EPCI, covering(("commune", "52001")), Reason.TERRITORY_OUTSIDE),  # it lies in no commune
    ("territory", EPCI, covering(("department", "52")), Reason.COVERS_PART),
    ("territory", EPCI, covering(("department", "52"), ("department", "70")), Reason.COVERS_DEPARTMENT),
    ("territory", EPCI, covering(("region", "44")), Reason.COVERS_PART),
    ("territory", EPCI, covering(("nation", "FR"), ("department", "70", True)), Reason.COVERS_PART),
    ("territory", EPCI, covering(("department", "52"), ("nation", "FR")), Reason.COVERS_NATION),
    ("status", {}, {"status": "published"}, Reason.PUBLISHED),
    ("status", {}, {"status": "draft"}, Reason.NOT_PUBLISHED),
    ("status", {}, {"status": "expired"}, Reason.NOT_PUBLISHED),
    ("validity", {}, {}, Reason.PERMANENT),
    ("validity", {}, {"valid_to": TODAY}, Reason.VALID),
    ("validity", {}, {"valid_to": TODAY - dt.timedelta(days=1)}, Reason.CLOSED),
    ("validity", {}, {"valid_from": TODAY}, Reason.PERMANENT),
    ("validity", {}, {"valid_from": TODAY + dt.timedelta(days=1)}, Reason.NOT_OPEN_YET),
    ("theme", {}, {"themes": frozenset({"COM", "LOG"})}, Reason.THEME_MET),
    ("theme", {"themes": ("LOG", "COM")}, {}, Reason.THEME_MET),
    ("theme", {}, {"themes": frozenset({"LOG"})}, Reason.THEME_OTHER),
    ("theme", {"themes": ()}, {}, Reason.THEME_UNKNOWN),
    ("subject", {}, {}, Reason.SUBJECT_ANY),
    ("subject", {}, {"subjects": frozenset({"commerce"})}, Reason.SUBJECT_MET),
    ("subject", {}, {"subjects": frozenset({"artisanat"})}, Reason.SUBJECT_OTHER),
    ("subject", {"subjects": ()}, {"subjects": frozenset({"artisanat"})}, Reason.SUBJECT_UNKNOWN),
    ("body_kind", {}, {}, Reason.BODY_KIND_ANY),
    ("body_kind", {}, {"body_kinds": frozenset({"commune"})}, Reason.BODY_KIND_MET),
    ("body_kind", {"kind": "petr"}, {"body_kinds": frozenset({"commune", "epci"})}, Reason.BODY_KIND_OTHER),
    ("population", {}, {}, Reason.POPULATION_ANY),
    ("population", {"population": 3499}, {"population_max": 3499}, Reason.POPULATION_MET),
    ("population", {"population": 3500}, {"population_max": 3499}, Reason.POPULATION_ABOVE),
    ("population", {"population": 14999}, {"population_max": 14999}, Reason.POPULATION_MET),
    ("population", {"population": 15000}, {"population_max": 14999}, Reason.POPULATION_ABOVE),
    ("population", {"population": 4999}, {"population_min": 5000}, Reason.POPULATION_BELOW),
    ("population", {"population": 5000}, {"population_min": 5000}, Reason.POPULATION_MET),
    ("population", {"population": 0}, {"population_min": 1}, Reason.POPULATION_BELOW),
    ("population", {"population": None}, {"population_max": 3499}, Reason.POPULATION_UNKNOWN),
    ("programme", {}, {}, Reason.PROGRAMME_ANY),
    (
        "programme",
        {"programmes": frozenset({"PVD"})},
        {"programmes_required": frozenset({"PVD"})},
        Reason.PROGRAMME_MET,
    ),
    (
        "programme",
        {"programmes": frozenset({"TI"})},
        {"programmes_required": frozenset({"PVD"})},
        Reason.PROGRAMME_OTHER,
    ),
    ("programme", {}, {"programmes_required": frozenset({"PVD"})}, Reason.PROGRAMME_OTHER),
    (
        "programme",
        {"programmes_unknown": frozenset({"VA"})},
        {"programmes_required": frozenset({"VA", "ACV"})},
        Reason.PROGRAMME_UNKNOWN,
    ),
    ("zoning", {}, {}, Reason.ZONING_ANY),
    ("zoning", {"zonings": {"qpv": QPV}}, {"zonings_required": frozenset({"qpv"})}, Reason.ZONING_MET),
    ("zoning", {}, {"zonings_required": frozenset({"qpv"})}, Reason.ZONING_UNKNOWN),
    ("zoning", {"zonings": {"frr": FRR}}, {"zonings_required": frozenset({"frr"})}, Reason.ZONING_MET),
    ("zoning", {"zonings": {"frr": FRR}}, {"zonings_required": frozenset({"frr=FRR+"})}, Reason.ZONING_OTHER),
    (
        "zoning",
        {"zonings": {"qpv": ZoningFact(code="qpv", label="qpv", value="non", holds=False)}},
        {"zonings_required": frozenset({"qpv"})},
        Reason.ZONING_OTHER,
    ),
    # a measure, or a zoning that says neither inside nor outside: asked; its value, when one is required, is known
    ("zoning", {"zonings": {"frr": MEASURE}}, {"zonings_required": frozenset({"frr"})}, Reason.ZONING_UNKNOWN),
    ("zoning", {"zonings": {"frr": MEASURE}}, {"zonings_required": frozenset({"frr=FRR+"})}, Reason.ZONING_OTHER),
    ("engineering", {}, {"engineering_types": frozenset({"technical"})}, Reason.ENGINEERING_MET),
    ("engineering", {}, {"engineering_types": frozenset({"legal"})}, Reason.ENGINEERING_OTHER),
    (
        "engineering",
        {"engineering_types": frozenset()},
        {"engineering_types": frozenset({"legal"})},
        Reason.ENGINEERING_UNKNOWN,
    ),
    ("engineering", {}, {}, Reason.ENGINEERING_ANY),
    ("service", {}, {"services": frozenset({"feasibility", "expertise"})}, Reason.SERVICE_MET),
    ("service", {}, {"services": frozenset({"expertise"})}, Reason.SERVICE_OTHER),
    ("service", {"services": frozenset()}, {"services": frozenset({"expertise"})}, Reason.SERVICE_UNKNOWN),
    ("service", {}, {}, Reason.SERVICE_ANY),
    ("phase", {}, {"phases": frozenset({"emergence"})}, Reason.PHASE_MET),
    ("phase", {"phase": "works"}, {"phases": frozenset({"emergence"})}, Reason.PHASE_OTHER),
    ("phase", {"phase": None}, {"phases": frozenset({"emergence"})}, Reason.PHASE_UNKNOWN),
    ("phase", {}, {}, Reason.PHASE_ANY),
    ("membership", {}, {}, Reason.MEMBERSHIP_NOT_NEEDED),
    ("membership", {}, {"membership_required": True}, Reason.MEMBERSHIP_UNKNOWN),
    ("membership", {"member_of": frozenset({"atd-04"})}, {"membership_required": True}, Reason.MEMBER),
    ("membership", {"not_member_of": frozenset({"atd-04"})}, {"membership_required": True}, Reason.NOT_MEMBER),
    ("capacity", {}, {}, Reason.CAPACITY_UNLIMITED),
    ("capacity", {}, {"capacity_left": 1}, Reason.CAPACITY_LEFT),
    ("capacity", {}, {"capacity_left": 0}, Reason.CAPACITY_FULL),
]


@pytest.mark.parametrize(("criterion", "known", "offered", "expected"), CASES)
def test_criterion(criterion: str, known: dict[str, Any], offered: dict[str, Any], expected: Reason) -> None:
    assert read(BY_KEY[criterion], facts(**known), record(**offered)).reason is expected


def test_every_reason_but_the_impossible_ones_is_reached() -> None:
    """A reason that no case reaches is untested. An offer without theme cannot be published; a body has a kind."""
    reached = {expected for *_, expected in CASES}
    assert set(Reason) - reached == {Reason.THEME_ANY, Reason.BODY_KIND_UNKNOWN}


@pytest.mark.parametrize(
    ("lines", "met"),
    [
        ([], False),
        ([("department", "04")], True),
        ([("department", "05")], False),
        ([("nation", "FR")], True),
        ([("nation", "FR", True)], False),
        ([("epci", "04")], False),  # a code is read at its level
        ([("petr", "04")], False),  # a level where the body lies nowhere
        ([("department", "04", True)], False),
        ([("department", "05"), ("department", "04")], True),
        ([("department", "05"), ("department", "04", True)], False),
    ],
)
def test_what_a_territory_may_ask_about(lines: list[Any], met: bool) -> None:
    areas = {"department": frozenset({"04"}), "epci": frozenset({"200067437"})}
    assert record(**covering(*lines)).meets(areas) is met


def test_an_offer_outside_the_territory_is_counted_and_not_listed() -> None:
    matching = match(facts(), [record(coverage=(Area("department", "05"),))], outside=3)
    assert matching.excluded_counts == {"territory": 4}
    assert not matching.misses and not matching.examined


def test_misses_are_the_nearest_and_at_most_fourteen() -> None:
    far = [record(f"far-{n}", status="draft", themes=frozenset({"LOG"}), capacity_left=0) for n in range(20)]
    near = record("zz-near", capacity_left=0)
    matching = match(facts(), [*far, near])
    assert len(matching.misses) == 14
    assert matching.misses[0].offer.code == "zz-near"
    assert matching.excluded_counts == {"status": 20, "capacity": 1}


def test_families_come_before_points() -> None:
    local = record("local", provider_kind="chamber", coverage=(Area("region", "93"),), price_model="paid")
    operator = record("cerema", provider_kind="operator", coverage=(Area("commune", "04121"),), price_model="free")
    agency = record("agence", provider_kind="agency", coverage=(Area("commune", "04121"),))
    matching = match(facts(), [agency, operator, local])
    assert [candidate.offer.code for candidate in matching.candidates] == ["local", "cerema", "agence"]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (covering(("commune", "04121")), covering(("department", "04"))),
        (covering(("department", "04")), covering(("region", "93"))),
        ({"price_model": "free"}, {"price_model": "membership"}),
        ({"price_model": "membership"}, {"price_model": "paid"}),
        ({"verified_on": TODAY}, {"verified_on": TODAY - dt.timedelta(days=700)}),
        ({"delay_days": 10}, {"delay_days": 90}),
        ({"subjects": frozenset({"commerce"})}, {}),
        ({}, {"membership_required": True}),
        ({"agreed_beforehand": True}, {}),
    ],
)
def test_what_ranks_first(better: dict[str, Any], worse: dict[str, Any]) -> None:
    matching = match(facts(), [record("a-worse", **worse), record("b-better", **better)])
    assert [candidate.offer.code for candidate in matching.candidates] == ["b-better", "a-worse"]


def test_ties_go_by_code() -> None:
    matching = match(facts(), [record("b"), record("c"), record("a")])
    assert [candidate.offer.code for candidate in matching.candidates] == ["a", "b", "c"]


def test_two_offers_share_the_need_and_the_best_is_the_pilot() -> None:
    body = facts(services=frozenset({"feasibility", "expertise"}))
    studies = record("etude", services=frozenset({"feasibility"}), price_model="free")
    advice = record("conseil", services=frozenset({"expertise"}), price_model="paid")
    recommendation = assess(body, [advice, studies]).recommendation
    assert [(line.candidate.offer.code, line.part) for line in recommendation.lines] == [
        ("etude", "pilot"),
        ("conseil", "support"),
    ]
    assert not recommendation.suffices and not recommendation.uncovered


def test_one_that_answers_the_whole_need_is_the_pilot_even_when_it_ranks_lower() -> None:
    body = facts(services=frozenset({"feasibility", "expertise"}))
    part = record("part", services=frozenset({"feasibility"}), price_model="free")
    whole = record("whole", services=frozenset({"feasibility", "expertise"}), price_model="paid")
    recommendation = assess(body, [part, whole]).recommendation
    assert [line.candidate.offer.code for line in recommendation.lines] == ["whole"]
    assert recommendation.suffices


def test_an_offer_that_reaches_a_part_of_the_territory_never_suffices() -> None:
    body = facts(**EPCI, themes=("LOG",), services=frozenset())
    recommendation = assess(body, [record(themes=frozenset({"LOG"}), **covering(("department", "52")))]).recommendation
    assert recommendation.kind == "LOCAL_OFFER" and not recommendation.suffices and not recommendation.certain


@pytest.mark.parametrize(
    ("kinds", "kind", "route"),
    [
        (["agency", "operator", "caue"], "LOCAL_OFFER", Family.LOCAL),
        (["agency", "operator"], "NATIONAL_ESCALATION", Family.OPERATOR),
        (["agency"], "NATIONAL_ESCALATION", Family.AGENCY),
        ([], "NATIONAL_ESCALATION", None),
    ],
)
def test_precedence(kinds: list[str], kind: str, route: Family | None) -> None:
    offers = [record(f"offre-{each}", provider_kind=each) for each in kinds]
    recommendation = assess(facts(), offers).recommendation
    assert (recommendation.kind, recommendation.route) == (kind, route)


def test_facts_survive_their_storage() -> None:
    full = facts(
        zonings={"qpv": QPV, "frr": FRR},
        programmes=frozenset({"PVD"}),
        programmes_unknown=frozenset({"VA"}),
        member_of=frozenset({"atd-04"}),
        not_member_of=frozenset({"caue-04"}),
        population_column="municipal",
        complexity_signs=frozenset({"risks"}),
        commune_count=1,
        partner_count=4,
    )
    assert Facts.from_dict(full.as_dict()) == full
    assert full.areas == AREAS


def test_questions_are_about_the_body_and_needs_are_asked_once() -> None:
    body = facts(services=frozenset(), phase=None)
    offers = [
        record(f"o{n}", services=frozenset({"expertise"}), phases=frozenset({"framing"}), membership_required=True)
        for n in range(3)
    ]
    matching = match(body, offers)
    assert matching.open_needs == ("service", "phase")
    assert [[question.criterion for question in candidate.questions] for candidate in matching.candidates] == [
        ["membership"]
    ] * 3
    assert all(
        reading.verdict is not Verdict.FAILED for candidate in matching.candidates for reading in candidate.readings
    )
