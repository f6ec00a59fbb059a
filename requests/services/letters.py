"""Outgoing letters: a row at once, its tagged PDF by a worker, once."""

import datetime as dt
import uuid
import zoneinfo
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from common import clock
from common.context_processors import current_site
from common.events import emit
from common.pdf import render_pdf
from files.services import store
from requests.enums import AssignmentKind, ConversationChannel, DocumentKind
from requests.events import LetterAsked
from requests.models import Document, Referral, Solution, SupportRequest
from requests.services import sought

#: Kind → (template, title, conversation whose readers read it).
LETTERS: dict[str, tuple[str, str, str]] = {
    DocumentKind.RECEIPT: ("receipt", "Accusé de réception", ConversationChannel.PUBLIC),
    DocumentKind.PROPOSAL: ("proposal", "Proposition d’aide", ConversationChannel.PUBLIC),
    DocumentKind.DESIGNATION: ("designation", "Désignation du chargé de suivi", ConversationChannel.PUBLIC),
    DocumentKind.REFERRAL: ("referral", "Lettre de saisine", ConversationChannel.INTERNAL),
}


def ask(support_request: SupportRequest, kind: DocumentKind, *, source: str, at: dt.datetime) -> Document:
    """Asks for a letter about ``source``; asking again returns the same row."""
    _, title, channel = LETTERS[kind]
    document, created = Document.objects.get_or_create(
        support_request=support_request,
        kind=kind,
        source_key=source,
        defaults={"channel": channel, "title": f"{title} — {support_request.reference}", "at": at},
    )
    if created:
        emit(LetterAsked(id=uuid.uuid4(), at=at, request_id=support_request.pk, document_id=document.pk))
    return document


def write(document: Document) -> None:
    """Performs the job: renders the letter and stores its PDF. Called with the row locked."""
    if document.file_id is not None:
        return
    name = f"{LETTERS[document.kind][0]}-{document.support_request.reference}.pdf"
    document.file = store(name, render_pdf(_html(document)))
    document.save(update_fields=["file"])


def _html(document: Document, **more: Any) -> str:
    """The letter's page. Its days are those of the territory, wherever the worker stands (PRACTICE 1.11)."""
    with timezone.override(zoneinfo.ZoneInfo(document.support_request.department.time_zone)):
        return render_to_string(f"requests/letters/{LETTERS[document.kind][0]}.html", {**context(document), **more})


def preview_referral(support_request: SupportRequest, referral: Referral) -> bytes:
    """The referral's letter as it would leave now, with the evidence of now, unsigned and kept nowhere: PDF bytes."""
    document = Document(
        support_request=support_request,
        kind=DocumentKind.REFERRAL,
        source_key=f"referral:{referral.pk}",
        at=clock.now(),
    )
    found = sought.readable(sought.evidence(support_request))
    return render_pdf(_html(document, evidence=found, is_preview=True))


def context(document: Document) -> dict[str, Any]:
    """What a letter says, read from the rows that ``source_key`` names."""
    support_request = document.support_request
    source, _, key = document.source_key.partition(":")
    assigned = {
        row.kind: row for row in support_request.assignments.filter(until__isnull=True).select_related("person")
    }
    values: dict[str, Any] = {
        "SITE": current_site(),
        "document": document,
        "support_request": support_request,
        "collectivity": support_request.collectivity,
        "desk": getattr(support_request.department, "desk", None),
        "contact": assigned.get(AssignmentKind.CONTACT),
        "officer": assigned.get(AssignmentKind.FOLLOW_UP_OFFICER),
        "referent": assigned.get(AssignmentKind.LOCAL_REFERENT),
        "written_at": document.at or clock.now(),
    }
    if source in {"solution", "designation"}:
        solution = Solution.objects.get(pk=key)
        values |= {"solution": solution, "lines": solution.lines.select_related("provider", "offer")}
    elif source == "referral":
        referral = Referral.objects.select_related("signature").get(pk=key.partition(":")[0])
        values |= {
            "referral": referral,
            "motives": referral.motives.all(),
            "evidence": sought.readable(referral.evidence or sought.evidence(support_request)),
            "funding": support_request.funding_tests.select_related("rule").last(),
        }
    return values
