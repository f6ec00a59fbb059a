"""Who sees and keeps what: conditions on columns and abilities say the same (DESIGN 5)."""

import dataclasses
import itertools

import pytest

from accounts.models import Organisation
from common.actor import Actor, Role, anonymous, system
from operators.models import Offer, Provider
from operators.permissions import OfferAbility, ProviderAbility, offer_abilities, provider_abilities
from tests.operators.factories import TODAY, offer, provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> None:
    """Every state of offer, for an active and an inactive provider of 04, one of 05, and an operator."""
    own = Organisation.objects.create(kind="provider", code="caue-04", name="CAUE 04")
    other = Organisation.objects.create(kind="provider", code="caue-05", name="CAUE 05")
    providers = [
        provider("caue-04", organisation=own),
        provider("vieux-04", organisation=own, is_active=False),
        provider("caue-05", department_id="05", organisation=other),
        provider("cerema", kind="operator", department_id=None),
    ]
    for of, status in itertools.product(providers, ("draft", "in_review", "published", "expired")):
        offer(f"{of.code}-{status.replace('_', '-')}", of=of, status=status)


def actors() -> list[Actor]:
    own = Organisation.objects.get(code="caue-04").pk
    base = Actor(role=Role.PROVIDER, on=TODAY, person_id=1, mandate_id=1, mandate_confirmed=True)
    made = [anonymous(TODAY), system(TODAY), dataclasses.replace(base, organisation_id=own), base]
    for role in Role:
        if role not in (Role.ANONYMOUS, Role.SYSTEM, Role.PROVIDER):
            made.append(dataclasses.replace(base, role=role, departments=frozenset({"04"})))
    return made


def test_visible_to_is_exactly_view(rows: None) -> None:
    offers = list(Offer.objects.select_related("provider"))
    providers = list(Provider.objects.all())
    for actor in actors():
        seen = {found.pk for found in Offer.objects.visible_to(actor)}
        assert seen == {each.pk for each in offers if OfferAbility.VIEW in offer_abilities(actor, each)}, actor.role
        known = {found.pk for found in Provider.objects.visible_to(actor)}
        assert known == {each.pk for each in providers if ProviderAbility.VIEW in provider_abilities(actor, each)}


def test_everyone_reads_what_is_published(rows: None) -> None:
    public = {"caue-04-published", "caue-05-published", "cerema-published"}
    assert {found.code for found in Offer.objects.visible_to(anonymous(TODAY))} == public
    assert all(public <= {found.code for found in Offer.objects.visible_to(actor)} for actor in actors())


def test_a_provider_keeps_its_own_and_never_publishes_it(rows: None) -> None:
    [actor] = [actor for actor in actors() if actor.organisation_id]
    abilities = {each.code: offer_abilities(actor, each) for each in Offer.objects.select_related("provider")}
    assert abilities["caue-04-draft"] == {"view", "edit", "submit"}
    assert abilities["caue-04-in-review"] == {"view", "edit", "withdraw"}
    assert abilities["caue-05-draft"] == frozenset()
    assert abilities["caue-05-published"] == {"view"}


def test_the_desk_reviews_the_offers_of_its_department_only(rows: None) -> None:
    [desk] = [actor for actor in actors() if actor.role is Role.INSTRUCTOR]
    abilities = {each.code: offer_abilities(desk, each) for each in Offer.objects.select_related("provider")}
    assert OfferAbility.REVIEW in abilities["caue-04-in-review"]
    assert abilities["caue-05-in-review"] == frozenset()
    assert abilities["cerema-in-review"] == frozenset()


def test_a_committee_member_or_a_mayor_edits_nothing(rows: None) -> None:
    for actor in actors():
        if actor.role in (Role.OFFICIAL, Role.SECRETARY, Role.COMMITTEE_MEMBER, Role.ANONYMOUS, Role.REGION):
            for each in Offer.objects.select_related("provider"):
                assert offer_abilities(actor, each) <= {OfferAbility.VIEW}
