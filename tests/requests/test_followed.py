"""« Propositions suivies »: counts by theme and department, reasons for overruling, and who reads them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import Mandate
from common import clock as portal_clock
from notifications.hold import Hold, holding
from operators.enums import Theme
from requests import followed
from requests.demonstration.stage import Stage
from requests.models import Decision, Dispatch, HeldAct
from requests.services import triage, undo
from tests.requests.counting import statements
from tests.requests.journeys import offer, searched, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
SignIn = Callable[[Client, Mandate | str], Client]
DESK, NATION = "/guichet/propositions-suivies/", "/national/propositions-suivies/"
YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def counted(stage: Stage, name: str, *days: dt.date) -> followed.Agreement:
    return followed.total(followed.counts(followed.decisions(stage.actor(stage.account(name)), *(days or YEAR))))


def test_counts_are_those_of_the_decisions(stage: Stage) -> None:
    before = counted(stage, "instructeur")
    every = Decision.objects.filter(assessment__isnull=False, support_request__department="04", at__year=2026)
    assert before.whole == every.count() > 0
    assert before.differed == every.filter(differs=True).count() > 0
    case = searched(stage)
    after = counted(stage, "instructeur")
    (decision,) = case.row.decisions.all()
    assert (after.whole, after.differed) == (before.whole + 1, before.differed + decision.differs)
    rows = followed.counts(followed.decisions(stage.actor(case.deputy), *YEAR))
    assert sum(line.whole for line in followed.by_theme(rows)) == after.whole
    assert [line.label for line in followed.by_department(rows)] == ["Alpes-de-Haute-Provence (04)"]
    on = dt.date(2026, 11, 4)
    assert counted(stage, "instructeur", on, on).whole >= 1
    assert counted(stage, "instructeur", dt.date(2025, 1, 1), dt.date(2025, 1, 2)).whole == 0


def test_a_decision_taken_back_is_not_counted(stage: Stage) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    before = counted(stage, "instructeur").whole
    with holding(Hold(until=portal_clock.instant() + dt.timedelta(minutes=1))):
        triage.decide_local(case.row, stage.actor(case.deputy), [offer("caue-bourg-04")], message="Un.", reason="Deux.")
    assert counted(stage, "instructeur").whole == before + 1
    undo.undo(HeldAct.objects.get(decision__support_request=case.row), stage.actor(case.deputy))
    assert Dispatch.objects.get(decision__support_request=case.row).cancelled_at is not None
    assert counted(stage, "instructeur").whole == before


def test_no_share_of_a_few() -> None:
    assert followed.Agreement("x", 4, 1).told == "3 sur\u00a04"
    assert followed.Agreement("x", 46, 5).told == "41 sur\u00a046 (89\u00a0%)"


def test_who_reads_what(sign_in: SignIn, stage: Stage) -> None:
    searched(stage)
    for name, desk, nation in (
        ("instructeur", 200, 403), ("adjoint", 200, 403), ("delegue", 200, 403), ("anct", 403, 200), ("dg", 403, 200),
        ("maire", 403, 403), ("offreur", 403, 403), ("sousprefet", 403, 403), ("cmt", 403, 403), ("clct", 403, 403),
    ):  # fmt: skip
        person = sign_in(Client(), name)
        assert (person.get(DESK).status_code, person.get(NATION).status_code) == (desk, nation), name
    reason = Decision.objects.filter(differs=True, support_request__department="04").latest("at").reason
    text = sign_in(Client(), "instructeur").get(DESK).content.decode()
    assert reason is not None and escape(reason.text) in text
    assert "Choix du guichet." in text
    assert counted(stage, "instructeur2").whole < counted(stage, "anct").whole
    for name in ("maire", "offreur", "cmt", "sousprefet", "clct", "epci", "admin"):
        assert counted(stage, name).whole == 0, name


def test_the_agency_is_not_told_of_whom_it_does_not_read(sign_in: SignIn, stage: Stage) -> None:
    case = searched(stage)
    person = sign_in(Client(), "anct")
    with statements() as sql:
        text = person.get(NATION).content.decode()
    assert len(sql) <= 12
    assert case.row.reference not in text
    assert Theme(case.row.themes[0]).label in text, "how many, and where"
    export = b"".join(person.get(NATION, {"format": "motifs"}).streaming_content).decode()
    assert case.row.reference not in export
    hidden = Decision.objects.get(support_request=case.row)
    hidden.reason.text = "Mme Untel refuse."
    hidden.reason.save()
    for asked in ({}, {"format": "motifs"}):
        answer = person.get(NATION, asked)
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert "Mme Untel" not in said.decode(), "a reason is the desk's, until the file is the agency's too"
    own = b"".join(sign_in(Client(), "instructeur").get(DESK, {"format": "motifs"}).streaming_content).decode()
    assert case.row.reference in own


def test_exports_and_a_period_that_cannot_be(sign_in: SignIn, stage: Stage) -> None:
    person = sign_in(Client(), "instructeur")
    found = person.get(DESK, {"format": "csv", "du": "2026-01-01", "au": "2026-12-31"})
    lines = b"".join(found.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Département;Thème;Décisions;Suivies;Écartées"
    assert sum(int(line.split(";")[2]) for line in lines[1:]) == counted(stage, "instructeur").whole
    assert "précède son début" in person.get(DESK, {"du": "2026-12-31", "au": "2026-01-01"}).content.decode()
    assert person.get(DESK, {"du": "hier"}).status_code == 200
    assert person.get(DESK, {"du": "0001-01-01", "au": "0001-01-02"}).status_code == 200
