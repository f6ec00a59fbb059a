"""What the figures count, what they leave out, and what they refuse to say of too few files."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from common import figures
from common.figures import Period, Scope, Value
from requests import figures as declared
from requests.enums import Outcome
from requests.models import SupportRequest, Transition
from requests.workflow import Action, State
from tests.requests.counting import statements

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

EVER = Period(None, None)
NATION = Scope()
CODES = (
    "answers_given",
    "first_answer_delay",
    "local_share",
    "national_share",
    "operator_direct_share",
    "requests_filed",
)


def compute(code: str, scope: str = "FR", period: Period = EVER) -> Value:
    return figures.get(code).compute(Scope.parse(scope), period)


def ended(outcome: str) -> int:
    return SupportRequest.objects.filter(outcome=outcome).count()


@pytest.fixture
def one_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration ends fewer than ten files."""
    monkeypatch.setattr(declared, "FEWEST", 1)


def test_each_figure_is_whole() -> None:
    assert {each.code for each in figures.all_figures()} >= set(CODES)
    for code in CODES:
        each = figures.get(code)
        assert each.label and each.unit and each.source and each.counted == "demande"
        assert each.definition.endswith(".") and len(each.definition) > 80


def test_filed_counts_every_request_and_no_draft() -> None:
    assert compute("requests_filed").value == SupportRequest.objects.count() >= 30
    assert compute("requests_filed", "DEP-04").value == SupportRequest.objects.filter(department_id="04").count() > 0


def test_answers_are_those_of_ended_files() -> None:
    expected = sum(ended(outcome) for outcome in declared.ANSWERED)
    assert compute("answers_given").value == expected > 0
    left_out = set(Outcome) - set(declared.ANSWERED)
    assert left_out == {Outcome.WITHDRAWN, Outcome.DROPPED, Outcome.ATTACHED}
    assert sum(ended(outcome) for outcome in left_out) > 0


@pytest.mark.usefixtures("one_is_enough")
def test_the_three_shares_have_one_denominator_and_make_a_whole() -> None:
    values = [compute(code) for code in ("local_share", "operator_direct_share", "national_share")]
    assert {value.whole for value in values} == {
        ended("local") + ended("operator") + ended("market") + ended("agency_service")
    }
    assert sum(value.part or 0 for value in values) == values[0].whole
    assert sum(value.value or 0 for value in values) == pytest.approx(1)
    assert values[0].part == ended("local") > 0 and values[2].part and values[2].part > 0


@pytest.mark.usefixtures("one_is_enough")
def test_an_operator_mobilised_by_the_prefect_is_neither_local_nor_national() -> None:
    before = {code: compute(code).part for code in ("local_share", "operator_direct_share", "national_share")}
    SupportRequest.objects.filter(pk=SupportRequest.objects.filter(outcome="local").latest("pk").pk).update(
        outcome="operator_direct"
    )
    after = {code: compute(code).part for code in before}
    assert after == {
        "local_share": before["local_share"] - 1,
        "operator_direct_share": before["operator_direct_share"] + 1,
        "national_share": before["national_share"],
    }


def test_under_ten_files_neither_share_nor_delay_nor_part() -> None:
    assert declared.FEWEST == 10
    for code in ("local_share", "operator_direct_share", "national_share", "first_answer_delay"):
        value = compute(code, "DEP-04")
        assert value.value is None and value.part is None and value.whole == 1
        assert value.note.startswith("Pas encore assez de demandes")
    assert "15 jours ouvrés" in compute("first_answer_delay", "DEP-04").note


def test_exactly_ten_files_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compute("first_answer_delay").whole
    monkeypatch.setattr(declared, "FEWEST", whole)
    assert compute("first_answer_delay").value is not None
    monkeypatch.setattr(declared, "FEWEST", whole + 1)
    assert compute("first_answer_delay").value is None


@pytest.mark.usefixtures("one_is_enough")
def test_the_delay_is_the_median_of_local_days_to_the_first_answer() -> None:
    delays = []
    for row in SupportRequest.objects.filter(outcome__in=declared.ANSWERED).select_related("department"):
        zone = row.department.zone_info
        first = min(
            each.at
            for each in Transition.objects.filter(support_request=row, action__in=["propose", "redirect", "refer"])
        )
        delays.append((first.astimezone(zone).date() - row.submitted_at.astimezone(zone).date()).days)
    delays.sort()
    middle = len(delays) // 2
    median = delays[middle] if len(delays) % 2 else Decimal(delays[middle - 1] + delays[middle]) / 2
    value = compute("first_answer_delay")
    assert value.whole == len(delays) and value.value == median > 0


@pytest.mark.usefixtures("one_is_enough")
def test_a_receipt_is_no_answer() -> None:
    assert Action.ACKNOWLEDGE not in declared.FIRST_ANSWERS
    before = compute("first_answer_delay")
    running = SupportRequest.objects.exclude(state__in=[State.CLOSED, State.REDIRECTED])
    assert running.filter(transitions__action="propose").exists()  # answered, but not ended: left out
    assert before.whole == compute("answers_given").value


def test_days_are_those_of_the_territory(case: Callable[[str], SupportRequest]) -> None:
    """20:30 on 31 December in Martinique is next year in Paris, and this year there (PRACTICE 1.11)."""
    row = SupportRequest.objects.get(department_id="972")
    row.submitted_at = dt.datetime(2026, 1, 1, 0, 30, tzinfo=dt.UTC)
    row.save()
    assert compute("requests_filed", "DEP-972", Period.year(2025)).value == 1
    assert compute("requests_filed", "DEP-972", Period.year(2026)).value == 0


def test_scopes_add_up() -> None:
    departments = SupportRequest.objects.values_list("department_id", "department__region_id").distinct()
    total = compute("requests_filed").value
    assert sum(compute("requests_filed", f"DEP-{code}").value for code in {d for d, _ in departments}) == total
    assert sum(compute("requests_filed", f"REG-{code}").value for code in {r for _, r in departments if r}) == total


def test_nothing_where_nothing_was_filed() -> None:
    assert compute("requests_filed", "DEP-75").value == 0
    assert compute("local_share", "DEP-75") == Value(None, whole=0, note=declared.TOO_FEW_FOR_A_SHARE)


@pytest.mark.parametrize("code", CODES)
def test_one_query_each(code: str) -> None:
    with statements() as sql:
        compute(code, "DEP-04", Period.year(2026))
    assert len(sql) == 1
