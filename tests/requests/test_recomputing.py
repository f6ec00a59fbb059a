"""Proposals computed again: on demand and when the catalogue changes; the former ones stay, and tell what changed."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mandate
from common import clock as portal_clock
from common import jobs, perimeter
from common.errors import NotAllowed
from common.events import emit
from operators.catalogue import assess_facts
from operators.enums import Theme
from operators.events import OfferChanged
from operators.models import Offer, OfferCoverage
from operators.services import offers
from operators.territory_facts import areas_of
from requests.demonstration.stage import Stage
from requests.models import RoutingAssessment, RoutingJob, SupportRequest
from requests.services import recomputing, routing
from territories.events import FactsLoaded
from tests.operators.factories import offer as new_offer
from tests.requests.counting import statements
from tests.requests.journeys import offer, prepared, searched, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
SignIn = Callable[[Client, Mandate | str], Client]


@pytest.fixture(autouse=True)
def _day(db: None, clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")
    jobs.sweep(["requests.routing"])


def waiting(row: SupportRequest) -> list[RoutingJob]:
    return list(RoutingJob.objects.undone().filter(support_request=row))


def later() -> None:
    """Once what was put off is due."""
    RoutingJob.objects.undone().update(not_before=None)
    jobs.sweep(["requests.routing"])


def changed(row: Offer) -> None:
    emit(OfferChanged(offer_id=row.pk))


def open_requests() -> Any:
    return SupportRequest.objects.filter(state__in=[state.value for state in recomputing.UNDECIDED])


def test_what_means_the_same_is_not_stored_again(stage: Stage) -> None:
    row = submitted(stage).row
    before = row.assessments.count()
    job = recomputing.ask_again(row, stage.actor(stage.account("instructeur")))
    assert recomputing.ask_again(row, stage.actor(stage.account("instructeur"))) == job, "a double click"
    jobs.sweep(["requests.routing"])
    job.refresh_from_db()
    assert job.done_at is not None
    assert row.assessments.count() == before
    candidate = row.assessments.latest("computed_at").document["matching"]["candidates"][0]
    Offer.objects.filter(pk=candidate["id"]).update(price_label="Un autre prix")
    recomputing.ask_again(row, stage.actor(stage.account("instructeur")))
    jobs.sweep(["requests.routing"])
    row.refresh_from_db()
    assert row.assessments.count() == before + 1
    assert row.assessment == row.assessments.latest("computed_at")


@pytest.mark.parametrize("name", ["maire", "offreur", "sousprefet", "cmt", "anct", "instructeur2", "epci", "admin"])
def test_only_the_desk_asks(stage: Stage, name: str) -> None:
    row = submitted(stage).row
    with pytest.raises(NotAllowed):
        recomputing.ask_again(row, stage.actor(stage.account(name)))
    assert not waiting(row)


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("commune", "04121"),
        ("epci", "200067437"),
        ("department", "04"),
        ("department", "05"),
        ("region", "93"),
        ("nation", "FR"),
        ("arrondissement", "043"),
        ("commune", "90010"),
    ],
)
def test_the_requests_of_the_territory_are_those_that_could_be_offered_it(stage: Stage, level: str, code: str) -> None:
    submitted(stage)
    submitted(stage, "deux", code="90010", by=stage.official("90010", "Mme Alix Aubépine-Grise"))
    row = new_offer("essai", of=offer("atd-batiment-04").provider, areas=((level, code),), themes=Theme.values)
    RoutingJob.objects.undone().delete()
    changed(row)
    found = set(RoutingJob.objects.undone().filter(cause="catalogue").values_list("support_request", flat=True))
    expected = {
        request.pk
        for request in open_requests().select_related("collectivity__department")
        if Offer.objects.filter(pk=row.pk).meeting(areas_of(request.collectivity)).exists()
    }
    searching = set(SupportRequest.objects.filter(state="local_search").values_list("pk", flat=True))
    assert found - searching == expected


def test_it_is_one_statement_put_off_once_and_behind_new_requests(stage: Stage) -> None:
    row, other = submitted(stage).row, searched(stage, "deux").row
    with statements() as sql:
        changed(offer("atd-batiment-04"))
    assert len([line for line in sql if "INTO requests_routingjob" in line]) == 1
    assert len(sql) <= 4, "the coverage has its own work"
    changed(offer("caue-bourg-04"))
    (job,) = waiting(row)
    assert job.not_before is not None and job.not_before > portal_clock.instant()
    assert not waiting(other), "providers are asked: it is decided"
    other.solicitations.update(state="declined", decline_reason="workload", answered_at=portal_clock.now())
    changed(offer("caue-bourg-04"))
    assert waiting(other), "nobody is asked any more"
    fresh = submitted(stage, "trois").row
    routing.ask(fresh)
    RoutingJob.objects.filter(pk=job.pk).update(not_before=portal_clock.instant() - dt.timedelta(seconds=1))
    pending = jobs.get("requests.routing").pending(100)
    assert pending.index(waiting(fresh)[0].pk) < pending.index(job.pk)


def test_whoever_waits_for_it_waits_no_longer(stage: Stage) -> None:
    row = submitted(stage).row
    changed(offer("atd-batiment-04"))
    job = routing.ask(row)
    assert waiting(row) == [job]
    assert waiting(row)[0].not_before is None


def test_a_job_that_somebody_began_stands_for_no_further_change(stage: Stage) -> None:
    row = submitted(stage).row
    changed(offer("atd-batiment-04"))
    (begun,) = waiting(row)
    RoutingJob.objects.filter(pk=begun.pk).update(attempts=1, claimed_at=portal_clock.instant())
    changed(offer("atd-batiment-04"))
    assert [job.pk for job in waiting(row) if job.claimed_at is None] != [], "the catalogue was read before the change"
    changed(offer("atd-batiment-04"))
    assert len(waiting(row)) == 2


def test_a_provider_who_changes_an_offer_reads_no_file_by_it(stage: Stage) -> None:
    row = submitted(stage).row
    with perimeter.restored():
        perimeter.take(perimeter.of(stage.actor(stage.account("offreur"))))
        before = perimeter.current()
        changed(offer("atd-batiment-04"))
        assert perimeter.current() == before
    assert waiting(row)


def test_the_file_says_what_changed_and_keeps_the_former_ones(client: Client, sign_in: SignIn, stage: Stage) -> None:
    row = submitted(stage).row
    sign_in(client, "instructeur")
    file, page = (reverse(f"requests:{name}", args=[row.reference]) for name in ("file", "file-proposals"))
    assert "Ce qui a changé" not in client.get(file).text
    assert "rien à comparer" in client.get(page).text
    first = row.assessments.get()
    candidate = first.document["matching"]["candidates"][0]
    Offer.objects.filter(pk=candidate["id"]).update(status="expired")
    changed(Offer.objects.get(pk=candidate["id"]))
    text = client.get(file).text
    assert "en cours de calcul" not in text, "nobody waits for it"
    later()
    text = client.get(file).text
    assert "Ce qui a changé depuis le" in text and "1\u00a0offre de moins" in text
    shown = client.get(page).text
    assert candidate["title"] in shown and "Offres de moins" in shown
    assert row.assessments.count() == 2
    second = row.assessments.latest("computed_at")
    turned = client.get(page, {"de": second.pk, "a": first.pk})
    assert "1\u00a0offre de moins" in turned.text, "the earlier one comes first whatever was ticked"
    assert client.get(page, {"de": "x"}).status_code == 404
    other = RoutingAssessment.objects.exclude(support_request=row).first()
    assert other is not None and client.get(page, {"de": other.pk}).status_code == 404
    assert client.post(reverse("requests:act-recalculer", args=[row.reference])).status_code == 302
    for name, status in (("maire", 403), ("offreur", 404), ("adjoint", 200), ("instructeur2", 404)):
        assert sign_in(Client(), name).get(page).status_code == status, name


def test_an_offer_that_covers_less_concerns_those_whom_it_left(stage: Stage) -> None:
    row = submitted(stage).row
    kept = new_offer("essai", of=offer("atd-batiment-04").provider, themes=Theme.values)
    changed(kept)  # told before
    OfferCoverage.objects.filter(offer=kept).update(level="commune", code="04070")
    changed(kept)  # and after
    assert len(waiting(row)) == 1


# --- what the offer can change ---------------------------------------------------------------------------------------


def test_an_offer_on_another_subject_that_no_proposal_names_changes_none(stage: Stage) -> None:
    row = submitted(stage).row
    far = new_offer("essai", of=offer("atd-batiment-04").provider, themes=["NUM"])
    changed(far)
    assert not waiting(row)
    Offer.objects.filter(pk=far.pk).update(themes=["NUM", "CUL"])
    changed(far)
    assert waiting(row), "it suits the request now"
    later()
    row.refresh_from_db()
    Offer.objects.filter(pk=far.pk).update(themes=["NUM"])
    changed(far)
    assert waiting(row), "its proposal names it"


def test_of_the_requests_left_alone_nothing_that_is_proposed_would_be_another(stage: Stage) -> None:
    """Each offer of the department in turn, changed in turn in several ways."""
    rows = [submitted(stage, f"dossier-{n}", subject=code).row for n, code in enumerate(("patrimoine", "commerce"))]
    routing.route_all([RoutingJob(support_request=row) for row in rows])  # of today: the calendar sets offers aside too
    ways = ({"themes": ["NUM"]}, {"themes": ["CUL", "COM"]}, {"population_min": 1_000_000}, {"status": "expired"})
    left = 0
    for kept in Offer.objects.filter(coverage__level="department", coverage__code="04").order_by("pk")[:8]:
        for change in ways:
            RoutingJob.objects.undone().delete()
            Offer.objects.filter(pk=kept.pk).update(**change)
            changed(kept)
            for row in rows:
                if waiting(row):
                    continue
                left += 1
                row.refresh_from_db()
                assert row.assessment is not None
                fresh = assess_facts(routing.facts_for(row, portal_clock.today())).as_dict()
                stored = row.assessment.document
                assert proposed(fresh) == proposed(stored), (kept.code, change)
            later()
    assert left > 8, "else the test would compare nothing"


def proposed(document: dict[str, Any]) -> Any:
    candidates = [(one["id"], one["readings"]) for one in document["matching"]["candidates"]]
    certificate = [line for line in document["evidence"]["insufficient_resources"] if line["code"] == "no_provider"]
    told = {name: value for name, value in document["recommendation"].items() if name != "examined_local"}
    return candidates, certificate, told


# --- other reasons ---------------------------------------------------------------------------------------------------


def test_once_the_last_provider_has_declined_what_changed_meanwhile_is_read(stage: Stage) -> None:
    case = searched(stage)
    changed(offer("caue-bourg-04"))
    assert not waiting(case.row), "providers are asked"
    case.answer("2026-11-05", "atd-batiment-04", accepted=False, reason="workload")
    assert not waiting(case.row), "another is still asked"
    case.answer("2026-11-06", "caue-bourg-04", accepted=False, reason="workload")
    assert [job.cause for job in waiting(case.row)] == ["catalogue"]


def test_the_evidence_of_a_referral_that_is_being_written_follows_the_catalogue(stage: Stage) -> None:
    row = prepared(stage).row
    RoutingJob.objects.undone().delete()
    assert row.state == "referral_preparation"
    changed(offer("atd-batiment-04"))
    assert waiting(row)


def test_an_offer_whose_first_day_comes_is_told(stage: Stage) -> None:
    row = submitted(stage).row
    today = portal_clock.today()
    coming = new_offer("essai", of=offer("atd-batiment-04").provider, themes=Theme.values)
    for first, expected in (
        (today + dt.timedelta(days=1), False),
        (today - dt.timedelta(days=30), False),
        (today, True),
    ):
        Offer.objects.filter(pk=coming.pk).update(valid_from=first)
        offers.open_due()
        assert bool(waiting(row)) is expected, first


def test_every_open_request_is_read_again_after_a_list_is_loaded(stage: Stage) -> None:
    row, decided = submitted(stage).row, searched(stage, "deux").row
    emit(FactsLoaded())
    assert waiting(row) and not waiting(decided)
    assert recomputing.facts_changed() == 0, "they wait already"
