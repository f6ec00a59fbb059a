"""Mandates: under what title, for whom, where and when a person acts (DOMAIN 1.2, PRACTICE 2).

Dates: a mandate is in force from ``starts_on`` (included) to ``ends_on`` (excluded: the first day without it), so that
a successor may start on the day his predecessor ceases.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.enums import MandateRole, MandateStatus, OrganisationKind, Proof
from accounts.functions import HEAD_WORDINGS
from accounts.models.people import Organisation
from common import clock
from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, Role


def _values(roles: Iterable[Role]) -> list[str]:
    """Plain values, so that the migration holds no enumeration that may change."""
    return sorted(role.value for role in roles)


class MandateQuerySet(models.QuerySet["Mandate"]):
    def in_force(self, on: dt.date) -> Self:
        """Mandates under which one may act on that day, claimed ones included."""
        return self.exclude(status=MandateStatus.REFUSED).filter(
            Q(ends_on__isnull=True) | Q(ends_on__gt=on), starts_on__lte=on
        )

    def proven(self) -> Self:
        """Mandates that were confirmed, those ended since included."""
        return self.filter(confirmed_at__isnull=False)

    def for_desk(self, department_code: str) -> Self:
        """The agents of a department's desk: instructors, deputies, delegate."""
        return self.filter(role__in=DESK_ROLES, department_id=department_code)

    def of_collectivity(self, collectivity_id: int) -> Self:
        return self.filter(collectivity_id=collectivity_id, role__in=COLLECTIVITY_ROLES)

    def to_confirm(self, departments: Iterable[str]) -> Self:
        """Claims that the desks of these departments have to answer, oldest first."""
        return self.filter(
            status=MandateStatus.CLAIMED, role__in=COLLECTIVITY_ROLES, department_id__in=list(departments)
        ).order_by("created_at", "pk")

    def reached_by_mailbox(self, address: str) -> Self:
        """Mandates of the collectivities whose official address this is: all that control of the mailbox opens."""
        return self.filter(
            role__in=COLLECTIVITY_ROLES,
            collectivity__organisations__kind=OrganisationKind.COLLECTIVITY,
            collectivity__organisations__email=address,
        )


class Mandate(models.Model):
    """A person's title to act. Rights are computed from it alone, never from groups."""

    uuid = models.UUIDField("identifiant", default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="mandates", verbose_name="personne")
    role = models.CharField("rôle", max_length=20, choices=MandateRole)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="mandates", verbose_name="organisation"
    )
    collectivity = models.ForeignKey(
        "territories.Collectivity",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
        verbose_name="collectivité",
    )
    department = models.ForeignKey(
        "territories.Department",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
        verbose_name="département",
    )
    departments = models.ManyToManyField(
        "territories.Department",
        blank=True,
        related_name="area_mandates",
        verbose_name="départements",
        help_text="Mission territoriale de l’Agence et préfecture de région.",
    )
    arrondissement = models.ForeignKey(
        "territories.Arrondissement",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
        verbose_name="arrondissement",
    )
    collectivities = models.ManyToManyField(
        "territories.Collectivity",
        blank=True,
        related_name="project_mandates",
        verbose_name="collectivités accompagnées",
        help_text="Chefferie de projet : les collectivités du programme.",
    )
    function = models.CharField(
        "fonction", max_length=120, help_text="« maire », « directrice départementale des territoires »…"
    )
    heads = models.BooleanField(
        "à la tête de la collectivité", default=False, help_text="Maire, présidente ou président."
    )
    ad_interim = models.BooleanField("par intérim", default=False)
    declared_name = models.CharField(
        "nom déclaré",
        max_length=170,
        blank=True,
        help_text="Nom déclaré depuis une adresse partagée, sans autre preuve.",
    )
    starts_on = models.DateField("depuis le")
    ends_on = models.DateField("cesse le", null=True, blank=True, help_text="Premier jour sans ce mandat.")
    status = models.CharField("état", max_length=10, choices=MandateStatus, default=MandateStatus.CLAIMED)
    proof = models.CharField("preuve", max_length=20, choices=Proof, blank=True, default=Proof.NONE)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="mandates_confirmed",
        verbose_name="confirmé par",
    )
    confirmed_at = models.DateTimeField("confirmé à", null=True, blank=True)
    note = models.CharField("motif ou note", max_length=500, blank=True)
    created_at = models.DateTimeField("déclaré à", default=clock.now, editable=False)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = "mandat"
        ordering = ["-starts_on", "pk"]
        indexes = [
            models.Index(fields=["user", "ends_on"], name="mandate_user"),
            models.Index(fields=["collectivity", "role"], name="mandate_collectivity"),
            models.Index(fields=["department", "role"], name="mandate_department"),
            models.Index(
                fields=["department", "created_at"],
                name="mandate_to_confirm",
                condition=Q(status=MandateStatus.CLAIMED),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="mandate_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="La fin précède le début.",
            ),
            models.CheckConstraint(
                name="mandate_ended_has_date",
                condition=~Q(status=MandateStatus.ENDED) | Q(ends_on__isnull=False),
                violation_error_message="Un mandat terminé porte sa date de fin.",
            ),
            models.CheckConstraint(
                name="mandate_confirmed_has_proof",
                condition=~Q(status=MandateStatus.CONFIRMED) | (Q(confirmed_at__isnull=False) & ~Q(proof="")),
                violation_error_message="Un mandat confirmé porte sa preuve et sa date.",
            ),
            models.CheckConstraint(
                name="mandate_collectivity_by_role",
                condition=~Q(role__in=_values(COLLECTIVITY_ROLES)) | Q(collectivity__isnull=False),
                violation_error_message="Ce rôle s’exerce pour une collectivité.",
            ),
            models.CheckConstraint(
                name="mandate_department_by_role",
                condition=~Q(role__in=_values(DESK_ROLES | {Role.FOLLOW_UP_OFFICER})) | Q(department__isnull=False),
                violation_error_message="Ce rôle s’exerce dans un département.",
            ),
            models.CheckConstraint(
                name="mandate_arrondissement_by_role",
                condition=~Q(role=Role.SUB_PREFECT.value) | Q(arrondissement__isnull=False),
                violation_error_message="Ce rôle s’exerce dans un arrondissement.",
            ),
            models.CheckConstraint(
                name="mandate_organisation_by_role",
                condition=~Q(role__in=_values({Role.OPERATOR, Role.PROVIDER, Role.CONTRACTOR}))
                | Q(organisation__isnull=False),
                violation_error_message="Ce rôle s’exerce pour une organisation.",
            ),
            models.CheckConstraint(
                name="mandate_head_is_official",
                condition=Q(heads=False) | Q(role=Role.OFFICIAL.value),
                violation_error_message="Seul un mandat électif est à la tête d’une collectivité.",
            ),
            models.UniqueConstraint(
                name="mandate_once_in_force",
                fields=["user", "role", "organisation", "collectivity", "department", "arrondissement", "function"],
                condition=Q(status__in=[MandateStatus.CLAIMED, MandateStatus.CONFIRMED], ends_on__isnull=True),
                nulls_distinct=False,
                violation_error_message="Cette personne a déjà ce mandat.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.body})" if self.body else self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and self.role == Role.OFFICIAL and self.function.casefold() in HEAD_WORDINGS:
            self.heads = True
        super().save(*args, **kwargs)

    def in_force(self, on: dt.date) -> bool:
        """Whether one may act under it on that day; claimed mandates count, refused ones never did."""
        return (
            self.status != MandateStatus.REFUSED
            and self.starts_on <= on
            and (self.ends_on is None or on < self.ends_on)
        )

    @property
    def is_confirmed(self) -> bool:
        """Believed, by whatever proof; true of a mandate that was confirmed and has ended since."""
        return self.confirmed_at is not None and self.status != MandateStatus.REFUSED

    @property
    def title(self) -> str:
        return f"{self.function} par intérim" if self.ad_interim else self.function

    @property
    def label(self) -> str:
        """« Mme Charme, directrice départementale des territoires »."""
        return f"{self.user.display_name}, {self.title}"

    @property
    def body(self) -> str:
        """The body on whose behalf one acts: « Mézel (04) », « Anah », « Alpes-de-Haute-Provence (04) »."""
        if self.collectivity is not None and self.role in COLLECTIVITY_ROLES:
            return self.collectivity.label
        if self.organisation is not None:
            return self.organisation.label
        if self.arrondissement is not None:
            return self.arrondissement.name
        if self.department is not None:
            return self.department.label
        return ""

    @property
    def contact_email(self) -> str:
        """Where to write to the person about this mandate."""
        return self.user.contact_email or (self.organisation.email if self.organisation else "")
