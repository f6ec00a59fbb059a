"""The rules with a number in them: references, local years, delays, thresholds, signatures, rows that never change."""

import datetime as dt
import uuid

import pytest
from django.db import ProgrammingError, transaction
from django.db.models import F, Model

from accounts.models import Mandate, SignatureAct
from common import clock as portal_clock
from common.actor import Role
from common.errors import Conflict, Invalid, NotAllowed
from operators.models import Subject
from requests import deadlines
from requests.demonstration.case import file
from requests.demonstration.stage import Stage
from requests.enums import DecisionKind
from requests.models import (
    Decision,
    FundingTest,
    NationalAnswer,
    ReferenceCounter,
    RoutingAssessment,
    Signature,
    SupportRequest,
    Transition,
)
from requests.services import exchanges, intake, referral, routing, solution, triage
from territories.models import Collectivity
from tests.requests.journeys import JUSTIFICATION, prepared, searched, signature_of, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-23 10:00")


# --- references ------------------------------------------------------------------------------------------------------


def test_references_have_no_hole_in_the_demonstration() -> None:
    for counter in ReferenceCounter.objects.all():
        prefix = f"{counter.year}-{counter.department_id}-"
        found = SupportRequest.objects.filter(reference__startswith=prefix).values_list("reference", flat=True)
        assert sorted(found) == [f"{prefix}{number:05}" for number in range(1, counter.last + 1)]


def test_the_year_is_that_of_the_territory(stage: Stage, clock) -> None:
    """31 December, 20:30 in Martinique: already next year in Paris."""
    clock.move_to("2027-01-01 01:30")
    mayor = Mandate.objects.get(user__email="elu-97219@demo.example")
    case = file(
        stage,
        "nouvel-an",
        "2026-12-31 20:30",
        mayor,
        "97219",
        subject="risques",
        title="La falaise",
        need="La falaise recule.",
    )
    assert case is not None
    assert case.row.reference.startswith("2026-972-")
    assert case.row.submitted_at == dt.datetime(2027, 1, 1, 0, 30, tzinfo=dt.UTC)
    assert case.row.due_on == dt.date(2027, 1, 15)  # ten working days of Martinique, 1 January off


def test_a_number_refused_is_not_lost(stage: Stage) -> None:
    before = ReferenceCounter.objects.get(department="04", year=2026).last
    mayor = stage.account("maire")
    application = intake.Application(
        collectivity=mayor.collectivity,
        subject=Subject.objects.get(code="patrimoine"),
        need="Besoin.",
        progress="idea",
    )
    with pytest.raises(NotAllowed):
        intake.submit(application, stage.actor(stage.account("maire2")), key=uuid.uuid4())
    row = intake.submit(application, stage.actor(mayor), key=uuid.uuid4())
    assert row.reference == f"2026-04-{before + 1:05}"


# --- delays ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "council", "territory", "expected"),
    [
        ("2026-11-09", None, "04", "2026-11-24"),  # ten working days, 11 November off
        ("2026-11-09", "2026-11-12", "04", "2026-11-24"),  # council + 5 days comes sooner
        ("2026-11-09", "2026-12-04", "04", "2026-12-09"),  # council + 5 days
        ("2026-11-09", "2026-11-02", "04", "2026-11-24"),  # a council already held says nothing
        ("2026-12-21", None, "67", "2027-01-06"),  # 25 December and 1 January off; the 26th is a Saturday
        ("2025-12-15", None, "67", "2025-12-31"),  # in Alsace 25 and 26 December are off
        ("2025-12-15", None, "04", "2025-12-30"),
        ("2026-03-23", None, "67", "2026-04-08"),  # Good Friday off in Alsace, then Easter Monday
        ("2026-03-23", None, "04", "2026-04-07"),
        ("2026-05-18", None, "972", "2026-06-03"),  # 22 May, abolition of slavery, and Whit Monday
    ],
)
def test_when_a_proposal_is_to_be_answered(asked: str, council: str | None, territory: str, expected: str) -> None:
    held = dt.date.fromisoformat(council) if council else None
    assert deadlines.answer_by(dt.date.fromisoformat(asked), held, territory) == dt.date.fromisoformat(expected)


def test_the_council_of_the_applicant_moves_the_date(stage: Stage) -> None:
    case = submitted(stage, council="2026-12-11")
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    case.solicit("2026-11-04", "atd-batiment-04", reason="Choix.")
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-06", "atd-batiment-04", text="Une aide.", price="Sans frais.")
    assert case.row.solutions.get().answer_by == case.row.due_on == dt.date(2026, 12, 16)


def test_chasing_opens_after_fifteen_working_days_of_silence(stage: Stage, clock) -> None:
    case = submitted(stage)  # on 2 November; 11 November is off
    mayor = stage.account("maire")
    with case.on("2026-11-23", mayor) as actor, pytest.raises(Conflict, match="15 jours ouvrés"):
        exchanges.chase(case.row, actor)
    clock.move_to("2026-11-24 10:00")
    with case.on("2026-11-24", mayor) as actor:
        exchanges.chase(case.row, actor)
        with pytest.raises(Conflict):
            exchanges.chase(case.row, actor)


# --- who pays --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "population", "free"),
    [
        ("04121", 3499, True),
        ("04121", 3500, False),
        ("04121", 0, True),
        ("04121", None, None),
        ("200067437", 14999, True),
        ("200067437", 15000, False),
        ("200067437", None, None),
    ],
)
def test_free_of_charge_under_the_threshold_only(
    code: str, population: int | None, free: bool | None, stage: Stage
) -> None:
    Collectivity.objects.filter(code=code).update(population=population)
    owner = stage.account("maire" if code == "04121" else "epci")
    owner.collectivity.refresh_from_db()
    row = submitted(stage, code=code, by=owner).row
    test = row.funding_tests.get()
    assert (test.population, test.fully_funded) == (population, free)
    assert test.threshold == (3500 if code == "04121" else 15000)


def test_the_population_of_the_filing_is_frozen(stage: Stage) -> None:
    case = prepared(stage)
    Collectivity.objects.filter(code="04121").update(population=9000, population_vintage=2026)
    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    tests = {test.moment: test for test in case.row.funding_tests.all()}
    assert tests["filing"].fully_funded is True
    assert (tests["referral"].population, tests["referral"].fully_funded) == (9000, False)
    assert case.row.population == tests["filing"].population != 9000


# --- signatures ------------------------------------------------------------------------------------------------------


def test_a_dead_delegation_signs_nothing(stage: Stage) -> None:
    """The prefect left on 2 September 2026, and the order of his successor is not in force yet."""
    SignatureAct.objects.filter(number="2026-257-003").update(starts_on=dt.date(2026, 12, 1))
    case = prepared_by_delegate(stage)
    for who, on_paper in ((case.deputy, False), (case.instructor, True)):
        with case.on("2026-11-09", who) as actor, pytest.raises(Invalid) as caught:
            referral.send(case.row, actor, signatory=case.deputy, on_paper=on_paper)
        assert caught.value.message == (
            "La délégation de Mme\u00a0Charme (arrêté n° 2023-240-002 du 25\u00a0août 2023) a pris fin "
            "avec le départ du préfet le 2\u00a0septembre 2026. Choisissez un autre signataire."
        )
        assert caught.value.field == "signatory"
    case.row.refresh_from_db()
    assert case.row.state == "referral_preparation"
    assert not Signature.objects.filter(support_request=case.row).exists()


def prepared_by_delegate(stage: Stage):
    """The deputy can't decide: the prefect does."""
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    delegate = stage.account("delegue")
    with case.on("2026-11-04", delegate) as actor:
        from tests.requests.journeys import offer

        triage.decide_local(case.row, actor, [offer("atd-batiment-04")], message="Un toit.", reason="Choix.")
    case.answer("2026-11-05", "atd-batiment-04", accepted=False, reason="workload", text="Non.")
    with case.on("2026-11-06", delegate) as actor:
        triage.decide_refer(case.row, actor, ["complexity"], reason="Rien.")
    with case.on("2026-11-06 11:00", case.instructor) as actor:
        referral.edit(case.row, actor, motives={"complexity": JUSTIFICATION}, referent=case.instructor)
    return case


def test_a_signature_on_paper_under_the_former_act(stage: Stage) -> None:
    """Signed on 31 August, recorded in November: the act of that day covers it."""
    case = prepared(stage)
    with case.on("2026-11-09", case.instructor) as actor:
        referral.send(case.row, actor, signatory=case.deputy, signed_on=dt.date(2026, 8, 31), on_paper=True)
    signed = signature_of(case.row)
    assert signed.act is not None
    assert (signed.act.number, signed.signed_on, signed.on_paper) == ("2023-240-002", dt.date(2026, 8, 31), True)
    assert signed.recorded_by == case.instructor.user
    assert signed.block.startswith("Pour le préfet et par délégation,\n")
    assert case.row.state == "referred"


@pytest.mark.parametrize("signed_on", ["2026-09-02", "2026-09-13"])
def test_no_act_covers_the_days_between_two_prefects(signed_on: str, stage: Stage) -> None:
    case = prepared(stage)
    day = dt.date.fromisoformat(signed_on)
    with case.on("2026-11-09", case.instructor) as actor, pytest.raises(Invalid, match="a pris fin avec le départ"):
        referral.send(case.row, actor, signatory=case.deputy, signed_on=day, on_paper=True)


def test_one_signs_for_oneself_and_not_for_tomorrow(stage: Stage) -> None:
    case = prepared(stage)
    with case.on("2026-11-09", case.instructor) as actor:
        with pytest.raises(Invalid, match="Chacun signe pour soi") as caught:
            referral.send(case.row, actor, signatory=case.deputy)
        assert caught.value.field == "signatory"
        with pytest.raises(Invalid, match="jour à venir"):
            referral.send(case.row, actor, signatory=case.deputy, signed_on=dt.date(2026, 12, 1), on_paper=True)
        _, other = stage.desk("90")
        with pytest.raises(Invalid, match="autre département"):
            referral.send(case.row, actor, signatory=other, on_paper=True)
    assert case.row.state == "referral_preparation"


def test_the_prefect_signs_by_office(stage: Stage) -> None:
    case = prepared(stage)
    delegate = stage.account("delegue")
    with case.on("2026-11-09", delegate) as actor:
        referral.send(case.row, actor, signatory=delegate)
    assert signature_of(case.row).act is None
    assert signature_of(case.row).block == "Le préfet,\nHenri AUBIER"


def test_a_woman_is_la_prefete(stage: Stage) -> None:
    delegate = stage.account("delegue")
    delegate.user.civility = "Mme"
    delegate.user.save()
    case = prepared(stage)
    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    assert signature_of(case.row).block.startswith("Pour la préfète et par délégation,\n")
    other = prepared(stage, "deux")
    with other.on("2026-11-09", delegate) as actor:
        referral.send(other.row, actor, signatory=delegate)
    assert signature_of(other.row).block == "La préfète,\nHenri AUBIER"


@pytest.mark.parametrize("length", [0, 38, 199])
def test_a_short_justification_stops_the_referral_and_says_its_length(length: int, stage: Stage) -> None:
    case = prepared(stage, justification="a" * length)
    with case.on("2026-11-09", case.deputy) as actor, pytest.raises(Invalid) as caught:
        referral.send(case.row, actor, signatory=case.deputy)
    assert caught.value.message == (
        f"Renseignez la justification « complexité du projet » : 200 caractères au moins, vous en avez {length}."
    )
    case.row.refresh_from_db()
    assert case.row.state == "referral_preparation"


def test_two_hundred_characters_are_enough(stage: Stage) -> None:
    case = prepared(stage, justification="a" * 200)
    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    assert case.row.state == "referred"


# --- evidence --------------------------------------------------------------------------------------------------------


def test_a_solicitation_is_answered_once(stage: Stage) -> None:
    case = searched(stage)
    asked = case.row.solicitations.get(offer__code="atd-batiment-04")
    with case.on("2026-11-05", stage.account("offreur")) as actor:
        solution.answer_solicitation(asked, actor, accepted=True)
        for accepted in (True, False):
            with pytest.raises(Conflict, match="n’attend plus de réponse : acceptée"):
                solution.answer_solicitation(asked, actor, accepted=accepted, reason="workload")


def test_a_sibling_provider_answers_for_nobody_else(stage: Stage) -> None:
    case = searched(stage)
    asked = case.row.solicitations.get(offer__code="caue-bourg-04")
    for name in ("offreur", "instructeur2", "maire", "anct"):
        with case.on("2026-11-05", stage.account(name)) as actor, pytest.raises(NotAllowed):
            solution.answer_solicitation(asked, actor, accepted=True)


def test_an_acceptance_gives_the_file_back_to_the_desk(stage: Stage) -> None:
    case = searched(stage)
    assert case.row.holder == "provider"
    case.answer("2026-11-05", "caue-bourg-04", accepted=False, reason="workload", text="Non.")
    assert case.row.holder == "provider"
    case.answer("2026-11-06", "atd-batiment-04", text="Accord.")
    assert case.row.holder == "desk"


def test_a_decision_that_differs_says_why(stage: Stage) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    from tests.requests.journeys import offer

    with case.on("2026-11-04", case.deputy) as actor:
        with pytest.raises(Invalid, match="dites pourquoi"):
            triage.decide_local(case.row, actor, [offer("anru-quartiers")], message="Un toit.")
        triage.decide_local(case.row, actor, [offer("anru-quartiers")], message="Un toit.", reason="Avis du préfet.")
    assert case.row.decisions.get().differs


@pytest.mark.parametrize(
    ("proposed", "decided", "departs"),
    [
        ("NATIONAL_ESCALATION", "local", True), ("NATIONAL_ESCALATION", "refer", False),
        ("LOCAL_OFFER", "local", False), ("LOCAL_OFFER", "refer", True),
    ],
)  # fmt: skip
def test_another_family_than_the_proposal_departs_from_it(proposed: str, decided: str, departs: bool) -> None:
    """Even when the offer stands among the candidates that the proposal set aside."""
    assessment = RoutingAssessment(kind=proposed, document={"matching": {"candidates": [{"uuid": "a"}]}})
    assert routing.differs(assessment, DecisionKind(decided), ["a"] if decided == "local" else []) is departs


def test_mobilising_the_operator_that_the_proposal_recommends_is_following_it() -> None:
    document = {
        "matching": {"candidates": [{"id": 1, "uuid": "local"}, {"id": 2, "uuid": "operator"}]},
        "recommendation": {"lines": [{"id": 2}]},
    }
    assessment = RoutingAssessment(kind="NATIONAL_ESCALATION", document=document)
    assert not routing.differs(assessment, DecisionKind.LOCAL, ["operator"])
    assert routing.differs(assessment, DecisionKind.LOCAL, ["operator", "local"])


# --- history ---------------------------------------------------------------------------------------------------------

FROZEN: tuple[type[Model], ...] = (Transition, RoutingAssessment, Decision, Signature, FundingTest, NationalAnswer)


@pytest.mark.parametrize("model", FROZEN, ids=lambda model: model.__name__)
def test_history_is_neither_changed_nor_removed(model: type[Model]) -> None:
    rows = model._default_manager.all()
    row = rows.first()
    assert row is not None
    column = next(one.attname for one in model._meta.concrete_fields if not one.primary_key)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        rows.filter(pk=row.pk).update(**{column: getattr(row, column)})
    with pytest.raises(ProgrammingError, match="Cannot"), transaction.atomic():
        rows.filter(pk=row.pk)._raw_delete(rows.db)
    assert rows.filter(pk=row.pk).exists()


def test_a_request_is_never_removed() -> None:
    with pytest.raises(ProgrammingError, match="Cannot"), transaction.atomic():
        SupportRequest.objects.filter(reference="2026-04-00001")._raw_delete("default")


# --- roles -----------------------------------------------------------------------------------------------------------


def test_whoever_follows_is_in_office(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-06", "atd-batiment-04", text="Une aide.", price="Sans frais.")
    case.accept("2026-11-09", stage.account("maire"))
    gone = stage.account("suivi")
    Mandate.objects.filter(pk=gone.pk).update(ends_on=dt.date(2026, 11, 1), status="ended")
    gone.refresh_from_db()
    with pytest.raises(Invalid, match="ne peut pas tenir ce rôle"):
        case.designate("2026-11-10", gone)
    assert gone.role == Role.FOLLOW_UP_OFFICER
    assert portal_clock.today() == dt.date(2026, 11, 23)


def test_no_proposal_of_the_demonstration_quotes_a_catalogue_to_come() -> None:
    assert not RoutingAssessment.objects.filter(catalogue_at__gt=F("computed_at")).exists()
