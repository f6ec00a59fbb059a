"""The canary: beat sends it through Redis every 15 s, a worker writes its row, ``/sante/prete`` reads its age.

A worker may stay connected and do nothing (after a restart of Redis, frozen, deadlocked): its process, its ping and the
work, which the reconciler does meanwhile, all look well. Only a task carried out from end to end proves anything.
"""

import datetime as dt

from django.db import connection

from anct_portal.models import Canary

NAME = "worker"
#: Four in a row are missing: a silent worker is named within 90 s, with the time between two looks.
MAX_AGE = dt.timedelta(seconds=60)


def sing() -> None:
    """By the database's clock, which is everybody's."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Canary._meta.db_table} (name, answered_at) VALUES (%s, clock_timestamp())"  # noqa: S608
            " ON CONFLICT (name) DO UPDATE SET answered_at = excluded.answered_at",
            [NAME],
        )


def age() -> dt.timedelta | None:
    """How long ago a task came through; None when none ever did."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT clock_timestamp() - answered_at FROM {Canary._meta.db_table} WHERE name = %s",  # noqa: S608
            [NAME],
        )
        row = cursor.fetchone()
    return None if row is None else max(row[0], dt.timedelta(0))
