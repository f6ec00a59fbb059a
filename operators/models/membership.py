"""Which bodies are members of a provider (« adhésion »): some offers are for members only."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from operators.models.provider import Provider
from territories.models import Collectivity


class MembershipQuerySet(models.QuerySet["Membership"]):
    def standing(self) -> "MembershipQuerySet":
        """What is said now."""
        return self.filter(ends_on=None)

    def in_force(self, on: dt.date) -> "MembershipQuerySet":
        """What was said that day; of a day on which it changed, what was said last."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=on), starts_on__lte=on)


class Membership(models.Model):
    """A body is a member of a provider, or is known not to be; of whom nothing is said, nothing is known. A commune is
    not a member because its intercommunalité is. What is no longer said stays, with the day on which it ended."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="memberships", verbose_name="prestataire")
    collectivity = models.ForeignKey(Collectivity, models.PROTECT, related_name="+", verbose_name="collectivité")
    is_member = models.BooleanField("adhère")
    starts_on = models.DateField("depuis le")
    ends_on = models.DateField("jusqu’au (exclu)", null=True, blank=True)
    source = models.CharField("source", max_length=200, blank=True)
    verified_on = models.DateField("vérifiée le")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    body = models.CharField("organisme", max_length=200, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion"
        ordering = ["provider", "collectivity", "starts_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="provider_membership_said_once", fields=["provider", "collectivity"], condition=Q(ends_on=None)
            ),
            models.CheckConstraint(
                name="provider_membership_ends_after_it_begins",
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} · {self.collectivity_id} : {'oui' if self.is_member else 'non'}"
