"""PostgreSQL absent, too slow or out of room is no bug of the page: 503, when to come back, and nothing else."""

import sys
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from common.api import PROBLEM_JSON, problem

RETRY_AFTER_SECONDS = 10
DETAIL = "Le portail est momentanément indisponible. Recommencez dans une minute."


def note(request: HttpRequest | None = None, **kwargs: Any) -> None:
    """``got_request_exception``: whether what stopped this request is the database, whatever layer met it."""
    if request is not None and isinstance(sys.exception(), OperationalError | InterfaceError):
        request.database_failed = True  # type: ignore[attr-defined]


class UnavailableMiddleware:
    """Before the others, each of which turns what it meets into an answer 500 of its own. The headers stay."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 500 or not getattr(request, "database_failed", False):
            return response
        if request.path.startswith("/api/"):
            content = problem(503, DETAIL, code="unavailable", request=request).content
            response["Content-Type"] = PROBLEM_JSON
        else:
            content = render_to_string("errors/503.html").encode()
            response["Content-Type"] = "text/html; charset=utf-8"
        response.status_code, response.content = 503, content
        response["Content-Length"] = str(len(content))
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
