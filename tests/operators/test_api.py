"""The catalogue by the API: published offers to any authenticated caller, in a constant number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.models import User
from operators.api.views import OfferViewSet, ProviderViewSet
from operators.models import Offer
from programmes.api.views import ProgrammeViewSet
from tests.operators.factories import offer, provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("agent@demo.example")


def get(viewset: type, user: User | None, query: str = "", **address: str):
    request = APIRequestFactory().get(f"/{query}")
    request.session = {}
    if user:
        force_authenticate(request, user)
    actions = {"get": "retrieve" if address else "list"}
    return viewset.as_view(actions)(request, **address)  # type: ignore[attr-defined]


def codes(response) -> list[str]:
    return sorted(row["code"] for row in response.data["results"])


@pytest.mark.parametrize("viewset", [OfferViewSet, ProviderViewSet, ProgrammeViewSet])
def test_an_account_is_needed(viewset: type) -> None:
    assert get(viewset, None).status_code in (401, 403)


def test_published_offers_and_their_fields(user: User) -> None:
    caue = provider()
    shown = offer("vue", of=caue, areas=(("department", "04"), ("commune", "05061")))
    Offer.objects.create(code="brouillon", title="Brouillon", provider=caue)
    response = get(OfferViewSet, user)
    assert codes(response) == ["vue"]
    [row] = response.data["results"]
    assert row["provider"] == {"code": "caue-04", "kind": "caue", "family": "local", "name": "CAUE"}
    assert {"level": "department", "code": "04", "excluded": False} in row["coverage"]
    assert "id" not in row
    assert get(OfferViewSet, user, uuid=str(shown.uuid)).status_code == 200


def test_filters(user: User) -> None:
    caue = provider()
    offer("commerce-04", of=caue)
    offer("eau-05", of=caue, areas=(("department", "05"),), themes=["TER"])
    offer("france", of=caue, areas=(("nation", "FR"),), themes=["TER", "COM"])
    assert codes(get(OfferViewSet, user, "?theme=COM")) == ["commerce-04", "france"]
    assert codes(get(OfferViewSet, user, "?department=05")) == ["eau-05"]
    assert codes(get(OfferViewSet, user, "?collectivity=04121")) == ["commerce-04", "france"]
    assert codes(get(OfferViewSet, user, "?collectivity=00000")) == []
    assert codes(get(OfferViewSet, user, "?valid_on=2026-01-01")) == ["commerce-04", "eau-05", "france"]
    assert get(OfferViewSet, user, "?theme=XXX").status_code == 400
    assert codes(get(ProviderViewSet, user, "?kind=caue")) == ["caue-04"]


def test_the_same_number_of_queries_for_any_page(user: User) -> None:
    caue = provider()
    costs = set()
    made = 0
    for wanted in (1, 10, 40):
        while made < wanted:
            offer(f"offre-{made}", of=caue)
            made += 1
        with CaptureQueriesContext(connection) as queries:
            response = get(OfferViewSet, user)
            response.render()
        costs.add(len(queries))
    assert len(costs) == 1 and costs.pop() <= 8
