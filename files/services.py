"""Keeping a file: its type is what its bytes say, and only documents without a programme in them are kept."""

import hashlib
import unicodedata
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from common import jobs
from common.errors import Invalid
from common.french import size as printed_size
from files import content, scanner
from files.enums import ScanState
from files.models import StoredContent, StoredFile

WORK = "files.scan"


def clean_name(name: str, content_type: str) -> str:
    """The last part of the name, without control or path characters, with the extension of its real type."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/")
    stem = PurePath(name.rsplit("/", 1)[-1]).stem
    stem = "".join(c if c.isprintable() and c not in '<>:"|?*/' else " " for c in stem)
    stem = " ".join(stem.split()).strip(". ")[:150] or "document"
    return f"{stem}.{content.EXTENSIONS[content_type]}"


def store(name: str, stream: BinaryIO | bytes) -> StoredFile:
    """Keeps the bytes, in the current transaction, and asks for their scan. Raises :class:`Invalid`, which says the
    cure."""
    limit = settings.FILE_MAX_BYTES
    data = stream if isinstance(stream, bytes) else stream.read(limit + 1)
    if not data:
        raise Invalid("Ce fichier est vide. Vérifiez-le, puis joignez-le à nouveau.", field="file", code="empty")
    if len(data) > limit:
        raise Invalid(
            f"Ce fichier dépasse {printed_size(limit)}. Réduisez-le, par exemple en baissant la qualité des images.",
            field="file",
            code="too_large",
        )
    content_type = content.examine(data)
    configured = scanner.is_configured()
    with transaction.atomic():
        stored = StoredFile(
            name=clean_name(name, content_type),
            sha256=hashlib.sha256(data).hexdigest(),
            content_type=content_type,
            size=len(data),
            scan_state=ScanState.PENDING if configured else ScanState.NOT_SCANNED,
        )
        if not configured:
            stored.done_at = stored.queued_at
        stored.save(force_insert=True)
        StoredContent.objects.create(file=stored, data=data)
        if configured:
            jobs.wake(WORK, stored.pk)
    return stored


def read(stored: StoredFile) -> bytes:
    """The bytes, unchecked: for services that work on them."""
    (data,) = StoredContent.objects.filter(pk=stored.pk).values_list("data", flat=True)
    return bytes(data)


def scan(stored: StoredFile) -> None:
    """Handler of the scan. An error is never taken for « clean »: the file stays closed."""
    stored.scan_state = scanner.scan(read(stored))
