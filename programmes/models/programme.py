"""National programmes and their members, with dates. Thresholds hold at selection and are never enforced here."""

import datetime as dt

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper
from django.urls import reverse

from programmes.enums import EXCLUSIVE_CODES, MemberLevel
from territories.models import Collectivity, FlatMembership


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def by_code(self, code: str) -> "Programme":
        """The programme of this code or alias, in any case. Raises ``Programme.DoesNotExist``."""
        wanted = code.strip()
        found = self.filter(Q(code=wanted.upper()) | Q(aliases__contains=[wanted.lower()])).first()
        if found is None:
            raise self.model.DoesNotExist(code)
        return found

    def with_counts(self, on: dt.date) -> "ProgrammeQuerySet":
        """Adds ``member_count``: distinct members on a day."""
        in_force = Q(members__starts_on__isnull=True) | Q(members__starts_on__lte=on)
        in_force &= Q(members__ends_on__isnull=True) | Q(members__ends_on__gte=on)
        return self.annotate(member_count=models.Count("members__collectivity", filter=in_force, distinct=True))


class Programme(models.Model):
    """A national programme, its rule of selection and its place in the coverage figure.

    ``counts_in_coverage`` says whether members count in « communes couvertes par au moins un programme »: the published
    63 % is found without CRTE only (PRACTICE 3.11), so the perimeter is a datum and is printed with the figure.
    """

    code = models.CharField("code", max_length=8, primary_key=True)
    label = models.CharField("nom", max_length=120)
    level = models.CharField("niveau", max_length=8, choices=MemberLevel.choices)
    aliases = ArrayField(
        models.CharField(max_length=40),
        verbose_name="autres codes",
        default=list,
        blank=True,
        help_text="En minuscules.",
    )
    counts_in_coverage = models.BooleanField("compte dans la couverture", default=False)
    summary = models.TextField("en une phrase", blank=True)
    selection_rule = models.TextField("règle d’entrée", blank=True)
    starts_on = models.DateField("début", null=True, blank=True)
    ends_on = models.DateField("fin", null=True, blank=True)
    dates_label = models.CharField("dates en clair", max_length=120, blank=True)
    source = models.CharField("source", max_length=200, blank=True)
    url = models.URLField("page officielle", blank=True)
    order = models.PositiveSmallIntegerField("ordre", default=100)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = "programme"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(name="programme_code_is_upper", condition=Q(code=Upper("code")) & ~Q(code="")),
            models.CheckConstraint(
                name="programme_level_known", condition=Q(level__in=[level.value for level in MemberLevel])
            ),
            models.CheckConstraint(
                name="programme_dates_ordered",
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="Le programme finit avant d’avoir commencé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.code})"

    def get_absolute_url(self) -> str:
        return reverse("programmes:detail", args=[self.code.lower()])

    @property
    def excludes(self) -> frozenset[str]:
        """Codes of the programmes that a member of this one cannot also belong to."""
        return frozenset(EXCLUSIVE_CODES) - {self.code} if self.code in EXCLUSIVE_CODES else frozenset()


class ProgrammeMemberQuerySet(models.QuerySet["ProgrammeMember"]):
    def in_force(self, on: dt.date) -> "ProgrammeMemberQuerySet":
        return self.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=on), Q(ends_on__isnull=True) | Q(ends_on__gte=on)
        )

    def of(self, collectivity: Collectivity, on: dt.date) -> "ProgrammeMemberQuerySet":
        """What a body belongs to on a day, by itself or through the groupings it is a member of. One query."""
        ancestors = FlatMembership.objects.filter(member=collectivity).values("ancestor")
        return self.in_force(on).filter(Q(collectivity=collectivity) | Q(collectivity__in=ancestors))


class ProgrammeMember(models.Model):
    """One body in one programme. Leaving ends the row: what was true on a past day stays readable."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="members", verbose_name="programme")
    collectivity = models.ForeignKey(
        Collectivity, on_delete=models.PROTECT, related_name="programme_members", verbose_name="collectivité"
    )
    group_code = models.CharField("code du groupe", max_length=80, blank=True)
    group_label = models.CharField("nom du groupe", max_length=300, blank=True)
    signed_on = models.DateField("signature", null=True, blank=True)
    starts_on = models.DateField("début", null=True, blank=True)
    ends_on = models.DateField("fin", null=True, blank=True)
    source = models.CharField("source", max_length=200, blank=True)
    illustrative = models.BooleanField("illustratif", default=False)

    objects = ProgrammeMemberQuerySet.as_manager()

    class Meta:
        verbose_name = "membre d’un programme"
        verbose_name_plural = "membres des programmes"
        ordering = ["programme", "collectivity"]
        constraints = [
            models.UniqueConstraint(
                name="programme_member_once",
                fields=["programme", "collectivity", "group_code"],
                violation_error_message="Cette collectivité est déjà inscrite à ce programme.",
            ),
            models.CheckConstraint(
                name="programme_member_dates_ordered",
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="La fin précède le début.",
            ),
            # No btree_gist in the embedded server: equality of the body is an overlap of one-point ranges.
            ExclusionConstraint(
                name="programme_member_exclusive",
                expressions=[
                    (
                        Func(F("collectivity"), F("collectivity"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (Func(F("starts_on"), F("ends_on"), Value("[]"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(programme__in=EXCLUSIVE_CODES),
                violation_error_message=(
                    "Action cœur de ville, Petites villes de demain et Villages d’avenir s’excluent."
                ),
            ),
        ]
        indexes = [models.Index(name="programme_member_body", fields=["collectivity", "programme"])]

    def __str__(self) -> str:
        return f"{self.programme_id} · {self.collectivity_id}"
