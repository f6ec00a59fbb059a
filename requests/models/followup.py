"""From the start of support to its end, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from requests.enums import EntryKind, Result, SurveyMoment
from requests.models.history import Note
from requests.models.intake import SupportRequest
from requests.models.turn import keeps_turn


class FollowUpEntry(models.Model):
    """A dated line of the follow-up journal. ``is_public``: the applicant reads it."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12, choices=EntryKind.choices, default=EntryKind.STEP)
    on = models.DateField("date")
    text = models.TextField(max_length=2000)
    is_public = models.BooleanField("visible par la collectivité", default=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = "étape du suivi"
        verbose_name_plural = "étapes du suivi"
        ordering = ["on", "pk"]
        indexes = [models.Index(fields=["support_request", "on"], name="entry_by_request")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.on:%d/%m/%Y})"


class Suspension(models.Model):
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="suspensions")
    reason = models.CharField("motif", max_length=500)
    since = models.DateTimeField()
    expected_until = models.DateField("reprise prévue", null=True)
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "suspension"
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request"], condition=Q(resumed_at__isnull=True), name="one_live_suspension"
            )
        ]

    def __str__(self) -> str:
        return f"suspension du {self.since:%d/%m/%Y}"


class Closing(models.Model):
    """A closing proposed by the follow-up officer, and confirmed (or not) by the delegate."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="closings")
    result = models.CharField("résultat", max_length=12, choices=Result.choices)
    summary = models.TextField("bilan", max_length=4000)
    finished_on = models.DateField("fin de l’accompagnement")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.ForeignKey(Note, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "clôture"
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request"],
                condition=Q(confirmed_at__isnull=True, refused_at__isnull=True),
                name="one_closing_waiting",
            )
        ]
        triggers = [keeps_turn()]

    def __str__(self) -> str:
        return f"clôture du {self.proposed_at:%d/%m/%Y}"


class Recommendation(models.Model):
    """A recommendation of the support given, asked about again six months later (PRACTICE 1.10)."""

    closing = models.ForeignKey(Closing, models.PROTECT, related_name="recommendations")
    text = models.CharField(max_length=500)
    #: Answer at six months: true when it was acted upon, null while unanswered.
    implemented = models.BooleanField(null=True)

    class Meta:
        verbose_name = "recommandation"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class SurveyQuerySet(models.QuerySet["Survey"]):
    def open(self) -> "SurveyQuerySet":
        """Asked, and waiting for an answer."""
        return self.filter(asked_at__isnull=False, answered_at__isnull=True)


class Survey(models.Model):
    """Two questions at closing, one six months later; sent when due, answered once."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="surveys")
    moment = models.CharField(max_length=12, choices=SurveyMoment.choices)
    due_on = models.DateField()
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    useful = models.BooleanField("cette aide vous a été utile", null=True)
    quick = models.BooleanField("les délais vous ont convenu", null=True)
    comment = models.TextField("commentaire", max_length=2000, blank=True)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = "enquête"
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["support_request", "moment", "due_on"], name="one_survey_a_moment")
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(asked_at__isnull=True), name="survey_to_send")]

    def __str__(self) -> str:
        return f"{self.get_moment_display()} ({self.support_request_id})"
