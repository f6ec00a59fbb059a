"""On a body's page: the first offers open to it, and the link to all of them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from common import clock
from common.panels import Panel, register
from operators.cards import cards
from operators.catalogue import records_for
from operators.matching.engine import match
from operators.matching.vocabulary import Family
from operators.territory_facts import facts_of
from territories.models import Collectivity

SHOWN = 3


def territory_offers(request: HttpRequest, territory: Any) -> Mapping[str, Any] | None:
    """Two queries; nothing for a department, a region or an arrondissement, which file no request by these pages."""
    if not isinstance(territory, Collectivity) or not territory.is_current:
        return None
    facts = facts_of(territory, clock.today())
    matching = match(facts, records_for(facts))
    return {
        "body": territory,
        "cards": cards(matching, Family.LOCAL, limit=SHOWN),
        "count": len(matching.candidates),
    }


register("territory", Panel("Qui peut aider", "operators/panels/territory.html", territory_offers, budget=2, order=30))
