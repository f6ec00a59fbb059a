"""One desk in each territory, under the name of the service that keeps it."""

import re

import pytest
from django.test import Client

from territories.models import Department, Desk
from territories.services.desks import open_missing_desks

pytestmark = pytest.mark.django_db

FICTION = re.compile(r"0199 ?00|026191|035301|046571|053649|063998")


@pytest.fixture
def desks() -> None:
    Desk.objects.all().delete()
    open_missing_desks()


@pytest.mark.usefixtures("desks")
def test_every_territory_has_one_and_a_second_seed_changes_nothing() -> None:
    assert not Department.objects.filter(desk=None).exists()
    Desk.objects.filter(department="05").update(label="Guichet des Hautes-Alpes")
    assert open_missing_desks() == 0
    assert Desk.objects.get(department="05").label == "Guichet des Hautes-Alpes"


@pytest.mark.usefixtures("desks")
@pytest.mark.parametrize(
    ("code", "acronym"),
    [
        ("04", "DDT"),
        ("13", "DDTM"),
        ("27", "DDTM"),
        ("2A", "DDTM"),
        ("75", "UD-DRIEAT"),
        ("93", "UD-DRIEAT"),
        ("971", "DEAL"),
        ("973", "DGTM"),
        ("976", "DEALM"),
        ("988", ""),
    ],
)
def test_the_service_has_its_own_name(code: str, acronym: str) -> None:
    desk = Desk.objects.get(department=code)
    assert desk.service_acronym == acronym
    assert desk.service.endswith(f"({acronym})") if acronym else desk.service.startswith("Haut-commissariat")


@pytest.mark.usefixtures("desks")
def test_names_and_contacts() -> None:
    labels = dict(Desk.objects.values_list("department", "label"))
    assert labels.pop("04") == "Guichet unique projets complexes"
    assert set(labels.values()) == {"Guichet unique de l’ingénierie"}
    for desk in Desk.objects.all():
        assert FICTION.match(desk.telephone) and len(desk.telephone) == 10
        assert desk.email == f"guichet-{desk.department_id.lower()}@demo.example"
        assert desk.illustrative
    assert Desk.objects.values("telephone").distinct().count() == Desk.objects.count()
    assert Desk.objects.get(department="04").address.endswith("04000 Digne-les-Bains")
    assert Desk.objects.get(department="972").telephone.startswith("063998")
    assert Desk.objects.get(department="34").telephone.startswith("046571")


@pytest.mark.usefixtures("desks")
def test_the_finder_without_and_with_a_department(client: Client) -> None:
    page = client.get("/guichets/").content.decode()
    assert "<h1>Trouver mon guichet</h1>" in page and "988 – Nouvelle-Calédonie" in page
    page = client.get("/guichets/", {"departement": "04"}).content.decode()
    assert "Guichet unique projets complexes" in page
    assert "Direction départementale des territoires (DDT)" in page
    assert 'href="tel:0465710004"' in page and "04\u00a065\u00a071\u00a000\u00a004" in page
    assert "Coordonnées d’exemple" in page


@pytest.mark.usefixtures("desks")
@pytest.mark.parametrize("code", ["99", "", "04' OR 1=1", "DEP-04"])
def test_the_finder_with_nonsense(client: Client, code: str) -> None:
    response = client.get("/guichets/", {"departement": code})
    assert response.status_code == 200
    assert "Choisissez un département de la liste." in response.content.decode()


@pytest.mark.usefixtures("desks")
def test_an_overseas_collectivity_has_its_state_representative(client: Client) -> None:
    page = client.get("/guichets/", {"departement": "987"}).content.decode()
    assert "Haut-commissariat de la République en Polynésie française" in page
    assert "DDT" not in page
