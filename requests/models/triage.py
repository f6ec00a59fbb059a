"""What the desk makes of a request: the people in charge, the routing assessment, the decision and its dispatch."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from common.models import AppendOnly, Job, undone_index
from requests.enums import AssignmentKind, DecisionKind, Motive, RoutingCause
from requests.models.history import Note
from requests.models.intake import SupportRequest
from requests.models.turn import keeps_turn


class RoutingAssessment(AppendOnly):
    """An explained routing proposal, frozen: facts, candidates with each criterion, recommendation (docs/adr/0006).

    ``document`` holds at most 20 kB; ``kind`` is ``LOCAL_OFFER`` or ``NATIONAL_ESCALATION``.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="assessments")
    kind = models.CharField(max_length=20)
    summary = models.CharField(max_length=300)
    #: What the queue shows: « Locale : agence technique + chambre ».
    short = models.CharField(max_length=160)
    document = models.JSONField()
    rules_version = models.PositiveSmallIntegerField()
    catalogue_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        verbose_name = "proposition d’acheminement"
        ordering = ["-computed_at", "id"]
        indexes = [models.Index(fields=["support_request", "-computed_at"], name="assessment_by_request")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.computed_at:%Y-%m-%d})"


class RoutingJob(Job):
    """The work of assessing a request: asked at filing, whenever the qualification changes, and on demand; put off a
    little when it is the catalogue that changed."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="routing_jobs")
    cause = models.CharField(max_length=12, choices=RoutingCause.choices, default=RoutingCause.ASKED)

    class Meta:
        verbose_name = "acheminement à calculer"
        verbose_name_plural = "acheminements à calculer"
        indexes = [undone_index("routing_job_undone")]

    def __str__(self) -> str:
        return f"acheminement de la demande {self.support_request_id}"


class Assignment(models.Model):
    """A named human being on a file, for a time (PRACTICE 1.4). At most one of each kind at once."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="assignments")
    kind = models.CharField(max_length=20, choices=AssignmentKind.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments")
    body = models.CharField("service", max_length=200)
    telephone = models.CharField(max_length=30, blank=True)
    email = models.EmailField(blank=True)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "affectation"
        ordering = ["kind", "-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request", "kind"], condition=Q(until__isnull=True), name="one_person_a_kind"
            )
        ]
        indexes = [
            models.Index(
                fields=["person", "kind", "support_request"],
                condition=Q(until__isnull=True),
                name="assignment_by_person",
            )
        ]
        triggers = [keeps_turn()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} : {self.person}"


class Decision(AppendOnly):
    """Who decided what, answering which assessment, and why he departed from it. A worker dispatches it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=8, choices=DecisionKind.choices)
    #: UUIDs of the offers to solicit, in order; empty for a referral.
    offers = ArrayField(models.UUIDField(), default=list)
    motives = ArrayField(models.CharField(max_length=24, choices=Motive.choices), default=list)
    assessment = models.ForeignKey(RoutingAssessment, models.PROTECT, null=True, related_name="+")
    differs = models.BooleanField("s’écarte de la proposition", default=False)
    reason = models.OneToOneField(Note, models.PROTECT, null=True, related_name="decision")
    #: What the solicited providers read of the need, in the desk's words.
    message = models.OneToOneField(Note, models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    mandate = models.ForeignKey("accounts.Mandate", models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=24)
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        verbose_name = "décision"
        ordering = ["-at", "id"]
        constraints = [
            models.CheckConstraint(
                name="decision_says_what",
                condition=Q(kind=DecisionKind.LOCAL, offers__len__gt=0, motives__len=0)
                | Q(kind=DecisionKind.REFER, offers__len=0, motives__len__gt=0),
            ),
            models.CheckConstraint(
                name="decision_differing_says_why", condition=Q(differs=False) | Q(reason__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.at:%Y-%m-%d})"


class Dispatch(Job):
    """The work of carrying a decision out: done once, by whichever process claims it."""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="dispatch")
    #: Answers are expected that day; none: the delay of the service, later for a provider who is away.
    expected_on = models.DateField(null=True, editable=False)
    #: What each provider alone is asked, by the UUID of the offer.
    questions = models.JSONField(default=dict, editable=False)
    #: Taken back before anybody was told.
    cancelled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "exécution d’une décision"
        verbose_name_plural = "exécutions des décisions"
        indexes = [undone_index("dispatch_undone")]
        constraints = [
            models.CheckConstraint(
                name="dispatch_done_or_failed", condition=Q(done_at__isnull=True) | Q(failed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"acheminement {self.decision_id}"


class ReadingLog(models.Model):
    """Who opened a file, and for which body; shown to the applicant by body, never by person (PRACTICE 3.7)."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="readings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    role = models.CharField(max_length=24)
    body = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "consultation"
        ordering = ["-at"]
        indexes = [models.Index(fields=["support_request", "person", "-at"], name="reading_by_person")]

    def __str__(self) -> str:
        return f"{self.body} ({self.at:%Y-%m-%d})"
