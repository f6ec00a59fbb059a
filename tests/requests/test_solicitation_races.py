"""Solicitations, several at once: with real threads and real commits, nothing is asked, told or answered twice."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import transaction

from common import clock as portal_clock
from common import jobs
from common.errors import Conflict
from notifications.hold import Hold, holding
from notifications.models import OutboxEvent
from operators.events import OfferChanged
from operators.models import Offer, ProviderAbsence
from operators.services import absences
from requests.demonstration.stage import Stage
from requests.models import Decision, HeldAct, Reminder, RoutingJob, Solicitation, SupportRequest
from requests.receivers import recompute_open_requests
from requests.services import recomputing, routing, solicitations, solution, triage, undo
from tests.requests.journeys import SETTLED, offer, searched, submitted
from tests.requests.test_services_races import qualified, together

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def test_a_double_click_on_solicit_asks_once(stage: Stage) -> None:
    case = searched(stage, "un", "atd-batiment-04")
    actor, offers = stage.actor(case.deputy), [offer("caue-bourg-04")]

    def click() -> Decision:
        return triage.decide_local(case.row, actor, offers, message="Un toit.", reason="Choix.")

    results = together(click, click)
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "Decision"]
    jobs.sweep(SETTLED)
    assert case.row.solicitations.filter(offer=offers[0]).count() == 1


def test_reminded_twice_at_once_is_reminded_once(stage: Stage) -> None:
    row = searched(stage).row.solicitations.get(offer__code="atd-batiment-04")
    desk = stage.actor(stage.account("instructeur"))
    results = together(*[lambda: solicitations.remind(row, desk)] * 3)
    assert len([one for one in results if isinstance(one, Conflict)]) == 2
    assert row.reminders.count() == 1
    together(*[solicitations.remind_due] * 3)
    assert Reminder.objects.filter(solicitation=row).count() == 1, "at most one a day, whoever sends it"
    told = OutboxEvent.objects.filter(event="requests.solicitation_reminded", payload__solicitation_id=row.pk)
    assert told.count() == 1


def test_the_answer_and_the_end_of_the_question_at_once(stage: Stage) -> None:
    row = searched(stage).row.solicitations.get(offer__code="atd-batiment-04")
    provider, desk = (stage.actor(stage.account(name)) for name in ("offreur", "instructeur"))
    results = together(
        lambda: solution.answer_solicitation(row, provider, accepted=True),
        lambda: solicitations.cancel(row, desk, reason="Trouvé."),
        lambda: solicitations.remind(row, desk),
    )
    row.refresh_from_db()
    assert row.state in {"accepted", "cancelled"}
    assert len([one for one in results[:2] if isinstance(one, Conflict)]) == 1
    assert (row.state == "accepted") == (row.cancel_reason == "")


def test_the_answer_while_the_decision_is_taken_back(stage: Stage) -> None:
    case = qualified(stage)
    deputy = stage.actor(case.deputy)
    with holding(Hold(until=portal_clock.instant() + dt.timedelta(minutes=1))):
        triage.decide_local(case.row, deputy, [offer("atd-batiment-04")], message="Un toit.", reason="Choix.")
    jobs.sweep(SETTLED)
    (row,) = case.row.solicitations.all()
    act = HeldAct.objects.get(support_request=case.row, decision__isnull=False)
    provider = stage.actor(stage.account("offreur"))
    results = together(
        lambda: solution.answer_solicitation(row, provider, accepted=True), lambda: undo.undo(act, deputy)
    )
    assert len([one for one in results if isinstance(one, Conflict)]) == 1
    row.refresh_from_db()
    assert row.state == ("accepted" if isinstance(results[0], Solicitation) else "cancelled")


def test_an_absence_declared_twice_at_once_is_one(stage: Stage) -> None:
    provider, actor = offer("atd-batiment-04").provider, stage.actor(stage.account("offreur"))
    first, last = portal_clock.today(), portal_clock.today() + dt.timedelta(days=4)
    results = together(*[lambda: absences.declare(provider, actor, first_day=first, last_day=last)] * 3)
    assert {one.pk for one in results} == set(
        ProviderAbsence.objects.filter(provider=provider).values_list("pk", flat=True)
    )


def test_recomputed_by_several_clicks_and_a_catalogue_that_changes(stage: Stage) -> None:
    row = submitted(stage).row
    before = row.assessments.count()
    desk, event = stage.actor(stage.account("instructeur")), OfferChanged(offer_id=offer("atd-batiment-04").pk)
    together(*[lambda: recomputing.ask_again(row, desk)] * 2, lambda: recompute_open_requests(event))
    RoutingJob.objects.undone().update(not_before=None)
    together(*[lambda: jobs.sweep(["requests.routing"])] * 3)
    assert not RoutingJob.objects.undone().filter(support_request=row).exists()
    assert row.assessments.count() == before, "nothing had changed"


def test_the_desk_that_asks_while_a_worker_holds_the_job_waits_for_nobody(stage: Stage) -> None:
    row = submitted(stage).row
    job = RoutingJob.objects.create(support_request=row, cause="catalogue")
    held, locked = threading.Event(), threading.Event()

    def worker() -> None:
        with transaction.atomic():
            RoutingJob.objects.select_for_update().get(pk=job.pk)
            held.set()
            assert locked.wait(30)
            SupportRequest.objects.lock(row.pk)

    def desk() -> RoutingJob:
        assert held.wait(30)
        with transaction.atomic():
            mine = SupportRequest.objects.lock(row.pk)
            locked.set()
            return routing.ask(mine)

    _, asked = together(worker, desk)
    assert asked.pk != job.pk, "what is held was read before: another job reads what is written now"


def test_no_worker_reads_the_catalogue_between_the_change_and_its_end(stage: Stage) -> None:
    """The job that waits stands for a change that is not committed yet: it begins after it."""
    row = submitted(stage).row
    assert row.assessment is not None
    changed = Offer.objects.get(pk=row.assessment.document["matching"]["candidates"][0]["id"])
    event = OfferChanged(offer_id=changed.pk)
    recompute_open_requests(event)
    RoutingJob.objects.undone().update(not_before=None)
    told, swept = threading.Event(), threading.Event()

    def keeper() -> None:
        with transaction.atomic():
            Offer.objects.filter(pk=changed.pk).update(price_label="Un autre prix")
            recompute_open_requests(event)
            told.set()
            assert swept.wait(30)

    def worker() -> None:
        assert told.wait(30)
        jobs.sweep(["requests.routing"])
        swept.set()

    together(keeper, worker)
    RoutingJob.objects.undone().update(not_before=None)
    jobs.sweep(["requests.routing"])
    row.refresh_from_db()
    assert row.assessment is not None and "Un autre prix" in str(row.assessment.document)
