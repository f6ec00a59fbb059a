"""What is wrong with what somebody wrote of an offer (a fault), and what it lacks to be published (a gap).

Each is ``(field, sentence)``, in the order of the form. Nothing is written here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Model

from common import clock
from common.french import NBSP, number
from operators.enums import (
    BodyKind,
    EngineeringType,
    LegalMode,
    Level,
    Phase,
    PriceModel,
    Service,
    Theme,
)
from operators.matching.vocabulary import NATION_CODE
from operators.models import Provider, Subject
from operators.permissions import NATIONAL_KINDS
from operators.values import Line, OfferValues
from programmes.models import Programme
from territories.enums import CollectivityKind
from territories.models import Arrondissement, Collectivity, Department, Region, Zoning

Fault = tuple[str, str]

#: Longest texts, in characters.
LONGEST: Mapping[str, int] = {
    "title": 160,
    "description": 4000,
    "membership_label": 160,
    "price_label": 200,
    "conditions": 2000,
    "source_url": 500,
}
_CHOICES: Mapping[str, tuple[str, Iterable[str]]] = {
    "themes": ("thème", Theme.values),
    "engineering_types": ("type d’ingénierie", EngineeringType.values),
    "services": ("service", Service.values),
    "phases": ("moment du projet", Phase.values),
    "body_kinds": ("nature de collectivité", BodyKind.values),
}
NUMBERS: Mapping[str, int] = {
    "population_min": 2_147_483_647,
    "population_max": 2_147_483_647,
    "delay_days": 32_767,
    "capacity_left": 32_767,
}
_GAPS: Mapping[str, str] = {
    "description": "Décrivez ce que l’organisme fait : la commune lit ce texte.",
    "themes": "Choisissez au moins un thème.",
    "legal_mode": "Choisissez le mode de recours.",
    "price_model": "Choisissez le modèle de prix.",
    "price_label": "Écrivez le prix en clair, ou « sans frais pour vous ».",
}
_LEVELS: Mapping[str, str] = {
    Level.REGION: "Aucune région ne porte",
    Level.DEPARTMENT: "Aucun département ne porte",
    Level.ARRONDISSEMENT: "Aucun arrondissement ne porte",
    Level.EPCI: "Aucune intercommunalité ne porte",
    Level.COMMUNE: "Aucune commune ne porte",
}
#: Codes quoted from reference tables: the field, what it quotes, and how an unknown one is told.
_QUOTED: Mapping[str, tuple[type[Model], str]] = {
    "subjects": (Subject, "Ce sujet"),
    "programmes_required": (Programme, "Ce programme"),
    "zonings_required": (Zoning, "Ce zonage"),
}
_URL = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, slots=True)
class Known:
    """Which of the codes that these values quote exist today. At most eight queries, whatever their number."""

    areas: frozenset[tuple[str, str]]
    quoted: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, every: Iterable[OfferValues]) -> Self:
        every = list(every)
        lines = {line for values in every for line in values.coverage}
        tables = {
            Level.REGION: Region.objects.all(),
            Level.DEPARTMENT: Department.objects.filter(is_current=True),
            Level.ARRONDISSEMENT: Arrondissement.objects.all(),
            Level.EPCI: Collectivity.objects.filter(is_current=True, kind=CollectivityKind.EPCI),
            Level.COMMUNE: Collectivity.objects.filter(is_current=True).exclude(kind=CollectivityKind.EPCI),
        }
        found = {(Level.NATION.value, NATION_CODE)}
        for level, rows in tables.items():
            codes = {line.code for line in lines if line.level == level}
            if codes:
                found |= {(level.value, code) for code in rows.filter(code__in=codes).values_list("code", flat=True)}
        quoted = {}
        for name, (model, _) in _QUOTED.items():
            codes = {_bare(code) for values in every for code in getattr(values, name)}
            there = model._default_manager.filter(code__in=codes).values_list("code", flat=True) if codes else ()
            quoted[name] = frozenset(there)
        return cls(frozenset(found), quoted)


def _bare(token: str) -> str:
    """A zoning may be asked with one of its values: « frr=FRR+ »."""
    return token.split("=", 1)[0]


def faults_of(
    values: OfferValues, provider: Provider, *, illustrative: bool = False, known: Known | None = None
) -> list[Fault]:
    """What no offer can be, published or not; ``known`` spares the queries when many are read together."""
    return list(_faults(values, provider, illustrative, known or Known.of([values])))


def gaps_of(values: OfferValues) -> list[Fault]:
    """What it lacks before anybody can be shown it."""
    found = [(name, sentence) for name, sentence in _GAPS.items() if not getattr(values, name)]
    if not any(not line.excluded for line in values.coverage):
        found.append(("coverage", "Dites où l’offre vaut : au moins un territoire."))
    return found


def _faults(values: OfferValues, provider: Provider, illustrative: bool, known: Known) -> Iterator[Fault]:
    yield from _texts(values)
    for name, (word, choices) in _CHOICES.items():
        unknown = [code for code in getattr(values, name) if code not in choices]
        if unknown:
            yield name, f"Ce {word} n’existe pas : « {unknown[0][:60]} »."
    for name, choices in (("legal_mode", LegalMode.values), ("price_model", PriceModel.values)):
        if (value := getattr(values, name)) and value not in choices:
            yield name, f"Cette valeur n’est pas de la liste : « {value[:60]} »."
    for name, most in NUMBERS.items():
        given = getattr(values, name)
        if given is not None and not 0 <= given <= most:
            yield name, f"Écrivez un nombre entier, de 0 à {number(most)}."
    if values.verified_on is not None and values.verified_on > clock.today():
        yield "verified_on", "Cette date est à venir : écrivez le jour où l’offre a été vérifiée."
    low, high = values.population_min, values.population_max
    if low is not None and high is not None and high < low:
        yield "population_max", "L’intervalle de population est vide : le maximum est sous le minimum."
    if values.valid_from and values.valid_to and values.valid_to < values.valid_from:
        yield "valid_to", "L’offre finit avant d’avoir commencé."
    if values.membership_required and not values.membership_label:
        yield "membership_label", "Dites de quelle adhésion il s’agit."
    if illustrative and "€" in values.price_label + values.conditions:
        yield "price_label", "Aucun prix en euros sur une offre d’illustration : l’organisme est réel."
    for name, (_, words) in _QUOTED.items():
        unknown = [code for code in getattr(values, name) if _bare(code) not in known.quoted[name] or len(code) > 40]
        if unknown:
            yield name, f"{words} n’existe pas : « {unknown[0][:60]} »."
    yield from _coverage(values.coverage, provider, known)


def _texts(values: OfferValues) -> Iterator[Fault]:
    if not values.title:
        yield "title", "Donnez un intitulé à l’offre."
    for field in fields(values):
        text = getattr(values, field.name)
        if not isinstance(text, str):
            continue
        if "\x00" in text:
            yield field.name, "Ce texte contient un caractère nul : retapez-le."
        if len(text) > (most := LONGEST.get(field.name, 40)):
            yield field.name, f"Ce texte a {number(len(text))} caractères{NBSP}: {number(most)} au plus."
    if values.source_url:
        try:
            _URL(values.source_url)
        except ValidationError:
            yield "source_url", "Écrivez une adresse entière : https://…"


def _coverage(lines: tuple[Line, ...], provider: Provider, known: Known) -> Iterator[Fault]:
    times = Counter((line.level, line.code) for line in lines)
    for (_, code), count in times.items():
        if count > 1:
            yield "coverage", f"Ce territoire est à la fois compris et exclu : {code[:20]}."
    for line in lines:
        if line.level == Level.NATION and provider.kind not in NATIONAL_KINDS:
            yield "coverage", "Un organisme local ne couvre pas la France entière : choisissez ses territoires."
        elif line.level == Level.NATION and line.excluded:
            yield "coverage", "La France entière ne s’exclut pas."
        elif (line.level, line.code) not in known.areas:
            yield "coverage", f"{_LEVELS.get(line.level, 'Aucun territoire ne porte')} le code « {line.code[:20]} »."
