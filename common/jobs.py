"""The row is the job (DESIGN 4): registry of undone work, performing one piece of it, going through all of it.

Guaranteed by rows and by the reconciler alone (``manage.py reconcile``): whatever is undone gets done, once, even when
every message was lost. A message (``common.wake``) only makes it sooner.

An app registers, in its ``receivers.py``::

    register(job_work("requests.routing", RoutingJob, route, task="requests.route"))

and wakes it, inside its transaction, with ``wake("requests.routing", job.pk)``.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Min, Q

from common import clock
from common.broker import send
from common.models import Job

logger = structlog.get_logger(__name__)

#: Pieces done together at most: whoever they concern waits for all of them.
TOGETHER = 20
#: First pause after a failure; doubled at each further one.
FIRST_PAUSE = dt.timedelta(seconds=5)
LONGEST_PAUSE = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of undone work.

    ``task`` is the Celery task that takes one pk. ``pending(limit)`` returns the pks of what is due. ``perform(pk)``
    claims its row with SKIP LOCKED and returns True when it is done or there was nothing to do; running it twice is
    harmless. ``oldest()`` is since when the oldest due piece waits, ``failed()`` how many were given up; ``retry()``
    gives those another chance, once a human being has removed the cause. ``perform_all(pks)``, for work that is cheaper
    together, does those that were never tried, all or none, and returns what is to be done one by one.
    """

    name: str
    task: str
    pending: Callable[[int], Sequence[Any]]
    perform: Callable[[Any], bool]
    oldest: Callable[[], dt.datetime | None]
    failed: Callable[[], int] = lambda: 0
    retry: Callable[[], int] = lambda: 0
    perform_all: Callable[[Sequence[Any]], Sequence[Any]] | None = None


_works: dict[str, Work] = {}


def register(work: Work) -> Work:
    """Adds a kind of work; a name is used once."""
    if work.name in _works:
        raise ValueError(f"work registered twice: {work.name}")
    _works[work.name] = work
    return work


def get(name: str) -> Work:
    return _works[name]


def works() -> tuple[Work, ...]:
    """Every kind of work, in the order of registration: the apps below come first."""
    return tuple(_works.values())


# --- outcomes that a handler may raise -------------------------------------------------------------------------------


class Later(Exception):  # noqa: N818
    """Not now, through no fault of this row: tried again after ``pause``, and this try isn't counted."""

    def __init__(self, reason: str, pause: dt.timedelta) -> None:
        super().__init__(reason)
        self.pause = pause


class Abandon(Exception):  # noqa: N818
    """Trying again would change nothing: the row is given up at once."""


class Incomplete(Exception):  # noqa: N818
    """What was done is kept, and the row is tried again for the rest."""


class More(Incomplete):
    """A part is done and kept; the rest is due at once, its tries counted anew: a long work done by parts."""


def connection_lost(error: Exception) -> bool:
    """Whether the database is gone, rather than a statement refused (a deadlock is an ``OperationalError`` too)."""
    return isinstance(error, InterfaceError | OperationalError) and not connection.is_usable()


# --- one row ---------------------------------------------------------------------------------------------------------


def pause_after(attempts: int) -> dt.timedelta:
    """5 s, 10 s, 20 s… one hour at most."""
    return min(FIRST_PAUSE * 2 ** max(0, min(attempts, 20) - 1), LONGEST_PAUSE)


def _rows(model: type[Job]) -> Any:
    return model._default_manager


def _claim(model: type[Job], pk: Any, extra: Mapping[str, Any]) -> bool:
    """Counts the try and puts the row off, in a transaction of its own: if the process dies, the count stays."""
    at = clock.instant()
    with transaction.atomic():
        row = _rows(model).select_for_update(skip_locked=True, of=("self",)).due(at).filter(pk=pk).first()
        if row is None:
            return False
        _rows(model).filter(pk=pk).update(
            attempts=F("attempts") + 1, claimed_at=at, not_before=at + pause_after(row.attempts + 1), **extra
        )
    return True


def perform_job(
    model: type[Job],
    handler: Callable[[Any], None],
    pk: Any,
    *,
    max_attempts: int = 8,
    claimed: Mapping[str, Any] | None = None,
    released: Mapping[str, Any] | None = None,
    on_failure: Callable[[Any], None] | None = None,
) -> bool:
    """Claims the row, calls ``handler(row)`` and marks it done in the same transaction.

    ``claimed`` are the columns set while somebody is at it, ``released`` those set back when it is to be tried again.

    A handler that raises is undone, counted and tried again after a growing pause, ``max_attempts`` times; then the row
    is given up with its last error, and ``on_failure(row)`` may complete it. So is a row tried so often without an
    answer: it killed its workers.
    """
    if not _claim(model, pk, claimed or {}):
        return True
    with transaction.atomic():  # waits for the row, which is ours: whoever tried to claim it too keeps it an instant
        row = _rows(model).select_for_update(of=("self",)).undone().filter(pk=pk).first()
        if row is None:
            return True
        if row.attempts > max_attempts:
            _give_up(row, row.last_error or "interrompu à chaque essai", on_failure)
            return False
        try:
            with transaction.atomic():
                kept = _run(handler, row)
        except Later as later:
            row.attempts -= 1
            row.not_before = clock.instant() + later.pause
            row.last_error = str(later)
            return _release(row, released)
        except Exception as error:
            if connection_lost(error):
                raise
            kept = error
        if isinstance(kept, More):
            row.attempts, row.not_before, row.last_error = 0, None, ""
            return _release(row, released)
        if kept is None:
            row.done_at, row.last_error = clock.instant(), ""
            row.save()
            return True
        logger.error("job_failed", job=model._meta.label, pk=pk, attempts=row.attempts, exc_info=kept)
        row.last_error = f"{type(kept).__name__}: {kept}"[:2000]
        if isinstance(kept, Abandon) or row.attempts >= max_attempts:
            _give_up(row, row.last_error, on_failure)
            return False
        row.not_before = clock.instant() + pause_after(row.attempts)
        return _release(row, released)


def perform_together(model: type[Job], handler: Callable[[Sequence[Any]], None], pks: Sequence[Any]) -> list[Any]:
    """Claims those of these rows that were never tried, calls ``handler(rows)`` and marks them done in one transaction;
    returns those to do one by one: tried before, or all if it raises. Others' claims are theirs. Saves no row."""
    at = clock.instant()
    with transaction.atomic():
        due = _rows(model).select_for_update(skip_locked=True, of=("self",)).due(at).filter(pk__in=pks)
        attempts = dict(due.order_by("pk").values_list("pk", "attempts"))
        claimed = [pk for pk, tried in attempts.items() if not tried]
        _rows(model).filter(pk__in=claimed).update(attempts=1, claimed_at=at, not_before=at + FIRST_PAUSE)
    try:
        with transaction.atomic():
            rows = _rows(model).select_for_update(of=("self",)).undone().filter(pk__in=claimed)
            if mine := list(rows.order_by("pk")):
                handler(mine)
                _rows(model).filter(pk__in=[row.pk for row in mine]).update(done_at=clock.instant(), last_error="")
    except Exception as error:
        if connection_lost(error):
            raise
        logger.exception("jobs_failed_together", job=model._meta.label, count=len(claimed))
        _rows(model).undone().filter(pk__in=claimed).update(not_before=None)
        return list(attempts)
    return [pk for pk, tried in attempts.items() if tried]


def _release(row: Job, released: Mapping[str, Any] | None) -> bool:
    for column, value in (released or {}).items():
        setattr(row, column, value)
    row.save()
    return False


def _run(handler: Callable[[Any], None], row: Job) -> Exception | None:
    """Runs the handler; an :class:`Incomplete` is returned rather than raised, so that what was done is kept."""
    try:
        handler(row)
    except Incomplete as error:
        return error
    return None


def _give_up(row: Job, reason: str, on_failure: Callable[[Any], None] | None) -> None:
    row.failed_at, row.last_error = clock.instant(), reason
    if on_failure is not None:
        on_failure(row)
    row.save()
    logger.error("job_given_up", job=row._meta.label, pk=row.pk, attempts=row.attempts, reason=reason)


def job_work(
    name: str,
    model: type[Job],
    handler: Callable[[Any], None],
    *,
    task: str = "",
    max_attempts: int = 8,
    claimed: Mapping[str, Any] | None = None,
    released: Mapping[str, Any] | None = None,
    on_failure: Callable[[Any], None] | None = None,
    retryable: Q | None = None,
    together: Callable[[Sequence[Any]], None] | None = None,
) -> Work:
    """The :class:`Work` of a ``Job`` model. Without ``task``, the kernel's own task (``common.perform``) runs it.
    ``together``: the same as ``handler`` for several rows at once, of work that needs none of the rest."""
    if together is not None and (claimed or released or on_failure):
        raise ValueError(f"{name}: work done together has neither columns of its own nor anything to do when given up")

    def pending(limit: int) -> list[Any]:
        due = _rows(model).due().order_by(F("not_before").asc(nulls_first=True), "queued_at")
        return list(due.values_list("pk", flat=True)[:limit])

    def perform(pk: Any) -> bool:
        return perform_job(
            model, handler, pk, max_attempts=max_attempts, claimed=claimed, released=released, on_failure=on_failure
        )

    def oldest() -> dt.datetime | None:
        undone = _rows(model).undone()
        ages = undone.aggregate(
            waiting=Min("queued_at", filter=Q(not_before=None) | Q(attempts__gt=0)),
            delayed=Min("not_before", filter=Q(not_before__lte=clock.instant(), attempts=0)),
        )
        return min((age for age in ages.values() if age), default=None)

    def failed() -> int:
        return _rows(model).filter(failed_at__isnull=False).count()

    def retry() -> int:
        given_up = _rows(model).filter(retryable or Q(), failed_at__isnull=False)
        return given_up.update(failed_at=None, attempts=0, not_before=None, **(released or {}))

    perform_all = partial(perform_together, model, together) if together is not None else None
    return Work(name, task, pending, perform, oldest, failed, retry, perform_all)


# --- all of it -------------------------------------------------------------------------------------------------------

#: Seconds after which a work leaves its turn to the next: hours of letters never keep a new request waiting.
TURN_SECONDS = 2.0


def sweep(
    names: Sequence[str],
    *,
    limit: int = 100,
    turn: float = float("inf"),
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Performs what is due of these works, at most ``limit`` pieces or ``turn`` seconds of each (one piece at least),
    and returns how many were tried. A piece that fails never stops the next; only a lost database is raised."""
    tried = 0
    for name in names:
        work = _works[name]
        try:
            due = work.pending(limit)
        except Exception as error:
            if connection_lost(error):
                raise
            logger.exception("pending_failed", work=name)
            continue
        ends = time.monotonic() + turn
        size = TOGETHER if work.perform_all is not None else 1
        for start in range(0, len(due), size):
            if stop():
                return tried
            batch = due[start : start + size]
            tried += len(batch)
            _perform_some(work, batch)
            if time.monotonic() > ends:
                break
    return tried


def _perform_some(work: Work, pks: Sequence[Any]) -> None:
    """Together when the work knows how, then one by one what is left."""
    if work.perform_all is not None and len(pks) > 1:
        with _alone(work, count=len(pks)):
            pks = work.perform_all(pks)
    for pk in pks:
        with _alone(work, pk=pk):
            work.perform(pk)


@contextmanager
def _alone(work: Work, **what: Any) -> Iterator[None]:
    """What fails inside stops nothing else; only the loss of the database is raised."""
    try:
        yield
    except Exception as error:
        if connection_lost(error):
            raise
        logger.exception("perform_failed", work=work.name, **what)


def perform_with_others(name: str, pk: Any) -> None:
    """Performs this piece, and with it those that wait already when they are cheaper together."""
    work = _works[name]
    if work.perform_all is None:
        work.perform(pk)
    elif due := work.pending(TOGETHER):  # nothing is due: this piece neither
        _perform_some(work, [pk, *(other for other in due if other != pk)])


def oldest_undone() -> dict[str, dt.datetime]:
    """Since when the oldest due piece of each work waits; works without any are absent."""
    ages = {work.name: work.oldest() for work in works()}
    return {name: age for name, age in ages.items() if age is not None}


def failed_count() -> dict[str, int]:
    """How many pieces of each work were given up and wait for a human being."""
    counts = {work.name: work.failed() for work in works()}
    return {name: count for name, count in counts.items() if count}


# --- waking ----------------------------------------------------------------------------------------------------------


class _WakeUp:
    """The single message of a transaction: one piece of work by its task, several by one sweep."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[str, Any], None] = {}

    def __call__(self) -> None:
        if len(self.pieces) == 1:
            ((name, pk),) = self.pieces
            work = _works[name]
            if work.task:
                send(work.task, [pk])
            else:
                send("common.perform", [name, pk])
        else:
            send("common.sweep", [sorted({name for name, _ in self.pieces})])


def wake(name: str, pk: Any) -> None:
    """Asks for this piece of work to be done as soon as the transaction commits. Costs one message a transaction,
    whatever the number of calls; never raises because of Redis."""
    if name not in _works:
        raise KeyError(f"no such work: {name}")
    # A hook of this transaction still in the list can only be dropped by a rollback that would undo the present work
    # too.
    for entry in connection.run_on_commit:
        hook = entry[1]
        if isinstance(hook, _WakeUp):
            hook.pieces[name, _plain(pk)] = None
            return
    hook = _WakeUp()
    hook.pieces[name, _plain(pk)] = None
    transaction.on_commit(hook, robust=True)


def _plain(pk: Any) -> Any:
    return pk if isinstance(pk, int) else str(pk)
