"""Is the portal alive, is it ready, and its counters.

Written by hand rather than with django-health-check: its view answers 500 where a balancer expects 503, runs its
checks in threads (each opens a connection), and cannot say in one document what is missing and since when.
"""

import datetime as dt
import hmac
from collections.abc import Callable
from typing import Any

import redis
import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from common import clock, jobs, reconciler
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


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


def check_reconciler() -> None:
    age = reconciler.age()
    if age is None:
        raise NotReady("no reconciler is running")
    if age > RECONCILER_MAX_AGE:
        raise NotReady(f"no sign of life for {int(age.total_seconds())} s")


def check_work() -> None:
    now = clock.instant()
    late = {name: now - since for name, since in jobs.oldest_undone().items() if now - since > WORK_MAX_AGE}
    if late:
        raise NotReady(", ".join(f"{name}: {int(age.total_seconds())} s" for name, age in sorted(late.items())))


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "redis": check_redis,
    "reconciler": check_reconciler,
    "work": check_work,
}
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


@writes("must answer while PostgreSQL is down, which a read-only transaction would not let it")
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


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus. Closed without the token; without a token set, open to the machine itself in development only."""
    if not _may_read_metrics(request):
        raise PermissionDenied
    response: HttpResponse = ExportToDjangoView(request)
    return response
