"""The process that makes one PDF: reads an order and HTML on its input, writes the PDF on its output, and ends.

It knows neither Django nor the database. Its limits are set before WeasyPrint is imported (macOS has no effective
RLIMIT_AS).
"""

import contextlib
import json
import mimetypes
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def limit(order: dict[str, Any]) -> None:
    """This process may not take more than it was given, nor leave a core file behind."""
    for which, value in (
        (resource.RLIMIT_AS, order["memory_bytes"]),
        (resource.RLIMIT_CPU, order["cpu_seconds"]),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            _, hard = resource.getrlimit(which)
            soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (soft, soft))


def packaged_file(address: str, order: dict[str, Any]) -> Path | None:
    """The packaged static file that this address names; None for anything else, links and ``..`` included."""
    parts, base = urlsplit(address), urlsplit(order["base_url"])
    path = unquote(parts.path)
    if parts[:2] != base[:2] or not path.startswith(order["static_prefix"]):
        return None
    for directory in map(Path, order["static_directories"]):
        found = (directory / path.removeprefix(order["static_prefix"])).resolve()
        if found.is_relative_to(directory) and found.is_file():
            return found
    return None


def make(order: dict[str, Any], html: str) -> bytes:
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    from common.pdf.structure import finish

    refused: list[str] = []

    class DenyAll(URLFetcher):
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            path = packaged_file(url, order)
            if path is None:
                refused.append(url)
                raise FatalURLFetchingError(f"refused resource: {url[:200]}")
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})

    source = HTML(string=html, base_url=order["base_url"], url_fetcher=DenyAll())
    options = {"pdf_variant": "pdf/ua-1", "presentational_hints": False}
    document = source.render(**options)
    pdf = document.write_pdf(**options)
    if refused:  # inside an SVG, WeasyPrint swallows even what it calls fatal
        raise FatalURLFetchingError(f"refused resource: {refused[0][:200]}")
    return finish(pdf, list(table_numbers(document)))


def table_numbers(document: Any) -> Iterator[int]:
    """For each table fragment, page after page: which ``<table>`` it is of."""
    seen: dict[int, int] = {}

    def tables(box: Any) -> Iterator[Any]:
        box = getattr(box, "_box", box)
        if type(box).__name__ == "MarginBox":
            return
        if box.element_tag == "table" and getattr(box, "is_table_wrapper", False):
            yield box.element
        for child in getattr(box, "children", ()):
            yield from tables(child)

    for page in document.pages:
        for element in tables(page._page_box):
            yield seen.setdefault(id(element), len(seen))


def main() -> int:
    order = json.loads(sys.stdin.buffer.readline())
    html = sys.stdin.buffer.read().decode()
    limit(order)
    try:
        pdf = make(order, html)
    except MemoryError:
        print("the document needs more memory than it may take", file=sys.stderr)  # noqa: T201
        return 1
    except Exception as error:
        print(f"{type(error).__name__}: {error}".replace("\n", " "), file=sys.stderr)  # noqa: T201
        return 1
    if len(pdf) > order["pdf_bytes"]:
        print(f"document too large: {len(pdf)} bytes of PDF", file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
