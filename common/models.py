"""Abstract models of the kernel. It owns no table.

* ``Job``: work left to do is a row (DESIGN 4, « the row is the job »); what runs it stands in ``common.jobs``.
* ``AppendOnly``, ``NeverDeleted``: protected by trigger here, and by privilege in ``common.database`` (TRUNCATE and
  the owner pass triggers). A child's ``Meta`` must inherit the parent's, which a system check verifies.
"""

import datetime as dt
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q

from common import clock


class JobQuerySet(models.QuerySet[Any]):
    def undone(self) -> "JobQuerySet":
        """Neither done nor given up."""
        return self.filter(done_at=None, failed_at=None)

    def due(self, at: dt.datetime | None = None) -> "JobQuerySet":
        """Undone, and not put off to later."""
        return self.undone().filter(Q(not_before=None) | Q(not_before__lte=at or clock.instant()))

    def reopen(self) -> int:
        """Each is to be done as if it had just been asked; the caller wakes the worker, or leaves it to the
        reconciler."""
        return self.update(**_just_asked())


class Job(models.Model):
    """A row that is work to do until ``done_at`` or ``failed_at`` is set.

    ``attempts`` is written before each try, in a transaction of its own: work that kills its worker is counted too.
    """

    queued_at = models.DateTimeField("mis en attente le", default=clock.instant, editable=False)
    attempts = models.PositiveSmallIntegerField("essais", default=0, editable=False)
    not_before = models.DateTimeField("pas avant le", null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField("pris en charge le", null=True, blank=True, editable=False)
    done_at = models.DateTimeField("fait le", null=True, blank=True, editable=False)
    failed_at = models.DateTimeField("abandonné le", null=True, blank=True, editable=False)
    last_error = models.TextField("dernière erreur", blank=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_undone(self) -> bool:
        return self.done_at is None and self.failed_at is None

    def reopen(self) -> None:
        """:meth:`JobQuerySet.reopen` for one row, saved by the caller with what is asked of it."""
        for name, value in _just_asked().items():
            setattr(self, name, value)


def _just_asked() -> dict[str, Any]:
    return {
        "queued_at": clock.instant(),
        "attempts": 0,
        "not_before": None,
        "done_at": None,
        "failed_at": None,
        "last_error": "",
    }


def undone_index(name: str) -> models.Index:
    """The partial index that every concrete ``Job`` declares, so that looking for work costs nothing when there is
    none."""
    return models.Index(fields=["not_before", "queued_at"], name=name, condition=Q(done_at=None, failed_at=None))


class AppendOnly(models.Model):
    """Rows are added, never changed nor removed. Personal data and free text stand in erasable rows that these
    reference."""

    append_only = True

    class Meta:
        abstract = True
        triggers: list[pgtrigger.Trigger] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]


class NeverDeleted(models.Model):
    """Rows change but are never removed."""

    never_deleted = True

    class Meta:
        abstract = True
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]
