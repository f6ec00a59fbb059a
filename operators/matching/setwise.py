"""The same rules for many needs and many offers at once: SQL written from the same tables (``criteria``, ``weights``).

``engine`` reads one need with every argument of its sentences; here each criterion becomes one expression that gives
its reason code, from two relations of a fixed shape: ``n``, needs, and ``o``, offers. What they are made of is said by
:data:`NEED_COLUMNS` and :data:`OFFER_COLUMNS`; ``operators.relations`` makes them from the tables of the portal. Both
executions are compared by a test, on random catalogues: any difference fails.

Every list is an array, empty when nothing is said; a single fact that may be unknown is an array of one or none.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from operators.matching import weights
from operators.matching.criteria import (
    CRITERIA,
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
from operators.matching.engine import FAMILY_ORDER, ON_THEME
from operators.matching.facts import Facts, OfferRecord
from operators.matching.reading import LEVELS

_LEVELS = tuple(level.value for level, _ in LEVELS)

#: Columns of a need and their types. ``areas_<level>``: codes of the areas it lies in. ``zonings_met``: tokens that it
#: satisfies; ``zonings_answered``: keys (:func:`zoning_key`) of those of which it is known whether it does.
NEED_COLUMNS: Mapping[str, str] = {
    "id": "bigint",
    "on": "date",
    **{f"areas_{level}": "text[]" for level in _LEVELS},
    "kind": "text[]",
    "population": "integer",
    "programmes": "text[]",
    "programmes_unknown": "text[]",
    "zonings_met": "text[]",
    "zonings_answered": "text[]",
    "themes": "text[]",
    "subjects": "text[]",
    "engineering_types": "text[]",
    "services": "text[]",
    "phase": "text[]",
    "member_of": "text[]",
    "not_member_of": "text[]",
}

#: Columns of an offer and their types. ``covers_<level>`` and ``except_<level>``: codes of its coverage;
#: ``zoning_keys``: the keys of ``zonings_required``; ``family``: its place in the order of precedence.
OFFER_COLUMNS: Mapping[str, str] = {
    "id": "bigint",
    "code": "text",
    "family": "smallint",
    **{f"{part}_{level}": "text[]" for part in ("covers", "except") for level in _LEVELS},
    "status": "text",
    "valid_from": "date",
    "valid_to": "date",
    "themes": "text[]",
    "subjects": "text[]",
    "body_kinds": "text[]",
    "population_min": "integer",
    "population_max": "integer",
    "programmes_required": "text[]",
    "zonings_required": "text[]",
    "zoning_keys": "text[]",
    "engineering_types": "text[]",
    "services": "text[]",
    "phases": "text[]",
    "membership_required": "boolean",
    "provider_code": "text",
    "capacity_left": "integer",
    "price_model": "text",
    "verified_on": "date",
    "delay_days": "integer",
    "agreed_beforehand": "boolean",
}


def need_row(key: int, facts: Facts) -> dict[str, Any]:
    """The need that these facts are, by column."""
    known = [zoning for zoning in facts.zonings.values() if zoning.is_known]
    met = [zoning.code for zoning in known if zoning.holds is True]
    met += [f"{zoning.code}={zoning.value}" for zoning in known if zoning.value]
    answered = [zoning.code for zoning in known if zoning.holds is not None]
    answered += [f"{zoning.code}=" for zoning in known]
    return {
        "id": key,
        "on": facts.on,
        **{f"areas_{level}": sorted(facts.areas.get(level, ())) for level in _LEVELS},
        "kind": [facts.kind],
        "population": facts.population,
        "programmes": sorted(facts.programmes),
        "programmes_unknown": sorted(facts.programmes_unknown),
        "zonings_met": sorted(met),
        "zonings_answered": sorted(answered),
        "themes": list(facts.themes),
        "subjects": list(facts.subjects),
        "engineering_types": sorted(facts.engineering_types),
        "services": sorted(facts.services),
        "phase": [facts.phase] if facts.phase is not None else [],
        "member_of": sorted(facts.member_of),
        "not_member_of": sorted(facts.not_member_of),
    }


def offer_row(offer: OfferRecord) -> dict[str, Any]:
    """The offer of this record, by column."""
    lines = {
        f"{part}_{level}": sorted(
            line.code for line in offer.coverage if line.level == level and line.excluded == (part == "except")
        )
        for part in ("covers", "except")
        for level in _LEVELS
    }
    sets = ("themes", "subjects", "body_kinds", "programmes_required", "engineering_types", "services", "phases")
    plain = {name: getattr(offer, name) for name in OFFER_COLUMNS if hasattr(offer, name)}
    return {
        **plain,
        **lines,
        **{name: sorted(getattr(offer, name)) for name in sets},
        "family": FAMILY_ORDER.index(offer.family),
        "zonings_required": sorted({zoning_token(token) for token in offer.zonings_required}),
        "zoning_keys": sorted({zoning_key(token) for token in offer.zonings_required}),
    }


def zoning_token(token: str) -> str:
    """``CODE=value``, or ``CODE`` alone when no value is asked for."""
    code, _, value = token.partition("=")
    return f"{code}={value}" if value else code


def zoning_key(token: str) -> str:
    """Under which key a need says whether it can answer: ``CODE=`` for a value, ``CODE`` for being inside."""
    code, _, value = token.partition("=")
    return f"{code}=" if value else code


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


Arms = tuple[tuple[tuple[str, Reason], ...], Reason]


def _case(*arms: tuple[str, Reason], otherwise: Reason) -> Arms:
    return arms, otherwise


def reason(criterion: Criterion) -> str:
    """The expression that gives the reason code of a criterion for a need ``n`` and an offer ``o``."""
    arms, otherwise = _arms(criterion)
    whens = " ".join(f"WHEN {condition} THEN {_text(found.value)}" for condition, found in arms)
    return f"CASE {whens} ELSE {_text(otherwise.value)} END"


def reasons_of(criterion: Criterion) -> tuple[Reason, ...]:
    """Every reason that the criterion may give, in the order in which they are tried."""
    arms, otherwise = _arms(criterion)
    return tuple(dict.fromkeys([*(found for _, found in arms), otherwise]))


def kept(criterion: Criterion) -> str:
    """The expression that says whether the reason of a criterion is anything but a failure."""

    def holds(found: Reason) -> str:
        return "false" if VERDICTS[found] is Verdict.FAILED else "true"

    arms, otherwise = _arms(criterion)
    return f"CASE {' '.join(f'WHEN {condition} THEN {holds(r)}' for condition, r in arms)} ELSE {holds(otherwise)} END"


def _arms(criterion: Criterion) -> Arms:
    """Conditions in their order, each with its reason, and the reason when none holds."""
    rule = criterion.rule
    match rule:
        case Coverage():
            return _coverage()
        case Equals():
            return _case((f"o.{rule.offer} = {_text(rule.value)}", rule.met), otherwise=rule.failed)
        case Period():
            return _case(
                (f'n."{rule.fact}" < o.{rule.start}', Reason.NOT_OPEN_YET),
                (f'n."{rule.fact}" > o.{rule.end}', Reason.CLOSED),
                (f"o.{rule.end} IS NULL", Reason.PERMANENT),
                otherwise=Reason.VALID,
            )
        case Overlap():
            arms = [(f"o.{rule.offer} = '{{}}'", rule.unrestricted), (f"o.{rule.offer} && n.{rule.fact}", rule.met)]
            if rule.perhaps:
                arms.append((f"o.{rule.offer} && n.{rule.perhaps}", rule.unknown))
            if not rule.empty_is_known:
                arms.append((f"n.{rule.fact} = '{{}}'", rule.unknown))
            return _case(*arms, otherwise=rule.failed)
        case Interval():
            return _case(
                (f"o.{rule.low} IS NULL AND o.{rule.high} IS NULL", Reason.POPULATION_ANY),
                (f"n.{rule.fact} IS NULL", Reason.POPULATION_UNKNOWN),
                (f"n.{rule.fact} < o.{rule.low}", Reason.POPULATION_BELOW),
                (f"n.{rule.fact} > o.{rule.high}", Reason.POPULATION_ABOVE),
                otherwise=Reason.POPULATION_MET,
            )
        case Zonings():
            return _case(
                (f"o.{rule.offer} = '{{}}'", Reason.ZONING_ANY),
                (f"o.{rule.offer} && n.zonings_met", Reason.ZONING_MET),
                ("NOT o.zoning_keys <@ n.zonings_answered", Reason.ZONING_UNKNOWN),
                otherwise=Reason.ZONING_OTHER,
            )
        case Membership():
            return _case(
                (f"NOT o.{rule.required}", Reason.MEMBERSHIP_NOT_NEEDED),
                (f"o.{rule.provider} = ANY(n.{rule.yes})", Reason.MEMBER),
                (f"o.{rule.provider} = ANY(n.{rule.no})", Reason.NOT_MEMBER),
                otherwise=Reason.MEMBERSHIP_UNKNOWN,
            )
        case Remaining():
            return _case(
                (f"o.{rule.offer} IS NULL", Reason.CAPACITY_UNLIMITED),
                (f"o.{rule.offer} > 0", Reason.CAPACITY_LEFT),
                otherwise=Reason.CAPACITY_FULL,
            )


def _coverage() -> Arms:
    """An area is covered or excepted, never both (``offer_coverage_once``)."""
    names = [level.value for level, _ in LEVELS]
    included = " OR ".join(f"o.covers_{name} && n.areas_{name}" for name in names)
    excepted = " OR ".join(f"o.except_{name} && n.areas_{name}" for name in names)
    shut_out = " OR ".join(f"(n.areas_{name} <> '{{}}' AND n.areas_{name} <@ o.except_{name})" for name in names)
    whole = [
        (f"n.areas_{level.value} <> '{{}}' AND n.areas_{level.value} <@ o.covers_{level.value}", found)
        for level, found in LEVELS
    ]
    return _case(
        (f"NOT ({included})", Reason.TERRITORY_OUTSIDE),
        (f"({shut_out})", Reason.TERRITORY_EXCLUDED),
        (f"({excepted})", Reason.COVERS_PART),
        *whole,
        otherwise=Reason.COVERS_PART,
    )


def _among(expression: str, reasons: Iterable[Reason]) -> str:
    wanted = sorted(_text(found.value) for found in reasons)
    return f"{expression} IN ({', '.join(wanted)})" if wanted else "false"


def _with(criterion: Criterion, verdict: Verdict) -> str:
    """Whether the reason of a criterion, in the column of its name, has this verdict."""
    return _among(f"r.{criterion.key}", (found for found, meant in VERDICTS.items() if meant is verdict))


def score() -> str:
    """The points of ``weights``, as ``engine.score`` adds them up, from the columns of reasons ``r``."""
    parts = [
        f"CASE r.{criterion.key} "
        + " ".join(f"WHEN {_text(found.value)} THEN {points}" for found, points in weights.REASONS.items())
        + " ELSE 0 END"
        for criterion in CRITERIA
    ]
    prices = " ".join(f"WHEN {_text(str(price))} THEN {points}" for price, points in weights.PRICE.items())
    parts += [
        f"CASE WHEN n.themes[1] = ANY(o.themes) THEN {weights.MAIN_THEME} ELSE 0 END",
        f"CASE o.price_model {prices} END",
        _steps(weights.FRESHNESS, 'n."on" - o.verified_on'),
        _steps(weights.DELAY, "o.delay_days"),
        f"CASE WHEN o.agreed_beforehand THEN {weights.AGREED_BEFOREHAND} ELSE 0 END",
    ]
    return " + ".join(f"({part})" for part in parts)


def _steps(table: Iterable[tuple[int, int]], value: str) -> str:
    arms = " ".join(f"WHEN {value} <= {bound} THEN {points}" for bound, points in table)
    return f"CASE {arms} ELSE 0 END"


def pairs(needs: str, offers: str) -> str:
    """One row for each offer that covers at least a part of a need: ``need``, ``offer``, ``code``, ``family``, a column
    of reason for each criterion, ``failed`` (the first that fails, or null), ``on_theme``, ``asks`` (a question about
    the body is open) and ``score`` of what nothing excludes.

    ``needs`` and ``offers`` name relations, each with its columns."""
    reasons = ", ".join(f"{reason(criterion)} AS {criterion.key}" for criterion in CRITERIA)
    failed = " ".join(f"WHEN {_with(criterion, Verdict.FAILED)} THEN {_text(criterion.key)}" for criterion in CRITERIA)
    on_theme = " AND ".join(
        f"NOT {_with(criterion, Verdict.FAILED)}" for criterion in CRITERIA if criterion.key in ON_THEME
    )
    asks = " OR ".join(
        _with(criterion, Verdict.UNKNOWN) for criterion in CRITERIA if criterion.concern is not Concern.NEED
    )
    return (
        f"SELECT n.id AS need, o.id AS offer, o.code, o.family, r.*, CASE {failed} END AS failed, "  # noqa: S608
        f"{on_theme} AS on_theme, ({asks}) AS asks, {score()} AS score "
        f"FROM ({_meeting(needs, offers)}) m JOIN {needs} n ON n.id = m.need JOIN {offers} o ON o.id = m.offer "
        f"CROSS JOIN LATERAL (SELECT {reasons} OFFSET 0) r"
    )


def candidates(needs: str, offers: str) -> str:
    """Of :func:`pairs`, those that nothing excludes, with ``need``, ``offer``, ``code``, ``family`` and ``score``: an
    offer is left at its first failed criterion, and costs no more."""
    open_to = " AND ".join(kept(criterion) for criterion in CRITERIA)
    weighed = ", ".join(f"{reason(criterion)} AS {criterion.key}" for criterion in CRITERIA)
    return (
        f"SELECT m.need, o.id AS offer, o.code, o.family, {score()} AS score "  # noqa: S608
        f"FROM ({_meeting(needs, offers)}) m JOIN {needs} n ON n.id = m.need JOIN {offers} o ON o.id = m.offer "
        f"CROSS JOIN LATERAL (SELECT {weighed} OFFSET 0) r WHERE {open_to}"
    )


def _meeting(needs: str, offers: str) -> str:
    """The pairs of which an area is named on both sides: joined by their areas, never each with each."""

    def areas(relation: str, part: str) -> str:
        return " UNION ALL ".join(
            f"SELECT id, '{level}:' || unnest({part}_{level}) AS area FROM {relation}"  # noqa: S608
            for level in _LEVELS
        )

    return (
        f"SELECT DISTINCT a.id AS need, c.id AS offer FROM ({areas(needs, 'areas')}) a "  # noqa: S608
        f"JOIN ({areas(offers, 'covers')}) c USING (area)"
    )


def outcomes(needs: str, offers: str) -> str:
    """One row a need: ``route`` (place of the first family that has a candidate, null when none has), how many
    candidates and how many offers examined of each family, ``best`` (the code of the first candidate of that family),
    ``certain`` (one of its candidates asks nothing of the body) and ``local_on_theme``."""
    counts = ", ".join(
        f"count(*) FILTER (WHERE p.family = {place} AND p.failed IS NULL) AS found_{family.value}, "
        f"count(*) FILTER (WHERE p.family = {place}) AS examined_{family.value}"
        for place, family in enumerate(FAMILY_ORDER)
    )
    return (
        f"SELECT n.id AS need, min(p.family) FILTER (WHERE p.failed IS NULL) AS route, {counts}, "  # noqa: S608
        '(array_agg(p.code ORDER BY p.family, p.score DESC, p.code COLLATE "C") FILTER (WHERE p.failed IS NULL))[1] '
        "AS best, coalesce((array_agg(p.family ORDER BY p.family) FILTER (WHERE p.failed IS NULL))[1] = "
        "min(p.family) FILTER (WHERE p.failed IS NULL AND NOT p.asks), false) AS certain, "
        "count(*) FILTER (WHERE p.on_theme AND p.family = 0) AS local_on_theme "
        f"FROM {needs} n LEFT JOIN ({pairs(needs, offers)}) p ON p.need = n.id GROUP BY n.id"
    )
