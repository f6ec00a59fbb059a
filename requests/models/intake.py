"""The case file itself, its draft, and its reference."""

import statistics
from collections.abc import Collection
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import connection, models
from django.db.models import Q

from common.actor import Actor
from common.models import NeverDeleted
from operators.enums import Phase, RedirectionReason, Theme
from requests.enums import (
    Channel,
    Competence,
    HolderChoices,
    Outcome,
    Progress,
    ProjectLead,
    Route,
    StateChoices,
)
from requests.models.turn import Turn
from requests.permissions import draft_visibility, visibility
from requests.workflow import HOLDERS, TERMINAL, State
from territories.names import normalised

_SEARCHED = ("title", "public_title", "need")
#: States that a request may be in before its receipt was acknowledged.
UNREAD = (State.SUBMITTED, State.INCOMPLETE, State.ATTACHED, State.WITHDRAWN, State.DROPPED)
ENDED = Q(state__in=sorted(state.value for state in TERMINAL))
#: States that only a signed referral leads to.
NATIONAL = (State.REFERRED, State.NATIONAL_REVIEW, State.DELEGATED, State.CONTRACTING, State.NATIONAL_SUPPORT)


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, actor: Actor) -> "DraftQuerySet":
        """The drafts that ``actor`` may open: his, and those of the collectivity he proved to act for."""
        return self.filter(draft_visibility(actor))


class Draft(models.Model):
    """A request being written: the answers as typed, step by step, whatever they are worth.

    It is a table of its own, so that what the State reads cannot hold a draft; it is deleted when the request is filed
    or given up. ``id`` becomes the request's ``submission_key``: filing it twice makes one request.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="drafts")
    #: SHA-256 of the browser's key while nobody has signed in; held 7 days.
    browser_key = models.CharField(max_length=64, blank=True)
    collectivity = models.ForeignKey("territories.Collectivity", models.PROTECT, null=True, related_name="+")
    answers = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    asked_email = models.EmailField(blank=True)
    asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = "brouillon"
        ordering = ["-updated_at", "pk"]
        constraints = [
            models.CheckConstraint(name="draft_has_a_holder", condition=Q(person__isnull=False) | ~Q(browser_key=""))
        ]
        indexes = [models.Index(fields=["browser_key"], condition=~Q(browser_key=""), name="draft_browser_key")]

    def __str__(self) -> str:
        return f"brouillon {self.id}"


class DraftFile(models.Model):
    """A file chosen while writing; it becomes a document of the request when that is filed, and dies with the draft."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    file = models.OneToOneField("files.StoredFile", models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = "fichier d’un brouillon"
        verbose_name_plural = "fichiers des brouillons"
        ordering = ["added_at", "pk"]

    def __str__(self) -> str:
        return f"{self.file_id} ({self.draft_id})"


class CatalogueAnswer(models.Model):
    """« Cela me suffit »: somebody found in the catalogue what he looked for, and filed nothing. No person is kept."""

    draft_key = models.UUIDField(unique=True)
    collectivity = models.ForeignKey("territories.Collectivity", models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey("operators.Subject", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "réponse trouvée dans le catalogue"
        verbose_name_plural = "réponses trouvées dans le catalogue"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.collectivity_id} ({self.at:%Y-%m-%d})"


class ReferenceCounter(models.Model):
    """The last number given in a department for a local year."""

    department = models.ForeignKey("territories.Department", models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "year"], name="one_counter_a_department_year")]

    def __str__(self) -> str:
        return f"{self.year}-{self.department_id}: {self.last}"

    @classmethod
    def next_reference(cls, department_code: str, year: int) -> str:
        """The next ``AAAA-DD-NNNNN``; the counter's row stays locked until the transaction ends, so none is skipped."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {cls._meta.db_table} AS counter (department_id, year, last) VALUES (%s, %s, 1)"  # noqa: S608
                " ON CONFLICT (department_id, year) DO UPDATE SET last = counter.last + 1 RETURNING last",
                [department_code, year],
            )
            (number,) = cursor.fetchone()
        return f"{year}-{department_code}-{number:05}"


class KeptInHand(models.Func):
    """Adds the row to those that its transaction holds, in the statement that locks it."""

    _SO_FAR = "NULLIF(current_setting('portal.held', true), '')"
    template = f"set_config('portal.held', concat_ws(',', {_SO_FAR}, %(expressions)s), true)"
    output_field = models.TextField()

    def __init__(self) -> None:
        super().__init__(models.F("pk"))


class SupportRequestQuerySet(models.QuerySet["SupportRequest"]):
    def visible_to(self, actor: Actor) -> "SupportRequestQuerySet":
        """The files that ``actor`` may see: where every list, count, export and answer of the API starts."""
        return self.filter(visibility(actor))

    def lock(self, pk: int) -> "SupportRequest":
        """The row, locked until the transaction ends, and held: row-level security lets it be read until then, whatever
        the act makes of it (docs/adr/0011). Raises ``SupportRequest.DoesNotExist``."""
        for row in self._locked().filter(pk=pk)[:1]:
            return row
        raise self.model.DoesNotExist

    def lock_all(self, pks: Collection[int]) -> "list[SupportRequest]":
        """The same of several rows, in the order of their keys, so that two who lock several never wait for each
        other. Raises ``SupportRequest.DoesNotExist`` when one is missing."""
        rows = list(self._locked().filter(pk__in=pks).order_by("pk"))
        if len(rows) != len(set(pks)):
            raise self.model.DoesNotExist
        return rows

    def _locked(self) -> "SupportRequestQuerySet":
        """Joins nothing: a row that has changed while its lock was awaited would be lost to the former join."""
        # NO KEY: a worker that writes a row about this request checks its key, and must not wait for whoever acts on it
        alone = self.select_related(None).select_for_update(of=("self",), no_key=True)
        return alone.annotate(held_now=KeptInHand())

    def delay_to_support(self, department_code: str, limit: int = 200) -> tuple[int, float | None]:
        """How many of a department's last requests reached their support, and after how many days, as a median."""
        recent = self.filter(department_id=department_code, supported_at__isnull=False)
        rows = recent.order_by("-submitted_at", "-pk").values_list("submitted_at", "supported_at")[:limit]
        delays = [(supported - submitted).days for submitted, supported in rows]
        return len(delays), statistics.median(delays) if delays else None


_Manager = models.Manager.from_queryset(SupportRequestQuerySet)


class SupportRequestManager(_Manager["SupportRequest"]):
    def get_queryset(self) -> SupportRequestQuerySet:
        return super().get_queryset().defer("words")  # type: ignore[return-value]


class SupportRequest(Turn, NeverDeleted):
    """A request for engineering help, from its filing on. The HTTP request is ``request``; this never is."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    reference = models.CharField("référence", max_length=14, unique=True)
    submission_key = models.UUIDField()
    #: SHA-256 of what was submitted under the key: the same key with another body is a conflict.
    submission_hash = models.CharField(max_length=64)

    state = models.CharField("état", max_length=24, choices=StateChoices.choices, default=StateChoices.SUBMITTED)
    state_since = models.DateTimeField("depuis")
    return_state = models.CharField(max_length=24, choices=StateChoices.choices, blank=True)
    holder = models.CharField("en attente de", max_length=12, choices=HolderChoices.choices)
    due_on = models.DateField("échéance", null=True)
    last_activity_at = models.DateTimeField()
    hidden_until = models.DateField("masquée jusqu’au", null=True)

    # who and where, frozen at filing
    collectivity = models.ForeignKey("territories.Collectivity", models.PROTECT, related_name="support_requests")
    department = models.ForeignKey("territories.Department", models.PROTECT, related_name="support_requests")
    arrondissement = models.ForeignKey("territories.Arrondissement", models.PROTECT, null=True, related_name="+")
    grouping = models.ForeignKey("territories.Collectivity", models.PROTECT, null=True, related_name="+")
    shared_with_grouping = models.BooleanField("partagée avec l’intercommunalité", default=False)
    population = models.PositiveIntegerField(null=True)
    population_vintage = models.PositiveSmallIntegerField(null=True)
    population_column = models.CharField(max_length=40, blank=True)

    # the need, in the applicant's words
    subject = models.ForeignKey("operators.Subject", models.PROTECT, related_name="support_requests")
    other_subjects = models.ManyToManyField("operators.Subject", related_name="+", blank=True)
    title = models.CharField("intitulé", max_length=120)
    public_title = models.CharField("intitulé communicable", max_length=120)
    need = models.TextField("besoin", max_length=2000)
    # No index of words: under row-level security PostgreSQL would not use it (docs/adr/0011). Words kept ready are
    # compared among the rows of a perimeter, which have indexes. With and without accents.
    words = models.GeneratedField(
        expression=SearchVector(*_SEARCHED, *map(normalised, _SEARCHED), config="french"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    progress = models.CharField("avancement", max_length=12, choices=Progress.choices)
    tried = ArrayField(models.CharField(max_length=80), default=list, verbose_name="déjà sollicités")
    tried_answer = models.TextField("réponses reçues", max_length=2000, blank=True)
    project_lead = models.CharField(max_length=12, choices=ProjectLead.choices, blank=True)
    wanted_by = models.CharField("échéance souhaitée", max_length=120, blank=True)
    next_council_on = models.DateField("prochain conseil", null=True)
    details = models.JSONField("détails facultatifs", default=dict)

    # how it came
    channel = models.CharField("canal", max_length=12, choices=Channel.choices, default=Channel.WEB)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    filed_as = models.CharField("qualité", max_length=200)
    contact_name = models.CharField(max_length=200, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    submitted_at = models.DateTimeField("déposée le")
    recorded_at = models.DateTimeField("enregistrée le")
    confirmed_at = models.DateTimeField("confirmée par l’exécutif le", null=True)
    acknowledged_at = models.DateTimeField("accusé de réception", null=True)

    # the desk's reading
    themes = ArrayField(models.CharField(max_length=3, choices=Theme.choices), default=list)
    engineering_types = ArrayField(models.CharField(max_length=20), default=list)
    services = ArrayField(models.CharField(max_length=20), default=list)
    phase = models.CharField(max_length=20, choices=Phase.choices, blank=True)
    competence = models.CharField(max_length=12, choices=Competence.choices, blank=True)
    complexity_signs = ArrayField(models.CharField(max_length=40), default=list)
    communes_count = models.PositiveSmallIntegerField("communes concernées", null=True)
    partners_count = models.PositiveSmallIntegerField("partenaires associés", null=True)
    qualified_at = models.DateTimeField("qualifiée le", null=True)

    assessment = models.ForeignKey(
        "requests.RoutingAssessment", models.PROTECT, null=True, related_name="+", verbose_name="proposition"
    )

    # ends
    host = models.ForeignKey("self", models.PROTECT, null=True, related_name="attached")
    route = models.CharField(max_length=16, choices=Route.choices, blank=True)
    outcome = models.CharField("issue", max_length=16, choices=Outcome.choices, blank=True)
    referred_at = models.DateTimeField(null=True)
    supported_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    redirection_reason = models.CharField(max_length=16, choices=RedirectionReason.choices, blank=True)
    redirection_target = models.CharField(max_length=200, blank=True)
    redirection_url = models.URLField(blank=True)

    objects = SupportRequestManager()

    class Meta(NeverDeleted.Meta):
        verbose_name = "demande"
        ordering = ["-submitted_at", "-pk"]
        permissions = [("follow_supportrequest", "Suivre cette demande")]
        constraints = [
            models.UniqueConstraint(fields=["submission_key", "filed_by"], name="request_filed_once"),
            models.CheckConstraint(
                name="request_is_not_a_draft",
                condition=~Q(state=State.DRAFT.value),
                violation_error_message="Un brouillon n’est pas une demande.",
            ),
            models.CheckConstraint(
                name="request_acknowledged_before_search",
                condition=Q(acknowledged_at__isnull=False) | Q(state__in=[state.value for state in UNREAD]),
                violation_error_message="L’accusé de réception précède toute recherche.",
            ),
            models.CheckConstraint(
                name="request_referred_has_a_date",
                condition=Q(referred_at__isnull=False) | ~Q(state__in=[state.value for state in NATIONAL]),
                violation_error_message="Une demande transmise porte la date de sa transmission.",
            ),
            models.CheckConstraint(
                name="request_supported_has_a_route",
                condition=(Q(supported_at__isnull=False) & ~Q(route=""))
                | ~Q(state__in=[State.LOCAL_SUPPORT.value, State.NATIONAL_SUPPORT.value, State.CLOSED.value]),
                violation_error_message="Un accompagnement a une date de début et une voie.",
            ),
            models.CheckConstraint(
                name="request_ended_has_one_outcome",
                condition=(
                    Q(state__in=sorted(state.value for state in TERMINAL), ended_at__isnull=False) & ~Q(outcome="")
                )
                | (~Q(state__in=sorted(state.value for state in TERMINAL)) & Q(ended_at__isnull=True, outcome="")),
                violation_error_message="Une demande finie a une date et une issue, et une seule.",
            ),
            models.CheckConstraint(
                name="request_attached_has_a_host",
                condition=Q(state=State.ATTACHED.value, host__isnull=False)
                | (~Q(state=State.ATTACHED.value) & Q(host__isnull=True)),
            ),
            models.CheckConstraint(
                name="request_redirected_says_where",
                condition=~Q(state=State.REDIRECTED.value) | (~Q(redirection_reason="") & ~Q(redirection_target="")),
            ),
            models.CheckConstraint(
                name="request_paused_knows_where_to_return",
                condition=~Q(state__in=[State.SUSPENDED.value, State.INCOMPLETE.value]) | ~Q(return_state=""),
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-submitted_at", "-id"], name="request_by_department"),
            models.Index(fields=["department", "state", "state_since"], name="request_queue"),
            models.Index(fields=["department"], condition=~ENDED, name="request_live"),
            models.Index(fields=["collectivity", "-submitted_at", "-id"], name="request_by_collectivity"),
            models.Index(fields=["arrondissement", "-submitted_at", "-id"], name="request_by_arrondissement"),
            models.Index(
                fields=["-referred_at", "-id"], condition=Q(referred_at__isnull=False), name="request_referred"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def step(self) -> State:
        return State(self.state)

    @property
    def is_ended(self) -> bool:
        return self.step in TERMINAL

    def expected_holder(self) -> str:
        return HOLDERS[self.step].value


class ConcernedDepartment(models.Model):
    """A department other than the lead one that a request concerns: its desk sees the file."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="concerned_departments")
    department = models.ForeignKey("territories.Department", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["department", "support_request"], name="one_row_a_concerned_department")
        ]

    def __str__(self) -> str:
        return f"{self.support_request_id} — {self.department_id}"
