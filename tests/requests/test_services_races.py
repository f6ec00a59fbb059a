"""Several at once, with real threads and real commits: one wins, the others are told who, and nothing is done twice."""

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import zeal
from django.db import connection, transaction

from common import clock as portal_clock
from common import jobs
from common.errors import Conflict, ServiceError
from files.models import StoredFile
from files.services import store
from notifications.hold import Hold, holding
from operators.models import Subject
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import (
    Decision,
    Dispatch,
    Document,
    HeldAct,
    ReferenceCounter,
    RoutingJob,
    Solicitation,
    SupportRequest,
)
from requests.services import intake, routing, solution, triage, undo
from tests.files import samples
from tests.requests.journeys import offer, searched, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-23 10:00")


def together(*works: Callable[[], Any]) -> list[Any]:
    """Runs these at the same instant, each on a connection of its own; a refusal of a service is its result."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            with zeal.zeal_ignore():
                start.wait(30)
                return work()
        except ServiceError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def qualified(stage: Stage) -> Case:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    return case


def test_two_agents_decide_at_once(stage: Stage) -> None:
    case = qualified(stage)
    offers = [offer("atd-batiment-04")]
    deputy, delegate = (stage.actor(stage.account(name)) for name in ("adjoint", "delegue"))
    results = together(
        lambda: triage.decide_local(case.row, deputy, offers, message="Un toit.", reason="Choix."),
        lambda: triage.decide_local(case.row, delegate, [offer("caue-bourg-04")], message="Un toit.", reason="Mieux."),
    )
    (won,) = [one for one in results if isinstance(one, Decision)]
    (lost,) = [one for one in results if isinstance(one, Conflict)]
    assert won.person.display_name in lost.message
    assert "vient de décider" in lost.message
    assert (
        Decision.objects.filter(support_request=case.row).count() == Dispatch.objects.filter(decision=won).count() == 1
    )


def test_two_answers_of_one_provider_at_once(stage: Stage) -> None:
    case = searched(stage)
    asked = case.row.solicitations.get(offer__code="atd-batiment-04")
    provider, desk = (stage.actor(stage.account(name)) for name in ("offreur", "instructeur"))
    results = together(
        lambda: solution.answer_solicitation(asked, provider, accepted=True, text="Oui."),
        lambda: solution.answer_solicitation(asked, desk, accepted=False, reason="workload", channel="telephone"),
    )
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "Solicitation"]
    asked.refresh_from_db()
    assert asked.state == next(one.state for one in results if isinstance(one, Solicitation))


def test_the_mayor_withdraws_while_the_desk_redirects(stage: Stage) -> None:
    case = qualified(stage)
    mayor, deputy = (stage.actor(stage.account(name)) for name in ("maire", "adjoint"))
    results = together(
        lambda: intake.withdraw(case.row, mayor),
        lambda: triage.redirect(case.row, deputy, reason="grant", target="La préfecture", text="Pas ici."),
    )
    assert len([one for one in results if isinstance(one, Conflict)]) == 1
    case.row.refresh_from_db()
    assert case.row.state in {"withdrawn", "redirected"}
    assert case.row.transitions.filter(to_state=case.row.state).count() == 1


def test_an_act_is_taken_back_while_a_worker_writes_its_letter(stage: Stage) -> None:
    """The worker ends by checking the request's key: it must not wait for whoever waits for its letter."""
    case = submitted(stage)
    agent = stage.actor(case.instructor)
    with holding(Hold(until=portal_clock.instant() + dt.timedelta(minutes=1))):
        triage.acknowledge(case.row, agent, contact=case.instructor)
    act, letter = HeldAct.objects.get(support_request=case.row), Document.objects.get(support_request=case.row)
    written = threading.Event()

    def write() -> None:
        with transaction.atomic():
            row = Document.objects.select_for_update(of=("self",)).get(pk=letter.pk)
            row.file = store("accuse.pdf", samples.pdf())
            row.save(update_fields=["file"])
            row.save()  # every column, the request's key among them
            written.set()
            time.sleep(1)  # meanwhile the act is being taken back

    def take_back() -> HeldAct:
        written.wait(30)
        return undo.undo(act, agent)

    _, undone = together(write, take_back)
    assert undone.undone_at is not None
    assert not Document.objects.filter(pk=letter.pk).exists()
    assert not StoredFile.objects.filter(name="accuse.pdf").exists()


def test_a_request_whose_subject_changes_while_its_routing_waits_is_routed_with_the_others(stage: Stage) -> None:
    """A lock that joined the subject would come back without the row, and its job would be done for nothing."""
    rows = [submitted(stage).row, submitted(stage, "deux").row]
    before = [row.assessment_id for row in SupportRequest.objects.filter(pk__in=[row.pk for row in rows])]
    SupportRequest.objects.filter(pk=rows[1].pk).update(phase="works")
    with transaction.atomic():
        waiting = [routing.ask(row) for row in rows]
    locked = threading.Event()

    def change() -> None:
        with transaction.atomic():
            row = SupportRequest.objects.lock(rows[0].pk)
            row.subject = Subject.objects.get(code="commerce")
            row.themes = ["COM"]
            row.save()
            locked.set()
            time.sleep(1)  # meanwhile the routing waits for the row

    def route() -> None:
        locked.wait(30)
        jobs.perform_with_others("requests.routing", waiting[1].pk)

    together(change, route)
    after = SupportRequest.objects.filter(pk__in=[row.pk for row in rows]).select_related("assessment").order_by("pk")
    assert not {row.assessment_id for row in after} & set(before)
    assert after[0].assessment.document["facts"]["subjects"] == ["commerce"]
    assert not RoutingJob.objects.undone().filter(pk__in=[job.pk for job in waiting]).exists()


def _application(stage: Stage) -> intake.Application:
    mayor = stage.account("maire")
    return intake.Application(
        collectivity=mayor.collectivity,
        subject=Subject.objects.get(code="patrimoine"),
        need="Le toit du lavoir s’effondre.",
        progress="idea",
    )


def test_thirty_identical_submissions_are_one_request(stage: Stage) -> None:
    actor, application, key = stage.actor(stage.account("maire")), _application(stage), uuid.uuid4()
    before = ReferenceCounter.objects.get(department="04", year=2026).last
    rows = together(*[lambda: intake.submit(application, actor, key=key)] * 30)
    assert {row.reference for row in rows} == {f"2026-04-{before + 1:05}"}
    assert SupportRequest.objects.filter(submission_key=key).count() == 1
    assert ReferenceCounter.objects.get(department="04", year=2026).last == before + 1
    row = SupportRequest.objects.get(submission_key=key)
    assert row.transitions.count() == row.funding_tests.count() == 1


def test_references_have_no_hole_whatever_fails_meanwhile(stage: Stage) -> None:
    actor, application = stage.actor(stage.account("maire")), _application(stage)
    before = ReferenceCounter.objects.get(department="04", year=2026).last
    future = portal_clock.now() + dt.timedelta(days=2)

    def file(number: int) -> Any:
        at = future if number % 3 == 0 else None  # a reception date to come is refused
        return intake.submit(application, actor, key=uuid.uuid4(), at=at)

    results = together(*[lambda number=number: file(number) for number in range(12)])
    references = sorted(one.reference for one in results if isinstance(one, SupportRequest))
    assert references == [f"2026-04-{before + rank:05}" for rank in range(1, 9)]


def test_two_workers_dispatch_one_decision_once(stage: Stage) -> None:
    case = qualified(stage)
    triage.decide_local(
        case.row, stage.actor(case.deputy), [offer("atd-batiment-04")], message="Un toit.", reason="Choix."
    )
    together(*[lambda: jobs.sweep(["requests.dispatch"])] * 4)
    assert case.row.solicitations.count() == 1
    assert case.row.transitions.filter(action="start_search").count() == 1
