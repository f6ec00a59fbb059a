"""Codes sent by mail, and counters of attempts. Both live in PostgreSQL: a limit of L lets exactly L through."""

import uuid

from django.conf import settings
from django.db import models

from accounts.enums import CodePurpose
from common import clock


class SignInCode(models.Model):
    """A six-digit code, stored as a keyed hash. Several may be alive for one address: a slow mail kills none."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField()
    purpose = models.CharField(max_length=20, choices=CodePurpose)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    mandate = models.ForeignKey("accounts.Mandate", models.CASCADE, null=True, related_name="+")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "code"
        indexes = [
            models.Index(
                fields=["email", "purpose", "expires_at"], name="code_alive", condition=models.Q(used_at__isnull=True)
            ),
            models.Index(fields=["expires_at"], name="code_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.uuid}"


class AttemptCounter(models.Model):
    """How often something was tried by an address or a network since ``started_at``. Written by one upsert only."""

    scope = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = "compteur de tentatives"
        indexes = [models.Index(fields=["started_at"], name="attempt_age")]
        constraints = [models.UniqueConstraint(name="attempt_once", fields=["scope", "key"])]

    def __str__(self) -> str:
        return f"{self.scope}: {self.count}"
