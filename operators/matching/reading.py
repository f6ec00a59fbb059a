"""One criterion of one offer held against the facts: what was found, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operators.matching.criteria import (
    BY_KEY,
    VERDICTS,
    Concern,
    Coverage,
    Criterion,
    Equals,
    Interval,
    Membership,
    Overlap,
    Period,
    Reason,
    Remaining,
    Verdict,
    Zonings,
)
from operators.matching.facts import Facts, OfferRecord
from operators.matching.vocabulary import Level

#: Levels from the most exact to the widest, each with its reason.
LEVELS: tuple[tuple[Level, Reason], ...] = (
    (Level.COMMUNE, Reason.COVERS_COMMUNE),
    (Level.EPCI, Reason.COVERS_EPCI),
    (Level.ARRONDISSEMENT, Reason.COVERS_ARRONDISSEMENT),
    (Level.DEPARTMENT, Reason.COVERS_DEPARTMENT),
    (Level.REGION, Reason.COVERS_REGION),
    (Level.NATION, Reason.COVERS_NATION),
)

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """One criterion of one offer: what was found, and why. ``args`` are plain JSON values for the sentence."""

    criterion: str
    reason: Reason
    args: Args

    @property
    def verdict(self) -> Verdict:
        return VERDICTS[self.reason]

    @property
    def concern(self) -> Concern:
        return BY_KEY[self.criterion].concern

    def as_list(self) -> list[Any]:
        return (
            [self.criterion, self.reason.value, dict(self.args)] if self.args else [self.criterion, self.reason.value]
        )


def read(criterion: Criterion, facts: Facts, offer: OfferRecord) -> Reading:
    """One criterion of one offer."""
    rule = criterion.rule
    reason: Reason
    args: Args
    match rule:
        case Coverage():
            reason, args = _coverage(rule, facts, offer)
        case Equals():
            reason, args = (rule.met if getattr(offer, rule.offer) == rule.value else rule.failed), {}
        case Period():
            reason, args = _period(rule, facts, offer)
        case Overlap():
            reason, args = _overlap(rule, facts, offer)
        case Interval():
            reason, args = _interval(rule, facts, offer)
        case Zonings():
            reason, args = _zonings(rule, facts, offer)
        case Membership():
            reason, args = _membership(rule, facts, offer)
        case Remaining():
            left = getattr(offer, rule.offer)
            reason = (
                Reason.CAPACITY_UNLIMITED
                if left is None
                else Reason.CAPACITY_LEFT
                if left > 0
                else Reason.CAPACITY_FULL
            )
            args = {}
    return Reading(criterion.key, reason, args)


def _coverage(rule: Coverage, facts: Facts, offer: OfferRecord) -> tuple[Reason, Args]:
    """The most exact level wholly covered; failing that, a part of a level; failing that, outside.

    An exclusion of every area of a level excludes the body; of some of them, it leaves a part.
    """
    areas: Mapping[str, frozenset[str]] = getattr(facts, rule.fact)
    included: dict[str, set[str]] = {}
    excluded: dict[str, set[str]] = {}
    for area in getattr(offer, rule.offer):
        if area.code in areas.get(area.level, ()):
            (excluded if area.excluded else included).setdefault(area.level, set()).add(area.code)
    if not included:
        return Reason.TERRITORY_OUTSIDE, {}
    if any(codes == areas[level] for level, codes in excluded.items()):
        return Reason.TERRITORY_EXCLUDED, {}
    part: tuple[Reason, Args] | None = None
    for level, reason in LEVELS:
        codes = included.get(level, set()) - excluded.get(level, set())
        if codes and codes == areas[level] and not excluded:
            return reason, {}
        if codes and part is None:
            part = Reason.COVERS_PART, {"level": level.value, "codes": sorted(codes)[:5]}
    return part or (Reason.TERRITORY_EXCLUDED, {})


def _period(rule: Period, facts: Facts, offer: OfferRecord) -> tuple[Reason, Args]:
    start, end, on = getattr(offer, rule.start), getattr(offer, rule.end), getattr(facts, rule.fact)
    if start is not None and on < start:
        return Reason.NOT_OPEN_YET, {"from": start.isoformat()}
    if end is not None and on > end:
        return Reason.CLOSED, {"to": end.isoformat()}
    return (Reason.PERMANENT, {}) if end is None else (Reason.VALID, {"to": end.isoformat()})


def _overlap(rule: Overlap, facts: Facts, offer: OfferRecord) -> tuple[Reason, Args]:
    asked = getattr(facts, rule.fact)
    wanted: tuple[str, ...] = () if asked is None else (asked,) if isinstance(asked, str) else tuple(asked)
    restriction: frozenset[str] = getattr(offer, rule.offer)
    if not restriction:
        return rule.unrestricted, {}
    common = restriction.intersection(wanted)
    if common:
        # In the order of the need, the main one first, when it has one.
        ordered = [value for value in wanted if value in common] if isinstance(asked, tuple) else sorted(common)
        return rule.met, {"values": ordered}
    if rule.perhaps and not restriction.isdisjoint(getattr(facts, rule.perhaps)):
        return rule.unknown, {"values": sorted(restriction)}
    if not wanted and not rule.empty_is_known:
        return rule.unknown, {}
    return rule.failed, {"values": sorted(restriction)[:6]}


def _interval(rule: Interval, facts: Facts, offer: OfferRecord) -> tuple[Reason, Args]:
    low, high, value = getattr(offer, rule.low), getattr(offer, rule.high), getattr(facts, rule.fact)
    args = {name: bound for name, bound in (("min", low), ("max", high)) if bound is not None}
    if not args:
        return Reason.POPULATION_ANY, {}
    if value is None:
        return Reason.POPULATION_UNKNOWN, args
    args["value"] = value
    if low is not None and value < low:
        return Reason.POPULATION_BELOW, args
    if high is not None and value > high:
        return Reason.POPULATION_ABOVE, args
    return Reason.POPULATION_MET, args


def _zonings(rule: Zonings, facts: Facts, offer: OfferRecord) -> tuple[Reason, Args]:
    required: frozenset[str] = getattr(offer, rule.offer)
    if not required:
        return Reason.ZONING_ANY, {}
    known = getattr(facts, rule.fact)
    args = {"values": sorted(required)}
    unknown = False
    for token in sorted(required):
        code, _, value = token.partition("=")
        zoning = known.get(code)
        if zoning is None or not zoning.is_known:
            unknown = True
        elif (zoning.value == value) if value else zoning.holds is True:
            return Reason.ZONING_MET, {"values": [token]}
        elif not value and zoning.holds is None:
            unknown = True
    return (Reason.ZONING_UNKNOWN if unknown else Reason.ZONING_OTHER), args


def _membership(rule: Membership, facts: Facts, offer: OfferRecord) -> tuple[Reason, Args]:
    if not getattr(offer, rule.required):
        return Reason.MEMBERSHIP_NOT_NEEDED, {}
    provider = getattr(offer, rule.provider)
    args = {"label": offer.membership_label or f"adhésion à l’organisme ({offer.provider_name})"}
    if provider in getattr(facts, rule.yes):
        return Reason.MEMBER, args
    return (Reason.NOT_MEMBER if provider in getattr(facts, rule.no) else Reason.MEMBERSHIP_UNKNOWN), args
