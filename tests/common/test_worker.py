"""From an event to a mail through a real Celery worker, a real Redis, a real SMTP conversation; then with kills."""

import contextlib
import signal
import sys
import time

import pytest

from accounts.events import CodeRequested
from common import broker
from common.events import emit
from notifications.enums import MailState
from notifications.models import Mail
from tests.common.processes import RedisChild, manage, start, wait_until
from tests.notifications.smtp import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def smtp():
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def queue(settings, tmp_path):
    child = RedisChild(str(tmp_path))
    settings.CELERY_BROKER_URL = child.url
    broker.reset()
    yield child
    broker.reset()
    child.stop()


@pytest.fixture
def environment(database_url, queue, smtp):
    return {
        "DJANGO_SETTINGS_MODULE": "anct_portal.settings",
        "DATABASE_URL": database_url,
        "DATABASE_ROLE": "",
        "REDIS_URL": queue.url,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(smtp.port),
        "DEBUG": "True",
    }


@contextlib.contextmanager
def worker(environment, queue):
    command = [sys.executable, "-m", "celery", "-A", "anct_portal", "worker", "--concurrency=1", "--loglevel=WARNING"]
    with start(command, environment) as process:
        wait_until(lambda: bool(queue.client.smembers("_kombu.binding.celery")), 60, "the worker listens")
        yield process


def ask_codes(count):
    for number in range(count):
        emit(
            CodeRequested(
                email=f"maire{number}@mezel.example",
                code="123456",
            )
        )


def all_sent(count):
    return lambda: Mail.objects.filter(state=MailState.SENT).count() == count


def test_a_code_leaves_at_once_without_any_reconciler(environment, queue, smtp):
    with worker(environment, queue):
        ask_codes(1)  # the first finds a cold worker
        wait_until(all_sent(1), 30, "the first code")
        started = time.monotonic()
        ask_codes(1)
        wait_until(all_sent(2), 10, "the second code")
        assert time.monotonic() - started < 3
    assert len(smtp.messages) == 2


def test_killed_workers_and_a_lost_queue_lose_no_mail_and_send_none_twice_to_a_reader(environment, queue, smtp):
    count = 30
    with worker(environment, queue) as process:
        ask_codes(count)
        wait_until(lambda: len(smtp.messages) >= 3, 30, "some mails")
        process.send_signal(signal.SIGKILL)
        process.wait()
    queue.client.flushall()
    with manage("reconcile", "--interval", "0.5", **environment):
        wait_until(all_sent(count), 60, "all mails")
    assert len({message["Message-ID"] for message in smtp.messages}) == count
    assert len(smtp.messages) <= count + 2  # at most what was in flight, under the same Message-ID
