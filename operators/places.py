"""Where an offer holds, as somebody types it in a form or a spreadsheet, and back.

« département 04 », « EPCI 200069193 sauf commune 04121 », « région 93 », « Mézel »: territories separated by « ; » or
by lines; what follows « sauf » up to the next separator is excluded. A code says its level when it can: nine digits are
an EPCI, five a commune, two or three a department; an arrondissement and a region need their word. A name must be borne
by one territory alone, first in the department of the provider, then in the nation; a town's is the commune's before it
is its arrondissement's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from common.french import joined
from operators.enums import Level
from operators.matching.vocabulary import NATION_CODE
from operators.values import Line
from territories.enums import CollectivityKind
from territories.models import Arrondissement, Collectivity, Department, Region
from territories.names import normalise

_WORDS: Mapping[str, Level] = {
    "region": Level.REGION,
    "departement": Level.DEPARTMENT,
    "arrondissement": Level.ARRONDISSEMENT,
    "epci": Level.EPCI,
    "intercommunalite": Level.EPCI,
    "commune": Level.COMMUNE,
}
#: How each level is written out; the nation needs no code.
NAMES: Mapping[Level, str] = {
    Level.REGION: "région",
    Level.DEPARTMENT: "département",
    Level.ARRONDISSEMENT: "arrondissement",
    Level.EPCI: "EPCI",
    Level.COMMUNE: "commune",
}
NATION = "France entière"
_NATION_WORDS = frozenset({"france", "france entiere", "nation", "fr"})
_SEPARATOR = re.compile(r"[;\n\r]+")
_EXCEPT = re.compile(r"\bsauf\b", re.IGNORECASE)
_CODE = re.compile(r"(?:\d[\dAB]\d{3}|\d{9}|\d[\dAB]|\d{3})", re.ASCII)
_LEVELS_BY_LENGTH: Mapping[int, Level] = {2: Level.DEPARTMENT, 3: Level.DEPARTMENT, 5: Level.COMMUNE, 9: Level.EPCI}
#: Names offered when one is unknown or borne by several.
SHOWN = 3


class UnknownPlaceError(ValueError):
    """A territory that can't be told; its text is a French sentence that names it and the cure."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One territory as it was typed: a level and a code, or a name that may say its level."""

    text: str
    level: Level | None = None
    code: str = ""
    excluded: bool = False

    @property
    def name(self) -> str:
        return normalise(self.text)


def read(text: str) -> list[Typed]:
    """The territories of a text, in its order; asks nothing of the database."""
    found = []
    for part in _SEPARATOR.split(text):
        included, *rest = _EXCEPT.split(part, maxsplit=1)
        excluded = rest[0] if rest else ""
        for words, is_excluded in ((included, False), (excluded, True)):
            found += [_typed(each.strip(), is_excluded) for each in words.split(",") if each.strip(" .")]
    return found


def _typed(text: str, excluded: bool) -> Typed:
    if normalise(text) in _NATION_WORDS:
        return Typed(text, Level.NATION, NATION_CODE, excluded)
    first, _, rest = text.partition(" ")
    level = _WORDS.get(normalise(first))
    code = (rest if level else text).strip().upper()
    if level is not None and re.fullmatch(r"[\dAB]{1,9}", code, re.ASCII):
        return Typed(text, level, code, excluded)
    if level is None and _CODE.fullmatch(code):
        return Typed(text, _LEVELS_BY_LENGTH[len(code)], code, excluded)
    return Typed(rest if level else text, level, "", excluded)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The territories that bear the names typed, whatever the number of texts. At most four queries."""

    bearers: Mapping[str, tuple[tuple[Line, str, str], ...]]

    @classmethod
    def of(cls, typed: Iterable[Typed]) -> Self:
        names = {each.name.removesuffix(f" {code}") for each in typed if not each.code for code in ("", _label(each))}
        bearers: dict[str, list[tuple[Line, str, str]]] = {name: [] for name in names}
        if names:
            for level, model in (
                (Level.REGION, Region),
                (Level.DEPARTMENT, Department),
                (Level.ARRONDISSEMENT, Arrondissement),
            ):
                for area in model.objects.all():
                    if (name := normalise(area.name)) in bearers:
                        place = getattr(area, "department_id", "") or (area.code if level is Level.DEPARTMENT else "")
                        bearers[name].append((Line(level.value, area.code), f"{NAMES[level]} {area.code}", place))
            bodies = Collectivity.objects.filter(is_current=True, fictitious=False, normalised_name__in=names)
            for body in bodies.order_by("code"):
                level = Level.EPCI if body.kind == CollectivityKind.EPCI else Level.COMMUNE
                if level is Level.EPCI or body.is_municipal:
                    line = Line(level.value, body.code)
                    bearers[body.normalised_name].append((line, f"{NAMES[level]} {body.code}", body.department_id))
        return cls({name: tuple(found) for name, found in bearers.items()})

    def line(self, typed: Typed, department: str | None) -> Line:
        """The territory meant; whether a code exists is for ``services.faults``. Raises :class:`UnknownPlaceError`."""
        if typed.code:
            return Line(typed.level or "", typed.code, typed.excluded)
        label = _label(typed)
        found = self.bearers.get(typed.name, ()) or self.bearers.get(typed.name.removesuffix(f" {label}"), ())
        if typed.level is not None:
            found = tuple(each for each in found if each[0].level == typed.level)
        elif any(each[0].level == Level.COMMUNE for each in found):
            found = tuple(each for each in found if each[0].level != Level.ARRONDISSEMENT)
        near = [each for each in found if each[2] == (label.upper() or department)]
        chosen = near if near else ([] if label else found)
        if len(chosen) == 1:
            return chosen[0][0]._replace(excluded=typed.excluded)
        if not chosen:
            raise UnknownPlaceError(
                f"Aucun territoire ne s’appelle « {typed.text[:60]} ». Écrivez son code : commune 04121."
            )
        choices = joined([words for _, words, _ in chosen[:SHOWN]], "ou")
        raise UnknownPlaceError(f"Plusieurs territoires s’appellent « {typed.text[:60]} ». Écrivez : {choices}.")


def _label(typed: Typed) -> str:
    """« Mézel (04) » → « 04 »: the department that a label ends with."""
    found = re.search(r"\((\d[\dAB]\d?)\)\s*$", typed.text, re.ASCII | re.IGNORECASE)
    return found[1].lower() if found else ""


def lines_of(text: str, department: str | None) -> tuple[Line, ...]:
    """The coverage that a text says. Raises :class:`UnknownPlaceError`."""
    typed = read(text)
    gazetteer = Gazetteer.of(typed)
    return tuple(gazetteer.line(each, department) for each in typed)


def text_of(lines: Iterable[Line]) -> str:
    """The inverse of :func:`lines_of`, by codes: « département 04 ; sauf commune 04121, commune 04070 »."""
    lines = list(lines)
    covered = [_written(line) for line in lines if not line.excluded]
    excluded = [_written(line) for line in lines if line.excluded]
    return " ; ".join([*covered, *([f"sauf {', '.join(excluded)}"] if excluded else [])])


def _written(line: Line) -> str:
    return NATION if line.level == Level.NATION else f"{NAMES[Level(line.level)]} {line.code}"
