"""A frozen assessment in words: candidates with what speaks for them, what is to be checked and what they leave out.

Nothing is computed here: what the page shows is what was stored, whatever the catalogue has become since.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.french import NBSP, joined, number, plural
from operators.matching import reasons
from operators.matching.criteria import BY_KEY, VERDICTS, Reason, Verdict
from operators.matching.evidence import Motive as EvidenceMotive
from operators.matching.reasons import Labels
from operators.matching.vocabulary import LegalMode, Service, Theme
from operators.names import names_in
from programmes.reference import LABELS as PROGRAMME_LABELS
from requests.models import RoutingAssessment, SupportRequest

TERRITORY = "territory"
#: Criteria in the words of « Écartées »: by first failed criterion.
_CRITERION_LABELS = {key: criterion.label for key, criterion in BY_KEY.items()}


@dataclass(frozen=True, slots=True)
class Candidate:
    uuid: str
    title: str
    provider: str
    legal_mode: str
    price: str
    capacity: str
    verified_on: dt.date | None
    valid_to: dt.date | None
    illustrative: bool
    agreed: bool
    recommended: bool
    met: list[str]
    to_check: list[str]
    against: list[str]


@dataclass(frozen=True, slots=True)
class Miss:
    id: int
    title: str
    provider: str
    why: list[str]
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """``La proposition`` of a file."""

    summary: str
    is_local: bool
    candidates: list[Candidate]
    omitted: int
    misses: list[Miss]
    #: Offers of this territory that a criterion excludes, and offers of other territories.
    set_aside: int
    elsewhere: int
    by_criterion: list[tuple[str, int]]
    evidence: list[tuple[str, list[dict[str, str]]]]
    computed_at: dt.datetime
    rules_version: int
    catalogue_at: dt.datetime | None


def proposal_of(assessment: RoutingAssessment | None, names: Labels | None = None) -> Proposal | None:
    """What the page shows of it, with the names that codes have today: those given, or as :func:`names_in` finds
    them."""
    if assessment is None:
        return None
    document = assessment.document
    names = names if names is not None else names_in(document["matching"], document["evidence"])
    matching, recommendation = document["matching"], document["recommendation"]
    kind = document["facts"]["kind"]
    needs = frozenset(matching["needs"])
    chosen = {line["id"] for line in recommendation["lines"]}
    excluded = matching["excluded_counts"]
    return Proposal(
        summary=assessment.summary,
        is_local=assessment.kind == "LOCAL_OFFER",
        candidates=[_candidate(row, kind, names, needs, row["id"] in chosen) for row in matching["candidates"]],
        omitted=matching["candidates_omitted"],
        misses=[_miss(row, kind, names) for row in matching["misses"]],
        set_aside=sum(count for key, count in excluded.items() if key != TERRITORY),
        elsewhere=excluded.get(TERRITORY, 0),
        by_criterion=[(_CRITERION_LABELS.get(key, key), n) for key, n in excluded.items() if key != TERRITORY],
        evidence=[
            (_motive_label(motive), [_evidence(line, kind, names) for line in lines])
            for motive, lines in document["evidence"].items()
            if lines
        ],
        computed_at=assessment.computed_at,
        rules_version=assessment.rules_version,
        catalogue_at=assessment.catalogue_at,
    )


def _candidate(row: Mapping[str, Any], kind: str, names: Labels, needs: frozenset[str], recommended: bool) -> Candidate:
    readings = [_reading(reading) for reading in row["readings"]]
    spoken = {
        verdict: [_sentence(reason, args, kind, names) for reason, args in readings if VERDICTS[reason] is verdict]
        for verdict in (Verdict.MET, Verdict.UNKNOWN)
    }
    return Candidate(
        uuid=row["uuid"],
        title=row["title"],
        provider=row["provider"]["name"],
        legal_mode=LegalMode(row["legal_mode"]).label if row["legal_mode"] else "",
        price=row["price_label"],
        capacity=_capacity(row["capacity_left"], row["delay_days"]),
        verified_on=_date(row["verified_on"]),
        valid_to=_date(row["valid_to"]),
        illustrative=row["illustrative"],
        agreed=row["agreed_beforehand"],
        recommended=recommended,
        met=spoken[Verdict.MET],
        to_check=spoken[Verdict.UNKNOWN],
        against=_left_out(needs - frozenset(row["covers"])),
    )


def _miss(row: Mapping[str, Any], kind: str, names: Labels) -> Miss:
    failed = [_reading(reading) for reading in row["failed"]]
    why = [_sentence(reason, args, kind, names) for reason, args in failed]
    return Miss(row["id"], row["title"], row["provider"], why, row.get("illustrative", False))


def _reading(stored: list[Any]) -> tuple[Reason, Mapping[str, Any]]:
    """``[criterion, reason, arguments?]`` as ``Reading.as_list`` writes it."""
    return Reason(stored[1]), stored[2] if len(stored) > 2 else {}


def _sentence(reason: Reason, args: Mapping[str, Any], kind: str, names: Labels) -> str:
    return reasons.sentence(reason, args, kind=kind, labels=names)


def _left_out(parts: frozenset[str]) -> list[str]:
    """The parts of the need that an offer does not answer."""
    themes = [Theme(part[6:]).label for part in sorted(parts) if part.startswith("theme:")]
    services = [Service(part[8:]).label for part in sorted(parts) if part.startswith("service:")]
    lines = [f"ne traite pas le thème «{NBSP}{label}{NBSP}»" for label in themes]
    if services:
        lines.append(f"n’offre pas : {joined([label[:1].lower() + label[1:] for label in services])}")
    return lines


def _capacity(left: int | None, delay: int | None) -> str:
    words = []
    if left is not None:
        words.append(f"{plural(left, 'intervention possible', 'interventions possibles')}")
    if delay is not None:
        words.append(f"délai annoncé de {plural(delay, 'jour')}")
    return ", ".join(words)


def _date(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None


def _motive_label(motive: str) -> str:
    return {
        EvidenceMotive.INSUFFICIENT_RESOURCES.value: "Ressources locales",
        EvidenceMotive.COMPLEXITY.value: "Complexité du projet",
        EvidenceMotive.FRAGILITY.value: "Situation de la collectivité",
    }[motive]


def _evidence(line: Mapping[str, Any], kind: str, names: Labels) -> dict[str, str]:
    return {
        "text": reasons.evidence_sentence(line["code"], line.get("args", {}), kind=kind, labels=names),
        "source": line.get("source", ""),
        "vintage": line.get("vintage", "") or line.get("on", ""),
    }


# --- facts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what, how much, from where and of when."""

    label: str
    value: str
    source: str = ""
    vintage: str = ""


def facts_of(support_request: SupportRequest, names: Labels | None = None) -> list[Fact]:
    """Facts with vintage and source, as frozen with the file and its assessment; « inconnu » stays said. ``names``:
    what codes are called."""
    row = support_request
    found = [
        Fact(
            "Population",
            plural(row.population, "habitant") if row.population is not None else "inconnue",
            "Insee, populations légales" if row.population is not None else "",
            str(row.population_vintage or ""),
        )
    ]
    if row.grouping is not None:
        found.append(Fact("Intercommunalité", row.grouping.name))
    if row.arrondissement is not None:
        found.append(Fact("Arrondissement", row.arrondissement.name))
    stored = row.assessment.document["facts"] if row.assessment is not None else {}
    if stored:
        known = {**(names or {}), **PROGRAMME_LABELS}
        programmes = [known.get(code, code) for code in stored["programmes"]]
        found.append(Fact("Programmes", joined(programmes) or "aucun connu", "listes des programmes", stored["on"][:4]))
    for zoning in stored.get("zonings", ()):
        value = zoning["value"] or (number(zoning["number"]) if zoning["number"] is not None else "inconnu")
        found.append(Fact(zoning["label"], value, zoning["source"], zoning["vintage"]))
    if row.competence:
        found.append(Fact("Compétence", row.get_competence_display().lower()))
    return found
