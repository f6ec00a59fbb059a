"""What-if: a period replayed on another catalogue, or other thresholds of financing. Nothing of it is a real request's.

A simulation reads and never touches: its rows name requests and bodies without any constraint that would lock them.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from common.models import Job, undone_index
from operators.enums import BodyKind, Theme
from requests.enums import Shift, SimulationKind


class SimulationQuerySet(models.QuerySet["Simulation"]):
    def kept(self) -> "SimulationQuerySet":
        """Those that nobody has removed."""
        return self.filter(removed_at__isnull=True)


class Simulation(models.Model):
    """A scenario, how far its computation is, and its totals. Its state is in its dates; :class:`Replay` is the work.

    ``uuid`` comes with the form: asking twice makes one simulation. ``total`` and ``treated`` count requests, or
    bodies. ``last_id`` is the last request treated, ``up_to`` the last to treat: a batch is never done twice.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("nature", max_length=12, choices=SimulationKind.choices)
    title = models.CharField("intitulé", max_length=120)
    parameters = models.JSONField("réglages")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("demandée le")
    started_at = models.DateTimeField("commencée le", null=True)
    cancel_asked_at = models.DateTimeField("annulation demandée le", null=True)
    ended_at = models.DateTimeField("terminée le", null=True)
    failed_at = models.DateTimeField("abandonnée le", null=True)
    removed_at = models.DateTimeField("supprimée le", null=True)
    total = models.PositiveIntegerField("à examiner", null=True)
    treated = models.PositiveIntegerField("examinées", default=0)
    last_id = models.BigIntegerField(default=0)
    up_to = models.BigIntegerField(default=0)
    summary = models.JSONField("totaux", default=dict)

    objects = SimulationQuerySet.as_manager()

    class Meta:
        verbose_name = "simulation"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="simulation_kind_known", condition=Q(kind__in=SimulationKind.values)),
            models.CheckConstraint(
                name="simulation_counted_once_started",
                condition=Q(started_at__isnull=True) | Q(total__isnull=False, treated__lte=F("total")),
            ),
            models.CheckConstraint(
                name="simulation_ends_one_way", condition=Q(ended_at__isnull=True) | Q(failed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_cancelled(self) -> bool:
        return self.cancel_asked_at is not None

    @property
    def is_running(self) -> bool:
        """Something is still to be done or to be undone."""
        return self.ended_at is None and self.failed_at is None

    @property
    def is_complete(self) -> bool:
        return self.ended_at is not None and not self.is_cancelled

    @property
    def progress(self) -> int:
        """Percent treated, rounded down: 100 is said only of what is complete."""
        return 100 * self.treated // self.total if self.total else 0


class Replay(Job):
    """The work of one simulation: computing it, batch by batch, or clearing what it left."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="replays")

    class Meta:
        verbose_name = "simulation à calculer"
        verbose_name_plural = "simulations à calculer"
        indexes = [undone_index("replay_undone")]

    def __str__(self) -> str:
        return f"calcul de la simulation {self.simulation_id}"


class ScenarioOffer(models.Model):
    """An offer of one of the two catalogues compared, frozen when the computation starts; forgotten when it ends.

    ``record`` has the columns of ``setwise.OFFER_COLUMNS``; the second version of an offer has its identifier negated.
    """

    class Side(models.TextChoices):
        BOTH = "both", "avant et après"
        BEFORE = "before", "avant"
        AFTER = "after", "après"

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="offers")
    code = models.CharField(max_length=60)
    side = models.CharField(max_length=6, choices=Side.choices)
    record = models.JSONField()

    class Meta:
        verbose_name = "offre d’un scénario"
        verbose_name_plural = "offres d’un scénario"
        constraints = [
            models.UniqueConstraint(fields=["simulation", "code", "side"], name="scenario_offer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.side})"


class SimulatedRequest(models.Model):
    """What one request is proposed on either catalogue, and the first reason of a change.

    Routes are places of ``engine.FAMILY_ORDER``, null when nothing fits; offers are the first three of that route.
    """

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="requests")
    support_request = models.ForeignKey(
        "requests.SupportRequest", models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    department = models.ForeignKey("territories.Department", models.DO_NOTHING, db_constraint=False, db_index=False)
    theme = models.CharField(max_length=3, choices=Theme.choices, blank=True)
    #: Whether the proposal kept with the request is a local one; null when it has none.
    kept_local = models.BooleanField(null=True)
    before = models.PositiveSmallIntegerField(null=True)
    before_offers = ArrayField(models.CharField(max_length=60), default=list)
    after = models.PositiveSmallIntegerField(null=True)
    after_offers = ArrayField(models.CharField(max_length=60), default=list)
    #: Empty when neither the route nor the first offer changes.
    shift = models.CharField(max_length=8, choices=Shift.choices, blank=True)
    shift_offer = models.CharField(max_length=60, blank=True)
    shift_criterion = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = "demande simulée"
        verbose_name_plural = "demandes simulées"
        ordering = ["support_request_id"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "support_request"], name="simulated_request_once"),
            models.CheckConstraint(name="simulated_shift_known", condition=Q(shift__in=["", *Shift.values])),
        ]
        indexes = [
            models.Index(
                fields=["simulation", "support_request"], condition=~Q(shift=""), name="simulated_request_changed"
            )
        ]

    def __str__(self) -> str:
        return f"demande {self.support_request_id} de la simulation {self.simulation_id}"


class SimulatedBody(models.Model):
    """A commune or an intercommunalité that the new thresholds make fully funded, or no longer."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="bodies")
    collectivity = models.ForeignKey(
        "territories.Collectivity", models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    department = models.ForeignKey("territories.Department", models.DO_NOTHING, db_constraint=False, db_index=False)
    kind = models.CharField(max_length=12, choices=BodyKind.choices)
    population = models.PositiveIntegerField()
    gained = models.BooleanField()

    class Meta:
        verbose_name = "collectivité simulée"
        verbose_name_plural = "collectivités simulées"
        ordering = ["department_id", "kind", "collectivity_id"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "collectivity"], name="simulated_body_once"),
        ]

    def __str__(self) -> str:
        return f"collectivité {self.collectivity_id} de la simulation {self.simulation_id}"
