"""Sending a wake-up to Celery without ever making a user wait for Redis.

A refused Redis costs 0.6 s a message by default, a frozen one 20 s (MEASURED). Here: a connection of its own with
timeouts of 0.2 s, no retry, and a breaker: after a failure nothing is sent for five seconds. A lost message loses
nothing.
"""

import os
import threading
import time
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from kombu import Connection

logger = structlog.get_logger(__name__)

TIMEOUT = 0.2
BREAKER_SECONDS = 5.0
#: A wake-up that waited longer than this wakes nobody: the reconciler has passed.
EXPIRES_SECONDS = 600

_local = threading.local()
_closed_until = 0.0


def _connection() -> Connection:
    """One connection a thread, never shared with a forked child."""
    if getattr(_local, "owner", None) != os.getpid() or _local.url != settings.CELERY_BROKER_URL:
        _local.owner, _local.url = os.getpid(), settings.CELERY_BROKER_URL
        _local.connection = Connection(
            settings.CELERY_BROKER_URL,
            connect_timeout=TIMEOUT,
            transport_options={
                **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
                "socket_connect_timeout": TIMEOUT,
                "socket_timeout": TIMEOUT,
                "max_retries": 0,
            },
        )
    return _local.connection


def _drop() -> None:
    broken = _local.connection
    _local.owner = None
    try:
        broken.collect(socket_timeout=TIMEOUT)
    except Exception:
        logger.debug("broker_connection_not_closed", exc_info=True)


def send(task: str, args: list[Any]) -> bool:
    """Sends one message; False when the breaker is open or Redis did not answer in time. Never raises."""
    global _closed_until
    if time.monotonic() < _closed_until:
        return False
    try:
        current_app.send_task(
            task, args=args, connection=_connection(), retry=False, expires=EXPIRES_SECONDS, ignore_result=True
        )
    except Exception as error:
        _closed_until = time.monotonic() + BREAKER_SECONDS
        _drop()
        logger.warning("wake_up_not_sent", task=task, error=f"{type(error).__name__}: {error}")
        return False
    return True


def reset() -> None:
    """Forgets the breaker's state (tests, and a process that has just seen Redis answer)."""
    global _closed_until
    _closed_until = 0.0
