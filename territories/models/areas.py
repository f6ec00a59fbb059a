"""Regions, departments and arrondissements: the State's map. Rows of the official geographic code are never deleted."""

import zoneinfo

from django.db import models
from django.urls import reverse

from common.french import with_article
from territories.enums import AreaKind, Liaison, Zone


class Area(models.Model):
    """What regions, departments and arrondissements share: a code that is the key, a name, whether it still exists."""

    code = models.CharField("code", max_length=4, primary_key=True, db_collation="C")
    name = models.CharField("nom", max_length=80)
    is_current = models.BooleanField("existe aujourd’hui", default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Region(Area):
    liaison = models.SmallIntegerField("article", choices=Liaison.choices, default=Liaison.DE)
    zone = models.CharField("zone", max_length=5, choices=Zone.choices)
    chief_town_code = models.CharField("code du chef-lieu", max_length=5, blank=True)
    chief_town = models.CharField("chef-lieu", max_length=80, blank=True)
    population = models.PositiveIntegerField("population", null=True, blank=True)

    class Meta:
        verbose_name = "région"
        ordering = ["code"]

    def get_absolute_url(self) -> str:
        return reverse("territories:detail", args=[self.address])

    @property
    def address(self) -> str:
        """``REG-93``: the codes of regions are codes of departments too."""
        return f"REG-{self.code}"

    @property
    def label(self) -> str:
        return self.name

    @property
    def of(self) -> str:
        """« de la Nouvelle-Aquitaine », « du Grand Est »."""
        return with_article(self.name, self.liaison)


class DepartmentQuerySet(models.QuerySet["Department"]):
    def departments(self) -> "DepartmentQuerySet":
        """The 101 departments, without the overseas collectivities."""
        return self.filter(kind=AreaKind.DEPARTMENT, is_current=True)

    def with_desk(self) -> "DepartmentQuerySet":
        return self.filter(is_current=True, desk__isnull=False).select_related("desk")


class Department(Area):
    """A department, or an overseas collectivity: in both a representative of the State answers requests at a desk."""

    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="departments", verbose_name="région"
    )
    kind = models.CharField("nature", max_length=24, choices=AreaKind.choices, default=AreaKind.DEPARTMENT)
    zone = models.CharField("zone", max_length=5, choices=Zone.choices)
    liaison = models.SmallIntegerField("article", choices=Liaison.choices, default=Liaison.DE)
    time_zone = models.CharField("fuseau horaire", max_length=40, default="Europe/Paris")
    prefecture_name = models.CharField("représentant de l’État", max_length=120, blank=True)
    chief_town_code = models.CharField("code du chef-lieu", max_length=5, blank=True)
    chief_town = models.CharField("chef-lieu", max_length=80, blank=True)
    population = models.PositiveIntegerField("population", null=True, blank=True)
    population_vintage = models.PositiveSmallIntegerField("année de la population", null=True, blank=True)

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        verbose_name = "département"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="department_has_a_region",
                condition=models.Q(region__isnull=False) | ~models.Q(kind=AreaKind.DEPARTMENT),
                violation_error_message="Un département appartient à une région.",
            )
        ]

    def get_absolute_url(self) -> str:
        return reverse("territories:detail", args=[self.code])

    @property
    def label(self) -> str:
        """« Alpes-de-Haute-Provence (04) »."""
        return f"{self.name} ({self.code})"

    @property
    def of(self) -> str:
        """« des Ardennes », « de Loir-et-Cher »."""
        return with_article(self.name, self.liaison)

    @property
    def zone_info(self) -> zoneinfo.ZoneInfo:
        """The clock on which references, dates and delays of this territory run (PRACTICE 1.11)."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def local_time_of(self) -> str:
        """« de Martinique » where the clock differs from Paris's, else nothing: what ``moment(…, zone=)`` takes."""
        if self.zone == Zone.METROPOLITAN:
            return ""
        return with_article(self.name, self.liaison if self.liaison in (Liaison.DES, Liaison.DE_L) else Liaison.DE)

    @property
    def local_time_label(self) -> str:
        """« heure de Martinique », or nothing."""
        return f"heure {self.local_time_of}" if self.local_time_of else ""


class Arrondissement(Area):
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="arrondissements", verbose_name="département"
    )
    chief_town_code = models.CharField("code du chef-lieu", max_length=5, blank=True)

    class Meta:
        verbose_name = "arrondissement"
        ordering = ["code"]

    def get_absolute_url(self) -> str:
        return reverse("territories:detail", args=[self.address])

    @property
    def address(self) -> str:
        return f"ARR-{self.code}"

    @property
    def label(self) -> str:
        return f"Arrondissement {with_article(self.name, Liaison.DE)}"
