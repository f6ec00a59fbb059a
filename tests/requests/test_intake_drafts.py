"""A draft and whoever holds it: a browser, then a person; an expired session; two devices at once."""

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import Mandate
from accounts.services import mandates, people
from common.actor import Role
from notifications.models import OutboxEvent
from requests.models import Draft, SupportRequest
from requests.services import drafts
from territories.models import Collectivity
from tests.requests.test_intake_filing import NEED, WHO, begin, ready, step

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, Mandate | str], Client]


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``); a test that signs two people in is not a loop."""


def test_a_visitor_begins_without_an_account_and_signs_in_at_the_third_step(client: Client, sign_in: SignIn) -> None:
    pk = begin(client)
    assert client.post(step(pk, "deja"), {}).status_code == 302
    asked = client.get(step(pk, "vous"))
    assert asked["Location"].startswith("/connexion/?next=")
    assert "collectivite=04121" in asked["Location"]
    sign_in(client, "maire")
    back = client.get(f"/demandes/nouvelle/{pk}/reprendre/?etape=vous")
    assert back["Location"] == step(pk, "vous")
    draft = Draft.objects.get(pk=pk)
    assert draft.person.email == "maire@demo.example"
    assert draft.browser_key == ""
    assert client.get(step(pk, "vous")).status_code == 200


def test_the_browser_s_key_is_signed_and_out_of_reach_of_scripts(client: Client) -> None:
    begin(client)
    cookie = client.cookies["brouillon"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) == 7 * 24 * 3600


def test_another_browser_sees_nothing_of_it(client: Client) -> None:
    pk = begin(client)
    other = Client()
    begin(other)
    gone = other.get(step(pk, "besoin"), follow=True)
    assert "Ce brouillon n’est plus ici" in gone.content.decode()
    assert other.get(f"/demandes/nouvelle/{pk}/supprimer/").status_code == 404
    assert other.post(f"/demandes/nouvelle/{pk}/besoin/enregistrer/", NEED).status_code == 401
    other.cookies["brouillon"] = other.cookies["brouillon"].value[:-3] + "abc"
    assert other.get(f"/demandes/nouvelle/{pk}/supprimer/").status_code == 404


def test_another_browser_s_key_is_not_taken_over_by_writing(client: Client) -> None:
    pk = begin(client)
    text = Draft.objects.get(pk=pk).answers["need"]
    Client().post(step(pk, "besoin"), {**NEED, "need": "Autre chose."})
    assert Draft.objects.get(pk=pk).answers["need"] == text


def test_the_state_and_the_neighbours_see_no_draft(client: Client, sign_in: SignIn) -> None:
    pk = ready(sign_in(client, "maire"))
    for who in ("maire2", "instructeur", "adjoint", "epci", "admin"):
        other = sign_in(Client(), who)
        assert other.get(f"/demandes/nouvelle/{pk}/supprimer/").status_code == 404, who
        assert other.get(step(pk, "besoin"))["Location"] == "/demandes/nouvelle/", who


def test_a_visitor_s_draft_is_not_shown_to_the_mayor_it_names(client: Client, sign_in: SignIn) -> None:
    pk = begin(client)
    mayor = sign_in(Client(), "maire")
    assert mayor.get(f"/demandes/nouvelle/{pk}/supprimer/").status_code == 404
    assert str(pk) not in mayor.get("/demandes/").content.decode()


def test_the_secretary_s_draft_is_shown_to_the_mayor(client: Client, sign_in: SignIn) -> None:
    pk = ready(sign_in(client, "secretaire"))
    mayor = sign_in(Client(), "maire")
    page = mayor.get("/demandes/").content.decode()
    assert str(pk) in page
    assert mayor.post(f"/demandes/nouvelle/{pk}/supprimer/").status_code == 403


def test_an_executive_asked_at_his_address_reads_the_draft_before_his_mandate_is_confirmed(
    client: Client, sign_in: SignIn, stage: Any
) -> None:
    secretary = stage.engage(
        "sec-barreme", "Mme Lise Aulne", Role.SECRETARY, "secrétaire générale de mairie", collectivity=_body("04022")
    )
    Mandate.objects.filter(collectivity=_body("04022"), role=Role.OFFICIAL).update(
        confirmed_at=None, status="claimed", proof=""
    )
    sign_in(client, secretary)
    pk = begin(client, collectivity="Barrême (04)", collectivity_code="04022")
    client.post(step(pk, "deja"), {})
    client.post(step(pk, "vous"), WHO)
    missing = client.post(step(pk, "verifier"), {"action": "demander"})
    assert "Indiquez l’adresse électronique" in missing.content.decode()
    assert client.post(step(pk, "verifier"), {"action": "demander", "email": "Elu@Exemple.fr"}).status_code == 302
    user = people.register(first_name="Paul", last_name="Aune", email="elu@exemple.fr")
    claimed = mandates.claim(user, collectivity=_body("04022"), function="adjoint", proven_address="elu@exemple.fr")
    assert not claimed.is_confirmed
    executive = sign_in(Client(), claimed)
    assert executive.get(step(pk, "verifier")).status_code == 200
    assert executive.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"}).status_code == 302
    assert SupportRequest.objects.get(submission_key=pk).filed_by == user


def _body(code: str) -> Any:
    return Collectivity.objects.get(code=code)


# --- saving ----------------------------------------------------------------------------------------------------------


def test_autosave_answers_with_the_version_and_the_hour(client: Client, clock: Any) -> None:
    clock.move_to("2026-11-21 14:32")
    pk = uuid.uuid4()
    first = client.post(f"/demandes/nouvelle/{pk}/besoin/enregistrer/", {"need": "Le toit", "version": "0"})
    assert first.json()["message"] == "Enregistré à 14\u00a0h\u00a032"
    version = first.json()["version"]
    second = client.post(f"/demandes/nouvelle/{pk}/besoin/enregistrer/", {"need": "Le toit fuit", "version": version})
    assert second.status_code == 200
    assert second.json()["version"] == version + 1
    assert Draft.objects.get(pk=pk).answers["need"] == "Le toit fuit"


def test_autosave_needs_the_csrf_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/demandes/nouvelle/{uuid.uuid4()}/besoin/enregistrer/", NEED).status_code == 403


def test_two_devices_both_texts_are_shown_and_nothing_is_lost(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    version = Draft.objects.get(pk=pk).version
    telephone = sign_in(Client(), "maire")
    assert (
        telephone.post(step(pk, "besoin"), {**NEED, "need": "Écrit au téléphone.", "version": version}).status_code
        == 302
    )
    late = client.post(step(pk, "besoin"), {**NEED, "need": "Écrit au bureau.", "version": version})
    page = late.content.decode()
    assert late.status_code == 409
    assert "Écrit au téléphone." in page
    assert "Écrit au bureau." in page
    assert Draft.objects.get(pk=pk).answers["need"] == "Écrit au téléphone."
    again = client.post(
        step(pk, "besoin"), {**NEED, "need": "Écrit au bureau.", "version": Draft.objects.get(pk=pk).version}
    )
    assert again.status_code == 302
    assert Draft.objects.get(pk=pk).answers["need"] == "Écrit au bureau."


def test_autosave_conflict_gives_both_texts(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    version = Draft.objects.get(pk=pk).version
    client.post(step(pk, "besoin"), {**NEED, "need": "Un.", "version": version})
    late = client.post(f"/demandes/nouvelle/{pk}/besoin/enregistrer/", {**NEED, "need": "Deux.", "version": version})
    assert late.status_code == 409
    assert late.json()["differences"] == [
        {
            "label": "En quelques phrases, que voulez-vous faire et qu’est-ce qui vous bloque ?",
            "mine": "Deux.",
            "theirs": "Un.",
        }
    ]


def test_an_old_page_with_the_same_text_is_no_conflict(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    assert client.post(step(pk, "besoin"), {**NEED, "version": "0"}).status_code == 302
    assert client.post(step(pk, "deja"), {"wanted_by": "2027", "version": "0"}).status_code == 302


def test_a_session_that_expires_while_typing_loses_no_word(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    client.post(step(pk, "deja"), {})
    client.cookies.pop("sessionid")
    typed = {**WHO, "public_title": "Un intitulé tapé pendant une heure"}
    response = client.post(step(pk, "vous"), typed)
    assert response["Location"].startswith("/connexion/?next=")
    assert "public_title" not in Draft.objects.get(pk=pk).answers
    sign_in(client, "maire")
    back = client.get(parse_qs(urlsplit(response["Location"]).query)["next"][0])
    assert back["Location"] == step(pk, "vous")
    assert Draft.objects.get(pk=pk).answers["public_title"] == "Un intitulé tapé pendant une heure"
    assert Draft.objects.filter(person__isnull=True).count() == 0


def test_the_words_of_an_expired_session_do_not_reach_somebody_else_s_draft(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    client.cookies.pop("sessionid")
    response = client.post(step(pk, "besoin"), {**NEED, "need": "Texte d’un autre."})
    sign_in(client, "maire2")
    client.get(parse_qs(urlsplit(response["Location"]).query)["next"][0])
    assert Draft.objects.get(pk=pk).answers["need"] == NEED["need"]
    assert Draft.objects.get(person__email="maire2@demo.example").answers["need"] == "Texte d’un autre."


def test_later_asks_to_sign_in_only_then(client: Client, sign_in: SignIn) -> None:
    pk = begin(client)
    later = client.post(step(pk, "besoin"), {**NEED, "action": "plus-tard"})
    assert later["Location"].startswith("/connexion/?next=")
    signed = sign_in(Client(), "maire")
    pk = begin(signed)
    assert signed.post(step(pk, "besoin"), {**NEED, "action": "plus-tard"})["Location"] == "/demandes/"


def test_deleting_asks_first_and_is_done_by_post(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    assert client.get(f"/demandes/nouvelle/{pk}/supprimer/").status_code == 200
    assert Draft.objects.filter(pk=pk).exists()
    assert client.post(f"/demandes/nouvelle/{pk}/supprimer/")["Location"] == "/demandes/"
    assert not Draft.objects.filter(pk=pk).exists()


def test_a_draft_already_sent_is_not_begun_again_by_an_old_tab(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = ready(client)
    client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"})
    late = client.post(f"/demandes/nouvelle/{pk}/besoin/enregistrer/", NEED)
    assert late.status_code == 410
    assert not Draft.objects.filter(pk=pk).exists()


def test_visitors_of_one_network_begin_a_bounded_number_of_drafts(
    client: Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine does not fill the table; a person who signs in is not stopped, and a draft begun goes on."""
    monkeypatch.setattr(drafts, "NEW_PER_NETWORK", dataclasses.replace(drafts.NEW_PER_NETWORK, count=2))
    first = begin(client)
    begin(Client())
    refused = Client()
    stopped = refused.post(step(uuid.uuid4(), "besoin"), NEED)
    assert stopped.status_code == 429
    assert "Trop de brouillons" in stopped.content.decode()
    saved = refused.post(f"/demandes/nouvelle/{uuid.uuid4()}/besoin/enregistrer/", NEED)
    assert (saved.status_code, saved.json()["code"]) == (429, "too_many_drafts")
    assert client.post(step(first, "besoin"), NEED).status_code == 302
    assert sign_in(refused, "maire").post(step(uuid.uuid4(), "besoin"), NEED).status_code == 302
    assert Draft.objects.filter(person__isnull=True).count() == 2


# --- odd addresses and values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["collectivite=%00", "sujet=%00", "collectivite=04121&sujet=a%00b"])
def test_a_null_character_in_an_address_breaks_nothing(client: Client, query: str) -> None:
    assert client.get(f"/demandes/nouvelle/?{query}").status_code == 200
    pk = uuid.uuid4()
    assert client.post(f"/demandes/nouvelle/{pk}/apercu/", {**NEED, "subject": "a\0b"}).status_code == 200


@pytest.mark.parametrize("reference", ["%00", "2026", "2026-04-00001%00", "nouvelles"])
@pytest.mark.parametrize("page", ["/demandes/{}/", "/guichet/{}/", "/national/{}/", "/operateurs/{}/"])
def test_what_is_no_reference_is_no_address(client: Client, page: str, reference: str) -> None:
    assert client.get(page.format(reference)).status_code == 404


def test_a_version_of_five_thousand_digits_is_no_version(client: Client) -> None:
    posted = {**NEED, "version": "9" * 5000}
    assert client.post(f"/demandes/nouvelle/{uuid.uuid4()}/besoin/enregistrer/", posted).status_code == 200


@pytest.mark.parametrize("field", ["next_council_on", "contact_email"])
def test_a_slip_of_the_year_and_an_endless_address_are_said_beside_their_field(
    client: Client, sign_in: SignIn, field: str
) -> None:
    pk = ready(sign_in(client, "maire"))
    page, posted, words = {
        "next_council_on": ("deja", {"next_council_on": "9999-12-31"}, "vérifiez l’année"),
        "contact_email": ("vous", {**WHO, "contact_email": f"{'a' * 250}@b.fr"}, "254"),
    }[field]
    refused = client.post(step(pk, page), posted)
    assert refused.status_code == 422
    assert words in refused.content.decode()


# --- asking the executive --------------------------------------------------------------------------------------------


def test_only_the_head_is_asked_and_his_address_is_shown_to_nobody(client: Client, sign_in: SignIn, stage: Any) -> None:
    deputy = stage.engage("adj-mezel", "M. Luc Orme", Role.OFFICIAL, "adjoint au maire", collectivity=_body("04121"))
    Mandate.objects.filter(pk=deputy.pk).update(heads=False)
    OutboxEvent.objects.all().delete()
    pk = ready(sign_in(client, "secretaire"))
    page = client.post(step(pk, "verifier"), {"action": "demander"}, follow=True).content.decode()
    told = OutboxEvent.objects.filter(event="requests.draft_ready")
    assert [row.payload["email"] for row in told] == ["maire@demo.example"]
    body = page[page.index("<main") :]
    asked = body[body.index("Demandé le") :]
    assert "maire@demo.example" not in asked
    assert "Bruyère" in asked
