"""API tokens. A token acts under exactly one mandate, expires, and is stored as a hash only."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models.mandates import Mandate
from common import clock


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def alive(self, at: dt.datetime) -> Self:
        return self.filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=at), expires_at__gt=at)


class ApiToken(models.Model):
    mandate = models.ForeignKey(Mandate, models.CASCADE, related_name="api_tokens", verbose_name="mandat")
    label = models.CharField("usage", max_length=120, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField("créé le", default=clock.now, editable=False)
    expires_at = models.DateTimeField("expire le")
    revoked_at = models.DateTimeField("révoqué le", null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "jeton d’accès à l’API"
        verbose_name_plural = "jetons d’accès à l’API"
        ordering = ["-created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.mandate} ({self.label or 'jeton'})"
