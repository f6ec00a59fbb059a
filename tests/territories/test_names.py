"""One normal form in two languages, and the article that each name takes."""

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from territories.models import Collectivity, Department, Region
from territories.names import normalise

#: What French names are written with.
FRENCH = st.text(alphabet="abcstezST éÉèÈêëàÀâçÇîÎïôÔöûüùÿŸœŒæÆ’'-–.,()/\"&0129", max_size=40)


def in_sql(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT territories_normalise(%s)", [text])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Saint-Étienne", "saint etienne"),
        ("St-Étienne", "saint etienne"),
        ("STE COLOMBE", "sainte colombe"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("L'Haÿ les Roses", "l hay les roses"),
        ("Œuilly", "oeuilly"),
        ("œuilly", "oeuilly"),
        ("Île-d’Aix", "ile d aix"),
        ("  Ça   et là ", "ca et la"),
        ("St Ste", "saint sainte"),
        ("Estaing", "estaing"),
        ("Me\u0301zel", "mezel"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_normal_form(name: str, normal: str) -> None:
    assert normalise(name) == normal


@pytest.mark.django_db
def test_python_and_sql_agree_on_every_real_name() -> None:
    differing = [
        name
        for name, stored in Collectivity.objects.values_list("name", "normalised_name")
        if normalise(name) != stored
    ]
    assert differing == []


@pytest.mark.django_db
@given(FRENCH)
@settings(max_examples=300, deadline=None)
def test_python_and_sql_agree_on_anything_french(text: str) -> None:
    assert in_sql(text) == normalise(text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "of_name"),
    [
        ("04121", "de Mézel"),
        ("97219", "du Prêcheur"),
        ("38061", "de La Buisse"),
        ("29155", "d’Ouessant"),
        ("04116", "des Mées"),
        ("04079", "de L’Escale"),
        ("60703", "des Marais"),  # Aux Marais
        ("66104", "de Los Masos"),
        ("63448", "du Vernet-Chaméane"),  # the source says « de »
        ("76351", "du Havre"),
        ("22016", "d’Île-de-Bréhat"),
        ("80829", "d’Y"),
        ("98818", "de Nouméa"),
        ("04", "du Département des Alpes-de-Haute-Provence"),
        ("REG-93", "de la Région Provence-Alpes-Côte d’Azur"),
        ("200069193", "de la CC de la Dombes"),
        ("200054781", "de la Métropole du Grand Paris"),
    ],
)
def test_articles_of_bodies(code: str, of_name: str) -> None:
    assert Collectivity.objects.get(code=code).of_name == of_name


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "of"),
    [
        ("01", "de l’Ain"),
        ("04", "des Alpes-de-Haute-Provence"),
        ("08", "des Ardennes"),
        ("28", "d’Eure-et-Loir"),
        ("35", "d’Ille-et-Vilaine"),
        ("41", "de Loir-et-Cher"),
        ("47", "de Lot-et-Garonne"),
        ("75", "de Paris"),
        ("82", "de Tarn-et-Garonne"),
        ("84", "de Vaucluse"),
        ("90", "du Territoire de Belfort"),
        ("974", "de La Réunion"),
        ("976", "de Mayotte"),
        ("988", "de la Nouvelle-Calédonie"),
    ],
)
def test_articles_of_departments(code: str, of: str) -> None:
    assert Department.objects.get(code=code).of == of


@pytest.mark.django_db
def test_names_bear_typographic_apostrophes() -> None:
    assert not Collectivity.objects.filter(name__contains="'").exists()
    assert not Department.objects.filter(name__contains="'").exists()
    assert Region.objects.get(code="93").of == "de Provence-Alpes-Côte d’Azur"


@pytest.mark.django_db
def test_the_prefecture_follows_usage() -> None:
    names = dict(Department.objects.values_list("code", "prefecture_name"))
    assert names["41"] == "Préfecture de Loir-et-Cher"
    assert names["84"] == "Préfecture de Vaucluse"
    assert names["01"] == "Préfecture de l’Ain"
