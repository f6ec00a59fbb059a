"""The fields of an offer in words, and their values: for forms, histories, comparisons and spreadsheets alike."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from common.french import day, number
from operators.enums import BodyKind, EngineeringType, LegalMode, Level, Phase, PriceModel, Service, Theme
from operators.matching.reasons import ZONING_LABELS
from operators.matching.vocabulary import NATION_CODE
from operators.models import Subject
from operators.values import Line
from programmes.reference import LABELS as PROGRAMME_LABELS
from territories.models import Arrondissement, Collectivity, Department, Region

LABELS: Mapping[str, str] = {
    "title": "Intitulé",
    "description": "Description",
    "themes": "Thèmes",
    "subjects": "Sujets",
    "engineering_types": "Types d’ingénierie",
    "services": "Services",
    "phases": "Moments du projet",
    "body_kinds": "Collectivités éligibles",
    "population_min": "Population minimale",
    "population_max": "Population maximale",
    "membership_required": "Adhésion requise",
    "membership_label": "Adhésion, en clair",
    "programmes_required": "Programmes (un au moins)",
    "zonings_required": "Zonages (un au moins)",
    "legal_mode": "Mode de recours",
    "price_model": "Modèle de prix",
    "price_label": "Prix, en clair",
    "conditions": "Conditions",
    "delay_days": "Délai annoncé (jours)",
    "capacity_left": "Places restantes",
    "valid_from": "Valable du",
    "valid_to": "Valable jusqu’au",
    "source_url": "Page du prestataire",
    "verified_on": "Vérifiée le",
    "agreed_beforehand": "Accord préalable",
    "coverage": "Territoires",
}
_CHOICES: Mapping[str, Any] = {
    "themes": Theme,
    "engineering_types": EngineeringType,
    "services": Service,
    "phases": Phase,
    "body_kinds": BodyKind,
    "legal_mode": LegalMode,
    "price_model": PriceModel,
}
_DATES = frozenset({"valid_from", "valid_to", "verified_on"})
_ABSENT = "(vide)"

Names = Mapping[tuple[str, str], str]


class Change(NamedTuple):
    """One field that changed, in words."""

    label: str
    before: str
    after: str


def area_names(lines: Iterable[Line]) -> Names:
    """The name of each area quoted, by level and code. A query by level in use, four at most; a code that nothing bears
    any more is absent."""
    codes: dict[str, set[str]] = {}
    for line in lines:
        codes.setdefault(line.level, set()).add(line.code)
    names: dict[tuple[str, str], str] = {(Level.NATION, NATION_CODE): Level.NATION.label}
    for level, model in (
        (Level.REGION, Region),
        (Level.DEPARTMENT, Department),
        (Level.ARRONDISSEMENT, Arrondissement),
    ):
        if level in codes:
            names |= {(level, area.code): area.label for area in model.objects.filter(code__in=codes[level])}
    if bodies := codes.get(Level.EPCI, set()) | codes.get(Level.COMMUNE, set()):
        for body in Collectivity.objects.filter(code__in=bodies):
            names |= {(Level.EPCI, body.code): body.label, (Level.COMMUNE, body.code): body.label}
    return names


def changes_in_words(differences: Iterable[tuple[str, Any, Any]]) -> list[Change]:
    """``[field, before, after]`` as they are stored → what a person reads. Five queries at most, whatever their
    number; a field that no longer exists keeps its name."""
    rows = list(differences)
    quoted = [Line(*line) for name, *both in rows if name == "coverage" for value in both for line in value or ()]
    names = area_names(quoted) if quoted else {}
    subjects = dict(Subject.objects.values_list("code", "label")) if any(row[0] == "subjects" for row in rows) else {}
    return [
        Change(LABELS.get(name, name), _words(name, before, names, subjects), _words(name, after, names, subjects))
        for name, before, after in rows
    ]


def _words(name: str, value: Any, names: Names, subjects: Mapping[str, str]) -> str:
    if value is None or value in ("", []):
        return _ABSENT
    if name == "coverage":
        return ", ".join(_area_in_words(Line(*line), names) for line in value)
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int):
        return number(value)
    if name in _DATES:
        return day(dt.date.fromisoformat(value))
    labels: Mapping[str, str] = {
        "subjects": subjects,
        "programmes_required": PROGRAMME_LABELS,
        "zonings_required": ZONING_LABELS,
    }.get(name, {})
    if name in _CHOICES:
        labels = dict(_CHOICES[name].choices)
    if isinstance(value, list):
        return " ; ".join(str(labels.get(each, each)) for each in value)
    return str(labels.get(value, value))


def _area_in_words(line: Line, names: Names) -> str:
    """« Mézel (04) », « sauf Digne-les-Bains (04) »; the code alone when nothing bears it any more."""
    name = names.get((line.level, line.code), line.code)
    return f"sauf {name}" if line.excluded else name
