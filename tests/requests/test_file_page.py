"""The file on one page: its cost, who reads what of it, and what it offers to do."""

import io
import uuid
from collections.abc import Callable

import pikepdf
import pytest
import zeal
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Organisation
from common import jobs
from common.actor import Actor, Role
from operators.models import Subject
from operators.names import names_in
from requests.demonstration.stage import Stage
from requests.enums import AssignmentKind
from requests.models import (
    Assignment,
    FollowUpEntry,
    Message,
    ReadingLog,
    RoutingJob,
    Solicitation,
    SupportRequest,
)
from requests.services import exchanges, routing
from tests.operators.factories import offer as new_offer
from tests.requests.counting import statements
from tests.requests.journeys import SETTLED, offer, searched

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, object], Client]
Case = Callable[[str], SupportRequest]


@pytest.fixture(autouse=True)
def _morning(clock: object) -> None:
    clock.move_to("2026-11-23 10:00")  # type: ignore[attr-defined]


def blank_pdf() -> bytes:
    document, written = pikepdf.new(), io.BytesIO()
    document.add_blank_page()
    document.save(written)
    return written.getvalue()


@pytest.fixture
def mezel(case: Case) -> SupportRequest:
    """Closed, two helpers, one refusal: every section has something to show."""
    return case("04121")


def page(row: SupportRequest) -> str:
    return f"/guichet/{row.reference}/"


def test_a_file_costs_fifteen_statements_at_most_whatever_its_size(
    client: Client, sign_in: SignIn, mezel: SupportRequest, actor: Callable[[str], Actor]
) -> None:
    sign_in(client, "instructeur")
    with statements() as bare:
        assert client.get(page(mezel)).status_code == 200
    person = actor("instructeur").person_id
    Message.objects.bulk_create(
        Message(
            support_request=mezel,
            channel=channel,
            solicitation=thread,
            author_id=person,
            author_label="M. Frêne",
            text="Bonjour.",
            at=mezel.last_activity_at,
            submission_key=uuid.uuid4(),
        )
        for channel, thread in (("public", None), ("internal", None), ("solicitation", mezel.solicitations.first()))
        for _ in range(40)
    )
    FollowUpEntry.objects.bulk_create(
        FollowUpEntry(
            support_request=mezel,
            kind="call",
            on=mezel.submitted_at.date(),
            text="Appel.",
            author_id=person,
            recorded_at=mezel.submitted_at,
        )
        for _ in range(60)
    )
    with statements() as full:
        response = client.get(page(mezel))
    assert response.status_code == 200
    assert len(full) == len(bare) <= 15
    assert response.text.count("Bonjour.") == 120


def test_sections_come_in_order(client: Client, sign_in: SignIn, mezel: SupportRequest) -> None:
    text = sign_in(client, "instructeur").get(page(mezel)).text
    titles = [
        ">La demande<",
        ">Notre lecture<",
        ">La proposition<",
        ">Sollicitations<",
        ">Aide proposée<",
        ">Échanges avec la commune<",
        ">Notes internes<",
        ">Documents<",
        ">Courriers<",
        ">Journal<",
        ">Consultations<",
    ]
    places = [text.find(title) for title in titles]
    assert -1 not in places
    assert places == sorted(places)
    assert text.count("<h1") == 1


def test_the_need_is_shown_in_its_own_words(client: Client, sign_in: SignIn, case: Case) -> None:
    row = case("04208")
    words = "On a  une école ?\nEt un toit : « qui fuit » ! <b>gras</b>"
    SupportRequest.objects.filter(pk=row.pk).update(need=words)
    response = sign_in(client, "instructeur").get(page(row))
    assert "On a  une école ?\nEt un toit : « qui fuit » ! &lt;b&gt;gras&lt;/b&gt;" in response.text


def test_the_proposal_explains_itself(client: Client, sign_in: SignIn, mezel: SupportRequest) -> None:
    text = sign_in(client, "instructeur").get(page(mezel)).text
    assert mezel.assessment.summary in text
    assert ">Pour<" in text and ">À vérifier<" in text
    assert "Écartées (" in text
    aside = text.split("Écartées (")[1].split("</details>")[0]
    assert aside.count(">Illustration</span>") == aside.count("<strong>") > 0
    assert "la décision vous appartient." in text
    assert "règles v." in text


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["instructeur2", "offreur", "anct", "cerema", "clct", "admin", "maire2", "sousprefet"])
def test_a_hidden_file_does_not_exist(client: Client, sign_in: SignIn, mezel: SupportRequest, name: str) -> None:
    sign_in(client, name)
    for path in ("", "proposition/", "decider/", "qualifier/"):
        assert client.get(f"{page(mezel)}{path}").status_code == 404, path
    assert client.post(f"{page(mezel)}message/", {"text": "x"}).status_code == 404
    assert not ReadingLog.objects.filter(person__email=f"{name}@demo.example").exists()


def test_an_official_is_sent_to_his_own_page(client: Client, sign_in: SignIn, mezel: SupportRequest) -> None:
    response = sign_in(client, "maire").get(page(mezel))
    assert (response.status_code, response["Location"]) == (302, f"/demandes/{mezel.reference}/")


def test_opening_is_logged_before_the_page_is_built(
    client: Client, sign_in: SignIn, mezel: SupportRequest, clock: object
) -> None:
    sign_in(client, "instructeur")
    readings = ReadingLog.objects.filter(support_request=mezel, person__email="instructeur@demo.example")
    client.get(page(mezel))
    client.get(page(mezel))
    assert readings.count() == 1
    clock.shift(minutes=11)  # type: ignore[attr-defined]
    client.get(page(mezel))
    assert readings.count() == 2


def test_consultations_are_shown_by_body_to_the_desk_only(
    client: Client, sign_in: SignIn, mezel: SupportRequest
) -> None:
    sign_in(client, "cmt").get(page(mezel))
    text = sign_in(client, "instructeur").get(page(mezel)).text
    readings = text[text.index('id="consultations"') :]
    assert "Érable" not in readings and "Frêne" not in readings
    assert "ANCT" in readings
    assert 'id="consultations"' not in sign_in(client, "cmt").get(page(mezel)).text


@pytest.fixture
def outside_officer(stage: Stage, case: Case) -> tuple[object, SupportRequest]:
    """A provider's agent who follows a file: he reads what the collectivity reads, and no more."""
    row = case("04134")
    mandate = stage.engage(
        "suivi-it04",
        "Mme Jeanne Osier",
        Role.PROVIDER,
        "cheffe de projet",
        organisation=Organisation.objects.get(code="atd-04"),
        department="04",
    )
    Assignment.objects.filter(support_request=row, kind=AssignmentKind.FOLLOW_UP_OFFICER, until=None).delete()
    Assignment.objects.create(
        support_request=row,
        kind=AssignmentKind.FOLLOW_UP_OFFICER,
        person=mandate.user,
        body="Agence technique",
        since=row.submitted_at,
    )
    return mandate, row


def test_an_outside_officer_reads_nothing_internal(
    client: Client, sign_in: SignIn, outside_officer: tuple, actor: Callable[[str], Actor]
) -> None:
    mandate, row = outside_officer
    desk = actor("instructeur")
    exchanges.post(row, desk, channel="internal", text="Secret de préfecture.")
    exchanges.post(row, desk, channel="public", text="Bonjour à tous.")
    exchanges.attach_file(row, desk, name="note.pdf", stream=blank_pdf(), channel="internal")
    FollowUpEntry.objects.create(
        support_request=row,
        kind="risk",
        on=row.submitted_at.date(),
        text="Vigilance réservée.",
        is_public=False,
        author_id=desk.person_id,
        recorded_at=row.submitted_at,
    )
    response = sign_in(client, mandate).get(page(row))
    assert response.status_code == 200
    assert "Bonjour à tous." in response.text
    for hidden in ("Secret de préfecture", "Notes internes", "note.pdf", "Vigilance réservée", "Choix du guichet"):
        assert hidden not in response.text, hidden
    for section in ('id="proposition"', 'id="consultations"', 'id="semblables"'):
        assert section not in response.text, section
    posted = {"channel": "internal", "text": "Je m’invite.", "key": str(uuid.uuid4())}
    assert client.post(f"{page(row)}message/", posted).status_code == 403
    assert client.get(f"{page(row)}noter/").status_code == 200


@pytest.mark.parametrize("name", ["cmt"])
def test_solicitations_stay_between_the_desk_and_the_provider(
    client: Client, sign_in: SignIn, mezel: SupportRequest, actor: Callable[[str], Actor], name: str
) -> None:
    thread = Solicitation.objects.filter(support_request=mezel).first()
    exchanges.post(mezel, actor("instructeur"), channel="solicitation", text="Entre nous.", solicitation=thread)
    text = sign_in(client, name).get(page(mezel)).text
    assert "Entre nous." not in text
    assert 'id="sollicitations"' not in text
    assert "Entre nous." in sign_in(client, "instructeur").get(page(mezel)).text


def test_the_two_conversations_never_meet(
    client: Client, sign_in: SignIn, mezel: SupportRequest, actor: Callable[[str], Actor]
) -> None:
    desk = actor("instructeur")
    exchanges.post(mezel, desk, channel="internal", text="Parole interne.")
    exchanges.post(mezel, desk, channel="public", text="Parole publique.")
    text = sign_in(client, "instructeur").get(page(mezel)).text
    public, internal = text.index('id="echanges"'), text.index('id="notes-internes"')
    assert public < text.index("Parole publique.") < internal < text.index("Parole interne.")
    assert "Visible par la collectivité" in text and "Jamais visibles par la commune" in text
    assert "Envoyer à la commune" in text and "Ajouter la note interne" in text


# --- messages and documents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "anchor"), [("public", "#echanges"), ("internal", "#notes-internes")])
def test_a_message_is_posted_once(
    client: Client, sign_in: SignIn, mezel: SupportRequest, channel: str, anchor: str
) -> None:
    sign_in(client, "instructeur")
    posted = {"channel": channel, "text": "Nous vous rappelons mardi.", "key": str(uuid.uuid4())}
    for _ in range(2):
        response = client.post(f"{page(mezel)}message/", posted)
        assert (response.status_code, response["Location"]) == (302, f"{page(mezel)}{anchor}")
    assert Message.objects.filter(support_request=mezel, channel=channel, text=posted["text"]).count() == 1
    other = client.post(f"{page(mezel)}message/", {**posted, "text": "Autre chose."})
    assert other.status_code == 409, "nothing typed is dropped under the words « message envoyé »"
    assert "Autre chose." in other.text


def test_an_empty_message_comes_back_with_its_reason(client: Client, sign_in: SignIn, mezel: SupportRequest) -> None:
    sign_in(client, "instructeur")
    response = client.post(f"{page(mezel)}message/", {"channel": "public", "text": " ", "key": str(uuid.uuid4())})
    assert response.status_code == 422
    assert "Écrivez votre message." in response.text
    forged = {"channel": "solicitation", "text": "x", "key": str(uuid.uuid4())}
    assert client.post(f"{page(mezel)}message/", forged).status_code == 422


def test_documents_are_attached_on_their_channel(client: Client, sign_in: SignIn, mezel: SupportRequest) -> None:
    sign_in(client, "instructeur")
    given = {"channel": "internal", "file": SimpleUploadedFile("plan.pdf", blank_pdf())}
    assert client.post(f"{page(mezel)}joindre/", given).status_code == 302
    assert mezel.documents.get(title="plan.pdf").channel == "internal"
    refused = client.post(
        f"{page(mezel)}joindre/", {"channel": "public", "file": SimpleUploadedFile("a.exe", b"MZ\x90\x00" * 40)}
    )
    assert refused.status_code == 422


# --- what is next ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "label"),
    [
        ("instructeur", "04208", "Accuser réception"),
        ("instructeur", "04022", "Noter la réponse de la collectivité"),
        ("instructeur", "04134", "Noter une étape"),
        ("cmt", "04022", ""),
    ],
)
def test_the_next_step_is_one_button(
    client: Client, sign_in: SignIn, case: Case, name: str, code: str, label: str
) -> None:
    primary = sign_in(client, name).get(page(case(code))).context["primary"]
    assert (primary.label if primary else "") == label


def test_no_act_is_offered_that_would_be_refused(client: Client, sign_in: SignIn) -> None:
    """Every link of « Autres actions » opens, for each role of the desk and each file of the department."""
    for name in ("instructeur", "adjoint", "suivi"):
        sign_in(client, name)
        for row in SupportRequest.objects.filter(department="04"):
            response = client.get(page(row))
            if response.status_code == 404:
                continue
            for act in filter(None, [response.context["primary"], *response.context["other_acts"]]):
                assert client.get(act.address).status_code == 200, (name, row.state, act)


# --- while a worker is at it -----------------------------------------------------------------------------------------


def test_a_pending_proposal_is_asked_again_until_it_is_there(client: Client, sign_in: SignIn, case: Case) -> None:
    row = case("04208")
    routing.ask(row)
    sign_in(client, "instructeur")
    text = client.get(page(row)).text
    assert "La proposition est en cours de calcul." in text
    assert f'hx-get="{page(row)}proposition/"' in text
    with statements() as sql:
        waiting = client.get(f"{page(row)}proposition/")
    assert "hx-trigger" in waiting.text and "<html" not in waiting.text and "hx-swap-oob" not in waiting.text
    assert len(sql) <= 4
    with zeal.zeal_ignore():
        jobs.sweep(SETTLED)
    done = client.get(f"{page(row)}proposition/")
    assert "hx-trigger" not in done.text
    assert "C’est fait." in done.text
    assert 'id="tete" hx-swap-oob="true"' in done.text, "what comes next is offered without a reload"
    with statements() as sql:
        client.get(f"{page(row)}proposition/")
    assert len(sql) <= 15


def test_the_fragment_is_for_those_who_read_assessments(
    client: Client, sign_in: SignIn, outside_officer: tuple
) -> None:
    mandate, row = outside_officer
    assert sign_in(client, mandate).get(f"{page(row)}proposition/").status_code == 403


def test_what_is_refused_keeps_its_text(client: Client, sign_in: SignIn, case: Case) -> None:
    row = case("04208")
    sign_in(client, "sousprefet")
    long = "Une note trop longue. " * 300
    posted = {"channel": "internal", "text": long, "key": str(uuid.uuid4())}
    refused = client.post(f"{page(row)}message/", posted)
    assert refused.status_code == 422
    assert "Une note trop longue." in refused.text
    assert client.post(f"{page(row)}message/", {**posted, "channel": "public"}).status_code == 403


def test_who_reads_a_new_document_is_said_by_whoever_joins_it(
    client: Client, sign_in: SignIn, mezel: SupportRequest
) -> None:
    sign_in(client, "instructeur")
    assert " checked" not in client.get(f"{page(mezel)}joindre/").text
    refused = client.post(f"{page(mezel)}joindre/", {"file": io.BytesIO(blank_pdf())})
    assert "Dites qui pourra lire ce document." in refused.text


def test_reading_a_document_is_reading_the_file(
    client: Client, sign_in: SignIn, mezel: SupportRequest, actor: Callable[[str], Actor]
) -> None:
    document = exchanges.attach_file(mezel, actor("instructeur"), name="plan.pdf", stream=blank_pdf())
    address = f"/demandes/{mezel.reference}/documents/{document.uuid}/"
    for name, times in (("maire", 0), ("cmt", 1)):
        reader = sign_in(client, name)
        assert reader.get(address).status_code == 200
        person = actor(name).person_id
        assert ReadingLog.objects.filter(support_request=mezel, person=person, at__gte=document.at).count() == times


def test_what_staff_added_is_called_by_its_name(client: Client, sign_in: SignIn, stage: Stage) -> None:
    """In the proposal, in what changed and in the evidence of a referral."""
    added = Subject.objects.create(code="cimetiere", label="Cimetière", theme="CUL", group="living", order=99)
    row = searched(stage).row
    other = new_offer("essai", of=offer("atd-batiment-04").provider, themes=["CUL"], title="Offre des sépultures")
    other.subjects.add(added)
    routing.route(RoutingJob(support_request=row))
    row.refresh_from_db()
    assert row.assessment is not None and "cimetiere" in str(row.assessment.document)
    sign_in(client, "instructeur")
    text = client.get(page(row)).text
    assert "traite d’autres sujets\u00a0: cimetière" in text and "sujets\u00a0: cimetiere" not in text
    assert "cimetière" in str(
        routing.motive_sentences(row, "insufficient_resources", names_in(row.assessment.document))
    )
