"""Giving a file to a browser, without letting it act there. Callers check rights, and log, before."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header, http_date

from common.errors import NotAllowed
from files.content import SHOWN_INLINE
from files.enums import ScanState
from files.models import StoredFile
from files.services import read

#: A file opened in the browser runs nothing, loads nothing, and frames nowhere but here.
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"

_REASONS = {
    ScanState.PENDING: "Ce fichier est en cours d’analyse. Réessayez dans une minute.",
    ScanState.INFECTED: "Ce fichier contient un virus\N{NO-BREAK SPACE}: il ne peut pas être ouvert.",
    ScanState.FAILED: "Ce fichier n’a pas pu être analysé\N{NO-BREAK SPACE}: il ne peut pas être ouvert.",
}


def serve(stored_file: StoredFile, *, inline: bool = False) -> HttpResponse:
    """The file as a response; raises :class:`NotAllowed` when its scan is not good.

    Downloaded, or shown (``inline``) for the few types a browser shows safely; never sniffed, never run, never cached
    by a proxy.
    """
    if not stored_file.is_servable:
        raise NotAllowed(_REASONS[ScanState(stored_file.scan_state)], code=f"file_{stored_file.scan_state}")
    shown = inline and stored_file.content_type in SHOWN_INLINE
    content_type = stored_file.content_type
    if content_type.startswith("text/") or content_type == "message/rfc822":
        content_type = "text/plain; charset=utf-8"
    response = HttpResponse(read(stored_file), content_type=content_type)
    response["Content-Length"] = str(stored_file.size)
    response["Content-Disposition"] = content_disposition_header(not shown, stored_file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cache-Control"] = "private, no-store"
    response["Last-Modified"] = http_date(stored_file.created_at.timestamp())
    return response
