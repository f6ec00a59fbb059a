"""The departmental committee (CLCT) and who sits in it. It is informed; nothing here decides (PRACTICE 3.1)."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from committees.enums import College
from committees.permissions import scope
from common.actor import Actor


class CommitteeQuerySet(models.QuerySet["Committee"]):
    def visible_to(self, actor: Actor) -> "CommitteeQuerySet":
        return self.filter(scope(actor))


class Committee(models.Model):
    """Comité local de cohésion territoriale of a department, set by order of the prefect (CGCT L1232-2, R1232-10)."""

    department = models.OneToOneField(
        "territories.Department", on_delete=models.PROTECT, related_name="committee", verbose_name="département"
    )
    name = models.CharField("nom", max_length=160, default="Comité local de cohésion territoriale")
    order_reference = models.CharField("arrêté de composition", max_length=160, blank=True)
    order_date = models.DateField("date de l’arrêté", null=True, blank=True)

    objects = CommitteeQuerySet.as_manager()

    class Meta:
        verbose_name = "comité local"
        verbose_name_plural = "comités locaux"
        ordering = ["department"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("committees:detail", args=[self.department_id.lower()])


class CommitteeMemberQuerySet(models.QuerySet["CommitteeMember"]):
    def in_force(self, on: dt.date) -> "CommitteeMemberQuerySet":
        return self.filter(Q(starts_on__lte=on), Q(ends_on__isnull=True) | Q(ends_on__gte=on))


class CommitteeMember(models.Model):
    """A seat: a body, and the mandate of the person who holds it when known. Function and body only, no label."""

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="members", verbose_name="comité")
    college = models.CharField("collège", max_length=16, choices=College.choices)
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="committee_seats",
        verbose_name="organisme",
    )
    mandate = models.ForeignKey(
        "accounts.Mandate",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="committee_seats",
        verbose_name="mandat",
    )
    body_name = models.CharField("organisme, en clair", max_length=160)
    quality = models.CharField("qualité", max_length=160)
    starts_on = models.DateField("début")
    ends_on = models.DateField("fin", null=True, blank=True)
    illustrative = models.BooleanField("illustratif", default=False)

    objects = CommitteeMemberQuerySet.as_manager()

    class Meta:
        verbose_name = "membre du comité"
        verbose_name_plural = "membres du comité"
        ordering = ["committee", "college", "body_name", "quality"]
        constraints = [
            models.UniqueConstraint(
                name="committee_seat_once", fields=["committee", "body_name", "quality", "starts_on"]
            ),
            models.CheckConstraint(
                name="committee_member_dates_ordered",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="La fin précède le début.",
            ),
            models.CheckConstraint(name="committee_college_known", condition=Q(college__in=College.values)),
        ]

    def __str__(self) -> str:
        return f"{self.body_name}, {self.quality}"
