"""What staff may write, and what comes from the official files only."""

import pytest
import zeal
from django.test import Client

from accounts.models import User
from territories.models import Collectivity, FlatMembership, Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    user = User(email="admin@demo.example", is_staff=True, is_superuser=True)
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    "model",
    [
        "region",
        "department",
        "arrondissement",
        "collectivity",
        "formercode",
        "membership",
        "zoning",
        "desk",
        "referenceload",
    ],
)
def test_lists_are_shown(staff: Client, model: str) -> None:
    assert staff.get(f"/admin/territories/{model}/").status_code == 200


def form(**values: str) -> dict[str, str]:
    return {
        "kind": "syndicate",
        "name": "Syndicat des eaux d’essai",
        "other_names": "",
        "legal_form": "Syndicat mixte",
        "liaison": "2",
        "siren": "999 000 001",
        "fictitious": "on",
        "department": "04",
        "population": "",
        "population_vintage": "",
        "postal_codes": "",
        "is_current": "on",
        "department_links-TOTAL_FORMS": "0",
        "department_links-INITIAL_FORMS": "0",
        **values,
    }


def test_staff_create_a_syndicate(staff: Client) -> None:
    response = staff.post("/admin/territories/collectivity/add/", form())
    assert response.status_code == 302, response.context["adminform"].form.errors
    body = Collectivity.objects.get(siren="999000001")
    assert body.code == "999000001" and body.label == "Syndicat des eaux d’essai (04)"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"siren": "200069194", "fictitious": ""}, "clé de contrôle"),
        ({"siren": "999000001", "fictitious": ""}, "réservés aux organismes fictifs"),
        ({"siren": "200069193", "fictitious": ""}, "déjà"),
        ({"kind": "commune"}, "Sélectionnez un choix valide"),
    ],
)
def test_staff_create_no_nonsense(staff: Client, values: dict[str, str], message: str) -> None:
    response = staff.post("/admin/territories/collectivity/add/", form(**values))
    assert response.status_code == 200 and message in response.content.decode()


def test_staff_do_not_change_a_commune(staff: Client) -> None:
    mezel = Collectivity.objects.get(code="04121")
    page = staff.get(f"/admin/territories/collectivity/{mezel.pk}/change/")
    assert page.status_code == 200 and 'name="name"' not in page.content.decode()
    assert staff.post(f"/admin/territories/collectivity/{mezel.pk}/change/", form()).status_code == 403


@zeal.zeal_ignore()  # several pages in one test
def test_staff_record_and_end_a_membership(staff: Client) -> None:
    staff.post("/admin/territories/collectivity/add/", form())
    syndicate = Collectivity.objects.get(siren="999000001")
    mezel = Collectivity.objects.get(code="04121")
    data = {"member": str(mezel.pk), "grouping": str(syndicate.pk), "since": ""}
    response = staff.post("/admin/territories/membership/add/", data)
    assert response.status_code == 302
    assert FlatMembership.objects.filter(member=mezel, ancestor=syndicate).exists()
    again = staff.post("/admin/territories/membership/add/", data)
    assert again.status_code == 200 and "déjà membre" in again.content.decode()
    membership = Membership.objects.get(member=mezel, grouping=syndicate)
    staff.post(
        "/admin/territories/membership/", {"action": "close", "_selected_action": [str(membership.pk)], "index": "0"}
    )
    assert not FlatMembership.objects.filter(member=mezel, ancestor=syndicate).exists()


@zeal.zeal_ignore()  # the form reads two departments
def test_the_lead_department_is_no_other_one(staff: Client) -> None:
    link = {"department_links-TOTAL_FORMS": "1", "department_links-0-department": "04"}
    page = staff.post("/admin/territories/collectivity/add/", form(**link))
    assert page.status_code == 200 and "C’est le département principal" in page.content.decode()


@zeal.zeal_ignore()
def test_memberships_end_together_or_not_at_all(staff: Client) -> None:
    staff.post("/admin/territories/collectivity/add/", form())
    syndicate = Collectivity.objects.get(siren="999000001")
    for code, since in (("04121", None), ("04070", "2090-01-01")):
        Membership.objects.create(member=Collectivity.objects.get(code=code), grouping=syndicate, since=since)
    chosen = list(map(str, Membership.objects.filter(grouping=syndicate).values_list("pk", flat=True)))
    data = {"action": "close", "_selected_action": chosen, "index": "0"}
    page = staff.post("/admin/territories/membership/", data, follow=True)
    assert "Rien n’a changé." in page.content.decode()
    assert Membership.objects.filter(grouping=syndicate, until=None).count() == 2
