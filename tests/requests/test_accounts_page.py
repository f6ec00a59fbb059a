"""``/_comptes/`` and ``/mon-espace/``: the demonstration's accounts, and where each begins."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from accounts.demonstration import ACCOUNTS
from accounts.models import SignatureAct
from anct_portal.demonstration import awaited
from anct_portal.navigation import BY_ROLE, home_of
from common.actor import Role
from common.french import NBSP
from requests.models import SupportRequest

pytestmark = [pytest.mark.django_db, pytest.mark.demonstration]
SignIn = Callable[[Client, str], Client]
Case = Callable[[str], SupportRequest]
PAGE = "/_comptes/"


@pytest.fixture
def open_page(settings: Any) -> None:
    settings.DEBUG, settings.DEMONSTRATION_CODE = True, "424242"


def test_closed_where_nothing_is_a_demonstration(client: Client) -> None:
    assert client.get(PAGE).status_code == client.post(PAGE, {"account": "dg"}).status_code == 404
    assert "_comptes" not in client.get("/").content.decode()


def test_closed_even_to_a_code_that_was_left_behind(client: Client, settings: Any) -> None:
    settings.DEBUG, settings.DEMONSTRATION_CODE = False, "424242"
    assert client.get(PAGE).status_code == client.post(PAGE, {"account": "dg"}).status_code == 404


def test_each_account_is_entered_by_one_press_and_begins_at_its_own_page(
    client: Client, open_page: None, case: Case
) -> None:
    for account in ACCOUNTS:
        assert client.post(PAGE, {"account": account.name}).url == "/mon-espace/"  # type: ignore[attr-defined]
        landed = client.get("/mon-espace/", follow=True)
        assert landed.status_code == 200, account.name
        assert landed.context["ACTOR"].name.replace(NBSP, " ") in account.person
    assert client.post(PAGE, {"account": "personne"}).status_code == 404


def test_the_readers_of_the_file_at_hand_come_first_and_land_on_it(
    client: Client, open_page: None, case: Case, sign_in: SignIn
) -> None:
    row = case("04121")
    sign_in(client, "instructeur")
    file = client.get(f"/guichet/{row.reference}/").content.decode()
    assert f'href="/_comptes/?demande={row.reference}"' in file
    page = client.get(f"{PAGE}?demande={row.reference}")
    readers = [found.account.name for found in page.context["readers"]]
    assert {"maire", "instructeur", "adjoint", "delegue"} <= set(readers)
    assert not {"maire2", "instructeur2", "clct", "admin"} & set(readers)
    for name, address in (("maire", f"/demandes/{row.reference}/"), ("adjoint", f"/guichet/{row.reference}/")):
        assert client.post(f"{PAGE}?demande={row.reference}", {"account": name}).url == address  # type: ignore[attr-defined]
        assert client.get(address).status_code == 200
    assert client.post(f"{PAGE}?demande={row.reference}", {"account": "maire2"}).url == "/mon-espace/"  # type: ignore[attr-defined]


@pytest.mark.parametrize("reference", ["x", "\x00", "😀" * 5000, "2026-04-99999"])
def test_an_unknown_file_is_nobodys(client: Client, open_page: None, case: Case, reference: str) -> None:
    page = client.get(PAGE, {"demande": reference})
    assert page.status_code == 200
    assert not page.context["readers"]


def test_whoever_is_awaited_can_act(case: Case) -> None:
    row = case("04208")
    SupportRequest.objects.filter(pk=row.pk).update(
        state="qualification", acknowledged_at=row.submitted_at, qualified_at=row.submitted_at
    )
    first = awaited(row.reference)
    assert first is not None
    assert first.name == "adjoint"
    SignatureAct.objects.update(ends_on=F("starts_on"))
    then = awaited(row.reference)
    assert then is not None
    assert then.name == "delegue", "the deputy may sign no longer"


def test_every_role_begins_somewhere() -> None:
    assert home_of(Role.ANONYMOUS) == "/"
    assert {home_of(role) for role in BY_ROLE} <= {
        "/", "/demandes/", "/guichet/", "/national/", "/operateurs/", "/sollicitations/", "/clct/", "/admin/",
    }  # fmt: skip
