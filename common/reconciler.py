"""The loop behind ``manage.py reconcile``, and the sign of life that others read of it.

The sign of life is the session's own name in PostgreSQL (``application_name``): it needs no table and no write, and it
dies with the process.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from common import jobs

logger = structlog.get_logger(__name__)

PREFIX = "portal-reconciler"
#: Session-level advisory lock held for one round: two reconcilers take turns.
RECONCILER_LOCK = 0x616E6374


def beat() -> None:
    """Writes the present instant in the session's name (the server's clock is not the portal's: it never shifts)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('application_name', %s || '@' || floor(extract(epoch FROM clock_timestamp())), false)",
            [PREFIX],
        )


def age() -> dt.timedelta | None:
    """How long ago a reconciler of this database gave a sign of life; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp()) - max(split_part(application_name, '@', 2)::bigint)"
            " FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ %s",
            [rf"^{PREFIX}@[0-9]+$"],
        )
        seconds = cursor.fetchone()[0]
    return None if seconds is None else dt.timedelta(seconds=max(0.0, float(seconds)))


def reconcile_once(*, limit: int = 100, stop: Callable[[], bool] = lambda: False) -> int | None:
    """One round over every work: how many pieces were tried; None when another reconciler is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [RECONCILER_LOCK])
        if not cursor.fetchone()[0]:
            return None
    try:
        return jobs.sweep([work.name for work in jobs.works()], limit=limit, turn=jobs.TURN_SECONDS, stop=stop)
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [RECONCILER_LOCK])
        except DatabaseError:
            connection.close()  # the session's end releases the lock


class Reconciler:
    """Rounds over all undone work, until ``stopped`` is set. Survives the loss of the database by connecting again."""

    def __init__(self, stopped: threading.Event, *, interval: float = 5.0) -> None:
        self.stopped = stopped
        self.interval = interval

    def drain(self) -> int:
        """Rounds until nothing is due any more; how many pieces were tried."""
        total = 0
        while not self.stopped.is_set() and (tried := reconcile_once(stop=self.stopped.is_set)):
            total += tried
        return total

    def run(self) -> None:
        logger.info("reconciler_started", interval=self.interval, works=[work.name for work in jobs.works()])
        while not self.stopped.is_set():
            pause = self.interval
            started = time.monotonic()
            try:
                beat()
                tried = reconcile_once(stop=self.stopped.is_set)
                beat()
                if tried:
                    logger.info("reconciled", pieces=tried, seconds=round(time.monotonic() - started, 2))
                    pause = 0.1  # a round that found work may have left some
            except (InterfaceError, OperationalError) as error:
                logger.warning("database_lost", error=str(error).partition("\n")[0] or type(error).__name__)
                self._disconnect()
                pause = min(1.0, self.interval)
            except DatabaseError:
                logger.exception("round_failed")
                self._disconnect()
            self.stopped.wait(pause)
            close_old_connections()
        self._disconnect()
        logger.info("reconciler_stopped")

    def _disconnect(self) -> None:
        try:
            connection.close()
        except DatabaseError:
            connection.connection = None
