"""What changed between two frozen assessments of a request: offers, verdicts, recommendation, facts. Pure.

It reads documents as they were stored, whatever the version of the rules that wrote them: what one of them does not
say is left out, never guessed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from common.french import joined, number, plural
from operators.matching import reasons
from operators.matching.criteria import BY_KEY, VERDICTS, Reason, Verdict
from operators.matching.evidence import COMPLEXITY_SIGNS
from operators.matching.vocabulary import EngineeringType, Labelled, Phase, Service, Theme
from operators.reference import SUBJECT_LABELS
from programmes.reference import LABELS as PROGRAMME_LABELS

Document = Mapping[str, Any]

#: Of an offer, what moves with the calendar alone.
_DATED = frozenset({"score"})


def meaning(document: Document) -> dict[str, Any]:
    """A document without what the day alone changes: two that mean the same propose the same, for the same reasons."""
    facts = {name: value for name, value in document["facts"].items() if name != "on"}
    matching = {name: value for name, value in document["matching"].items() if name != "on"}
    matching["candidates"] = [
        {name: value for name, value in row.items() if name not in _DATED} for row in matching["candidates"]
    ]
    # of a miss, documents say since 2026-11 whether it is an illustration: that changes nothing of what is proposed
    matching["misses"] = [
        {name: value for name, value in row.items() if name != "illustrative"} for row in matching["misses"]
    ]
    return {**document, "facts": facts, "matching": matching}


@dataclass(frozen=True, slots=True)
class Moved:
    """An offer that came in, went out, or is read otherwise; ``why`` are sentences."""

    title: str
    provider: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactChange:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """``recommended`` are the titles of the lines proposed, before and after. ``rules`` are the versions when they
    differ. ``incomplete``: one of the documents counts candidates that it does not name."""

    came_in: tuple[Moved, ...]
    went_out: tuple[Moved, ...]
    reread: tuple[Moved, ...]
    recommended: tuple[tuple[str, ...], tuple[str, ...]]
    kinds: tuple[str, str]
    facts: tuple[FactChange, ...]
    rules: tuple[int, int] | None
    incomplete: bool

    @property
    def recommendation_changed(self) -> bool:
        return self.recommended[0] != self.recommended[1] or self.kinds[0] != self.kinds[1]

    @property
    def nothing(self) -> bool:
        return not (self.came_in or self.went_out or self.reread or self.facts or self.recommendation_changed)

    @property
    def sentence(self) -> str:
        """« Une offre de plus, deux offres de moins ; la recommandation ne change pas. »"""
        if self.nothing:
            return "Rien n’a changé dans les offres, les faits ni la recommandation."
        parts = []
        if self.came_in:
            parts.append(f"{plural(len(self.came_in), 'offre')} de plus")
        if self.went_out:
            parts.append(f"{plural(len(self.went_out), 'offre')} de moins")
        if self.reread:
            parts.append(plural(len(self.reread), "offre lue autrement", "offres lues autrement"))
        if self.facts:
            parts.append(plural(len(self.facts), "fait modifié", "faits modifiés"))
        told = "la recommandation change" if self.recommendation_changed else "la recommandation ne change pas"
        return f"{joined(parts)}\u202f; {told}." if parts else f"{told[:1].upper()}{told[1:]}."


def compare(before: Document, after: Document, labels: reasons.Labels | None = None) -> Changes:
    """What ``after`` has that ``before`` had not, and the reverse. ``labels``: what codes are called, as in
    ``reasons``."""
    kind, names = after["facts"]["kind"], labels or {}
    old, new = before["matching"], after["matching"]
    was = {row["id"]: row for row in old["candidates"]}
    now = {row["id"]: row for row in new["candidates"]}
    missed_before = {row["id"]: row for row in old["misses"]}
    missed_now = {row["id"]: row for row in new["misses"]}
    # beyond those that a document names, nothing tells an offer that it leaves out from one that is not there
    cut_before, cut_now = bool(old["candidates_omitted"]), bool(new["candidates_omitted"])
    came_in = [
        _moved(row, _failed(missed_before[key], kind, names) if key in missed_before else ())
        for key, row in now.items()
        if key not in was and (not cut_before or key in missed_before)
    ]
    went_out = [
        _moved(row, _failed(missed_now[key], kind, names) if key in missed_now else ())
        for key, row in was.items()
        if key not in now and (not cut_now or key in missed_now)
    ]
    reread = [
        _moved(now[key], told)
        for key, row in was.items()
        if key in now and (told := tuple(_verdicts(row["readings"], now[key]["readings"], kind, names)))
    ]
    versions = (old["rules_version"], new["rules_version"])
    return Changes(
        came_in=tuple(came_in),
        went_out=tuple(went_out),
        reread=tuple(reread),
        recommended=(_recommended(before, was), _recommended(after, now)),
        kinds=(before["recommendation"]["kind"], after["recommendation"]["kind"]),
        facts=tuple(_facts(before["facts"], after["facts"], names)),
        rules=versions if versions[0] != versions[1] else None,
        incomplete=cut_before or cut_now,
    )


def _moved(row: Mapping[str, Any], why: Iterable[str]) -> Moved:
    return Moved(row["title"], row["provider"]["name"], tuple(why))


def _sentence(stored: list[Any], kind: str, names: reasons.Labels) -> str:
    return reasons.sentence(stored[1], stored[2] if len(stored) > 2 else {}, kind=kind, labels=names)


def _failed(miss: Mapping[str, Any], kind: str, names: reasons.Labels) -> tuple[str, ...]:
    return tuple(_sentence(stored, kind, names) for stored in miss["failed"])


def _verdict(stored: list[Any]) -> Verdict:
    return VERDICTS[Reason(stored[1])]


def _verdicts(before: list[list[Any]], after: list[list[Any]], kind: str, names: reasons.Labels) -> Iterable[str]:
    """« population : … devient … », for each criterion whose verdict is another."""
    was = {stored[0]: stored for stored in before}
    for stored in after:
        earlier = was.get(stored[0])
        if earlier is not None and _verdict(earlier) is not _verdict(stored):
            criterion = BY_KEY.get(stored[0])
            label = criterion.label.lower() if criterion else stored[0]
            yield f"{label} : « {_sentence(earlier, kind, names)} » devient « {_sentence(stored, kind, names)} »"


def _recommended(document: Document, candidates: Mapping[int, Mapping[str, Any]]) -> tuple[str, ...]:
    """Titles, the pilot's first; the provider's name when the document does not name the offer."""
    lines = document["recommendation"]["lines"]
    return tuple(candidates[line["id"]]["title"] if line["id"] in candidates else line["provider"] for line in lines)


# --- facts -----------------------------------------------------------------------------------------------------------

UNKNOWN = "inconnu"


def _labels(known: Mapping[str, str]) -> Callable[[Iterable[str]], str]:
    return lambda values: joined([known.get(value, value) for value in values]) or "aucun"


def _of(vocabulary: type[Labelled]) -> dict[str, str]:
    return {member.value: member.label for member in vocabulary}


def _count(value: int | None) -> str:
    return UNKNOWN if value is None else number(value)


#: Facts that a person recognises, in the order in which they are told; those without words are named by staff.
_SAID: tuple[tuple[str, str, Any], ...] = (
    ("population", "Population", _count),
    ("programmes", "Programmes", None),
    ("themes", "Thèmes", _labels(_of(Theme))),
    ("subjects", "Sujets", None),
    ("services", "Services attendus", _labels(_of(Service))),
    ("engineering_types", "Types d’ingénierie", _labels(_of(EngineeringType))),
    ("phase", "Avancement", lambda value: _of(Phase).get(value, UNKNOWN)),
    ("member_of", "Adhésions connues", lambda values: number(len(values)) if values else "aucune"),
    (
        "not_member_of",
        "Organismes où elle n’adhère pas",
        lambda values: number(len(values)) if values else "aucun connu",
    ),
    ("commune_count", "Communes concernées", _count),
    ("partner_count", "Partenaires associés", _count),
    ("complexity_signs", "Signes de complexité", _labels(COMPLEXITY_SIGNS)),
)


def _facts(before: Mapping[str, Any], after: Mapping[str, Any], names: reasons.Labels) -> Iterable[FactChange]:
    kept = {"programmes": _labels({**names, **PROGRAMME_LABELS}), "subjects": _labels({**SUBJECT_LABELS, **names})}
    for name, label, say in _SAID:
        say = kept.get(name, say)
        if name in before and name in after and before[name] != after[name]:
            yield FactChange(label, say(before[name]), say(after[name]))
    was = {zoning["code"]: zoning for zoning in before.get("zonings", ())}
    now = {zoning["code"]: zoning for zoning in after.get("zonings", ())}
    for code in sorted(was.keys() | now.keys()):
        told = [_zoning(found.get(code)) for found in (was, now)]
        if told[0] != told[1]:
            yield FactChange((now.get(code) or was[code])["label"], told[0], told[1])


def _zoning(zoning: Mapping[str, Any] | None) -> str:
    if zoning is None:
        return UNKNOWN
    value = zoning["value"] or (number(zoning["number"]) if zoning["number"] is not None else UNKNOWN)
    return f"{value} ({zoning['vintage']})" if zoning.get("vintage") else str(value)
