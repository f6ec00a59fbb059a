"""One mailbox, several persons: « Qui êtes-vous ? »."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from accounts import events
from accounts.models import Mandate, Organisation, User
from accounts.services import mandates, people
from common.actor import Role
from territories.models import Collectivity
from tests.accounts.conftest import Box, Builder

pytestmark = pytest.mark.django_db
ADDRESS = "mairie@mezel.exemple.fr"
WHO, FIRST = "/connexion/qui/", "/connexion/premiere-visite/"


def arrive(client: Client, box: Box) -> str:
    client.post("/connexion/", {"email": ADDRESS, "way": "code"})
    return client.post("/connexion/code/", {"code": box.codes[-1]}).url


NEW = {"first_name": "Odile", "last_name": "Tilleul", "civility": "Mme", "function": "secretaire"}


def test_the_first_person_names_herself_and_is_proven(
    client: Client, box: Box, town_hall: Organisation, mezel: Collectivity
) -> None:
    assert arrive(client, box) == FIRST
    page = client.get(FIRST)
    assert "collectivity" not in page.context["form"].fields
    assert client.post(FIRST, NEW).url == "/mon-espace/"
    mandate = Mandate.objects.get(user__last_name="Tilleul")
    assert (mandate.status, mandate.proof) == ("confirmed", "official_address")
    assert mandate.declared_name == "Odile Tilleul"
    assert mandate.collectivity == mezel
    assert (mandate.user.email, mandate.user.mailbox) == (None, town_hall)
    assert mandate.user.contact_email == ADDRESS
    assert [event.mandate_id for event in box.of(events.MandateConfirmed)] == [mandate.pk]
    assert not box.of(events.MandateClaimed), "nothing waits for the desk"


def test_one_chooses_among_the_persons_known(client: Client, box: Box, town_hall: Organisation, mayor: Mandate) -> None:
    arrive(client, box)
    client.post(FIRST, NEW)
    second = Client()
    assert arrive(second, box) == WHO
    names = [label for _, label in second.get(WHO).context["form"].fields["person"].choices]
    assert names == [
        "Mme\N{NO-BREAK SPACE}Bruyere, maire",
        "Mme\N{NO-BREAK SPACE}Tilleul, secrétaire générale de mairie",
        "Je ne suis pas dans cette liste",
    ]
    assert second.post(WHO, {"person": str(mayor.user_id)}).url == "/mon-espace/"
    assert second.get("/profil/").context["person"].pk == mayor.user_id


def test_one_may_add_oneself(client: Client, box: Box, town_hall: Organisation, mayor: Mandate) -> None:
    assert arrive(client, box) == WHO
    assert client.post(WHO, {"person": "autre"}).url == FIRST
    assert client.post(FIRST, NEW).url == "/mon-espace/"
    assert User.objects.filter(mailbox=town_hall).count() == 1


def test_nobody_else_can_be_chosen(client: Client, box: Box, town_hall: Organisation, mayor: Mandate, person: Builder,
                                   giromagny: Collectivity) -> None:  # fmt: skip
    stranger = person("sureau", Role.OFFICIAL, "maire", collectivity=giromagny)
    former = person("ancien", Role.OFFICIAL, "maire", collectivity=mayor.collectivity, ends_on=dt.date(2021, 1, 1))
    staff = person("chef", Role.SECRETARY, collectivity=mayor.collectivity)
    User.objects.filter(pk=staff.user_id).update(is_staff=True)
    arrive(client, box)
    for mandate in (stranger, former, staff):
        assert client.post(WHO, {"person": str(mandate.user_id)}).status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_mailbox_opens_no_other_mandate_of_the_same_person(
    client: Client, box: Box, town_hall: Organisation, mayor: Mandate, person: Builder
) -> None:
    grouping = Collectivity.objects.get(code="200067437")
    president = person("bruyere", Role.OFFICIAL, "présidente", collectivity=grouping)
    arrive(client, box)
    assert client.post(WHO, {"person": str(mayor.user_id)}).url == "/mon-espace/", (
        "a single mandate is reached: no choice"
    )
    page = client.get("/profil/")
    assert [row["mandate"].pk for row in page.context["mandates"]] == [mayor.pk]
    assert page.wsgi_request.actor.mandate_id == mayor.pk
    client.post("/mandat/", {"mandate": str(president.uuid)})
    assert client.get("/profil/").wsgi_request.actor.mandate_id == mayor.pk
    assert client.get(f"/profil/mandat/{president.uuid}/fin/").status_code == 404


def test_the_mailbox_does_not_change_what_is_somebodys_own(
    client: Client, box: Box, town_hall: Organisation, mayor: Mandate
) -> None:
    arrive(client, box)
    client.post(WHO, {"person": str(mayor.user_id)})
    for page in ("/profil/mot-de-passe/", "/profil/modifier/", "/profil/mandat/"):
        assert client.get(page).status_code == 403, page


def test_whoever_has_only_the_mailbox_may_correct_her_name(client: Client, box: Box, town_hall: Organisation) -> None:
    arrive(client, box)
    client.post(FIRST, NEW)
    response = client.post("/profil/modifier/", {"first_name": "Odile", "last_name": "Tilleul-Noyer", "civility": "Mme",
                                                 "telephone": "04 92 00 00 00"})  # fmt: skip
    assert response.url == "/profil/"
    assert User.objects.get(mailbox=town_hall).last_name == "Tilleul-Noyer"


def test_signing_in_by_the_mailbox_proves_an_earlier_claim(
    client: Client, box: Box, mezel: Collectivity, town_hall: Organisation
) -> None:
    user = people.register(first_name="Rose", last_name="Ajonc", email="rose@exemple.fr")
    claimed = mandates.claim(user, collectivity=mezel, function="adjoint")
    assert claimed.status == "claimed"
    arrive(client, box)
    client.post(WHO, {"person": str(user.pk)})
    claimed.refresh_from_db()
    assert (claimed.status, claimed.proof) == ("confirmed", "official_address")


def test_a_new_mayor_by_the_mailbox_says_that_the_former_has_left(
    client: Client, box: Box, town_hall: Organisation, mayor: Mandate
) -> None:
    arrive(client, box)
    client.post(WHO, {"person": "autre"})
    given = {"first_name": "Paul", "last_name": "Cèdre", "civility": "M.", "function": "maire"}
    page = client.post(FIRST, given)
    assert page.status_code == 400
    assert 'name="succeeds"' in page.content.decode()
    assert not User.objects.filter(last_name="Cèdre").exists(), "nothing is half written"
    page = client.post(FIRST, {**given, "succeeds": "on"})
    assert "Indiquez la date de votre élection." in page.content.decode()
    assert client.post(FIRST, {**given, "succeeds": "on", "starts_on": "2026-03-22"}).url == "/mon-espace/"
    mayor.refresh_from_db()
    assert (mayor.status, mayor.ends_on) == ("ended", dt.date(2026, 3, 22))
    ended = box.of(events.MandateEnded)[0]
    assert (ended.mandate_id, ended.successor_id) == (mayor.pk, Mandate.objects.get(user__last_name="Cèdre").pk)


def test_one_mailbox_may_serve_two_collectivities(
    client: Client, box: Box, town_hall: Organisation, giromagny: Collectivity
) -> None:
    people.set_official_address(giromagny, ADDRESS)
    assert arrive(client, box) == FIRST
    bodies = dict(client.get(FIRST).context["form"].fields["collectivity"].choices)
    assert set(bodies.values()) == {"Mézel (04)", "Giromagny (90)"}
    key = next(key for key, label in bodies.items() if "Giromagny" in label)
    client.post(FIRST, {**NEW, "collectivity": key})
    assert Mandate.objects.get(user__last_name="Tilleul").collectivity == giromagny


def test_a_session_by_mailbox_dies_with_the_official_address(
    client: Client, box: Box, town_hall: Organisation, mezel: Collectivity
) -> None:
    arrive(client, box)
    client.post(FIRST, NEW)
    people.set_official_address(mezel, "nouvelle@mezel.exemple.fr")
    actor: Any = client.get("/mandat/").wsgi_request.actor
    assert actor.mandate_id is None
