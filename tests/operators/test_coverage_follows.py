"""After one offer has changed: the coverage of where it was and where it is, as if the nation were computed again."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock, jobs
from common.events import emit
from operators import coverage, relations
from operators.events import OfferChanged
from operators.matching import setwise
from operators.models import CoverageCell, CoverageJob, Offer, OfferCoverage, OfferReach
from operators.tasks import compute_coverage
from territories.models import Collectivity
from tests.operators.test_relations import read

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
#: Departments of the tests, so that a nation is a second: one shares an intercommunalité with its neighbour.
FEW = ("04", "05", "83", "84", "90")


@pytest.fixture(autouse=True)
def _small_nation() -> None:
    Collectivity.objects.exclude(department__in=FEW).update(is_current=False)
    CoverageCell.objects.all().delete()
    OfferReach.objects.all().delete()
    compute_coverage()


def cells() -> list[dict[str, Any]]:
    return list(
        CoverageCell.objects.order_by("on", "department", "theme", "kind").values(
            "department", "theme", "kind", "codes", "bare"
        )
    )


def changed(offer: Offer) -> None:
    emit(OfferChanged(id=uuid.uuid4(), at=clock.now(), offer_id=offer.pk))


def followed() -> None:
    jobs.sweep(["operators.coverage"])
    assert not CoverageJob.objects.undone().exists()


def local(department: str, level: str = "department") -> Offer:
    found = Offer.objects.published().filter(coverage__level=level, coverage__code=department, coverage__excluded=False)
    return found.exclude(provider__kind__in=["operator", "agency"]).order_by("pk")[0]


def test_reach_is_where_the_engine_finds_a_body() -> None:
    OfferCoverage.objects.filter(offer=local("04")).update(level="epci", code="200067437")
    OfferCoverage.objects.create(offer=local("90"), level="commune", code="04121")
    OfferCoverage.objects.create(offer=local("83"), level="arrondissement", code="043")
    OfferCoverage.objects.create(offer=local("84"), level="region", code="27")
    condition = "c.is_current AND NOT c.fictitious AND c.kind IN ('commune', 'epci')"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE met_bodies AS {relations.bodies(condition)}", {"on": clock.today()})
        cursor.execute(f"CREATE TEMP TABLE met_offers AS {relations.offers()}")
    meeting = setwise.pairs("met_bodies", "met_offers")
    met = read(
        "SELECT p.offer, array_agg(DISTINCT c.department_id ORDER BY c.department_id) AS departments "  # noqa: S608
        f"FROM ({meeting}) p JOIN territories_collectivity c ON c.id = p.need GROUP BY 1"
    )
    expected = {offer: row["departments"] for offer, row in met.items()}
    assert coverage.reach() == expected
    some = sorted(expected)[:3]
    assert coverage.reach(some) == {key: expected[key] for key in some}
    assert {len(codes) for codes in expected.values()} >= {1, len(FEW)}


@pytest.mark.parametrize("what", ["withdrawn", "moved", "narrowed", "deleted"])
def test_it_is_as_if_all_were_computed_again(what: str) -> None:
    offer = local("04")
    others = Offer.objects.published().exclude(pk=offer.pk).exclude(provider__kind__in=["operator", "agency"])
    others.update(status="draft")
    coverage.compute_nation()
    before = cells()
    match what:
        case "withdrawn":
            Offer.objects.filter(pk=offer.pk).update(status="draft")
        case "moved":
            OfferCoverage.objects.filter(offer=offer).update(code="90")
        case "narrowed":
            Offer.objects.filter(pk=offer.pk).update(population_max=200, themes=["PAR"])
        case "deleted":
            offer.provider.offers.filter(pk=offer.pk).update(status="draft")
            pk = offer.pk
            OfferCoverage.objects.filter(offer=offer).delete()
            offer.subjects.clear()
            Offer.objects.filter(pk=pk).delete()
            offer.pk = pk
    changed(offer)
    followed()
    follow = cells()
    coverage.compute_nation()
    assert follow == cells()
    assert follow != before
    assert OfferReach.objects.filter(pk=offer.pk).exists() == (what in {"moved", "narrowed"})


def test_only_the_departments_touched_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    compute = coverage.compute
    monkeypatch.setattr(coverage, "compute", lambda *args, **given: seen.append(given) or compute(*args, **given))
    offer = local("04")
    OfferCoverage.objects.filter(offer=offer).update(code="90")
    reached = set(OfferReach.objects.get(pk=offer.pk).departments) | set(coverage.reach([offer.pk])[offer.pk])
    assert {"04", "90"} <= reached < set(FEW)
    changed(offer)
    followed()
    assert [set(given["departments"]) for given in seen] == [reached]


def test_many_at_once_are_one_computation(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    for offer in Offer.objects.published()[:15]:
        changed(offer)
    monkeypatch.setattr(coverage, "compute", lambda **given: calls.append(1) or 0)
    followed()
    assert len(calls) == 1


def test_a_day_without_its_night_is_computed_whole(clock: Any) -> None:
    clock.shift(days=1)
    changed(local("04"))
    followed()
    today = CoverageCell.objects.latest_day()
    assert today.values("department").distinct().count() == len(FEW)


@pytest.mark.parametrize("asked", ["90", "FR"])
def test_what_is_asked_before_the_night_makes_a_whole_day(asked: str, clock: Any) -> None:
    """Between midnight and the night's pass, one department alone would be the latest day."""
    clock.shift(days=1)
    coverage.ask(asked)
    followed()
    assert CoverageCell.objects.latest_day().values("department").distinct().count() == len(FEW)


def test_a_department_asked_is_computed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(coverage, "compute", lambda **given: seen.append(given) or 0)
    coverage.ask("90")
    coverage.ask("90")
    followed()
    assert [set(given["departments"]) for given in seen] == [{"90"}]


def test_the_first_department_ever_is_no_whole_day() -> None:
    CoverageCell.objects.all().delete()
    coverage.compute(departments=["90"])
    coverage.ask("04")
    followed()
    assert CoverageCell.objects.latest_day().values("department").distinct().count() == len(FEW)


def test_the_event_costs_little() -> None:
    """A job of the coverage, and one statement for the proposals of open requests."""
    offer = local("04")
    with CaptureQueriesContext(connection) as seen:
        changed(offer)
    assert len(seen) <= 4
