"""Filing from the first page to the reference, by the person who sends it (SCREENS 2)."""

import base64
import html
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Mandate
from operators.models import Subject
from requests import integrity
from requests.models import CatalogueAnswer, Document, Draft, SupportRequest
from requests.services import drafts
from requests.workflow import State

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, Mandate | str], Client]


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``); a test that signs two people in is not a loop."""


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

NEED = {
    "collectivity": "Mézel (04)",
    "collectivity_code": "04121",
    "subject": "commerce",
    "need": "Le café ferme le 30 juin. Que peut-on faire du bâtiment d’en face ?",
    "progress": "idea",
    "other_subjects": ["", ""],
}
WHO = {
    "contact_name": "Jeanne Bruyère",
    "contact_function": "maire",
    "contact_phone": "04 92 00 00 00",
    "contact_email": "maire@demo.example",
    "public_title": "Reprise du dernier commerce",
}


def step(pk: Any, name: str) -> str:
    return f"/demandes/nouvelle/{pk}/{name}/"


def begin(client: Client, **changes: Any) -> uuid.UUID:
    """The first step, posted from the first page as a browser does."""
    page = client.get("/demandes/nouvelle/").content.decode()
    address = re.search(r'action="(/demandes/nouvelle/([0-9a-f-]{36})/besoin/)"', page)
    assert address
    response = client.post(address[1], {**NEED, "version": "0", **changes})
    assert response.status_code in (200, 302, 422), response.status_code
    return uuid.UUID(address[2])


def ready(client: Client) -> uuid.UUID:
    """A draft with its three steps filled."""
    pk = begin(client)
    assert client.post(step(pk, "deja"), {"tried": ["Personne"]}).status_code == 302
    assert client.post(step(pk, "vous"), WHO).status_code == 302
    return pk


def test_a_draft_whose_key_somebody_else_has_used_is_filed_all_the_same(client: Client, sign_in: SignIn) -> None:
    """Its address is its key; another town's software may have filed under the same one meanwhile."""
    pk = ready(sign_in(client, "maire"))
    other = SupportRequest.objects.filter(collectivity__code="90052").latest("pk")
    SupportRequest.objects.filter(pk=other.pk).update(submission_key=pk)
    assert list(integrity.breaches()) == []
    boxes = {"notice": "on", "accurate": "on", "action": "envoyer"}
    assert client.post(step(pk, "verifier"), boxes).status_code == 302
    assert SupportRequest.objects.filter(submission_key=pk).count() == 2
    assert not Draft.objects.filter(pk=pk).exists()


def test_the_mayor_files_from_the_first_page_to_the_reference(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = ready(client)
    check = client.get(step(pk, "verifier")).content.decode()
    assert "Le café ferme le 30 juin" in check
    assert "Envoyer la demande" in check
    sent = client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on", "action": "envoyer"}, follow=True)
    filed = SupportRequest.objects.get(submission_key=pk)
    assert filed.state == State.SUBMITTED
    assert filed.public_title == "Reprise du dernier commerce"
    assert filed.confirmed_at == filed.submitted_at
    page = sent.content.decode()
    assert filed.reference in page
    assert "Un accusé vient de partir à <strong>maire@demo.example</strong>" in page
    assert not Draft.objects.filter(pk=pk).exists()


def test_sending_twice_makes_one_request(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = ready(client)
    boxes = {"notice": "on", "accurate": "on", "action": "envoyer"}
    first = client.post(step(pk, "verifier"), boxes)
    second = client.post(step(pk, "verifier"), boxes)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert SupportRequest.objects.filter(submission_key=pk).count() == 1


def test_the_back_button_after_sending_leads_to_what_was_sent(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = ready(client)
    client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"})
    reference = SupportRequest.objects.get(submission_key=pk).reference
    for name in ("besoin", "deja", "vous", "verifier"):
        assert client.get(step(pk, name))["Location"] == f"/demandes/{reference}/envoyee/"
    assert client.post(step(pk, "besoin"), NEED)["Location"] == f"/demandes/{reference}/envoyee/"
    assert not Draft.objects.filter(pk=pk).exists()


def test_both_boxes_are_needed(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = ready(client)
    response = client.post(step(pk, "verifier"), {"notice": "on"})
    assert response.status_code == 422
    assert "Cochez cette case pour envoyer la demande." in response.content.decode()
    assert not SupportRequest.objects.filter(submission_key=pk).exists()


def test_the_check_page_names_what_is_missing_and_leads_to_it(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client, need="", progress="")
    page = client.get(step(pk, "verifier")).content.decode()
    assert "Il manque des réponses" in page
    assert f"{step(pk, 'besoin')}?erreurs#id_need" in page
    assert client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"}).status_code == 422
    corrected = client.get(step(pk, "besoin") + "?erreurs").content.decode()
    assert "Décrivez votre besoin en quelques phrases." in corrected


def test_what_is_typed_is_saved_though_other_answers_are_wrong(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client, collectivity="Zzyzx", collectivity_code="", subject="")
    draft = Draft.objects.get(pk=pk)
    assert draft.answers["need"] == NEED["need"]
    page = client.get(step(pk, "besoin")).content.decode()
    assert "Le café ferme le 30 juin" in page


def test_errors_stand_at_the_top_and_at_the_field(client: Client) -> None:
    pk = uuid.uuid4()
    response = client.post(step(pk, "besoin"), {"need": "Un toit fuit."})
    page = html.unescape(response.content.decode())
    assert response.status_code == 422
    assert page.count("Indiquez votre collectivité") == 2
    assert page.count("Choisissez un sujet, ou «\u00a0Je ne sais pas\u00a0».") == 2
    assert "Un toit fuit." in page


def test_a_text_too_long_is_kept_whole_and_refused_with_its_length(client: Client) -> None:
    text = "é" * 5000
    pk = uuid.uuid4()
    response = client.post(step(pk, "besoin"), {**NEED, "need": text})
    assert response.status_code == 422
    assert "5\u202f000 caractères" in response.content.decode()
    assert Draft.objects.get(pk=pk).answers["need"] == text


def test_emoji_and_every_alphabet_survive(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    text = "🏚️ toit → « œuvre » مدرسة\u0000 fin"
    pk = begin(client, need=text)
    assert Draft.objects.get(pk=pk).answers["need"] == text.replace("\u0000", "")
    assert "🏚️ toit → « œuvre » مدرسة fin" in client.get(step(pk, "verifier")).content.decode()


def test_the_facts_of_the_collectivity_stand_under_the_field(client: Client) -> None:
    response = client.post(
        f"/demandes/nouvelle/{uuid.uuid4()}/apercu/", {"collectivity": "Mézel (04)", "subject": "commerce", "need": ""}
    )
    page = html.unescape(response.content.decode())
    assert "Mézel · 611\u00a0habitants (2023) · Alpes-de-Haute-Provence (04) · CA Provence-Alpes-Agglomération" in page
    assert "Ce qui existe déjà pour vous" in page
    assert "Pourquoi\u00a0:" in page
    assert page.count("portal-offer") == 3


def test_without_script_the_facts_are_on_the_next_page(client: Client) -> None:
    pk = begin(client)
    page = client.get(step(pk, "deja")).content.decode()
    assert "611\u00a0habitants (2023)" in page
    assert "Ce qui existe déjà pour vous" in page


def test_the_page_offers_every_subject_and_i_do_not_know(client: Client) -> None:
    page = client.get("/demandes/nouvelle/").content.decode()
    radios = re.findall(r'<input type="radio" id="sujet-[^"]+" name="subject"', page)
    assert len(radios) == Subject.objects.active().count() >= 32
    assert "Je ne sais pas" in page
    assert page.count("data-subject-group>") == 4


def test_somebody_who_asks_for_money_is_told_once(client: Client) -> None:
    pk = uuid.uuid4()
    asking = {**NEED, "need": "Nous cherchons une subvention pour le toit de l’école."}
    told = client.post(step(pk, "besoin"), asking)
    assert told.status_code == 200
    assert "Vous cherchez surtout un financement" in told.content.decode()
    assert "https://aides-territoires.beta.gouv.fr" in told.content.decode()
    assert 'name="money_read" value="1"' in told.content.decode()
    assert client.post(step(pk, "besoin"), {**asking, "money_read": "1"}).status_code == 302
    assert 'name="money_read" value="1"' in client.get(step(pk, "besoin")).content.decode()


def test_that_suffices_is_counted_once_and_sends_nothing(client: Client) -> None:
    pk = begin(client)
    before = SupportRequest.objects.count()
    for _ in range(2):
        left = client.post(f"/demandes/nouvelle/{pk}/suffit/", NEED, follow=True)
    counted = CatalogueAnswer.objects.get(draft_key=pk)
    assert (counted.collectivity.code, counted.subject.code) == ("04121", "commerce")
    assert "Rien n’a été envoyé" in left.content.decode()
    assert SupportRequest.objects.count() == before


def test_files_are_kept_with_the_draft_and_become_documents(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    response = client.post(
        step(pk, "deja"),
        {"files": [SimpleUploadedFile("plan.png", PNG), SimpleUploadedFile("virus.exe", b"MZ\x90\x00" + b"\0" * 200)]},
    )
    page = html.unescape(response.content.decode())
    assert response.status_code == 422
    assert "«\u00a0virus.exe\u00a0»" in page
    assert "plan.png" in page
    assert client.post(step(pk, "vous"), WHO).status_code == 302
    client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"})
    document = Document.objects.get(support_request__submission_key=pk, kind="attachment")
    assert document.title == "plan.png"
    assert document.channel == "public"


def test_a_refused_file_is_said_even_to_who_finishes_later(client: Client, sign_in: SignIn) -> None:
    pk = begin(sign_in(client, "maire"))
    posted = {"files": [SimpleUploadedFile("virus.exe", b"MZ\x90\x00" + b"\0" * 200)], "action": "plus-tard"}
    refused = client.post(step(pk, "deja"), posted)
    assert refused.status_code == 422
    assert "virus.exe" in refused.content.decode()


def test_a_file_can_be_removed_before_sending(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    client.post(step(pk, "deja"), {"files": [SimpleUploadedFile("plan.png", PNG)]})
    kept = Draft.objects.get(pk=pk).files.get()
    response = client.post(step(pk, "deja"), {"retirer": str(kept.file_id)})
    assert response["Location"].endswith("#documents")
    assert not Draft.objects.get(pk=pk).files.exists()


def test_the_town_hall_shares_with_its_grouping_only_by_consent(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = ready(client)
    page = client.get(step(pk, "vous")).content.decode()
    assert "CA Provence-Alpes-Agglomération voie cette demande" in page
    for reader in ("référent local", "prestataire du marché", "autres départements", "l’y autorise nommément"):
        assert reader in page, "the list of readers is closed: it names them all"
    client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"})
    assert SupportRequest.objects.get(submission_key=pk).shared_with_grouping is False


def test_the_form_is_filled_with_what_the_portal_knows(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire")
    pk = begin(client)
    page = client.get(step(pk, "vous")).content.decode()
    assert 'value="maire@demo.example"' in page
    assert 'value="maire"' in page
    assert "C’est le seul texte que verront les membres du comité local." in page


def test_the_secretary_asks_the_mayor_to_send_it(client: Client, sign_in: SignIn, stage: Any) -> None:
    sign_in(client, "secretaire")
    pk = ready(client)
    page = client.get(step(pk, "verifier")).content.decode()
    assert "Envoyer la demande" not in page
    assert "Demander à Mme la maire de l’envoyer" in page
    refused = client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on", "action": "envoyer"})
    assert refused.status_code == 403
    asked = client.post(step(pk, "verifier"), {"action": "demander"}, follow=True)
    assert "maire@demo.example" in asked.content.decode()
    mayor = sign_in(Client(), "maire")
    assert "Envoyer la demande" in mayor.get(step(pk, "verifier")).content.decode()
    assert mayor.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"}).status_code == 302
    filed = SupportRequest.objects.get(submission_key=pk)
    assert filed.filed_by == stage.account("maire").user


def test_nobody_files_for_another_commune(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "maire2")
    pk = ready(client)
    page = client.get(step(pk, "verifier")).content.decode()
    assert "Envoyer la demande" not in page
    assert "Cette demande concerne Mézel" in page
    assert client.post(step(pk, "verifier"), {"notice": "on", "accurate": "on"}).status_code == 403


def test_purging_forgets_only_old_anonymous_drafts(client: Client, sign_in: SignIn, clock: Any) -> None:
    clock.move_to("2026-11-21 10:00")
    old = begin(client)
    kept = ready(sign_in(Client(), "maire"))
    clock.shift(days=8)
    fresh = begin(Client())
    assert drafts.purge() == 1
    assert set(Draft.objects.filter(pk__in=[old, kept, fresh]).values_list("pk", flat=True)) == {kept, fresh}
