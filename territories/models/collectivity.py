"""The bodies that may ask for help: communes, groupings, departments, regions, overseas bodies, syndicates."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils.functional import cached_property

from common.french import with_article
from territories import siren as siren_rules
from territories.completion import CompletionMixin
from territories.enums import CollectivityKind, FormerCodeKind, Liaison
from territories.models.areas import Arrondissement, Department
from territories.models.membership import FlatMembership, Membership
from territories.names import normalised

#: Legal form of the communes of Saint-Pierre-et-Miquelon, French Polynesia and New Caledonia, of kind ``overseas``.
OVERSEAS_COMMUNE = "Commune d’outre-mer"
#: Kinds whose rows come from the official files: the loader alone creates them and declares them no longer current.
REFERENCE_KINDS = frozenset(
    {
        CollectivityKind.COMMUNE,
        CollectivityKind.EPCI,
        CollectivityKind.EPT,
        CollectivityKind.DEPARTMENT,
        CollectivityKind.REGION,
        CollectivityKind.OVERSEAS,
    }
)


class CollectivityQuerySet(CompletionMixin, models.QuerySet["Collectivity"]):
    def current(self) -> "CollectivityQuerySet":
        return self.filter(is_current=True)

    def municipal(self) -> "CollectivityQuerySet":
        """Those of which ``is_municipal`` holds."""
        return self.filter(Q(kind=CollectivityKind.COMMUNE) | Q(legal_form=OVERSEAS_COMMUNE))

    def in_department(self, code: str) -> "CollectivityQuerySet":
        """Bodies that have a part of their territory in this department, not only those it leads."""
        link = CollectivityDepartment.objects.filter(collectivity=models.OuterRef("pk"), department=code)
        return self.filter(models.Exists(link))

    def within(self, grouping: "Collectivity") -> "CollectivityQuerySet":
        """Its members, members of its members included."""
        link = FlatMembership.objects.filter(member=models.OuterRef("pk"), ancestor=grouping)
        return self.filter(models.Exists(link))

    def with_epci(self) -> "CollectivityQuerySet":
        """Loads what ``epci`` and ``groupings`` read: one more query for a whole list."""
        opened = Membership.objects.opened().select_related("grouping").order_by("grouping__code")
        return self.prefetch_related(models.Prefetch("memberships", queryset=opened, to_attr="open_memberships"))


class Collectivity(models.Model):
    """A body with an address of its own. ``code`` is unique among all: INSEE code of a commune, SIREN of a grouping,
    code of a department's council, ``REG-84`` of a region's, code of an overseas collectivity."""

    kind = models.CharField("nature", max_length=12, choices=CollectivityKind.choices)
    code = models.CharField("code", max_length=9, db_collation="C")
    name = models.CharField("nom", max_length=160)
    other_names = models.TextField(
        "autres noms", blank=True, help_text="Communes déléguées ou associées, noms d’usage, séparés par des virgules."
    )
    normalised_name = models.GeneratedField(
        expression=normalised("name"),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )
    liaison = models.SmallIntegerField("article", choices=Liaison.choices, default=Liaison.DE)
    legal_form = models.CharField("forme juridique", max_length=60, blank=True)
    # null, not "": both are unique, and most bodies lack one of them
    insee_code = models.CharField("code INSEE", max_length=5, null=True, blank=True, db_collation="C")  # noqa: DJ001
    siren = models.CharField("SIREN", max_length=9, null=True, blank=True, db_collation="C")  # noqa: DJ001
    population = models.PositiveIntegerField("population", null=True, blank=True)
    population_vintage = models.PositiveSmallIntegerField("année de la population", null=True, blank=True)
    population_column = models.CharField("colonne de la source", max_length=40, blank=True)
    populations = models.JSONField(
        "toutes les colonnes de population", default=dict, blank=True, help_text="Les deux colonnes des EPCI diffèrent."
    )
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        db_index=False,  # collectivity_by_department begins with it
        related_name="led_collectivities",
        verbose_name="département principal",
    )
    departments = models.ManyToManyField(
        Department, through="CollectivityDepartment", related_name="collectivities", verbose_name="départements"
    )
    arrondissement = models.ForeignKey(
        Arrondissement,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="communes",
        verbose_name="arrondissement",
    )
    postal_codes = ArrayField(models.CharField(max_length=5), default=list, blank=True, verbose_name="codes postaux")
    latitude = models.DecimalField("latitude", max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField("longitude", max_digits=8, decimal_places=5, null=True, blank=True)
    is_current = models.BooleanField("existe aujourd’hui", default=True)
    fictitious = models.BooleanField("organisme fictif", default=False, db_default=False)
    search_terms = models.GeneratedField(
        expression=Func(
            F("name"), F("other_names"), F("code"), F("siren"), F("postal_codes"), function="territories_terms"
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = CollectivityQuerySet.as_manager()

    class Meta:
        verbose_name = "collectivité"
        ordering = ["normalised_name", "code"]
        indexes = [
            models.Index(fields=["normalised_name"], name="collectivity_by_name"),
            models.Index(F("population").desc(nulls_last=True), F("code"), name="collectivity_by_population"),
            GinIndex(fields=["search_terms"], name="collectivity_by_term", fastupdate=False),
            models.Index(fields=["department", "kind"], name="collectivity_by_department"),
            # a desk's groupings, listed on its every page: without it, every commune of France is read
            models.Index(fields=["normalised_name"], name="collectivity_epci", condition=Q(kind="epci")),
            models.Index(fields=["arrondissement"], name="collectivity_by_subprefecture"),
        ]
        constraints = [
            # constraints, not unique=True: the columns are in C collation and need no second index for LIKE
            models.UniqueConstraint(fields=["code"], name="collectivity_code_once"),
            models.UniqueConstraint(fields=["insee_code"], name="collectivity_insee_code_once"),
            models.UniqueConstraint(
                fields=["siren"],
                name="collectivity_siren_once",
                violation_error_message="Ce SIREN est déjà enregistré.",
            ),
            models.CheckConstraint(
                name="collectivity_siren_is_nine_digits",
                condition=Q(siren__isnull=True) | Q(siren__regex=r"^[0-9]{9}$"),
                violation_error_message="Le SIREN compte neuf chiffres.",
            ),
            models.CheckConstraint(
                name="collectivity_commune_has_its_code",
                condition=~Q(kind=CollectivityKind.COMMUNE) | Q(insee_code__isnull=False),
                violation_error_message="Une commune a un code INSEE.",
            ),
            models.CheckConstraint(
                name="collectivity_population_has_its_column",
                condition=Q(population__isnull=True)
                | ~Q(population_column="")
                | Q(fictitious=True)
                | ~Q(kind__in=[CollectivityKind.COMMUNE, CollectivityKind.EPCI]),
                violation_error_message="Une population s’inscrit avec la colonne dont elle vient.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("territories:detail", args=[self.code])

    def clean(self) -> None:
        super().clean()
        if self.siren and (fault := siren_rules.fault(self.siren, fictitious=self.fictitious)):
            raise ValidationError({"siren": fault})

    @property
    def label(self) -> str:
        """« Mézel (04) ». Homonyms are told apart by their department, and by the population that lists show."""
        return f"{self.name} ({self.department_id})"

    @property
    def of_name(self) -> str:
        """« du Prêcheur », « d’Ouessant », « de la CC du Pays de Fayence »."""
        return with_article(self.name, self.liaison)

    @property
    def is_municipal(self) -> bool:
        """A commune, those of the overseas collectivities included."""
        return self.kind == CollectivityKind.COMMUNE or self.legal_form == OVERSEAS_COMMUNE

    @property
    def groupings(self) -> list["Collectivity"]:
        """The bodies it is a member of today; loaded by ``with_epci`` on lists."""
        return [membership.grouping for membership in self._opened]

    @property
    def epci(self) -> "Collectivity | None":
        """Its intercommunalité with its own taxation; itself for an EPCI; none for four islands and overseas."""
        if self.kind == CollectivityKind.EPCI:
            return self
        return next((body for body in self.groupings if body.kind == CollectivityKind.EPCI), None)

    @cached_property
    def _opened(self) -> list[Membership]:
        loaded = getattr(self, "open_memberships", None)
        if loaded is not None:
            return loaded
        return list(self.memberships.opened().select_related("grouping").order_by("grouping__code"))


class CollectivityDepartment(models.Model):
    """A department on which a body has a part of its territory: 89 EPCI have several. The lead one says the desk."""

    collectivity = models.ForeignKey(Collectivity, models.CASCADE, db_index=False, related_name="department_links")
    department = models.ForeignKey(Department, models.PROTECT, related_name="collectivity_links")
    is_lead = models.BooleanField("département principal", default=False)

    class Meta:
        verbose_name = "département de la collectivité"
        verbose_name_plural = "départements de la collectivité"
        constraints = [
            models.UniqueConstraint(fields=["collectivity", "department"], name="collectivity_department_once"),
            models.UniqueConstraint(
                fields=["collectivity"], condition=Q(is_lead=True), name="collectivity_has_one_lead_department"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.collectivity_id} · {self.department_id}"


class FormerCode(models.Model):
    """A code that is no current commune's, and the body it stands for today."""

    code = models.CharField("code", max_length=9, primary_key=True, db_collation="C")
    collectivity = models.ForeignKey(
        Collectivity, models.PROTECT, related_name="former_codes", verbose_name="collectivité actuelle"
    )
    name = models.CharField("nom", max_length=160, blank=True)
    kind = models.CharField("nature", max_length=24, choices=FormerCodeKind.choices, default=FormerCodeKind.FORMER)

    class Meta:
        verbose_name = "ancien code"
        verbose_name_plural = "anciens codes"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code
