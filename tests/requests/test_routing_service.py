"""Routing: what the engine is told of a request, what is frozen of its answer, and what is read back from it."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from operators import catalogue
from operators.matching import reasons
from operators.models import Offer, Subject
from requests.demonstration.stage import Stage
from requests.enums import DecisionKind
from requests.models import RoutingAssessment, RoutingJob, SupportRequest
from requests.services import routing
from tests.requests.journeys import submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
AT = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def assessment(kind: str = "LOCAL_OFFER", **document: Any) -> RoutingAssessment:
    return RoutingAssessment(kind=kind, document=document)


# --- asking and performing -------------------------------------------------------------------------------------------


def test_asking_twice_is_one_job_and_two_events(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    row, other, told = submitted(stage).row, submitted(stage, "deux").row, []
    assert not RoutingJob.objects.undone().filter(support_request=row).exists()
    monkeypatch.setattr(routing, "emit", told.append)
    first, second = routing.ask(row, at=AT - dt.timedelta(hours=1)), routing.ask(row)
    assert first == second
    assert first.support_request == row
    assert [(event.request_id, event.job_id) for event in told] == [(row.pk, first.pk)] * 2
    assert [event.at for event in told] == [AT - dt.timedelta(hours=1), AT], "the instant given, or now"
    assert len({event.id for event in told}) == 2
    assert routing.ask(other).pk != first.pk


def test_what_is_stored_is_what_the_engine_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    row = submitted(stage).row
    monkeypatch.setattr(reasons, "headline", lambda found: "h" * 400)
    monkeypatch.setattr(reasons, "short_label", lambda found: "s" * 200)
    asked: dict[str, Any] = {}
    engine = catalogue.assess

    def assess(facts: Any, offers: Any, *, outside: int) -> Any:
        asked.update(facts=facts, offers=list(offers), outside=outside)
        return engine(facts, offers, outside=outside)

    monkeypatch.setattr(catalogue, "assess", assess)
    SupportRequest.objects.filter(pk=row.pk).update(assessment=None)  # what means the same is not stored again
    routing.route(routing.ask(row))
    row.refresh_from_db()
    kept = row.assessment
    assert kept is not None
    assert (kept.summary, kept.short) == ("h" * 300, "s" * 160)
    assert (kept.support_request, kept.computed_at) == (row, AT)
    found = engine(asked["facts"], asked["offers"], outside=asked["outside"])
    assert (kept.kind, kept.document) == (found.recommendation.kind.value, found.as_dict())
    assert kept.rules_version == found.matching.rules_version
    published = Offer.objects.published()
    assert kept.catalogue_at == published.latest("updated_at").updated_at
    assert len(asked["offers"]) + asked["outside"] == published.count()
    assert {offer.id for offer in asked["offers"]} == set(
        published.meeting(asked["facts"].areas).values_list("pk", flat=True)
    )
    before = RoutingAssessment.objects.filter(support_request=row).count()
    SupportRequest.objects.filter(pk=row.pk).update(phase="works")
    routing.route(routing.ask(row))
    assert RoutingAssessment.objects.filter(support_request=row).count() == before + 1, "frozen, never replaced"


def test_several_together_are_answered_as_each_alone(stage: Stage, django_assert_num_queries: Any) -> None:
    """Bodies of three departments, one of which asks twice: the same proposals, for the price of one."""
    rows = [
        submitted(stage).row,
        submitted(stage, "deux", subject="commerce").row,
        submitted(stage, "trois", code="90010", by=stage.official("90010", "Mme Alix Aubépine-Grise")).row,
        submitted(stage, "quatre", code="48095", by=stage.official("48095", "M. Paul Sureau-Noir")).row,
    ]
    rows[0].other_subjects.add(Subject.objects.get(code="participation"))
    alone = {}
    for row in rows:
        SupportRequest.objects.filter(pk=row.pk).update(assessment=None)
        routing.route(routing.ask(row))
        row.refresh_from_db()
        assert row.assessment is not None
        alone[row.pk] = (row.assessment.kind, row.assessment.document, row.assessment.catalogue_at)
    SupportRequest.objects.filter(pk__in=alone).update(assessment=None)  # what means the same is not stored again
    with django_assert_num_queries(9):
        routing.route_all([RoutingJob(support_request=row) for row in rows])
    for row in rows:
        before = row.assessment_id
        row.refresh_from_db()
        assert row.assessment is not None and row.assessment_id != before
        assert (row.assessment.kind, row.assessment.document, row.assessment.catalogue_at) == alone[row.pk]
        assert row.assessment.support_request_id == row.pk
    assert len({str(document) for _, document, _ in alone.values()}) == len(rows), "else the test would compare nothing"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``told(row)``: what the engine is told of the request."""
    monkeypatch.setattr(routing, "facts_of", lambda *given, **named: SimpleNamespace(given=given, **named))
    return lambda row: routing.facts_for(row, AT.date())


def test_the_engine_is_told_everything_that_the_file_says(stage: Stage, told: Any) -> None:
    row = submitted(stage).row
    SupportRequest.objects.filter(pk=row.pk).update(
        population=612,
        population_vintage=2021,
        population_column="totale",
        themes=["COM", "LOG"],
        services=["studies"],
        engineering_types=["legal"],
        complexity_signs=["several_owners"],
        phase="design",
        progress="idea",
    )
    row.refresh_from_db()
    row.other_subjects.add(Subject.objects.get(code="participation"))
    facts = told(row)
    assert facts.given == (row.collectivity, dt.date(2026, 11, 23), None)
    assert (facts.population, facts.population_vintage, facts.population_column) == (612, 2021, "totale")
    assert (facts.themes, facts.subjects) == (("COM", "LOG"), ("patrimoine", "participation"))
    assert (facts.services, facts.engineering_types) == ({"studies"}, {"legal"})
    assert (facts.phase, facts.complexity_signs) == ("design", {"several_owners"})


def test_each_subject_ticked_brings_its_theme_before_anybody_reads_the_request(stage: Stage) -> None:
    others = tuple(Subject.objects.filter(code="logements-vacants"))
    row = submitted(stage, subject="commerce", other_subjects=others).row
    assert row.themes == ["COM", "LOG"], "the main one first"
    unknown = submitted(stage, "deux", subject="inconnu", other_subjects=others).row
    assert unknown.themes == ["LOG"]


def test_a_theme_not_read_yet_is_the_subject_s(stage: Stage, told: Any) -> None:
    row = submitted(stage).row
    row.themes = []
    assert told(row).themes == (row.subject.theme,)
    row.subject = Subject(code="x", theme="")
    facts = told(row)
    assert (facts.themes, facts.subjects) == ((), ()), "« Je ne sais pas » is no subject"


@pytest.mark.parametrize(
    ("progress", "phase"),
    [
        ("idea", "emergence"), ("to_specify", "framing"), ("studies", "feasibility"), ("works_ready", "design"),
        ("other", None),
    ],
)  # fmt: skip
def test_the_phase_is_first_what_the_applicant_said(stage: Stage, told: Any, progress: str, phase: str | None) -> None:
    row = submitted(stage).row
    row.phase, row.progress = "", progress
    assert told(row).phase == phase
    row.phase = "works"
    assert told(row).phase == "works"


# --- reading an assessment -------------------------------------------------------------------------------------------

CANDIDATES = [{"id": 1, "uuid": "a"}, {"id": 2, "uuid": "b"}, {"uuid": "unnumbered"}]


@pytest.mark.parametrize(
    ("kind", "decided", "offers", "departs"),
    [
        ("LOCAL_OFFER", "local", ["a"], False),
        ("LOCAL_OFFER", "local", ["a", "b", "unnumbered"], False),
        ("LOCAL_OFFER", "local", ["a", "z"], True),
        ("LOCAL_OFFER", "refer", [], True),
        ("NATIONAL_ESCALATION", "refer", [], False),
        ("NATIONAL_ESCALATION", "local", ["a"], True),
        ("NATIONAL_ESCALATION", "local", ["b"], False),
        ("NATIONAL_ESCALATION", "local", ["unnumbered"], True),
    ],
)
def test_what_departs_from_the_proposal(kind: str, decided: str, offers: list[str], departs: bool) -> None:
    found = assessment(kind, matching={"candidates": CANDIDATES}, recommendation={"lines": [{"id": 2}]})
    assert routing.differs(found, DecisionKind(decided), offers) is departs
    assert routing.differs(None, DecisionKind(decided), offers) is False


def test_a_proposal_that_recommends_nothing_is_not_followed() -> None:
    for recommendation in ({}, {"lines": []}):
        found = assessment("NATIONAL_ESCALATION", matching={"candidates": CANDIDATES}, recommendation=recommendation)
        assert routing.differs(found, DecisionKind.LOCAL, ["a"])
    assert routing.differs(
        assessment("NATIONAL_ESCALATION", matching={"candidates": CANDIDATES}), DecisionKind.LOCAL, ["a"]
    )


def line(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "args": {}, "holds": True, **more}


def test_the_certificate_is_one_line_of_the_evidence() -> None:
    certificate = line("no_provider")
    assert routing.certifies_no_provider(
        assessment(evidence={"insufficient_resources": [line("declined"), certificate]})
    )
    assert not routing.certifies_no_provider(assessment(evidence={"insufficient_resources": [line("declined")]}))
    assert not routing.certifies_no_provider(assessment(evidence={"complexity": [certificate]}))
    assert not routing.certifies_no_provider(assessment(evidence={}))
    assert not routing.certifies_no_provider(None)


def test_the_facts_of_a_motive_are_those_frozen() -> None:
    facts = [line("no_provider"), line("declined")]
    found = assessment(evidence={"complexity": facts})
    assert routing.motive_facts(found, "complexity") == facts
    assert routing.motive_facts(found, "fragility") == []
    assert routing.motive_facts(None, "complexity") == []


def test_they_are_said_in_french_with_their_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "evidence_sentence", lambda code, args, *, kind, labels: f"{code} {args['n']} {kind}")
    facts = [
        line("small", args={"n": 1}, source="INSEE", vintage="2023"),
        line("frail", args={"n": 2}, holds=None),
    ]
    row: Any = SimpleNamespace(
        assessment=assessment(evidence={"fragility": facts}), collectivity=SimpleNamespace(kind="epci")
    )
    assert routing.motive_sentences(row, "fragility") == [
        {"text": "small 1 epci", "holds": True, "source": "INSEE", "vintage": "2023"},
        {"text": "frail 2 epci", "holds": None, "source": "", "vintage": ""},
    ]
    assert routing.motive_sentences(row, "complexity") == []
