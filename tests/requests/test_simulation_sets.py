"""A simulation says of many requests what the engine says of each, on both catalogues."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import prefetch_related_objects
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.actor import Actor
from operators.catalogue import records_for
from operators.enums import EngineeringType, Phase, Service, Theme
from operators.matching import setwise
from operators.matching.engine import FAMILY_ORDER, match
from operators.matching.facts import Facts, OfferRecord
from operators.matching.recommend import recommend
from operators.models import Offer, Subject
from operators.territory_facts import held_of
from requests import relations
from requests.enums import Progress, Shift
from requests.models import SimulatedRequest, SupportRequest
from requests.services import routing as one_by_one
from tests.operators.test_relations import as_sets, read
from tests.requests.simulating import change, computed, routing

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
TODAY = dt.date(2026, 11, 23)
EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def facts_of_all(rows: list[SupportRequest]) -> list[Facts]:
    prefetch_related_objects(rows, "collectivity__department", "subject", "other_subjects")
    held = held_of({row.collectivity_id for row in rows}, TODAY)
    return [one_by_one.facts_for(row, TODAY, held[row.collectivity_id]) for row in rows]


def lists(values: Any, size: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([str(value) for value in values]), max_size=size, unique=True)


changed = st.fixed_dictionaries(
    {
        "themes": lists(Theme),
        "services": lists(Service),
        "engineering_types": lists(EngineeringType, 2),
        "phase": st.sampled_from(["", *(phase.value for phase in Phase)]),
        "progress": st.sampled_from(Progress.values),
        "population": st.none() | st.integers(0, 200_000),
    }
)


@EXAMPLES
@given(st.lists(changed, min_size=12, max_size=12), st.integers(0, 50))
def test_a_need_is_what_the_engine_is_told(changes: list[dict[str, Any]], shift: int) -> None:
    rows = list(SupportRequest.objects.order_by("pk")[shift : shift + 12])
    subjects = list(Subject.objects.order_by("pk"))
    for place, (row, values) in enumerate(zip(rows, changes, strict=False)):
        for name, value in values.items():
            setattr(row, name, value)
        row.subject = subjects[(place * 7 + shift) % len(subjects)]
        row.other_subjects.set(subjects[place % 3 : place % 3 + place % 4])
    SupportRequest.objects.bulk_update(rows, [*changes[0], "subject"])
    needs = read(relations.needs("s.id = ANY(%(keys)s)"), on=TODAY, keys=[row.pk for row in rows])
    for row, facts in zip(rows, facts_of_all(rows), strict=True):
        expected = setwise.need_row(row.pk, facts)
        assert as_sets(needs[row.pk]) == as_sets(expected)
        assert needs[row.pk]["themes"] == expected["themes"], "the main one first"


def test_the_day_may_be_that_of_the_filing() -> None:
    rows = read(relations.needs(on=relations.FILED_ON))
    for row in SupportRequest.objects.select_related("department"):
        assert rows[row.pk]["on"] == row.submitted_at.astimezone(row.department.zone_info).date()


def proposals(facts: Facts, offers: list[OfferRecord]) -> tuple[int | None, list[str]]:
    found = match(facts, offers)
    route = recommend(found).route
    place = FAMILY_ORDER.index(route) if route else None
    return place, [candidate.offer.code for candidate in found.of(route)][:3] if route else []


def altered(record: OfferRecord, values: dict[str, Any]) -> OfferRecord:
    kept = {name: getattr(record, name) for name in OfferRecord.__dataclass_fields__}
    return OfferRecord(**{**kept, **values})


def test_both_catalogues_are_read_as_the_engine_reads_them(actor: Callable[[str], Actor]) -> None:
    codes = list(
        Offer.objects.published().filter(provider__department="04").order_by("code").values_list("code", flat=True)
    )
    bound, member, gone, kind = codes[0], codes[1], codes[2], "caue"
    draft = Offer.objects.get(code=codes[3])
    Offer.objects.filter(pk=draft.pk).update(status="in_review")
    simulation = computed(
        actor("anct"),
        routing(
            without_kinds=(kind,),
            without_offers=(gone,),
            with_statuses=("in_review",),
            changes=(
                change(bound, change_population=True, population_min=900),
                change(member, membership="required"),
            ),
        ),
    )
    rows = list(SupportRequest.objects.order_by("pk"))
    found = {row.support_request_id: row for row in SimulatedRequest.objects.filter(simulation=simulation)}
    assert set(found) == {row.pk for row in rows}
    statuses = {draft.code: altered(Offer.objects.filter(pk=draft.pk).as_records()[0], {"status": "published"})}
    for row, facts in zip(rows, facts_of_all(rows), strict=True):
        before = records_for(facts)
        after = [record for record in before if record.provider_kind != kind and record.code != gone]
        after += [record for record in statuses.values() if record.meets(facts.areas)]
        after = [
            altered(record, {"population_min": 900, "population_max": None})
            if record.code == bound
            else altered(record, {"membership_required": True})
            if record.code == member
            else record
            for record in after
        ]
        one = found[row.pk]
        assert (one.before, one.before_offers) == proposals(facts, before), row.reference
        assert (one.after, one.after_offers) == proposals(facts, after), row.reference
        moved = one.before != one.after or one.before_offers[:1] != one.after_offers[:1]
        assert bool(one.shift) == moved
        if one.shift:
            reason(one, facts, {r.code: r for r in before}, {r.code: r for r in after})
    assert {row.shift for row in found.values()} >= {"", Shift.REMOVED}


def reason(one: SimulatedRequest, facts: Facts, before: dict[str, OfferRecord], after: dict[str, OfferRecord]) -> None:
    """The reason told is what the engine says of that offer on the other catalogue."""

    def first_failure(record: OfferRecord | None) -> str | None:
        misses = match(facts, [record]).misses if record is not None else ()
        return misses[0].first.criterion if misses else None

    match one.shift:
        case Shift.REMOVED:
            assert one.shift_offer == one.before_offers[0] and one.shift_offer not in after
        case Shift.LOST:
            assert one.shift_criterion == first_failure(after[one.shift_offer])
        case Shift.ADDED:
            assert one.shift_offer == one.after_offers[0] and one.shift_offer not in before
        case Shift.GAINED:
            assert one.shift_criterion == first_failure(before[one.shift_offer])
        case Shift.RANKED:
            assert {one.before_offers[0], one.after_offers[0]} <= before.keys() & after.keys()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"change_population": True, "population_max": 1}, ("lost", "population")),
        ({"coverage": ("department:90",)}, ("lost", "territory")),
    ],
)
def test_an_offer_narrowed_says_by_what(
    values: dict[str, Any], expected: tuple[str, str], actor: Callable[[str], Actor]
) -> None:
    first = computed(actor("anct"), routing())
    code = SimulatedRequest.objects.filter(simulation=first, before=0, department="04")[0].before_offers[0]
    simulation = computed(actor("anct"), routing(changes=(change(code, **values),)))
    rows = SimulatedRequest.objects.filter(simulation=simulation, shift_offer=code, department="04")
    assert rows and {(row.shift, row.shift_criterion) for row in rows} == {expected}


def test_an_offer_widened_says_by_what(actor: Callable[[str], Actor]) -> None:
    first = computed(actor("anct"), routing())
    code = SimulatedRequest.objects.filter(simulation=first, before=0, department="04")[0].before_offers[0]
    Offer.objects.filter(code=code).update(population_min=None, population_max=1)
    simulation = computed(actor("anct"), routing(changes=(change(code, change_population=True),)))
    rows = SimulatedRequest.objects.filter(simulation=simulation, shift_offer=code)
    assert rows and {(row.shift, row.shift_criterion) for row in rows} == {("gained", "population")}


def test_totals_add_up(actor: Callable[[str], Actor]) -> None:
    simulation = computed(actor("anct"), routing())
    total = simulation.summary["all"]
    assert total["requests"] == simulation.total == simulation.treated == SupportRequest.objects.count()
    for group in ("departments", "themes"):
        for name in ("requests", "local_before", "local_after", "changed", "rerouted"):
            assert sum(row[name] for row in simulation.summary[group]) == total[name], (group, name)
    assert sum(row["requests"] for row in simulation.summary["routes"]) == total["requests"]
    assert sum(row["requests"] for row in simulation.summary["shifts"]) == total["changed"]
    kept = SupportRequest.objects.filter(assessment__isnull=False)
    assert total["kept"] == kept.count()
    assert total["kept_local"] == kept.filter(assessment__kind="LOCAL_OFFER").count()


def test_nothing_of_it_touches_what_is_real(actor: Callable[[str], Actor]) -> None:
    def marks() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, xmin::text, xmax::text FROM requests_supportrequest ORDER BY id")
            return cursor.fetchall()

    before = marks()
    computed(actor("anct"), routing())
    assert marks() == before
