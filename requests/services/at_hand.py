"""« Ce qui existe déjà pour vous »: what the catalogue answers while a request is being written. Nothing is stored.

The engine is the one that routes requests (``operators.matching``); here it is asked with what was typed so far.
"""

import datetime as dt
import re
from dataclasses import dataclass

from common.french import joined
from operators.enums import PriceModel
from operators.matching import reasons
from operators.matching.criteria import Verdict
from operators.matching.engine import Candidate, match
from operators.models import Offer, Subject
from operators.territory_facts import facts_of
from territories.models import Collectivity

#: Offers shown before anything is filed (SCREENS 2).
MOST = 3
#: Criteria that a mayor recognises as the reason of an offer, in the order of the sentence.
WHY = ("territory", "subject", "theme", "programme", "population")

#: Words of somebody who looks for money (DOMAIN 4.6: the desk pays no grant, and says so early).
MONEY = re.compile(
    r"\b(subventions?|financements?|financer|cofinancements?|detr|dsil|fonds vert|aides? financières?"
    r"|crédits?|argent|emprunts?|plan de financement)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AtHand:
    """An offer as a mayor reads it: what, by whom, at what price, and why it is shown."""

    uuid: str
    title: str
    provider: str
    price: str
    why: str
    illustrative: bool


def asks_for_money(text: str) -> bool:
    return MONEY.search(text) is not None


def offers(collectivity: Collectivity, subject: Subject, on: dt.date) -> list[AtHand]:
    """At most three offers that nothing excludes, the nearest first; none while the subject is not known."""
    if not subject.theme:
        return []
    facts = facts_of(collectivity, on, themes=(subject.theme,), subjects=(subject.code,))
    records = Offer.objects.published().meeting(facts.areas).as_records()
    return [_shown(candidate, collectivity, subject) for candidate in match(facts, records).candidates[:MOST]]


def _shown(candidate: Candidate, collectivity: Collectivity, subject: Subject) -> AtHand:
    offer = candidate.offer
    met = {reading.criterion: reading for reading in candidate.of(Verdict.MET)}
    parts = [
        reasons.sentence(
            met[key].reason,
            met[key].args,
            kind=collectivity.kind,
            voice=reasons.Voice.YOURS,
            labels={subject.code: subject.label},
        )
        for key in WHY
        if key in met and not (key == "theme" and "subject" in met)
    ]
    return AtHand(
        uuid=offer.uuid,
        title=offer.title,
        provider=offer.provider_name,
        price=offer.price_label or str(PriceModel(offer.price_model).label),
        why=joined(parts[:3]),
        illustrative=offer.illustrative,
    )
