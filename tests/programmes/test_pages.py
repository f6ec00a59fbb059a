"""Programme pages: what each is, who belongs, in a constant number of queries."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from programmes import seeds
from programmes.models import ProgrammeMember
from territories.models import Collectivity

pytestmark = pytest.mark.django_db


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len([query for query in queries if "SAVEPOINT" not in query["sql"] and "READ ONLY" not in query["sql"]])


def test_the_list_and_one_programme(client: Client) -> None:
    seeds.seed_demo()
    page = client.get("/programmes/").content.decode()
    assert "Petites villes de demain" in page and "Villages d’avenir" in page
    page = client.get("/programmes/va/").content.decode()
    assert "Marcolès (15)" in page and "(illustratif)" in page and "Ne se cumule pas avec" in page
    assert "périmètre à confirmer" in page


def test_aliases_lead_to_the_programme_and_unknown_codes_nowhere(client: Client) -> None:
    seeds.seed_reference()
    assert client.get("/programmes/cites_educatives/").headers["Location"] == "/programmes/ce/"
    assert client.get("/programmes/PVD/").headers["Location"] == "/programmes/pvd/"
    assert client.get("/programmes/zrr/").status_code == 404


def test_budgets_do_not_grow(client: Client) -> None:
    seeds.seed_reference()
    communes = list(Collectivity.objects.filter(kind="commune", department="04")[:100])
    lists, details = set(), set()
    done = 0
    for wanted in (1, 10, 100):
        ProgrammeMember.objects.bulk_create(
            ProgrammeMember(programme_id="CRTE", collectivity=commune) for commune in communes[done:wanted]
        )
        done = wanted
        lists.add(cost(client, "/programmes/"))
        details.add(cost(client, "/programmes/crte/"))
    assert len(lists) == len(details) == 1
    assert lists.pop() <= 8 and details.pop() <= 8


def test_a_long_list_is_paged(client: Client) -> None:
    seeds.seed_reference()
    ProgrammeMember.objects.bulk_create(
        ProgrammeMember(programme_id="CRTE", collectivity=commune)
        for commune in Collectivity.objects.filter(kind="commune", department="01")[:120]
    )
    page = client.get("/programmes/crte/").content.decode()
    assert "?page=2" in page and client.get("/programmes/crte/?page=2").content.decode().count("(01)</a>") == 20
