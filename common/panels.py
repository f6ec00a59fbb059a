"""Panels: a page declares a slot, the apps above it fill it, and the page knows none of them.

    register("territories.detail", Panel("Demandes", "requests/panels/territory.html", context, budget=2, order=10))

and, in the page, ``{% load panels %}{% panels "territories.detail" collectivity %}``.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: ``context(request, obj)`` returns the template's variables, or None when there is nothing to show to
    this reader. ``budget`` is the number of queries it may cost (tested)."""

    title: str
    template: str
    context: Callable[[HttpRequest, Any], Mapping[str, Any] | None]
    budget: int = 1
    order: int = 100


_slots: dict[str, list[Panel]] = defaultdict(list)


def register(slot: str, panel: Panel) -> Panel:
    """Adds a panel to a slot; the same template twice in a slot is an error."""
    if any(other.template == panel.template for other in _slots[slot]):
        raise ValueError(f"panel registered twice in {slot}: {panel.template}")
    _slots[slot].append(panel)
    _slots[slot].sort(key=lambda each: (each.order, each.title))
    return panel


def panels_of(slot: str) -> tuple[Panel, ...]:
    return tuple(_slots[slot]) if slot in _slots else ()
