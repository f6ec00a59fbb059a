"""Offers and where they hold. An empty restriction restricts nothing; a published offer can be matched."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import pgtrigger
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import JSONObject
from django.urls import reverse

from common.actor import Actor
from operators.enums import (
    BodyKind,
    EngineeringType,
    LegalMode,
    Level,
    OfferStatus,
    Phase,
    PriceModel,
    QuestionReason,
    Service,
    Theme,
)
from operators.matching.facts import Area, OfferRecord
from operators.matching.vocabulary import NATION_CODE, Family
from operators.models.provider import CODE, Provider
from operators.models.subject import Subject
from operators.permissions import offer_scope

#: Published, it is to be verified so long after the last time, and so long before its end.
STALE_AFTER = dt.timedelta(days=365)
BEFORE_END = dt.timedelta(days=30)


def _choices_array(verbose_name: str, choices: type[models.TextChoices], max_length: int) -> ArrayField:
    return ArrayField(
        models.CharField(max_length=max_length, choices=choices.choices),
        verbose_name=verbose_name,
        default=list,
        blank=True,
    )


def _stale(on: dt.date) -> Q:
    return Q(verified_on__lt=on - STALE_AFTER)


class OfferQuerySet(models.QuerySet["Offer"]):
    def published(self) -> "OfferQuerySet":
        return self.filter(status=OfferStatus.PUBLISHED, provider__is_active=True)

    def visible_to(self, actor: Actor) -> "OfferQuerySet":
        """Published offers are public; a provider also sees its own, whatever their state."""
        return self.filter(offer_scope(actor))

    def kept_by(self, actor: Actor) -> "OfferQuerySet":
        """Those that ``actor`` writes, or whose changes he reviews."""
        return self.filter(provider__in=Provider.objects.kept_by(actor))

    def to_review(self) -> "OfferQuerySet":
        """Those sent by their keeper, or whose change was."""
        return self.filter(Q(status=OfferStatus.IN_REVIEW) | Q(pending__isnull=False))

    def stale(self, on: dt.date) -> "OfferQuerySet":
        """Published ones that nobody verified for a year."""
        return self.published().filter(_stale(on))

    def ending(self, on: dt.date) -> "OfferQuerySet":
        """Published ones that end within a month."""
        return self.published().filter(valid_to__range=(on, on + BEFORE_END))

    def to_verify(self, on: dt.date) -> "OfferQuerySet":
        """Published ones that grow old, that end soon, or whose keeper was asked about and has not answered."""
        questioned = Q(asked_at__isnull=False) & (Q(answered_at__isnull=True) | Q(answered_at__lt=F("asked_at")))
        return self.published().filter(_stale(on) | Q(valid_to__range=(on, on + BEFORE_END)) | questioned)

    def valid_on(self, on: dt.date) -> "OfferQuerySet":
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=on), Q(valid_to__isnull=True) | Q(valid_to__gte=on)
        )

    def meeting(self, areas: Mapping[str, Iterable[str]]) -> "OfferQuerySet":
        """Offers of which one line of coverage, not an exclusion, names one of these areas (by level).

        Exclusions, expiry and the rest are left to the engine, which says why: the set is what a body may ask about.
        """
        condition = Q(level=Level.NATION, code=NATION_CODE)
        for level, codes in areas.items():
            condition |= Q(level=level, code__in=list(codes))
        return self.filter(Exists(OfferCoverage.objects.filter(condition, offer=OuterRef("pk"), excluded=False)))

    def with_coverage(self) -> "OfferQuerySet":
        """With their provider and, in the same query, the lines of their coverage (``coverage_rows``) and the codes of
        their subjects (``subject_codes``)."""
        coverage = OfferCoverage.objects.filter(offer=OuterRef("pk")).order_by("level", "code", "excluded")
        subjects = Subject.objects.filter(offers=OuterRef("pk")).order_by("code")
        line = JSONObject(level="level", code="code", excluded="excluded")
        return self.select_related("provider").annotate(
            coverage_rows=ArraySubquery(coverage.values(row=line)), subject_codes=ArraySubquery(subjects.values("code"))
        )

    def as_records(self) -> list[OfferRecord]:
        """Every offer as the engine reads it, coverage and subjects included, in one query whatever their number."""
        rows: Any = self.with_coverage().order_by("code")
        return [offer.as_record(offer.coverage_rows, offer.subject_codes) for offer in rows]


class Offer(models.Model):
    """What a provider can do, for whom, where, at what price and until when.

    The price line is French text that a mayor reads before accepting anything; no price in euros is put on an
    illustrative offer, since the body is real and the offer is not.
    """

    uuid = models.UUIDField("identifiant", default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField("code", max_length=60, unique=True, validators=[CODE])
    title = models.CharField("intitulé", max_length=160)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="offers", verbose_name="prestataire")
    description = models.TextField("description", blank=True)

    themes = _choices_array("thèmes", Theme, 3)
    subjects = models.ManyToManyField(
        Subject, related_name="offers", blank=True, verbose_name="sujets", help_text="Aucun : tous ceux des thèmes."
    )
    engineering_types = _choices_array("types d’ingénierie", EngineeringType, 12)
    services = _choices_array("services", Service, 20)
    phases = _choices_array("phases", Phase, 12)

    body_kinds = _choices_array("collectivités éligibles", BodyKind, 12)
    population_min = models.PositiveIntegerField("population minimale", null=True, blank=True, help_text="Comprise.")
    population_max = models.PositiveIntegerField(
        "population maximale", null=True, blank=True, help_text="Comprise : « moins de 3 500 » s’écrit 3499."
    )
    membership_required = models.BooleanField("adhésion requise", default=False)
    membership_label = models.CharField("adhésion, en clair", max_length=160, blank=True)
    programmes_required = ArrayField(
        models.CharField(max_length=8), verbose_name="programmes (un au moins)", default=list, blank=True
    )
    zonings_required = ArrayField(
        models.CharField(max_length=40), verbose_name="zonages (un au moins)", default=list, blank=True
    )

    legal_mode = models.CharField("mode de recours", max_length=20, choices=LegalMode.choices, blank=True)
    price_model = models.CharField("modèle de prix", max_length=12, choices=PriceModel.choices, blank=True)
    price_label = models.CharField("prix, en clair", max_length=200, blank=True)
    conditions = models.TextField("conditions", blank=True)
    delay_days = models.PositiveSmallIntegerField("délai annoncé (jours)", null=True, blank=True)
    capacity_left = models.PositiveSmallIntegerField(
        "capacité restante", null=True, blank=True, help_text="Vide : sans limite déclarée. 0 : complet."
    )

    valid_from = models.DateField("valable du", null=True, blank=True)
    valid_to = models.DateField("valable jusqu’au", null=True, blank=True, help_text="Vide : offre permanente.")
    source_url = models.URLField("source", max_length=500, blank=True)
    verified_on = models.DateField("vérifiée le", null=True, blank=True)
    status = models.CharField("état", max_length=12, choices=OfferStatus.choices, default=OfferStatus.DRAFT.value)
    agreed_beforehand = models.BooleanField(
        "accord préalable", default=False, help_text="Le prestataire a accepté d’avance : il n’est pas sollicité."
    )
    illustrative = models.BooleanField("illustration", default=False)
    #: What its keeper wants it to become, while the published one stays: field → value, as ``OfferValues`` writes it.
    pending = models.JSONField("modification à relire", null=True, blank=True, editable=False)
    pending_at = models.DateTimeField("modification envoyée le", null=True, blank=True, editable=False)
    #: What its keeper wanted of a change not accepted: kept, whatever its state, until he sends it or gives it up.
    returned = models.JSONField("modification renvoyée", null=True, blank=True, editable=False)
    review_note = models.TextField("mot de la relecture", max_length=2000, blank=True)
    #: Asked whether it still holds, why, and when its keeper last said so.
    asked_at = models.DateTimeField("confirmation demandée le", null=True, blank=True, editable=False)
    asked_reason = models.CharField(
        "pourquoi", max_length=12, choices=QuestionReason.choices, blank=True, editable=False
    )
    answered_at = models.DateTimeField("confirmée le", null=True, blank=True, editable=False)
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    updated_at = models.DateTimeField("modifiée le", auto_now=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = "offre"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="offer_status_known", condition=Q(status__in=OfferStatus.values)),
            models.CheckConstraint(name="offer_themes_known", condition=Q(themes__contained_by=Theme.values)),
            models.CheckConstraint(
                name="offer_engineering_types_known",
                condition=Q(engineering_types__contained_by=EngineeringType.values),
            ),
            models.CheckConstraint(name="offer_services_known", condition=Q(services__contained_by=Service.values)),
            models.CheckConstraint(name="offer_phases_known", condition=Q(phases__contained_by=Phase.values)),
            models.CheckConstraint(
                name="offer_body_kinds_known", condition=Q(body_kinds__contained_by=BodyKind.values)
            ),
            models.CheckConstraint(
                name="offer_population_interval",
                condition=Q(population_min__isnull=True)
                | Q(population_max__isnull=True)
                | Q(population_max__gte=F("population_min")),
                violation_error_message="L’intervalle de population est vide.",
            ),
            models.CheckConstraint(
                name="offer_validity_ordered",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message="L’offre finit avant d’avoir commencé.",
            ),
            models.CheckConstraint(
                name="offer_published_is_complete",
                condition=~Q(status=OfferStatus.PUBLISHED)
                | (
                    Q(themes__len__gt=0)
                    & ~Q(description="")
                    & Q(legal_mode__in=LegalMode.values)
                    & Q(price_model__in=PriceModel.values)
                    & ~Q(price_label="")
                    & Q(verified_on__isnull=False)
                ),
                violation_error_message=(
                    "Une offre publiée a un thème, une description, un mode de recours, un prix en clair "
                    "et une date de vérification."
                ),
            ),
            models.CheckConstraint(
                name="offer_membership_is_named",
                condition=Q(membership_required=False) | ~Q(membership_label=""),
                violation_error_message="Dites de quelle adhésion il s’agit.",
            ),
            models.CheckConstraint(
                name="offer_pending_is_of_a_published_one",
                condition=Q(pending__isnull=True, pending_at__isnull=True)
                | Q(pending__isnull=False, pending_at__isnull=False, status=OfferStatus.PUBLISHED),
            ),
            models.CheckConstraint(
                name="offer_returned_no_longer_waits",
                condition=Q(returned__isnull=True) | Q(pending__isnull=True),
            ),
            models.CheckConstraint(
                name="offer_asked_says_why",
                condition=Q(asked_at__isnull=True, asked_reason="")
                | Q(asked_at__isnull=False, asked_reason__in=QuestionReason.values),
            ),
            models.CheckConstraint(
                name="offer_illustrative_has_no_price",
                condition=Q(illustrative=False) | (~Q(price_label__contains="€") & ~Q(conditions__contains="€")),
                violation_error_message="Aucun prix en euros sur une offre illustrative.",
            ),
        ]
        indexes = [
            GinIndex(name="offer_themes", fields=["themes"]),
            models.Index(name="offer_provider_status", fields=["provider", "status"]),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="offer_published_is_covered",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__status=OfferStatus.PUBLISHED.value),
                func=pgtrigger.Func(
                    """
                    IF EXISTS (SELECT 1 FROM {meta.db_table} o WHERE o.id = NEW.id AND o.status = 'published')
                       AND NOT EXISTS (
                           SELECT 1 FROM operators_offercoverage c WHERE c.offer_id = NEW.id AND NOT c.excluded
                       )
                    THEN
                        RAISE EXCEPTION 'offer % is published without coverage', NEW.code
                              USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("operators:offer", args=[self.uuid])

    @property
    def family(self) -> Family:
        return self.provider.family

    @property
    def is_questioned(self) -> bool:
        """Its keeper was asked whether it still holds, and has not answered."""
        return self.asked_at is not None and (self.answered_at is None or self.answered_at < self.asked_at)

    @property
    def mark(self) -> str:
        """What changes whenever the offer does: two pages opened on the same offer can't overwrite one another."""
        return f"{self.status}|{self.updated_at}|{self.pending_at}|{self.answered_at}|{self.returned is None}"

    @property
    def is_public(self) -> bool:
        return self.status == OfferStatus.PUBLISHED and self.provider.is_active

    def is_valid_on(self, on: dt.date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def as_record(self, coverage: Iterable[dict[str, object]], subjects: Iterable[str]) -> OfferRecord:
        """The pure record of this row; the caller brings what other tables hold."""
        return OfferRecord(
            id=self.pk,
            uuid=str(self.uuid),
            code=self.code,
            title=self.title,
            provider_code=self.provider.code,
            provider_name=self.provider.name,
            provider_kind=self.provider.kind,
            coverage=tuple(Area(str(row["level"]), str(row["code"]), bool(row["excluded"])) for row in coverage),
            themes=frozenset(self.themes),
            status=self.status if self.provider.is_active else OfferStatus.EXPIRED.value,
            price_model=self.price_model,
            legal_mode=self.legal_mode,
            price_label=self.price_label,
            subjects=frozenset(subjects),
            engineering_types=frozenset(self.engineering_types),
            services=frozenset(self.services),
            phases=frozenset(self.phases),
            body_kinds=frozenset(self.body_kinds),
            population_min=self.population_min,
            population_max=self.population_max,
            membership_required=self.membership_required,
            membership_label=self.membership_label,
            programmes_required=frozenset(self.programmes_required),
            zonings_required=frozenset(self.zonings_required),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            capacity_left=self.capacity_left,
            delay_days=self.delay_days,
            verified_on=self.verified_on,
            agreed_beforehand=self.agreed_beforehand,
            illustrative=self.illustrative,
            provider_telephone=self.provider.telephone,
            provider_email=self.provider.email,
            provider_website=self.provider.website,
        )


class OfferCoverage(models.Model):
    """One area where an offer holds, or, ``excluded``, does not. Codes are the official ones of the level.

    Codes, not foreign keys: six levels live in four tables, and the engine compares codes.
    """

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="coverage", verbose_name="offre")
    level = models.CharField("niveau", max_length=16, choices=Level.choices)
    code = models.CharField("code", max_length=9)
    excluded = models.BooleanField("sauf", default=False)

    class Meta:
        verbose_name = "couverture"
        ordering = ["offer", "level", "code"]
        constraints = [
            models.UniqueConstraint(
                name="offer_coverage_once",
                fields=["offer", "level", "code"],
                violation_error_message="Ce territoire figure déjà dans la couverture de l’offre.",
            ),
            models.CheckConstraint(name="offer_coverage_level_known", condition=Q(level__in=Level.values)),
            models.CheckConstraint(
                name="offer_coverage_nation_code",
                condition=(Q(level=Level.NATION, code=NATION_CODE, excluded=False))
                | (~Q(level=Level.NATION) & ~Q(code=NATION_CODE) & ~Q(code="")),
                violation_error_message="La France entière porte le code FR et ne s’exclut pas.",
            ),
        ]
        indexes = [models.Index(name="offer_coverage_area", fields=["level", "code", "excluded", "offer"])]
        triggers = [
            pgtrigger.Trigger(
                name="offer_keeps_a_coverage",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Delete | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                func=pgtrigger.Func(
                    """
                    IF EXISTS (SELECT 1 FROM operators_offer o WHERE o.id = OLD.offer_id AND o.status = 'published')
                       AND NOT EXISTS (
                           SELECT 1 FROM {meta.db_table} c WHERE c.offer_id = OLD.offer_id AND NOT c.excluded
                       )
                    THEN
                        RAISE EXCEPTION 'offer % is published without coverage', OLD.offer_id
                              USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{'sauf ' if self.excluded else ''}{self.level} {self.code}"
