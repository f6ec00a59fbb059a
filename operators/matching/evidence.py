"""Evidence for the three motives of a referral, gathered and never concluded from: a person ticks a motive, or does
not.

Each line says whether it supports the motive (``holds``: true, false, or ``None`` for a fact that is unknown or that
has no threshold in any source), with its source and date. Source: DOMAIN 4.2; PRACTICE 1.12 (unknown stays « inconnu
»), 3.4.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operators.matching.engine import Matching
from operators.matching.facts import Facts, ZoningFact
from operators.matching.vocabulary import Family, Level

#: Local offers named in the evidence, nearest first.
MAX_OFFERS = 9
#: « Complexe » is said of at least so many themes (DOMAIN 4.2).
MANY_THEMES = 3
#: And of at least so many communes, departments, regions or partners.
SEVERAL = 2


class Motive(enum.StrEnum):
    """The three motives of a referral (source document S0)."""

    INSUFFICIENT_RESOURCES = "insufficient_resources"
    COMPLEXITY = "complexity"
    FRAGILITY = "fragility"


class Evidence(enum.StrEnum):
    """What a line of evidence is about. Values are stored: never reused."""

    OFFERS_EXAMINED = "offers_examined"
    NO_PROVIDER = "no_provider"
    PROVIDERS_ON_THEME = "providers_on_theme"
    OFFER_EXCLUDED = "offer_excluded"
    OFFER_PARTIAL = "offer_partial"
    THEMES = "themes"
    COMMUNES = "communes"
    DEPARTMENTS = "departments"
    REGIONS = "regions"
    PARTNERS = "partners"
    SIGN = "sign"
    FACT = "fact"
    FACT_UNKNOWN = "fact_unknown"


#: Signs of complexity that a qualification may tick (DOMAIN 4.2).
COMPLEXITY_SIGNS: Mapping[str, str] = {
    "legal_setup": "montage juridique ou financier particulier",
    "polluted_land": "sol pollué ou suspecté de l’être",
    "heritage": "patrimoine protégé",
    "risks": "risques naturels ou technologiques",
    "innovation": "projet sans précédent connu",
}


@dataclass(frozen=True, slots=True)
class FragilityFact:
    """A fact on fragility: which zonings hold it, and how it is read. ``signs`` are the values that support the
    motive."""

    key: str
    label: str
    codes: tuple[str, ...]
    signs: frozenset[str] | None = None
    unit: str = ""


#: In the order in which an agent reads them. Numbers have no threshold in any source: they are shown, they conclude
#: nothing.
FRAGILITY_FACTS: tuple[FragilityFact, ...] = (
    FragilityFact("frr", "Zonage France ruralités revitalisation (FRR)", ("frr",)),
    FragilityFact("qpv", "Quartier prioritaire de la politique de la ville", ("qpv",)),
    FragilityFact(
        "density",
        "Densité (grille de l’Insee)",
        ("densite",),
        signs=frozenset({"Rural à habitat dispersé", "Rural à habitat très dispersé"}),
    ),
    FragilityFact("income", "Revenu médian par unité de consommation", ("revenu_median",), unit="€"),
    FragilityFact("unemployment", "Taux de chômage de la zone d’emploi", ("chomage",), unit="%"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of evidence."""

    code: Evidence
    args: Mapping[str, Any]
    holds: bool | None
    source: str = ""
    vintage: str = ""

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"code": self.code.value, "args": dict(self.args), "holds": self.holds}
        if self.source:
            found["source"] = self.source
        if self.vintage:
            found["vintage"] = self.vintage
        return found


def gather(matching: Matching) -> dict[Motive, tuple[Line, ...]]:
    """The evidence of each motive, whether or not a local offer was found: a deputy may still refer, and says why."""
    return {
        Motive.INSUFFICIENT_RESOURCES: _insufficiency(matching),
        Motive.COMPLEXITY: _complexity(matching.facts),
        Motive.FRAGILITY: fragility(matching.facts.zonings),
    }


def _insufficiency(matching: Matching) -> tuple[Line, ...]:
    examined = matching.examined.get(Family.LOCAL, 0)
    found = matching.of(Family.LOCAL)
    lines = [Line(Evidence.OFFERS_EXAMINED, {"examined": examined, "fit": len(found)}, not found)]
    if matching.facts.themes:
        if matching.local_on_theme:
            lines.append(Line(Evidence.PROVIDERS_ON_THEME, {"count": matching.local_on_theme}, holds=False))
        else:
            lines.append(Line(Evidence.NO_PROVIDER, {"themes": list(matching.facts.themes)}, holds=True))
    lines += [
        Line(
            Evidence.OFFER_PARTIAL,
            {"title": candidate.offer.title, "provider": candidate.offer.provider_name},
            holds=True,
        )
        for candidate in found
        if not candidate.covers >= matching.needs
    ][:MAX_OFFERS]
    lines += [
        Line(
            Evidence.OFFER_EXCLUDED,
            {
                "title": miss.offer.title,
                "provider": miss.offer.provider_name,
                "reason": miss.first.reason.value,
                "reason_args": dict(miss.first.args),
            },
            holds=True,
        )
        for miss in matching.misses
        if miss.offer.family is Family.LOCAL
    ][:MAX_OFFERS]
    return tuple(lines)


def _complexity(facts: Facts) -> tuple[Line, ...]:
    departments = sorted(facts.areas.get(Level.DEPARTMENT, ()))
    regions = sorted(facts.areas.get(Level.REGION, ()))
    lines = [
        Line(
            Evidence.THEMES, {"values": list(facts.themes)}, len(facts.themes) >= MANY_THEMES if facts.themes else None
        ),
        Line(
            Evidence.COMMUNES,
            {"count": facts.commune_count},
            None if facts.commune_count is None else facts.commune_count >= SEVERAL,
        ),
        Line(Evidence.DEPARTMENTS, {"codes": departments}, len(departments) >= SEVERAL),
    ]
    if len(regions) >= SEVERAL:
        lines.append(Line(Evidence.REGIONS, {"codes": regions}, holds=True))
    lines.append(
        Line(
            Evidence.PARTNERS,
            {"count": facts.partner_count},
            None if facts.partner_count is None else facts.partner_count >= SEVERAL,
        )
    )
    lines += [
        Line(Evidence.SIGN, {"sign": sign}, holds=True) for sign in COMPLEXITY_SIGNS if sign in facts.complexity_signs
    ]
    return tuple(lines)


def fragility(zonings: Mapping[str, ZoningFact]) -> tuple[Line, ...]:
    """A line for each of :data:`FRAGILITY_FACTS`, in their order, the unknown ones included."""
    lines = []
    for fact in FRAGILITY_FACTS:
        zoning = next((zonings[code] for code in fact.codes if code in zonings), None)
        if zoning is None or not zoning.is_known:
            lines.append(Line(Evidence.FACT_UNKNOWN, {"fact": fact.key}, holds=None))
            continue
        holds = zoning.value in fact.signs if fact.signs is not None else zoning.holds
        args = {"fact": fact.key, "value": zoning.value, "number": zoning.number}
        lines.append(Line(Evidence.FACT, args, holds, source=zoning.source, vintage=zoning.vintage))
    return tuple(lines)
