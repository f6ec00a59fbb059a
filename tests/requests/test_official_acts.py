"""What an official does with his request: answering, completing, signing, writing, joining, ending, starting again."""

import html
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Mandate
from common.actor import Role
from requests.models import (
    Agreement,
    Document,
    Draft,
    Message,
    Recommendation,
    Solicitation,
    Solution,
    SupportRequest,
    Survey,
)
from requests.services import exchanges
from requests.workflow import State
from tests.requests.reading import hidden
from tests.requests.test_intake_filing import PNG
from tests.requests.test_official_pages import executive, in_state, read

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, Mandate | str], Client]
Find = Callable[[str], SupportRequest]


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``); a test that signs two people in is not a loop."""


@pytest.fixture
def proposed(db: None) -> SupportRequest:
    return in_state(State.PROPOSED)


def act(client: Client, support_request: SupportRequest, name: str, **data: Any) -> Any:
    return client.post(f"/demandes/{support_request.reference}/{name}/", data)


# --- the proposal ----------------------------------------------------------------------------------------------------


def test_the_proposal_is_read_again_then_accepted(client: Client, sign_in: SignIn, proposed: SupportRequest) -> None:
    sign_in(client, executive(proposed))
    page = read(client, proposed)
    assert "Refuser ne ferme pas votre demande." in page
    assert "(pilote)" not in page and "(appui)" not in page
    asked = read(client, proposed, "accepter/")
    offered = Solution.objects.get(support_request=proposed, state="proposed")
    assert offered.text[:40] in asked
    assert "Prix\u00a0:" in asked
    seen = hidden(client, f"/demandes/{proposed.reference}/accepter/")
    assert act(client, proposed, "accepter", note="Voté le 20 novembre.", **seen).status_code == 302
    offered.refresh_from_db()
    assert offered.state == "accepted"
    assert "Vous avez accepté l’aide proposée" in read(client, proposed)
    assert act(client, proposed, "accepter", **seen).status_code == 302
    assert Solution.objects.filter(support_request=proposed, state="accepted").count() == 1


def test_a_proposal_changed_since_it_was_read_is_read_again(
    client: Client, sign_in: SignIn, proposed: SupportRequest
) -> None:
    sign_in(client, executive(proposed))
    address = f"/demandes/{proposed.reference}/accepter/"
    seen = hidden(client, address)
    Solution.objects.filter(support_request=proposed, state="proposed").update(price="12 000 euros")
    late = client.post(address, seen)
    assert late.status_code == 409
    assert "a changé depuis que vous l’avez lue" in late.content.decode()
    assert "12 000 euros" in late.content.decode()
    assert client.post(address, {}).status_code == 409, "a page always says what it showed"
    assert not Solution.objects.filter(support_request=proposed, state="accepted").exists()
    again = {field.name: field.value() for field in late.context["form"].hidden_fields()}
    assert client.post(address, again).status_code == 302


def test_refusing_needs_a_reason_and_closes_nothing(client: Client, sign_in: SignIn, proposed: SupportRequest) -> None:
    sign_in(client, executive(proposed))
    assert act(client, proposed, "refuser", reason=" ").status_code == 422
    assert act(client, proposed, "refuser", reason="L’adhésion n’a pas été votée.").status_code == 302
    proposed.refresh_from_db()
    assert proposed.state == State.LOCAL_SEARCH
    page = read(client, proposed)
    assert "Proposition refusée\u00a0: la recherche continue" in page
    assert "L’adhésion n’a pas été votée." in page
    assert act(client, proposed, "refuser", reason="Encore.").status_code == 409


def test_a_question_on_the_proposal_is_a_message(client: Client, sign_in: SignIn, proposed: SupportRequest) -> None:
    sign_in(client, executive(proposed))
    key = uuid.uuid4()
    for _ in range(2):
        given = {"text": "Combien de jours ? 🏛️", "channel": "public", "key": key}
        assert act(client, proposed, "preciser", **given).status_code == 302
    assert Message.objects.filter(submission_key=key).count() == 1
    assert "Combien de jours ? 🏛️" in read(client, proposed)


def test_the_secretary_reads_the_proposal_and_does_not_answer_it(
    client: Client, sign_in: SignIn, stage: Any, proposed: SupportRequest
) -> None:
    secretary = stage.engage(
        "sec", "Mme Lise Aulne", Role.SECRETARY, "secrétaire générale de mairie", collectivity=proposed.collectivity
    )
    sign_in(client, secretary)
    page = read(client, proposed)
    assert "L’exécutif de la collectivité répond à cette proposition." in page
    assert "/accepter/" not in page
    assert client.get(f"/demandes/{proposed.reference}/accepter/").status_code == 403
    assert act(client, proposed, "accepter").status_code == 403
    assert act(client, proposed, "refuser", reason="Non.").status_code == 403


# --- the request itself ----------------------------------------------------------------------------------------------


def test_missing_items_are_said_and_supplied_with_files(client: Client, sign_in: SignIn) -> None:
    row = in_state(State.INCOMPLETE)
    sign_in(client, executive(row))
    asked = row.transitions.filter(action="ask_completion").latest("at").note.text
    assert asked[:60] in read(client, row)
    assert asked[:60] in read(client, row, "completer/")
    wrong = SimpleUploadedFile("plan.exe", b"MZ\x90\x00" + b"\0" * 99)
    refused = act(client, row, "completer", text="Voici le plan.", files=[SimpleUploadedFile("plan.png", PNG), wrong])
    assert refused.status_code == 422
    assert "Voici le plan." in refused.content.decode()
    assert "plan.exe" in refused.content.decode()
    row.refresh_from_db()
    assert row.state == State.INCOMPLETE
    assert not Document.objects.filter(support_request=row, title="plan.png").exists()
    sent = act(client, row, "completer", text="Voici le plan.", files=[SimpleUploadedFile("plan.png", PNG)])
    assert sent.status_code == 302
    row.refresh_from_db()
    assert row.state != State.INCOMPLETE
    page = read(client, row)
    assert "Voici le plan." in page
    assert "plan.png" in page


def test_a_request_recorded_for_the_mayor_is_confirmed_by_him(client: Client, sign_in: SignIn, case: Find) -> None:
    row = in_state(State.SUBMITTED, "04")
    SupportRequest.objects.filter(pk=row.pk).update(confirmed_at=None, channel="telephone")
    sign_in(client, executive(row))
    assert "Confirmer cette demande, enregistrée en votre nom" in read(client, row)
    assert "téléphone" in read(client, row, "confirmer/")
    for _ in range(2):
        assert act(client, row, "confirmer").status_code == 302
    row.refresh_from_db()
    assert row.confirmed_at is not None
    assert "Confirmer cette demande" not in read(client, row)


def test_withdrawing_then_starting_again_from_it(client: Client, sign_in: SignIn) -> None:
    row = in_state(State.SUBMITTED, "04")
    sign_in(client, executive(row))
    assert act(client, row, "repartir").status_code == 403
    assert act(client, row, "retirer", reason="Le projet attendra.").status_code == 302
    assert "Retirée par vous." in read(client, row)
    assert act(client, row, "retirer").status_code == 409
    again = act(client, row, "repartir")
    draft = Draft.objects.latest("created_at")
    assert again["Location"] == f"/demandes/nouvelle/{draft.pk}/besoin/"
    assert draft.answers["need"] == row.need
    assert html.escape(row.collectivity.label) in client.get(again["Location"]).content.decode()


@pytest.mark.parametrize("state", [State.REDIRECTED, State.DROPPED])
def test_what_was_sent_elsewhere_or_dropped_is_taken_back_in_one_click(
    client: Client, sign_in: SignIn, state: State
) -> None:
    row = in_state(state)
    sign_in(client, executive(row))
    assert "La reprendre" in read(client, row)
    assert act(client, row, "reprendre", reason="Le projet a changé.").status_code == 302
    row.refresh_from_db()
    assert row.state == State.SUBMITTED
    assert "Demande reprise" in read(client, row)


def test_the_agreement_is_signed_after_the_deliberation(client: Client, sign_in: SignIn, clock: Any) -> None:
    clock.move_to("2026-11-21 10:00")
    row = in_state(State.CONTRACTING)
    Agreement.objects.filter(support_request=row).update(body_signed_on=None, deliberated_on=None, body_signed_by="")
    sign_in(client, executive(row))
    page = read(client, row)
    assert "Faire délibérer votre conseil, puis signer la convention" in page
    assert "Prestation du marché de l’Agence, prise en charge par elle" in page
    assert act(client, row, "signer", authorised="on").status_code == 422
    seen = hidden(client, f"/demandes/{row.reference}/signer/")
    late = act(client, row, "signer", authorised="on", deliberated_on="2026-12-01", **seen)
    assert late.status_code == 422
    assert "La délibération précède la signature" in late.content.decode()
    assert act(client, row, "signer", deliberated_on="2026-11-12").status_code == 422
    live = Agreement.objects.filter(support_request=row)
    live.update(agency_share=live.get().agency_share - 10)
    signed = {"authorised": "on", "deliberated_on": "2026-11-12"}
    changed = act(client, row, "signer", **signed, **seen)
    assert (changed.status_code, "a changé depuis" in changed.content.decode()) == (409, True)
    seen = hidden(client, f"/demandes/{row.reference}/signer/")
    assert act(client, row, "signer", **signed, **seen).status_code == 302
    agreement = Agreement.objects.get(support_request=row)
    assert (agreement.deliberated_on.day, agreement.body_signed_on.day) == (12, 21)
    assert "Signée par vous le 21\u00a0novembre 2026, après la délibération du 12\u00a0novembre 2026" in read(
        client, row
    )


def test_two_questions_at_the_end_are_answered_once(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    Survey.objects.filter(support_request=row, moment="closing").update(
        answered_at=None, answered_by=None, useful=None, quick=None
    )
    assert Survey.objects.filter(support_request=row, moment="closing", asked_at__isnull=False).exists()
    sign_in(client, "maire")
    assert "Répondre à deux questions" in read(client, row)
    assert act(client, row, "questions/fin", useful="yes").status_code == 422
    assert act(client, row, "questions/fin", useful="yes", quick="no", comment="Bien.").status_code == 302
    survey = Survey.objects.get(support_request=row, moment="closing")
    assert (survey.useful, survey.quick, survey.comment) == (True, False, "Bien.")
    assert act(client, row, "questions/fin", useful="no", quick="no").status_code == 409


def test_six_months_later_each_recommendation_is_asked_about(client: Client, sign_in: SignIn) -> None:
    row = SupportRequest.objects.select_related("collectivity").get(collectivity__code="97353")
    survey = Survey.objects.filter(support_request=row, moment="six_months").latest("due_on")
    Survey.objects.filter(pk=survey.pk).update(asked_at=row.state_since, answered_at=None)
    asked = list(Recommendation.objects.filter(closing__support_request=row))
    assert len(asked) == 3
    sign_in(client, executive(row))
    page = read(client, row, "questions/six-mois/")
    assert page.count("est-ce déjà mis en œuvre") == 3
    answers = {f"recommendation_{one.pk}": "yes" if rank == 0 else "no" for rank, one in enumerate(asked)}
    assert act(client, row, "questions/six-mois", **answers).status_code == 302
    done = (
        Recommendation.objects.filter(closing__support_request=row).order_by("pk").values_list("implemented", flat=True)
    )
    assert list(done) == [True, False, False]


# --- messages --------------------------------------------------------------------------------------------------------


def message(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "channel": "public", "key": uuid.uuid4(), **more}


def test_a_message_sent_twice_is_one_message(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    sign_in(client, "maire")
    form = message("Merci, à jeudi. 👋\nLigne 2")
    for _ in range(2):
        assert act(client, row, "messages", **form)["Location"] == f"/demandes/{row.reference}/#echanges"
    assert Message.objects.filter(support_request=row, submission_key=form["key"]).count() == 1
    assert "Merci, à jeudi. 👋<br>Ligne 2" in read(client, row)


def test_a_message_that_cannot_leave_keeps_its_text(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    sign_in(client, "maire")
    text = "a" * 5001
    response = act(client, row, "messages", **message(text))
    assert response.status_code == 422
    assert text in response.content.decode()
    assert "5 000 au plus" in html.unescape(response.content.decode()).replace("\u202f", " ")
    assert act(client, row, "messages", **message("b" * 5000)).status_code == 302
    assert act(client, row, "messages", **message("   ")).status_code == 422


def test_the_collectivity_writes_in_no_other_conversation(client: Client, sign_in: SignIn) -> None:
    asked = Solicitation.objects.filter(support_request__collectivity__code="04121").first()
    row = asked.support_request
    sign_in(client, "maire")
    refused = act(client, row, "messages", **message("Bonjour", channel="internal"))
    assert refused.status_code == 403
    assert "Bonjour</textarea>" in refused.content.decode(), "what was typed is not lost"
    leaked = act(client, row, "messages", **message("Bonjour", channel="solicitation", solicitation=asked.uuid))
    assert leaked.status_code == 422
    assert not Message.objects.filter(support_request=row, text="Bonjour").exists()


def test_notes_and_providers_threads_never_reach_the_page(
    client: Client, sign_in: SignIn, case: Find, stage: Any
) -> None:
    row = case("04121")
    agent = stage.actor(stage.account("instructeur"))
    asked = Solicitation.objects.filter(support_request=row).first()
    exchanges.post(row, agent, channel="internal", text="Note réservée au guichet")
    exchanges.post(row, agent, channel="solicitation", solicitation=asked, text="Mot réservé au prestataire")
    exchanges.attach_file(row, agent, name="note.png", stream=PNG, channel="internal")
    page = read(sign_in(client, "maire"), row)
    assert "réservé" not in page
    assert "note.png" not in page


# --- documents -------------------------------------------------------------------------------------------------------


def test_files_are_joined_and_each_refused_one_is_named(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    sign_in(client, "maire")
    given = [SimpleUploadedFile("toit.png", PNG), SimpleUploadedFile("macro.exe", b"MZ\x90\x00" + b"\0" * 99)]
    response = act(client, row, "documents", files=given, channel="public")
    assert response.status_code == 422
    assert "macro.exe" in response.content.decode()
    assert "toit.png" in read(client, row)
    assert (
        act(client, row, "documents", files=[SimpleUploadedFile("mur.png", PNG)], channel="public").status_code == 302
    )
    assert (
        act(client, row, "documents", files=[SimpleUploadedFile("x.png", PNG)], channel="internal").status_code == 403
    )


def test_a_document_is_read_by_the_readers_of_its_conversation(
    client: Client, sign_in: SignIn, case: Find, stage: Any
) -> None:
    row = case("04121")
    agent = stage.actor(stage.account("instructeur"))
    provider = stage.account("offreur")
    asked = Solicitation.objects.get(support_request=row, provider__organisation=provider.organisation)
    other = Solicitation.objects.filter(support_request=row).exclude(pk=asked.pk).first()
    documents = {
        "public": exchanges.attach_file(row, agent, name="p.png", stream=PNG),
        "internal": exchanges.attach_file(row, agent, name="i.png", stream=PNG, channel="internal"),
        "thread": exchanges.attach_file(
            row, agent, name="t.png", stream=PNG, channel="solicitation", solicitation=asked
        ),
        "other": exchanges.attach_file(
            row, agent, name="o.png", stream=PNG, channel="solicitation", solicitation=other
        ),
    }
    readers = {
        "maire": {"public"},
        "secretaire": {"public"},
        "maire2": set(),
        "instructeur": {"public", "internal", "thread", "other"},
        "instructeur2": set(),
        "offreur": {"thread"},
        "cmt": {"public", "internal"},
        "clct": set(),
        "admin": set(),
    }
    for who, expected in readers.items():
        reader = sign_in(Client(), who)
        for name, document in documents.items():
            status = reader.get(f"/demandes/{row.reference}/documents/{document.uuid}/").status_code
            assert status == (200 if name in expected else 404), (who, name)
    visitor = Client().get(f"/demandes/{row.reference}/documents/{documents['public'].uuid}/")
    assert visitor.status_code == 302
    elsewhere = case("90052").reference
    assert (
        sign_in(client, "maire").get(f"/demandes/{elsewhere}/documents/{documents['public'].uuid}/").status_code == 404
    )


def test_a_document_leaves_as_a_download(client: Client, sign_in: SignIn, case: Find, stage: Any) -> None:
    row = case("04121")
    agent = stage.actor(stage.account("instructeur"))
    document = exchanges.attach_file(row, agent, name="Plan d’été.png", stream=PNG)
    response = sign_in(client, "maire").get(f"/demandes/{row.reference}/documents/{document.uuid}/")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.content == PNG


def test_a_letter_being_written_says_so(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    letter = Document.objects.filter(support_request=row, file__isnull=True, channel="public").first()
    response = sign_in(client, "maire").get(f"/demandes/{row.reference}/documents/{letter.uuid}/", follow=True)
    assert "Ce document est en cours de préparation" in response.content.decode()


def test_an_address_to_return_to_stays_on_the_portal(client: Client, sign_in: SignIn, case: Find) -> None:
    row = case("04121")
    sign_in(client, "maire")
    away = act(client, row, "messages", **message("Un", retour="//ailleurs.example/"))
    assert away["Location"] == f"/demandes/{row.reference}/#echanges"
