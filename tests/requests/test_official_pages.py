"""What an official reads: his requests, one request in a sentence, and nothing that is not his (SCREENS 3)."""

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Mandate
from accounts.services import mandates, people
from common.actor import Role
from operators.models import Provider
from requests.demonstration.stage import Stage
from requests.models import (
    Delegation,
    Dispatch,
    Document,
    Message,
    ReadingLog,
    Referral,
    ReferralMotive,
    RoutingAssessment,
    SupportRequest,
    Transition,
)
from requests.services import drafts, exchanges
from requests.workflow import State
from territories.models import Collectivity
from tests.requests.counting import multiply, statements
from tests.requests.test_intake_filing import begin, ready, step

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, Mandate | str], Client]
Find = Callable[[str], SupportRequest]


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``); a test that signs two people in is not a loop."""


def executive(support_request: SupportRequest) -> Mandate:
    """The elected head of the applicant, in office today."""
    held = Mandate.objects.in_force(dt.date(2026, 11, 21)).filter(
        collectivity=support_request.collectivity, role=Role.OFFICIAL, confirmed_at__isnull=False
    )
    return held.select_related("user").latest("starts_on")


def in_state(state: State, department: str = "") -> SupportRequest:
    """The first file of the demonstration in that state."""
    rows = SupportRequest.objects.filter(state=state).select_related("collectivity", "department")
    return (rows.filter(department_id=department) if department else rows).earliest("pk")


def read(client: Client, support_request: SupportRequest, part: str = "") -> str:
    response = client.get(f"/demandes/{support_request.reference}/{part}")
    assert response.status_code == 200, response.status_code
    return html.unescape(response.content.decode())


# --- the list --------------------------------------------------------------------------------------------------------


def test_a_visitor_is_sent_to_sign_in_and_back(client: Client) -> None:
    assert client.get("/demandes/")["Location"] == "/connexion/?next=/demandes/"


def test_the_list_holds_my_collectivity_s_requests_and_no_other(client: Client, sign_in: SignIn, case: Find) -> None:
    sign_in(client, "maire")
    page = client.get("/demandes/").content.decode()
    assert case("04121").reference in page
    others = SupportRequest.objects.exclude(collectivity__code="04121").values_list("reference", flat=True)
    assert not [reference for reference in others if reference in page]


def test_a_collectivity_without_request_is_told_where_to_begin(client: Client, sign_in: SignIn, stage: Any) -> None:
    sign_in(client, stage.official("04001", "M. Jean Osier"))
    page = client.get("/demandes/").content.decode()
    assert "Votre commune n’a pas encore de demande." in page
    assert "Décrire mon besoin" in page
    assert "Voir ce qui existe pour nous" in page


def test_a_claimed_mandate_sees_only_what_its_holder_sent(client: Client, sign_in: SignIn, case: Find) -> None:
    user = people.register(first_name="Luc", last_name="Aune", email="luc@exemple.fr")
    claimed = mandates.claim(user, collectivity=Collectivity.objects.get(code="04121"), function="adjoint")
    sign_in(client, claimed)
    assert case("04121").reference not in client.get("/demandes/").content.decode()
    assert client.get(f"/demandes/{case('04121').reference}/").status_code == 404
    pk = ready(client)
    client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"})
    own = SupportRequest.objects.get(submission_key=pk)
    assert own.reference in client.get("/demandes/").content.decode()
    assert client.get(f"/demandes/{own.reference}/").status_code == 200


@pytest.mark.parametrize("count", [1, 10, 100])
def test_the_list_costs_the_same_whatever_its_length(client: Client, sign_in: SignIn, case: Find, count: int) -> None:
    sign_in(client, "maire")
    multiply(case("04121"), count - 1)
    begin(client)
    with statements() as sql:
        assert client.get("/demandes/").status_code == 200
    assert len(sql) <= 8, sql


# --- one request -----------------------------------------------------------------------------------------------------


def test_every_state_has_its_sentence_its_persons_and_its_way(client: Client, sign_in: SignIn) -> None:
    seen = set()
    for row in SupportRequest.objects.select_related("collectivity", "department"):
        holders = Mandate.objects.filter(collectivity=row.collectivity, role=Role.OFFICIAL, status="confirmed")
        if not holders.exists():
            continue
        page = read(sign_in(Client(), holders.select_related("user").latest("starts_on")), row)
        seen.add(row.state)
        assert "portal-state__sentence" in page
        assert page.index("Ce qu’on attend de vous") < page.index('id="interlocuteur"') < page.index("Le chemin")
        assert page.index("Le chemin") < page.index('id="echanges"') < page.index('id="documents"')
        assert page.index('id="documents"') < page.index("Qui a vu cette demande")
        assert "Demande envoyée" in page
        assert "gratuit" not in page.lower()
    assert len(seen) >= 10, seen


def test_every_page_is_within_its_budget(client: Client, sign_in: SignIn) -> None:
    for row in SupportRequest.objects.select_related("collectivity"):
        holders = Mandate.objects.filter(collectivity=row.collectivity, role=Role.OFFICIAL, status="confirmed")
        if not holders.exists():
            continue
        reader = sign_in(Client(), holders.select_related("user").latest("starts_on"))
        with statements() as sql:
            reader.get(f"/demandes/{row.reference}/")
        assert len(sql) <= 15, (row.state, "\n".join(sql))


def test_many_messages_and_documents_cost_no_more(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    sign_in(client, "maire")
    author = executive(row).user
    at = row.submitted_at
    Message.objects.bulk_create(
        Message(
            support_request=row, channel="public", author=author, author_label="Quelqu’un", text=f"Mot {rank}", at=at
        )
        for rank in range(100)
    )
    Document.objects.bulk_create(
        Document(support_request=row, channel="public", kind="receipt", title=f"Pièce {n}", source_key=f"x:{n}", at=at)
        for n in range(50)
    )
    with statements() as sql:
        page = read(client, row)
    assert len(sql) <= 15, "\n".join(sql)
    assert page.count('<article class="portal-message') == 30
    assert "Voir les messages plus anciens" in page
    assert read(client, row, "?messages=tous").count('<article class="portal-message') == 100


def test_what_is_hidden_does_not_exist(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    for who in ("maire2", "instructeur2", "offreur", "clct", "admin"):
        other = sign_in(Client(), who)
        assert other.get(f"/demandes/{row.reference}/").status_code == 404, who
        assert other.get(f"/demandes/{row.reference}/etat/").status_code == 404, who
        for act in ("accepter", "refuser", "completer", "retirer", "signer", "relancer"):
            assert other.get(f"/demandes/{row.reference}/{act}/").status_code == 404, (who, act)
            assert other.post(f"/demandes/{row.reference}/{act}/", {}).status_code == 404, (who, act)


def test_agents_are_led_to_their_own_page(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    sign_in(client, "instructeur")
    assert client.get(f"/demandes/{row.reference}/")["Location"] == f"/guichet/{row.reference}/"


def test_an_operator_s_refusal_is_told_by_its_public_sentence(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("12089")
    declined = Delegation.objects.get(support_request=row, state="declined")
    assert declined.public_answer
    page = read(sign_in(client, executive(row)), row)
    assert declined.public_answer in page
    assert declined.answer_text[:60] not in page
    assert declined.get_decline_reason_display() not in page


def test_private_notes_never_reach_the_way(client: Client, sign_in: SignIn) -> None:
    private = Transition.objects.filter(note__is_public=False).select_related("note", "support_request__collectivity")
    assert private.count() > 0
    for one in private[:12]:
        holders = Mandate.objects.filter(collectivity=one.support_request.collectivity, role=Role.OFFICIAL)
        if holders.filter(status="confirmed").exists():
            mandate = holders.filter(status="confirmed").select_related("user").latest("starts_on")
            page = read(sign_in(Client(), mandate), one.support_request)
            assert html.unescape(one.note.text)[:50] not in page


def test_the_dispatch_is_told_with_its_hour(client: Client, sign_in: SignIn, case: Find) -> None:
    page = read(sign_in(client, "maire"), case("04121"))
    assert re.search(r"Acheminée le 13\u00a0mai 2026 à \d+\u00a0h", page)


def test_hours_are_those_of_the_territory(client: Client, sign_in: SignIn) -> None:
    row = SupportRequest.objects.select_related("collectivity").get(collectivity__code="97353")
    page = read(sign_in(client, executive(row)), row)
    assert "27\u00a0mai 2025 à 21\u00a0h\u00a010 (heure de" in page


def test_too_few_requests_give_the_desk_s_word_instead_of_a_delay(client: Client, sign_in: SignIn) -> None:
    row = in_state(State.SUBMITTED, "04")
    page = read(sign_in(client, executive(row)), row)
    assert "Pas encore assez de demandes pour calculer un délai." in page
    assert "Le guichet s’engage à vous répondre sous 15 jours ouvrés." in page


def test_enough_requests_give_a_median_with_its_count(client: Client, sign_in: SignIn, case: Find) -> None:
    multiply(case("04121"), 12)
    row = in_state(State.SUBMITTED, "04")
    page = read(sign_in(client, executive(row)), row)
    assert re.search(r"au bout de \d+\u00a0jours \(médiane sur \d\d\u00a0demandes du département\)", page)


def test_the_page_asks_again_only_while_a_worker_is_at_it(client: Client, sign_in: SignIn, case: Find) -> None:
    row = in_state(State.SUBMITTED, "04")
    sign_in(client, executive(row))
    assert 'hx-trigger="every 5s"' not in read(client, row)
    SupportRequest.objects.filter(pk=row.pk).update(assessment=None)
    assert 'hx-trigger="every 5s"' in read(client, row)
    fragment = read(client, row, "etat/")
    assert "<html" not in fragment
    assert 'hx-trigger="every 5s"' in fragment
    SupportRequest.objects.filter(pk=row.pk).update(
        assessment=RoutingAssessment.objects.filter(support_request=row).first()
    )
    assert 'hx-trigger="every 5s"' not in read(client, row, "etat/")


def test_a_dispatch_that_waits_is_waited_for(client: Client, sign_in: SignIn, case: Find) -> None:
    row = in_state(State.LOCAL_SEARCH, "67")
    sign_in(client, executive(row))
    Dispatch.objects.filter(decision__support_request=row).update(done_at=None)
    assert Dispatch.objects.filter(decision__support_request=row).exists()
    assert 'hx-trigger="every 5s"' in read(client, row)


def test_readers_are_bodies_never_persons(client: Client, sign_in: SignIn, case: Find, stage: Any) -> None:
    row = case("04121")
    agent = stage.account("cmt")
    ReadingLog.objects.create(
        support_request=row, person=agent.user, role="cmt", body="Mission territoriale", at=row.submitted_at
    )
    page = read(sign_in(client, "maire"), row)
    readers = page[page.index("Qui a vu cette demande") :]
    assert "Mission territoriale, le 5\u00a0mai 2026" in readers
    assert agent.user.last_name not in page


def test_facts_on_the_body_are_read_before_the_signature(client: Client, sign_in: SignIn) -> None:
    row = in_state(State.LOCAL_SEARCH, "67")
    SupportRequest.objects.filter(pk=row.pk).update(state=State.REFERRAL_PREPARATION)
    referral = Referral.objects.create(support_request=row, opened_at=row.submitted_at)
    ReferralMotive.objects.create(
        referral=referral,
        motive="fragility",
        justification="Un texte que le guichet écrit à l’Agence.",
        facts=[{"code": "fact_unknown", "args": {"fact": "frr"}, "holds": None, "source": "Liste de l’État"}],
    )
    page = read(sign_in(client, executive(row)), row)
    assert "Situation de la collectivité" in page
    assert "France ruralités revitalisation (FRR)\u00a0: inconnu" in page
    assert "Un texte que le guichet écrit" in page, "the form of the desk says that he reads it"


def test_the_way_says_why_a_request_was_transmitted(client: Client, sign_in: SignIn) -> None:
    row = SupportRequest.objects.filter(referred_at__isnull=False, referrals__motives__motive="complexity").earliest(
        "pk"
    )
    referral = row.referrals.latest("opened_at")
    Referral.objects.create(support_request=row, opened_at=referral.opened_at, state="abandoned").motives.create(
        motive="fragility"
    )
    page = read(sign_in(client, executive(row)), row)
    assert "(parce que : " in page
    assert "compétences réunies nulle part" in page
    assert "la situation de la collectivité le justifie" not in page


def test_an_operator_that_declines_while_another_is_asked_stops_no_search(client: Client, sign_in: SignIn) -> None:
    row = SupportRequest.objects.filter(delegations__state="accepted", state=State.NATIONAL_SUPPORT).earliest("pk")
    held = row.delegations.get(state="accepted")
    other = Provider.objects.filter(kind="operator").exclude(delegations__support_request=row).first()
    Delegation.objects.create(
        support_request=row,
        operator=other,
        state="declined",
        mission="x",
        asked_at=held.asked_at,
        asked_by_id=held.asked_by_id,
        answered_at=held.answered_at - dt.timedelta(hours=1),
        decline_reason="workload",
    )
    page = read(sign_in(client, executive(row)), row)
    assert f"{other.name} n’interviendra pas." in page
    assert "cherche un autre opérateur" not in page


def test_a_help_of_the_agency_proposed_locally_stays_shown(client: Client, sign_in: SignIn) -> None:
    row = SupportRequest.objects.filter(route="agency_service", solutions__state="accepted").earliest("pk")
    assert "L’aide que vous avez acceptée" in read(sign_in(client, executive(row)), row)


def test_the_details_typed_are_read_again_and_copied(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    details = {"function": "adjointe", "perimeter": "Le vieux bourg", "partners": "La Poste", "budget": "30 000 euros"}
    SupportRequest.objects.filter(pk=row.pk).update(details=details)
    for who, page in (("maire", "demandes"), ("instructeur", "guichet")):
        text = sign_in(client, who).get(f"/{page}/{row.reference}/").content.decode()
        for words in details.values():
            assert words in text, (who, words)
    row.refresh_from_db()
    copied = drafts.copy_of(row, Stage().actor(Stage().account("maire"))).answers
    assert (copied["contact_function"], copied["perimeter"]) == ("adjointe", "Le vieux bourg")


def test_a_copy_keeps_a_communicable_title_that_was_chosen_and_no_other(case: Find) -> None:
    row, mayor = case("04121"), Stage().actor(Stage().account("maire"))
    row.public_title = "Un toit pour l’école"
    assert drafts.copy_of(row, mayor).answers["public_title"] == "Un toit pour l’école"
    row.public_title = row.subject.label
    assert "public_title" not in drafts.copy_of(row, mayor).answers


def test_a_project_leader_who_reads_leaves_a_trace(client: Client, sign_in: SignIn, case: Find, stage: Any) -> None:
    leader, row = stage.account("chefprojet"), case("04121")
    SupportRequest.objects.filter(pk=row.pk).update(filed_by=leader.user)
    read(sign_in(client, leader), row)
    assert ReadingLog.objects.filter(support_request=row, person=leader.user).count() == 1
    read(sign_in(client, "maire"), row)
    assert not ReadingLog.objects.filter(support_request=row, role="official").exists()


def test_the_grouping_reads_by_consent_only(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    sign_in(client, "epci")
    SupportRequest.objects.filter(pk=row.pk).update(shared_with_grouping=False)
    assert client.get(f"/demandes/{row.reference}/").status_code == 404
    SupportRequest.objects.filter(pk=row.pk).update(shared_with_grouping=True)
    page = read(client, row)
    assert "Rien pour le moment." in page
    assert "Qui a vu cette demande" not in page
    assert "partagée avec vous" in client.get("/demandes/").content.decode()


def test_relaunching_appears_after_fifteen_working_days(client: Client, sign_in: SignIn, clock: Any) -> None:
    row = in_state(State.SUBMITTED, "04")
    clock.move_to(row.last_activity_at)
    sign_in(client, executive(row))
    assert "/relancer/" not in read(client, row)
    clock.shift(days=23)
    desk = Stage().actor(Stage().account("instructeur"))
    exchanges.post(row, desk, channel="internal", text="Entre services.")
    SupportRequest.objects.filter(pk=row.pk).update(hidden_until=dt.date(2027, 6, 1))
    assert exchanges.may_chase(row), "a note among the services is no news to the applicant"
    sign_in(client, executive(row))
    assert "/relancer/" in read(client, row)
    assert client.post(f"/demandes/{row.reference}/relancer/").status_code == 302
    assert SupportRequest.objects.get(pk=row.pk).hidden_until is None
    assert "/relancer/" not in read(client, row)
    assert client.post(f"/demandes/{row.reference}/relancer/").status_code == 409
