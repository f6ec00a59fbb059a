"""The agency's pages: its queue, its five answers, the agreement and its three dates."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import OrganisationKind
from accounts.models import Mandate
from accounts.services.people import ensure_organisation
from operators.models import Offer, Provider
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import Agreement, SupportRequest
from requests.services import national
from requests.views.journal import journal_of
from tests.requests.counting import statements
from tests.requests.journeys import offer, prepared, reviewed
from tests.requests.reading import read_and_post

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
SignIn = Callable[[Client, Mandate | str], Client]
TEXT = "Un texte qui explique la réponse."


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-12 10:00")


@pytest.fixture
def agency(client: Client, sign_in: SignIn) -> Client:
    return sign_in(client, "anct")


def page(name: str, case: Case | SupportRequest) -> str:
    row = case if isinstance(case, SupportRequest) else case.row
    return reverse(f"requests:{name}", args=[row.reference])


# --- the queue -------------------------------------------------------------------------------------------------------


def test_the_queue_counts_and_shows_each_tab(agency: Client, stage: Stage) -> None:
    visible = SupportRequest.objects.filter(referred_at__isnull=False)
    page_of_all = agency.get("/national/")
    counts = {name: count.value for name, _, count in page_of_all.context["tabs"]}
    assert counts["conventions"] == visible.filter(state="contracting").count() == 1
    assert counts["accompagnements"] == visible.filter(state__in=["national_support", "suspended"]).count()
    for name in counts:
        shown = agency.get(f"/national/?vue={name}").context["page"].object_list
        assert len(shown) == counts[name]
    assert sum(counts.values()) == visible.count()


def test_a_file_sent_back_stays_in_a_tab_whatever_became_of_it(
    agency: Client, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = reviewed(stage).row
    for state in ("proposed", "qualification"):
        SupportRequest.objects.filter(pk=row.pk).update(state=state)
        assert row in agency.get("/national/?vue=terminees").context["page"].object_list, state
    monkeypatch.setattr("requests.views.national.PAGE_SIZE", 1)
    assert 'href="?page=2&amp;vue=terminees"' in agency.get("/national/?vue=terminees").content.decode()


def test_the_offer_that_the_agency_names_is_read_and_ticked_where_one_decides(sign_in: SignIn, stage: Stage) -> None:
    case, named = reviewed(stage), offer("chambre-commerce-04")
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.send_back(case.row, actor, offer=named, text="La chambre fait ces études.")
    found = sign_in(Client(), "adjoint").get(page("act-decider", case))
    assert "L’Agence renvoie vers une offre locale" in found.text
    assert "La chambre fait ces études." in found.text
    rows = {one["row"].uuid: one["ticked"] for one in found.context["candidates"]}
    rows |= {one["uuid"]: one["ticked"] for one in found.context["others"]}
    assert [uuid for uuid, ticked in rows.items() if ticked] == [str(named.uuid)]


@pytest.mark.parametrize("query", ["?vue=nothing", "?page=99", "?page=x", "?vue=instruction&page=0"])
def test_an_odd_address_still_shows_a_queue(query: str, agency: Client) -> None:
    assert agency.get(f"/national/{query}").status_code == 200


def test_the_queue_costs_the_same_for_any_number_of_rows(agency: Client) -> None:
    with statements() as few:
        one = agency.get("/national/?vue=conventions")
    SupportRequest.objects.update(referred_at="2026-11-01T10:00Z")
    with statements() as many:
        closed = agency.get("/national/?vue=terminees")
    assert len(one.context["page"].object_list) == 1 < 5 < len(closed.context["page"].object_list)
    assert len(few) == len(many) <= 8, many


def test_a_territorial_officer_sees_his_departments_only(sign_in: SignIn, stage: Stage) -> None:
    reviewed(stage)
    officer = sign_in(Client(), "cmt")
    shown = officer.get("/national/?vue=instruction").context["page"].object_list
    assert {row.department_id for row in shown} == {"04"}


@pytest.mark.parametrize("name", ["maire", "instructeur", "cerema", "offreur", "clct", "admin"])
def test_the_queue_is_the_agency_s(name: str, sign_in: SignIn) -> None:
    assert sign_in(Client(), name).get("/national/").status_code == 403


# --- the answers -----------------------------------------------------------------------------------------------------

#: Act → (body, state, fields that it misses when nothing is sent).
ANSWERS: dict[str, tuple[dict[str, Any], str, set[str]]] = {
    "national-ask-more": ({"text": TEXT}, "referral_preparation", {"text"}),
    "national-send-back": ({"offer": "local", "text": TEXT}, "local_search", {"offer"}),
    "national-not-retain": ({"reason": "maturity", "text": TEXT}, "local_search", {"reason", "text"}),
    "national-delegate": ({"operator_cerema": "on", "mission_cerema": TEXT}, "delegated", {"__all__"}),
    "national-service": ({"service": "service", "text": TEXT}, "national_support", {"service"}),
    "national-contract": (
        {"lot": "Lot 3", "outside_reason": TEXT, "amount_excl_tax": "38400", "agency_share": "60"},
        "contracting",
        {"lot", "outside_reason", "amount_excl_tax", "agency_share"},
    ),
}


def body_of(name: str) -> dict[str, Any]:
    found = {
        "local": str(Offer.objects.get(code="chambre-commerce-04").pk),
        "service": str(Provider.objects.get(code="immobilier-commercial").pk),
    }
    return {field: found.get(value, value) for field, value in ANSWERS[name][0].items()}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer(name: str, agency: Client, stage: Stage) -> None:
    case = reviewed(stage)
    assert agency.get(page(name, case)).status_code == 200
    answer = agency.post(page(name, case), body_of(name))
    assert (answer.status_code, answer["Location"]) == (302, page("national-file", case))
    case.row.refresh_from_db()
    assert case.row.state == ANSWERS[name][1]
    if case.row.state in {"delegated", "national_support", "contracting"}:
        assert agency.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("name", ANSWERS)
def test_what_an_answer_misses_stands_beside_its_field(name: str, agency: Client, stage: Stage) -> None:
    case = reviewed(stage)
    answer = agency.post(page(name, case), {})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == ANSWERS[name][2]
    text = answer.content.decode()
    for field in ANSWERS[name][2] - {"__all__"}:
        assert f"{field}_error" in text
    assert 'id="erreurs"' in text


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_after_another_names_who_was_first(name: str, agency: Client, stage: Stage) -> None:
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("dg")) as actor:
        national.not_retain(case.row, actor, reason="budget", text=TEXT)
    answer = agency.post(page(name, case), body_of(name))
    assert answer.status_code == 409
    assert "Mme\u00a0Cyprès" in answer.content.decode()
    assert case.row.national_answers.count() == 1


def test_the_desk_reads_why_the_agency_does_not_act(stage: Stage, sign_in: SignIn) -> None:
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("dg")) as actor:
        national.not_retain(case.row, actor, reason="budget", text="Aucun crédit avant janvier.")
    file = sign_in(Client(), "instructeur").get(page("file", case)).content.decode()
    said = file.partition('id="reponse-agence"')[2].partition("</section>")[0]
    for words in ("Demande non retenue", "crédits épuisés", "12 novembre 2026", "Aucun crédit avant janvier."):
        assert words in said
    mayor = sign_in(Client(), "maire").get(f"/demandes/{case.row.reference}/").content.decode()
    assert "crédits épuisés" not in mayor.lower(), "the prefecture tells the mayor"


def test_taking_up_names_the_instructor(agency: Client, stage: Stage) -> None:
    case = prepared(stage)
    from requests.services import referral

    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    text = agency.get(page("national-take-up", case)).content.decode()
    assert "Mélèze" in text
    answer = agency.post(page("national-take-up", case), {"person": "nobody"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["person"])
    person = str(stage.account("dg").uuid)
    assert agency.post(page("national-take-up", case), {"person": person}).status_code == 302
    named = case.row.assignments.get(kind="national_instructor", until=None)
    assert named.person == stage.account("dg").user
    assert agency.post(page("national-take-up", case), {"person": person}).status_code == 409


def test_a_mission_is_written_for_each_operator_chosen(agency: Client, stage: Stage) -> None:
    case = reviewed(stage)
    answer = agency.post(page("national-delegate", case), {"operator_cerema": "on", "operator_anah": "on"})
    assert set(answer.context["form"].errors) == {"mission_cerema", "mission_anah"}
    agency.post(
        page("national-delegate", case),
        {"operator_cerema": "on", "mission_cerema": "A", "operator_anah": "on", "mission_anah": "B"},
    )
    assert {(row.operator.code, row.mission) for row in case.row.delegations.all()} == {("cerema", "A"), ("anah", "B")}


def test_a_silent_operator(agency: Client, stage: Stage) -> None:
    case = reviewed(stage)
    agency.post(page("national-delegate", case), body_of("national-delegate"))
    assert agency.post(page("national-return", case), {"text": "Aucune nouvelle."}).status_code == 302
    case.row.refresh_from_db()
    assert case.row.state == "national_review"


def test_a_return_once_an_operator_accepted(agency: Client, stage: Stage) -> None:
    case = reviewed(stage)
    agency.post(page("national-delegate", case), body_of("national-delegate"))
    case.operator("2026-11-12", "cerema", starts="2026-12-07", text="En décembre.")
    answer = agency.post(page("national-return", case), {"text": "Trop tard."})
    assert answer.status_code == 409
    assert agency.post(page("national-start", case)).status_code == 302


# --- the agreement ---------------------------------------------------------------------------------------------------


@pytest.fixture
def contracting(agency: Client, stage: Stage) -> Case:
    case = reviewed(stage)
    agency.post(page("national-contract", case), body_of("national-contract"))
    case.row.refresh_from_db()
    return case


def test_three_dates_then_the_order(contracting: Case, agency: Client, sign_in: SignIn, stage: Stage) -> None:
    case, director = contracting, sign_in(Client(), "dg")
    commitment = {"committed_on": "2026-11-12", "starts_on": "2026-12-07"}
    assert page("national-commit", case) not in director.get(page("national-file", case)).content.decode()
    early = director.post(page("national-commit", case), commitment)
    assert early.status_code == 422
    assert "deux signatures" in early.content.decode()
    assert agency.get(page("national-order", case)).status_code == 403

    deputy = sign_in(Client(), "adjoint")
    signed = {"signatory": str(case.deputy.uuid), "signed_on": "2026-11-12"}
    assert deputy.get(page("agreement-sign-prefect", case)).status_code == 200
    assert read_and_post(deputy, page("agreement-sign-prefect", case), signed).status_code == 302
    assert page("agreement-sign-prefect", case) not in deputy.get(page("file", case)).content.decode()
    desk = sign_in(Client(), "instructeur")
    assert page("agreement-sign-body", case) in desk.get(page("file", case)).content.decode()
    body = {"deliberated_on": "2026-11-12", "signed_on": "2026-11-10", "signed_by": "Mme Bruyère"}
    wrong = read_and_post(desk, page("agreement-sign-body", case), body)
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["deliberated_on"])
    body = {**body, "deliberated_on": "2026-11-06"}
    assert read_and_post(desk, page("agreement-sign-body", case), body).status_code == 302

    assert page("agreement-sign-body", case) not in desk.get(page("file", case)).content.decode()
    assert agency.post(page("national-commit", case), commitment).status_code == 403
    assert page("national-commit", case) in director.get(page("national-file", case)).content.decode()
    assert director.post(page("national-commit", case), commitment).status_code == 302
    case.row.refresh_from_db()
    assert case.row.state == "contracting"  # support starts on 7 December
    journal = desk.get(page("file", case)).text
    journal = journal[journal.index('id="journal"') :]
    told = ["L’Agence engage la dépense", "La collectivité signe la convention", "L’État signe la convention"]
    assert sorted(told, key=journal.index) == told, "the latest first, before the file moves"
    outside = journal_of(case.row, stage.actor(case.deputy), internal=False)
    assert not any("convention" in line.title for line in outside)

    contractor = ensure_organisation("bureau", OrganisationKind.CONTRACTOR, "Bureau d’études")
    assert page("national-order", case) in agency.get(page("national-file", case)).content.decode()
    empty = agency.post(page("national-order", case), {})
    assert set(empty.context["form"].errors) == {"number", "contractor"}
    order = {"number": "BC-12", "contractor": str(contractor.pk)}
    assert agency.post(page("national-order", case), order).status_code == 302
    kept = Agreement.objects.get(support_request=case.row)
    assert (kept.order_number, kept.contractor) == ("BC-12", contractor)
    assert page("national-order", case) not in agency.get(page("national-file", case)).content.decode()
    mayor = sign_in(Client(), "maire")
    assert "Bureau d’études" in mayor.get(reverse("requests:detail", args=[case.row.reference])).content.decode()


def test_the_desk_records_a_paper_signature_and_nobody_else_does(
    contracting: Case, sign_in: SignIn, agency: Client
) -> None:
    paper = {"signatory": str(contracting.deputy.uuid), "signed_on": "2026-11-12", "on_paper": "on"}
    address = page("agreement-sign-prefect", contracting)
    assert sign_in(Client(), "maire").post(address, paper).status_code == 403
    assert agency.post(address, paper).status_code == 403
    desk = sign_in(Client(), "instructeur")
    assert desk.post(address, {**paper, "on_paper": ""}).status_code == 403
    wrong = read_and_post(desk, address, {**paper, "signed_on": "2026-09-05"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["signatory"])
    assert read_and_post(desk, address, paper).status_code == 302
    assert Agreement.objects.get(support_request=contracting.row).prefect_signature.on_paper


def test_an_order_without_an_agreement(agency: Client, stage: Stage) -> None:
    contractor = ensure_organisation("bureau", OrganisationKind.CONTRACTOR, "Bureau d’études")
    order = {"number": "BC-12", "contractor": str(contractor.pk)}
    answer = agency.post(page("national-order", reviewed(stage)), order)
    assert answer.status_code == 409


def test_an_agreement_given_up(contracting: Case, agency: Client) -> None:
    assert agency.post(page("national-cancel", contracting), {"text": TEXT}).status_code == 302
    late = agency.post(page("national-cancel", contracting), {"text": TEXT})
    assert late.status_code == 409
    assert "M.\u00a0Mélèze" in late.content.decode()


def test_the_mayor_reads_the_answer_and_not_what_the_prefect_was_told(
    agency: Client, sign_in: SignIn, stage: Stage
) -> None:
    case = reviewed(stage)
    agency.post(page("national-not-retain", case), {"reason": "budget", "text": "explication-au-prefet"})
    mayor = sign_in(Client(), "maire").get(reverse("requests:detail", args=[case.row.reference])).content.decode()
    assert "explication-au-prefet" not in mayor
    desk = sign_in(Client(), "instructeur").get(page("file", case)).content.decode()
    assert "explication-au-prefet" in desk
