"""The providers' and operators' pages: what each reads, its answer, its own thread, and nothing of the others."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mandate
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import Document, Message, Solicitation
from requests.services import exchanges, national, solution, triage
from requests.views.journal import journal_of
from tests.requests.counting import statements
from tests.requests.journeys import offer, reviewed, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
SignIn = Callable[[Client, Mandate | str], Client]
NEED, TITLE, NOTE = "phrase-du-maire-et-de-lui-seul", "intitule-de-la-commune", "note-interne-entre-agents"
PUBLIC, SIBLING = "message-public-de-la-commune", "fil-de-l-autre-prestataire"
SECRETS = (NEED, TITLE, NOTE, PUBLIC, SIBLING)


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-12 10:00")


@pytest.fixture
def provider(client: Client, sign_in: SignIn) -> Client:
    return sign_in(client, "offreur")


@pytest.fixture
def asked(stage: Stage) -> Solicitation:
    """A file full of what a provider must not read, and the solicitation put to IT04."""
    case = submitted(stage, need=NEED, title=TITLE, public_title="Toit de la halle")
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    with case.on("2026-11-04", case.deputy) as actor:
        both = [offer("atd-batiment-04"), offer("caue-bourg-04")]
        triage.decide_local(case.row, actor, both, message="Un toit à réparer.", reason="Choix.")
    case.note("2026-11-04 11:00", case.instructor, NOTE)
    case.note("2026-11-04 12:00", stage.account("maire"), PUBLIC, "public")
    rows = {row.offer.code: row for row in case.row.solicitations.select_related("offer")}
    with case.on("2026-11-05", case.instructor) as actor:
        for code, text in (("atd-batiment-04", "Quand venez-vous ?"), ("caue-bourg-04", SIBLING)):
            exchanges.post(
                case.row, actor, channel="solicitation", text=text, solicitation=rows[code], key=uuid.uuid4()
            )
        for channel in ("public", "internal"):
            exchanges.attach_file(case.row, actor, name=f"{NOTE}.txt", stream=b"texte", channel=channel)
    return rows["atd-batiment-04"]


def page(row: Solicitation) -> str:
    return reverse("requests:solicitation", args=[row.uuid])


# --- providers -------------------------------------------------------------------------------------------------------


def test_the_provider_reads_the_extract_and_his_thread_only(provider: Client, asked: Solicitation) -> None:
    text = provider.get(page(asked)).content.decode()
    assert "Toit de la halle" in text
    assert "Un toit à réparer." in text
    assert "Quand venez-vous" in text
    found = provider.get("/sollicitations/").content.decode()
    assert "Toit de la halle" in found
    for secret in SECRETS:
        assert secret not in text
        assert secret not in found


def test_nothing_else_of_the_file_opens_to_him(provider: Client, asked: Solicitation) -> None:
    reference = asked.support_request.reference
    for name in ("file", "detail", "national-file", "operator-file", "referral-preview", "state", "file-proposal"):
        answer = provider.get(reverse(f"requests:{name}", args=[reference]))
        assert answer.status_code == 404, name
        assert not [secret for secret in SECRETS if secret in answer.content.decode()]
    for document in Document.objects.filter(support_request=asked.support_request):
        address = reverse("requests:document", args=[reference, document.uuid])
        assert provider.get(address).status_code == 404
    sibling = Solicitation.objects.exclude(pk=asked.pk).get(support_request=asked.support_request)
    assert provider.get(page(sibling)).status_code == 404
    assert provider.post(page(sibling), {"accepted": "oui"}).status_code == 404


def test_a_refusal_says_why_beside_the_field(provider: Client, asked: Solicitation) -> None:
    empty = provider.post(page(asked), {})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["accepted"])
    answer = provider.post(page(asked), {"accepted": "non"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["reason"])
    assert 'id="id_reason_error"' in answer.content.decode()
    assert not [secret for secret in SECRETS if secret in answer.content.decode()]
    assert provider.post(page(asked), {"accepted": "non", "reason": "workload", "text": "Plein."}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.decline_reason, asked.answered_by) == ("declined", "workload", "M.\u00a0Micocoulier")


def test_an_answer_after_another_says_so(provider: Client, asked: Solicitation, stage: Stage) -> None:
    solution.answer_solicitation(
        asked, stage.actor(stage.account("instructeur")), accepted=True, answered_by="Le directeur", channel="telephone"
    )
    answer = provider.post(page(asked), {"accepted": "non", "reason": "workload"})
    assert answer.status_code == 409
    assert "n’attend plus de réponse" in answer.content.decode()
    assert not [secret for secret in SECRETS if secret in answer.content.decode()]
    asked.refresh_from_db()
    assert asked.state == "accepted"


def test_the_desk_notes_an_answer_received_otherwise(sign_in: SignIn, asked: Solicitation) -> None:
    desk = sign_in(Client(), "instructeur")
    text = desk.get(page(asked)).content.decode()
    assert "Noter une réponse reçue autrement" in text
    assert NOTE not in text
    wrong = desk.post(page(asked), {"accepted": "oui"})
    assert set(wrong.context["form"].errors) == {"channel", "answered_by"}
    given = {"accepted": "oui", "channel": "telephone", "answered_by": "Le directeur", "condition": "si elle adhère"}
    answer = desk.post(page(asked), given)
    assert answer["Location"] == reverse("requests:file", args=[asked.support_request.reference])
    asked.refresh_from_db()
    assert (asked.state, asked.answer_channel, asked.answered_by) == ("accepted", "telephone", "Le directeur")


@pytest.mark.parametrize("name", ["maire", "sousprefet", "cmt", "anct", "instructeur2", "cerema", "clct", "admin"])
def test_the_others_do_not_find_it(name: str, sign_in: SignIn, asked: Solicitation) -> None:
    other = sign_in(Client(), name)
    assert other.get(page(asked)).status_code == 404
    assert other.post(page(asked), {"accepted": "oui"}).status_code == 404


def test_the_thread_between_desk_and_provider(provider: Client, sign_in: SignIn, asked: Solicitation) -> None:
    form = provider.get(page(asked)).context["message_form"]
    given = {name: str(form[name].value() or "") for name in ("channel", "solicitation", "key")}
    write = reverse("requests:message", args=[asked.support_request.reference])
    for _ in range(2):  # a second click is the same message
        answer = provider.post(write, {**given, "text": "Nous venons mardi."})
        assert answer["Location"].startswith(page(asked))
    message = Message.objects.get(text="Nous venons mardi.")
    assert (message.channel, message.solicitation_id) == ("solicitation", asked.pk)
    assert "Nous venons mardi." in sign_in(Client(), "instructeur").get(page(asked)).content.decode()
    mayor = sign_in(Client(), "maire")
    detail = mayor.get(reverse("requests:detail", args=[asked.support_request.reference])).content.decode()
    assert "Nous venons mardi." not in detail
    assert "Un toit à réparer." not in detail


@pytest.mark.parametrize("channel", ["public", "internal"])
def test_a_provider_writes_in_no_other_conversation(channel: str, provider: Client, asked: Solicitation) -> None:
    write = reverse("requests:message", args=[asked.support_request.reference])
    given = {"channel": channel, "text": "Bonjour", "key": str(uuid.uuid4())}
    assert provider.post(write, given).status_code == 404
    answer = provider.post(write, {**given, "solicitation": str(asked.uuid)})
    assert answer.status_code in (403, 404, 422)
    assert not Message.objects.filter(text="Bonjour").exists()


def test_the_lists_cost_the_same_for_any_number(provider: Client, stage: Stage, asked: Solicitation) -> None:
    with statements() as few:
        provider.get("/sollicitations/")
    for rank in range(6):
        case = submitted(stage, f"n{rank}")
        case.acknowledge("2026-11-03")
        case.qualify("2026-11-03 11:00")
        case.solicit("2026-11-04", "atd-batiment-04", reason="Choix.")
    with statements() as many:
        assert provider.get("/sollicitations/").content.decode().count("Dossier n") == 6
    assert len(few) == len(many) <= 8


# --- operators -------------------------------------------------------------------------------------------------------


@pytest.fixture
def entrusted(stage: Stage) -> Case:
    from operators.models import Provider

    case = reviewed(stage)
    with case.on("2026-11-11", stage.account("anct")) as actor:
        missions = [
            national.Mission(operator=Provider.objects.get(code=code), text=f"Mission {code}") for code in OPERATORS
        ]
        national.delegate(case.row, actor, missions)
    return case


OPERATORS = ("cerema", "ademe")


def mission(case: Case, code: str) -> str:
    return reverse("requests:delegation", args=[case.row.delegations.get(operator__code=code).uuid])


def test_an_operator_accepts_and_reads_the_file(entrusted: Case, sign_in: SignIn) -> None:
    operator = sign_in(Client(), "cerema")
    assert "Dossier un" in operator.get("/operateurs/").content.decode()
    assert "Mission cerema" in operator.get(mission(entrusted, "cerema")).content.decode()
    assert operator.get(mission(entrusted, "ademe")).status_code == 404
    file = operator.get(reverse("requests:operator-file", args=[entrusted.row.reference]))
    assert file.context["primary"].address == mission(entrusted, "cerema"), "to answer is what is expected of him"
    assert file.context["other_acts"] == []
    answer = operator.post(mission(entrusted, "cerema"), {"accepted": "oui", "contact": "Mme Lise"})
    assert answer["Location"] == reverse("requests:operator-file", args=[entrusted.row.reference])
    assert operator.get(answer["Location"]).status_code == 200
    entrusted.row.refresh_from_db()
    assert entrusted.row.state == "national_support"
    again = operator.post(mission(entrusted, "cerema"), {"accepted": "non", "reason": "workload", "text": "x"})
    assert again.status_code == 409
    assert "déjà une réponse" in again.content.decode()


def test_an_operator_that_declines_leaves_the_file(entrusted: Case, sign_in: SignIn) -> None:
    operator = sign_in(Client(), "ademe")
    file = reverse("requests:operator-file", args=[entrusted.row.reference])
    assert operator.get(file).status_code == 200
    for given, field in (
        ({}, "accepted"),
        ({"accepted": "non"}, "reason"),
        ({"accepted": "non", "reason": "calendar"}, "text"),
    ):
        answer = operator.post(mission(entrusted, "ademe"), given)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert f'id="id_{field}_error"' in answer.content.decode()
    type(entrusted.row).objects.filter(pk=entrusted.row.pk).update(public_title="Un bâtiment")
    given = {"accepted": "non", "reason": "calendar", "text": "Pas avant mars."}
    assert operator.post(mission(entrusted, "ademe"), given)["Location"] == "/operateurs/"
    assert operator.get(file).status_code == 404
    assert operator.get("/operateurs/").status_code == 200
    page_of_mission = operator.get(mission(entrusted, "ademe"))
    assert page_of_mission.status_code == 200
    shown = page_of_mission.content.decode()
    assert "Lire la demande entière" not in shown
    assert entrusted.row.reference not in shown
    assert entrusted.row.title not in shown


def test_the_refusal_of_an_operator_is_not_read_by_another(entrusted: Case, sign_in: SignIn) -> None:
    given = {"accepted": "non", "reason": "calendar", "text": "Refus-reserve-a-l-agence."}
    declining = sign_in(Client(), "ademe")
    assert declining.post(mission(entrusted, "ademe"), given).status_code == 302
    file = reverse("requests:operator-file", args=[entrusted.row.reference])
    assert "Refus-reserve" not in sign_in(Client(), "cerema").get(file).content.decode()
    agency = reverse("requests:national-file", args=[entrusted.row.reference])
    assert "Refus-reserve" in sign_in(Client(), "anct").get(agency).content.decode()

    def told(name: str, *, internal: bool = True) -> dict[str, str]:
        lines = journal_of(entrusted.row, entrusted.stage.actor(entrusted.stage.account(name)), internal=internal)
        return {line.title: line.text for line in lines if "ADEME" in line.title.upper()}

    assert told("anct") == told("ademe") == {"Ademe décline": "Refus-reserve-a-l-agence."}
    assert told("cerema") == {"Ademe décline": ""}
    assert told("anct", internal=False) == {}


def test_an_operator_reads_internal_notes_and_no_thread_of_a_provider(entrusted: Case, sign_in: SignIn) -> None:
    entrusted.note("2026-11-11 12:00", entrusted.instructor, NOTE)
    asked = entrusted.row.solicitations.first()
    with entrusted.on("2026-11-11 13:00", entrusted.instructor) as actor:
        exchanges.post(entrusted.row, actor, channel="solicitation", text=SIBLING, solicitation=asked, key=uuid.uuid4())
    text = (
        sign_in(Client(), "cerema")
        .get(reverse("requests:operator-file", args=[entrusted.row.reference]))
        .content.decode()
    )
    assert NOTE in text
    assert SIBLING not in text
    assert "Reprendre la demande à l’opérateur" not in text, "the agency takes it back, not the operator"


def test_an_operator_that_never_answered_did_not_refuse(entrusted: Case, sign_in: SignIn, stage: Stage) -> None:
    with entrusted.on("2026-11-20", stage.account("anct")) as actor:
        national.take_back_delegation(entrusted.row, actor, reason="Silence.")
    page = sign_in(Client(), "maire").get(reverse("requests:detail", args=[entrusted.row.reference])).content.decode()
    assert "Cerema n’a pas répondu." in page
    assert "n’interviendra pas" not in page


@pytest.mark.parametrize("name", ["maire", "offreur", "instructeur", "anct", "clct"])
def test_the_operators_page_is_theirs(name: str, sign_in: SignIn, entrusted: Case) -> None:
    other = sign_in(Client(), name)
    assert other.get("/operateurs/").status_code == 403
    assert other.get(mission(entrusted, "cerema")).status_code == 404
