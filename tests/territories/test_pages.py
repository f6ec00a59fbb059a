"""The page of a territory, at its one address."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from territories.addresses import resolve_code
from territories.loading.zonings import load_zoning
from territories.models import Arrondissement, Collectivity, Department, Region
from territories.services.desks import open_missing_desks

pytestmark = pytest.mark.django_db

BUDGET = 15


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("04121", Collectivity, "Mézel"),
        ("200069193", Collectivity, "CC de la Dombes"),
        ("210401212", Collectivity, "Mézel"),
        ("01340", Collectivity, "Arboys en Bugey"),
        ("75101", Collectivity, "Paris"),
        ("97801", Collectivity, "Saint-Martin"),
        ("6AE", Collectivity, "Collectivité européenne d’Alsace"),
        ("04", Department, "Alpes-de-Haute-Provence"),
        ("2A", Department, "Corse-du-Sud"),
        ("2a", Department, "Corse-du-Sud"),
        ("971", Department, "Guadeloupe"),
        ("978", Department, "Saint-Martin"),
        ("REG-84", Region, "Auvergne-Rhône-Alpes"),
        ("reg-04", Region, "La Réunion"),
        ("ARR-041", Arrondissement, "Barcelonnette"),
        ("ARR-2A1", Arrondissement, "Ajaccio"),
        ("ARR-9711", Arrondissement, "Basse-Terre"),
    ],
)
def test_addresses(code: str, kind: type, name: str) -> None:
    territory = resolve_code(code)
    assert isinstance(territory, kind) and territory.name == name


@pytest.mark.parametrize("code", ["", "99999", "ZZ", "REG-99", "ARR-999", "999", "0", "04121x", "é", "'", "1" * 40])
def test_addresses_of_nothing(code: str) -> None:
    assert resolve_code(code) is None


CODES = ("04121", "200069193", "200054781", "04", "976", "988", "REG-84", "ARR-041", "75056", "6AE", "REG-94", "98818")


@pytest.mark.parametrize("code", CODES)
def test_every_kind_of_page_within_its_budget(client: Client, code: str) -> None:
    open_missing_desks()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/territoires/{code}/")
    assert response.status_code == 200
    assert len(queries) <= BUDGET, [query["sql"][:120] for query in queries]
    assert response.content.decode().count("<h1") == 1


def test_a_commune(client: Client, tmp_path: object) -> None:
    open_missing_desks()
    page = client.get("/territoires/04121/").content.decode()
    assert "<h1>Mézel</h1>" in page
    assert "611\u00a0habitants" in page and "Insee, population municipale 2023" in page
    for link in ("/territoires/ARR-043/", "/territoires/200067437/", 'href="/territoires/04/"'):
        assert link in page
    assert "Guichet unique projets complexes" in page


def test_unknown_is_said_and_known_has_its_source(client: Client, tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "z.csv"
    path.write_text("code,frr\n04070,FRR+\n", "utf-8")
    load_zoning("frr", path)
    path.write_text("code,revenu_median\n04070,21500\n", "utf-8")
    load_zoning("revenu_median", path)
    known = client.get("/territoires/04070/").content.decode()
    assert "FRR+" in known and "Direction générale des collectivités locales" in known
    assert "Revenu médian" not in known and "21\u202f500" not in known, "a measure of inhabitants is not published"
    unknown = client.get("/territoires/04121/").content.decode()
    assert "Classement France ruralités revitalisation" in unknown and "<em>Non connu</em>" in unknown


def test_mayotte_shows_the_year_of_its_population(client: Client) -> None:
    page = client.get("/territoires/97606/").content.decode()
    assert "Insee, population municipale 2017" in page
    assert "Année non précisée par la source" in client.get("/territoires/98818/").content.decode()


def test_the_two_populations_of_an_epci(client: Client) -> None:
    page = client.get("/territoires/200070332/").content.decode()
    assert "Autre population publiée" in page


@pytest.mark.parametrize(
    ("asked", "at"),
    [("01340", "/territoires/01015/"), ("210401212", "/territoires/04121/"), ("2a", "/territoires/2A/")],
)
def test_other_addresses_lead_to_the_one(client: Client, asked: str, at: str) -> None:
    response = client.get(f"/territoires/{asked}/")
    assert response.status_code == 302 and response["Location"] == at


def test_a_missing_territory(client: Client) -> None:
    assert client.get("/territoires/99999/").status_code == 404


def test_a_commune_of_the_past(client: Client) -> None:
    Collectivity.objects.filter(code="04121").update(is_current=False)
    assert "Ce territoire n’existe plus." in client.get("/territoires/04121/").content.decode()


def test_members_by_pages(client: Client) -> None:
    first = client.get("/territoires/200054781/").content.decode()
    assert "Membres (141)" in first and 'aria-current="page"' in first
    assert client.get("/territoires/200054781/?page=2").status_code == 200
    assert client.get("/territoires/200054781/?page=zz").status_code == 200


def test_the_index_leads_offers_or_suggests(client: Client) -> None:
    assert client.get("/territoires/").status_code == 200
    response = client.get("/territoires/", {"q": "Mézel (04)"})
    assert response.status_code == 302 and response["Location"] == "/territoires/04121/"
    assert client.get("/territoires/", {"q": "x", "q_code": "04121"}).status_code == 302
    assert "Saint-Denis (93)" in client.get("/territoires/", {"q": "saint-denis"}).content.decode()
    page = client.get("/territoires/", {"q": "mezl"}).content.decode()
    assert "Vouliez-vous dire" in page and "/territoires/04121/" in page
