"""The columns of the engineering map: the one table that loading, export and template read."""

import enum
from dataclasses import dataclass

from django.db.models import TextChoices

from operators.enums import BodyKind, EngineeringType, LegalMode, Phase, PriceModel, Service, Theme
from operators.services.faults import LONGEST
from operators.wording import LABELS


class Kind(enum.Enum):
    TEXT = enum.auto()
    INTEGER = enum.auto()
    BOOLEAN = enum.auto()
    DAY = enum.auto()
    LABEL = enum.auto()  # one of a list
    LABELS = enum.auto()  # several of a list
    PLACES = enum.auto()
    CODE = enum.auto()  # which offer
    PROVIDER = enum.auto()  # whose
    TOLD = enum.auto()  # written on export, never read


@dataclass(frozen=True, slots=True)
class Column:
    """``field`` is one of ``OfferValues``, or names what the kind says. ``choices``: the list, where it is not one of
    reference data. ``other_names``: headings read as this one. ``examples``: cells of the two lines of example."""

    field: str
    kind: Kind
    help: str
    choices: type[TextChoices] | None = None
    other_names: tuple[str, ...] = ()
    examples: tuple[str | int, str | int] = ("", "")
    required: bool = False

    @property
    def heading(self) -> str:
        return _OTHER_LABELS.get(self.field) or LABELS[self.field]

    @property
    def most(self) -> int:
        """Longest text."""
        return LONGEST.get(self.field, 4000)


#: Columns that are no field of the values; the others are named as everywhere.
_OTHER_LABELS = {
    "code": "Code",
    "provider": "Prestataire",
    "status": "État",
    "illustrative": "Illustration",
}
MANY = "Plusieurs valeurs se séparent par un point-virgule."
#: How a line of the template is told from an offer: its code begins so, as none does, and loading leaves it out.
EXAMPLE = "exemple "

# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("code", Kind.CODE,
           "Laissez vide pour une offre nouvelle. L’export donne le code des offres du catalogue : gardez-le, il dit "
           "laquelle modifier. Une ligne dont le code commence par « exemple » est ignorée.",
           other_names=("code de l’offre",), examples=(f"{EXAMPLE}1", f"{EXAMPLE}2")),
    Column("provider", Kind.PROVIDER,
           "Nom ou code de l’organisme au catalogue.", required=True,
           other_names=("organisme", "offreur", "structure"), examples=("Agence technique départementale", "CAUE")),
    Column("title", Kind.TEXT, "En une ligne, dans les mots d’une commune.", required=True,
           other_names=("titre", "offre", "intitulé de l’offre"),
           examples=("Appui à la rénovation d’une école", "Conseil pour un centre-bourg")),
    Column("description", Kind.TEXT, "Ce que l’organisme fait. La commune lit ce texte.",
           examples=("Visite, diagnostic du bâtiment, programme et calendrier.",
                     "Une journée sur place, une note illustrée sous un mois.")),
    Column("themes", Kind.LABELS, f"Un au moins pour publier. {MANY}", Theme, ("thème",),
           examples=("Jeunesse, éducation et sports", "Logement, habitat et cadre de vie")),
    Column("subjects", Kind.LABELS, f"Vide : tous ceux des thèmes. {MANY}", None, ("sujet",),
           examples=("École, cantine, périscolaire", "")),
    Column("engineering_types", Kind.LABELS, MANY, EngineeringType, ("type d’ingénierie",),
           examples=("Technique", "Stratégie et animation")),
    Column("services", Kind.LABELS, f"Ce que la commune obtient. {MANY}", Service,
           ("service", "services attendus", "prestations"),
           examples=("Diagnostic ; Étude de faisabilité", "Conseil et expertise")),
    Column("phases", Kind.LABELS, f"Vide : tous. {MANY}", Phase, ("phases", "phase"),
           examples=("Émergence ; Cadrage", "Émergence")),
    Column("coverage", Kind.PLACES,
           "Un niveau, puis un code ou un nom : « département 04 », « EPCI 200069193 sauf commune 04121 », "
           "« arrondissement 041 », « région 93 ». Un nom seul suffit s’il ne désigne qu’un territoire. Ce qui suit "
           "« sauf » est exclu. Plusieurs territoires se séparent par un point-virgule.",
           other_names=("territoire", "territoires couverts", "couverture", "périmètre"),
           examples=("département 04", "EPCI 200069193 sauf commune 04121")),
    Column("body_kinds", Kind.LABELS, f"Vide : toutes. {MANY}", BodyKind,
           ("bénéficiaires", "collectivité éligible"), examples=("Communes ; Intercommunalités", "Communes")),
    Column("population_min", Kind.INTEGER, "Comprise. Vide : sans minimum.",
           other_names=("population min",)),
    Column("population_max", Kind.INTEGER,
           "Comprise : « moins de 3 500 habitants » s’écrit 3499. Vide : sans maximum.",
           other_names=("population max",), examples=("", 3499)),
    Column("membership_required", Kind.BOOLEAN, "oui ou non.", examples=("oui", "non")),
    Column("membership_label", Kind.TEXT, "Obligatoire si une adhésion est requise.",
           examples=("Adhésion à l’agence, votée par le conseil", "")),
    Column("programmes_required", Kind.LABELS,
           f"Vide : aucun n’est requis. {MANY}", None, ("programmes requis", "programmes", "programme requis")),
    Column("zonings_required", Kind.LABELS,
           f"Vide : aucun n’est requis. {MANY}", None, ("zonages requis", "zonages", "zonage requis")),
    Column("legal_mode", Kind.LABEL, "À quel titre une commune peut recourir à l’offre.", LegalMode,
           examples=("Adhésion (quasi-régie)", "Gratuit de droit")),
    Column("price_model", Kind.LABEL, "", PriceModel, ("type de prix",),
           examples=("Compris dans une adhésion", "Sans frais")),
    Column("price_label", Kind.TEXT, "Ce que la commune paie, en une phrase.", None,
           ("prix", "tarif", "coût"), examples=("Compris dans l’adhésion", "Sans frais pour vous")),
    Column("conditions", Kind.TEXT, ""),
    Column("delay_days", Kind.INTEGER, "En jours, avant le début.", None,
           ("délai", "délai annoncé"), examples=(30, 15)),
    Column("capacity_left", Kind.INTEGER,
           "Nombre de communes que l’organisme peut encore aider. Vide : sans limite. 0 : complet.",
           other_names=("capacité restante", "capacité")),
    Column("valid_from", Kind.DAY, "Comme 04/05/2026. Vide : dès maintenant.", None, ("début",)),
    Column("valid_to", Kind.DAY, "Comme 04/05/2026. Vide : offre permanente.", None, ("fin",)),
    Column("source_url", Kind.TEXT, "Adresse de la page qui décrit l’offre : https://…", None, ("source", "lien")),
    Column("verified_on", Kind.DAY,
           "Jour où l’organisme a confirmé l’offre. Vide : le jour du chargement.", None, ("date de vérification",)),
    Column("agreed_beforehand", Kind.BOOLEAN,
           "oui : l’organisme a accepté d’avance, il n’est pas sollicité.", examples=("non", "non")),
    Column("status", Kind.TOLD, "Donné à l’export, ignoré au chargement."),
    Column("illustrative", Kind.TOLD, "Donné à l’export, ignoré au chargement."),
)
# fmt: on
BY_FIELD = {column.field: column for column in COLUMNS}
HEADINGS = tuple(column.heading for column in COLUMNS)
#: Every name under which a column is read.
KNOWN = tuple(name for column in COLUMNS for name in (column.heading, *column.other_names))
#: The sheet of the template and of the export, preferred when a workbook has several.
SHEET = "Offres"
