"""What was done to offers, act by act: never rewritten."""

import datetime as dt
from collections.abc import Sequence

from common.actor import Actor
from operators.enums import RevisionKind
from operators.models import Offer, OfferRevision
from operators.values import Difference


def log(
    offer: Offer,
    kind: RevisionKind,
    actor: Actor | None,
    at: dt.datetime,
    changes: Sequence[Difference] = (),
    source: str = "",
) -> None:
    """An act of this person (None: the portal's own), and what it changed."""
    OfferRevision.objects.create(
        offer=offer,
        kind=kind,
        at=at,
        person_id=actor.person_id if actor else None,
        body=actor.body[:200] if actor else "",
        changes=[list(change) for change in changes],
        source=source[:200],
    )
