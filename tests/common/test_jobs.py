"""The row is the job: claiming, failing, retrying, giving up, sweeping."""

import datetime as dt
import threading
import time
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from common import clock as portal_clock
from common import jobs, tasks
from common.reconciler import RECONCILER_LOCK, reconcile_once
from notifications.models import OutboxEvent

pytestmark = pytest.mark.django_db


def event(**fields):
    return OutboxEvent.objects.create(event="test", event_id=uuid.uuid4(), at=portal_clock.instant(), **fields)


def test_done_once(clock):
    row, seen = event(), []
    assert jobs.perform_job(OutboxEvent, seen.append, row.pk)
    assert jobs.perform_job(OutboxEvent, seen.append, row.pk)
    row.refresh_from_db()
    assert [each.pk for each in seen] == [row.pk]
    assert row.done_at == portal_clock.instant()
    assert row.attempts == 1


def test_a_failed_try_is_undone_counted_and_put_off_longer_each_time(clock):
    row = event()

    def fail(job):
        OutboxEvent.objects.filter(pk=job.pk).update(payload={"half": "done"})
        raise ValueError("no such commune")

    pauses = []
    for _ in range(4):
        jobs.perform_job(OutboxEvent, fail, row.pk)
        row.refresh_from_db()
        pauses.append((row.not_before - portal_clock.instant()).total_seconds())
        clock.move_to(row.not_before)
    assert pauses == [5, 10, 20, 40]
    assert (row.attempts, row.payload, row.last_error) == (4, {}, "ValueError: no such commune")
    assert row.is_undone


def test_not_tried_before_its_time(clock):
    row, seen = event(not_before=portal_clock.instant() + dt.timedelta(seconds=60)), []
    jobs.perform_job(OutboxEvent, seen.append, row.pk)
    assert not seen
    clock.shift(seconds=60)
    jobs.perform_job(OutboxEvent, seen.append, row.pk)
    assert len(seen) == 1


def test_given_up_after_the_last_try(clock):
    row, told = event(), []

    def fail(job):
        raise ValueError("still no")

    for _ in range(4):
        jobs.perform_job(OutboxEvent, fail, row.pk, max_attempts=3, on_failure=told.append)
        row.refresh_from_db()
        clock.shift(hours=2)
    assert row.failed_at is not None
    assert row.attempts == 3
    assert len(told) == 1


def test_later_is_not_counted_and_abandon_is_final(clock):
    row = event()

    def later(job):
        raise jobs.Later("the server is away", dt.timedelta(minutes=3))

    def abandon(job):
        raise jobs.Abandon("no such address")

    jobs.perform_job(OutboxEvent, later, row.pk)
    row.refresh_from_db()
    assert (row.attempts, row.not_before) == (0, portal_clock.instant() + dt.timedelta(minutes=3))
    clock.shift(minutes=3)
    jobs.perform_job(OutboxEvent, abandon, row.pk)
    row.refresh_from_db()
    assert (row.attempts, row.last_error) == (1, "Abandon: no such address")
    assert row.failed_at == portal_clock.instant()


def test_incomplete_keeps_what_was_done(clock):
    row = event()

    def half(job):
        job.payload = {"first": "done"}
        OutboxEvent.objects.filter(pk=job.pk).update(event="changed")
        raise jobs.Incomplete("the second failed")

    jobs.perform_job(OutboxEvent, half, row.pk)
    row.refresh_from_db()
    assert row.payload == {"first": "done"}
    assert row.is_undone
    assert row.attempts == 1


def test_more_keeps_what_was_done_and_is_due_at_once(clock):
    row = event()

    def part(job):
        OutboxEvent.objects.filter(pk=job.pk).update(event="changed")
        job.event = "changed"
        raise jobs.More("the rest")

    for _ in range(20):
        assert not jobs.perform_job(OutboxEvent, part, row.pk)
    row.refresh_from_db()
    assert (row.event, row.attempts, row.not_before, row.last_error) == ("changed", 0, None, "")
    assert row.is_undone


def test_a_statement_refused_by_the_database_is_a_failed_try(clock):
    row = event()

    def broken(job):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    jobs.perform_job(OutboxEvent, broken, row.pk)
    row.refresh_from_db()
    assert row.attempts == 1
    assert "division by zero" in row.last_error


@pytest.mark.django_db(transaction=True)
def test_work_that_kills_its_worker_is_counted_then_given_up(clock):
    row = event()

    class Killed(BaseException):
        """As a SIGKILL: nothing of the transaction stays, and no handler runs."""

    def kill(job):
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            jobs.perform_job(OutboxEvent, kill, row.pk, max_attempts=3)
        clock.shift(hours=1)
    seen = []
    assert not jobs.perform_job(OutboxEvent, seen.append, row.pk, max_attempts=3)
    row.refresh_from_db()
    assert not seen
    assert row.failed_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_one_row():
    row, seen = event(), []
    entered, leave = threading.Event(), threading.Event()

    def slow(job):
        seen.append("slow")
        entered.set()
        assert leave.wait(10)

    def first():
        try:
            jobs.perform_job(OutboxEvent, slow, row.pk)
        finally:
            connections.close_all()

    worker = threading.Thread(target=first)
    worker.start()
    assert entered.wait(10)
    jobs.perform_job(OutboxEvent, lambda job: seen.append("second"), row.pk)  # passes by, without waiting
    assert seen == ["slow"]
    leave.set()
    worker.join()
    row.refresh_from_db()
    assert (row.attempts, row.is_undone) == (1, False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("together", [False, True])
def test_a_row_that_is_claimed_is_waited_for(monkeypatch, together):
    """Whoever wanted it too, and came second, holds it for an instant: the first must not pass it by."""
    row, seen, held = event(), [], threading.Event()

    def come_second():
        try:
            with transaction.atomic():
                OutboxEvent.objects.select_for_update().get(pk=row.pk)
                held.set()
                time.sleep(0.3)
        finally:
            connections.close_all()

    second, commits = threading.Thread(target=come_second), connection.run_and_clear_commit_hooks

    def after_the_claim():
        commits()
        if not held.is_set():
            second.start()
            assert held.wait(10)

    monkeypatch.setattr(connection, "run_and_clear_commit_hooks", after_the_claim)
    if together:
        jobs.perform_together(OutboxEvent, lambda rows: seen.extend(each.pk for each in rows), [row.pk])
    else:
        jobs.perform_job(OutboxEvent, lambda job: seen.append(job.pk), row.pk)
    second.join()
    assert seen == [row.pk]


@pytest.fixture
def registered(monkeypatch):
    """A registry of the test's own."""
    monkeypatch.setattr(jobs, "_works", {})

    def add(name, handler, **options):
        return jobs.register(jobs.job_work(name, OutboxEvent, handler, **options))

    return add


def test_one_piece_that_fails_does_not_stop_the_next(clock, registered):
    rows, seen = [event() for _ in range(3)], []

    def handler(job):
        if job.pk == rows[0].pk:
            raise ValueError("poison")
        seen.append(job.pk)

    registered("test.works", handler)
    assert reconcile_once() == 3
    assert seen == [rows[1].pk, rows[2].pk]
    assert reconcile_once() == 0  # the first waits


def test_slow_work_does_not_keep_the_next_waiting(registered, monkeypatch):
    """A round gives each work its turn: hundreds of letters to write, and a request filed just now."""
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0.1)
    done = []

    def slowly(pk):
        time.sleep(0.06)
        done.append(pk)
        return True

    jobs.register(jobs.Work("a", "", lambda limit: list(range(100)), slowly, lambda: None))
    jobs.register(jobs.Work("b", "", lambda limit: ["new"], lambda pk: done.append(pk) or True, lambda: None))
    assert reconcile_once() == len(done)
    assert done[-1] == "new"
    assert 2 <= len(done) < 10


def test_a_work_that_cannot_list_does_not_stop_the_others(clock, registered):
    seen = []

    def broken(limit):
        raise ValueError("broken list")

    jobs.register(jobs.Work("a", "", broken, lambda pk: True, lambda: None))
    registered("b", lambda job: seen.append(job.pk))
    row = event()
    assert reconcile_once() == 1
    assert seen == [row.pk]


# --- together ---------------------------------------------------------------------------------------------------------


def events(count):
    """In the order of their keys."""
    return sorted((event() for _ in range(count)), key=lambda row: row.pk)


def test_those_that_wait_are_done_together(clock, registered):
    rows, together, alone = events(3), [], []
    registered(
        "test.works", lambda job: alone.append(job.pk), together=lambda jobs: together.append([j.pk for j in jobs])
    )
    assert reconcile_once() == 3
    assert (together, alone) == ([[row.pk for row in rows]], [])
    assert not OutboxEvent.objects.undone().exists()
    assert set(OutboxEvent.objects.values_list("attempts", "last_error")) == {(1, "")}


def test_one_that_fails_among_others_is_found_alone(clock, registered):
    rows, seen = events(3), []

    def handler(job):
        OutboxEvent.objects.filter(pk=job.pk).update(payload={"half": "done"})
        if job.pk == rows[1].pk:
            raise ValueError("poison")
        seen.append(job.pk)

    registered("test.works", handler, together=lambda jobs: [handler(job) for job in jobs])
    assert reconcile_once() == 3
    assert seen[0] == rows[0].pk, "undone with the others"
    assert set(seen[1:]) == {rows[0].pk, rows[2].pk}
    assert {row.payload.get("half") for row in OutboxEvent.objects.undone()} == {None}
    assert [row.attempts for row in OutboxEvent.objects.undone()] == [2]


def test_work_of_its_own_columns_is_not_done_together(registered):
    with pytest.raises(ValueError, match="together"):
        registered("test.works", lambda job: None, together=lambda jobs: None, on_failure=lambda job: None)


def test_a_claim_that_fails_does_not_stop_the_next_work(clock, registered, monkeypatch):
    seen = []
    jobs.register(jobs.Work("a", "", lambda limit: [1, 2], seen.append, lambda: None, perform_all=lambda pks: 1 / 0))
    registered("b", lambda job: seen.append("b"))
    event()
    assert reconcile_once() == 3
    assert seen == [1, 2, "b"]


def test_a_crowd_is_done_by_parts_and_stops_when_asked(registered):
    done = []

    def some(pks):
        done.append(len(pks))
        return []

    jobs.register(jobs.Work("a", "", lambda limit: list(range(50)), done.append, lambda: None, perform_all=some))
    assert jobs.sweep(["a"], stop=lambda: sum(done) >= 40) == 40
    assert done == [20, 20]


def test_those_that_kill_their_worker_wait_and_are_tried_alone(clock, registered):
    rows, alone = events(2), []

    def killed(jobs):
        raise SystemExit

    registered("test.works", lambda job: alone.append(job.pk), together=killed)
    with pytest.raises(SystemExit):
        reconcile_once()
    assert reconcile_once() == 0
    clock.shift(seconds=5)
    assert reconcile_once() == 2
    assert set(alone) == {row.pk for row in rows}


@pytest.mark.django_db(transaction=True)
def test_what_somebody_else_holds_is_left_to_him(registered):
    rows, together, alone = events(3), [], []
    registered(
        "test.works", lambda job: alone.append(job.pk), together=lambda jobs: together.append([j.pk for j in jobs])
    )
    held, leave = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                OutboxEvent.objects.select_for_update().get(pk=rows[0].pk)
                held.set()
                leave.wait(10)
        finally:
            connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(10)
    jobs.perform_with_others("test.works", rows[1].pk)
    leave.set()
    other.join()
    assert together == [[rows[1].pk, rows[2].pk]]
    jobs.perform_with_others("test.works", rows[0].pk)
    assert alone == [rows[0].pk]


def test_a_message_brings_those_that_wait_along(clock, registered):
    rows, together, alone = events(3), [], []
    registered(
        "test.works", lambda job: alone.append(job.pk), together=lambda jobs: together.append([j.pk for j in jobs])
    )
    later = event(not_before=portal_clock.instant() + dt.timedelta(hours=1))
    OutboxEvent.objects.filter(pk=rows[0].pk).update(attempts=1)
    jobs.perform_with_others("test.works", rows[0].pk)
    assert (together, alone) == ([[rows[1].pk, rows[2].pk]], [rows[0].pk])
    jobs.perform_with_others("test.works", rows[2].pk)  # a message that comes late
    assert len(together) == len(alone) == 1
    assert OutboxEvent.objects.undone().get() == later


def test_age_of_the_oldest_undone_work(clock, registered):
    registered("test.works", lambda job: None)
    assert jobs.oldest_undone() == {}
    start = portal_clock.instant()
    event(not_before=start + dt.timedelta(hours=1))
    assert jobs.oldest_undone() == {}  # not due: nobody is late
    event(done_at=start)
    clock.shift(minutes=5)
    event()
    assert jobs.oldest_undone() == {"test.works": portal_clock.instant()}
    clock.shift(hours=2)
    assert jobs.oldest_undone() == {"test.works": start + dt.timedelta(minutes=5)}
    OutboxEvent.objects.filter(not_before=None, done_at=None).update(done_at=start)
    assert jobs.oldest_undone() == {"test.works": start + dt.timedelta(hours=1)}


def test_given_up_work_is_counted_apart(clock, registered):
    registered("test.works", lambda job: None)
    event(failed_at=portal_clock.instant())
    assert jobs.failed_count() == {"test.works": 1}
    assert jobs.oldest_undone() == {}


def test_given_up_work_gets_another_chance_when_asked(clock, registered, capsys):
    seen = []
    registered("test.works", seen.append)
    row = event(failed_at=portal_clock.instant(), attempts=8)
    call_command("retry_failed")
    assert capsys.readouterr().out == "test.works: 1\n"
    call_command("retry_failed", "test.works")
    assert capsys.readouterr().out == "test.works: 1 to do again\n"
    reconcile_once()
    assert [each.pk for each in seen] == [row.pk]
    with pytest.raises(CommandError, match="no such work"):
        call_command("retry_failed", "unknown")


def test_a_name_is_used_once(registered):
    registered("test.works", lambda job: None)
    with pytest.raises(ValueError, match="twice"):
        registered("test.works", lambda job: None)
    with pytest.raises(KeyError):
        jobs.wake("unknown", 1)


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(jobs, "send", lambda task, arguments: messages.append((task, arguments)))
    return messages


def test_the_task_of_a_sweep_leaves_its_turn(monkeypatch):
    turns = []
    monkeypatch.setattr(jobs, "sweep", lambda names, turn: turns.append((names, turn)))
    tasks.sweep(["a"])
    assert turns == [(["a"], jobs.TURN_SECONDS)]


@pytest.mark.django_db(transaction=True)
def test_one_message_a_transaction(registered, sent):
    registered("a", lambda job: None, task="app.task")
    registered("b", lambda job: None)
    with transaction.atomic():
        jobs.wake("a", 1)
        jobs.wake("a", 1)
        assert sent == []
    assert sent == [("app.task", [1])]
    sent.clear()
    with transaction.atomic():
        jobs.wake("b", uuid.UUID(int=7))
    assert sent == [("common.perform", ["b", str(uuid.UUID(int=7))])]
    sent.clear()
    with transaction.atomic():
        jobs.wake("b", 2)
        with transaction.atomic():
            jobs.wake("a", 1)
    assert sent == [("common.sweep", [["a", "b"]])]
    sent.clear()
    jobs.wake("a", 5)  # outside a transaction: at once
    assert sent == [("app.task", [5])]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_wakes_nobody(registered, sent):
    registered("a", lambda job: None, task="app.task")

    class Undo(Exception):  # noqa: N818
        pass

    with pytest.raises(Undo), transaction.atomic():
        jobs.wake("a", 1)
        raise Undo
    assert sent == []
    with transaction.atomic():
        with pytest.raises(Undo), transaction.atomic():
            jobs.wake("a", 1)
            raise Undo
        jobs.wake("a", 2)
    assert sent == [("app.task", [2])]


@pytest.mark.django_db(transaction=True)
def test_two_reconcilers_take_turns(registered):
    registered("a", lambda job: None)
    rounds = []

    def other():
        try:
            rounds.append(reconcile_once())
        finally:
            connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [RECONCILER_LOCK])
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [RECONCILER_LOCK])
    assert rounds == [None]
    assert reconcile_once() == 0
