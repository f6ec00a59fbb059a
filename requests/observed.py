"""What answers show of an offer: how long its provider takes, how often it declines. For the desk and that provider
only (PRACTICE 3.6): everything starts from the solicitations that the reader may read, and nothing is kept.

Working days are those of the territory that asked.
"""

import datetime as dt
import statistics
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F

from common import clock
from common.actor import Actor
from common.calendar import working_days_between
from operators.models import Offer
from operators.sanity import Finding, over_capacity
from requests.enums import DeclineReason, SolicitationState
from requests.models import Solicitation

#: Older answers say nothing of today.
KEPT = dt.timedelta(days=730)
#: A median of fewer answers is no delay.
FEWEST = 3
#: Answers read at most, the latest first.
MOST = 2000


@dataclass
class Observed:
    """Of one offer. ``delays`` are working days from the question to the answer."""

    title: str = ""
    delays: list[int] = field(default_factory=list)
    declined: Counter[str] = field(default_factory=Counter)

    @property
    def answers(self) -> int:
        return len(self.delays)

    @property
    def refusals(self) -> int:
        return sum(self.declined.values())

    @property
    def median(self) -> int | None:
        """None under :data:`FEWEST` answers."""
        return round(statistics.median(self.delays)) if self.answers >= FEWEST else None

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why it declined, the most frequent first, in words."""
        return [(DeclineReason(code).label, count) for code, count in self.declined.most_common()]


def of_offers(actor: Actor, offers: Iterable[int] | None = None) -> dict[int, Observed]:
    """By offer, of these or of all that ``actor`` may read about. One query; an agreement given beforehand is no
    answer."""
    rows = Solicitation.objects.visible_to(actor).filter(
        state__in=[SolicitationState.ACCEPTED, SolicitationState.DECLINED], answered_at__gte=clock.now() - KEPT
    )
    rows = rows.exclude(answered_by="")
    if offers is not None:
        rows = rows.filter(offer__in=list(offers))
    columns = ("offer", "offer__title", "state", "decline_reason", "asked_at", "answered_at")
    place = ("support_request__department", "support_request__department__time_zone")
    found: dict[int, Observed] = defaultdict(Observed)
    for offer, title, state, reason, asked, answered, territory, zone in rows.order_by("-answered_at").values_list(
        *columns, *place
    )[:MOST]:
        here = zoneinfo.ZoneInfo(zone)
        days = working_days_between(asked.astimezone(here).date(), answered.astimezone(here).date(), territory)
        found[offer].title = title
        found[offer].delays.append(max(0, days))
        if state == SolicitationState.DECLINED:
            found[offer].declined[reason] += 1
    return dict(found)


def beyond_capacity(offers: Sequence[Offer], actor: Actor) -> Iterable[Finding]:
    """Offers that accepted more requests, since the day their places were declared, than there were places, as far
    as ``actor`` may read their answers. One query."""
    declared = {offer.pk: offer for offer in offers if offer.capacity_left is not None and offer.verified_on}
    accepted = Solicitation.objects.visible_to(actor).filter(
        offer__in=declared, state=SolicitationState.ACCEPTED, answered_at__date__gt=F("offer__verified_on")
    )
    for row in accepted.order_by().values("offer").annotate(engaged=Count("pk")):
        offer = declared[row["offer"]]
        if row["engaged"] > (offer.capacity_left or 0) and offer.verified_on:
            yield over_capacity(offer, row["engaged"], offer.verified_on)
