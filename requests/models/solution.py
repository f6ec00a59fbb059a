"""The local way: solicitations of providers, and the solution of one to many lines proposed to the applicant."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.actor import Actor
from requests.enums import AnswerChannel, DeclineReason, Part, ReminderKind, SolicitationState, SolutionState
from requests.models.history import Note
from requests.models.intake import SupportRequest
from requests.models.triage import Decision
from requests.models.turn import keeps_turn
from requests.permissions import solicitation_visibility


class SolicitationQuerySet(models.QuerySet["Solicitation"]):
    def visible_to(self, actor: Actor) -> "SolicitationQuerySet":
        """The solicitations whose extract ``actor`` may read: his body's, or those of the files he sees."""
        return self.filter(solicitation_visibility(actor))


class Solicitation(models.Model):
    """A question to one provider about one offer. Its thread is read by the desk and that provider only."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="solicitations")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="solicitations")
    offer = models.ForeignKey("operators.Offer", models.PROTECT, related_name="+")
    provider = models.ForeignKey("operators.Provider", models.PROTECT, related_name="solicitations")
    state = models.CharField(max_length=12, choices=SolicitationState.choices, default=SolicitationState.ASKED)
    #: The need in the desk's words, the same for every provider asked, and what this one alone is asked.
    message = models.TextField(max_length=2000, blank=True)
    question = models.TextField("question", max_length=1000, blank=True)
    asked_at = models.DateTimeField()
    expected_on = models.DateField("réponse attendue le", null=True)
    #: Of the latest :class:`Reminder`.
    reminded_at = models.DateTimeField(null=True)
    #: Since when the provider, who has not answered, waits for the desk to answer what he asks in the thread.
    questioned_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    #: Why the desk asks no more, in the words that the provider reads; empty when the request itself ended.
    cancel_reason = models.CharField(max_length=500, blank=True)
    answer_channel = models.CharField(max_length=12, choices=AnswerChannel.choices, blank=True)
    answered_by = models.CharField("réponse donnée par", max_length=200, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decline_reason = models.CharField(max_length=16, choices=DeclineReason.choices, blank=True)
    answer = models.TextField("réponse", max_length=2000, blank=True)
    condition = models.CharField("condition", max_length=300, blank=True)
    #: Conflict of interest declared by the person who answered (PRACTICE 3.9).
    stands_aside = models.BooleanField("déport", default=False)

    objects = SolicitationQuerySet.as_manager()

    class Meta:
        verbose_name = "sollicitation"
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request", "offer"],
                condition=Q(state__in=["asked", "accepted"]),
                name="one_live_solicitation_an_offer",
            ),
            models.UniqueConstraint(fields=["decision", "offer"], name="one_solicitation_a_decision_offer"),
            models.CheckConstraint(
                name="solicitation_answer_is_dated",
                condition=Q(state__in=["accepted", "declined"], answered_at__isnull=False)
                | Q(state__in=["asked", "cancelled"]),
            ),
            models.CheckConstraint(
                name="solicitation_declined_says_why", condition=~Q(state="declined") | ~Q(decline_reason="")
            ),
        ]
        indexes = [models.Index(fields=["provider", "state", "-asked_at"], name="solicitation_by_provider")]
        triggers = [keeps_turn()]

    def __str__(self) -> str:
        return f"{self.provider} — {self.get_state_display()}"

    @property
    def awaits_desk(self) -> bool:
        """The provider asked something before answering: the clock is the desk's."""
        return self.state == SolicitationState.ASKED and self.questioned_at is not None


class Reminder(models.Model):
    """A provider reminded of a solicitation: one before the day expected, one after, and at most one a day in all."""

    solicitation = models.ForeignKey(Solicitation, models.PROTECT, related_name="reminders")
    kind = models.CharField(max_length=8, choices=ReminderKind.choices)
    #: The day in the territory.
    on = models.DateField()
    at = models.DateTimeField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "relance"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["solicitation", "on"], name="one_reminder_a_day"),
            models.UniqueConstraint(
                fields=["solicitation", "kind"], condition=~Q(kind="manual"), name="one_reminder_of_each_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.on:%Y-%m-%d})"


class Solution(models.Model):
    """What is proposed to the applicant: one to many lines, a price, an answer date. Refusing it closes nothing."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="solutions")
    state = models.CharField(max_length=12, choices=SolutionState.choices, default=SolutionState.PROPOSED)
    text = models.TextField("ce qui est proposé", max_length=4000)
    price = models.CharField("prix", max_length=300)
    conditions = models.CharField(max_length=500, blank=True)
    calendar = models.CharField("calendrier", max_length=300, blank=True)
    council_on = models.DateField("prochain conseil", null=True)
    answer_by = models.DateField("réponse attendue le")
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer_channel = models.CharField(max_length=12, choices=AnswerChannel.choices, blank=True)
    answer_note = models.ForeignKey(Note, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "proposition"
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request"], condition=Q(state__in=["proposed", "accepted"]), name="one_live_solution"
            ),
            models.CheckConstraint(
                name="solution_answer_is_dated", condition=Q(state="proposed") | Q(answered_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"proposition du {self.proposed_at:%d/%m/%Y}"


class SolutionLine(models.Model):
    """One helper of a solution, and the part he plays. The outcome is the pilot's (PRACTICE 1.1)."""

    solution = models.ForeignKey(Solution, models.PROTECT, related_name="lines")
    solicitation = models.ForeignKey(Solicitation, models.PROTECT, null=True, related_name="lines")
    offer = models.ForeignKey("operators.Offer", models.PROTECT, related_name="+")
    provider = models.ForeignKey("operators.Provider", models.PROTECT, related_name="+")
    part = models.CharField(max_length=8, choices=Part.choices)
    mission = models.CharField("mission", max_length=500, blank=True)
    price = models.CharField("prix", max_length=300, blank=True)

    class Meta:
        verbose_name = "aide"
        ordering = ["part", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["solution"], condition=Q(part="pilot"), name="one_pilot_a_solution"),
            models.UniqueConstraint(fields=["solution", "offer"], name="one_line_an_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} ({self.get_part_display()})"

    @property
    def official_part(self) -> str:
        """The part in the official's words."""
        return "chef de file" if self.part == Part.PILOT else "en appui"
