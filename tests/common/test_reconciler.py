"""``manage.py reconcile`` as a process: it works, it stops when told, it survives the loss of its connection."""

import signal
import uuid

import pytest
from django.core.management import call_command
from django.db import connection

from common import clock, reconciler
from notifications.models import OutboxEvent
from tests.common.processes import manage, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running(database_url):
    with manage("reconcile", "--interval", "0.3", DATABASE_URL=database_url, DATABASE_ROLE="") as process:
        wait_until(lambda: reconciler.age() is not None, what="sign of life")
        yield process


def undone_event():
    """An event that nobody is told of any more: expanding it is the whole work."""
    return OutboxEvent.objects.create(
        event="accounts.code_requested",
        event_id=uuid.uuid4(),
        at=clock.now(),
        payload={"email": "", "code": "123456", "person_id": None},
    )


def is_done(row):
    return lambda: OutboxEvent.objects.filter(pk=row.pk, done_at__isnull=False).exists()


def test_it_does_what_no_message_announced(running):
    row = undone_event()
    wait_until(is_done(row), what="the event expanded")
    assert OutboxEvent.objects.get(pk=row.pk).payload == {}


def test_it_stops_cleanly_when_told(running):
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=10) == 0
    assert "reconciler_stopped" in running.stdout.read()
    wait_until(lambda: reconciler.age() is None, what="no sign of life any more")


def test_it_connects_again_after_the_database_cut_it_off(running):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    row = undone_event()
    wait_until(is_done(row), what="the event expanded after the cut")
    assert running.poll() is None


def test_two_run_harmlessly(running, database_url):
    with manage("reconcile", "--interval", "0.3", DATABASE_URL=database_url, DATABASE_ROLE="") as second:
        rows = [undone_event() for _ in range(20)]
        for row in rows:
            wait_until(is_done(row), what="the event expanded")
        assert second.poll() is None
    assert set(OutboxEvent.objects.values_list("attempts", flat=True)) == {1}


def test_once_drains_and_leaves(capsys):
    rows = [undone_event() for _ in range(3)]
    call_command("reconcile", "--once")
    assert capsys.readouterr().out == "3 done\n"
    assert all(is_done(row)() for row in rows)
