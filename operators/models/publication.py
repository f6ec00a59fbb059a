"""The catalogue as a document: a department's guide, or the operators' single document, made into PDF by a worker."""

from django.db import models
from django.db.models import Q

from common.models import Job, JobQuerySet, undone_index


class PublicationQuerySet(JobQuerySet):
    def without_bytes(self) -> "PublicationQuerySet":
        return self.defer("pdf")


class Publication(Job):
    """One row a document, the last PDF made of it, and the making of the next one when it is undone.

    ``code`` is a department's, or the nation's for the operators' document. ``fingerprint`` is that of the content of
    ``pdf``: another one means that the catalogue has changed since.
    """

    code = models.CharField("département, ou FR", max_length=4, unique=True)
    fingerprint = models.CharField("empreinte", max_length=64, blank=True, editable=False)
    pdf = models.BinaryField("document", default=b"", editable=False)
    size = models.PositiveIntegerField("taille en octets", default=0, editable=False)
    made_at = models.DateTimeField("établi le", null=True, blank=True, editable=False)

    objects = PublicationQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "document du catalogue"
        verbose_name_plural = "documents du catalogue"
        ordering = ["code"]
        indexes = [undone_index("operators_publication_todo")]
        constraints = [
            models.CheckConstraint(
                name="publication_is_whole",
                condition=Q(size=0, made_at__isnull=True, fingerprint="")
                | (Q(size__gt=0, made_at__isnull=False) & ~Q(fingerprint="")),
            ),
        ]

    def __str__(self) -> str:
        return self.code
