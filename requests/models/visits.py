"""Visits to communes that ask nothing: planned, made, and what was heard there. The State's alone."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.actor import Actor
from requests.permissions import silence_scope


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, actor: Actor) -> "VisitQuerySet":
        return self.filter(silence_scope(actor, "commune__"))

    def open(self) -> "VisitQuerySet":
        """On the list, and not made yet."""
        return self.filter(visited_on=None)


class Visit(models.Model):
    """A commune on the list of visits; a made one (``visited_on``) stays, and another may be opened. What becomes of
    it, a request filed afterwards, is read from the requests."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    commune = models.ForeignKey("territories.Collectivity", models.PROTECT, db_index=False, related_name="+")
    planned_on = models.DateField("prévue le", null=True, blank=True)
    visitor = models.CharField("par", max_length=120, blank=True)
    visited_on = models.DateField("faite le", null=True, blank=True)
    note = models.TextField("ce qui a été dit", max_length=1000, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    service = models.CharField("service", max_length=200, blank=True)
    added_at = models.DateTimeField("ajoutée le")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    #: Counts the writings: whoever writes says which one he read.
    version = models.PositiveIntegerField(default=1)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = "visite"
        ordering = [F("planned_on").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["commune"],
                condition=Q(visited_on__isnull=True),
                name="one_open_visit_a_commune",
                violation_error_message="Cette commune est déjà dans la liste des visites.",
            ),
        ]
        indexes = [models.Index(fields=["commune", "-visited_on"], name="visit_by_commune")]

    def __str__(self) -> str:
        return f"{self.commune_id} ({self.visited_on or self.planned_on or 'sans date'})"
