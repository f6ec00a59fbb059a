"""A provider away for a time: until when, and who answers meanwhile."""

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from common.actor import Actor
from operators.models.provider import Provider
from operators.permissions import absence_scope


class ProviderAbsenceQuerySet(models.QuerySet["ProviderAbsence"]):
    def standing(self) -> "ProviderAbsenceQuerySet":
        return self.filter(ended_at=None)

    def on(self, day: dt.date) -> "ProviderAbsenceQuerySet":
        """Those in force that day."""
        return self.standing().filter(first_day__lte=day, last_day__gte=day)

    def visible_to(self, actor: Actor) -> "ProviderAbsenceQuerySet":
        """For the desks, who solicit it, and the provider: nobody else."""
        return self.filter(absence_scope(actor))


class ProviderAbsence(models.Model):
    """Declared by the provider. Ended early, it stays and says when. Two that stand never overlap."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="absences", verbose_name="prestataire")
    first_day = models.DateField("du")
    last_day = models.DateField("au (inclus)")
    deputy_name = models.CharField("suppléance", max_length=120, blank=True)
    deputy_email = models.EmailField("adresse de la suppléance", blank=True)
    note = models.CharField("précision", max_length=300, blank=True)
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ProviderAbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = "absence d’un prestataire"
        verbose_name_plural = "absences des prestataires"
        ordering = ["-first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                name="absence_ends_after_it_begins",
                condition=Q(last_day__gte=F("first_day")),
                violation_error_message="L’absence se termine avant d’avoir commencé.",
            ),
            models.CheckConstraint(name="absence_deputy_is_named", condition=Q(deputy_email="") | ~Q(deputy_name="")),
            # no btree_gist in the embedded server: equality of the provider is an overlap of one-point ranges
            ExclusionConstraint(
                name="one_absence_at_once",
                expressions=[
                    (Func(F("provider"), F("provider"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (Func(F("first_day"), F("last_day"), Value("[]"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(ended_at=None),
                violation_error_message="Une absence est déjà déclarée sur une partie de ces jours.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} · {self.first_day:%d/%m/%Y} – {self.last_day:%d/%m/%Y}"
