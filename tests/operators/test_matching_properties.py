"""Properties of the engine on random catalogues and needs, unknowns included."""

import dataclasses
import datetime as dt
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from operators.matching.criteria import Verdict
from operators.matching.engine import MAX_BYTES, match
from operators.matching.facts import Area, Facts, OfferRecord, ZoningFact
from operators.matching.reasons import evidence_sentence, headline, sentence, short_label
from operators.matching.recommend import assess
from operators.matching.vocabulary import (
    BodyKind,
    EngineeringType,
    LegalMode,
    Phase,
    PriceModel,
    ProviderKind,
    Service,
    Theme,
)
from tests.operators.factories import TODAY

LEVELS = {"nation": ["FR"], "region": ["93", "84"], "department": ["04", "05", "26"], "arrondissement": ["043"],
          "epci": ["200068765"], "commune": ["04121", "04134"]}  # fmt: skip
PROGRAMMES = ["ACV", "PVD", "VA", "TI"]
ZONINGS = ["qpv", "frr", "revenu_median"]
TOKENS = [*ZONINGS, "frr=FRR+", "frr=FRR", "qpv=oui", "qpv="]
SUBJECTS = ["commerce", "friche", "eau"]
DATES = st.none() | st.dates(TODAY - dt.timedelta(days=400), TODAY + dt.timedelta(days=400))


def words(values: Any, **options: Any) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from([str(value) for value in values]), **options)


areas = st.sampled_from([(level, code) for level, codes in LEVELS.items() for code in codes])
#: What a list says of a body, whole or not: a class, a measure, a zone with or without its class, or nothing.
zoning = st.builds(
    ZoningFact,
    code=st.sampled_from(ZONINGS),
    label=st.just("Zonage"),
    value=st.sampled_from(["oui", "non", "FRR", "FRR+", ""]),
    number=st.none() | st.integers(0, 50_000).map(float),
    holds=st.none() | st.booleans(),
)
bodies = st.builds(
    Facts,
    on=st.just(TODAY),
    kind=st.sampled_from([kind.value for kind in BodyKind]),
    code=st.just("04121"),
    name=st.just("Mézel"),
    areas=st.fixed_dictionaries(
        {"nation": st.just(frozenset({"FR"})), "department": words(LEVELS["department"], min_size=1)},
        optional={
            level: words(codes, min_size=1) for level, codes in LEVELS.items() if level not in ("nation", "department")
        },
    ),
    population=st.none() | st.integers(0, 200_000),
    programmes=words(PROGRAMMES),
    programmes_unknown=words(PROGRAMMES),
    zonings=st.lists(zoning, max_size=3).map(lambda found: {each.code: each for each in found}),
    themes=st.lists(st.sampled_from([theme.value for theme in Theme]), max_size=4, unique=True).map(tuple),
    subjects=st.lists(st.sampled_from(SUBJECTS), max_size=2, unique=True).map(tuple),
    services=words(Service, max_size=3),
    engineering_types=words(EngineeringType, max_size=2),
    phase=st.none() | st.sampled_from([phase.value for phase in Phase]),
    member_of=words(["p1", "p2"]),
    not_member_of=words(["p3"]),
    commune_count=st.none() | st.integers(1, 60),
    partner_count=st.none() | st.integers(0, 9),
    complexity_signs=words(["risks", "heritage"]),
)


@st.composite
def offers(draw: st.DrawFn, code: str) -> OfferRecord:
    title = draw(st.text(min_size=1, max_size=160))
    coverage = draw(st.lists(areas, min_size=1, max_size=4, unique=True))
    return OfferRecord(
        id=int(code.split("-")[1]),
        uuid="00000000-0000-4000-8000-000000000001",
        code=code,
        title=title,
        provider_code=draw(st.sampled_from(["p1", "p2", "p3", "p4"])),
        provider_name=draw(st.text(min_size=1, max_size=160)),
        provider_kind=draw(st.sampled_from([kind.value for kind in ProviderKind])),
        coverage=tuple(Area(*area, draw(st.integers(0, 5)) == 0 and area[0] != "nation") for area in coverage),
        themes=draw(words(Theme, max_size=3)),
        status=draw(st.sampled_from(["published", "published", "published", "draft"])),
        price_model=draw(st.sampled_from([model.value for model in PriceModel])),
        legal_mode=draw(st.sampled_from([mode.value for mode in LegalMode])),
        price_label=draw(st.text(max_size=200)),
        subjects=draw(words(SUBJECTS, max_size=2)),
        engineering_types=draw(words(EngineeringType, max_size=2)),
        services=draw(words(Service, max_size=3)),
        phases=draw(words(Phase, max_size=4)),
        body_kinds=draw(words(BodyKind, max_size=4)),
        population_min=draw(st.none() | st.integers(0, 5000)),
        population_max=draw(st.none() | st.integers(5000, 100_000)),
        membership_required=draw(st.booleans()),
        membership_label=draw(st.text(max_size=160)),
        programmes_required=draw(words(PROGRAMMES, max_size=2)),
        zonings_required=draw(words(TOKENS, max_size=2)),
        valid_from=draw(DATES),
        valid_to=draw(DATES),
        capacity_left=draw(st.none() | st.integers(0, 3)),
        delay_days=draw(st.none() | st.integers(0, 200)),
        verified_on=draw(DATES),
        agreed_beforehand=draw(st.booleans()),
    )


catalogues = st.integers(0, 8).flatmap(lambda size: st.tuples(*(offers(f"offre-{n}") for n in range(size))))
EXAMPLES = settings(max_examples=40, deadline=None)

#: Ways of knowing less about a body: each replaces a fact by « unknown ».
FORGET: list[dict[str, Any]] = [
    {"population": None},
    {"zonings": {}},
    {"themes": ()},
    {"subjects": ()},
    {"services": frozenset()},
    {"engineering_types": frozenset()},
    {"phase": None},
    {"member_of": frozenset(), "not_member_of": frozenset()},
    {"programmes": frozenset(), "programmes_unknown": frozenset(PROGRAMMES)},
]


@EXAMPLES
@given(bodies, catalogues, st.randoms(use_true_random=False))
def test_the_order_of_the_catalogue_changes_nothing(
    body: Facts, catalogue: tuple[OfferRecord, ...], random: Any
) -> None:
    shuffled = list(catalogue)
    random.shuffle(shuffled)
    assert match(body, shuffled).to_json() == match(body, catalogue).to_json()


@EXAMPLES
@given(bodies, catalogues, st.sampled_from(FORGET))
def test_knowing_less_never_excludes(body: Facts, catalogue: tuple[OfferRecord, ...], forget: dict[str, Any]) -> None:
    before = {candidate.offer.code: candidate for candidate in match(body, catalogue).candidates}
    after = {
        candidate.offer.code: candidate
        for candidate in match(dataclasses.replace(body, **forget), catalogue).candidates
    }
    assert before.keys() <= after.keys()
    assert all(after[code].score <= candidate.score for code, candidate in before.items())


@EXAMPLES
@given(bodies, catalogues)
def test_every_offer_is_accounted_for_with_its_reasons(body: Facts, catalogue: tuple[OfferRecord, ...]) -> None:
    matching = match(body, catalogue)
    assert len(matching.candidates) + sum(matching.excluded_counts.values()) == len(catalogue)
    for candidate in matching.candidates:
        assert len(candidate.readings) == 14
        assert all(reading.verdict is not Verdict.FAILED for reading in candidate.readings)
        assert candidate.covers <= matching.needs
    for miss in matching.misses:
        assert miss.failed and all(reading.verdict is Verdict.FAILED for reading in miss.failed)
        assert matching.excluded_counts[miss.first.criterion]


@EXAMPLES
@given(bodies, catalogues, offers("offre-99"))
def test_an_irrelevant_offer_changes_nothing(
    body: Facts, catalogue: tuple[OfferRecord, ...], irrelevant: OfferRecord
) -> None:
    """Whatever it does and for whom, an offer of elsewhere: but for the count of those that hold elsewhere."""
    elsewhere = dataclasses.replace(irrelevant, coverage=(Area("department", "75"),))
    without, beside = assess(body, catalogue), assess(body, [*catalogue, elsewhere])
    assert beside.matching.candidates == without.matching.candidates
    assert beside.matching.misses == without.matching.misses
    assert beside.recommendation == without.recommendation
    assert beside.evidence == without.evidence


@EXAMPLES
@given(bodies, catalogues, areas)
def test_widening_the_coverage_never_removes_a_candidate(
    body: Facts, catalogue: tuple[OfferRecord, ...], more: tuple[str, str]
) -> None:
    """One area more, or one exclusion less: whatever the level."""
    wider = [dataclasses.replace(offer, coverage=_with(offer.coverage, more)) for offer in catalogue]
    before = {candidate.offer.code for candidate in match(body, catalogue).candidates}
    assert before <= {candidate.offer.code for candidate in match(body, wider).candidates}


def _with(coverage: tuple[Area, ...], more: tuple[str, str]) -> tuple[Area, ...]:
    return (*(area for area in coverage if (area.level, area.code) != more), Area(*more))


@EXAMPLES
@given(bodies, catalogues)
def test_an_assessment_is_bounded_and_speaks_french(body: Facts, catalogue: tuple[OfferRecord, ...]) -> None:
    """Whatever the texts, what is stored fits; each stored code and arguments still make a sentence once decoded."""
    many = [dataclasses.replace(offer, code=f"{offer.code}-{n}") for n in range(8) for offer in catalogue]
    assessment = assess(body, many)
    text = assessment.to_json()
    assert len(text.encode()) <= MAX_BYTES
    stored = json.loads(text)
    kept = stored["matching"]["candidates"]
    assert len(kept) + stored["matching"]["candidates_omitted"] == len(assessment.matching.candidates)
    for reading in [each for offer in kept for each in offer["readings"]]:
        said = sentence(reading[1], reading[2] if len(reading) > 2 else {}, kind=body.kind)
        assert said.strip()
    for lines in stored["evidence"].values():
        assert all(evidence_sentence(line["code"], line["args"], kind=body.kind) for line in lines)
    assert headline(assessment.recommendation).endswith(".")
    assert short_label(assessment.recommendation)
    assert Facts.from_dict(stored["facts"]) == body
