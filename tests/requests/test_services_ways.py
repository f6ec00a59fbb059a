"""Whole journeys by the three ways, from filing to closing, through the services alone."""

import datetime as dt
from decimal import Decimal

import pytest

from common.actor import Role
from common.errors import Conflict, Invalid, NotAllowed
from operators.models import Provider
from requests.demonstration.stage import Stage
from requests.models import Agreement, Survey
from requests.services import agreement, followup, national, solution
from tests.requests.journeys import accepted, offer, reviewed, searched, states, submitted, supported

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
NATIONAL = ["submitted", "qualification", "local_search", "referral_preparation", "referred", "national_review"]


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-23 10:00")


# --- near home -------------------------------------------------------------------------------------------------------


def test_the_local_way_with_two_lines(stage: Stage) -> None:
    case = supported(stage)
    case.propose_closing("2026-11-16", stage.account("suivi"), "Étude remise.", recommendations=("Consulter",))
    case.close("2026-11-17")
    row = case.row
    assert states(row) == ["submitted", "qualification", "local_search", "proposed", "local_support", "closed"]
    assert (row.route, row.outcome, row.holder) == ("local", "local", "nobody")
    assert row.ended_at is not None
    lines = row.solutions.get().lines.order_by("pk")
    assert [(line.part, line.offer.code) for line in lines] == [
        ("pilot", "atd-batiment-04"),
        ("support", "caue-bourg-04"),
    ]
    assert {(one.moment, one.due_on) for one in Survey.objects.filter(support_request=row)} == {
        ("closing", dt.date(2026, 11, 17)),
        ("six_months", dt.date(2027, 5, 17)),
    }


def test_an_operator_mobilised_by_the_prefect(stage: Stage) -> None:
    """The pilot's kind makes the way: no referral, no delegation (PRACTICE 1.2)."""
    case = searched(stage, "opérateur", "cerema-risques")
    case.answer("2026-11-05", "cerema-risques", text="Mission possible.")
    case.propose("2026-11-06", "cerema-risques", text="Le Cerema vient.", price="Sans frais.")
    case.accept("2026-11-09", stage.account("maire"))
    case.designate("2026-11-10", stage.account("suivi"))
    assert case.row.route == "operator_direct"
    assert case.row.referred_at is None
    assert not case.row.delegations.exists()
    case.propose_closing("2026-11-16", stage.account("suivi"), "Mission faite.")
    case.close("2026-11-17")
    assert case.row.outcome == "operator_direct"


def test_a_refusal_does_not_close_and_the_search_goes_on(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-06", "atd-batiment-04", text="Une aide.", price="Sans frais.")
    with case.on("2026-11-09", stage.account("maire")) as actor:
        solution.decline_proposal(case.row, actor, reason="L’adhésion n’a pas été votée.")
    assert (case.row.state, case.row.holder) == ("local_search", "desk")
    case.propose("2026-11-10", "atd-batiment-04", text="Sans adhésion.", price="Sans frais.")
    assert [one.state for one in case.row.solutions.order_by("pk")] == ["declined", "proposed"]


def test_nobody_is_designated_before_the_applicant_agrees(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-06", "atd-batiment-04", text="Une aide.", price="Sans frais.")
    with pytest.raises(Invalid, match="n’a pas encore accepté"):
        case.designate("2026-11-09", stage.account("suivi"))
    case.row.refresh_from_db()
    assert case.row.state == "proposed"
    assert not case.row.assignments.filter(kind="follow_up_officer").exists()  # nothing half-written


def test_a_provider_that_has_not_answered_stands_in_no_proposal(stage: Stage) -> None:
    case = searched(stage)
    asked = case.row.solicitations.get(offer__code="atd-batiment-04")
    lines = [solution.Line(offer=asked.offer, part="pilot", solicitation=asked)]
    with case.on("2026-11-06", case.instructor) as actor, pytest.raises(Invalid, match="n’a pas encore donné"):
        solution.propose(case.row, actor, lines=lines, text="Une aide.", price="Sans frais.")
    assert not case.row.solutions.exists()


@pytest.mark.parametrize("parts", [(), ("support",), ("pilot", "pilot")])
def test_one_pilot_and_one_only(parts: tuple[str, ...], stage: Stage) -> None:
    case = searched(stage)
    for code in ("atd-batiment-04", "caue-bourg-04"):
        case.answer("2026-11-05", code, text="Accord.")
    asked = list(case.row.solicitations.all())
    lines = [
        solution.Line(offer=one.offer, part=part, solicitation=one) for one, part in zip(asked, parts, strict=False)
    ]
    with case.on("2026-11-06", case.instructor) as actor, pytest.raises(Invalid, match="pilote"):
        solution.propose(case.row, actor, lines=lines, text="Une aide.", price="Sans frais.")


# --- by the agency ---------------------------------------------------------------------------------------------------


def test_two_operators_the_first_acceptance_starts_the_support(stage: Stage) -> None:
    case = reviewed(stage)
    _delegate(case, "2026-11-12", "cerema", "ademe")
    case.operator("2026-11-16", "cerema", text="Équipe prête.")
    assert (case.row.state, case.row.route) == ("national_support", "operator")
    case.operator("2026-11-17", "ademe", accepted=False, reason="calendar", text="Pas avant mars.")
    assert case.row.state == "national_support"
    case.propose_closing("2026-11-18", stage.account("cerema"), "Schéma remis.")
    case.close("2026-11-19")
    assert (states(case.row), case.row.outcome) == ([*NATIONAL, "delegated", "national_support", "closed"], "operator")


def test_the_last_refusal_returns_the_file(stage: Stage) -> None:
    case = reviewed(stage)
    _delegate(case, "2026-11-12", "cerema", "ademe")
    case.operator("2026-11-16", "cerema", accepted=False, reason="workload", text="Plan de charge plein.")
    assert case.row.state == "delegated"
    case.operator("2026-11-17", "ademe", accepted=False, reason="calendar", text="Pas avant mars.")
    assert case.row.state == "national_review"
    assert case.row.referrals.get().state == "sent"  # live again: the agency answers it anew
    case.delegate("2026-11-18", "anah", "Étude.")
    assert case.row.state == "delegated"


def test_an_acceptance_for_a_date_to_come_waits_for_it(stage: Stage) -> None:
    case = reviewed(stage)
    _delegate(case, "2026-11-12", "cerema")
    case.operator("2026-11-16", "cerema", starts="2026-12-07", text="Équipe prête en décembre.")
    assert case.row.state == "delegated"
    case.start("2026-12-07", "cerema")
    assert case.row.state == "national_support"


def test_an_operator_that_never_answers_is_taken_the_file_back_by_the_agency_only(stage: Stage) -> None:
    case = reviewed(stage)
    _delegate(case, "2026-11-12", "cerema", "ademe")
    with case.on("2026-11-16", stage.account("cerema")) as actor, pytest.raises(NotAllowed):
        national.take_back_delegation(case.row, actor, reason="Je réponds pour l’autre.")
    with case.on("2026-11-16", stage.account("anct")) as actor:
        national.take_back_delegation(case.row, actor, reason="Aucune nouvelle.")
    assert case.row.state == "national_review"
    assert {row.state for row in case.row.delegations.all()} == {"cancelled"}, "nobody declined"
    late = case.row.delegations.get(operator__code="cerema")
    with case.on("2026-11-16", stage.account("cerema")) as actor, pytest.raises(Conflict, match="sans objet"):
        national.answer_delegation(late, actor, accepted=True)


def _delegate(case, date: str, *codes: str) -> None:
    with case.on(date, case.stage.account("anct")) as actor:
        missions = [national.Mission(operator=Provider.objects.get(code=code), text="Étude.") for code in codes]
        national.delegate(case.row, actor, missions)


def test_a_service_of_the_agency(stage: Stage) -> None:
    case = reviewed(stage)
    service = Provider.objects.get(code="immobilier-commercial")
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.assign_service(case.row, actor, service=service, text="L’Agence étudie l’îlot.")
    assert (case.row.state, case.row.route) == ("national_support", "agency_service")
    with case.on("2026-11-13", stage.account("dg")) as actor:
        followup.propose_closing(
            case.row, actor, result="done", summary="Étude remise.", finished_on=dt.date(2026, 11, 13)
        )
    case.close("2026-11-17")
    assert case.row.outcome == "agency_service"


def test_only_one_of_the_five_operators_and_one_of_the_agency_services(stage: Stage) -> None:
    case = reviewed(stage)
    local, service = Provider.objects.get(code="atd-04"), Provider.objects.get(code="immobilier-commercial")
    with case.on("2026-11-12", stage.account("anct")) as actor:
        for other in (local, service):
            with pytest.raises(Invalid, match="cinq opérateurs"):
                national.delegate(case.row, actor, [national.Mission(operator=other, text="x")])
        with pytest.raises(Invalid, match="service de l’Agence"):
            national.assign_service(case.row, actor, service=local)
        with pytest.raises(Invalid, match="au moins un opérateur"):
            national.delegate(case.row, actor, [])
    case.row.refresh_from_db()
    assert case.row.state == "national_review"
    assert not case.row.national_answers.exists()


def _contract(case, date: str = "2026-11-12") -> Agreement:
    market = agreement.Market(
        lot="Lot 3", outside_reason="Équipe.", amount_excl_tax=Decimal("38400"), agency_share=Decimal(60), days=40
    )
    with case.on(date, case.stage.account("anct")) as actor:
        return agreement.contract(case.row, actor, market)


def test_the_market_and_its_three_dates(stage: Stage) -> None:
    case = reviewed(stage)
    opened = _contract(case)
    assert opened.amount_incl_tax == Decimal("46080.00")
    with case.on("2026-11-13", stage.account("dg")) as actor, pytest.raises(Invalid, match="deux signatures"):
        agreement.commit(case.row, actor)
    with case.on("2026-11-16", case.deputy) as actor:
        agreement.sign_for_prefect(case.row, actor, signatory=case.deputy)
        agreement.sign_for_prefect(case.row, actor, signatory=case.deputy)  # twice is once
        with pytest.raises(Conflict, match="déjà enregistrée"):
            agreement.sign_for_prefect(case.row, actor, signatory=case.deputy, signed_on=dt.date(2026, 11, 13))
    with case.on("2026-11-16", stage.account("dg")) as actor, pytest.raises(Invalid, match="deux signatures"):
        agreement.commit(case.row, actor)
    with case.on("2026-11-17", stage.account("maire")) as actor:
        with pytest.raises(Invalid, match="délibération précède"):
            agreement.sign_for_body(case.row, actor, deliberated_on=dt.date(2026, 11, 18))
        agreement.sign_for_body(case.row, actor, deliberated_on=dt.date(2026, 11, 13))
        with pytest.raises(Conflict, match="déjà enregistrée"):
            agreement.sign_for_body(case.row, actor, deliberated_on=dt.date(2026, 11, 12))
    assert case.row.state == "contracting"
    with case.on("2026-11-18", stage.account("anct")) as actor, pytest.raises(NotAllowed):
        agreement.commit(case.row, actor)
    for day in (dt.date(2026, 11, 16), dt.date(2026, 11, 19)):  # before the last signature, to come
        with case.on("2026-11-18", stage.account("dg")) as actor, pytest.raises(Invalid, match="17\u00a0novembre"):
            agreement.commit(case.row, actor, committed_on=day)
    with case.on("2026-11-18", stage.account("dg")) as actor:
        agreement.commit(case.row, actor)
    assert (case.row.state, case.row.route) == ("national_support", "market")
    assert case.row.funding_tests.filter(moment="commitment").count() == 1
    case.propose_closing("2026-11-19", case.instructor, "Rapport remis.")
    case.close("2026-11-20")
    assert case.row.outcome == "market"


def test_a_mayor_never_records_the_signature_of_the_prefect(stage: Stage) -> None:
    case = reviewed(stage)
    _contract(case)
    for who in (stage.account("maire"), stage.account("anct"), stage.account("cmt")):
        with case.on("2026-11-16", who) as actor, pytest.raises(NotAllowed):
            agreement.sign_for_prefect(case.row, actor, signatory=stage.account("delegue"), on_paper=True)
    with case.on("2026-11-16", case.instructor) as actor:
        with pytest.raises(NotAllowed):
            agreement.sign_for_prefect(case.row, actor, signatory=case.deputy)
        agreement.sign_for_prefect(case.row, actor, signatory=case.deputy, on_paper=True)
    assert Agreement.objects.get(support_request=case.row).prefect_signature.on_paper


def test_an_agreement_given_up_before_commitment(stage: Stage) -> None:
    case = reviewed(stage)
    _contract(case)
    with case.on("2026-11-16", stage.account("anct")) as actor:
        agreement.cancel_contract(case.row, actor, reason="Le titulaire s’est retiré.")
    assert case.row.state == "national_review"
    _contract(case, "2026-11-17")
    assert case.row.agreements.count() == 2


def test_not_retained_goes_back_to_the_prefect_with_its_motive(stage: Stage) -> None:
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.not_retain(case.row, actor, reason="budget", text="Les crédits de l’année sont engagés.")
    assert (case.row.state, case.row.holder) == ("local_search", "desk")
    given = case.row.national_answers.get()
    assert (given.kind, given.reason, case.row.referrals.get().state) == ("not_retained", "budget", "answered")


def test_sent_back_with_the_reference_of_a_local_offer(stage: Stage) -> None:
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        with pytest.raises(Invalid, match="pas une offre locale"):
            national.send_back(case.row, actor, offer=offer("cerema-risques"))
        national.send_back(case.row, actor, offer=offer("chambre-commerce-04"), text="Cette offre existe.")
    assert case.row.state == "local_search"
    assert case.row.national_answers.get().offer.code == "chambre-commerce-04"
    case.solicit("2026-11-13", "chambre-commerce-04")
    assert case.row.solicitations.filter(state="asked").count() == 1


def test_complements_are_signed_again(stage: Stage) -> None:
    from requests.services import referral

    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.ask_more(case.row, actor, text="Précisez le calendrier.")
    assert case.row.state == "referral_preparation"
    assert case.row.referrals.get().state == "more_asked"
    with case.on("2026-11-13", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    assert case.row.signatures.count() == 2
    assert case.row.referred_at.date() == dt.date(2026, 11, 9)  # the first sending counts


# --- ends and returns ------------------------------------------------------------------------------------------------


def test_a_closing_refused_goes_on(stage: Stage) -> None:
    case = supported(stage)
    case.propose_closing("2026-11-16", stage.account("suivi"), "Étude remise.")
    with case.on("2026-11-16 11:00", stage.account("suivi")) as actor, pytest.raises(Conflict, match="déjà proposée"):
        followup.propose_closing(case.row, actor, result="done", summary="Encore.", finished_on=dt.date(2026, 11, 16))
    with case.on("2026-11-17", case.deputy) as actor:
        followup.refuse_closing(case.row, actor, reason="Le conseil n’a pas délibéré.")
    assert (case.row.state, case.row.holder) == ("local_support", "follow_up")
    with pytest.raises(Invalid, match="n’a pas été proposée"):
        case.close("2026-11-18")


def test_a_pause_returns_where_it_came_from(stage: Stage) -> None:
    case = supported(stage)
    for date in ("2026-11-12", "2026-11-16"):
        with case.on(date, stage.account("suivi")) as actor:
            followup.suspend(case.row, actor, reason="Travaux.")
        assert case.row.state == "suspended"
        with case.on(f"{date} 16:00", stage.account("suivi")) as actor:
            followup.resume(case.row, actor)
        assert case.row.state == "local_support"
    assert case.row.suspensions.filter(resumed_at=None).count() == 0


@pytest.mark.parametrize(("date", "reopened"), [("2027-11-17", True), ("2027-11-18", False)])
def test_reopening_within_twelve_months_only(date: str, reopened: bool, stage: Stage, clock) -> None:
    case = supported(stage)
    case.propose_closing("2026-11-16", stage.account("suivi"), "Étude remise.")
    case.close("2026-11-17")
    clock.move_to(f"{date} 10:00")
    with case.on(date, case.deputy) as actor:
        if reopened:
            followup.reopen(case.row, actor, reason="Le vendeur s’est retiré.")
        else:
            with pytest.raises(Invalid, match="plus de 12 mois"):
                followup.reopen(case.row, actor, reason="Le vendeur s’est retiré.")
    assert case.row.state == ("local_support" if reopened else "closed")
    assert (case.row.outcome == "") is reopened


def test_a_redirected_request_and_a_dropped_one_start_again_in_one_click(stage: Stage) -> None:
    from requests.services import intake, triage

    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.redirect("2026-11-04", reason="grant", target="La préfecture", text="Pas de subvention ici.")
    with case.on("2026-11-05", stage.account("maire")) as actor:
        intake.take_back(case.row, actor)
    row = case.row
    assert (row.state, row.outcome, row.ended_at, row.redirection_target) == ("submitted", "", None, "")
    with case.on("2026-11-06", case.deputy) as actor:
        triage.drop(case.row, actor, reason="Sans réponse.")
    with case.on("2026-11-09", stage.account("secretaire")) as actor:
        intake.take_back(case.row, actor)
    assert (case.row.state, case.row.outcome) == ("submitted", "")
    assert case.row.reference == row.reference


def test_a_closed_request_is_not_taken_back(stage: Stage) -> None:
    from requests.services import intake

    case = supported(stage)
    case.propose_closing("2026-11-16", stage.account("suivi"), "Étude remise.")
    case.close("2026-11-17")
    with case.on("2026-11-18", stage.account("maire")) as actor, pytest.raises(Conflict, match="Clôturée"):
        intake.take_back(case.row, actor)


def test_the_secretary_never_commits_the_town(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-06", "atd-batiment-04", text="Une aide.", price="Sans frais.")
    secretary = stage.account("secretaire")
    assert secretary.role == Role.SECRETARY
    with case.on("2026-11-09", secretary) as actor:
        with pytest.raises(NotAllowed):
            solution.accept_proposal(case.row, actor)
        with pytest.raises(NotAllowed):
            solution.decline_proposal(case.row, actor, reason="Non.")
    case.accept("2026-11-09 11:00", stage.account("maire"))
    case.accept("2026-11-09 12:00", stage.account("maire"))  # twice is once
    assert case.row.solutions.get().answered_at.hour == 10  # UTC


def test_two_lines_accepted_are_named_to_the_applicant_only_together(stage: Stage) -> None:
    case = accepted(stage)
    assert {line.provider.code for line in case.row.solutions.get().lines.all()} == {
        offer("atd-batiment-04").provider.code,
        offer("caue-bourg-04").provider.code,
    }
