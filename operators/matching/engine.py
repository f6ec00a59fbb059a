"""``match(facts, offers)``: every offer read against every criterion, each with its verdict and its reason.

Guaranteed: same facts and same offers, in any order → the same result; an unknown never excludes; no candidate and no
discarded offer without its reasons; what is stored fits in :data:`MAX_BYTES`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from operators.matching import weights
from operators.matching.criteria import CRITERIA, Concern, Reason, Verdict
from operators.matching.facts import Facts, OfferRecord
from operators.matching.reading import Reading, read
from operators.matching.vocabulary import Family

#: Raised by one when a criterion, a reason, a weight or a precedence changes (``versions``): assessments keep theirs.
RULES_VERSION = 1
#: An assessment stored as JSON never exceeds this (DESIGN 4).
MAX_BYTES = 20_000
#: « Écartées (14) »: nearest misses kept with their reasons.
MAX_MISSES = 14
#: Candidates kept with all their criteria; beyond, they are counted.
MAX_CANDIDATES = 20

#: « No provider for this theme on this territory » is said when these fail for every local offer.
ON_THEME = frozenset({"territory", "theme", "subject"})
FAMILY_ORDER: tuple[Family, ...] = (Family.LOCAL, Family.OPERATOR, Family.AGENCY)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that no criterion excludes. ``covers`` is the part of the need that it answers for certain."""

    offer: OfferRecord
    score: int
    readings: tuple[Reading, ...]
    covers: frozenset[str]

    @property
    def family(self) -> Family:
        return self.offer.family

    def of(self, verdict: Verdict) -> tuple[Reading, ...]:
        return tuple(reading for reading in self.readings if reading.verdict is verdict)

    @property
    def questions(self) -> tuple[Reading, ...]:
        """What must be asked about the body before the offer is certain."""
        return tuple(reading for reading in self.of(Verdict.UNKNOWN) if reading.concern is not Concern.NEED)


@dataclass(frozen=True, slots=True)
class Miss:
    """An offer that covers the territory and that some criterion excludes."""

    offer: OfferRecord
    failed: tuple[Reading, ...]

    @property
    def first(self) -> Reading:
        return self.failed[0]


@dataclass(frozen=True, slots=True)
class Matching:
    """What the catalogue holds for a need, and what it does not, with reasons.

    ``excluded_counts``: first failed criterion → number of offers; ``outside`` those that do not cover the territory.
    ``examined`` counts, by family, the offers that cover the territory at least in part; ``local_on_theme`` the local
    ones among them that deal with the theme and the subject, whatever else excludes them.
    """

    facts: Facts
    needs: frozenset[str]
    candidates: tuple[Candidate, ...]
    misses: tuple[Miss, ...]
    examined: Mapping[Family, int]
    excluded_counts: Mapping[str, int]
    local_on_theme: int = 0
    rules_version: int = RULES_VERSION

    def of(self, family: Family) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.candidates if candidate.family is family)

    @property
    def open_needs(self) -> tuple[str, ...]:
        """What some candidate needs to know of the request itself: asked once, in the order of the table."""
        found = {
            reading.criterion
            for candidate in self.candidates
            for reading in candidate.of(Verdict.UNKNOWN)
            if reading.concern is Concern.NEED
        }
        return tuple(criterion.key for criterion in CRITERIA if criterion.key in found)

    def as_dict(self, *, candidates: int = MAX_CANDIDATES, misses: int = MAX_MISSES) -> dict[str, Any]:
        """Plain JSON values. What is left out is counted."""
        return {
            "rules_version": self.rules_version,
            "on": self.facts.on.isoformat(),
            "needs": sorted(self.needs),
            "examined": {family.value: count for family, count in sorted(self.examined.items())},
            "excluded_counts": dict(sorted(self.excluded_counts.items())),
            "local_on_theme": self.local_on_theme,
            "open_needs": list(self.open_needs),
            "candidates": [
                {
                    **_identity(candidate.offer),
                    "family": candidate.family.value,
                    "score": candidate.score,
                    "covers": sorted(candidate.covers),
                    "readings": [reading.as_list() for reading in candidate.readings],
                }
                for candidate in self.candidates[:candidates]
            ],
            "candidates_omitted": max(0, len(self.candidates) - candidates),
            "misses": [
                {
                    "id": miss.offer.id,
                    "title": miss.offer.title,
                    "provider": miss.offer.provider_name,
                    "family": miss.offer.family.value,
                    "failed": [reading.as_list() for reading in miss.failed],
                    **({"illustrative": True} if miss.offer.illustrative else {}),
                }
                for miss in self.misses[:misses]
            ],
        }

    def to_json(self, max_bytes: int = MAX_BYTES) -> str:
        """At most ``max_bytes`` of UTF-8: the farthest misses are dropped first, then the last candidates."""
        candidates, misses = min(len(self.candidates), MAX_CANDIDATES), min(len(self.misses), MAX_MISSES)
        while True:
            text = json.dumps(
                self.as_dict(candidates=candidates, misses=misses), ensure_ascii=False, separators=(",", ":")
            )
            if len(text.encode()) <= max_bytes:
                return text
            if misses:
                misses -= 1
            elif candidates:
                candidates -= 1
            else:
                raise ValueError(f"an assessment without any offer exceeds {max_bytes} bytes")


def match(facts: Facts, offers: Iterable[OfferRecord], *, outside: int = 0) -> Matching:
    """Reads every offer. ``outside`` counts those that the caller left out as covering nothing of the territory."""
    needs = needs_of(facts)
    candidates: list[Candidate] = []
    misses: list[Miss] = []
    excluded: Counter[str] = Counter({"territory": outside} if outside else {})
    examined: Counter[Family] = Counter()
    local_on_theme = 0
    for offer in offers:
        territory = read(CRITERIA[0], facts, offer)
        if territory.reason is Reason.TERRITORY_OUTSIDE:
            excluded[territory.criterion] += 1
            continue
        examined[offer.family] += 1
        readings = (territory, *(read(criterion, facts, offer) for criterion in CRITERIA[1:]))
        local_on_theme += offer.family is Family.LOCAL and all(
            reading.verdict is not Verdict.FAILED for reading in readings if reading.criterion in ON_THEME
        )
        failed = tuple(reading for reading in readings if reading.verdict is Verdict.FAILED)
        if failed:
            excluded[failed[0].criterion] += 1
            misses.append(Miss(offer, failed))
        else:
            candidates.append(
                Candidate(offer, score(facts, offer, readings), readings, _covers(needs, readings, offer))
            )
    return Matching(
        facts=facts,
        needs=needs,
        candidates=tuple(sorted(candidates, key=_rank)),
        misses=tuple(sorted(misses, key=_nearness)[:MAX_MISSES]),
        examined=dict(examined),
        excluded_counts=dict(excluded),
        local_on_theme=local_on_theme,
    )


def needs_of(facts: Facts) -> frozenset[str]:
    """The need cut in parts that offers may share: each theme, each service asked for."""
    return frozenset({f"theme:{theme}" for theme in facts.themes} | {f"service:{name}" for name in facts.services})


def score(facts: Facts, offer: OfferRecord, readings: Iterable[Reading]) -> int:
    """The points of ``weights``, added up."""
    points = sum(weights.REASONS.get(reading.reason, 0) for reading in readings)
    if facts.themes and facts.themes[0] in offer.themes:
        points += weights.MAIN_THEME
    points += weights.PRICE[offer.price_model]
    age = None if offer.verified_on is None else (facts.on - offer.verified_on).days
    points += weights.step(weights.FRESHNESS, age) + weights.step(weights.DELAY, offer.delay_days)
    return points + (weights.AGREED_BEFOREHAND if offer.agreed_beforehand else 0)


def _covers(needs: frozenset[str], readings: tuple[Reading, ...], offer: OfferRecord) -> frozenset[str]:
    """The parts of the need answered; none for certain when the offer reaches a part of the territory only."""
    if readings[0].reason is Reason.COVERS_PART:
        return frozenset()
    themes = {f"theme:{theme}" for theme in offer.themes}
    return frozenset(
        need
        for need in needs
        if need in themes or (need.startswith("service:") and _does(offer, need[len("service:") :]))
    )


def _does(offer: OfferRecord, service: str) -> bool:
    return not offer.services or service in offer.services


def _rank(candidate: Candidate) -> tuple[int, int, str]:
    return FAMILY_ORDER.index(candidate.family), -candidate.score, candidate.offer.code


def _nearness(miss: Miss) -> tuple[int, int, int, str]:
    """The fewest failed criteria first, then those that fail latest in the table."""
    position = [criterion.key for criterion in CRITERIA].index(miss.first.criterion)
    return len(miss.failed), -position, FAMILY_ORDER.index(miss.offer.family), miss.offer.code


def _identity(offer: OfferRecord) -> dict[str, Any]:
    return {
        "id": offer.id,
        "uuid": offer.uuid,
        "code": offer.code,
        "title": offer.title,
        "provider": {"code": offer.provider_code, "name": offer.provider_name, "kind": offer.provider_kind},
        "legal_mode": offer.legal_mode,
        "price_model": offer.price_model,
        "price_label": offer.price_label,
        "capacity_left": offer.capacity_left,
        "delay_days": offer.delay_days,
        "valid_to": offer.valid_to.isoformat() if offer.valid_to else None,
        "verified_on": offer.verified_on.isoformat() if offer.verified_on else None,
        "agreed_beforehand": offer.agreed_beforehand,
        "illustrative": offer.illustrative,
    }
