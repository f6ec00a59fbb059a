"""A spreadsheet of offers given to a worker: read first, applied if whoever gave it agrees with what it would do."""

import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse

from common import clock
from common.actor import Actor
from common.models import Job, JobQuerySet, undone_index
from files.models import StoredFile
from operators.enums import LoadState
from operators.permissions import load_scope
from territories.models import Department


class OfferLoadQuerySet(JobQuerySet):
    def visible_to(self, actor: Actor) -> "OfferLoadQuerySet":
        """Those of the desk's department; all for the administrator."""
        return self.filter(load_scope(actor))


class OfferLoad(Job):
    """Its own job, twice: undone until it is read, then, once its application is asked, until it is applied.

    ``plan`` is what :class:`operators.loading.plan.Plan` says of it, kept as it was shown; ``digest`` its mark.
    """

    uuid = models.UUIDField("identifiant", default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("fichier", max_length=200)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="contenu")
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="département"
    )
    mandate = models.ForeignKey("accounts.Mandate", models.PROTECT, related_name="+", verbose_name="mandat")
    state = models.CharField("état", max_length=12, choices=LoadState.choices, default=LoadState.READING)
    plan = models.JSONField("ce qu’il ferait", default=dict)
    problem = models.TextField("pourquoi il n’est pas applicable", blank=True)
    created_at = models.DateTimeField("déposé le", default=clock.now, editable=False)
    applied_at = models.DateTimeField("appliqué le", null=True, blank=True, editable=False)
    #: Under which mandate its application was asked.
    applied_under = models.ForeignKey(
        "accounts.Mandate", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="appliqué par"
    )

    objects = OfferLoadQuerySet.as_manager()  # type: ignore[misc]  # the rights, beside what every job has

    class Meta:
        verbose_name = "chargement d’offres"
        verbose_name_plural = "chargements d’offres"
        ordering = ["-created_at"]
        indexes = [
            undone_index("operators_offerload_todo"),
            models.Index(name="offer_load_by_department", fields=["department", "-created_at"]),
        ]
        constraints = [
            models.CheckConstraint(name="offer_load_state_known", condition=Q(state__in=LoadState.values)),
            models.CheckConstraint(
                name="offer_load_applied_says_when",
                condition=Q(state=LoadState.APPLIED, applied_at__isnull=False)
                | (~Q(state=LoadState.APPLIED) & Q(applied_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("operators:load", args=[self.uuid])

    @property
    def is_waiting(self) -> bool:
        """A worker has still to work on it."""
        return self.state in (LoadState.READING, LoadState.APPLYING)

    @property
    def changes(self) -> int:
        return int(self.plan.get("created", 0)) + int(self.plan.get("changed", 0))


class OfferLoadProgress(models.Model):
    """How far the worker is. A row of its own: it is written outside the transaction that holds the other one."""

    load = models.OneToOneField(OfferLoad, models.CASCADE, primary_key=True, related_name="progress")
    done = models.PositiveIntegerField("lignes faites", default=0)
    total = models.PositiveIntegerField("lignes en tout", default=0)

    class Meta:
        verbose_name = "avancement d’un chargement"
        verbose_name_plural = "avancements des chargements"

    def __str__(self) -> str:
        return f"{self.done} sur {self.total}"
