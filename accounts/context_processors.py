"""What every page shows of the person signed in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.actors import actor_of, mandate_of, mandates_of
from common import clock
from common.actor import anonymous


def actor(request: HttpRequest) -> dict[str, Any]:
    """``ACTOR``, ``MANDATE`` (may be false), ``MANDATES`` (those to choose among). No query until a template asks.

    The page of an error met before the person is known (another host's name, say) is a visitor's.
    """
    if not hasattr(request, "user"):
        return {"ACTOR": anonymous(clock.today()), "MANDATE": None, "MANDATES": []}
    return {
        "ACTOR": request.actor if hasattr(request, "actor") else SimpleLazyObject(lambda: actor_of(request)),
        "MANDATE": request.mandate if hasattr(request, "mandate") else SimpleLazyObject(lambda: mandate_of(request)),
        "MANDATES": SimpleLazyObject(lambda: mandates_of(request)),
    }
