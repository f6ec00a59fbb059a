"""The catalogue's documents: asked for as a row, made into PDF by a worker, once for any number of clicks."""

import datetime as dt
import functools
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string

from common import clock, jobs
from common.context_processors import current_site
from common.pdf import render_pdf
from operators.cards import FILING
from operators.guide import build
from operators.guide.parts import Guide
from operators.matching.vocabulary import NATION_CODE
from operators.models import Publication
from territories.models import Department

WORK = "operators.publications"


@functools.cache
def layout() -> bytes:
    """What lays a document out: another version of it makes another document."""
    templates = sorted((settings.BASE_DIR / "templates" / "operators" / "guide").glob("*.html"))
    sheets = [settings.BASE_DIR / "static" / "portal" / name for name in ("print.css", "guide-print.css")]
    return b"".join(path.read_bytes() for path in (*templates, *sheets))


def guide_of(code: str, on: dt.date | None = None) -> Guide:
    """What the document says today, there. Raises ``Department.DoesNotExist``."""
    if code == NATION_CODE:
        return build.of_operators(on or clock.today())
    department = Department.objects.select_related("desk").get(code=code, is_current=True)
    return build.of_department(department, on or clock.today(department.zone_info))


def fingerprint(guide: Guide) -> str:
    return guide.fingerprint(layout())


@transaction.atomic
def ask(code: str) -> None:
    """Asks for the document as it would be now. While it is being made, or waits to be, twice is once."""
    row, created = Publication.objects.without_bytes().get_or_create(code=code)
    if not created and not _reopened(row.pk):
        return
    jobs.wake(WORK, row.pk)


def _reopened(pk: int) -> bool:
    rows = Publication.objects.without_bytes().select_for_update(skip_locked=True)
    row = rows.filter(pk=pk).first()
    if row is None or row.is_undone:  # somebody is at it
        return False
    rows.filter(pk=pk).reopen()
    return True


@transaction.atomic
def ask_all() -> int:
    """Asks for every guide and for the operators' document; says how many. Nobody is woken: the reconciler makes them
    one after the other, between other work, and passes over those that have not changed."""
    codes = [NATION_CODE, *Department.objects.filter(is_current=True).order_by("code").values_list("code", flat=True)]
    Publication.objects.bulk_create([Publication(code=code) for code in codes], ignore_conflicts=True)
    answered = Q(done_at__isnull=False) | Q(failed_at__isnull=False)
    Publication.objects.filter(answered, code__in=codes).reopen()
    return len(codes)


def make(row: Publication) -> None:
    """Performs the job: the PDF of the catalogue as it is now, unless that is what the row holds. Called with the row
    locked."""
    guide = guide_of(row.code)
    found = fingerprint(guide)
    if row.fingerprint == found:
        return
    row.pdf = render_pdf(page(guide, clock.today()))
    row.size, row.fingerprint, row.made_at = len(row.pdf), found, clock.now()


def page(guide: Guide, made_on: dt.date) -> str:
    """The page of which the PDF is made."""
    values: dict[str, Any] = {
        "guide": guide,
        "made_on": made_on,
        "SITE": current_site(),
        "filing": FILING,
        "for_print": True,
    }
    return render_to_string("operators/guide/pdf.html", values)
