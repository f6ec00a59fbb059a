"""On a territory's page: the first offers open to a body, what is missed and why, the guide of a department."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from common import clock
from common.panels import Panel, register
from operators.cards import asked_by, cards, miss_cards
from operators.catalogue import records_for
from operators.matching.engine import match
from operators.matching.vocabulary import Family
from operators.names import names_for
from operators.territory_facts import facts_of
from territories.models import Collectivity, Department

SHOWN = 3
#: Counted on the page, in the order of precedence (DOMAIN 4.1).
FAMILIES = ((Family.LOCAL, "locales"), (Family.OPERATOR, "d’opérateurs"), (Family.AGENCY, "de l’Agence"))


def territory_offers(request: HttpRequest, territory: Any) -> Mapping[str, Any] | None:
    """Two queries, and those of ``names_for``; nothing for a department, a region or an arrondissement, which file no
    request by these pages."""
    if not isinstance(territory, Collectivity) or not territory.is_current:
        return None
    facts = facts_of(territory, clock.today())
    matching = match(facts, records_for(facts))
    names = names_for(matching)
    asked = asked_by(territory.code)
    return {
        "body": territory,
        "cards": cards(matching, Family.LOCAL, labels=names, limit=SHOWN, asked=asked),
        "count": len(matching.candidates),
        "by_family": [(title, len(matching.of(family))) for family, title in FAMILIES if matching.of(family)],
        "misses": miss_cards(matching.misses, kind=facts.kind, labels=names, asked=asked),
        "asked": asked,
        "department": territory.department_id,
    }


def territory_guide(request: HttpRequest, territory: Any) -> Mapping[str, Any] | None:
    """No query: the guide of a department says the rest."""
    if not isinstance(territory, Department) or not territory.is_current:
        return None
    return {"department": territory}


register("territory", Panel("Qui peut aider", "operators/panels/territory.html", territory_offers, budget=3, order=30))
register(
    "territory", Panel("Guide de l’ingénierie", "operators/panels/department.html", territory_guide, budget=0, order=30)
)
