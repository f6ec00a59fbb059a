"""What was done to a request, line by line, and the words that lines refer to."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from common.models import AppendOnly
from requests.enums import StateChoices
from requests.models.intake import SupportRequest
from requests.workflow import Action


class Note(models.Model):
    """Free text that append-only rows refer to: it can be erased without touching the history."""

    text = models.TextField(max_length=4000)
    is_public = models.BooleanField(default=False)
    erased_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.text[:60]


class TransitionQuerySet(models.QuerySet["Transition"]):
    def standing(self) -> "TransitionQuerySet":
        """Without the acts taken back before anybody was told, nor the lines that took them back."""
        undone = Transition.objects.filter(
            support_request=OuterRef("support_request"), number=OuterRef("number") + 1, action=Action.UNDO.value
        )
        return self.exclude(action=Action.UNDO.value).exclude(Exists(undone))


class Transition(AppendOnly):
    """One line of a request's history, append-only. Free text stands in ``note``, which can be erased."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="transitions")
    #: Its rank in the request's history, from 1: dates may be equal or told late, the order of the acts never is.
    number = models.PositiveIntegerField()
    action = models.CharField(max_length=24)
    from_state = models.CharField(max_length=24, choices=StateChoices.choices)
    to_state = models.CharField(max_length=24, choices=StateChoices.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    mandate = models.ForeignKey("accounts.Mandate", models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=24)
    body = models.CharField("organisme", max_length=200, blank=True)
    note = models.OneToOneField("requests.Note", models.PROTECT, null=True, related_name="transition")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    objects = TransitionQuerySet.as_manager()

    class Meta(AppendOnly.Meta):
        verbose_name = "étape"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["support_request", "number"], name="one_transition_a_rank"),
            models.CheckConstraint(condition=Q(number__gt=0), name="transition_rank_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.action} ({self.at:%Y-%m-%d})"
