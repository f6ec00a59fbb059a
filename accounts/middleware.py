"""Gives each request its actor, and keeps what somebody signed in reads out of the caches of others."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.functional import SimpleLazyObject

from accounts import sessions
from accounts.actors import actor_of, mandate_of


class ActorMiddleware:
    """Sets ``request.actor`` and ``request.mandate``, both computed at first use and never before.

    A mandate that ended since the last request is no longer there at the next one. ``request.mandate`` is a lazy object
    even when there is none: test its truth, not its identity.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actor_of(request))  # type: ignore[attr-defined]
        request.mandate = SimpleLazyObject(lambda: mandate_of(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        if (settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers) and not (
            response.has_header("Cache-Control")
        ):
            patch_cache_control(response, private=True, no_cache=True)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        """Reads the person of the session before the view: a session whose password has changed is deleted by Django,
        one that has come to its end here, and the connection refuses that inside a GET (``common.readonly``, next)."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or getattr(view, "without_database", False):
            return
        if request.user.is_authenticated and sessions.is_over(request):
            logout(request)
