"""The live database proves itself, and each breach is named."""

import datetime as dt

import pytest
from django.db import connection

from territories import seeds
from territories.integrity import breaches
from territories.models import Collectivity, Desk, FlatMembership, FormerCode, ReferenceLoad

pytestmark = pytest.mark.django_db

BREAKING = {
    "DELETE FROM territories_flatmembership WHERE member_id = (SELECT id FROM territories_collectivity"
    " WHERE code = '04121')": "la table à plat",
    "UPDATE territories_collectivitydepartment SET is_lead = false WHERE collectivity_id ="
    " (SELECT id FROM territories_collectivity WHERE code = '04121')": "le département principal",
    "UPDATE territories_collectivity SET is_current = false WHERE code = '04121'": "n’existe plus",
}


def test_the_reference_data_break_nothing() -> None:
    assert list(breaches()) == []


@pytest.mark.parametrize("statement", BREAKING)
def test_a_breach_is_named(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    found = list(breaches())
    assert len(found) == 1 and BREAKING[statement] in found[0] and found[0].endswith("04121")


def test_other_breaches() -> None:
    mezel = Collectivity.objects.get(code="04121")
    FormerCode.objects.create(code="04070", collectivity=mezel)
    FlatMembership.objects.create(member=mezel, ancestor=mezel)
    seeds.reference(lambda line: None)
    Desk.objects.filter(department="04").delete()
    text = " ".join(breaches())
    assert "ancien code" in text and "boucle" in text and "n’a pas de guichet : 04" in text


def test_seeding_leaves_newer_files_in_place() -> None:
    known = ReferenceLoad.objects.latest("at")
    ReferenceLoad.objects.create(
        at=known.at + dt.timedelta(days=1), source="x", digest="f" * 64, population_vintage=2030
    )
    said: list[str] = []
    seeds.reference(said.append)
    assert said[0] == "territoires déjà chargés"


def test_seeding_again_reads_nothing_and_opens_nothing() -> None:
    said: list[str] = []
    seeds.reference(said.append)
    seeds.reference(said.append)
    counted = "34 875 communes, 1 255 intercommunalités"
    assert [line.replace("\N{NARROW NO-BREAK SPACE}", " ") for line in said[-3:]] == [
        "territoires déjà chargés",
        counted,
        "guichets ouverts : 0",
    ]
