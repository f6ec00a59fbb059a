"""The Actor: what a person is under one mandate, and what it costs to know."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.actors import actor_for, mandates_in_force, with_rights
from accounts.context_processors import actor as context
from accounts.models import Mandate, SignatureAct, User
from accounts.services import mandates
from common.actor import Matter, Role
from territories.models import Collectivity
from tests.accounts.conftest import Builder, actor, organisation, signed_in

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 3)


@pytest.fixture(autouse=True)
def _stopped(clock: Any) -> None:
    """3 March 2026."""


def test_each_role_has_its_territory_and_its_matters(person: Builder, mezel: Collectivity, desk: Any) -> None:
    provider = organisation("atd")
    cases: list[tuple[Mandate, set[str], set[str], set[Matter]]] = [
        (person("a", Role.OFFICIAL, "maire", collectivity=mezel), set(), set(), set()),
        (person("b", Role.SECRETARY, collectivity=mezel), set(), set(), set()),
        (person("c", Role.PROVIDER, organisation=provider, department="04"), {"04"}, set(), set()),
        (person("d", Role.INSTRUCTOR, department="04"), {"04"}, set(), {Matter.REDIRECTION}),
        (person("e", Role.SUB_PREFECT, department="04", arrondissement="044"), set(), {"044"}, set()),
        (person("f", Role.DEPUTY, department="04"), {"04"}, set(), set()),
        (person("g", Role.DELEGATE, department="04"), {"04"}, set(), set(Matter)),
        (person("h", Role.FOLLOW_UP_OFFICER, department="04"), {"04"}, set(), set()),
        (person("i", Role.CMT, departments=["04", "2A"]), {"04", "2A"}, set(), set()),
        (person("j", Role.REGION, departments=["13", "83"]), {"13", "83"}, set(), set()),
        (person("k", Role.NATIONAL), set(), set(), set()),
        (person("l", Role.DIRECTOR_GENERAL), set(), set(), set()),
        (person("m", Role.OPERATOR), set(), set(), set()),
        (person("n", Role.ADMINISTRATOR), set(), set(), set()),
        (person("o", Role.COMMITTEE_MEMBER, department="04"), {"04"}, set(), set()),
    ]
    for mandate, departments, arrondissements, matters in cases:
        found = actor(mandate)
        assert (found.role, set(found.departments), set(found.arrondissements), set(found.matters)) == (
            Role(mandate.role), departments, arrondissements, matters,
        )  # fmt: skip
        assert found.mandate_confirmed
        assert found.person_id == mandate.user_id
        assert found.organisation_id == mandate.organisation_id
        assert found.collectivity_id == (mezel.pk if mandate.role in ("official", "secretary") else None)


def test_names_and_bodies(mayor: Mandate, instructor: Mandate) -> None:
    assert (actor(mayor).name, actor(mayor).body) == ("Mme\N{NO-BREAK SPACE}Bruyere", "Mézel (04)")
    assert actor(instructor).body == "Alpes-de-Haute-Provence (04)"


def test_a_person_without_mandate_is_known_and_has_no_right(mayor: Mandate) -> None:
    for mandate, on in ((None, TODAY), (mayor, dt.date(2019, 1, 1))):
        found = actor_for(mayor.user, mandate, on)
        assert (found.role, found.person_id, found.mandate_id) == (Role.ANONYMOUS, mayor.user_id, None)
        assert found.is_authenticated
        assert not found.matters


def test_a_closed_account_and_a_visitor_are_nobody(mayor: Mandate) -> None:
    mayor.user.is_active = False
    for user in (mayor.user, None, AnonymousUser()):
        assert not actor_for(user, mayor).is_authenticated  # type: ignore[arg-type]


def test_a_mandate_of_somebody_else_is_refused(mayor: Mandate, instructor: Mandate) -> None:
    with pytest.raises(ValueError, match="another person"):
        actor_for(instructor.user, mayor)


def test_an_actor_costs_one_query_and_none_when_loaded(
    act: SignatureAct, deputy: Mandate, django_assert_num_queries: Any
) -> None:
    plain = Mandate.objects.select_related("user").get(pk=deputy.pk)
    with django_assert_num_queries(1):
        assert actor_for(plain.user, plain).may_sign(Matter.REFERRAL)
    loaded = with_rights(Mandate.objects.filter(pk=deputy.pk), TODAY).get()
    with django_assert_num_queries(0):
        assert actor_for(loaded.user, loaded).may_sign(Matter.REFERRAL)


def test_rights_of_another_day_are_read_again(act: SignatureAct, deputy: Mandate) -> None:
    loaded = with_rights(Mandate.objects.filter(pk=deputy.pk), TODAY).get()
    assert actor_for(loaded.user, loaded, dt.date(2024, 6, 1)).matters == frozenset()
    assert actor_for(loaded.user, loaded, TODAY).matters


def test_a_signed_in_page_pays_two_queries(client: Client, act: SignatureAct, deputy: Mandate) -> None:
    signed_in(client, deputy)
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/mandat/")
    frozen = "SELECT set_config('transaction_read_only'"  # opens the transaction: no row is read
    statements = [sql for query in queries if (sql := query["sql"]).startswith("SELECT") and not sql.startswith(frozen)]
    assert response.status_code == 200
    assert len(statements) == 2, statements


def test_a_visitor_pays_nothing(client: Client, db: None, django_assert_num_queries: Any) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.session = {}  # type: ignore[assignment]
    with django_assert_num_queries(0):
        shown = context(request)
        assert not shown["MANDATE"]
        assert not shown["ACTOR"].is_authenticated
        assert list(shown["MANDATES"]) == []


def test_mandates_are_told_in_the_order_they_came(mayor: Mandate, person: Builder) -> None:
    grouping = Collectivity.objects.get(code="200067437")
    president = person("bruyere", Role.OFFICIAL, "présidente", collectivity=grouping, starts_on=dt.date(2020, 7, 10))
    assert mandates_in_force(mayor.user_id, TODAY) == [mayor, president]


# --- the choice of a mandate -----------------------------------------------------------------------------------------


@pytest.fixture
def two(mayor: Mandate, person: Builder) -> tuple[Mandate, Mandate]:
    grouping = Collectivity.objects.get(code="200067437")
    return mayor, person("bruyere", Role.OFFICIAL, "présidente", collectivity=grouping)


def acting(client: Client) -> Any:
    return client.get("/mandat/").wsgi_request.actor


def test_one_mandate_is_taken_without_asking(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    assert acting(client).mandate_id == mayor.pk


def test_several_are_chosen_by_a_post_and_the_session_key_changes(client: Client, two: tuple[Mandate, Mandate]) -> None:
    mayor, president = two
    client.force_login(mayor.user)
    assert acting(client).mandate_id is None
    client.get("/mandat/", {"mandate": str(president.uuid)})
    assert acting(client).mandate_id is None, "a link chooses nothing"
    before = client.session.session_key
    response = client.post("/mandat/", {"mandate": str(president.uuid), "next": "/profil/"})
    assert response.url == "/profil/"
    assert client.session.session_key != before
    assert acting(client).mandate_id == president.pk
    client.post("/mandat/", {"mandate": str(mayor.uuid)})
    assert acting(client).mandate_id == mayor.pk


def test_one_chooses_only_one_s_own_mandates_in_force(
    client: Client, two: tuple[Mandate, Mandate], instructor: Mandate
) -> None:
    mayor, president = two
    Mandate.objects.filter(pk=president.pk).update(ends_on=TODAY, status="ended")
    client.force_login(mayor.user)
    for mandate in (instructor, president):
        page = client.post("/mandat/", {"mandate": str(mandate.uuid)})
        assert "n’est pas l’un des vôtres" in page.content.decode()
    assert acting(client).mandate_id == mayor.pk


def test_a_forged_session_gives_no_mandate_of_somebody_else(
    client: Client, two: tuple[Mandate, Mandate], instructor: Mandate
) -> None:
    client.force_login(two[0].user)
    session = client.session
    session["mandate"] = str(instructor.uuid)
    session.save()
    assert acting(client).mandate_id is None


def test_the_choice_never_leads_to_another_site(client: Client, two: tuple[Mandate, Mandate]) -> None:
    client.force_login(two[0].user)
    assert client.post("/mandat/", {"mandate": str(two[0].uuid), "next": "//ailleurs.example"}).url == "/mon-espace/"


def test_signing_in_with_several_mandates_leads_to_the_choice(
    client: Client, two: tuple[Mandate, Mandate], box: Any
) -> None:
    client.post("/connexion/", {"email": "bruyere@exemple.fr", "way": "code", "next": "/profil/"})
    assert client.post("/connexion/code/", {"code": box.codes[0]}).url == "/mandat/?next=%2Fprofil%2F"


def test_a_mandate_that_ends_is_gone_at_the_next_request(client: Client, two: tuple[Mandate, Mandate]) -> None:
    mayor, president = two
    signed_in(client, president)
    assert acting(client).mandate_id == president.pk
    mandates.close(president, TODAY, at=dt.datetime(2026, 3, 3, 10, tzinfo=dt.UTC))
    assert acting(client).person_id is None, "the session has ended with the right"
    client.force_login(mayor.user)
    assert acting(client).mandate_id == mayor.pk
    mandates.close(mayor, TODAY, at=dt.datetime(2026, 3, 3, 10, tzinfo=dt.UTC))
    client.force_login(mayor.user)
    assert acting(client).role is Role.ANONYMOUS
    assert "aucun mandat en cours" in client.get("/mandat/").content.decode()


def test_a_closed_account_is_out_at_the_next_request(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    User.objects.filter(pk=mayor.user_id).update(is_active=False)
    assert client.get("/profil/").status_code == 302


def test_a_session_whose_password_changed_is_dropped_on_a_get(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    mayor.user.set_password("un autre mot de passe")
    mayor.user.save()
    assert client.get("/profil/").status_code == 302
    assert client.get("/connexion/").status_code == 200


def test_every_page_shows_the_mandate(client: Client, two: tuple[Mandate, Mandate]) -> None:
    signed_in(client, two[1])
    page = client.get("/profil/").content.decode()
    assert "Bruyere, présidente" in page
    assert 'href="/mandat/"' in page
