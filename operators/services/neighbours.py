"""The desks of the other departments that an offer reaches are told: offer by offer or, of a whole file, once each."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from common.events import emit
from operators.events import OfferCameFromElsewhere
from operators.ground import Ground
from operators.models import Offer
from operators.values import Line


class Move(NamedTuple):
    """A published offer, and the lines on which it was matched until now (none: it was not published)."""

    offer: Offer
    now: tuple[Line, ...]
    before: tuple[Line, ...]


class Arrivals:
    """The departments that offers reach from now on, beyond that of their body."""

    def __init__(self) -> None:
        self._found: dict[str, list[int]] = {}

    def add(self, moves: Sequence[Move]) -> None:
        """Three queries at most, whatever their number; the providers are there already."""
        moved = [move for move in moves if move.now != move.before and move.offer.provider.department_id is not None]
        ground = Ground.of(line for move in moved for line in (*move.now, *move.before))
        for offer, now, before in moved:
            home = offer.provider.department_id
            for department in ground.beyond(now, home) - ground.beyond(before, home):
                self._found.setdefault(department, []).append(offer.pk)

    def tell(self, at: dt.datetime) -> None:
        """Each desk once: of the first offer, and of how many others."""
        for department, (first, *others) in sorted(self._found.items()):
            event = OfferCameFromElsewhere(offer_id=first, others=len(others), department=department, at=at)
            emit(event)


def tell(move: Move, at: dt.datetime) -> None:
    """The desks of the departments that one offer reaches from now on."""
    arrivals = Arrivals()
    arrivals.add([move])
    arrivals.tell(at)
