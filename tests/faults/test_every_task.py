"""Every task of the registry, run twice, four times at once, and again after its worker ended at any of its statements:
the same rows, one mail."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction

from accounts.models import AttemptCounter, SignInCode
from anct_portal.celery import app
from anct_portal.models import Canary
from common import clock as portal_clock
from common import jobs
from files.enums import ScanState
from files.models import StoredFile
from files.services import store
from notifications import delivery
from notifications.enums import MailState
from notifications.models import Mail, OutboxEvent
from operators import coverage
from operators.models import CoverageCell, Offer, Publication
from operators.services import loads
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import (
    Dispatch,
    Document,
    Draft,
    DraftFile,
    HeldAct,
    Reminder,
    SimulatedBody,
    Simulation,
    Solicitation,
    Survey,
)
from requests.services import letters, routing, triage
from territories.models import Collectivity, Department
from tests.faults.cutting import changed, cut, fingerprint
from tests.files import samples
from tests.notifications.smtp import Server
from tests.operators.test_loading import line, sheet
from tests.requests import simulating
from tests.requests.journeys import offer, searched, submitted
from tests.requests.test_services_races import together

pytestmark = pytest.mark.demonstration

app.loader.import_default_modules()
TASKS = sorted(name for name in app.tasks if not name.startswith("celery."))
#: What the queue writes about its own tries; all else must be as if the first had succeeded.
TRIES = frozenset({"attempts", "not_before", "claimed_at", "done_at", "last_error", "answered_at"})


@pytest.fixture
def smtp(settings: Any) -> Iterator[Server]:
    server = Server()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    delivery._closed_until = 0.0
    yield server
    server.stop()


@dataclass
class World:
    stage: Stage
    smtp: Server


@dataclass
class Prepared:
    """Arguments of the task, and what must be there once it has been carried out."""

    arguments: list[Any]
    seen: Callable[[], Any]
    expected: Any


@pytest.fixture
def world(smtp: Server, clock: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    clock.move_to("2026-11-23 10:00")
    settings.CLAMD_ADDRESS = "clamd:3310"
    monkeypatch.setattr("files.services.scanner.scan", lambda data: ScanState.CLEAN)
    monkeypatch.setattr(letters, "render_pdf", lambda html: samples.pdf())
    return World(Stage(), smtp)


# --- one case a task -------------------------------------------------------------------------------------------------


def _decided(world: World) -> Case:
    case = submitted(world.stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    offers = [offer("atd-batiment-04"), offer("caue-bourg-04")]
    triage.decide_local(case.row, world.stage.actor(case.deputy), offers, message="Un toit.", reason="Choix.")
    return case


def dispatch(world: World) -> Prepared:
    row = _decided(world).row
    job = Dispatch.objects.get(decision__support_request=row)

    def seen() -> Any:
        return row.solicitations.count(), row.transitions.filter(action="start_search").count()

    return Prepared([job.pk], seen, (2, 1))


def perform(world: World) -> Prepared:
    prepared = dispatch(world)
    return Prepared(["requests.dispatch", *prepared.arguments], prepared.seen, prepared.expected)


def sweep(world: World) -> Prepared:
    prepared = dispatch(world)
    return Prepared([["requests.dispatch"]], prepared.seen, prepared.expected)


def route(world: World) -> Prepared:
    row = submitted(world.stage).row
    before = row.assessments.count()
    type(row).objects.filter(pk=row.pk).update(phase="works")
    with transaction.atomic():
        job = routing.ask(row)
    return Prepared([job.pk], lambda: row.assessments.count() - before, 1)


def write_letter(world: World) -> Prepared:
    case = submitted(world.stage)
    case.acknowledge("2026-11-03")
    letter = Document.objects.get(support_request=case.row, kind="receipt")
    files = StoredFile.objects.count()
    return Prepared([letter.pk], lambda: StoredFile.objects.count() - files, 1)


def simulate(world: World) -> Prepared:
    """Other thresholds, in one part; a batch of requests cut short is in tests/requests/test_simulation_service.py."""
    scenario = simulating.financing(commune_below=10_000, grouping_below=15_000, departments=("90",))
    found = simulating.asked(world.stage.actor(world.stage.account("anct")), scenario)
    gained = Collectivity.objects.filter(
        department="90", kind="commune", is_current=True, fictitious=False, population__range=(3500, 9999)
    )
    rows = SimulatedBody.objects.filter(simulation=found)
    ended = Simulation.objects.filter(pk=found.pk, ended_at__isnull=False)
    return Prepared([found.replays.get().pk], lambda: (rows.count(), ended.exists()), (gained.count(), True))


def _told(world: World) -> OutboxEvent:
    """The mayor's filing, told to him and to the desk."""
    row = submitted(world.stage).row
    return OutboxEvent.objects.get(event="requests.moved", payload__request_id=row.pk)


def expand(world: World) -> Prepared:
    event = _told(world)

    def seen() -> Any:
        return Mail.objects.filter(event_id=event.pk).values("recipient_key", "kind").distinct().count(), (
            Mail.objects.filter(event_id=event.pk).count()
        )

    return Prepared([str(event.pk)], seen, (3, 3))


def send(world: World) -> Prepared:
    event = _told(world)
    jobs.get("notifications.outbox").perform(event.pk)
    mail = Mail.objects.filter(event_id=event.pk).earliest("pk")

    def seen() -> Any:
        mail.refresh_from_db()
        return mail.state, {message["Message-ID"] for message in world.smtp.messages} == {mail.message_id}

    return Prepared([mail.pk], seen, (MailState.SENT, True))


def scan(world: World) -> Prepared:
    stored = store("plan.png", samples.PNG)
    rows = StoredFile.objects.filter(pk=stored.pk)
    return Prepared([str(stored.pk)], lambda: rows.values_list("scan_state", flat=True).get(), ScanState.CLEAN)


def ask_due_surveys(world: World) -> Prepared:
    row = submitted(world.stage).row
    day = dt.date(2026, 11, 1)
    for number in range(3):  # beat was dead for three days
        Survey.objects.create(support_request=row, moment="six_months", due_on=day + dt.timedelta(days=number))
    Survey.objects.exclude(support_request=row).update(asked_at=portal_clock.now())

    def seen() -> Any:
        told = OutboxEvent.objects.filter(event="requests.survey_asked", payload__request_id=row.pk)
        return row.surveys.filter(asked_at=None).count(), told.count()

    return Prepared([], seen, (0, 3))


def remind_providers(world: World) -> Prepared:
    """Two answers expected on the 19th; those of the demonstration are left out."""
    row = searched(world.stage).row
    Solicitation.objects.exclude(support_request=row).update(expected_on=None)

    def seen() -> Any:
        told = OutboxEvent.objects.filter(event="requests.solicitation_reminded", payload__request_id=row.pk)
        return Reminder.objects.filter(solicitation__support_request=row).count(), told.count()

    return Prepared([], seen, (2, 2))


def purge_drafts(world: World) -> Prepared:
    old = portal_clock.now() - dt.timedelta(days=8)
    for days in (0, 20):
        draft = Draft.objects.create(
            id=uuid.uuid4(), browser_key="x" * 64, created_at=old, updated_at=old + dt.timedelta(days=days)
        )
        DraftFile.objects.create(draft=draft, file=store("plan.png", samples.PNG), added_at=old)
    files, kept = StoredFile.objects.count(), Draft.objects.count()
    return Prepared([], lambda: (StoredFile.objects.count() - files, Draft.objects.count() - kept), (-1, -1))


def purge_held_acts(world: World) -> Prepared:
    row, person = submitted(world.stage).row, world.stage.account("instructeur").user
    now = portal_clock.now()
    for days in (-2, 0):
        told_at = now + dt.timedelta(days=days)
        HeldAct.objects.create(id=uuid.uuid4(), support_request=row, person=person, at=now, told_at=told_at)
    return Prepared([], HeldAct.objects.filter(support_request=row).count, 1)


def load_offers(world: World) -> Prepared:
    """The second half of it: what was read is applied."""
    desk = world.stage.actor(world.stage.account("instructeur"))
    load = loads.deposit("carte.csv", sheet(line()), desk, department="04", key=uuid.uuid4())
    jobs.get("files.scan").perform(load.file_id)
    jobs.get(loads.WORK).perform(load.pk)
    load.refresh_from_db()
    loads.ask(load, desk, digest=load.plan["digest"])
    title = "Un conseil d’essai"

    def seen() -> Any:
        found = Offer.objects.filter(title=title)
        return [(one.status, one.revisions.count()) for one in found]

    return Prepared([load.pk], seen, [("published", 2)])


def compute_coverage(world: World) -> Prepared:
    """Of one department: the nation is three seconds."""
    CoverageCell.objects.all().delete()
    Collectivity.objects.exclude(department="90").update(is_current=False)
    coverage.compute(dt.date(2026, 2, 2), ["90"])
    days = CoverageCell.objects.values_list("on", flat=True)
    return Prepared([], lambda: (CoverageCell.objects.count(), set(days.all())), (18, {portal_clock.today()}))


def keep_catalogue(world: World) -> Prepared:
    """One is past its last day, one was not verified for a year: each is told once."""
    past, old = Offer.objects.filter(status="published", provider__department="90").order_by("pk")[:2]
    today = portal_clock.today()
    Offer.objects.exclude(pk__in=[past.pk, old.pk]).update(valid_to=None, verified_on=today)
    Offer.objects.filter(pk=past.pk).update(valid_to=today - dt.timedelta(days=1))
    Offer.objects.filter(pk=old.pk).update(valid_to=None, verified_on=today - dt.timedelta(days=400))

    def seen() -> Any:
        rows = Offer.objects.filter(pk__in=[past.pk, old.pk]).order_by("pk")
        return [(row.status, row.revisions.count(), row.asked_reason) for row in rows]

    return Prepared([], seen, [("expired", 1, ""), ("published", 1, "stale")])


def publish_guides(world: World) -> Prepared:
    """One was made long ago, one was given up, one was never asked for."""
    Department.objects.exclude(code__in=["04", "90"]).update(is_current=False)
    Publication.objects.all().delete()
    Publication.objects.create(code="04", done_at=portal_clock.instant())
    Publication.objects.create(code="90", failed_at=portal_clock.instant())
    return Prepared([], Publication.objects.undone().count, 3)


def purge_sign_in(world: World) -> Prepared:
    now = portal_clock.now()
    for days in (-3, 1):
        SignInCode.objects.create(email="x@y.example", purpose="sign_in", expires_at=now + dt.timedelta(days=days))
        AttemptCounter.objects.create(scope="x", key=str(days), started_at=now + dt.timedelta(days=days), count=1)
    return Prepared(
        [],
        lambda: (SignInCode.objects.filter(email="x@y.example").count(), AttemptCounter.objects.count()),
        (1, 1),
    )


def sing(world: World) -> Prepared:
    return Prepared([], lambda: Canary.objects.count(), 1)


CASES: dict[str, Callable[[World], Prepared]] = {
    "accounts.purge_sign_in": purge_sign_in,
    "anct_portal.sing": sing,
    "common.perform": perform,
    "common.sweep": sweep,
    "files.scan": scan,
    "notifications.expand": expand,
    "notifications.send": send,
    "operators.compute_coverage": compute_coverage,
    "operators.keep_catalogue": keep_catalogue,
    "operators.load_offers": load_offers,
    "operators.publish_guides": publish_guides,
    "requests.ask_due_surveys": ask_due_surveys,
    "requests.dispatch_decision": dispatch,
    "requests.purge_drafts": purge_drafts,
    "requests.purge_held_acts": purge_held_acts,
    "requests.remind_providers": remind_providers,
    "requests.route_support_request": route,
    "requests.simulate": simulate,
    "requests.write_letter": write_letter,
}


# --- the tests -------------------------------------------------------------------------------------------------------


def test_every_task_has_its_case() -> None:
    assert list(CASES) == TASKS


@pytest.mark.django_db
@pytest.mark.parametrize("name", TASKS)
def test_twice(name: str, world: World) -> None:
    prepared = CASES[name](world)
    assert prepared.seen() != prepared.expected, "there is something to do"
    app.tasks[name](*prepared.arguments)
    assert prepared.seen() == prepared.expected
    after = fingerprint()
    app.tasks[name](*prepared.arguments)
    assert prepared.seen() == prepared.expected
    assert changed(after, fingerprint()) == {}
    assert len(world.smtp.messages) <= 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", TASKS)
def test_four_at_once(name: str, world: World) -> None:
    prepared = CASES[name](world)
    together(*[lambda: app.tasks[name](*prepared.arguments)] * 4)
    assert prepared.seen() == prepared.expected
    assert len(world.smtp.messages) == (name == "notifications.send")


@pytest.mark.django_db
@pytest.mark.parametrize("name", TASKS)
def test_again_after_its_worker_ended_at_any_statement(name: str, world: World, clock: Any) -> None:
    """Its next try comes after a pause, from the reconciler or from beat. A mail that had left leaves again as the same
    message, which its receiver knows."""
    prepared = CASES[name](world)
    before = fingerprint(TRIES)
    number, ended, rows = 0, False, []
    while not ended:
        number += 1
        point = transaction.savepoint()
        world.smtp.messages.clear()
        ended, _ = cut(lambda: app.tasks[name](*prepared.arguments), number)
        if not ended:
            clock.shift(seconds=10)
            app.tasks[name](*prepared.arguments)
            clock.shift(seconds=-10)
        assert prepared.seen() == prepared.expected, number
        assert len(world.smtp.messages) <= 2
        rows.append(changed(before, fingerprint(TRIES)))
        if not ended:
            transaction.savepoint_rollback(point)
    assert number > 1
    assert all(one == rows[-1] for one in rows)
