"""The dashboard: who sees what, what each counter counts, what reading changes, and what a page costs."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import zeal
from django.test import Client

from common.actor import Actor
from common.french import NBSP
from requests import queue
from requests.demonstration.case import file as file_request
from requests.demonstration.stage import Stage
from requests.models import Referral, SupportRequest
from requests.queue import COUNTERS, ORDERS, bounded_counts, current
from requests.services import exchanges, triage
from requests.workflow import State
from tests.requests.counting import multiply, statements
from tests.requests.reading import read_and_post

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, str], Client]


@pytest.fixture(autouse=True)
def _morning(clock: object) -> None:
    """Monday of the demonstration."""
    clock.move_to("2026-11-23 10:00")  # type: ignore[attr-defined]


def references(response: object) -> list[str]:
    return [line.reference for line in response.context["lines"]]  # type: ignore[attr-defined]


def test_a_page_costs_the_same_for_one_ten_and_a_hundred_rows(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest]
) -> None:
    sign_in(client, "instructeur")
    row = case("04208")
    costs = {}
    for added in (0, 10, 90):
        multiply(row, added)
        with statements() as sql:
            response = client.get("/guichet/")
        assert response.status_code == 200
        costs[len(response.context["lines"])] = len(sql)
    assert len(set(costs.values())) == 1, costs
    assert max(costs.values()) <= 8


def test_filters_cost_no_statement_more(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "instructeur")
    with statements() as plain:
        client.get("/guichet/")
    with statements() as narrowed:
        client.get(
            "/guichet/?q=place&vue=a-lire&sujet=participation&arrondissement=041&interlocuteur=moi&etat=proposed"
        )
    assert len(narrowed) <= len(plain)


def test_words_are_found_whatever_their_accents(client: Client, sign_in: SignIn, case: Any) -> None:
    sign_in(client, "instructeur")
    need = "Rénover l’école du centre-bourg et son préau, rue St-Jean, à Noël au plus tard."
    SupportRequest.objects.filter(pk=case("04208").pk).update(need=need)
    typed_here = ("école", "ecole", "ECOLES", "noel", "centre-bourg", "centre bourg", "l'école", "St-Jean", "rénovée")
    for typed in (*typed_here, "renover", '"préau, rue"', "école -piscine"):
        assert case("04208").reference in references(client.get("/guichet/", {"q": typed})), typed
    assert case("04208").reference not in references(client.get("/guichet/", {"q": "école -préau"}))


def test_a_page_beyond_the_last_leads_back_to_the_first(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "instructeur")
    answer = client.get("/guichet/?page=7&ordre=recentes")
    assert (answer.status_code, answer["Location"]) == (302, "?page=1&ordre=recentes")
    assert client.get("/guichet/?q=introuvable").status_code == 200


def test_each_filter_offers_once_to_be_indifferent(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "instructeur")
    for field in client.get("/guichet/").context["filtering"].form:
        if field.name not in {"q", "ordre"}:
            assert [value for value, _ in field.field.choices].count("") == 1, field.name


def test_a_refused_filter_is_named(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "instructeur")
    assert "Rechercher&nbsp;: " in client.get("/guichet/", {"q": "x" * 121}).text


@pytest.mark.parametrize("name", ["instructeur", "adjoint", "delegue", "sousprefet", "cmt", "suivi", "instructeur2"])
def test_each_tile_counts_its_own_list(client: Client, sign_in: SignIn, name: str) -> None:
    sign_in(client, name)
    counted = client.get("/guichet/").context["counts"]
    for counter in COUNTERS:
        listed = client.get(f"/guichet/?vue={counter.key}")
        assert listed.context["counts"]["listed"] == counted[counter.key], counter.key
        assert len(listed.context["lines"]) == counted[counter.key].value, counter.key


def test_the_demonstration_gives_something_to_count(actor: Callable[[str], Actor]) -> None:
    """Otherwise the test above would compare zeros."""
    instructor = actor("instructeur")
    visible = current(SupportRequest.objects.visible_to(instructor), instructor.on)
    counts = bounded_counts({counter.key: visible.filter(counter.condition(instructor)) for counter in COUNTERS})
    assert {key for key, count in counts.items() if count} >= {"a-lire", "a-moi", "collectivite"}


def test_a_count_stops_at_its_bound(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST", 3)
    multiply(case("04208"), 10)
    sign_in(client, "instructeur")
    response = client.get("/guichet/")
    assert str(response.context["counts"]["listed"]) == f"plus de{NBSP}3"
    assert response.context["counts"]["listed"].value == 4
    assert f"plus de{NBSP}3 demandes" in response.text


# --- perimeters ------------------------------------------------------------------------------------------------------


def test_each_sees_his_perimeter(client: Client, sign_in: SignIn) -> None:
    everything = "/guichet/?etat=toutes"
    assert {row[5:7] for row in references(sign_in(client, "instructeur2").get(everything))} == {"90"}
    sub_prefect = sign_in(client, "sousprefet").get(everything)
    shown = SupportRequest.objects.filter(reference__in=references(sub_prefect))
    assert set(shown.values_list("arrondissement_id", flat=True)) == {"044"}


def test_another_desk_sees_what_concerns_it_too(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest]
) -> None:
    """A grouping over two departments: one leads, the other sees, and the turn is not his."""
    row = case("04022")
    row.concerned_departments.create(department_id="90")
    SupportRequest.objects.filter(pk=row.pk).update(holder="desk")
    response = sign_in(client, "instructeur2").get("/guichet/")
    line = next(line for line in response.context["lines"] if line.reference == row.reference)
    assert line.waiting_for == "une signature"
    assert row.reference not in references(client.get("/guichet/?vue=a-moi"))


def test_a_follow_up_officer_sees_the_files_he_follows(client: Client, sign_in: SignIn) -> None:
    listed = references(sign_in(client, "suivi").get("/guichet/?etat=toutes"))
    followed = SupportRequest.objects.filter(
        assignments__person__email="suivi@demo.example", assignments__kind="follow_up_officer", assignments__until=None
    )
    assert sorted(listed) == sorted(followed.values_list("reference", flat=True))
    assert listed


@pytest.mark.parametrize("name", ["maire", "secretaire", "clct", "admin"])
def test_who_has_no_queue_is_told_so(client: Client, sign_in: SignIn, name: str) -> None:
    assert sign_in(client, name).get("/guichet/").status_code == 403


def test_a_visitor_signs_in_first(client: Client) -> None:
    response = client.get("/guichet/?vue=a-lire")
    assert response.status_code == 302
    assert response["Location"].startswith("/connexion/")


# --- reading ---------------------------------------------------------------------------------------------------------


def unread(client: Client) -> set[str]:
    return {line.reference for line in client.get("/guichet/").context["lines"] if line.is_unread}


def test_a_file_is_unread_until_opened_and_again_when_something_happens(
    client: Client,
    sign_in: SignIn,
    actor: Callable[[str], Actor],
    case: Callable[[str], SupportRequest],
    clock: object,
) -> None:
    row = case("04208")
    sign_in(client, "instructeur")
    clock.shift(minutes=1)  # type: ignore[attr-defined]
    exchanges.post(row, actor("adjoint"), channel="internal", text="À voir avec le sous-préfet.")
    assert row.reference in unread(client)
    client.get(f"/guichet/{row.reference}/")
    assert row.reference not in unread(client)
    clock.shift(minutes=2)  # type: ignore[attr-defined]
    exchanges.post(row, actor("adjoint"), channel="internal", text="Il est d’accord.")
    assert row.reference in unread(client), "news within ten minutes of a reading is news"
    client.get(f"/guichet/{row.reference}/")
    assert row.reference not in unread(client)


def test_reading_is_each_ones_own(client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest]) -> None:
    row = case("04208")
    sign_in(client, "instructeur").get(f"/guichet/{row.reference}/")
    assert row.reference in unread(sign_in(client, "delegue"))


def test_ones_own_act_leaves_nothing_to_read(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest], clock: object
) -> None:
    row = case("04208")
    sign_in(client, "instructeur").get(f"/guichet/{row.reference}/")
    clock.shift(minutes=3)  # type: ignore[attr-defined]
    posted = {"channel": "internal", "text": "Vu.", "key": str(uuid.uuid4())}
    client.post(f"/guichet/{row.reference}/message/", posted, follow=True)
    assert row.reference not in unread(client)


# --- filters and orders ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2026-04-00003", True),
        ("2026-04", True),
        ("barreme", True),
        ("Barr", True),
        ("places", True),  # French stems: place
        ("habitants", True),
        ("station d’épuration", False),
        ("2026-90", False),
        ("—", False),
    ],
)
def test_search(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest], typed: str, found: bool
) -> None:
    row = case("04022")
    SupportRequest.objects.filter(pk=row.pk).update(reference="2026-04-00903")
    typed = typed.replace("00003", "00903")
    response = sign_in(client, "instructeur").get("/guichet/", {"q": typed, "etat": "toutes"})
    assert ("2026-04-00903" in references(response)) is found


def test_active_filters_are_tags_that_can_be_taken_away(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "instructeur")
    response = client.get("/guichet/?etat=proposed&sujet=participation&ordre=recentes&page=1")
    assert [(tag["label"], tag["without"]) for tag in response.context["tags"]] == [
        ("Étape : Aide proposée", "?sujet=participation&ordre=recentes"),
        ("Sujet : Associer les habitants", "?etat=proposed&ordre=recentes"),
    ]
    assert "Tout effacer" in response.text
    assert len(references(response)) == 1


def test_a_filter_that_finds_nothing_says_how_to_widen(client: Client, sign_in: SignIn) -> None:
    response = sign_in(client, "instructeur").get("/guichet/?etat=delegated")
    assert "Aucune demande avec ces filtres." in response.text
    assert "Retirer «" in response.text


def test_a_filter_that_does_not_exist_is_never_everything(client: Client, sign_in: SignIn) -> None:
    response = sign_in(client, "instructeur").get("/guichet/?sujet=drones")
    assert response.status_code == 200
    assert references(response) == []
    assert "n’existe pas" in response.text


@pytest.mark.parametrize("order", [order.key for order in ORDERS])
def test_every_order_of_the_closed_list_answers(client: Client, sign_in: SignIn, order: str) -> None:
    listed = references(sign_in(client, "instructeur").get(f"/guichet/?etat=toutes&ordre={order}"))
    assert len(listed) == len(set(listed)) > 3


def test_default_order_is_mine_then_late_then_oldest(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest]
) -> None:
    mine, late = case("04208"), case("04022")
    SupportRequest.objects.filter(pk=late.pk).update(due_on="2026-11-20")
    response = sign_in(client, "instructeur").get("/guichet/")
    listed = references(response)
    assert listed[:2] == [mine.reference, late.reference]
    lines = {line.reference: line for line in response.context["lines"]}
    assert lines[mine.reference].waiting_for == "moi"
    assert lines[late.reference].waiting_for == "la commune"
    assert lines[late.reference].overdue == f"3{NBSP}j de retard"
    assert "de retard" in response.text


def test_a_qualified_file_waits_for_whoever_may_decide(
    client: Client, sign_in: SignIn, stage: Stage, actor: Callable[[str], Actor]
) -> None:
    with zeal.zeal_ignore():
        filed = file_request(
            stage, "T-decide", "2026-11-16 09:00", stage.account("instructeur"), "04208", subject="participation",
            title="Réunir les habitants", need="Comment réunir les habitants ?", channel="telephone",
        )  # fmt: skip
        assert filed is not None
        filed.acknowledge("2026-11-16 10:00")
        filed.qualify("2026-11-16 11:00")
    seen = {}
    for name in ("instructeur", "adjoint", "delegue"):
        lines = sign_in(client, name).get("/guichet/").context["lines"]
        seen[name] = next(line.waiting_for for line in lines if line.reference == filed.row.reference)
    assert seen == {"instructeur": "une décision", "adjoint": "moi", "delegue": "moi"}
    turns = {name: SupportRequest.objects.filter(queue.my_turn(actor(name)), pk=filed.row.pk).exists() for name in seen}
    assert turns == {"instructeur": False, "adjoint": True, "delegue": True}


def test_hidden_files_leave_the_queue_until_their_day(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest], clock: object
) -> None:
    row = case("04208")
    sign_in(client, "instructeur")
    page = f"/guichet/{row.reference}/masquer/"
    assert client.post(page, {"until": "2026-11-30"}).status_code == 302
    assert row.reference not in references(client.get("/guichet/"))
    assert row.reference in references(client.get("/guichet/?masquees=oui"))
    clock.move_to("2026-11-30 09:00")  # type: ignore[attr-defined]
    sign_in(client, "instructeur")  # a session does not last a week without a page
    assert row.reference in references(client.get("/guichet/"))


def test_waiting_for_a_provider_by_its_name(
    client: Client, sign_in: SignIn, stage: Stage, actor: Callable[[str], Actor]
) -> None:
    with zeal.zeal_ignore():
        filed = file_request(
            stage,
            "T-waiting",
            "2026-11-16 09:00",
            stage.account("instructeur"),
            "04208",
            subject="participation",
            title="Réunir les habitants",
            need="Comment réunir les habitants autour de la place ?",
            channel="telephone",
        )
        assert filed is not None
        filed.acknowledge("2026-11-16 10:00")
        filed.qualify("2026-11-16 11:00")
        filed.solicit("2026-11-16 15:00", "caue-concertation-04")
    sign_in(client, "instructeur")
    line = next(line for line in client.get("/guichet/").context["lines"] if line.reference == filed.row.reference)
    filed.row.refresh_from_db()
    assert filed.row.holder == "provider"
    assert "architecture" in line.waiting_for or "CAUE" in line.waiting_for
    with zeal.zeal_ignore():
        filed.answer("2026-11-18", "caue-concertation-04")
    assert filed.row.holder == "desk"
    assert filed.row.step is State.LOCAL_SEARCH


def test_nothing_to_do_says_so(client: Client, sign_in: SignIn, actor: Callable[[str], Actor]) -> None:
    instructor = actor("instructeur")
    for row in SupportRequest.objects.filter(department="04").filter(queue.my_turn(instructor)):
        SupportRequest.objects.filter(pk=row.pk).update(holder="applicant")
    response = sign_in(client, "instructeur").get("/guichet/")
    assert "Rien ne vous attend." in response.text
    assert "Rien ne vous attend." not in client.get("/guichet/?etat=proposed").text


def test_empty_desk_says_what_to_prepare(client: Client, sign_in: Callable, stage: Stage) -> None:
    instructor, _ = stage.desk("36")
    SupportRequest.objects.filter(department="36").update(department="37")
    response = sign_in(client, instructor).get("/guichet/")
    assert "Aucune demande pour l’instant." in response.text
    assert "Trois choses à faire" in response.text


def test_short_addresses_lead_to_their_filter(client: Client, sign_in: SignIn) -> None:
    response = sign_in(client, "instructeur").get("/guichet/en-retard/")
    assert response["Location"] == "/guichet/?vue=en-retard"


def test_the_signatory_sees_what_to_sign_first(
    client: Client, sign_in: SignIn, case: Callable[[str], SupportRequest], actor: Callable[[str], Actor]
) -> None:
    row = case("04022")
    page = f"/guichet/{row.reference}/noter-reponse/"
    accepted = {"accepted": "yes", "channel": "telephone", "note": "Le conseil a voté."}
    assert read_and_post(sign_in(client, "instructeur"), page, accepted).status_code == 302
    assert row.reference in references(client.get("/guichet/?vue=a-signer"))
    assert row.reference not in references(client.get("/guichet/?vue=a-moi")), "an instructor never designates"
    assert references(sign_in(client, "adjoint").get("/guichet/"))[0] == row.reference


def test_log_reading_is_one_statement(case: Callable[[str], SupportRequest], actor: Callable[[str], Actor]) -> None:
    row, reader = case("04208"), actor("instructeur")
    for _ in range(2):
        with statements() as sql:
            triage.log_reading(row, reader)
        assert len(sql) == 1
    assert row.readings.filter(person_id=reader.person_id).count() == 1


def test_a_referral_that_is_over_waits_for_nobody_s_opinion(actor: Callable[[str], Actor]) -> None:
    officer = actor("cmt")
    row = SupportRequest.objects.filter(department__in=officer.departments).earliest("pk")
    asked = Referral.objects.create(support_request=row, opened_at=row.submitted_at, cmt_opinion="asked")
    mine = SupportRequest.objects.filter(queue.my_turn(officer), pk=row.pk)
    assert mine.exists()
    Referral.objects.filter(pk=asked.pk).update(state="abandoned")
    assert not mine.exists()


def test_the_home_page_leads_whoever_signed_in_to_their_own_page(client: Client, sign_in: SignIn) -> None:
    filing = '<a class="fr-btn" href="/demandes/nouvelle/">Décrire mon besoin</a>'
    assert filing in client.get("/").text
    for name, own in (("instructeur", "/guichet/"), ("maire", "/demandes/"), ("anct", "/national/")):
        text = sign_in(client, name).get("/").text
        assert f'<a class="fr-btn" href="{own}">' in text, name
        assert filing not in text
