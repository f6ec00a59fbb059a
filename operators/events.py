"""What happens to offers, for the apps above and for this app's own mails."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from common import clock
from common.events import Event, declare


@dataclass(frozen=True, kw_only=True)
class OfferEvent(Event):
    """Dated and identified by itself unless told."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    at: dt.datetime = field(default_factory=clock.now)
    offer_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class OfferChanged(OfferEvent):
    """What the engine reads of a published offer changed, or the offer came into the catalogue or left it. Told before
    and after when it covers less: each time it concerns the territories that the offer has then."""

    name = "operators.offer_changed"


@declare
@dataclass(frozen=True, kw_only=True)
class OfferToReview(OfferEvent):
    """Its keeper wants it published, or changed."""

    name = "operators.offer_to_review"


@declare
@dataclass(frozen=True, kw_only=True)
class OfferReviewed(OfferEvent):
    """Published, or sent back with a word."""

    name = "operators.offer_reviewed"


@declare
@dataclass(frozen=True, kw_only=True)
class OfferQuestioned(OfferEvent):
    """Its keeper is asked whether it still holds."""

    name = "operators.offer_questioned"


@declare
@dataclass(frozen=True, kw_only=True)
class OfferWithdrawn(OfferEvent):
    """Its reviewer took it out of the catalogue, or out of the review, and said why."""

    name = "operators.offer_withdrawn"


@declare
@dataclass(frozen=True, kw_only=True)
class OfferCameFromElsewhere(OfferEvent):
    """A published offer of a body of another department holds from now on in this one too, and so do ``others`` that
    the same file brought."""

    name = "operators.offer_came_from_elsewhere"
    department: str
    others: int = 0


@declare
@dataclass(frozen=True, kw_only=True)
class OfferExpired(OfferEvent):
    """Its last day has passed."""

    name = "operators.offer_expired"
