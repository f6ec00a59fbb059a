"""Reading by the API: what the caller sees and nothing else, page by page, at a constant cost."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, Mandate
from accounts.services import tokens
from common import clock as portal_clock
from requests.demonstration.stage import Stage
from requests.enums import ConversationChannel
from requests.models import Document, Message, Note, ReadingLog, SupportRequest, Transition
from requests.permissions import Ability, abilities
from tests.api.conftest import BASE, Caller, problem
from tests.requests.counting import statements

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
Callers = Callable[[str | Mandate], Caller]
Cases = Callable[[str], SupportRequest]


# --- who calls -------------------------------------------------------------------------------------------------------


def test_without_a_token_nothing() -> None:
    answer = Client().get(BASE)
    assert problem(answer, 401)["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer guichet_unknown", "Bearer \u00e9\u00e9"])
def test_a_token_that_is_not_one(header: str) -> None:
    problem(Client().get(BASE, headers={"Authorization": header}), 401)


def test_an_expired_token(stage: Stage, clock: Any) -> None:
    caller = Caller(tokens.issue(stage.account("instructeur"), days=2))
    assert caller.get().status_code == 200
    clock.shift(days=2, seconds=1)
    assert "expiré" in problem(caller.get(), 401)["detail"]


def test_a_revoked_token(stage: Stage) -> None:
    caller = Caller(tokens.issue(stage.account("instructeur")))
    tokens.revoke(ApiToken.objects.get())
    problem(caller.get(), 401)


def test_a_token_dies_with_its_mandate(stage: Stage) -> None:
    mandate = stage.account("instructeur")
    caller = Caller(tokens.issue(mandate))
    Mandate.objects.filter(pk=mandate.pk).update(ends_on=portal_clock.today(), status="ended")
    problem(caller.get(), 401)


def test_a_token_acts_under_one_mandate_only(stage: Stage, caller: Callers, case: Cases) -> None:
    """The same person also acts for Barrême: the token of Mézel does not open Barrême's requests."""
    mezel = stage.account("maire")
    other = Mandate.objects.get(pk=mezel.pk)
    other.pk, other.uuid, other._state.adding = None, uuid.uuid4(), True
    other.collectivity, other.heads = case("04022").collectivity, False
    other.save()
    seen = {row["collectivity"] for row in caller(mezel).get().json()["results"]}
    assert seen == {"04121"}
    assert {row["collectivity"] for row in caller(other).get().json()["results"]} == {"04022"}


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["maire", "epci", "instructeur", "sousprefet", "suivi", "cmt", "anct", "cerema"])
def test_the_list_is_what_the_caller_sees(name: str, caller: Callers, stage: Stage) -> None:
    seen = {row["reference"] for row in caller(name).get("?page_size=200").json()["results"]}
    actor = stage.actor(stage.account(name))
    visible = [row for row in SupportRequest.objects.all() if Ability.VIEW in abilities(actor, row)]
    assert seen == {row.reference for row in visible}


@pytest.mark.parametrize("name", ["offreur", "clct", "admin", "bdt"])
def test_others_read_an_empty_list(name: str, caller: Callers) -> None:
    assert caller(name).get().json()["results"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=proposed", {"04022"}),
        ("state=proposed&state=closed", {"04022", "04121"}),
        ("holder=applicant", {"04022"}),
        ("department=05", {"200067320"}),
        ("collectivity=04134", {"04134"}),
        ("subject=commerce", {"04121"}),
        ("channel=letter", {"04208"}),
        ("outcome=local", {"04121"}),
        ("submitted_after=2026-11-01T00:00:00Z", {"04208", "200067320"}),
        ("submitted_before=2026-06-01T00:00:00Z", {"04121"}),
        ("collectivity=90003", set()),
    ],
)
def test_filters(query: str, expected: set[str], caller: Callers) -> None:
    found = caller("instructeur").get(f"?{query}").json()["results"]
    assert {row["collectivity"] for row in found} == expected


@pytest.mark.parametrize("query", ["state=open", "holder=me", "submitted_after=tomorrow", "channel=pigeon"])
def test_a_filter_that_means_nothing_is_said(query: str, caller: Callers) -> None:
    errors = problem(caller("instructeur").get(f"?{query}"), 400)["errors"]
    assert [error["field"] for error in errors] == [query.split("=")[0]]


def test_pages_follow_one_another_without_a_hole(caller: Callers) -> None:
    agent, seen, address = caller("anct"), [], f"{BASE}?page_size=4"
    while address:
        page = agent.get(address.removeprefix("http://testserver")).json()
        assert len(page["results"]) <= 4
        seen += [row["reference"] for row in page["results"]]
        address = page["next"]
    whole = [row["reference"] for row in agent.get("?page_size=200").json()["results"]]
    assert seen == whole
    assert len(seen) == len(set(seen)) > 8


@pytest.mark.parametrize("cursor", ["nothing", "%00", "cD0yMDI2", "'; DROP TABLE"])
def test_a_spoilt_cursor_is_no_error_of_the_portal(cursor: str, caller: Callers) -> None:
    assert caller("anct").get(f"?cursor={cursor}").status_code in (200, 400, 404)


@pytest.mark.parametrize("size", [1, 10, 30])
def test_the_list_costs_the_same_for_any_number_of_rows(size: int, caller: Callers) -> None:
    agent = caller("anct")
    SupportRequest.objects.update(referred_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    with statements() as sql:
        found = agent.get(f"?page_size={size}").json()["results"]
    assert len(found) == size
    assert len(sql) <= 8, sql
    with statements() as one:
        agent.get("?page_size=1")
    assert len(sql) == len(one)


@pytest.mark.parametrize("part", ["", "transitions/", "messages/", "documents/", "assessments/", "decisions/"])
def test_one_request_costs_little(part: str, caller: Callers, case: Cases) -> None:
    agent, row = caller("instructeur"), case("04121")
    with statements() as sql:
        assert agent.get(f"{row.reference}/{part}").status_code == 200
    assert len(sql) <= 8, sql


# --- one request -----------------------------------------------------------------------------------------------------


def test_what_one_may_do_is_said(caller: Callers, case: Cases, stage: Stage) -> None:
    row = case("04022")
    for name in ("instructeur", "adjoint", "cmt"):
        said = caller(name).get(f"{row.reference}/").json()["abilities"]
        assert said == sorted(map(str, abilities(stage.actor(stage.account(name)), row)))


@pytest.mark.parametrize("name", ["maire2", "instructeur2", "offreur", "anct", "anah", "clct", "admin"])
@pytest.mark.parametrize("part", ["", "transitions/", "messages/", "documents/", "assessments/", "decisions/"])
def test_what_is_hidden_does_not_exist(name: str, part: str, caller: Callers, case: Cases) -> None:
    hidden = problem(caller(name).get(f"{case('04022').reference}/{part}"), 404)
    absent = problem(caller(name).get(f"2026-04-99999/{part}"), 404)
    assert {**hidden, "instance": ""} == {**absent, "instance": ""}


def test_the_official_reads_neither_assessment_nor_decision(caller: Callers, case: Cases) -> None:
    reference = case("04121").reference
    problem(caller("maire").get(f"{reference}/assessments/"), 403)
    problem(caller("maire").get(f"{reference}/decisions/"), 403)
    assert caller("adjoint").get(f"{reference}/assessments/").json()


@pytest.fixture
def three_conversations(case: Cases, stage: Stage) -> SupportRequest:
    """Mézel's file with one message and one document in each conversation, and an internal note of history."""
    row = case("04121")
    author, asked = stage.account("instructeur").user, row.solicitations.first()
    stored = row.documents.exclude(file=None).first()
    for channel in ConversationChannel:
        thread = {"solicitation": asked} if channel == ConversationChannel.SOLICITATION else {}
        Message.objects.create(
            support_request=row,
            channel=channel,
            author=author,
            author_label="M. Frêne",
            text=f"secret-{channel}",
            at=portal_clock.now(),
            **thread,
        )
        Document.objects.create(
            support_request=row,
            channel=channel,
            kind="attachment",
            title=f"secret-{channel}",
            source_key=f"test:{channel}",
            file=stored.file if stored else None,
            at=portal_clock.now(),
            **thread,
        )
    Transition.objects.create(
        support_request=row,
        number=row.transitions.count() + 1,
        action="suspend",
        from_state="local_support",
        to_state="suspended",
        person=author,
        role="instructor",
        note=Note.objects.create(text="secret-internal-note"),
        at=portal_clock.now(),
        recorded_at=portal_clock.now(),
    )
    return row


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("maire", {"public"}),
        ("secretaire", {"public"}),
        ("instructeur", {"public", "internal"}),
        ("adjoint", {"public", "internal"}),
        ("cmt", {"public", "internal"}),
        ("suivi", {"public", "internal"}),
    ],
)
@pytest.mark.parametrize("part", ["messages", "documents"])
def test_each_reads_his_conversations(
    name: str, reads: set[str], part: str, caller: Callers, three_conversations: SupportRequest
) -> None:
    found = caller(name).get(f"{three_conversations.reference}/{part}/").json()
    assert {row["channel"] for row in found} == reads
    text = str(found)
    assert {channel for channel in ("public", "internal", "solicitation") if f"secret-{channel}" in text} == reads


def test_nothing_internal_reaches_the_official_by_any_address(
    caller: Callers, three_conversations: SupportRequest
) -> None:
    mayor, reference = caller("maire"), three_conversations.reference
    for part in ("", "transitions/", "messages/", "documents/"):
        text = mayor.get(f"{reference}/{part}").content.decode()
        assert "secret-internal" not in text
        assert "secret-solicitation" not in text
    assert "secret-internal-note" in caller("instructeur").get(f"{reference}/transitions/").content.decode()


def test_the_need_is_read_one_by_one_and_its_reading_is_kept(caller: Callers, case: Cases, stage: Stage) -> None:
    row, agent = case("04121"), caller("cmt")
    mine = ReadingLog.objects.filter(support_request=row, person=stage.account("cmt").user)
    assert "need" not in agent.get("").json()["results"][0]
    before = mine.count()
    assert agent.get(f"{row.reference}/").json()["need"] == row.need
    assert mine.count() == before + 1
    caller("maire").get(f"{row.reference}/messages/")
    assert not ReadingLog.objects.filter(support_request=row, role="official").exists()
