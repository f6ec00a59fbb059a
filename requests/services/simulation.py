"""Asking for a simulation, computing it batch by batch, cancelling and removing it. It never touches a request."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone

from common import clock
from common.actor import NATIONAL_ROLES, Actor
from common.database import be_patient
from common.errors import Conflict, Invalid, NotAllowed
from common.jobs import Later, More, wake
from requests.enums import SimulationKind
from requests.models import Replay, ScenarioOffer, SimulatedBody, SimulatedRequest, Simulation
from requests.scenario import FinancingScenario, RoutingScenario, Scenario, as_json, from_json
from requests.services import financing, replay

WORK = "requests.simulation"
#: Simulations that may wait or run at once: one person must not fill the queue.
WAITING_MAX = 20
#: Rows removed in one transaction.
REMOVED_AT_ONCE = 50_000
#: One simulation at a time; the next looks again after this long.
TURN = dt.timedelta(seconds=3)
#: A statement of a batch may last longer than a page's, in seconds.
PATIENCE = 80


def may_simulate(actor: Actor) -> bool:
    """The agency's staff only: what would become of others' files is nobody else's business."""
    return actor.role in NATIONAL_ROLES and actor.mandate_confirmed


def _check(actor: Actor) -> None:
    if not may_simulate(actor):
        raise NotAllowed("Les simulations sont celles de l’Agence.")


def ask(scenario: Scenario, actor: Actor, *, title: str, key: uuid.UUID, at: dt.datetime | None = None) -> Simulation:
    """A simulation to compute; the same key twice is the same one. Raises ``Invalid``, ``NotAllowed``, ``Conflict``."""
    _check(actor)
    scenario.check()
    at = at or clock.now()
    kind = SimulationKind.ROUTING if isinstance(scenario, RoutingScenario) else SimulationKind.FINANCING
    if isinstance(scenario, RoutingScenario) and not scenario.changes_something:
        raise Invalid("Dites ce qui change dans le catalogue : rien ne distingue encore l’après de l’avant.")
    if kind is SimulationKind.FINANCING:
        financing.present(timezone.localdate(at))
    with transaction.atomic():
        if Simulation.objects.kept().filter(ended_at=None, failed_at=None).count() >= WAITING_MAX:
            raise Conflict("Trop de simulations attendent déjà : laissez-les finir, ou annulez-en.", code="too_many")
        simulation, is_new = Simulation.objects.get_or_create(
            uuid=key,
            defaults={
                "kind": kind,
                "title": title.strip()[:120],
                "parameters": as_json(scenario),
                "asked_by_id": actor.author_id,
                "asked_at": at,
            },
        )
        if is_new:
            _queue(simulation)
    return simulation


def cancel(simulation: Simulation, actor: Actor, *, at: dt.datetime | None = None) -> None:
    """Asks for the end of it, at the next batch. Twice is once; raises ``Conflict`` when it has ended."""
    _check(actor)
    with transaction.atomic():
        row = Simulation.objects.select_for_update(of=("self",), no_key=True).get(pk=simulation.pk)
        if row.is_cancelled:
            return
        if not row.is_running:
            raise Conflict("Cette simulation est terminée : elle ne peut plus être annulée.", code="already_ended")
        row.cancel_asked_at = at or clock.now()
        row.save(update_fields=["cancel_asked_at"])


def remove(simulation: Simulation, actor: Actor, *, at: dt.datetime | None = None) -> None:
    """Takes an ended simulation away from the list; its rows go in a worker. Twice is once."""
    _check(actor)
    at = at or clock.now()
    with transaction.atomic():
        row = Simulation.objects.select_for_update(of=("self",), no_key=True).get(pk=simulation.pk)
        if row.removed_at is not None:
            return
        if row.is_running:
            raise Conflict("Cette simulation est en cours : annulez-la d’abord.", code="still_running")
        row.removed_at = at
        row.save(update_fields=["removed_at"])
        _queue(row)


def _queue(simulation: Simulation) -> None:
    job = Replay.objects.create(simulation=simulation)
    wake(WORK, job.pk)


# --- in a worker -----------------------------------------------------------------------------------------------------


def perform(job: Replay) -> None:
    """One part of the work: the beginning, a batch, the end, or a part of the clearing. Each is a transaction."""
    be_patient(PATIENCE)
    simulation = Simulation.objects.get(pk=job.simulation_id)
    if simulation.removed_at is not None or simulation.is_cancelled:
        if _clear(simulation):
            _again(job)
        if simulation.is_running:
            _ended(simulation)
        return
    if not simulation.is_running:
        return
    first = Replay.objects.undone().filter(simulation__removed_at=None, simulation__cancel_asked_at=None)
    if first.order_by("pk").values_list("pk", flat=True)[0] != job.pk:
        raise Later("une autre simulation est en cours", TURN)
    scenario = from_json(simulation.kind, simulation.parameters)
    if isinstance(scenario, FinancingScenario):
        _finance(simulation, scenario)
    elif _route(simulation, scenario):
        _again(job)


def given_up(job: Replay) -> None:
    """Tried in vain: said on its page."""
    Simulation.objects.filter(pk=job.simulation_id, ended_at=None).update(failed_at=clock.now())


def _again(job: Replay) -> None:
    wake(WORK, job.pk)
    raise More("la suite")


def _finance(simulation: Simulation, scenario: FinancingScenario) -> None:
    simulation.started_at = clock.now()
    rule = financing.present(timezone.localdate(simulation.started_at))
    simulation.summary, simulation.total = financing.compute(simulation, scenario, rule)
    simulation.treated = simulation.total
    _ended(simulation)


def _route(simulation: Simulation, scenario: RoutingScenario) -> bool:
    """Whether something is left to do."""
    given = replay.values(simulation, scenario, clock.today())
    if simulation.started_at is None:
        simulation.started_at = clock.now()
        simulation.total, simulation.up_to = replay.extent(scenario, given)
        replay.freeze(simulation, scenario)
        _save(simulation)
        return True
    given["on"] = timezone.localdate(simulation.started_at)
    done, simulation.last_id = replay.batch(scenario, given)
    # files may have moved to another department since they were counted
    simulation.treated += done
    simulation.total = max(simulation.total or 0, simulation.treated)
    if done:
        _save(simulation)
        return True
    simulation.summary = replay.summary(simulation)
    simulation.total = simulation.treated
    ScenarioOffer.objects.filter(simulation=simulation).delete()
    _ended(simulation)
    return False


def _ended(simulation: Simulation) -> None:
    simulation.ended_at = clock.now()
    _save(simulation)


def _save(simulation: Simulation) -> None:
    """All but what others may have written meanwhile."""
    names = ("started_at", "ended_at", "total", "treated", "last_id", "up_to", "summary")
    simulation.save(update_fields=names)


def _clear(simulation: Simulation) -> bool:
    """Removes a part of what was computed; whether something is left."""
    for model in (ScenarioOffer, SimulatedBody, SimulatedRequest):
        keys = list(model._default_manager.filter(simulation=simulation).values_list("pk", flat=True)[:REMOVED_AT_ONCE])
        if keys:
            model._default_manager.filter(pk__in=keys).delete()
            return True
    return False
