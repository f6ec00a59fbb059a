"""Where help is missing: on each day computed, what the catalogue leaves uncovered, by department, theme and kind."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from common.models import Job, undone_index
from operators.enums import BodyKind, Theme
from territories.models import Department


class CoverageCellQuerySet(models.QuerySet["CoverageCell"]):
    def latest_day(self) -> "CoverageCellQuerySet":
        """The cells of the last day computed."""
        return self.filter(on=self.order_by("-on").values("on")[:1])


class CoverageCell(models.Model):
    """The communes, or the intercommunalités, that a department leads, for one theme on one day.

    A body is *uncovered* when no local offer is open to it for the theme, whatever it would have to say of itself to be
    sure of one; *bare* when no operator's nor any of the agency's is either. Inhabitants are those of the population in
    force; a body whose population is unknown counts for none.
    """

    on = models.DateField("jour")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name="département")
    theme = models.CharField("thème", max_length=3, choices=Theme.choices)
    kind = models.CharField("nature", max_length=12, choices=BodyKind.choices)
    bodies = models.PositiveIntegerField("collectivités")
    inhabitants = models.PositiveBigIntegerField("habitants")
    uncovered = models.PositiveIntegerField("sans offre locale")
    uncovered_inhabitants = models.PositiveBigIntegerField("habitants sans offre locale")
    bare = models.PositiveIntegerField("sans aucune offre")
    codes = ArrayField(models.CharField(max_length=9), verbose_name="codes des collectivités sans offre locale")
    computed_at = models.DateTimeField("calculée le")

    objects = CoverageCellQuerySet.as_manager()

    class Meta:
        verbose_name = "couverture d’un département"
        verbose_name_plural = "couvertures des départements"
        ordering = ["-on", "department", "theme", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["on", "department", "theme", "kind"], name="coverage_cell_once"),
            models.CheckConstraint(
                name="coverage_cell_adds_up",
                condition=Q(uncovered__lte=F("bodies"), bare__lte=F("uncovered"), codes__len=F("uncovered")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department_id} {self.theme} {self.kind} {self.on}"


class OfferReach(models.Model):
    """The departments that an offer touched when the coverage was last computed: where it may be missing from now on.

    No foreign key: an offer that is deleted leaves its reach for the computation that follows.
    """

    offer_id = models.BigIntegerField(primary_key=True)
    departments = ArrayField(models.CharField(max_length=3), verbose_name="départements")

    class Meta:
        verbose_name = "portée d’une offre"
        verbose_name_plural = "portées des offres"

    def __str__(self) -> str:
        return f"{self.offer_id} : {' '.join(self.departments)}"


class CoverageJob(Job):
    """The work of computing the coverage again: where an offer that has changed was, or is; or of a place, when asked.

    ``place`` is the code of a department, or ``NATION_CODE``.
    """

    offer_id = models.BigIntegerField(null=True)
    place = models.CharField(max_length=3, blank=True, default="")

    class Meta:
        verbose_name = "couverture à recalculer"
        verbose_name_plural = "couvertures à recalculer"
        indexes = [
            undone_index("coverage_job_undone"),
            models.Index(fields=["place", "-id"], name="coverage_job_asked", condition=~Q(place="")),
        ]
        constraints = [
            models.CheckConstraint(
                name="coverage_job_of_one_thing",
                condition=Q(offer_id__isnull=False, place="") | (Q(offer_id__isnull=True) & ~Q(place="")),
            )
        ]

    def __str__(self) -> str:
        return f"couverture de {self.place}" if self.place else f"couverture de l’offre {self.offer_id}"
