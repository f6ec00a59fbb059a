"""The State's desk of a department: one name, one address, one mailbox. Never « DDT » in a template (PRACTICE 2.4)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from common.actor import Matter
from common.clock import today
from territories.models.areas import Department

MATTER_LABELS = {
    Matter.LOCAL_DECISION: "décision locale",
    Matter.REDIRECTION: "réorientation",
    Matter.CLOSING: "clôture",
    Matter.REFERRAL: "transmission à l’Agence (saisine)",
    Matter.AGREEMENT: "convention",
}
GENERIC_LABEL = "Guichet unique de l’ingénierie"


class Desk(models.Model):
    department = models.OneToOneField(Department, models.PROTECT, related_name="desk", verbose_name="département")
    label = models.CharField(
        "nom du guichet", max_length=120, default=GENERIC_LABEL, help_text="Tel que le connaissent les communes."
    )
    service_name = models.CharField(
        "service", max_length=160, help_text="En toutes lettres : « Direction départementale des territoires »."
    )
    service_acronym = models.CharField("sigle du service", max_length=20, blank=True)
    address = models.TextField("adresse", blank=True)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("boîte de messagerie", blank=True)
    opening_hours = models.CharField("horaires", max_length=160, blank=True)
    instructor_matters = ArrayField(
        models.CharField(max_length=20, choices=[(matter.value, label) for matter, label in MATTER_LABELS.items()]),
        default=list,
        blank=True,
        verbose_name="ce que les instructeurs décident eux-mêmes",
    )
    illustrative = models.BooleanField(
        "coordonnées d’exemple",
        default=False,
        help_text="Adresse, téléphone et messagerie inventés pour la démonstration.",
    )

    class Meta:
        verbose_name = "guichet"
        ordering = ["department"]

    def __str__(self) -> str:
        return f"{self.label} ({self.department_id})"

    @property
    def service(self) -> str:
        """« Direction départementale des territoires (DDT) »."""
        return f"{self.service_name} ({self.service_acronym})" if self.service_acronym else self.service_name

    @property
    def upcoming_closings(self) -> "models.QuerySet[DeskClosing]":
        """Those that are not over, the nearest first."""
        return self.closings.filter(last_day__gte=today(self.department.zone_info)).order_by("first_day")


class DeskClosing(models.Model):
    """Days on which the desk is closed: the official is told."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="closings", verbose_name="guichet")
    first_day = models.DateField("du")
    last_day = models.DateField("au (inclus)")
    reason = models.CharField("motif", max_length=120, blank=True)

    class Meta:
        verbose_name = "fermeture du guichet"
        verbose_name_plural = "fermetures du guichet"
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                name="desk_closing_ends_after_it_begins",
                condition=Q(last_day__gte=F("first_day")),
                violation_error_message="La fermeture se termine après son début.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%d/%m/%Y} – {self.last_day:%d/%m/%Y}"
