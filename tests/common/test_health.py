"""Liveness touches nothing; readiness names what is missing; counters are closed."""

import pytest
from django.db import connection, connections

from anct_portal import canary
from common import clock as portal_clock
from common import health, reconciler
from notifications.models import OutboxEvent
from tests.common.processes import RedisChild, free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(settings, tmp_path, monkeypatch):
    """A portal where everything answers."""
    child = RedisChild(str(tmp_path))
    settings.CELERY_BROKER_URL = child.url
    reconciler.beat()
    canary.sing()
    monkeypatch.setattr(health, "check_migrations", health.CHECKS["migrations"])
    yield child
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', '', false)")
    child.stop()


def body(client, status):
    response = client.get("/sante/prete")
    assert response.status_code == status
    assert response["Cache-Control"].startswith("max-age=0")
    return response.json()


def test_alive_without_a_single_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/sante/vive").json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_alive_and_not_ready_while_the_database_is_down(client):
    before = connection.settings_dict["PORT"]
    connections.close_all()
    connection.settings_dict["PORT"] = str(free_port())
    try:
        assert client.get("/sante/vive").status_code == 200
        assert connection.connection is None
        answer = body(client, 503)
        assert "database" in answer["missing"]
        assert answer["checks"]["database"] == "OperationalError", "what it says of our servers is for the log"
    finally:
        connection.settings_dict["PORT"] = before


def test_ready(client, ready):
    assert body(client, 200) == {
        "status": "ok",
        "checks": dict.fromkeys(("database", "migrations", "redis", "work", "reconciler", "worker"), "ok"),
        "missing": [],
    }


def test_redis_frozen_is_named_quickly(client, ready):
    ready.freeze()
    assert body(client, 503)["missing"] == ["redis"]


def test_no_reconciler_is_named(client, ready):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', 'portal-reconciler@1', false)")
    answer = body(client, 503)
    assert answer["missing"] == ["reconciler"]
    assert "no sign of life" in answer["checks"]["reconciler"]


def test_a_worker_that_carries_nothing_out_is_named(client, ready):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE anct_portal_canary SET answered_at = answered_at - interval '59 seconds'")
        body(client, 200)
        cursor.execute("UPDATE anct_portal_canary SET answered_at = answered_at - interval '3 seconds'")
        assert body(client, 503)["checks"]["worker"] == "no sign of life for 62 s"
        cursor.execute("DELETE FROM anct_portal_canary")
    assert body(client, 503)["checks"]["worker"] == "no worker is running"


def test_work_that_nobody_does_is_named_with_its_age(client, ready, clock):
    OutboxEvent.objects.create(event="x", event_id="6a1c1b7e-0000-4000-8000-000000000000", at=portal_clock.now())
    clock.shift(minutes=11)
    answer = body(client, 503)
    assert answer["missing"] == ["work"]
    assert answer["checks"]["work"] == "notifications.outbox: 660 s"


def test_migrations_to_apply_are_named(client, ready):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'notifications'")
    assert body(client, 503)["missing"] == ["migrations"]


def test_without_a_database_the_rest_is_unknown(ready, monkeypatch):
    def down():
        raise OSError("connection refused")

    monkeypatch.setitem(health.CHECKS, "database", down)
    answer = health.report()
    assert answer["checks"]["database"] == "OSError"
    assert answer["checks"]["work"] == "unknown: no database"


class TestMetrics:
    def test_closed_without_the_token(self, client, settings):
        settings.METRICS_TOKEN = "a long secret"
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"authorization": "Bearer a wrong one"}).status_code == 403
        settings.DEBUG = True
        assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 403

    def test_open_with_it(self, client, settings):
        settings.METRICS_TOKEN = "a long secret"
        response = client.get("/metrics", headers={"authorization": "Bearer a long secret"})
        assert response.status_code == 200
        assert b"django_http_requests_total" in response.content

    def test_work_that_waits_and_silences_are_measured(self, client, settings, clock):
        settings.METRICS_TOKEN = "a long secret"
        OutboxEvent.objects.create(event="x", event_id="6a1c1b7e-0000-4000-8000-000000000000", at=portal_clock.now())
        clock.shift(minutes=2)
        text = client.get("/metrics", headers={"authorization": "Bearer a long secret"}).content.decode()
        assert 'portal_oldest_undone_work_seconds{work="notifications.outbox"} 120.0' in text
        assert 'portal_oldest_undone_work_seconds{work="notifications.mails"} 0.0' in text
        assert 'portal_failed_work{work="notifications.mails"} 0.0' in text
        assert 'portal_silence_seconds{process="worker"} +Inf' in text

    def test_without_a_token_development_and_this_machine_only(self, client, settings):
        settings.METRICS_TOKEN = ""
        assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 403
        settings.DEBUG = True
        assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 403
