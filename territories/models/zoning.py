"""Facts that a list declares of a territory: revitalisation class, density, income… Unknown is the absence of a row."""

from django.db import models
from django.db.models import Q


class Zoning(models.Model):
    """A fact that bodies may carry. Numbers and classes are told apart, so that nobody compares « FRR+ » with 5,9."""

    code = models.CharField("code", max_length=40, primary_key=True, db_collation="C")
    label = models.CharField("intitulé", max_length=120)
    source = models.CharField("source", max_length=200, blank=True)
    unit = models.CharField("unité", max_length=20, blank=True)
    is_numeric = models.BooleanField("est un nombre", default=False)

    class Meta:
        verbose_name = "zonage"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label


class ZoningValue(models.Model):
    """What a list says of one body. No row: unknown, which is neither false nor zero (PRACTICE 1.12)."""

    zoning = models.ForeignKey(Zoning, models.PROTECT, db_index=False, related_name="values", verbose_name="zonage")
    collectivity = models.ForeignKey(
        "territories.Collectivity", models.PROTECT, db_index=False, related_name="zonings", verbose_name="collectivité"
    )
    value = models.CharField("valeur", max_length=120)
    number = models.DecimalField("valeur numérique", max_digits=14, decimal_places=3, null=True, blank=True)
    vintage = models.CharField("millésime", max_length=20, blank=True)

    class Meta:
        verbose_name = "valeur de zonage"
        verbose_name_plural = "valeurs de zonage"
        constraints = [
            models.UniqueConstraint(fields=["collectivity", "zoning"], name="zoning_value_once"),
            models.CheckConstraint(
                name="zoning_value_is_never_empty",
                condition=~Q(value=""),
                violation_error_message="Une valeur inconnue ne s’enregistre pas.",
            ),
        ]
        indexes = [models.Index(fields=["zoning", "value"], name="zoning_value_by_value")]

    def __str__(self) -> str:
        return self.value
