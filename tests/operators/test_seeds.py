"""The demonstration catalogue: complete, marked, and the same after a second run."""

import re

import pytest
from django.conf import settings
from django.db.models import Count

from operators import seeds
from operators.enums import OfferStatus
from operators.matching.vocabulary import AGENCY_SERVICES, OPERATORS
from operators.models import FrameworkAgreement, Offer, OfferCoverage, Provider, Subject
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
    assert all(1 <= provider.offers_count <= 3 for provider in with_offer)


def test_every_offer_is_an_illustration_without_a_price_in_euros(catalogue: None) -> None:
    offers = list(Offer.objects.all())
    assert all(offer.illustrative and offer.status == OfferStatus.PUBLISHED for offer in offers)
    assert not [offer.code for offer in offers if "€" in offer.price_label + offer.conditions + offer.description]
    assert len({offer.description for offer in offers}) >= 20
    assert not Offer.objects.exclude(pk__in=OfferCoverage.objects.values("offer")).exists()


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
