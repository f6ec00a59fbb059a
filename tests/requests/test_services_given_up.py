"""A request that ends without being answered gives up what was under way; whoever is named for one may be."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import Mandate
from common.actor import Role
from common.errors import Conflict, Invalid
from requests import recipients
from requests.demonstration.case import file
from requests.demonstration.stage import Stage
from requests.enums import AssignmentKind
from requests.models import SupportRequest
from requests.permissions import Ability, abilities
from requests.services import agreement, assignments, grants, intake, solution, triage
from requests.workflow import Action
from tests.requests.journeys import accepted, prepared, reviewed, searched, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-23 10:00")


def live_rows(row: SupportRequest) -> list[str]:
    """Which kinds of rows still expect something."""
    found = {
        "solicitations": row.solicitations.filter(state__in=["asked", "accepted"]),
        "solutions": row.solutions.filter(state__in=["proposed", "accepted"]),
        "referrals": row.referrals.filter(state__in=["preparation", "sent", "more_asked"]),
        "delegations": row.delegations.filter(state__in=["asked", "accepted"]),
        "agreements": row.agreements.filter(cancelled_at__isnull=True),
    }
    return [name for name, rows in found.items() if rows.exists()]


def delegated(stage: Stage):
    case = reviewed(stage)
    case.delegate("2026-11-12", "cerema", "Étude du site.")
    return case


@pytest.mark.parametrize("make", [searched, accepted, prepared, reviewed, delegated])
def test_withdrawing_gives_up_what_was_under_way(stage: Stage, make) -> None:
    case = make(stage)
    assert live_rows(case.row)
    with case.on("2026-11-16", stage.account("maire")) as actor:
        intake.withdraw(case.row, actor, reason="Le projet s’arrête.")
    assert live_rows(case.row) == []


def test_dropped_then_taken_back_it_goes_the_whole_way_again(stage: Stage) -> None:
    """The same offer is solicited, accepted and proposed anew."""
    case = accepted(stage)
    with case.on("2026-11-16", stage.account("delegue")) as actor:
        triage.drop(case.row, actor, reason="Sans nouvelles.")
    with case.on("2026-11-17", stage.account("maire")) as actor:
        intake.take_back(case.row, actor)
    case.acknowledge("2026-11-18")
    case.qualify("2026-11-18 11:00")
    case.solicit("2026-11-18 12:00", "atd-batiment-04")
    case.answer("2026-11-19", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-19 11:00", "atd-batiment-04", text="Une étude.", price="Sans frais.")
    case.accept("2026-11-20", stage.account("maire"))
    case.designate("2026-11-20 11:00", stage.account("suivi"))
    case.row.refresh_from_db()
    assert case.row.state == "local_support"


def test_a_mission_committed_is_not_withdrawn(stage: Stage) -> None:
    """The agency has committed the cost: the file is closed with what was done, never emptied by a click."""
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        market = agreement.Market(
            lot="Lot 3", outside_reason="Équipe.", amount_excl_tax=Decimal(12000), agency_share=Decimal(100)
        )
        agreement.contract(case.row, actor, market)
    with case.on("2026-11-16", case.deputy) as actor:
        agreement.sign_for_prefect(case.row, actor, signatory=case.deputy)
    with case.on("2026-11-17", stage.account("maire")) as actor:
        agreement.sign_for_body(case.row, actor, deliberated_on=dt.date(2026, 11, 13))
    with case.on("2026-11-18", stage.account("dg")) as actor:
        agreement.commit(case.row, actor, starts_on=dt.date(2026, 12, 7))
    with case.on("2026-11-19", stage.account("maire")) as actor, pytest.raises(Conflict, match="engagé la mission"):
        intake.withdraw(case.row, actor)
    case.row.refresh_from_db()
    assert case.row.state == "contracting"
    assert live_rows(case.row) == ["agreements"]


def test_what_the_desk_put_aside_comes_back_when_the_official_acts(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-06", "atd-batiment-04", text="Une étude.", price="Sans frais.")
    with case.on("2026-11-06 12:00", case.instructor) as actor:
        triage.hide_until(case.row, actor, until=dt.date(2026, 12, 15))
    with case.on("2026-11-09", stage.account("maire")) as actor:
        solution.decline_proposal(case.row, actor, reason="Trop loin.")
    case.row.refresh_from_db()
    assert case.row.hidden_until is None


def test_an_operator_reads_no_more_of_a_request_withdrawn(stage: Stage) -> None:
    case = delegated(stage)
    with case.on("2026-11-16", stage.account("maire")) as actor:
        intake.withdraw(case.row, actor)
    operator = stage.actor(stage.account("cerema"))
    assert case.row not in SupportRequest.objects.visible_to(operator)


def test_a_provider_answers_no_more(stage: Stage) -> None:
    case = searched(stage)
    asked = case.row.solicitations.filter(state="asked").first()
    with case.on("2026-11-16", stage.account("maire")) as actor:
        intake.withdraw(case.row, actor)
    with case.on("2026-11-17", case.instructor) as actor, pytest.raises(Conflict, match="n’attend plus de réponse"):
        solution.answer_solicitation(asked, actor, accepted=True)


def test_only_the_desk_is_the_contact(stage: Stage) -> None:
    """A provider's employee named contact would be sent the internal notes."""
    case = submitted(stage)
    for who in ("offreur", "chefprojet", "suivi", "instructeur2", "maire"):
        with case.on("2026-11-03", case.instructor) as actor, pytest.raises(Invalid) as caught:
            triage.acknowledge(case.row, actor, contact=stage.account(who))
        assert caught.value.field == "person"
    with case.on("2026-11-03", case.instructor) as actor:
        triage.acknowledge(case.row, actor, contact=case.instructor)
    with case.on("2026-11-04", case.instructor) as actor, pytest.raises(Invalid):
        assignments.assign(case.row, AssignmentKind.FOLLOW_UP_OFFICER, stage.account("anct"), actor)


def test_whoever_has_left_is_sent_nothing(stage: Stage, clock) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    told = {one.email for one in recipients.assigned(case.row, AssignmentKind.CONTACT)}
    assert told == {case.instructor.contact_email}
    Mandate.objects.filter(pk=case.instructor.pk).update(ends_on=dt.date(2026, 11, 10), status="ended")
    assert list(recipients.assigned(case.row, AssignmentKind.CONTACT)) == []


def test_the_internal_notes_open_to_the_state_only(stage: Stage) -> None:
    case = submitted(stage)
    actor = stage.actor(case.instructor)
    for who in ("maire", "offreur", "chefprojet", "clct"):
        with pytest.raises(Invalid, match="aucun service de l’État"):
            grants.grant(case.row, actor, stage.account(who).user)
    grants.grant(case.row, actor, stage.account("instructeur2").user)
    assert Ability.VIEW_INTERNAL in abilities(stage.actor(stage.account("instructeur2")), case.row)


def test_a_claimed_mandate_binds_nobody(stage: Stage) -> None:
    """Whoever says he is the mayor files at once; the proof comes before he accepts or signs for the commune."""
    proven = stage.account("maire")
    claimed = Mandate.objects.create(
        user=stage.account("secretaire").user,
        role=Role.OFFICIAL,
        collectivity=proven.collectivity,
        department=proven.department,
        function="maire",
        starts_on=dt.date(2026, 11, 1),
        status="claimed",
    )
    case = file(
        stage, "revendiquee", "2026-11-02", claimed, "04121", subject="patrimoine", title="Halle", need="Un toit."
    )
    assert case is not None
    code = "atd-batiment-04"
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    case.solicit("2026-11-04", code)
    case.answer("2026-11-05", code, text="Accord.")
    case.propose("2026-11-06", code, text="Une étude.", price="Sans frais.")
    case.row.refresh_from_db()
    held = abilities(stage.actor(claimed), case.row)
    assert not held & {Ability.ANSWER_PROPOSAL, Action.DECLINE_PROPOSAL, Ability.CONFIRM_FILING}
    assert Action.WITHDRAW in held
    assert {Ability.ANSWER_PROPOSAL, Action.DECLINE_PROPOSAL} <= abilities(stage.actor(proven), case.row)


def test_a_commune_s_file_joins_its_grouping_s_only(stage: Stage) -> None:
    case, other = submitted(stage), submitted(stage, "deux")
    case.acknowledge("2026-11-03")
    with case.on("2026-11-04", case.instructor) as actor, pytest.raises(Invalid, match="intercommunalité"):
        triage.attach(case.row, actor, host=other.row)
