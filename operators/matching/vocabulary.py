"""Words that offers and needs share, with the French that users read. No Django here: ``operators.enums`` builds on it.

Values are an API contract. Sources: DOMAIN 3.2 (b to f), 5.1, 5.2; PRACTICE 1.3, 3.6.
"""

import enum


class Labelled(enum.StrEnum):
    """A string enumeration whose members carry a French label."""

    label: str

    def __new__(cls, value: str, label: str = "") -> "Labelled":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Theme(Labelled):
    """The eight themes of the annual report and one for territorial projects, which have no home among them."""

    TER = "TER", "Transition écologique et résilience"
    DEV = "DEV", "Développement économique, emploi et formation"
    JES = "JES", "Jeunesse, éducation et sports"
    COM = "COM", "Redynamisation commerciale et artisanale"
    NUM = "NUM", "Accès au numérique et aux services publics"
    LOG = "LOG", "Logement, habitat et cadre de vie"
    PAR = "PAR", "Participation et engagement citoyen"
    CUL = "CUL", "Culture, patrimoine et tourisme"
    PDT = "PDT", "Projet de territoire et contractualisation"


class EngineeringType(Labelled):
    TECHNICAL = "technical", "Technique"
    FINANCIAL = "financial", "Financière"
    LEGAL = "legal", "Juridique et administrative"
    STRATEGIC = "strategic", "Stratégie et animation"
    DIGITAL = "digital", "Numérique"


class Service(Labelled):
    """What one may expect from engineering ahead of works: neither an architect's design, nor works, nor grants."""

    DIAGNOSIS = "diagnosis", "Diagnostic"
    STRATEGY = "strategy", "Projet de territoire, stratégie"
    FEASIBILITY = "feasibility", "Étude de faisabilité"
    PROGRAMMING = "programming", "Définition, cadrage, programmation"
    PARTICIPATION = "participation", "Concertation, participation"
    FUNDING_SEARCH = "funding_search", "Montage et recherche de financements"
    EXPERTISE = "expertise", "Conseil et expertise"
    PROJECT_MANAGEMENT = "project_management", "Appui au pilotage, assistance à maîtrise d’ouvrage"
    LEGAL_SUPPORT = "legal_support", "Appui juridique"
    INTRODUCTION = "introduction", "Mise en relation"


class Phase(Labelled):
    """How far a project has come. The first four are engineering ahead of works (« ingénierie amont »)."""

    EMERGENCE = "emergence", "Émergence"
    FRAMING = "framing", "Cadrage"
    FEASIBILITY = "feasibility", "Étude de faisabilité"
    PROGRAMMING = "programming", "Programmation"
    DESIGN = "design", "Maîtrise d’œuvre"
    WORKS = "works", "Travaux"
    OPERATION = "operation", "Exploitation"


#: Phases in which the desk and the agency work (DOMAIN 3.2 c).
UPSTREAM_PHASES = (Phase.EMERGENCE, Phase.FRAMING, Phase.FEASIBILITY, Phase.PROGRAMMING)


class BodyKind(Labelled):
    """Kinds of collectivity; the values are those of ``territories.Collectivity.kind`` (tested)."""

    COMMUNE = "commune", "Communes"
    EPCI = "epci", "Intercommunalités"
    EPT = "ept", "Établissements publics territoriaux"
    DEPARTMENT = "department", "Départements"
    REGION = "region", "Régions"
    OVERSEAS = "overseas", "Collectivités d’outre-mer"
    SYNDICATE = "syndicate", "Syndicats"
    PETR = "petr", "Pôles d’équilibre territorial et rural, pays"
    OTHER = "other", "Autres groupements"


class ProviderKind(Labelled):
    """Public, para-public or in-house bodies only: neither a firm nor a SEM can be entered (PRACTICE 3.6)."""

    OPERATOR = "operator", "Opérateur partenaire de l’Agence"
    AGENCY = "agency", "Service de l’Agence nationale de la cohésion des territoires"
    STATE_SERVICE = "state_service", "Service de l’État"
    DEPARTMENT_COUNCIL = "department_council", "Département"
    TECHNICAL_AGENCY = "technical_agency", "Agence technique départementale"
    CAUE = "caue", "Conseil d’architecture, d’urbanisme et de l’environnement"
    PLANNING_AGENCY = "planning_agency", "Agence d’urbanisme"
    EPF = "epf", "Établissement public foncier"
    ADIL = "adil", "Agence départementale d’information sur le logement"
    ENERGY_SYNDICATE = "energy_syndicate", "Syndicat d’énergie"
    CHAMBER = "chamber", "Chambre consulaire"
    REGIONAL_PARK = "regional_park", "Parc naturel régional"
    PETR = "petr", "Pôle d’équilibre territorial et rural, pays"
    OTHER_PUBLIC = "other_public", "Autre organisme public"


class Family(Labelled):
    """Where a help comes from, in the order of precedence of DOMAIN 4.1."""

    LOCAL = "local", "Offre locale"
    OPERATOR = "operator", "Offre d’un opérateur"
    AGENCY = "agency", "Service de l’Agence"


#: The family of each kind of provider; a kind left out raises.
FAMILY: dict[str, Family] = {
    ProviderKind.OPERATOR: Family.OPERATOR,
    ProviderKind.AGENCY: Family.AGENCY,
    ProviderKind.STATE_SERVICE: Family.LOCAL,
    ProviderKind.DEPARTMENT_COUNCIL: Family.LOCAL,
    ProviderKind.TECHNICAL_AGENCY: Family.LOCAL,
    ProviderKind.CAUE: Family.LOCAL,
    ProviderKind.PLANNING_AGENCY: Family.LOCAL,
    ProviderKind.EPF: Family.LOCAL,
    ProviderKind.ADIL: Family.LOCAL,
    ProviderKind.ENERGY_SYNDICATE: Family.LOCAL,
    ProviderKind.CHAMBER: Family.LOCAL,
    ProviderKind.REGIONAL_PARK: Family.LOCAL,
    ProviderKind.PETR: Family.LOCAL,
    ProviderKind.OTHER_PUBLIC: Family.LOCAL,
}


class LegalMode(Labelled):
    """Mode de recours: by what right a collectivity may call upon the offer (PRACTICE 3.6).

    The last one is ours: operators and the agency act under a convention with the body helped, none of the five others.
    """

    FREE_BY_RIGHT = "free_by_right", "Gratuit de droit"
    MEMBERSHIP = "membership", "Adhésion (quasi-régie)"
    SHAREHOLDING = "shareholding", "Actionnariat d’une société publique locale"
    DEPARTMENT_AGREEMENT = "department_agreement", "Convention avec le département (article L. 3232-1-1 du CGCT)"
    TENDER = "tender", "À mettre en concurrence"
    OPERATOR_AGREEMENT = "operator_agreement", "Convention avec l’opérateur ou l’Agence"


class PriceModel(Labelled):
    FREE = "free", "Sans frais"
    MEMBERSHIP = "membership", "Compris dans une adhésion"
    COFINANCED = "cofinanced", "Cofinancé"
    PAID = "paid", "Payant"


class Level(Labelled):
    """Levels of coverage, from the widest to the most exact."""

    NATION = "nation", "France entière"
    REGION = "region", "Région"
    DEPARTMENT = "department", "Département"
    ARRONDISSEMENT = "arrondissement", "Arrondissement"
    EPCI = "epci", "Intercommunalité"
    COMMUNE = "commune", "Commune"


#: « Je ne sais pas »: the only subject without a theme.
UNKNOWN_SUBJECT = "inconnu"
#: The only code of the level ``nation``.
NATION_CODE = "FR"


class SubjectGroup(Labelled):
    """The four groups of the filing page (SCREENS 2), in the order of the page."""

    SERVICES = "services", "Services et population"
    ACTIVITY = "activity", "Activité"
    LIVING = "living", "Cadre de vie"
    ENVIRONMENT = "environment", "Environnement et projet"


class OfferStatus(Labelled):
    DRAFT = "draft", "Brouillon"
    IN_REVIEW = "in_review", "En relecture"
    PUBLISHED = "published", "Publiée"
    EXPIRED = "expired", "Expirée"


#: The five partner operators, a closed set (CGCT L1233-3): code → name.
OPERATORS: dict[str, str] = {
    "anah": "Anah",
    "anru": "ANRU",
    "cerema": "Cerema",
    "bdt": "Banque des Territoires",
    "ademe": "Ademe",
}
#: The agency's own services that may be an answer, a closed list (PRACTICE 1.3): code → name.
AGENCY_SERVICES: dict[str, str] = {
    "incubateur-territoires": "Incubateur des territoires",
    "immobilier-commercial": "Appui à l’immobilier commercial",
    "fabrique-prospective": "Fabrique prospective",
    "programme-agence": "Programme de l’Agence",
}
