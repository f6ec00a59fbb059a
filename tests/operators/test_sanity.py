"""Checks of the catalogue: each finds what it is for, and nothing else."""

from typing import Any

import pytest

from common.actor import Actor, Role, system
from operators import sanity, seeds
from operators.models import Offer, OfferCoverage, Provider, Subject
from territories.models import Collectivity
from tests.operators.factories import TODAY
from tests.operators.factories import offer as make_offer
from tests.operators.factories import provider as make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _reference(db: None) -> None:
    seeds.seed_reference()


@pytest.fixture
def caue() -> Provider:
    return make_provider("caue-essai", email="caue@demo.example")


def found(title: str) -> list[sanity.Finding]:
    offers = Offer.objects.select_related("provider").prefetch_related("subjects").order_by("code")
    checks = sanity.checks_of(list(offers), list(Provider.objects.local()), system(TODAY))
    return [finding for check in checks if check.title == title for finding in check.findings]


def codes(title: str) -> set[str]:
    return {offer.code for finding in found(title) for offer in finding.offers}


@pytest.mark.parametrize(
    ("changes", "criterion"),
    [
        ({}, None),
        ({"population_min": 10_000_000}, "population"),
        ({"population_max": 3_499}, None),
        ({"body_kinds": ["ept"]}, "nature"),
        ({"programmes_required": ["TI"]}, "programme"),
        ({"valid_to": TODAY.replace(year=2025), "population_min": 10_000_000}, None),
        ({"capacity_left": 0}, None),
        ({"capacity_left": 0, "population_min": 10_000_000}, "population"),
        ({"status": "draft", "population_min": 10_000_000}, None),
    ],
)
def test_an_offer_that_nobody_can_match(caue: Provider, changes: dict[str, Any], criterion: str | None) -> None:
    make_offer("essai", of=caue, **changes)
    findings = found("Offres ouvertes à aucune collectivité")
    assert [criterion in finding.sentence for finding in findings if criterion] == ([True] if criterion else [])
    assert bool(findings) == (criterion is not None)


def test_an_offer_that_one_body_among_all_can_match(caue: Provider, django_assert_num_queries: Any) -> None:
    """Neither among the largest of its department nor among the smallest."""
    communes = Collectivity.objects.filter(department_id="04", kind="commune", is_current=True, fictitious=False)
    middle = communes.order_by("population")[communes.count() // 2].population
    for code, changes in {"un": {}, "deux": {"body_kinds": ["ept"]}}.items():
        make_offer(code, of=caue, population_min=middle, population_max=middle, **changes)
    rows = {offer.pk: offer.code for offer in Offer.objects.all()}
    with django_assert_num_queries(3):
        failures = sanity._failures(rows, TODAY)
    assert {rows[pk] for pk, reasons in failures.items() if None in reasons} == {"un"}
    assert codes("Offres ouvertes à aucune collectivité") == {"deux"}


def test_an_offer_whose_every_territory_is_taken_back(caue: Provider) -> None:
    offer = make_offer("reprise", of=caue, areas=(("commune", "04121"),))
    OfferCoverage.objects.create(offer=offer, level="department", code="04", excluded=True)
    assert codes("Offres ouvertes à aucune collectivité") == {"reprise"}


def test_subjects_without_their_theme_moments_and_places(caue: Provider) -> None:
    lost = make_offer("perdue", of=caue, themes=["COM"], phases=["framing"])
    lost.subjects.set(Subject.objects.filter(code__in=["ecole", "commerce"]))
    make_offer("vague", of=caue, phases=[], services=[])
    make_offer("complete", of=caue, capacity_left=0, phases=["framing"])
    assert codes("Sujets hors des thèmes") == {"perdue"}
    assert codes("Offres sans moment du projet") == {"vague"}
    assert codes("Offres complètes") == {"complete"}


def test_twins_and_near_twins_of_one_department(caue: Provider) -> None:
    text = "Un diagnostic du commerce de la commune, avec une visite des vitrines et trois pistes chiffrées"
    other = make_provider("chambre-05", department_id="05")
    make_offer("un", of=caue, title="Diagnostic du commerce", description=text)
    make_offer("deux", of=caue, title="Diagnostic commerce", description=f"{text}.")
    make_offer("ailleurs", of=other, title="Diagnostic du commerce", description=text, areas=(("department", "05"),))
    make_offer("rien", of=caue, title="Conseil en urbanisme", description="Relecture d’un plan local d’urbanisme.")
    assert codes("Offres en double") == {"un", "deux"}
    Offer.objects.filter(code="deux").update(title="Diagnostic du Commerce", description="Autre chose entièrement.")
    assert codes("Offres en double") == {"un", "deux"}, "the same title, from the same body"


def test_a_body_without_contact(caue: Provider) -> None:
    silent = make_provider("muet-04", telephone="04 92 00 00 00")
    make_provider("joint-04", email="joint@essai.example")
    assert {body.code for finding in found("Organismes sans contact") for body in finding.providers} == {silent.code}


def test_a_desk_sees_the_offers_of_others_that_cover_its_department(caue: Provider) -> None:
    park = make_provider("parc-05", kind="regional_park", department_id="05")
    make_offer("parc", of=park, areas=(("department", "05"), ("commune", "04121")))
    make_offer("region", of=park, areas=(("region", "93"),))
    make_offer("ailleurs", of=park, areas=(("department", "05"),))
    make_offer("brouillon", of=park, areas=(("department", "04"),), status="draft")
    back = make_offer("reprise", of=park, areas=(("region", "93"),))
    OfferCoverage.objects.create(offer=back, level="department", code="04", excluded=True)
    make_offer("mienne", of=caue, areas=(("department", "04"), ("department", "05")))
    desk = Actor(role=Role.INSTRUCTOR, on=TODAY, departments=frozenset({"04"}), mandate_confirmed=True)
    title = "Offres d’un autre département qui couvrent le vôtre"
    (check,) = (check for check in sanity.checks_of([], [], desk) if check.title == title)
    assert [finding.offers[0].code for finding in check.findings] == ["parc", "region"]
    assert all("guichet des Hautes-Alpes" in finding.sentence and not finding.kept for finding in check.findings)


def test_checks_cost_the_same_whatever_the_catalogue(caue: Provider, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        make_offer(f"essai-{number}", of=caue, title=f"Essai {number}", description=f"mot{number}aaaa " * 5)
    with django_assert_max_num_queries(8):
        found("Offres en double")
