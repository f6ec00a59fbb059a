"""Writing by the API: filing once, applying transitions, deciding; every refusal in its own status, never a 500."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Mandate
from common import clock, jobs
from common.calendar import add_working_days
from operators.models import Offer
from requests.demonstration.stage import Stage
from requests.enums import ConversationChannel
from requests.models import Decision, Message, Solicitation, SupportRequest
from requests.services import triage
from requests.workflow import Action
from tests.api.conftest import BASE, Caller, problem
from tests.requests.journeys import SETTLED

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
Callers = Callable[[str | Mandate], Caller]
Cases = Callable[[str], SupportRequest]


# --- filing ----------------------------------------------------------------------------------------------------------


def test_filing(caller: Callers, filing: dict[str, Any]) -> None:
    answer = caller("maire").post("", filing)
    assert answer.status_code == 201
    row = SupportRequest.objects.get(reference=answer.json()["reference"])
    assert (row.state, row.channel, row.collectivity.code) == ("submitted", "api", "04121")
    assert row.confirmed_at is not None
    assert answer.json()["abilities"]


def test_the_same_key_twice_is_one_request(caller: Callers, filing: dict[str, Any], key: str) -> None:
    mayor, before = caller("maire"), SupportRequest.objects.count()
    first, second = (mayor.post("", filing, Idempotency_Key=key) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert SupportRequest.objects.count() == before + 1


def test_the_same_key_with_another_body_is_a_conflict(caller: Callers, filing: dict[str, Any], key: str) -> None:
    mayor = caller("maire")
    mayor.post("", filing, Idempotency_Key=key)
    answer = mayor.post("", {**filing, "need": "Autre chose."}, Idempotency_Key=key)
    assert problem(answer, 409)["code"] == "key_reused"


@pytest.mark.parametrize(("name", "code"), [("instructeur", "04121"), ("maire2", "90052")])
def test_the_key_of_somebody_else_is_nothing_to_me(
    name: str, code: str, caller: Callers, filing: dict[str, Any], key: str
) -> None:
    """Whether he sees the other file or not: software may derive its keys, and two towns have the same."""
    first = caller("maire").post("", filing, Idempotency_Key=key)
    own = {**filing, "collectivity": code}
    second, again = (caller(name).post("", own, Idempotency_Key=key) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert second.json()["reference"] == again.json()["reference"] != first.json()["reference"]


def test_the_same_key_by_another_channel_is_a_conflict(caller: Callers, filing: dict[str, Any], key: str) -> None:
    desk = caller("instructeur")
    desk.post("", {**filing, "channel": "letter"}, Idempotency_Key=key)
    answer = desk.post("", {**filing, "channel": "telephone"}, Idempotency_Key=key)
    assert problem(answer, 409)["code"] == "key_reused"


def test_one_message_a_key_and_a_person(caller: Callers, case: Cases, key: str) -> None:
    ours, theirs = case("04121"), case("90052")
    mayor, other = caller("maire"), caller("maire2")
    said = {"channel": "public", "text": "Merci."}
    first, again = (mayor.post(f"{ours.reference}/messages/", said, Idempotency_Key=key) for _ in range(2))
    assert first.json()["uuid"] == again.json()["uuid"]
    answer = other.post(f"{theirs.reference}/messages/", said, Idempotency_Key=key)
    assert answer.status_code == 201
    assert answer.json()["uuid"] != first.json()["uuid"]


def test_a_key_that_is_no_uuid(caller: Callers, filing: dict[str, Any]) -> None:
    assert problem(caller("maire").post("", filing, Idempotency_Key="1"), 400)["code"] == "invalid_key"


@pytest.mark.parametrize("name", ["secretaire", "maire2", "epci", "instructeur2", "offreur", "anct", "clct", "admin"])
def test_who_may_not_file_for_mezel(name: str, caller: Callers, filing: dict[str, Any]) -> None:
    problem(caller(name).post("", filing), 403)


def test_a_desk_files_for_its_communes_and_the_executive_confirms(caller: Callers, filing: dict[str, Any]) -> None:
    answer = caller("instructeur").post("", {**filing, "channel": "letter"})
    assert answer.status_code == 201
    assert answer.json()["confirmed_at"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"collectivity": "99999"}, "collectivity"),
        ({"collectivity": None}, "collectivity"),
        ({"contact_email": f"{'a' * 250}@b.fr"}, "contact_email"),
        ({"next_council_on": "9999-12-31"}, "next_council_on"),
        ({"next_council_on": "0001-01-01"}, "next_council_on"),
        ({"subject": "nothing"}, "subject"),
        ({"need": ""}, "need"),
        ({"need": "a" * 5000}, "need"),
        ({"need": "avec un \x00 dedans"}, "need"),
        ({"progress": "soon"}, "progress"),
        ({"title": "t" * 121}, "title"),
        ({"next_council_on": "demain"}, "next_council_on"),
        ({"contact_email": "pas une adresse"}, "contact_email"),
        ({"channel": "pigeon"}, "channel"),
        ({"shared_with_grouping": "perhaps"}, "shared_with_grouping"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str, caller: Callers, filing: dict[str, Any]) -> None:
    errors = problem(caller("maire").post("", {**filing, **change}), 400)["errors"]
    assert [error["field"] for error in errors] == [field]


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b'["a"]', b"null", b'"text"', b"3", b'{"need": ', b"\xff\xfe", b"[" * 3000, b'{"a":NaN}'],
)
def test_a_body_that_is_not_an_object(body: bytes, caller: Callers) -> None:
    problem(caller("maire").post("", body), 400)


def test_another_format_is_refused(stage: Stage, caller: Callers, filing: dict[str, Any]) -> None:
    answer = Client().post(BASE, filing, headers=caller("maire").headers)  # a form
    problem(answer, 415)
    answer = Client().get(BASE, headers={**caller("maire").headers, "Accept": "text/html"})
    problem(answer, 406)
    problem(Client().put(BASE, filing, content_type="application/json", headers=caller("maire").headers), 405)


ODD = [
    "😀 demande 👩🏽‍🌾",
    "\u202eenvers",
    "‘citations’ «\u00a0»",
    "<script>alert(1)</script>",
    "a" * 2000,
    "\ud83d\ude00",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts_are_kept_as_they_are(text: str, caller: Callers, filing: dict[str, Any]) -> None:
    answer = caller("maire").post("", json.dumps({**filing, "need": text, "title": "Titre"}))
    assert answer.status_code == 201, answer.content
    assert answer.json()["need"] == text.encode("utf-16", "surrogatepass").decode("utf-16")


@pytest.mark.parametrize("raw", ['"\\ud83d"', '"a\\u0000b"', '{"a": 1}', '["x"]', "12", "true"])
def test_odd_values_never_break_the_portal(raw: str, caller: Callers, filing: dict[str, Any]) -> None:
    whole = json.dumps(filing)
    for name in filing:
        value = json.dumps(filing[name])
        answer = caller("maire").post("", whole.replace(f'"{name}": {value}', f'"{name}": {raw}'))
        assert answer.status_code in (201, 400, 403), (name, raw, answer.content)


# --- transitions -----------------------------------------------------------------------------------------------------


def test_every_transition_is_applied_by_its_service(caller: Callers, case: Cases, stage: Stage) -> None:
    """From filing to support, then to a suspension and back."""
    agent, deputy, row = caller("instructeur"), caller("adjoint"), case("04208")
    path = f"{row.reference}/transitions/"

    def act(who: Caller, action: str, **fields: Any) -> str:
        answer = who.post(path, {"action": action, **fields})
        assert answer.status_code == 201, answer.content
        state: str = answer.json()["state"]
        return state

    contact = str(stage.account("instructeur").uuid)
    assert act(agent, "ask_completion", items="Le plan.", answer_by="2026-12-11") == "incomplete"
    assert act(agent, "complete", text="Le plan est arrivé.") == "submitted"
    assert act(agent, "acknowledge", contact=contact) == "qualification"
    text = "Le guichet ne verse pas de subvention."
    assert act(deputy, "redirect", reason="grant", target="La préfecture", text=text) == "redirected"
    assert act(agent, "take_back") == "submitted"
    assert act(deputy, "drop", reason="Sans réponse de votre part.") == "dropped"
    told = [row["action"] for row in agent.get(path).json()]
    assert told == ["submit", "ask_completion", "complete", "acknowledge", "redirect", "take_back", "drop"]


@pytest.mark.parametrize(
    ("code", "who", "body"),
    [
        ("04022", "maire2", {"action": "withdraw"}),
        ("04022", "instructeur2", {"action": "withdraw_proposal", "reason": "x"}),
        ("04022", "anct", {"action": "take_up", "instructor": str(uuid.uuid4())}),
        ("200006930", "instructeur", {"action": "drop", "reason": "x"}),
    ],
)
def test_a_hidden_request_has_no_transition(
    code: str, who: str, body: dict[str, str], caller: Callers, case: Cases
) -> None:
    problem(caller(who).post(f"{case(code).reference}/transitions/", body), 404)


def test_a_visible_request_and_an_act_of_somebody_else(caller: Callers, case: Cases, stage: Stage) -> None:
    reference = case("04022").reference
    officer = str(stage.account("suivi").uuid)
    for name, body in (
        ("instructeur", {"action": "designate", "officer": officer}),
        ("cmt", {"action": "withdraw_proposal", "reason": "x"}),
        ("cmt", {"action": "drop", "reason": "x"}),
        ("instructeur", {"action": "drop", "reason": "x"}),
    ):
        problem(caller(name).post(f"{reference}/transitions/", body), 403)


def test_a_dead_delegation_is_told_so(caller: Callers, case: Cases, stage: Stage) -> None:
    from accounts.models import SignatureAct

    SignatureAct.objects.filter(signatory=stage.account("adjoint")).update(ends_on="2026-10-01")
    answer = caller("adjoint").post(f"{case('04022').reference}/transitions/", {"action": "drop", "reason": "Rien."})
    assert problem(answer, 403)["detail"].startswith("Aucune délégation de signature en vigueur aujourd’hui")


def test_an_act_that_comes_too_late_names_who_was_first(caller: Callers, case: Cases, stage: Stage) -> None:
    row = case("04022")
    triage.drop(row, stage.actor(stage.account("adjoint")), reason="Sans suite.")
    answer = caller("instructeur").post(f"{row.reference}/transitions/", {"action": "withdraw_proposal", "reason": "x"})
    body = problem(answer, 409)
    assert body["code"] == "state_changed"
    assert "Mme\u00a0Charme" in body["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": "explode"}, "action"),
        ({"action": "submit"}, "action"),
        ({"action": "start_search"}, "action"),
        ({"action": "withdraw_proposal"}, "reason"),
        ({"action": "withdraw_proposal", "reason": "  "}, "reason"),
        ({"action": "withdraw_proposal", "reason": "a" * 4001}, "reason"),
        ({"action": "withdraw_proposal", "reason": "a\x00b"}, "reason"),
        ({"action": "designate", "officer": "nobody"}, "officer"),
        ({"action": "designate", "officer": str(uuid.uuid4())}, "officer"),
        ({"action": "refer", "signatory": 3}, "signatory"),
        ({"action": "delegate", "missions": [{"operator": "nasa", "text": "x"}]}, "missions.0.operator"),
        ({"action": "attach", "host": "2026-04-99999"}, "host"),
        (
            {"action": "redirect", "reason": "grant", "target": "x", "text": "x", "url": f"https://a.fr/{'a' * 200}"},
            "url",
        ),
        ({"action": "suspend", "reason": "x", "expected_until": "someday"}, "expected_until"),
        ({"action": ["drop"]}, "action"),
        ({"action": {"a": 1}}, "action"),
    ],
)
def test_wrong_fields_of_an_act(body: dict[str, Any], field: str, caller: Callers, case: Cases) -> None:
    errors = problem(caller("adjoint").post(f"{case('04022').reference}/transitions/", body), 400)["errors"]
    assert [error["field"] for error in errors] == [field]


@pytest.mark.parametrize("action", sorted(Action))
@pytest.mark.parametrize("part", ["transitions", "decisions", "messages"])
def test_no_odd_body_breaks_the_portal(action: str, part: str, caller: Callers, case: Cases) -> None:
    agent, path = caller("adjoint"), f"{case('04022').reference}/{part}/"
    odd: list[Any] = [
        b"nope", [], "text", {"action": action}, {"action": action, "reason": ["a"], "text": {"b": 1}, "missions": "n"},
        {"action": action, "reason": "😀" * 2500, "officer": "\x00", "missions": [[]], "offer": "x", "host": "\x00"},
        {"kind": "local", "offers": "x"}, {"kind": "refer", "motives": [action]}, {"channel": action, "text": action},
    ]  # fmt: skip
    for body in odd:
        assert agent.post(path, body).status_code in (201, 202, 400, 403, 409), body


# --- decisions -------------------------------------------------------------------------------------------------------


@pytest.fixture
def searched(case: Cases, caller: Callers, stage: Stage) -> SupportRequest:
    """Simiane's file, received and qualified: it awaits a decision."""
    row, agent = case("04208"), stage.actor(stage.account("instructeur"))
    triage.acknowledge(row, agent, contact=stage.account("instructeur"))
    reading = triage.Qualification(subject=row.subject, themes=("TER",), competence="commune", phase="framing")
    triage.qualify(row, agent, reading)
    jobs.sweep(SETTLED)
    return row


def _local(*codes: str) -> dict[str, Any]:
    uuids = [str(Offer.objects.get(code=code).uuid) for code in codes]
    return {"kind": "local", "offers": uuids, "message": "La traversée du village.", "reason": "Avis du guichet."}


def test_a_decision_is_accepted_then_dispatched(caller: Callers, searched: SupportRequest) -> None:
    deputy, path = caller("adjoint"), f"{searched.reference}/decisions/"
    answer = deputy.post(path, _local("caue-bourg-04", "atd-batiment-04"))
    assert answer.status_code == 202
    searched.refresh_from_db()
    assert searched.state == "qualification"
    assert not searched.solicitations.exists()
    jobs.sweep(SETTLED)
    searched.refresh_from_db()
    assert searched.state == "local_search"
    assert {row.offer.code for row in Solicitation.objects.filter(support_request=searched)} == {
        "caue-bourg-04",
        "atd-batiment-04",
    }
    assert [row["kind"] for row in deputy.get(path).json()] == ["local"]


def test_each_provider_is_asked_its_question_and_all_the_same_day(caller: Callers, searched: SupportRequest) -> None:
    body = _local("caue-bourg-04", "atd-batiment-04")
    first, second = body["offers"]
    expected = add_working_days(clock.today(), 6, "04")
    body |= {"questions": {first: "Une visite d’ici un mois ?"}, "expected_on": expected.isoformat()}
    assert caller("adjoint").post(f"{searched.reference}/decisions/", body).status_code == 202
    jobs.sweep(SETTLED)
    asked = {str(row.offer.uuid): row for row in Solicitation.objects.filter(support_request=searched)}
    assert [asked[key].question for key in (first, second)] == ["Une visite d’ici un mois ?", ""]
    assert {row.expected_on for row in asked.values()} == {expected}


def test_a_second_decision_meets_the_first(caller: Callers, searched: SupportRequest) -> None:
    path = f"{searched.reference}/decisions/"
    assert caller("adjoint").post(path, _local("caue-bourg-04")).status_code == 202
    body = problem(caller("delegue").post(path, _local("atd-batiment-04")), 409)
    assert body["code"] == "decision_pending"
    assert "Mme\u00a0Charme vient de décider" in body["detail"]
    assert Decision.objects.filter(support_request=searched).count() == 1


@pytest.mark.parametrize(
    ("name", "status"), [("instructeur", 403), ("cmt", 403), ("instructeur2", 404), ("maire", 404)]
)
def test_who_does_not_decide(name: str, status: int, caller: Callers, searched: SupportRequest) -> None:
    problem(caller(name).post(f"{searched.reference}/decisions/", _local("caue-bourg-04")), status)


def test_a_decision_too_late(caller: Callers, case: Cases) -> None:
    answer = caller("adjoint").post(f"{case('04022').reference}/decisions/", _local("caue-bourg-04"))
    assert problem(answer, 409)["code"] == "state_changed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "maybe"}, "kind"),
        ({"kind": "local", "offers": []}, "offers"),
        ({"kind": "local", "offers": [str(uuid.uuid4())]}, "offers"),
        ({"kind": "local", "offers": ["x"]}, "offers"),
        ({"kind": "local", "offers": [], "questions": {"x": "Quand ?"}}, "questions"),
        ({"kind": "refer", "motives": []}, "motives"),
        ({"kind": "refer", "motives": ["laziness"]}, "motives.0"),
    ],
)
def test_a_wrong_decision(body: dict[str, Any], field: str, caller: Callers, searched: SupportRequest) -> None:
    errors = problem(caller("adjoint").post(f"{searched.reference}/decisions/", body), 400)["errors"]
    assert {error["field"].removesuffix(".0") for error in errors} == {field.removesuffix(".0")}


# --- messages --------------------------------------------------------------------------------------------------------


def test_a_message_posted_twice_is_one(caller: Callers, case: Cases, key: str) -> None:
    path = f"{case('04121').reference}/messages/"
    body = {"channel": "public", "text": "Bonjour 😀"}
    first, second = (caller("maire").post(path, body, Idempotency_Key=key) for _ in range(2))
    assert first.json()["uuid"] == second.json()["uuid"]
    assert Message.objects.filter(submission_key=key).count() == 1
    problem(caller("maire").post(path, {**body, "text": "Bonsoir"}, Idempotency_Key=key), 409)


@pytest.mark.parametrize("name", ["maire", "secretaire"])
def test_the_official_writes_no_internal_note(name: str, caller: Callers, case: Cases) -> None:
    body = {"channel": ConversationChannel.INTERNAL.value, "text": "Entre nous"}
    problem(caller(name).post(f"{case('04121').reference}/messages/", body), 403)


def test_the_thread_of_a_provider_is_not_written_here(caller: Callers, case: Cases) -> None:
    body = {"channel": "solicitation", "text": "Bonjour"}
    answer = caller("instructeur").post(f"{case('04121').reference}/messages/", body)
    assert [error["field"] for error in problem(answer, 400)["errors"]] == ["channel"]


@pytest.mark.parametrize("text", ["", "   ", "a" * 5001, "a\x00b", None, ["a"], {"a": 1}])
def test_a_message_that_says_nothing_readable(text: Any, caller: Callers, case: Cases) -> None:
    answer = caller("instructeur").post(f"{case('04121').reference}/messages/", {"channel": "public", "text": text})
    assert [error["field"] for error in problem(answer, 400)["errors"]] == ["text"]
