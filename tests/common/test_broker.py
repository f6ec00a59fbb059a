"""A broken Redis costs a user nothing: measured on a real one, frozen, killed and thawed."""

import time

import pytest
from django.db import transaction

from common import broker, jobs
from tests.common.processes import RedisChild

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own_redis(tmp_path, settings):
    child = RedisChild(str(tmp_path))
    settings.CELERY_BROKER_URL = child.url
    broker.reset()
    yield child
    broker.reset()
    child.stop()


@pytest.fixture
def work(monkeypatch):
    monkeypatch.setattr(jobs, "_works", {})
    jobs.register(jobs.Work("test", "test.task", lambda limit: [], lambda pk: True, lambda: None))


def commit() -> float:
    started = time.monotonic()
    with transaction.atomic():
        jobs.wake("test", 1)
    return time.monotonic() - started


def test_a_message_arrives(own_redis, work):
    commit()
    assert own_redis.client.llen("celery") == 1


def test_a_frozen_redis_costs_less_than_a_second_then_nothing(own_redis, work):
    commit()
    own_redis.freeze()
    assert commit() < 1.0
    assert commit() < 0.1  # the breaker is open
    own_redis.thaw()
    broker.reset()
    before = own_redis.client.llen("celery")
    commit()
    assert own_redis.client.llen("celery") == before + 1


def test_a_redis_frozen_from_the_start_costs_less_than_a_second(own_redis, work):
    own_redis.freeze()
    assert commit() < 1.0


def test_an_absent_redis_costs_less_than_a_second(own_redis, work):
    commit()
    own_redis.process.kill()
    own_redis.process.wait()
    assert commit() < 1.0
    assert commit() < 0.1


def test_the_breaker_closes_again(own_redis, work, monkeypatch):
    monkeypatch.setattr(broker, "BREAKER_SECONDS", 0.2)
    own_redis.freeze()
    commit()
    own_redis.thaw()
    time.sleep(0.25)
    before = own_redis.client.llen("celery")
    commit()
    assert own_redis.client.llen("celery") == before + 1


def test_another_hook_of_the_transaction_still_runs(own_redis, work):
    own_redis.freeze()
    ran = []
    with transaction.atomic():
        jobs.wake("test", 1)
        transaction.on_commit(lambda: ran.append(True))
    assert ran
