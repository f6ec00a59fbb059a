"""The members of a provider: who says so, what the engine makes of it, and what a list that somebody pastes becomes."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.sessions import signed_in
from common import clock
from common.actor import Actor, Role
from common.errors import Invalid, NotAllowed
from operators.catalogue import assess_body
from operators.matching.criteria import Reason
from operators.models import CoverageJob, Membership, Offer, Provider
from operators.services import memberships
from operators.territory_facts import facts_of
from requests.demonstration.stage import Stage
from territories.models import Collectivity
from tests.operators.factories import TODAY

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
AT = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
As = Callable[[str], Client]
ADMINISTRATOR = Actor(role=Role.ADMINISTRATOR, on=TODAY, mandate_confirmed=True, body="Administration")


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``)."""


@pytest.fixture
def as_(client: Client) -> As:
    def sign_in(name: str) -> Client:
        client.cookies["sessionid"] = signed_in(Stage().account(name))
        return client

    return sign_in


@pytest.fixture
def atd() -> Provider:
    return Provider.objects.get(code="atd-04")


def body(code: str) -> Collectivity:
    return Collectivity.objects.select_related("department").get(code=code)


def said(provider: Provider, code: str, on: dt.date = TODAY) -> bool | None:
    facts = facts_of(body(code), on)
    return True if provider.code in facts.member_of else False if provider.code in facts.not_member_of else None


def test_what_is_said_changes_and_what_was_stays(atd: Provider) -> None:
    mezel = body("04121")
    assert said(atd, "04121") is None
    assert memberships.say(atd, [mezel], ADMINISTRATOR, member=True, source="Délibération", at=AT) == 1
    assert said(atd, "04121") is True
    later = AT + dt.timedelta(days=10)
    assert memberships.say(atd, [mezel], ADMINISTRATOR, member=True, at=later) == 0
    row = Membership.objects.get(collectivity=mezel)
    assert (row.starts_on, row.verified_on, row.source) == (TODAY, later.date(), "Délibération")
    assert memberships.say(atd, [mezel], ADMINISTRATOR, member=False, at=later) == 1
    assert said(atd, "04121", later.date()) is False and said(atd, "04121", TODAY) is True
    assert memberships.say(atd, [mezel], ADMINISTRATOR, member=None, at=later) == 1
    assert said(atd, "04121", later.date()) is None
    assert Membership.objects.filter(collectivity=mezel).count() == 2


def test_a_commune_is_not_a_member_by_its_grouping(atd: Provider) -> None:
    memberships.say(atd, [body("200067437")], ADMINISTRATOR, member=True, at=AT)
    assert said(atd, "200067437") is True and said(atd, "04121") is None


@pytest.mark.parametrize(("member", "reason"), [(True, Reason.MEMBER), (False, Reason.NOT_MEMBER)])
def test_the_engine_knows(atd: Provider, member: bool, reason: Reason) -> None:
    offer = Offer.objects.published().filter(provider=atd, membership_required=True).order_by("pk")[0]
    before = CoverageJob.objects.count()
    memberships.say(atd, [body("04121")], ADMINISTRATOR, member=member, at=AT)
    assert CoverageJob.objects.count() > before, "coverage and proposals follow"
    found = assess_body(body("04121"), TODAY, themes=tuple(offer.themes[:1])).matching
    readings = [each.readings for each in found.candidates if each.offer.id == offer.pk]
    readings += [each.failed for each in found.misses if each.offer.id == offer.pk]
    assert reason in {reading.reason for reading in readings[0]}


@pytest.mark.parametrize("changes", [{"departments": frozenset({"05"})}, {"mandate_confirmed": False}])
def test_nobody_else_says(atd: Provider, changes: dict[str, Any]) -> None:
    values = {"departments": frozenset({"04"}), "mandate_confirmed": True, **changes}
    with pytest.raises(NotAllowed):
        memberships.say(atd, [body("04121")], Actor(role=Role.INSTRUCTOR, on=TODAY, **values), member=True)
    assert not Membership.objects.exists()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("04121, 04070", ["04070", "04121"]),
        ("4121\n200 067 437\r\n04121", ["04121", "200067437"]),
        ("04121 04070;2a004", ["04070", "04121", "2A004"]),
    ],
)
def test_a_pasted_list(text: str, codes: list[str]) -> None:
    assert [found.code for found in memberships.bodies_of(text)] == codes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" ;\n", "au moins un code"),
        ("04121\n99999\nMézel", "99999"),
        ("\x00", "Aucune"),
        (" ".join(str(code) for code in range(10_000, 16_000)), "au plus"),
    ],
)
def test_a_list_is_taken_whole_or_not_at_all(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        memberships.bodies_of(text)


def test_kept_on_its_page(as_: As) -> None:
    own = Provider.objects.get(organisation=Stage().account("offreur").organisation_id)
    page = f"/catalogue/organismes/{own.code}/adherents/"
    provider = as_("offreur")
    assert "Rien n’est encore dit" in provider.get(page).text
    added = {"acte": "ajouter", "collectivity": "04121", "member": "non", "source": "Délibération"}
    assert provider.post(page, added).status_code == 302
    assert provider.post(page, {"acte": "charger", "codes": "4070\n200067437", "origin": "Liste"}).status_code == 302
    text = provider.get(page).text
    assert "n’adhère pas" in text and "Digne-les-Bains" in text and "Liste" in text
    bad = provider.post(page, {"acte": "charger", "codes": "99999"})
    assert bad.status_code == 422 and "99999" in bad.text
    assert provider.post(page, {"acte": "ajouter", "collectivity": "zzzz", "member": "oui"}).status_code == 422
    assert provider.post(page, {"acte": "inventer"}).status_code == 404
    row = Membership.objects.get(collectivity__code="04121")
    desk = as_("instructeur")
    assert desk.post(page, {"acte": "retirer", "adhesion": row.pk}).status_code == 302
    assert desk.post(page, {"acte": "retirer", "adhesion": row.pk}).status_code == 404
    assert said(own, "04121", clock.today()) is None and said(own, "04070", clock.today()) is True


def test_the_page_costs_the_same_whatever_the_list(as_: As, atd: Provider, django_assert_max_num_queries: Any) -> None:
    desk, page = as_("instructeur"), "/catalogue/organismes/atd-04/adherents/"
    desk.get(page)
    some = Collectivity.objects.filter(department="04", kind="commune", is_current=True)[:60]
    memberships.say(atd, list(some), ADMINISTRATOR, member=True)
    with django_assert_max_num_queries(9):
        assert desk.get(page).status_code == 200
