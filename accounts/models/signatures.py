"""Delegations of signature (PRACTICE 2.3; CGCT L1232-2: the prefect may subdelegate his signature).

An act dies when either the delegating prefect or the signatory leaves office: this is read from their mandates at each
use, so that no act survives by forgetting to close it. Dates: ``starts_on`` included, ``ends_on`` excluded.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.enums import ActEnd, MandateStatus, MatterChoice
from accounts.models.mandates import Mandate
from common import clock
from common.actor import Matter, Role


class SignatureActQuerySet(models.QuerySet["SignatureAct"]):
    def alive(self, on: dt.date) -> Self:
        """Acts under which a signature is good on that day: published, not ended, and both persons in office."""
        acts = self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=on), starts_on__lte=on)
        for person, role in (("delegating", Role.DELEGATE), ("signatory", Role.DEPUTY)):
            acts = acts.filter(
                Q(**{f"{person}__ends_on__isnull": True}) | Q(**{f"{person}__ends_on__gt": on}),
                **{
                    f"{person}__role": role,
                    f"{person}__starts_on__lte": on,
                    f"{person}__confirmed_at__isnull": False,
                    f"{person}__department_id": F("department_id"),
                },
            ).exclude(**{f"{person}__status": MandateStatus.REFUSED})
        return acts

    def in_force(self, department: str, matter: Matter, on: dt.date, *, amount: Decimal | None = None) -> Self:
        """Acts of the department that cover the matter on that day and, when given, the amount."""
        acts = self.alive(on).filter(department_id=department, matters__contains=[matter.value])
        if amount is not None:
            acts = acts.filter(Q(amount_ceiling__isnull=True) | Q(amount_ceiling__gte=amount))
        return acts


class SignatureAct(models.Model):
    """An order by which a prefect lets a deputy sign, with where it was published."""

    uuid = models.UUIDField("identifiant", default=uuid.uuid4, unique=True, editable=False)
    delegating = models.ForeignKey(
        Mandate, models.PROTECT, related_name="acts_given", verbose_name="autorité délégante"
    )
    signatory = models.ForeignKey(Mandate, models.PROTECT, related_name="acts_received", verbose_name="signataire")
    department = models.ForeignKey(
        "territories.Department", models.PROTECT, related_name="signature_acts", verbose_name="département"
    )
    matters = ArrayField(models.CharField(max_length=20, choices=MatterChoice), verbose_name="matières")
    amount_ceiling = models.DecimalField(
        "plafond HT",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text="En euros ; vide : sans plafond.",
    )
    number = models.CharField("numéro de l’arrêté", max_length=60)
    gazette = models.CharField("recueil des actes administratifs", max_length=120)
    signed_on = models.DateField("signé le")
    published_on = models.DateField("publié le")
    starts_on = models.DateField("en vigueur le")
    ends_on = models.DateField(
        "cesse le", null=True, blank=True, help_text="Premier jour où il ne permet plus de signer."
    )
    ended_reason = models.CharField("motif de fin", max_length=20, choices=ActEnd, blank=True, default=ActEnd.NONE)
    ad_interim = models.BooleanField(
        "suppléance par intérim", default=False, help_text="Le signataire agit par intérim pendant une vacance."
    )
    quality_block = models.TextField(
        "qualité du signataire", help_text="Telle qu’elle figure sous « Pour le préfet et par délégation, »."
    )
    scan = models.ForeignKey(
        "files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="copie de l’arrêté"
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="enregistré par",
    )
    recorded_at = models.DateTimeField("enregistré à", default=clock.now, editable=False)

    objects = SignatureActQuerySet.as_manager()

    class Meta:
        verbose_name = "délégation de signature"
        verbose_name_plural = "délégations de signature"
        ordering = ["-starts_on", "pk"]
        indexes = [
            models.Index(fields=["department", "starts_on"], name="act_department"),
            models.Index(fields=["signatory", "starts_on"], name="act_signatory"),
        ]
        constraints = [
            models.CheckConstraint(
                name="act_dates_in_order",
                condition=Q(signed_on__lte=F("published_on")) & Q(published_on__lte=F("starts_on")),
                violation_error_message="Un arrêté est signé, puis publié, puis entre en vigueur.",
            ),
            models.CheckConstraint(
                name="act_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="La fin précède l’entrée en vigueur.",
            ),
            models.CheckConstraint(
                name="act_end_has_reason",
                condition=Q(ended_reason="") | Q(ends_on__isnull=False),
                violation_error_message="Un motif de fin va avec une date de fin.",
            ),
            models.CheckConstraint(
                name="act_covers_something",
                condition=Q(matters__len__gt=0),
                violation_error_message="Une délégation couvre au moins une matière.",
            ),
            models.CheckConstraint(
                name="act_two_persons",
                condition=~Q(delegating=F("signatory")),
                violation_error_message="On ne se délègue pas sa signature à soi-même.",
            ),
            models.UniqueConstraint(
                name="act_once_per_number",
                fields=["department", "number", "signatory"],
                violation_error_message="Cet arrêté est déjà enregistré pour ce signataire.",
            ),
        ]

    def __str__(self) -> str:
        return f"arrêté n° {self.number}, {self.signatory.label}"

    def in_force(self, on: dt.date) -> bool:
        """Whether a signature under this act is good on that day (both mandates are read)."""
        return SignatureAct.objects.alive(on).filter(pk=self.pk).exists()

    @property
    def block(self) -> str:
        """The signature block of a letter (PRACTICE 2.3), one line each."""
        authority = self.delegating.title
        article = "la préfète" if authority.startswith("préfète") else "le préfet"
        suffix = " par intérim" if self.delegating.ad_interim else ""
        quality = self.quality_block.rstrip(",")
        if self.ad_interim:
            quality += " par intérim"
        user = self.signatory.user
        return f"Pour {article}{suffix} et par délégation,\n{quality},\n{user.first_name} {user.last_name.upper()}"
