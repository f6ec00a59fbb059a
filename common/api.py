"""What every endpoint of the API shares: pagination by cursor, and one shape for every error (RFC 9457)."""

import http
from collections.abc import Iterator
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, JsonResponse
from django.views import View
from rest_framework import exceptions, pagination, parsers
from rest_framework.response import Response

from common.errors import ServiceError

logger = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"

#: French titles by status; the detail says the rest.
TITLES = {
    400: "Demande invalide",
    401: "Authentification requise",
    403: "Action non autorisée",
    404: "Page ou objet introuvable",
    405: "Méthode non acceptée à cette adresse",
    406: "Format de réponse non disponible",
    409: "L’état de l’objet a changé",
    413: "Envoi trop volumineux",
    415: "Format d’envoi non accepté",
    429: "Trop de demandes",
    500: "Erreur du portail",
    503: "Service momentanément indisponible",
}


class TooLargeError(exceptions.APIException):
    status_code = 413
    default_detail = "Cet envoi est trop volumineux : répartissez-le en plusieurs."
    default_code = "too_large"


def announced(request: Any) -> int:
    """The length of the body; a server passes on no more than it says."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


class JsonParser(parsers.JSONParser):
    """JSON whose texts PostgreSQL can hold: a NUL character or half of a surrogate pair is the caller's slip, named by
    its field, wherever it stands; so is a nesting, or a size, that nothing of ours needs."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        request = (parser_context or {}).get("request")
        if request is not None and announced(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLargeError
        try:
            data = super().parse(stream, media_type, parser_context)
            errors = dict(_unreadable(data))
        except RecursionError as error:
            raise exceptions.ParseError("Ce contenu est trop imbriqué pour être lu.") from error
        if errors:
            raise exceptions.ValidationError(errors)
        return data


def _unreadable(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a parsed body that cannot be stored, with their dotted paths."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            yield path, "Ce texte contient un caractère illisible : effacez-le."
    elif isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in pairs:
            yield from _unreadable(str(key))
            yield from _unreadable(each, f"{path}.{key}" if path else str(key))


class CursorPagination(pagination.CursorPagination):
    """Pages of 50 rows, 200 at most (``page_size``), newest first unless the view has an ``ordering``."""

    ordering = "-created_at"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Any) -> Any:
        cursor = super().decode_cursor(request)
        if cursor is not None and "\x00" in str(cursor.position):
            raise exceptions.NotFound(self.invalid_cursor_message)
        return cursor

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> Any:
        ordering = getattr(view, "ordering", None) or self.ordering
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)


def problem_body(
    status: int, detail: str, *, code: str = "", errors: list[dict[str, str]] | None = None, instance: str = ""
) -> dict[str, Any]:
    """The members of a problem document. ``type`` is about:blank: the status says the kind, ``code`` refines it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status) or http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if code:
        body["code"] = code
    if errors:
        body["errors"] = errors
    if instance:
        body["instance"] = instance
    return body


def problem(status: int, detail: str, *, code: str = "", request: HttpRequest | None = None) -> JsonResponse:
    """A problem outside Django REST framework (unknown address under ``/api/``, middleware)."""
    body = problem_body(status, detail, code=code, instance=request.path if request else "")
    return JsonResponse(body, status=status, content_type=PROBLEM_JSON)


def _flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    """Validation messages, one entry each, with the dotted path of their field."""
    if isinstance(detail, dict):
        return [
            entry for key, value in detail.items() for entry in _flatten(value, f"{path}.{key}" if path else str(key))
        ]
    if isinstance(detail, list):
        nested = any(isinstance(item, (dict, list)) for item in detail)
        return [
            entry
            for index, item in enumerate(detail)
            for entry in _flatten(item, (f"{path}.{index}" if path else str(index)) if nested else path)
        ]
    return [
        {
            "field": "" if path == "non_field_errors" else path,
            "message": str(detail),
            "code": str(getattr(detail, "code", "invalid")),
        }
    ]


def _invalid(found: Any) -> tuple[int, str, str, list[dict[str, str]]]:
    errors = _flatten(found)
    detail = errors[0]["message"] if len(errors) == 1 else "Plusieurs champs sont à corriger."
    return 400, detail, "invalid", errors


def _from_drf(error: exceptions.APIException) -> tuple[int, str, str, list[dict[str, str]]]:
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error.detail)
    detail = error.detail if not isinstance(error.detail, (dict, list)) else str(error.default_detail)
    return error.status_code, str(detail), str(getattr(detail, "code", "") or error.default_code), []


def problem_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Turns every exception of an endpoint into a problem document; an unforeseen one is logged, and says nothing."""
    request = context.get("request")
    headers: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    if isinstance(error, ServiceError):
        status, detail, code = error.status, error.message, error.code
        if error.field:
            errors = [{"field": error.field, "message": error.message, "code": error.code}]
    elif isinstance(error, ValidationError):
        status, detail, code, errors = _invalid(error.message_dict if hasattr(error, "error_dict") else error.messages)
    else:
        if isinstance(error, Http404):
            error = exceptions.NotFound()
        elif isinstance(error, PermissionDenied):
            error = exceptions.PermissionDenied()
        elif isinstance(error, RequestDataTooBig):  # a middleware had begun to read the body
            error = TooLargeError()
        if isinstance(error, exceptions.APIException):
            status, detail, code, errors = _from_drf(error)
            if getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
            if getattr(error, "wait", None):
                headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
        else:
            django_request = getattr(request, "_request", request)
            got_request_exception.send(sender=None, request=django_request)
            logger.error("api_error", path=getattr(request, "path", ""), exc_info=error)
            status, detail, code = 500, "Le portail n’a pas pu répondre. L’incident est enregistré.", "internal_error"
    instance = getattr(request, "path", "")
    return Response(
        problem_body(status, detail, code=code, errors=errors, instance=instance),
        status=status,
        headers=headers,
        content_type=PROBLEM_JSON,
    )


class UnknownAddress(View):
    """Last pattern under ``/api/``: an address that leads nowhere answers as the rest of the API does."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        return problem(404, "Cette adresse n’existe pas.", code="not_found", request=request)
