"""Simulations of tests: asked under somebody's name, and computed to their end."""

import datetime as dt
import uuid
from typing import Any

from common import jobs
from common.actor import Actor
from requests.models import Replay, Simulation
from requests.scenario import FinancingScenario, OfferChange, RoutingScenario, Scenario
from requests.services import simulation

PERIOD: dict[str, Any] = {"start": dt.date(2020, 1, 1), "end": dt.date(2027, 1, 1)}
THRESHOLDS: dict[str, Any] = {"commune_below": 5000, "grouping_below": 10_000}


def routing(**changes: Any) -> RoutingScenario:
    """Without the technical agencies, unless told."""
    return RoutingScenario(**{**PERIOD, **(changes or {"without_kinds": ("technical_agency",)})})


def financing(**changes: Any) -> FinancingScenario:
    return FinancingScenario(**{**PERIOD, **THRESHOLDS, **changes})


def change(code: str, **values: Any) -> OfferChange:
    return OfferChange(code=code, **values)


def asked(actor: Actor, scenario: Scenario, title: str = "Essai") -> Simulation:
    return simulation.ask(scenario, actor, title=title, key=uuid.uuid4())


def settled(limit: int = 200) -> int:
    """Every batch that is due, as the reconciler does them; how many there were."""
    for count in range(limit):
        if not jobs.sweep([simulation.WORK]):
            return count
    raise AssertionError("a simulation never ends")


def computed(actor: Actor, scenario: Scenario) -> Simulation:
    found = asked(actor, scenario)
    settled()
    found.refresh_from_db()
    assert not Replay.objects.undone().exists()
    return found
