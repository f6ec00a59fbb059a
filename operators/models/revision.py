"""What was done to an offer, never rewritten."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.models import AppendOnly
from operators.enums import RevisionKind
from operators.models.offer import Offer


class OfferRevision(AppendOnly):
    """One thing done to an offer: who, when, and for each field changed what it was before and became."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="revisions", verbose_name="offre")
    kind = models.CharField("acte", max_length=12, choices=RevisionKind.choices)
    at = models.DateTimeField("le")
    #: Nobody when the portal did it.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    body = models.CharField("organisme", max_length=200, blank=True)
    #: ``[field, before, after]``, in plain values.
    changes = models.JSONField("ce qui a changé", default=list)
    source = models.CharField("origine", max_length=200, blank=True)

    class Meta(AppendOnly.Meta):
        verbose_name = "acte sur une offre"
        verbose_name_plural = "actes sur les offres"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(name="offer_revision_by_offer", fields=["offer", "-at"])]
        constraints = [
            models.CheckConstraint(name="offer_revision_kind_known", condition=Q(kind__in=RevisionKind.values))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.at:%Y-%m-%d})"
