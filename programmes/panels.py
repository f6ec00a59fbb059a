"""On a body's page: the national programmes it belongs to, by itself or through a grouping."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from common import clock
from common.panels import Panel, register
from programmes.models import ProgrammeMember
from territories.models import Collectivity


def territory_programmes(request: HttpRequest, territory: Any) -> Mapping[str, Any] | None:
    """One query."""
    if not isinstance(territory, Collectivity):
        return None
    members = (
        ProgrammeMember.objects.of(territory, clock.today())
        .select_related("programme", "collectivity")
        .order_by("programme__order", "programme", "collectivity")
    )
    return {"members": list(members), "body": territory}


register(
    "territory",
    Panel("Programmes nationaux", "programmes/panels/territory.html", territory_programmes, budget=1, order=20),
)
