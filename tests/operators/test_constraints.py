"""What the database itself refuses, whoever writes."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from operators.models import Offer, OfferCoverage, Provider, Subject
from tests.operators.factories import TODAY, offer, provider

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def refused(write: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("kind", "code"),
    [("operator", "ign"), ("operator", "caue-04"), ("caue", "cerema"), ("agency", "autre"),
     ("chamber", "incubateur-territoires"), ("firm", "bureau"), ("sem", "sem-04"), ("", "vide")],
)  # fmt: skip
def test_closed_sets_of_providers(kind: str, code: str) -> None:
    refused(lambda: provider(code, kind=kind, department_id=None))


def test_each_of_the_five_exists_once() -> None:
    provider("anah", kind="operator", department_id=None)
    refused(lambda: provider("anah", kind="operator", department_id=None))


def test_an_operator_has_no_department() -> None:
    refused(lambda: provider("anah", kind="operator", department_id="04"))


@pytest.mark.parametrize(
    "changes",
    [
        {"themes": []},
        {"themes": ["XXX"]},
        {"services": ["works"]},
        {"phases": ["never"]},
        {"body_kinds": ["firm"]},
        {"engineering_types": ["magic"]},
        {"description": ""},
        {"price_label": ""},
        {"price_model": ""},
        {"legal_mode": ""},
        {"verified_on": None},
        {"status": "open"},
        {"population_min": 10, "population_max": 9},
        {"valid_from": TODAY, "valid_to": TODAY - dt.timedelta(days=1)},
        {"membership_required": True, "membership_label": ""},
        {"illustrative": True, "price_label": "200 € par jour"},
        {"illustrative": True, "conditions": "À partir de 200 €"},
    ],
)
def test_a_published_offer_is_complete_and_coherent(changes: dict[str, Any]) -> None:
    caue = provider()
    refused(lambda: offer(of=caue, **changes))


def test_a_draft_may_be_incomplete() -> None:
    Offer.objects.create(code="brouillon", title="Brouillon", provider=provider())


def test_a_published_offer_without_coverage_does_not_commit() -> None:
    caue = provider()
    refused(lambda: offer(of=caue, areas=()))
    draft = Offer.objects.create(code="brouillon", title="Brouillon", provider=caue)
    refused(lambda: Offer.objects.filter(pk=draft.pk).update(
        status="published", themes=["COM"], description="x", legal_mode="tender", price_model="paid",
        price_label="x", verified_on=TODAY,
    ))  # fmt: skip


def test_the_last_area_of_a_published_offer_stays() -> None:
    published = offer(of=provider(), areas=(("department", "04"), ("department", "05")))
    published.coverage.filter(code="05").delete()
    refused(lambda: published.coverage.all().delete())
    refused(lambda: published.coverage.update(excluded=True))


@pytest.mark.parametrize(
    ("level", "code", "excluded"),
    [
        ("nation", "04", False),
        ("department", "FR", False),
        ("nation", "FR", True),
        ("canton", "0401", False),
        ("commune", "", False),
    ],
)
def test_areas(level: str, code: str, excluded: bool) -> None:
    published = offer(of=provider())
    refused(lambda: OfferCoverage.objects.create(offer=published, level=level, code=code, excluded=excluded))


def test_a_subject_needs_its_theme() -> None:
    refused(lambda: Subject.objects.create(code="cimetiere", label="Cimetière", group="living"))
    refused(lambda: Subject.objects.create(code="cimetiere", label="Cimetière", theme="LOG"))
    refused(lambda: Subject.objects.create(code="inconnu", label="Je ne sais pas", theme="LOG", group="living"))
    Subject.objects.create(code="cimetiere", label="Cimetière", theme="LOG", group="living")


def test_a_provider_that_offers_something_is_not_deleted() -> None:
    caue = provider()
    offer(of=caue)
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        Provider.objects.filter(pk=caue.pk).delete()
