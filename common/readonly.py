"""GET and HEAD never write: PostgreSQL itself refuses it, in production too (DESIGN 5).

The view and the rendering of its response run inside one transaction set ``READ ONLY``. Two marks exist:

* ``@writes("reason")`` for the few views that may write on GET, kept in :data:`WRITES` and listed in a test;
* ``@without_database`` for those that must answer while PostgreSQL is down: any statement raises.

Sessions and messages are saved by their middleware after the view, outside this transaction.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg.errors
import structlog
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from common import perimeter

logger = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD"})

#: Dotted name of each view that may write on GET → why.
WRITES: dict[str, str] = {}

V = TypeVar("V", bound=Callable[..., Any])


def view_name(view: Any) -> str:
    """Dotted name of a view function, or of the class behind it."""
    target = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    return f"{target.__module__}.{target.__qualname__}"


def writes(reason: str, *, alone: bool = False) -> Callable[[V], V]:
    """Marks a view (function or class) that may write on GET or HEAD; ``reason`` says why a reader needs that. It runs
    in one transaction, unless ``alone``: with no transaction and no perimeter but those it takes."""
    if not reason.strip():
        raise ValueError("say why this view writes on GET")

    def mark(view: V) -> V:
        view.writes_on_get = reason  # type: ignore[attr-defined]
        view.writes_alone = alone  # type: ignore[attr-defined]
        WRITES[view_name(view)] = reason
        return view

    return mark


def reads_everything(reason: str) -> Callable[[V], V]:
    """Marks a page that is the same for everybody and reads all files: ``reason`` says what it shows of them."""
    if not reason.strip():
        raise ValueError("say what this page shows of everybody's files")

    def mark(view: V) -> V:
        view.reads_everything = reason  # type: ignore[attr-defined]
        return view

    return mark


def without_database(view: V) -> V:
    """Marks a view that touches no database at all: a statement in it raises."""
    view.without_database = True  # type: ignore[attr-defined]
    return view


def _mark(view: Any, name: str) -> Any:
    for target in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        value = getattr(target, name, None)
        if value:
            return value
    return None


@contextmanager
def read_only(seen: str | None = None) -> Iterator[None]:
    """Everything inside may read what the perimeter ``seen`` holds (by default the one of the session); a write raises
    ``InternalError`` (``ReadOnlySqlTransaction``).

    Inside a transaction already open it opens a savepoint: PostgreSQL gives the outer one its right to write back when
    the savepoint ends.
    """
    with transaction.atomic(), perimeter.in_transaction(seen, read_only=True):
        yield


@contextmanager
def read_and_write(seen: str) -> Iterator[None]:
    """One transaction under this perimeter: what is written on GET is kept with the page that it goes with."""
    with transaction.atomic(), perimeter.in_transaction(seen, read_only=False):
        yield


def _refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    raise RuntimeError(f"a view without database ran: {sql[:200]}")


def _read_only_stream(chunks: Iterable[bytes], seen: str) -> Iterator[bytes]:
    with read_only(seen):
        yield from chunks


class ReadOnlyMiddleware:
    """The last middleware: it calls the view itself, so the ``process_view`` of any later one would be skipped.

    It gives the request the perimeter of its actor: for the one transaction of a GET, else until the request ends.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with perimeter.restored():
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if _mark(view, "without_database"):
            with connection.execute_wrapper(_refuse):
                return view(request, *args, **kwargs)
        if _mark(view, "writes_alone"):
            return None
        whole = _mark(view, "reads_everything")
        seen = perimeter.EVERYTHING if whole else perimeter.of(getattr(request, "actor", None))
        if request.method not in SAFE_METHODS:
            perimeter.take(seen)
            return None
        try:
            with read_and_write(seen) if _mark(view, "writes_on_get") else read_only(seen):
                response = view(request, *args, **kwargs)
                if callable(getattr(response, "render", None)):
                    response = response.render()  # type: ignore[attr-defined]
        except DatabaseError as error:
            if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                logger.exception("write_refused_on_get", view=view_name(view), path=request.path)
            raise
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _read_only_stream(response.streaming_content, seen)  # type: ignore[arg-type]
        return response
