"""A spreadsheet of offers: deposited, read by a worker, shown, applied whole or not at all by a worker.

What is applied is what was shown: the same bytes, and the same changes; when the catalogue moved in between, nothing is
written and the file is shown again. Loaded offers enter the catalogue when they are complete, since whoever loads them
is who reviews them; the others stay drafts. A file is not the whole map: what it does not name stays as it is.
"""

import datetime as dt
import time
import uuid
from collections.abc import Sequence
from pathlib import PurePath
from typing import BinaryIO

import structlog
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from accounts.actors import actor_for
from accounts.models import Mandate
from common import clock, jobs
from common.actor import Actor, Role
from common.errors import Conflict, NotAllowed
from common.french import NBSP, number, plural
from common.tabular.faults import Unreadable
from files import services as files
from files.enums import ScanState
from operators.enums import LoadState, OfferStatus
from operators.loading.plan import Change, Plan, Scope, examine
from operators.models import Offer, OfferLoad, OfferLoadProgress
from operators.permissions import may_load
from operators.services import offers
from operators.services.faults import Known
from operators.services.neighbours import Arrivals, Move

logger = structlog.get_logger(__name__)

WORK = "operators.load_offers"
#: Changes of one file at most: each is written with its history, and a worker has half an hour.
MOST = 5_000
#: Between two looks at a file that is being scanned.
SCAN = dt.timedelta(seconds=5)
#: Seconds between two marks of progress.
PACE = 1.0


class MovedError(Exception):
    """Applying would not do what was shown; ``plan`` is what it would do now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("the catalogue moved")
        self.plan = plan


def deposit(
    name: str, stream: BinaryIO | bytes, actor: Actor, *, department: str, key: uuid.UUID, at: dt.datetime | None = None
) -> OfferLoad:
    """Keeps the file and asks for its reading; ``department`` may be empty for the administrator. The same ``key``
    twice is once."""
    if not may_load(actor) or (actor.role is not Role.ADMINISTRATOR and department not in actor.departments):
        raise NotAllowed("Le chargement des offres revient au guichet du département.")
    shown = "".join(c for c in PurePath(name.replace("\\", "/")).name if c.isprintable())[:200] or "offres"
    with transaction.atomic():
        found: OfferLoad | None = OfferLoad.objects.filter(uuid=key).first()
        stored = files.store(name, stream)
        if found is not None:
            same = found.file.sha256 == stored.sha256
            stored.delete()
            if same:
                return found
            said = "Cette page a déjà servi à déposer un autre fichier. Rouvrez-la, puis déposez celui-ci."
            raise Conflict(said, code="other_file")
        values = {
            "name": shown,
            "file": stored,
            "department_id": department or None,
            "mandate_id": actor.mandate_id,
            "created_at": at or clock.now(),
        }
        load: OfferLoad
        load, created = OfferLoad.objects.get_or_create(uuid=key, defaults=values)
        if created:
            OfferLoadProgress.objects.create(load=load)
            jobs.wake(WORK, load.pk)
        else:
            stored.delete()
    return load


def ask(load: OfferLoad, actor: Actor, *, digest: str) -> OfferLoad:
    """Asks for what was shown (``digest``) to be applied. Twice is once."""
    with transaction.atomic():
        load = _locked(load, actor)
        if load.state in (LoadState.APPLYING, LoadState.APPLIED):
            return load
        if load.state != LoadState.READY:
            raise Conflict("Ce fichier n’est pas applicable. Déposez-le à nouveau.", code="not_ready")
        if digest != load.plan["digest"]:
            raise Conflict("Ce que ferait ce fichier a changé depuis votre lecture. Relisez-le.", code="moved")
        load.state, load.applied_under_id, load.problem = LoadState.APPLYING, actor.mandate_id, ""
        load.reopen()
        load.save()
        OfferLoadProgress.objects.filter(pk=load.pk).update(done=0)
        jobs.wake(WORK, load.pk)
    return load


def abandon(load: OfferLoad, actor: Actor) -> OfferLoad:
    """Nothing will be done of it. Twice is once; too late once its application was asked."""
    with transaction.atomic():
        load = _locked(load, actor)
        if load.state in (LoadState.APPLYING, LoadState.APPLIED):
            raise Conflict("Ce fichier est déjà appliqué, ou en train de l’être.", code="too_late")
        load.state, load.done_at = LoadState.ABANDONED, load.done_at or clock.instant()
        load.save()
    return load


def _locked(load: OfferLoad, actor: Actor) -> OfferLoad:
    """The row, ours; or as it is, unlocked, while the worker holds it to apply it."""
    rows = OfferLoad.objects.visible_to(actor).filter(pk=load.pk)
    row: OfferLoad | None = rows.select_for_update(of=("self",), skip_locked=True).first()
    if row is not None:
        return row
    held: OfferLoad | None = rows.first()
    if held is None:
        raise NotAllowed("Ce chargement est celui d’un autre guichet.")
    if held.state == LoadState.APPLYING:
        return held
    raise Conflict("Ce fichier est en cours de lecture. Attendez qu’elle soit finie.", code="busy")


# --- the worker ------------------------------------------------------------------------------------------------------


def perform(load: OfferLoad) -> None:
    """Handler of the job: reads the file, or applies it."""
    if load.state not in (LoadState.READING, LoadState.APPLYING):
        return
    stored = load.file
    if stored.scan_state == ScanState.PENDING:
        raise jobs.Later("fichier en cours d’analyse", SCAN)
    mandate = load.mandate if load.state == LoadState.READING else load.applied_under
    actor = _actor(mandate)
    if not stored.is_servable:
        _refuse(load, f"{load.name}{NBSP}: ce fichier n’a pas passé l’analyse antivirus.")
    elif actor is None:
        _refuse(load, "Le mandat sous lequel ce fichier a été chargé n’est plus en vigueur.")
    else:
        scope = Scope(actor, frozenset({load.department_id} if load.department_id else ()))
        with Meter(load) as meter:
            (_read if load.state == LoadState.READING else _apply)(load, files.read(stored), scope, meter)


def given_up(load: OfferLoad) -> None:
    """The worker did not come to its end: nothing was written."""
    _refuse(load, "Ce fichier n’a pas pu être traité. Rien n’a été écrit. Déposez-le à nouveau.")


def _actor(mandate: Mandate | None) -> Actor | None:
    if mandate is None:
        return None
    actor = actor_for(mandate.user, mandate)
    return actor if may_load(actor) else None


def _refuse(load: OfferLoad, problem: str) -> None:
    load.state, load.problem = LoadState.REFUSED, problem


def _read(load: OfferLoad, data: bytes, scope: Scope, meter: "Meter") -> None:
    try:
        plan = examine(data, load.name, scope, progress=meter)
    except Unreadable as error:
        _refuse(load, error.message)
        return
    _show(load, plan)


def _show(load: OfferLoad, plan: Plan, problem: str = "") -> None:
    load.plan, load.problem = plan.as_json(), problem
    load.state = LoadState.REFUSED if plan.fault_count else LoadState.READY
    if plan.changes > MOST and not plan.fault_count:
        _refuse(
            load, f"Ce fichier changerait {plural(plan.changes, 'offre')}{NBSP}: {number(MOST)} au plus. Partagez-le."
        )


def _apply(load: OfferLoad, data: bytes, scope: Scope, meter: "Meter") -> None:
    at = clock.now()
    try:
        apply(data, load.name, scope, at=at, digest=load.plan["digest"], meter=meter)
    except MovedError as moved:
        _show(load, moved.plan, "Le catalogue a changé depuis la lecture de ce fichier. Relisez ce qu’il ferait.")
        return
    load.state, load.applied_at = LoadState.APPLIED, at


def apply(
    data: bytes, name: str, scope: Scope, *, at: dt.datetime, digest: str = "", meter: "Meter | None" = None
) -> Plan:
    """Writes all that the file changes, or nothing; the desks of other departments are told once each. Raises
    :class:`MovedError` when a line is at fault or, given a ``digest``, when the changes are not those that it marks."""

    arrivals = Arrivals()

    def consume(changes: Sequence[Change], known: Known) -> None:
        held = [change.held for change in changes]
        written = [_write(change, known, scope.actor, f"chargement{NBSP}: {name}", at) for change in changes]
        arrivals.add(
            [
                Move(offer, change.values.coverage, before)
                for offer, change, before in zip(written, changes, held, strict=True)
                if offer.status == OfferStatus.PUBLISHED
            ]
        )

    with transaction.atomic():
        plan = examine(data, name, scope, consume=consume, progress=meter or (lambda done, total: None))
        if plan.fault_count or (digest and plan.digest != digest):
            raise MovedError(plan)
        arrivals.tell(at)
    return plan


def _write(change: Change, known: Known, actor: Actor, source: str, at: dt.datetime) -> Offer:
    offer = offers.record(
        change.provider,
        change.values,
        actor,
        offer=change.offer,
        source=source[:200],
        known=known,
        tells_others=False,
        at=at,
    )
    if change.publishes:
        offer = offers.publish(offer, actor, verified_on=change.values.verified_on, tells_others=False, at=at)
    return offer


class Meter:
    """Tells how far the work is, on a connection of its own: what its transaction writes nobody sees before its end."""

    def __init__(self, load: OfferLoad) -> None:
        self._pk, self._last = load.pk, 0.0
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() < self._last + PACE and done < total:
            return
        self._last = time.monotonic()
        table = OfferLoadProgress._meta.db_table
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET done = %s, total = %s WHERE load_id = %s", [done, total, self._pk])  # noqa: S608
        except DatabaseError as error:
            logger.warning("progress_not_written", load=self._pk, error=str(error))
