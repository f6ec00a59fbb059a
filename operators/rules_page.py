"""The public page of the rules, built from the tables that the engine runs: what is shown cannot differ from what is
done."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from common.french import NBSP, joined, plural
from operators.matching import evidence, weights
from operators.matching.criteria import CRITERIA, VERDICTS, Concern, Criterion, Reason, Verdict
from operators.matching.engine import FAMILY_ORDER, MAX_MISSES
from operators.matching.evidence import Motive
from operators.matching.reasons import pattern
from operators.matching.setwise import reasons_of
from operators.matching.versions import current
from operators.matching.vocabulary import PriceModel

#: Criterion → what is compared, in one sentence. Total over the criteria (tested).
EXPLANATIONS: dict[str, str] = {
    "territory": "L’offre couvre la commune, son intercommunalité, son arrondissement, son département, sa région ou "
    "la France. Un territoire exclu par l’offre l’emporte. Une partie seulement : question à poser.",
    "status": "L’offre est publiée et son prestataire est actif.",
    "validity": "Le jour de la demande est dans la période de validité. Sans date de fin, l’offre est permanente.",
    "theme": "L’offre et le besoin ont un thème en commun.",
    "subject": "L’offre et le besoin ont un sujet en commun. Une offre sans sujet vaut pour tous ceux de ses thèmes.",
    "body_kind": "L’offre est ouverte à ce type de collectivité.",
    "population": "La population connue, avec son année, est dans l’intervalle de l’offre, bornes comprises.",
    "programme": "La collectivité, ou un groupement dont elle est membre, appartient à l’un des programmes demandés.",
    "zoning": "La collectivité est dans l’un des zonages demandés. Un zonage que les listes ne disent pas est inconnu.",
    "engineering": "Le type d’ingénierie attendu est l’un de ceux de l’offre.",
    "service": "Le service attendu est l’un de ceux de l’offre.",
    "phase": "L’offre intervient à ce moment du projet.",
    "membership": "L’offre est réservée aux adhérents : la collectivité l’est, ne l’est pas, ou le portail l’ignore.",
    "capacity": "Le prestataire n’a pas déclaré son plan de charge complet.",
}
#: Where the points of a reason come from, in words. Total over the weighed reasons (tested).
WEIGHT_LABELS: dict[Reason, str] = {
    Reason.COVERS_COMMUNE: "Offre propre à la commune",
    Reason.COVERS_EPCI: "Offre de l’intercommunalité",
    Reason.COVERS_ARRONDISSEMENT: "Offre de l’arrondissement",
    Reason.COVERS_DEPARTMENT: "Offre du département",
    Reason.COVERS_REGION: "Offre de la région",
    Reason.COVERS_NATION: "Offre nationale",
    Reason.COVERS_PART: "Une partie du territoire seulement",
    Reason.SUBJECT_MET: "Sujet nommé par l’offre",
    Reason.SERVICE_MET: "Service attendu proposé",
    Reason.PROGRAMME_MET: "Programme demandé, dont la collectivité est membre",
    Reason.ZONING_MET: "Zonage demandé, où se trouve la collectivité",
    Reason.MEMBER: "Adhésion acquise",
    Reason.THEME_UNKNOWN: "Thème non connu",
    Reason.SUBJECT_UNKNOWN: "Sujet non connu",
    Reason.BODY_KIND_UNKNOWN: "Nature de la collectivité non connue",
    Reason.POPULATION_UNKNOWN: "Population non connue",
    Reason.PROGRAMME_UNKNOWN: "Appartenance au programme non connue",
    Reason.ZONING_UNKNOWN: "Zonage non connu",
    Reason.ENGINEERING_UNKNOWN: "Type d’ingénierie non connu",
    Reason.SERVICE_UNKNOWN: "Service attendu non connu",
    Reason.PHASE_UNKNOWN: "Avancement non connu",
    Reason.MEMBERSHIP_UNKNOWN: "Adhésion non connue",
}
MOTIVE_LABELS: dict[Motive, str] = {
    Motive.INSUFFICIENT_RESOURCES: "Insuffisance des ressources locales",
    Motive.COMPLEXITY: "Complexité du projet",
    Motive.FRAGILITY: "Fragilité de la collectivité",
}
MOTIVE_EVIDENCE: dict[Motive, str] = {
    Motive.INSUFFICIENT_RESOURCES: "Les offres locales examinées et la raison qui écarte chacune ; l’absence de "
    "prestataire pour ce sujet sur ce territoire.",
    Motive.COMPLEXITY: f"Le nombre de thèmes ({evidence.MANY_THEMES} ou plus), de communes, de départements et "
    "d’organismes ; les signes relevés par l’agent : " + ", ".join(evidence.COMPLEXITY_SIGNS.values()) + ".",
    Motive.FRAGILITY: "Des faits publiés, avec leur source et leur date : "
    + ", ".join(fact.label[:1].lower() + fact.label[1:] for fact in evidence.FRAGILITY_FACTS)
    + ". Ce qui n’est pas connu reste « inconnu ».",
}


#: To whom a question goes when the answer is not known.
ASKED: dict[Concern, str] = {
    Concern.NEED: "précisé avec le guichet",
    Concern.BODY: "demandé à la collectivité",
    Concern.OFFER: "toujours connu",
}


#: The four values of a criterion, in the order of the page. Total (tested).
VALUES: dict[Verdict, str] = {
    Verdict.MET: "Rempli",
    Verdict.FAILED: "Non rempli",
    Verdict.UNKNOWN: "Inconnu",
    Verdict.NOT_APPLICABLE: "Sans objet",
}


@dataclass(frozen=True, slots=True)
class Row:
    """``values``: what is said of each of the four values, in the order of :data:`VALUES`; none when the criterion
    never has it."""

    label: str
    explanation: str
    asked: str
    values: tuple[tuple[str, tuple[str, ...]], ...]


def _row(criterion: Criterion) -> Row:
    found = reasons_of(criterion)
    said = [(label, tuple(pattern(one) for one in found if VERDICTS[one] is value)) for value, label in VALUES.items()]
    return Row(criterion.label, EXPLANATIONS[criterion.key], ASKED[criterion.concern], tuple(said))


def _threshold(fact: evidence.FragilityFact) -> str:
    """From what value a fact supports the motive."""
    if fact.unit:
        return f"aucun seuil{NBSP}: le nombre, en {fact.unit}, est montré et ne conclut rien"
    if fact.signs is None:
        return "être dans le zonage"
    return joined([f"«{NBSP}{value}{NBSP}»" for value in sorted(fact.signs)], "ou")


@cache
def rules() -> dict[str, Any]:
    """Everything that the page shows, in the order in which the engine applies it."""
    version, digest = current()
    return {
        "version": version,
        "digest": digest[:12],
        "values": list(VALUES.values()),
        "criteria": [_row(criterion) for criterion in CRITERIA],
        "families": [family.label for family in FAMILY_ORDER],
        "weights": [(label, weights.REASONS[reason]) for reason, label in WEIGHT_LABELS.items()],
        "main_theme": weights.MAIN_THEME,
        "prices": [(PriceModel(model).label, points) for model, points in weights.PRICE.items()],
        "freshness": weights.FRESHNESS,
        "delays": weights.DELAY,
        "agreed": weights.AGREED_BEFOREHAND,
        "misses": MAX_MISSES,
        "thresholds": [
            ("Nombre de thèmes", f"{plural(evidence.MANY_THEMES, 'thème')} ou plus"),
            ("Nombre de communes, de départements, de régions ou d’organismes", f"{evidence.SEVERAL} ou plus"),
            *((fact.label, _threshold(fact)) for fact in evidence.FRAGILITY_FACTS),
        ],
        "motives": [(MOTIVE_LABELS[motive], MOTIVE_EVIDENCE[motive]) for motive in Motive],
    }
