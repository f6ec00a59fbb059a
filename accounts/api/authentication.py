"""Who calls the API: a token bound to one mandate, or the browser's session. Both give ``request.actor``.

Without either, DRF answers 401 with ``WWW-Authenticate``, as problem+json (``common.api.problem_handler``).
"""

from typing import Any

from django.http import HttpRequest
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actors import actor_for
from accounts.models import Mandate, User
from accounts.services import tokens
from common import perimeter

CHALLENGE = 'Bearer realm="api"'


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer guichet_…``."""

    def authenticate(self, request: Request) -> tuple[User, Mandate] | None:
        words = authentication.get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed("L’en-tête Authorization s’écrit « Bearer », une espace, puis le jeton.")
        mandate = tokens.mandate_for(words[1].decode("latin-1"))
        if mandate is None:
            raise AuthenticationFailed("Ce jeton est inconnu, expiré ou révoqué, ou son mandat a pris fin.")
        http_request: HttpRequest = request._request
        http_request.mandate = mandate  # type: ignore[attr-defined]
        http_request.actor = actor_for(mandate.user, mandate)  # type: ignore[attr-defined]
        perimeter.take(perimeter.of(http_request.actor))  # type: ignore[attr-defined]
        return mandate.user, mandate

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, under the mandate chosen there; the CSRF token is asked of unsafe methods."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        return None if found is None else (found[0], request._request.mandate)  # type: ignore[attr-defined]

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE
