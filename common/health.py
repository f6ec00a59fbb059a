"""Is the portal alive, is it ready, and its counters.

Written by hand rather than with django-health-check: its view answers 500 where a balancer expects 503, runs its
checks in threads (each opens a connection), and cannot say in one document what is missing and since when.
"""

import datetime as dt
import functools
import hmac
from collections.abc import Callable, Iterator
from typing import Any

import redis
import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from common import clock, jobs, perimeter, reconciler
from common.broker import TIMEOUT
from common.readonly import without_database, writes

logger = structlog.get_logger(__name__)

#: Beyond this, the reconciler is counted as gone: it gives a sign of life at each round, and a round may be long.
RECONCILER_MAX_AGE = dt.timedelta(minutes=2)
#: Beyond this, work waits that nobody does.
WORK_MAX_AGE = dt.timedelta(minutes=10)


class NotReady(Exception):  # noqa: N818
    """A check failed; its message is the reason."""


@require_safe
@never_cache
@without_database
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing: a database that is down is no reason to kill the web server."""
    return JsonResponse({"status": "ok"})


def check_database() -> None:
    """By a connection of its own, given two seconds: one that stands would wait as long as a frozen server does."""
    probe = connection.copy()
    probe.settings_dict["OPTIONS"] = {**probe.settings_dict["OPTIONS"], "connect_timeout": 2}
    try:
        with probe.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        probe.close()


def check_migrations() -> None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotReady(f"{len(missing)} migrations to apply, first {missing[0][0]}")


def check_redis() -> None:
    url = settings.CELERY_BROKER_URL
    url = url.replace("redis+socket://", "unix://", 1)  # Celery's spelling of a socket, then the client's
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise NotReady(f"the broker is not Redis: {url.split(':', 1)[0]}")
    client = redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=None, retry_on_timeout=False
    )
    try:
        client.ping()
    finally:
        client.close()


Age = Callable[[], dt.timedelta | None]
#: Process → how long ago it gave a sign of life (None: never), beyond what it is counted as gone.
WATCHED: dict[str, tuple[Age, dt.timedelta]] = {}


def check_sign_of_life(name: str) -> None:
    age, at_most = WATCHED[name]
    found = age()
    if found is None:
        raise NotReady(f"no {name} is running")
    if found > at_most:
        raise NotReady(f"no sign of life for {int(found.total_seconds())} s")


def check_work() -> None:
    now = clock.instant()
    with perimeter.everything("the age of undone work"):
        ages = jobs.oldest_undone()
    late = {name: now - since for name, since in ages.items() if now - since > WORK_MAX_AGE}
    if late:
        raise NotReady(", ".join(f"{name}: {int(age.total_seconds())} s" for name, age in sorted(late.items())))


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "redis": check_redis,
    "work": check_work,
}


def watch(name: str, age: Age, at_most: dt.timedelta) -> None:
    """Adds a process that « ready » names when it is silent, and whose silence is measured in ``/metrics``."""
    WATCHED[name] = age, at_most
    CHECKS[name] = functools.partial(check_sign_of_life, name)


watch("reconciler", reconciler.age, RECONCILER_MAX_AGE)
#: Without it the others can't be asked.
FOUNDATION = "database"


def report() -> dict[str, Any]:
    """Each check's outcome; ``missing`` names those that failed."""
    checks: dict[str, str] = {}
    for name, check in CHECKS.items():
        if checks.get(FOUNDATION, "ok") != "ok":
            checks[name] = "unknown: no database"
            continue
        try:
            check()
            checks[name] = "ok"
        except NotReady as error:
            logger.warning("not_ready", check=name, error=str(error))
            checks[name] = str(error)
        except Exception as error:  # its words may hold an address or a user: they are for the log
            logger.warning("not_ready", check=name, error=str(error))
            checks[name] = type(error).__name__
    missing = [name for name, outcome in checks.items() if outcome != "ok"]
    return {"status": "ok" if not missing else "unavailable", "checks": checks, "missing": missing}


@writes("must answer while PostgreSQL is down, which a read-only transaction would not let it", alone=True)
@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Everything the portal needs to do all its work; 503 naming what is missing."""
    body = report()
    return JsonResponse(body, status=503 if body["missing"] else 200)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    return settings.DEBUG and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")


class _Work(Collector):
    """What no process can count by itself: work that waits, work given up, silences. Read when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = clock.instant()
        waits = GaugeMetricFamily("portal_oldest_undone_work_seconds", "Age of the oldest due work.", labels=["work"])
        failed = GaugeMetricFamily("portal_failed_work", "Pieces of work given up.", labels=["work"])
        with perimeter.everything("ages and counts of undone work"):
            oldest = jobs.oldest_undone()
            for work in jobs.works():
                waits.add_metric([work.name], (now - oldest.get(work.name, now)).total_seconds())
                failed.add_metric([work.name], work.failed())
        silence = GaugeMetricFamily("portal_silence_seconds", "Since its last sign of life.", labels=["process"])
        for name, (age, _) in WATCHED.items():
            found = age()
            silence.add_metric([name], float("inf") if found is None else found.total_seconds())
        yield from (waits, failed, silence)


@writes("must answer while PostgreSQL is down, which a read-only transaction would not let it", alone=True)
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus. Closed without the token; without a token set, open to the machine itself in development only."""
    if not _may_read_metrics(request):
        raise PermissionDenied
    response: HttpResponse = ExportToDjangoView(request)
    registry = CollectorRegistry()
    try:
        check_database()
        registry.register(_Work())
        response.write(generate_latest(registry))
    except DatabaseError:
        logger.warning("no_metrics_of_work", exc_info=True)
    return response
