"""The coverage is right: the engine, asked of every body and theme of three departments, says the same."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from operators import coverage
from operators.demonstration import holes
from operators.matching.engine import match
from operators.matching.vocabulary import Family, Theme
from operators.models import CoverageCell, Offer, OfferCoverage, Subject
from operators.territory_facts import facts_of, held_of
from territories.models import Collectivity
from tests.operators.factories import TODAY

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
THREE = ("04", "48", "90")


@pytest.fixture(autouse=True)
def _nothing_yet() -> None:
    """The demonstration's own day is set aside."""
    CoverageCell.objects.all().delete()


Found = dict[tuple[str, str, str], tuple[list[str], int]]
#: Key → the themes and subjects of the need.
THEMES = {theme.value: ((theme.value,), ()) for theme in Theme}


def by_the_engine(departments: Any, asked: Mapping[str, tuple[Any, Any]] = THEMES) -> Found:
    """(department, key, kind) → codes without a local offer, and how many have none at all: one body at a time."""
    bodies = Collectivity.objects.filter(
        department__in=departments, kind__in=coverage.KINDS, is_current=True, fictitious=False
    )
    held = held_of([body.pk for body in bodies], TODAY)
    offers = Offer.objects.published().as_records()
    found: Found = {}
    for body in bodies:
        near = None
        for key, (themes, subjects) in asked.items():
            facts = facts_of(body, TODAY, held[body.pk], themes=themes, subjects=subjects)
            near = near or [offer for offer in offers if offer.meets(facts.areas)]
            matching = match(facts, near)
            codes, bare = found.get((body.department_id, key, body.kind), ([], 0))
            local = bool(matching.of(Family.LOCAL))
            found[body.department_id, key, body.kind] = (
                codes if local else sorted([*codes, body.code]),
                bare + (not matching.candidates),
            )
    return found


def cells() -> Found:
    return {(cell.department_id, cell.theme, cell.kind): (cell.codes, cell.bare) for cell in CoverageCell.objects.all()}


def test_it_is_what_the_engine_says_of_each() -> None:
    made_awkward()
    assert coverage.compute(TODAY, THREE) == CoverageCell.objects.count()
    expected = by_the_engine(THREE)
    assert cells() == expected
    assert any(codes for codes, _ in expected.values()), "something is missing somewhere"
    assert any(len(codes) < cell.bodies for cell in CoverageCell.objects.all() for codes in [cell.codes])


def test_a_subject_is_what_the_engine_says_of_each() -> None:
    made_awkward()
    subjects = {one.code: ((one.theme,), (one.code,)) for one in Subject.objects.active().filter(theme__isnull=False)}
    counted = coverage.of_subjects(list(subjects), THREE, TODAY)
    expected = by_the_engine(THREE, subjects)
    found = [(code, cell) for code, rows in counted.items() for cell in rows]
    assert {(cell.department_id, code, cell.kind): (cell.codes, cell.bare) for code, cell in found} == expected
    assert len({str(codes) for codes, _ in expected.values()}) > 4, "subjects differ"


def test_the_holes_of_single_subjects_are_seen() -> None:
    """Those that the demonstration means: nobody near answers this subject there, somebody answers its theme."""
    meant = {(subject, code) for code, (_, subjects) in holes().items() for subject in subjects}
    meant_themes = {code: themes for code, (themes, _) in holes().items()}
    departments = {code for _, code in meant}
    counted = coverage.of_subjects({subject for subject, _ in meant}, departments, TODAY)
    coverage.compute(TODAY, departments)
    themes = dict(Subject.objects.values_list("code", "theme"))
    wholes = {(cell.department_id, cell.theme): cell for cell in CoverageCell.objects.filter(kind="commune")}
    assert meant
    for subject, code in meant:
        (cell,) = [one for one in counted[subject] if (one.department_id, one.kind) == (code, "commune")]
        whole = wholes[code, themes[subject]]
        assert cell.uncovered == cell.bodies, f"{subject} in {code}"
        if themes[subject] not in meant_themes[code]:
            assert whole.uncovered < whole.bodies, f"the theme of {subject} has answers in {code}"


def made_awkward() -> None:
    """Offers that tell bodies of one department apart: by population, by a commune, by an exclusion, by validity."""
    offers = list(Offer.objects.published().filter(provider__department="04").order_by("pk")[:6])
    assert len(offers) == 6
    for number, offer in enumerate(offers):
        offer.themes = [Theme.PAR.value]
        offer.population_min, offer.population_max = ((None, 200), (3500, None), (None, None))[number % 3]
        offer.valid_to = TODAY - dt.timedelta(days=1) if number == 5 else None
        offer.save()
    OfferCoverage.objects.filter(offer=offers[0]).update(level="commune", code="04121")
    OfferCoverage.objects.create(offer=offers[2], level="commune", code="04070", excluded=True)
    Offer.objects.published().filter(themes__contains=[Theme.PAR.value]).exclude(pk__in=[o.pk for o in offers]).update(
        status="draft"
    )


def test_computing_again_replaces_and_one_department_leaves_the_others(clock: Any) -> None:
    coverage.compute(TODAY, THREE)
    before = cells()
    Offer.objects.filter(provider__department="90").update(status="draft")
    coverage.compute(TODAY, ["90"])
    after = cells()
    assert {key: value for key, value in after.items() if key[0] != "90"} == {
        key: value for key, value in before.items() if key[0] != "90"
    }
    assert after != before
    assert CoverageCell.objects.values("on").distinct().count() == 1


def test_recent_days_and_the_first_of_each_month_are_kept() -> None:
    for on in (TODAY, TODAY.replace(day=1), TODAY - dt.timedelta(days=60), dt.date(2026, 1, 1)):
        coverage.compute(on, ["90"])
    coverage.purge(TODAY)
    kept = set(CoverageCell.objects.values_list("on", flat=True))
    assert kept == {TODAY, TODAY.replace(day=1), dt.date(2026, 1, 1)}
