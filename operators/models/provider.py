"""Whoever can help: the five partner operators, the agency's services, and local bodies, public or para-public only."""

import datetime as dt

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from common.actor import Actor
from operators.enums import ProviderKind
from operators.matching.vocabulary import AGENCY_SERVICES, FAMILY, OPERATORS, Family
from operators.permissions import kept_providers, provider_scope

CODE = RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", "Lettres minuscules sans accent, chiffres et tirets.")


class ProviderQuerySet(models.QuerySet["Provider"]):
    def active(self) -> "ProviderQuerySet":
        return self.filter(is_active=True)

    def local(self) -> "ProviderQuerySet":
        return self.exclude(kind__in=[ProviderKind.OPERATOR, ProviderKind.AGENCY])

    def operators(self) -> "ProviderQuerySet":
        return self.filter(kind=ProviderKind.OPERATOR)

    def agency_services(self) -> "ProviderQuerySet":
        return self.filter(kind=ProviderKind.AGENCY)

    def of_department(self, code: str) -> "ProviderQuerySet":
        """The local bodies of a department, for the checklist « Avez-vous déjà demandé de l’aide à quelqu’un ? »."""
        return self.active().local().filter(department=code).order_by("kind", "name")

    def visible_to(self, actor: Actor) -> "ProviderQuerySet":
        """Active ones are public; the administrator of reference data sees all."""
        return self.filter(provider_scope(actor))

    def kept_by(self, actor: Actor) -> "ProviderQuerySet":
        """Those whose offers ``actor`` writes or reviews."""
        return self.filter(kept_providers(actor))


class Provider(models.Model):
    """A body that helps. Kinds ``operator`` and ``agency`` are closed sets, held by the database too."""

    kind = models.CharField("nature", max_length=20, choices=ProviderKind.choices)
    code = models.CharField("code", max_length=40, unique=True, validators=[CODE])
    name = models.CharField("nom", max_length=160)
    short_name = models.CharField("nom court", max_length=60, blank=True)
    mission = models.TextField("ce qu’il fait", blank=True)
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="providers",
        verbose_name="organisation",
    )
    department = models.ForeignKey(
        "territories.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="providers",
        verbose_name="département",
    )
    email = models.EmailField("courriel", blank=True)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    website = models.URLField("site", blank=True)
    source = models.CharField("source", max_length=200, blank=True)
    illustrative = models.BooleanField("illustratif", default=False)
    verified_on = models.DateField("vérifié le", null=True, blank=True)
    is_active = models.BooleanField("actif", default=True)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = "prestataire"
        ordering = ["name", "code"]
        constraints = [
            models.CheckConstraint(
                name="provider_kind_known",
                condition=Q(kind__in=ProviderKind.values),
                violation_error_message="Seuls des organismes publics, parapublics ou internes figurent au catalogue.",
            ),
            models.CheckConstraint(
                name="provider_operators_are_five",
                condition=Q(kind=ProviderKind.OPERATOR, code__in=list(OPERATORS))
                | (~Q(kind=ProviderKind.OPERATOR) & ~Q(code__in=list(OPERATORS))),
                violation_error_message=(
                    "Les opérateurs partenaires sont cinq : Anah, ANRU, Cerema, Banque des Territoires, Ademe."
                ),
            ),
            models.CheckConstraint(
                name="provider_agency_services_closed",
                condition=Q(kind=ProviderKind.AGENCY, code__in=list(AGENCY_SERVICES))
                | (~Q(kind=ProviderKind.AGENCY) & ~Q(code__in=list(AGENCY_SERVICES))),
                violation_error_message="Ce service ne figure pas dans la liste des services de l’Agence.",
            ),
            models.CheckConstraint(
                name="provider_national_has_no_department",
                condition=~Q(kind__in=[ProviderKind.OPERATOR, ProviderKind.AGENCY]) | Q(department__isnull=True),
                violation_error_message="Un opérateur ou un service de l’Agence n’est pas rattaché à un département.",
            ),
        ]
        indexes = [models.Index(name="provider_department_kind", fields=["department", "kind"])]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("operators:provider", args=[self.code])

    @property
    def family(self) -> Family:
        """Local, operator or agency: the order in which help is sought."""
        return FAMILY[self.kind]

    @property
    def display_name(self) -> str:
        return self.short_name or self.name


class FrameworkAgreementQuerySet(models.QuerySet["FrameworkAgreement"]):
    def in_force(self, on: dt.date) -> "FrameworkAgreementQuerySet":
        return self.filter(starts_on__lte=on, ends_on__gte=on)


class FrameworkAgreement(models.Model):
    """Convention-cadre between the agency and an operator (CGCT L1233-3), renewed for four years in November 2023."""

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="framework_agreements", verbose_name="opérateur"
    )
    starts_on = models.DateField("début")
    ends_on = models.DateField("fin")
    day_known = models.BooleanField(
        "jour connu", default=True, help_text="Sinon seuls le mois et l’année sont affichés."
    )
    source = models.CharField("source", max_length=200, blank=True)

    objects = FrameworkAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = "convention-cadre"
        verbose_name_plural = "conventions-cadres"
        ordering = ["provider", "-starts_on"]
        constraints = [
            models.UniqueConstraint(name="framework_agreement_once", fields=["provider", "starts_on"]),
            models.CheckConstraint(
                name="framework_agreement_dates_ordered",
                condition=Q(ends_on__gt=F("starts_on")),
                violation_error_message="La convention finit avant d’avoir commencé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} · {self.starts_on:%Y}-{self.ends_on:%Y}"
