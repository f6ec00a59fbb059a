"""The public page of statistics and the figures of the home page: words, silences, budgets."""

import datetime as dt
import html
import re
from decimal import Decimal

import pytest
from django.test import Client

from common import figures
from common.figures import Figure, Scope, Value
from common.french import NBSP
from reports.services import readings
from reports.services.readings import Group, Reading
from requests import figures as declared
from requests.models import SupportRequest
from tests.requests.counting import statements

DAY = dt.date(2026, 11, 22)


def figure(unit: str, counted: str = "demande") -> Figure:
    return Figure("code", "Libellé", unit, "Définition.", "Source", lambda scope, period: Value(None), counted)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("demandes", Value(0), f"0{NBSP}demande"),
        ("demandes", Value(1), f"1{NBSP}demande"),
        ("demandes", Value(41), f"41{NBSP}demandes"),
        ("%", Value(Decimal(41) / 46, 41, 46), f"89{NBSP}% (41{NBSP}demandes sur{NBSP}46)"),
        ("%", Value(Decimal(0), 0, 46), f"0{NBSP}% (0{NBSP}demande sur{NBSP}46)"),
        ("jours", Value(Decimal("12.0"), whole=46), f"12{NBSP}jours (médiane sur 46{NBSP}demandes)"),
        ("jours", Value(Decimal("12.5"), whole=46), f"12,5{NBSP}jours (médiane sur 46{NBSP}demandes)"),
        ("%", Value(None, whole=3, note="Pas assez de demandes."), "Pas assez de demandes."),
        ("%", Value(None), "Inconnu."),
    ],
)
def test_a_figure_in_words(unit: str, value: Value, text: str) -> None:
    assert Reading(figure(unit), value, DAY).text == text


def test_a_group_is_silent_once_only_when_all_its_figures_are() -> None:
    missing, known = Value(None, note="Trop peu."), Value(Decimal(1), 10, 10)
    assert Group("", [Reading(figure("%"), missing, DAY)] * 3).silence == "Trop peu."
    assert Group("", [Reading(figure("%"), missing, DAY), Reading(figure("%"), known, DAY)]).silence == ""
    assert Group("", [Reading(figure("%"), known, DAY)]).silence == ""
    other = Value(None, note="Autre raison.")
    assert Group("", [Reading(figure("%"), each, DAY) for each in (missing, other)]).silence == ""


def test_what_is_published_is_declared() -> None:
    codes = {each.code for each in figures.all_figures()}
    assert {code for _, group in readings.PUBLIC for code in group} <= codes
    assert set(readings.HOME) <= codes


def page(client: Client, **parameters: str) -> str:
    response = client.get("/statistiques/", parameters)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def words(content: str) -> str:
    """What is read, without the list of departments."""
    content = re.sub(r"<select.*?</select>", "", content.split("<main")[1].split("</main>")[0], flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", content))


@pytest.mark.django_db
def test_before_the_first_request(client: Client) -> None:
    content = page(client)
    assert content.count("<h1") == 1
    assert f"<strong>0{NBSP}demande</strong>" in content
    assert "Pas encore assez de demandes terminées pour calculer une part." in content
    assert "Pas encore assez de demandes pour calculer un délai." in content and f"15{NBSP}jours ouvrés" in content
    assert "%" not in words(content).split("Les mêmes chiffres")[0]


@pytest.mark.demonstration
@pytest.mark.django_db
class TestOnTheDemonstration:
    def test_the_nation(self, client: Client) -> None:
        content = page(client)
        assert f"Demandes déposées{NBSP}: <strong>{SupportRequest.objects.count()}{NBSP}demandes</strong>" in content
        assert "France entière" in words(content) and "Depuis l’ouverture du guichet" in content
        for code in (code for _, codes in readings.PUBLIC for code in codes):
            assert figures.get(code).definition.split(" ")[0] in content

    def test_a_percentage_never_comes_without_its_count(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(declared, "FEWEST", 1)
        read = words(page(client))
        shares = re.findall(rf"\d+{NBSP}%(.{{0,40}})", read)
        assert len(shares) == 6  # in a sentence, and in the table
        assert all(re.match(rf" \(\d+{NBSP}demandes? sur{NBSP}\d+\)", rest) for rest in shares)
        assert re.search(rf"jours \(médiane sur \d+{NBSP}demandes\)", read)

    def test_a_department(self, client: Client) -> None:
        content = page(client, departement="04")
        read = words(content)
        assert "Alpes-de-Haute-Provence (04)" in read and "France entière" not in read.split("Afficher")[1]
        assert "Pas encore assez de demandes terminées" in read and "(1" not in read
        assert 'value="04" selected' in content

    def test_an_unknown_department_shows_no_figure(self, client: Client) -> None:
        content = page(client, departement="zz")
        assert "Choisissez un département de la liste." in content
        assert "tableau" not in content.split("<main")[1].split("</main>")[0]

    def test_no_body_no_motive_no_ranking(self, client: Client) -> None:
        read = words(page(client)) + words(page(client, departement="04"))
        for row in SupportRequest.objects.select_related("collectivity"):
            assert not re.search(
                rf"\b{re.escape(row.collectivity.name)}\b", read.replace("Alpes-de-Haute-Provence", "")
            )
            assert row.title not in read and row.public_title not in read and row.reference not in read
        assert not re.search("fragilité|insuffisance|complexité|classement|rang", read, re.IGNORECASE)

    def test_budget(self, client: Client) -> None:
        with statements() as sql:
            page(client, departement="04")
        assert len(sql) <= 8

    def test_reading_is_all_there_is(self, client: Client) -> None:
        assert client.post("/statistiques/").status_code == 405

    def test_the_home_page_says_what_rests_on_enough_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert [each.figure.code for each in readings.home()] == ["answers_given"]
        monkeypatch.setattr(declared, "FEWEST", 1)
        found = readings.home()
        assert [each.figure.code for each in found] == list(readings.HOME)
        assert found[0].value == figures.get("answers_given").compute(Scope(), readings.EVER)

    def test_the_home_page_shows_them(self, client: Client) -> None:
        content = html.unescape(client.get("/").content.decode())
        assert f"Réponses données{NBSP}: <strong>{readings.home()[0].text}</strong>" in content
        assert 'href="/statistiques/"' in content
