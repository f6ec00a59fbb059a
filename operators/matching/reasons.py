"""French of the engine: reason codes, evidence and recommendations become the sentences that people read.

Tables are literal and total (tested). Questions are noun phrases, so that they stand after « À vérifier : » whatever
the body. Names that staff keep and those of areas come from the caller (``operators.names``); without them the code is
printed.
"""

import datetime as dt
import enum
from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import Any

from common.french import NBSP, day, euros, joined, number, plural
from operators.matching import evidence as e
from operators.matching.criteria import Reason
from operators.matching.recommend import Kind, Recommendation
from operators.matching.vocabulary import (
    BodyKind,
    EngineeringType,
    Family,
    Labelled,
    Level,
    Phase,
    ProviderKind,
    Service,
    Theme,
)
from operators.reference import SUBJECT_LABELS
from programmes.reference import LABELS as PROGRAMME_LABELS

#: Code of a subject, programme or zoning, or key of an area (:func:`area_key`) → its name.
Labels = Mapping[str, str]


class Voice(enum.StrEnum):
    """To whom one speaks: an agent reads « la commune », a mayor « votre commune »."""

    FILE = "file"
    YOURS = "yours"


#: Kind of body → (« la commune », « votre commune », « de la commune », « de votre commune »).
BODIES: Mapping[str, tuple[str, str, str, str]] = {
    BodyKind.COMMUNE: ("la commune", "votre commune", "de la commune", "de votre commune"),
    BodyKind.EPCI: (
        "l’intercommunalité",
        "votre intercommunalité",
        "de l’intercommunalité",
        "de votre intercommunalité",
    ),
    BodyKind.EPT: (
        "l’établissement territorial",
        "votre établissement territorial",
        "de l’établissement territorial",
        "de votre établissement territorial",
    ),
    BodyKind.DEPARTMENT: ("le département", "votre département", "du département", "de votre département"),
    BodyKind.REGION: ("la région", "votre région", "de la région", "de votre région"),
    BodyKind.OVERSEAS: ("la collectivité", "votre collectivité", "de la collectivité", "de votre collectivité"),
    BodyKind.SYNDICATE: ("le syndicat", "votre syndicat", "du syndicat", "de votre syndicat"),
    BodyKind.PETR: (
        "le pôle territorial",
        "votre pôle territorial",
        "du pôle territorial",
        "de votre pôle territorial",
    ),
    BodyKind.OTHER: ("le groupement", "votre groupement", "du groupement", "de votre groupement"),
}

#: Zonings that an offer may require.
ZONING_LABELS: Labels = {
    "qpv": "quartier prioritaire de la politique de la ville",
    "frr": "zone France ruralités revitalisation (FRR)",
    "frr=FRR+": "zone FRR+",
}

_LEVEL_PLURALS: Mapping[str, tuple[str, str]] = {
    Level.NATION: ("le pays", "le pays"),
    Level.REGION: ("région", "régions"),
    Level.DEPARTMENT: ("département", "départements"),
    Level.ARRONDISSEMENT: ("arrondissement", "arrondissements"),
    Level.EPCI: ("intercommunalité", "intercommunalités"),
    Level.COMMUNE: ("commune", "communes"),
}

_ENUMS: Mapping[str, type[Labelled]] = {
    "theme": Theme,
    "engineering": EngineeringType,
    "service": Service,
    "phase": Phase,
    "body_kind": BodyKind,
}

#: Reason → its French. ``{body}``, ``{of_body}`` speak of the collectivity; ``{values}`` of what the offer says.
SENTENCES: Mapping[Reason, str] = {
    Reason.COVERS_COMMUNE: "couvre {body}",
    Reason.COVERS_EPCI: "couvre {body} (toute l’intercommunalité)",
    Reason.COVERS_ARRONDISSEMENT: "couvre {body} (tout l’arrondissement)",
    Reason.COVERS_DEPARTMENT: "couvre {body} (tout le département)",
    Reason.COVERS_REGION: "couvre {body} (toute la région)",
    Reason.COVERS_NATION: "couvre {body} (toute la France)",
    Reason.COVERS_PART: "ce qui est possible hors {areas}, seule partie {of_body} couverte",
    Reason.TERRITORY_EXCLUDED: "exclut {body}",
    Reason.TERRITORY_OUTSIDE: "ne couvre pas {body}",
    Reason.PUBLISHED: "offre publiée",
    Reason.NOT_PUBLISHED: "n’est plus publiée",
    Reason.PERMANENT: "offre permanente",
    Reason.VALID: "valable jusqu’au {to}",
    Reason.NOT_OPEN_YET: "n’ouvre que le {from}",
    Reason.CLOSED: "a pris fin le {to}",
    Reason.THEME_MET: "thème {values}",
    Reason.THEME_OTHER: "traite d’autres thèmes",
    Reason.THEME_UNKNOWN: "le thème du projet",
    Reason.THEME_ANY: "tous les thèmes",
    Reason.SUBJECT_MET: "sujet {values}",
    Reason.SUBJECT_OTHER: "traite d’autres sujets : {values}",
    Reason.SUBJECT_UNKNOWN: "le sujet du projet",
    Reason.SUBJECT_ANY: "tous les sujets de ses thèmes",
    Reason.BODY_KIND_MET: "ouverte à {body}",
    Reason.BODY_KIND_OTHER: "réservée à d’autres collectivités : {values}",
    Reason.BODY_KIND_UNKNOWN: "la nature {of_body}",
    Reason.BODY_KIND_ANY: "ouverte à toutes les collectivités",
    Reason.POPULATION_MET: "population dans les limites : {interval}",
    Reason.POPULATION_BELOW: "réservée aux collectivités {of_interval} ; population connue : {value}",
    Reason.POPULATION_ABOVE: "réservée aux collectivités {of_interval} ; population connue : {value}",
    Reason.POPULATION_UNKNOWN: "la population {of_body} : {interval}",
    Reason.POPULATION_ANY: "sans condition de population",
    Reason.PROGRAMME_MET: "membre du programme {values}",
    Reason.PROGRAMME_OTHER: "réservée aux membres du programme {or_values}",
    Reason.PROGRAMME_UNKNOWN: "l’appartenance au programme {or_values}",
    Reason.PROGRAMME_ANY: "sans condition de programme",
    Reason.ZONING_MET: "territoire concerné : {values}",
    Reason.ZONING_OTHER: "réservée à un autre zonage : {or_values}",
    Reason.ZONING_UNKNOWN: "le zonage {of_body} : {or_values}",
    Reason.ZONING_ANY: "sans condition de zonage",
    Reason.ENGINEERING_MET: "ingénierie attendue : {values}",
    Reason.ENGINEERING_OTHER: "propose une autre ingénierie : {values}",
    Reason.ENGINEERING_UNKNOWN: "le type d’ingénierie attendu",
    Reason.ENGINEERING_ANY: "tous types d’ingénierie",
    Reason.SERVICE_MET: "service attendu : {values}",
    Reason.SERVICE_OTHER: "propose d’autres services : {values}",
    Reason.SERVICE_UNKNOWN: "le service attendu",
    Reason.SERVICE_ANY: "tous services",
    Reason.PHASE_MET: "intervient à ce moment du projet",
    Reason.PHASE_OTHER: "intervient à un autre moment du projet : {values}",
    Reason.PHASE_UNKNOWN: "l’avancement du projet",
    Reason.PHASE_ANY: "à tout moment du projet",
    Reason.MEMBER: "{label} : acquise",
    Reason.NOT_MEMBER: "{label} : non acquise",
    Reason.MEMBERSHIP_UNKNOWN: "{label}",
    Reason.MEMBERSHIP_NOT_NEEDED: "sans adhésion",
    Reason.CAPACITY_LEFT: "disponible",
    Reason.CAPACITY_FULL: "plan de charge complet",
    Reason.CAPACITY_UNLIMITED: "sans limite déclarée",
}

#: Levels whose parenthesis would repeat the body itself.
_OWN_LEVEL: Mapping[str, Reason] = {
    BodyKind.EPCI: Reason.COVERS_EPCI,
    BodyKind.DEPARTMENT: Reason.COVERS_DEPARTMENT,
    BodyKind.REGION: Reason.COVERS_REGION,
}


def sentence(
    reason: Reason | str, args: Mapping[str, Any], *, kind: str, voice: Voice = Voice.FILE, labels: Labels | None = None
) -> str:
    """The French of one reason, about a body of this kind. Reads stored codes and arguments as well as fresh ones."""
    code = Reason(reason)
    template = SENTENCES[code]
    if _OWN_LEVEL.get(kind) is code:
        template = SENTENCES[Reason.COVERS_COMMUNE]
    its, yours, of_its, of_yours = BODIES[kind]
    names = [_name(code, value, labels or {}) for value in args.get("values", ())]
    words: dict[str, Any] = {
        "body": yours if voice is Voice.YOURS else its,
        "of_body": of_yours if voice is Voice.YOURS else of_its,
        "values": joined(names),
        "or_values": joined(names, "ou"),
        "interval": interval(args.get("min"), args.get("max")),
        "of_interval": interval(args.get("min"), args.get("max"), linked=True),
        "value": plural(args["value"], "habitant") if args.get("value") is not None else "",
        "label": args.get("label", ""),
        "areas": _areas(args, labels or {}),
    }
    for bound in ("from", "to"):
        if bound in args:
            words[bound] = day(dt.date.fromisoformat(args[bound]))
    return template.format_map(words)


def pattern(reason: Reason) -> str:
    """The French of one reason, whatever the body, with « … » for what each offer says."""
    its, _, of_its, _ = BODIES[BodyKind.OVERSEAS]
    words = {name: "…" for _, name, _, _ in Formatter().parse(SENTENCES[reason]) if name}
    return SENTENCES[reason].format_map({**words, "body": its, "of_body": of_its})


def interval(low: int | None, high: int | None, *, linked: bool = False) -> str:
    """« moins de 3 500 habitants », « 2 000 habitants et plus », « de 2 000 à 9 999 habitants »; linked: « de moins
    de… »."""
    if low and high is not None:
        return f"de {number(low)} à {plural(high, 'habitant')}"
    if high is not None:
        return f"{'de ' if linked else ''}moins de {plural(high + 1, 'habitant')}"
    return f"{'de ' if linked else ''}{plural(low or 0, 'habitant')} et plus"


def area_key(level: str, code: str) -> str:
    """Under which key the name of an area stands among the labels: codes of two levels may be the same."""
    return f"{level}:{code}"


def _areas(args: Mapping[str, Any], labels: Labels) -> str:
    """« Alpes-de-Haute-Provence (04) »; as long as one of them has no name, « départements 04 et 05 »."""
    codes = list(args.get("codes", ()))
    if not codes:
        return ""
    names = [labels.get(area_key(args["level"], code)) for code in codes]
    known = [name for name in names if name]
    if len(known) == len(codes):
        return joined(known)
    one, several = _LEVEL_PLURALS[args["level"]]
    return f"{one if len(codes) == 1 else several} {joined(codes)}"


def _name(code: Reason, value: str, labels: Labels) -> str:
    family = code.value.rpartition("_")[0]
    if family in _ENUMS:
        label = _ENUMS[family](value).label
        return f"«{NBSP}{label}{NBSP}»" if family == "theme" else _lower(label)
    if family == "programme":
        return PROGRAMME_LABELS.get(value) or labels.get(value, value)
    if family == "zoning":
        return ZONING_LABELS.get(value) or _zoning(value, labels)
    return _lower(labels.get(value) or SUBJECT_LABELS.get(value, value))


def _zoning(token: str, labels: Labels) -> str:
    """A zoning that staff added: its name, with the value when the offer asks for one."""
    code, _, value = token.partition("=")
    name = labels.get(code)
    return token if not name else f"{name}{NBSP}: {value}" if value else name


def _lower(label: str) -> str:
    """« Commerce, café » → « commerce, café »; « ORT », « PETR » and « France services » stay as they are."""
    first = label.split(" ", 1)[0]
    return label if first.isupper() or first == "France" else label[:1].lower() + label[1:]


# --- recommendation --------------------------------------------------------------------------------------------------

_NUMBERS = ("aucune", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")

#: How each family is counted: « Deux offres locales ».
_NOUNS: Mapping[Family, tuple[str, str]] = {
    Family.LOCAL: ("offre locale", "offres locales"),
    Family.OPERATOR: ("offre d’opérateur", "offres d’opérateurs"),
    Family.AGENCY: ("aide de l’Agence", "aides de l’Agence"),
}

#: Short names for the desk's queue (SCREENS 4).
SHORT_KINDS: Mapping[str, str] = {
    ProviderKind.OPERATOR: "opérateur",
    ProviderKind.AGENCY: "Agence",
    ProviderKind.STATE_SERVICE: "service de l’État",
    ProviderKind.DEPARTMENT_COUNCIL: "département",
    ProviderKind.TECHNICAL_AGENCY: "agence technique",
    ProviderKind.CAUE: "CAUE",
    ProviderKind.PLANNING_AGENCY: "agence d’urbanisme",
    ProviderKind.EPF: "établissement foncier",
    ProviderKind.ADIL: "ADIL",
    ProviderKind.ENERGY_SYNDICATE: "syndicat d’énergie",
    ProviderKind.CHAMBER: "chambre",
    ProviderKind.REGIONAL_PARK: "parc naturel",
    ProviderKind.PETR: "pôle territorial",
    ProviderKind.OTHER_PUBLIC: "autre organisme",
}


def counted(count: int, one: str, several: str) -> str:
    """« Une offre locale », « Deux offres locales », « 14 offres locales », « Aucune offre locale »."""
    word = _NUMBERS[count].capitalize() if count < len(_NUMBERS) else number(count)
    return f"{word} {one if count < 2 else several}"


def headline(recommendation: Recommendation) -> str:
    """« Deux offres locales conviennent. Aucune ne suffit seule. » (SCREENS 5)."""
    if recommendation.kind is Kind.LOCAL_OFFER:
        return _fits(recommendation, Family.LOCAL)
    examined = recommendation.examined_local
    if examined:
        first = f"Aucune offre locale ne convient{NBSP}: {plural(examined, 'offre examinée')}."
    else:
        first = f"Aucune offre locale ne convient{NBSP}: le catalogue n’en contient pas pour ce territoire."
    if recommendation.route is None:
        return f"{first} Les éléments pour une transmission à l’Agence sont réunis ci-dessous."
    return f"{first} {_fits(recommendation, recommendation.route)}"


def _fits(recommendation: Recommendation, family: Family) -> str:
    count = recommendation.found[family]
    subject = counted(count, *_NOUNS[family])
    one = count == 1
    if recommendation.certain:
        text = f"{subject} {'convient' if one else 'conviennent'}."
    else:
        text = f"{subject} {'peut convenir' if one else 'peuvent convenir'}{NBSP}: des points restent à vérifier."
    if not recommendation.suffices:
        text += " Elle ne suffit pas seule." if one else " Aucune ne suffit seule."
    return text


def short_label(recommendation: Recommendation) -> str:
    """« Locale : agence technique + chambre », « Opérateur : Banque des Territoires », « Aucune offre locale »
    (SCREENS 4)."""
    names: Callable[[Sequence[str]], str] = lambda found: " + ".join(dict.fromkeys(found))  # noqa: E731
    offers = [line.candidate.offer for line in recommendation.lines]
    match recommendation.route:
        case Family.LOCAL:
            return f"Locale{NBSP}: {names([SHORT_KINDS[offer.provider_kind] for offer in offers])}"
        case Family.OPERATOR:
            return f"Opérateur{NBSP}: {names([offer.provider_name for offer in offers])}"
        case Family.AGENCY:
            return f"Agence{NBSP}: {names([offer.provider_name for offer in offers])}"
        case _:
            return "Aucune offre locale"


# --- evidence --------------------------------------------------------------------------------------------------------

_FACTS = {fact.key: fact for fact in e.FRAGILITY_FACTS}


def evidence_sentence(
    code: e.Evidence | str, args: Mapping[str, Any], *, kind: str, labels: Labels | None = None
) -> str:
    """The French of one line of evidence, fresh or stored."""
    match e.Evidence(code):
        case e.Evidence.OFFERS_EXAMINED:
            fit = args["fit"]
            end = "aucune ne convient" if not fit else f"{number(fit)} {'convient' if fit == 1 else 'conviennent'}"
            text = f"{plural(args['examined'], 'offre locale examinée')} : {end}"
        case e.Evidence.NO_PROVIDER:
            themes = joined([f"«{NBSP}{Theme(theme).label}{NBSP}»" for theme in args["themes"]])
            text = f"Aucun prestataire local pour ce sujet sur ce territoire ({themes})"
        case e.Evidence.PROVIDERS_ON_THEME:
            text = f"{plural(args['count'], 'offre locale')} sur ce sujet et ce territoire"
        case e.Evidence.OFFER_EXCLUDED:
            why = sentence(args["reason"], args["reason_args"], kind=kind, labels=labels)
            text = f"{args['title']} ({args['provider']}) : {why}"
        case e.Evidence.OFFER_PARTIAL:
            text = f"{args['title']} ({args['provider']}) : répond à une partie du besoin"
        case e.Evidence.THEMES:
            values = args["values"]
            named = joined([_lower(Theme(value).label) for value in values])
            text = f"{plural(len(values), 'thème')} : {named}" if values else "Thèmes : inconnus"
        case e.Evidence.COMMUNES:
            text = (
                "Communes concernées : inconnu" if args["count"] is None else plural(args["count"], "commune concernée")
            )
        case e.Evidence.DEPARTMENTS:
            text = f"{plural(len(args['codes']), 'département')} : {joined(args['codes'])}"
        case e.Evidence.REGIONS:
            text = f"{plural(len(args['codes']), 'région')}"
        case e.Evidence.PARTNERS:
            text = "Partenaires : inconnu" if args["count"] is None else plural(args["count"], "organisme concerné")
        case e.Evidence.SIGN:
            text = e.COMPLEXITY_SIGNS[args["sign"]].capitalize()
        case e.Evidence.FACT:
            text = f"{_FACTS[args['fact']].label} : {_measure(args)}"
        case e.Evidence.FACT_UNKNOWN:
            text = f"{_FACTS[args['fact']].label} : inconnu"
    return text


def _measure(args: Mapping[str, Any]) -> str:
    value, unit = args["number"], _FACTS[args["fact"]].unit
    if value is None:
        return str(args["value"])
    return euros(value) if unit == "€" else f"{number(value)}{NBSP}{unit}"
