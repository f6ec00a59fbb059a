"""Simulations: the row is the job. Batches, a cancellation, a killed worker, one at a time, and nothing twice."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from common import jobs
from common.actor import Actor, Role
from common.errors import Conflict, Invalid, NotAllowed
from operators.models import Offer
from requests.models import Replay, ScenarioOffer, SimulatedBody, SimulatedRequest, Simulation, SupportRequest
from requests.services import financing as money
from requests.services import replay, simulation
from territories.models import Collectivity
from tests.requests.simulating import asked, change, computed, financing, routing, settled

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


@pytest.fixture
def anct(actor: Callable[[str], Actor]) -> Actor:
    return actor("anct")


def one_batch() -> None:
    jobs.get(simulation.WORK).perform(Replay.objects.undone().order_by("pk")[0].pk)


def told(found: Simulation) -> list[tuple[Any, ...]]:
    rows = SimulatedRequest.objects.filter(simulation=found).order_by("support_request_id")
    return list(rows.values_list("support_request_id", "before_offers", "after_offers", "shift", "shift_criterion"))


# --- batches ---------------------------------------------------------------------------------------------------------


def test_batches_make_one_whole(anct: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = computed(anct, routing())
    monkeypatch.setattr(replay, "BATCH", 7)
    found = asked(anct, routing())
    one_batch()
    found.refresh_from_db()
    assert (found.treated, found.progress, bool(found.started_at)) == (0, 0, True)
    one_batch()
    found.refresh_from_db()
    assert found.treated == SimulatedRequest.objects.filter(simulation=found).count() == 7
    assert found.progress == 700 // found.total
    settled()
    found.refresh_from_db()
    assert found.is_complete and found.treated == found.total == SupportRequest.objects.count()
    assert told(found) == told(whole)
    assert found.summary == whole.summary
    assert not ScenarioOffer.objects.exists(), "both catalogues are forgotten"


def test_the_catalogue_is_that_of_the_beginning(anct: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = computed(anct, routing())
    monkeypatch.setattr(replay, "BATCH", 7)
    found = asked(anct, routing())
    one_batch()
    Offer.objects.update(status="draft")
    settled()
    assert told(found) == told(whole)


class Killed(Exception):  # noqa: N818
    """Stands for the end of a worker in the middle of its work."""


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_killed_worker_is_resumed_without_any_row_twice(
    place: str, anct: Actor, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    whole = computed(anct, routing())
    monkeypatch.setattr(replay, "BATCH", 20)
    found, batch, calls = asked(anct, routing()), replay.batch, []

    def cut(*arguments: Any) -> Any:
        calls.append(arguments)
        done = batch(*arguments) if place == "after" else None
        if len(calls) == 2:
            raise Killed
        return done or batch(*arguments)

    monkeypatch.setattr(replay, "batch", cut)
    for _ in range(3):
        one_batch()
    found.refresh_from_db()
    assert found.treated == SimulatedRequest.objects.filter(simulation=found).count() == 20
    job = Replay.objects.undone().get()
    assert job.attempts == 1 and "Killed" in job.last_error
    clock.shift(seconds=10)
    settled()
    assert told(found) == told(whole)


def test_work_that_kills_its_workers_is_given_up_and_said(
    anct: Actor, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    found = asked(anct, routing())

    def never(*arguments: Any) -> Any:
        raise Killed

    monkeypatch.setattr(replay, "batch", never)
    for _ in range(12):
        settled()
        clock.shift(hours=1)
    found.refresh_from_db()
    assert found.failed_at and not found.is_running and not Replay.objects.undone().exists()
    simulation.remove(found, anct)
    settled()
    assert not ScenarioOffer.objects.exists()


def test_one_at_a_time_the_first_first(anct: Actor, monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    monkeypatch.setattr(replay, "BATCH", 1000)
    first, second = asked(anct, routing()), asked(anct, routing())
    work = jobs.get(simulation.WORK)
    work.perform(second.replays.get().pk)
    second.refresh_from_db()
    assert second.started_at is None and second.replays.get().attempts == 0
    settled()
    first.refresh_from_db()
    assert first.is_complete
    clock.shift(seconds=5)
    settled()
    second.refresh_from_db()
    assert second.is_complete


# --- cancelling, removing --------------------------------------------------------------------------------------------


def test_cancelled_between_two_batches(anct: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH", 10)
    monkeypatch.setattr(simulation, "REMOVED_AT_ONCE", 400)
    found = asked(anct, routing())
    one_batch()
    one_batch()
    simulation.cancel(found, anct)
    simulation.cancel(found, anct)
    settled()
    found.refresh_from_db()
    assert found.is_cancelled and found.ended_at and not found.is_complete
    assert not SimulatedRequest.objects.exists() and not ScenarioOffer.objects.exists()
    with pytest.raises(Conflict, match="terminée"):
        simulation.cancel(computed(anct, routing()), anct)


def test_a_cancelled_one_waiting_does_not_wait_for_the_others(anct: Actor) -> None:
    asked(anct, routing())
    second = asked(anct, routing())
    simulation.cancel(second, anct)
    jobs.get(simulation.WORK).perform(second.replays.get().pk)
    second.refresh_from_db()
    assert second.ended_at is not None


def test_removed_with_its_rows(anct: Actor) -> None:
    found = asked(anct, routing())
    with pytest.raises(Conflict, match="en cours"):
        simulation.remove(found, anct)
    settled()
    simulation.remove(found, anct)
    simulation.remove(found, anct)
    assert not Simulation.objects.kept().exists()
    settled()
    assert not SimulatedRequest.objects.exists()
    assert Replay.objects.count() == 2, "removed once"


# --- asking ----------------------------------------------------------------------------------------------------------


def test_the_same_key_is_the_same_simulation(anct: Actor) -> None:
    key = uuid.uuid4()
    one, two = (simulation.ask(routing(), anct, title="Un", key=key) for _ in range(2))
    assert one == two and Replay.objects.count() == 1


def test_only_the_agency(actor: Callable[[str], Actor], anct: Actor) -> None:
    found = asked(anct, routing())
    for name in ("instructeur", "delegue", "adjoint", "cmt", "maire", "offreur", "admin"):
        who = actor(name)
        for act in (lambda who=who: asked(who, routing()), lambda who=who: simulation.cancel(found, who)):
            with pytest.raises(NotAllowed):
                act()
    with pytest.raises(NotAllowed):
        asked(dataclasses.replace(anct, mandate_confirmed=False), routing())
    assert actor("dg").role is Role.DIRECTOR_GENERAL and asked(actor("dg"), routing())


def test_a_queue_has_an_end(anct: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "WAITING_MAX", 1)
    asked(anct, routing())
    with pytest.raises(Conflict, match="Trop de simulations"):
        asked(anct, routing())


@pytest.mark.parametrize(
    "scenario",
    [
        routing(start=dt.date(2026, 2, 1), end=dt.date(2026, 1, 1), without_kinds=("caue",)),
        routing(without_kinds=("firm",)),
        routing(without_kinds=("caue",), judged_on="yesterday"),
        routing(start=dt.date(2026, 1, 1)),
        routing(without_offers=("un",), changes=(change("un", membership="none"),)),
        routing(without_offers=("un",), with_offers=("un",)),
        routing(changes=(change("un", membership="none"), change("un", coverage=("nation:FR",)))),
        routing(changes=(change("un", population_min=-1, change_population=True),)),
        routing(changes=(change("un", population_min=9, population_max=8, change_population=True),)),
        routing(changes=(change("un", membership="perhaps"),)),
        financing(commune_below=-1),
        financing(commune_below=10**9),
        financing(other_share=101),
        financing(commune_band_below=6000),
        financing(commune_band_below=4000, commune_band_share=50),
        financing(start=dt.date(2027, 1, 2)),
    ],
)
def test_what_makes_no_sense_is_refused(scenario: Any, anct: Actor) -> None:
    with pytest.raises(Invalid):
        asked(anct, scenario)
    assert not Simulation.objects.exists()


def test_nothing_in_the_period(anct: Actor) -> None:
    found = computed(anct, routing(without_kinds=("caue",), start=dt.date(2001, 1, 1), end=dt.date(2001, 1, 2)))
    assert found.is_complete and found.total == 0 and found.summary["all"]["requests"] == 0


def test_a_perimeter_of_departments_and_days(anct: Actor) -> None:
    rows = SupportRequest.objects.filter(department="04").select_related("department").order_by("submitted_at")
    day = rows[0].submitted_at.astimezone(rows[0].department.zone_info).date()
    found = computed(anct, routing(without_kinds=("caue",), start=day, end=day, departments=("04",)))
    expected = {r.pk for r in rows if r.submitted_at.astimezone(r.department.zone_info).date() == day}
    assert set(SimulatedRequest.objects.filter(simulation=found).values_list("support_request", flat=True)) == expected


# --- financing -------------------------------------------------------------------------------------------------------


def bodies(kind: str) -> Any:
    return Collectivity.objects.filter(is_current=True, fictitious=False, kind=kind, population__isnull=False)


def test_thresholds_are_strict_and_everybody_is_found(anct: Actor) -> None:
    some = list(bodies("commune").filter(department="04").order_by("-population")[:3])
    for body, population in zip(some, (3499, 3500, 3501), strict=True):
        Collectivity.objects.filter(pk=body.pk).update(population=population)
    found = computed(anct, financing(commune_below=3501, grouping_below=10_000))
    rows = SimulatedBody.objects.filter(simulation=found)
    gained = bodies("commune").filter(population__gte=3500, population__lt=3501)
    lost = bodies("epci").filter(population__gte=10_000, population__lt=15_000)
    assert some[1] in gained and some[0] not in gained and some[2] not in gained
    assert set(rows.filter(gained=True).values_list("collectivity", flat=True)) == {row.pk for row in gained}
    assert set(rows.filter(gained=False).values_list("collectivity", flat=True)) == {row.pk for row in lost}
    totals = found.summary["bodies"]
    assert sum(row["bodies"] for row in totals) == rows.count()
    assert sum(row["inhabitants"] for row in totals if not row["gained"]) == sum(row.population for row in lost)
    assert found.is_complete and found.treated == found.total == bodies("commune").count() + bodies(
        "epci"
    ).count() + sum(row["unknown"] for row in found.summary["known"])


def shares(scenario: Any, kind: str, population: int | None) -> float | None:
    """The share, read plainly."""
    name = {"commune": "commune", "epci": "grouping"}.get(kind)
    if name is None:
        return scenario.other_share
    if population is None:
        return None
    return next(band.share for band in scenario.bands(name) if band.below is None or population < band.below)


def test_the_cost_rests_on_what_is_known(anct: Actor) -> None:
    after = financing(
        commune_below=500, commune_band_below=3000, commune_band_share=50.0, commune_share=20.0, grouping_share=10.0
    )
    found = computed(anct, after)
    before = money.scenario_of(money.present(dt.date(2026, 11, 23)), start=after.start, end=after.end)
    expected: dict[str, list[float]] = {}
    referred = SupportRequest.objects.filter(referred_at__isnull=False).select_related("collectivity")
    counted = known = 0
    for row in referred:
        agreement = row.agreements.filter(cancelled_at=None).first()
        referral = row.referrals.filter(cost_excl_tax__isnull=False).order_by("-opened_at").first()
        cost = agreement.amount_excl_tax if agreement else referral.cost_excl_tax if referral else None
        test = row.funding_tests.order_by("-at", "-pk").first()
        population = row.population if test is None or test.population is None else test.population
        pair = [shares(one, row.collectivity.kind, population) for one in (before, after)]
        pair = [float(agreement.agency_share) if one is None and agreement else one for one in pair]
        known += cost is not None
        if cost is not None and None not in pair:
            counted += 1
            amounts = expected.setdefault(row.department_id, [0.0, 0.0, 0.0])
            for place, share in enumerate((100.0, *pair)):
                amounts[place] += float(cost) * share / 100
    costs = found.summary["costs"]
    assert counted, "something is known"
    assert sum(row["requests"] for row in costs) == len(referred)
    assert sum(row["known"] for row in costs) == known
    assert sum(row["counted"] for row in costs) == counted
    told = {row["key"]: [row["cost"], row["before"], row["after"]] for row in costs if row["counted"]}
    assert told.keys() == expected.keys()
    for key, amounts in expected.items():
        assert told[key] == pytest.approx(amounts, abs=0.01)
