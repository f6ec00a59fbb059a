"""From a matching to a recommendation: local, then operators, then the agency. A decision aid; nobody is bound by it.

``LOCAL_OFFER`` when at least one local offer is not excluded, ``NATIONAL_ESCALATION`` otherwise (PRACTICE 1.13).
Within the second, ``route`` tells an operator's offer, which the prefect may mobilise himself (PRACTICE 1.2), from
the agency's.
"""

import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from operators.matching import evidence as evidence_lines
from operators.matching.engine import FAMILY_ORDER, MAX_BYTES, Candidate, Matching, match
from operators.matching.facts import Facts, OfferRecord
from operators.matching.vocabulary import Family


class Kind(enum.StrEnum):
    """The two families of result. Values are an API contract."""

    LOCAL_OFFER = "LOCAL_OFFER"
    NATIONAL_ESCALATION = "NATIONAL_ESCALATION"


class Part(enum.StrEnum):
    """Part played in a solution of several lines (PRACTICE 1.1)."""

    PILOT = "pilot"
    SUPPORT = "support"


#: Family of the first offers found → kind of the recommendation; ``None``: nothing fits at all.
KINDS: Mapping[Family | None, Kind] = {
    Family.LOCAL: Kind.LOCAL_OFFER,
    Family.OPERATOR: Kind.NATIONAL_ESCALATION,
    Family.AGENCY: Kind.NATIONAL_ESCALATION,
    None: Kind.NATIONAL_ESCALATION,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the solution proposed: whom, with what part, for which part of the need."""

    candidate: Candidate
    part: Part
    covers: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        offer = self.candidate.offer
        return {
            "id": offer.id,
            "code": offer.code,
            "provider": offer.provider_name,
            "provider_kind": offer.provider_kind,
            "part": self.part.value,
            "covers": sorted(self.covers),
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What is proposed, in numbers and codes; ``reasons.headline`` turns it into a sentence.

    ``suffices``: one of the offers found answers the whole need known. ``certain``: one of them leaves no question on
    the body. ``uncovered``: parts of the need that no line answers.
    """

    kind: Kind
    route: Family | None
    lines: tuple[Line, ...]
    found: Mapping[Family, int]
    examined_local: int
    suffices: bool
    certain: bool
    uncovered: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "route": self.route.value if self.route else None,
            "lines": [line.as_dict() for line in self.lines],
            "found": {family.value: self.found[family] for family in FAMILY_ORDER},
            "examined_local": self.examined_local,
            "suffices": self.suffices,
            "certain": self.certain,
            "uncovered": sorted(self.uncovered),
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that is frozen with a request: facts, matching, recommendation, evidence."""

    matching: Matching
    recommendation: Recommendation
    evidence: Mapping[evidence_lines.Motive, tuple[evidence_lines.Line, ...]]

    def to_json(self) -> str:
        """At most :data:`MAX_BYTES` in all: the matching gives way, never the facts or the evidence."""
        fixed = {
            "facts": self.matching.facts.as_dict(),
            "recommendation": self.recommendation.as_dict(),
            "evidence": {motive.value: [line.as_dict() for line in lines] for motive, lines in self.evidence.items()},
        }
        text = json.dumps(fixed, ensure_ascii=False, separators=(",", ":"))
        room = MAX_BYTES - len(text.encode()) - len(',"matching":')
        return f'{text[:-1]},"matching":{self.matching.to_json(room)}}}'

    def as_dict(self) -> dict[str, Any]:
        """What ``to_json`` holds, decoded: the value of a JSON column."""
        found: dict[str, Any] = json.loads(self.to_json())
        return found


def assess(facts: Facts, offers: Iterable[OfferRecord], *, outside: int = 0) -> Assessment:
    """Matches, recommends and gathers the evidence."""
    matching = match(facts, offers, outside=outside)
    return Assessment(matching, recommend(matching), evidence_lines.gather(matching))


def recommend(matching: Matching) -> Recommendation:
    """The first family that has candidates, and as few of them as answer the need together, the best ranked first."""
    route = next((family for family in FAMILY_ORDER if matching.of(family)), None)
    candidates = matching.of(route) if route else ()
    lines = _lines(candidates, matching.needs)
    covered = frozenset[str]().union(*(line.covers for line in lines))
    return Recommendation(
        kind=KINDS[route],
        route=route,
        lines=lines,
        found={family: len(matching.of(family)) for family in FAMILY_ORDER},
        examined_local=matching.examined.get(Family.LOCAL, 0),
        suffices=any(candidate.covers >= matching.needs for candidate in candidates),
        certain=any(not candidate.questions for candidate in candidates),
        uncovered=matching.needs - covered,
    )


def _lines(candidates: tuple[Candidate, ...], needs: frozenset[str]) -> tuple[Line, ...]:
    """The pilot answers the whole need if one does, else is the best ranked; supports answer what is left, as they
    rank."""
    if not candidates:
        return ()
    pilot = next((candidate for candidate in candidates if candidate.covers >= needs), candidates[0])
    lines = [Line(pilot, Part.PILOT, pilot.covers)]
    left = needs - pilot.covers
    for candidate in candidates:
        added = candidate.covers & left
        if candidate is not pilot and added:
            lines.append(Line(candidate, Part.SUPPORT, added))
            left -= added
    return tuple(lines)
