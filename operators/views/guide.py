"""The catalogue as a document: page, PDF, and where its making stands. Reading writes nothing; POST asks for a PDF."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header, http_date
from django.views.decorators.http import require_http_methods, require_safe

from operators.cards import FILING
from operators.guide.parts import Guide
from operators.matching.vocabulary import NATION_CODE
from operators.models import Publication
from operators.services import publications
from territories.models import Department

#: Seconds a browser keeps a document that everybody may read.
KEPT = 300
UNKNOWN = "Aucun département ne porte ce code."


def addresses(code: str) -> dict[str, str]:
    """(page, PDF, state of its making) of a document."""
    if code == NATION_CODE:
        return {name: reverse(f"operators:{route}") for name, route in _NATIONAL.items()}
    return {name: reverse(f"operators:{route}", args=[code]) for name, route in _DEPARTMENTAL.items()}


_NATIONAL = {"page": "single-document", "pdf": "single-document-pdf", "state": "single-document-state"}
_DEPARTMENTAL = {"page": "guide", "pdf": "guide-pdf", "state": "guide-state"}


@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    """Every document. Two queries."""
    departments = Department.objects.filter(is_current=True).order_by("code")
    made = {row.code: row for row in Publication.objects.without_bytes().filter(size__gt=0)}
    lines = [(each, made.get(each.code)) for each in departments]
    return render(request, "operators/guide/list.html", {"lines": lines, "nation": made.get(NATION_CODE)})


@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: HttpRequest, code: str = "") -> HttpResponseBase:
    try:
        found = publications.guide_of(_document(code))
    except Department.DoesNotExist:
        raise Http404(UNKNOWN) from None
    page = addresses(found.code)["page"]
    if request.path != page:
        return redirect(page)
    row = _row(found.code)
    if request.method == "POST":
        if row is not None and row.size and not row.is_undone and row.fingerprint == publications.fingerprint(found):
            return redirect(addresses(found.code)["pdf"])
        publications.ask(found.code)
        return redirect(f"{page}#pdf")
    context = {"guide": found, "filing": FILING, "for_print": False, **_state(row, found.code, found)}
    return render(request, "operators/guide/page.html", context)


@require_safe
def state(request: HttpRequest, code: str = "") -> HttpResponse:
    """Asked again by the page while the PDF is being made. One query."""
    row = _row(_document(code))
    if row is None:
        raise Http404("Ce document n’a pas été demandé.")
    return render(request, "operators/guide/_pdf.html", _state(row, row.code))


@require_safe
def pdf(request: HttpRequest, code: str = "") -> HttpResponseBase:
    """The last PDF made; without one, the page, where it is asked for."""
    document = _document(code)
    row = Publication.objects.filter(code=document, size__gt=0).first()
    if row is None or row.made_at is None:
        if code and not Department.objects.filter(code=document, is_current=True).exists():
            raise Http404(UNKNOWN)
        return redirect(f"{addresses(document)['page']}#pdf")
    response = HttpResponse(bytes(row.pdf), content_type="application/pdf")
    name = f"guide-ingenierie-{document}.pdf" if code else "document-unique-des-operateurs.pdf"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Last-Modified"] = http_date(row.made_at.timestamp())
    patch_cache_control(response, public=True, max_age=KEPT)
    return response


def _document(code: str) -> str:
    """« 2a » is 2A; nothing is the operators' document, whose own code is no department's."""
    if code.upper() == NATION_CODE:
        raise Http404(UNKNOWN)
    return code.upper() or NATION_CODE


def _row(code: str) -> Publication | None:
    return Publication.objects.without_bytes().filter(code=code).first()


def _state(row: Publication | None, code: str, found: Guide | None = None) -> dict[str, Any]:
    """What the page says of the PDF: made or not, of this catalogue or of an earlier one, being made, given up."""
    made = row is not None and row.size > 0
    return {
        "addresses": addresses(code),
        "row": row,
        "made": made,
        "pending": row is not None and row.is_undone,
        "failed": row is not None and row.failed_at is not None,
        "outdated": row is not None
        and made
        and found is not None
        and row.fingerprint != publications.fingerprint(found),
        "is_national": code == NATION_CODE,
    }
