"""The demonstration catalogue: complete, marked, and the same after a second run."""

import re

import pytest
from django.conf import settings
from django.db.models import Count

from operators import demonstration, seeds
from operators.enums import Level, OfferStatus, ProviderKind, Theme
from operators.matching.vocabulary import AGENCY_SERVICES, OPERATORS, UNKNOWN_SUBJECT
from operators.models import CoverageCell, FrameworkAgreement, Offer, OfferCoverage, Provider, Subject
from programmes import seeds as programmes_seeds
from territories.models import Department

pytestmark = pytest.mark.django_db


def test_a_second_run_writes_nothing(catalogue: None) -> None:
    before = set(Offer.objects.values_list("pk", "updated_at"))
    members = programmes_seeds.seed_demo()
    assert (members, seeds.seed_demo()) == (0, (0, 0))
    assert set(Offer.objects.values_list("pk", "updated_at")) == before


def test_what_staff_changed_stays(catalogue: None) -> None:
    Subject.objects.filter(code="commerce").update(label="Commerce et café")
    Offer.objects.filter(code="bdt-pvd").update(title="Autre titre")
    seeds.seed_demo()
    assert Subject.objects.get(code="commerce").label == "Commerce et café"
    assert Offer.objects.get(code="bdt-pvd").title == "Autre titre"


def test_the_five_operators_and_the_agency_s_services(catalogue: None) -> None:
    assert set(Provider.objects.operators().values_list("code", flat=True)) == set(OPERATORS)
    assert set(Provider.objects.agency_services().values_list("code", flat=True)) == set(AGENCY_SERVICES)
    agreements = FrameworkAgreement.objects.all()
    assert len(agreements) == 5
    assert all(
        agreement.ends_on.year - agreement.starts_on.year == 4 and not agreement.day_known for agreement in agreements
    )
    assert all(provider.organisation_id for provider in Provider.objects.operators())


def test_every_department_has_its_state_service_with_an_offer(catalogue: None) -> None:
    with_offer = Provider.objects.filter(kind="state_service", code__startswith="etat-").annotate(
        offers_count=Count("offers")
    )
    assert {provider.department_id for provider in with_offer} >= set(
        Department.objects.departments().values_list("code", flat=True)
    )
    assert all(provider.offers_count >= 1 for provider in with_offer)


def test_every_offer_is_an_illustration_without_a_price_in_euros(catalogue: None) -> None:
    offers = list(Offer.objects.all())
    assert all(offer.illustrative for offer in offers)
    assert not [offer.code for offer in offers if "€" in offer.price_label + offer.conditions + offer.description]
    assert not Offer.objects.exclude(pk__in=OfferCoverage.objects.filter(excluded=False).values("offer")).exists()


def test_the_catalogue_is_as_wide_as_the_nation(catalogue: None) -> None:
    national = Offer.objects.filter(provider__kind__in=[ProviderKind.OPERATOR, ProviderKind.AGENCY])
    local = Offer.objects.exclude(pk__in=national)
    assert national.filter(provider__kind=ProviderKind.OPERATOR).count() >= 40
    assert national.filter(provider__kind=ProviderKind.AGENCY).count() >= 8
    assert 1_400 <= local.count() <= 1_800
    assert len(set(local.values_list("description", flat=True))) >= 60
    assert set(local.values_list("provider__department", flat=True)) == set(
        Department.objects.departments().values_list("code", flat=True)
    )
    assert set(local.values_list("provider__kind", flat=True)) == set(ProviderKind.values) - {
        ProviderKind.OPERATOR,
        ProviderKind.AGENCY,
    }
    assert set(local.values_list("subjects__code", flat=True)) == set(
        Subject.objects.exclude(code=UNKNOWN_SUBJECT).values_list("code", flat=True)
    )
    lines = set(OfferCoverage.objects.values_list("level", "excluded"))
    assert lines >= {(level.value, False) for level in Level}
    assert lines >= {(level.value, True) for level in (Level.DEPARTMENT, Level.EPCI, Level.COMMUNE)}


def test_no_condition_is_written_for_nobody(catalogue: None) -> None:
    """Each department of a variant, and of an exclusion, has one of its offers."""
    data = demonstration.fixture("providers.toml")
    held = {(entry.department, planned.text["key"]) for entry in demonstration.entries() for planned in entry.offers}
    for row in (*data["variant"], *data["exclusion"]):
        for department in row["in"].split():
            assert any((department, key) in held for key in row["text"].split()), (row["text"], department)


def test_a_subject_of_an_offer_is_of_one_of_its_themes(catalogue: None) -> None:
    """Else nobody could ask for it."""
    asked = Offer.objects.exclude(subjects=None).prefetch_related("subjects")
    assert not [
        (offer.code, subject.code)
        for offer in asked
        for subject in offer.subjects.all()
        if subject.theme not in offer.themes
    ]


def test_the_checks_have_something_to_find(catalogue: None) -> None:
    """In one department: every state, a full offer, one that nobody may have, one told twice, a silent provider."""
    own = Offer.objects.filter(provider__department="04")
    assert set(own.values_list("status", flat=True)) == set(OfferStatus.values)
    assert own.filter(capacity_left=0, verified_on__lt="2025-11-21").exists()
    assert own.filter(population_min=100_000, body_kinds__contains=["commune"]).exists()
    assert own.values("description", "provider").annotate(times=Count("pk")).filter(times=2).count() >= 1
    assert Provider.objects.filter(department="04", email="").exists()
    assert Offer.objects.published().filter(verified_on__lt="2025-11-21").exclude(provider__department="04").exists()


@pytest.mark.demonstration
def test_holes_are_those_that_are_listed() -> None:
    """A theme is left without any local offer, for every commune, where the fixture says and nowhere else (a grouping
    may lie in a better served department too); a subject listed has none either."""
    cells = list(CoverageCell.objects.latest_day().filter(kind="commune"))
    answered = {(cell.department_id, cell.theme) for cell in cells if cell.uncovered < cell.bodies}
    bare = {(cell.department_id, cell.theme) for cell in cells} - answered
    meant = demonstration.holes()
    assert bare == {(department, theme) for department, (themes, _) in meant.items() for theme in themes}
    assert {theme for _, theme in bare} == set(Theme.values)
    partial = {(cell.department_id, cell.theme) for cell in cells if 0 < cell.uncovered < cell.bodies}
    assert len({theme for _, theme in partial}) >= 6, "and a map of more than two shades"
    for department, (_, subjects) in meant.items():
        areas = Offer.objects.published().filter(coverage__level=Level.DEPARTMENT, coverage__code=department)
        local = areas.filter(coverage__excluded=False).filter(provider__department__isnull=False)
        assert not local.filter(subjects__code__in=subjects).exists(), (department, subjects)


def test_texts_of_the_fixtures_are_french_print() -> None:
    text = "".join(
        (settings.BASE_DIR / "fixtures" / "demo" / name).read_text() for name in ("offers.toml", "providers.toml")
    )
    assert not re.search(r"[a-zéè]'[a-zéèêh]", text), "typographic apostrophes"
    assert not re.search(r"\b(ZRR|Pôle emploi|Conseil général|DDE)\b", text)


def test_subjects_of_the_filing_page() -> None:
    seeds.seed_reference()
    subjects = list(Subject.objects.active())
    assert len(subjects) == 32
    assert subjects[-1].code == "inconnu" and subjects[-1].theme is None
