"""The literal tables are total: a case that nobody decided fails here, not on a file."""

import json

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from operators import enums, rules_page
from operators.matching import evidence, reasons, versions, vocabulary, weights
from operators.matching.criteria import BY_KEY, CRITERIA, VERDICTS, Reason, Verdict
from operators.matching.engine import FAMILY_ORDER
from operators.matching.reading import LEVELS
from operators.matching.recommend import KINDS
from operators.matching.setwise import reasons_of
from operators.reference import SUBJECTS
from territories.enums import CollectivityKind


def test_each_reason_has_a_verdict_and_a_sentence() -> None:
    assert set(VERDICTS) == set(Reason) == set(reasons.SENTENCES)


def test_the_tables_are_those_of_their_version() -> None:
    """A changed table is another version: raise ``engine.RULES_VERSION`` and add the digest; never change a line."""
    assert versions.current() == (max(versions.DIGESTS), versions.digest())
    assert list(versions.DIGESTS) == list(range(1, max(versions.DIGESTS) + 1))
    assert len(set(versions.DIGESTS.values())) == len(versions.DIGESTS)


#: One change of each table: none goes unnoticed.
CHANGES: dict[str, tuple[object, str, object]] = {
    "one criterion less": (versions, "CRITERIA", CRITERIA[:-1]),
    "two criteria in another order": (versions, "CRITERIA", (*CRITERIA[:-2], CRITERIA[-1], CRITERIA[-2])),
    "another verdict": (versions, "VERDICTS", {**VERDICTS, Reason.NOT_MEMBER: Verdict.UNKNOWN}),
    "another weight": (weights, "REASONS", {**weights.REASONS, Reason.SUBJECT_MET: 13}),
    "another price": (weights, "PRICE", {**weights.PRICE, "paid": 1}),
    "another freshness": (weights, "FRESHNESS", ((180, 5),)),
    "another precedence": (versions, "FAMILY_ORDER", FAMILY_ORDER[::-1]),
    "another threshold of evidence": (evidence, "MANY_THEMES", 4),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_table_changes_without_its_digest(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*CHANGES[change])
    assert versions.digest() not in versions.DIGESTS.values()


def test_each_criterion_is_explained_to_the_public() -> None:
    assert set(rules_page.EXPLANATIONS) == set(BY_KEY)
    assert len(BY_KEY) == len(CRITERIA)


def test_each_reason_is_said_under_its_value_of_its_criterion() -> None:
    """What the page shows is what the engine can answer: each reason once, under its own verdict."""
    shown = [(row.label, label, said) for row in rules_page.rules()["criteria"] for label, said in row.values]
    assert [row[1] for row in shown[:4]] == list(rules_page.VALUES.values())
    assert set(rules_page.VALUES) == set(Verdict)
    expected = [
        (criterion.label, label, tuple(reasons.pattern(one) for one in reasons_of(criterion) if VERDICTS[one] is value))
        for criterion in CRITERIA
        for value, label in rules_page.VALUES.items()
    ]
    assert shown == expected
    said = [one for criterion in CRITERIA for one in reasons_of(criterion)]
    assert len(said) == len(set(said))
    assert set(said) == set(Reason)
    assert not [text for *_, texts in shown for text in texts if "{" in text]


def test_thresholds_of_the_evidence_are_those_of_the_engine() -> None:
    told = dict(rules_page.rules()["thresholds"])
    assert str(evidence.MANY_THEMES) in told["Nombre de thèmes"]
    for fact in evidence.FRAGILITY_FACTS:
        assert all(value in told[fact.label] for value in fact.signs or ())
        assert ("aucun seuil" in told[fact.label]) == bool(fact.unit)


def test_each_weight_is_shown_to_the_public() -> None:
    assert set(rules_page.WEIGHT_LABELS) == set(weights.REASONS)


def test_an_unknown_always_costs_and_a_failure_weighs_nothing() -> None:
    for reason, verdict in VERDICTS.items():
        if verdict is Verdict.UNKNOWN:
            assert weights.REASONS[reason] < 0, reason
        if verdict in (Verdict.FAILED, Verdict.NOT_APPLICABLE):
            assert reason not in weights.REASONS, reason


def test_levels_weigh_from_the_most_exact_to_the_widest() -> None:
    points = [weights.REASONS[reason] for _, reason in LEVELS]
    assert points == sorted(points, reverse=True) and len(set(points)) == len(points)
    assert {level for level, _ in LEVELS} == set(vocabulary.Level)


def test_free_before_membership_before_paid() -> None:
    price = weights.PRICE
    assert price["free"] > price["membership"] > price["cofinanced"] > price["paid"]
    assert set(price) == set(vocabulary.PriceModel)


def test_each_kind_of_provider_has_its_family_and_its_short_name() -> None:
    assert set(vocabulary.FAMILY) == set(vocabulary.ProviderKind) == set(reasons.SHORT_KINDS)
    assert {kind for kind, family in vocabulary.FAMILY.items() if family is not vocabulary.Family.LOCAL} == {
        "operator",
        "agency",
    }
    assert set(KINDS) == {*FAMILY_ORDER, None}


def test_no_firm_and_no_sem_among_the_kinds() -> None:
    labels = " ".join(kind.label.lower() for kind in vocabulary.ProviderKind)
    assert "sem" not in labels.split() and "bureau d’études" not in labels and "société" not in labels


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (enums.Theme, vocabulary.Theme),
        (enums.EngineeringType, vocabulary.EngineeringType),
        (enums.Service, vocabulary.Service),
        (enums.Phase, vocabulary.Phase),
        (enums.BodyKind, vocabulary.BodyKind),
        (enums.ProviderKind, vocabulary.ProviderKind),
        (enums.LegalMode, vocabulary.LegalMode),
        (enums.PriceModel, vocabulary.PriceModel),
        (enums.Level, vocabulary.Level),
        (enums.OfferStatus, vocabulary.OfferStatus),
        (enums.SubjectGroup, vocabulary.SubjectGroup),
    ],
)
def test_choices_are_the_engine_s_words(choices: type, words: type[vocabulary.Labelled]) -> None:
    assert choices.choices == [(word.value, word.label) for word in words]  # type: ignore[attr-defined]


def test_kinds_of_body_are_those_of_the_territories() -> None:
    assert set(enums.BodyKind.values) == set(CollectivityKind.values) == set(reasons.BODIES)


def test_subjects_lead_each_to_one_theme_in_four_groups() -> None:
    known = [subject for subject in SUBJECTS if subject.theme]
    assert len({subject.code for subject in SUBJECTS}) == len(SUBJECTS) == len(known) + 1
    assert {subject.theme for subject in known} == set(enums.Theme.values)
    assert {subject.group for subject in known} == set(enums.SubjectGroup.values)
    assert all(subject.keywords for subject in known)


def test_the_two_families_of_result_keep_their_names() -> None:
    assert {kind.value for kind in KINDS.values()} == {"LOCAL_OFFER", "NATIONAL_ESCALATION"}


def test_rules_page_is_plain_data() -> None:
    page = rules_page.rules()
    assert len(page["criteria"]) == len(CRITERIA)
    assert len(page["motives"]) == len(evidence.Motive) == 3
    json.dumps([page["weights"], page["prices"], page["delays"]], cls=DjangoJSONEncoder)
