"""What happens to what is known of territories, for the apps above."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from common import clock
from common.events import Event, declare


@declare
@dataclass(frozen=True, kw_only=True)
class FactsLoaded(Event):
    """A list that says what bodies are was loaded, and changed something: a zoning, the members of a programme. Dated
    and identified by itself."""

    name = "territories.facts_loaded"
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    at: dt.datetime = field(default_factory=clock.now)
