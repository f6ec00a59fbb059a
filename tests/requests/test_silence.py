"""« La carte du silence »: who is silent, by which facts, since when; and who may know of it."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client

from operators.matching.evidence import FRAGILITY_FACTS, FragilityFact
from requests import silence
from requests.demonstration.stage import Stage
from requests.models import Draft
from requests.silence import Silence, communes_of
from territories.models import Collectivity, Department, FormerCode, ZoningValue
from tests.requests.counting import statements
from tests.requests.quiet import As, declare, filed, text

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
PAGE = "/guichet/silence/"
TODAY = dt.date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-24 10:00")


def read(years: int = 3, at_least: int = 1, name: str = "instructeur", department: str = "04") -> Silence:
    area = Department.objects.get(pk=department)
    return Silence(
        communes_of(Stage().actor(Stage().account(name)), area, TODAY), on=TODAY, years=years, at_least=at_least
    )


def codes(found: Silence) -> set[str]:
    return {one.body.code for one in found.found}


# --- facts -----------------------------------------------------------------------------------------------------------


def test_a_fact_that_holds_counts_a_measure_and_an_unknown_do_not(quiet: list[Collectivity]) -> None:
    frr, outside, measured, sparse, both, _nothing = quiet
    before = len(read().found)
    declare(frr, "frr", "FRR+")
    declare(outside, "frr", "Non classée")
    declare(measured, "revenu_median", "9000", 9000)
    declare(measured, "chomage", "25.0", 25)
    declare(sparse, "densite", "Rural à habitat très dispersé")
    declare(both, "frr", "FRR socle")
    declare(both, "densite", "Rural à habitat dispersé")
    found = read()
    assert len(found.found) == before + 3
    assert codes(found) >= {frr.code, sparse.code, both.code}
    assert codes(read(at_least=2)) & {body.code for body in quiet} == {both.code}
    assert codes(read(at_least=0)) >= {body.code for body in quiet}
    # measured, nothing: silent too, and their zoning is not known; outside: known, but not its density
    assert found.unsure >= 3
    sources = {source.label: source for source in found.sources}
    assert sources["Revenu médian par unité de consommation"].known >= 1
    assert "Liste d’essai, 2025" in [words for _, words in sources["Densité (grille de l’Insee)"].origins]
    assert sources["Quartier prioritaire de la politique de la ville"].known == 0


def test_a_list_that_nobody_loaded_makes_nobody_unsure(quiet: list[Collectivity]) -> None:
    ZoningValue.objects.filter(collectivity__department="04").delete()
    assert read().unsure == 0 and not read().found


# --- since when ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "silent_for"),
    [
        ("2023-11-24 09:00", {2}),
        ("2023-11-23 23:30", {2}),  # the 24th at half past midnight, there
        ("2023-11-23 22:30", {2, 3}),
        ("2026-11-24 08:00", set()),
    ],
)
def test_three_years_to_the_day(at: str, silent_for: set[int], quiet: list[Collectivity]) -> None:
    body = quiet[0]
    declare(body, "frr", "FRR+")
    filed(body, at)
    assert {years for years in (2, 3, 10) if body.code in codes(read(years=years))} == silent_for


@pytest.mark.parametrize(("years", "silent"), [(1, True), (2, True), (3, False), (10, False)])
def test_the_number_of_years_is_a_parameter(years: int, silent: bool, quiet: list[Collectivity]) -> None:
    declare(quiet[0], "frr", "FRR+")
    filed(quiet[0], "2024-06-03 10:00")
    assert (quiet[0].code in codes(read(years=years))) is silent


def test_the_29th_of_february() -> None:
    assert Silence([], on=dt.date(2028, 2, 29), years=3, at_least=1).since == dt.date(2025, 2, 28)


def test_a_draft_is_not_a_request(quiet: list[Collectivity]) -> None:
    declare(quiet[0], "frr", "FRR+")
    now = dt.datetime.now(dt.UTC)
    Draft.objects.create(browser_key="a" * 64, collectivity=quiet[0], created_at=now, updated_at=now)
    assert quiet[0].code in codes(read())


def test_what_a_merged_commune_filed_is_the_new_ones(quiet: list[Collectivity]) -> None:
    new, old = quiet[:2]
    declare(new, "frr", "FRR+")
    declare(old, "frr", "FRR+")
    filed(old, "2026-03-02 10:00")
    assert new.code in codes(read())
    Collectivity.objects.filter(pk=old.pk).update(is_current=False)
    FormerCode.objects.create(code=old.code, collectivity=new, name=old.name)
    found = read()
    assert not codes(found) & {new.code, old.code}
    assert old.pk not in {one.body.pk for one in found.communes}


def test_an_intercommunalite_that_filed_does_not_break_the_silence() -> None:
    known = {one.epci for one in read().found}
    quiet = next(one for one in read(at_least=0).found if one.epci and not one.epci_filed_on and one.epci not in known)
    body = quiet.body
    declare(body, "frr", "FRR+")
    assert body.epci is not None
    before = read().with_grouping
    filed(body.epci, "2026-05-04 10:00")
    found = read()
    assert next(one for one in found.found if one.body.pk == body.pk).epci_filed_on == dt.date(2026, 5, 4)
    assert found.with_grouping == before + 1


# --- who reads it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["instructeur", "adjoint", "delegue", "sousprefet", "cmt"])
def test_the_state_reads_its_territory(name: str, as_: As, quiet: list[Collectivity]) -> None:
    declare(quiet[0], "frr", "FRR+")
    assert quiet[0].name in text(as_(name).get(PAGE, {"departement": "04"}))


@pytest.mark.parametrize("name", ["maire", "offreur", "clct", "cerema", "admin", "suivi"])
@pytest.mark.parametrize("page", [PAGE, f"{PAGE}visites/", f"{PAGE}visites/00000000-0000-4000-8000-000000000001/"])
def test_nobody_else_does(name: str, page: str, as_: As) -> None:
    client = as_(name)
    assert client.get(page).status_code == 403
    assert client.post(page, {"commune": ["04121"]}).status_code == 403


def test_a_visitor_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(PAGE)["Location"].startswith("/connexion/")


def test_a_desk_knows_nothing_of_another_department(as_: As) -> None:
    assert as_("instructeur").get(PAGE, {"departement": "90"}).status_code == 404


def test_a_sub_prefect_reads_his_arrondissement(as_: As) -> None:
    mine = Stage().actor(Stage().account("sousprefet")).arrondissements
    found = read(name="sousprefet", at_least=0)
    assert found.communes and {one.body.arrondissement_id for one in found.communes} == mine
    assert len(found.communes) < len(read().communes)
    other = Collectivity.objects.filter(department="04", kind="commune").exclude(arrondissement__in=mine).first()
    assert other is not None
    page = as_("sousprefet").get(PAGE, {"arrondissement": other.arrondissement_id})
    assert "n’est pas de ce département" in text(page)


def test_the_agency_chooses_a_department(as_: As) -> None:
    client = as_("anct")
    assert text(client.get(PAGE)).count("<option") == Department.objects.filter(is_current=True).count()
    assert "Territoire de Belfort (90)" in text(client.get(PAGE, {"departement": "90"}))
    assert "Territoire de Belfort (90)" in text(client.get(f"{PAGE}visites/", {"departement": "90"}))
    assert client.get(PAGE, {"departement": "zz"}).status_code == 404


def test_the_public_page_of_a_commune_says_nothing_of_it(client: Client, quiet: list[Collectivity]) -> None:
    declare(quiet[0], "frr", "FRR+")
    page = text(client.get(f"/territoires/{quiet[0].code}/"))
    assert "silence" not in page and "visite" not in page.casefold()


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_sentence_comes_first(as_: As, quiet: list[Collectivity]) -> None:
    declare(quiet[0], "frr", "FRR+")
    count, whole = len(read().found), len(read().communes)
    page = text(as_("instructeur").get(PAGE))
    plural = "communes sur" if count > 1 else "commune sur"
    assert f"{count}\N{NO-BREAK SPACE}{plural}\N{NO-BREAK SPACE}{whole}" in page
    assert "depuis le 24\N{NO-BREAK SPACE}novembre 2023" in page
    assert "Liste d’essai, 2025" in page
    assert page.index("rien déposé depuis") < page.index("<svg") < page.index("<table")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"annees": "0"}, "Choisissez de 1 à 10\N{NO-BREAK SPACE}ans."),
        ({"annees": "11"}, "Choisissez de 1 à 10\N{NO-BREAK SPACE}ans."),
        ({"annees": "<b>"}, "Choisissez de 1 à 10\N{NO-BREAK SPACE}ans."),
        ({"faits": "4"}, "Choisissez de 0 à 3 faits."),
        ({"arrondissement": "901"}, "Cet arrondissement n’est pas de ce département."),
    ],
)
def test_a_wrong_parameter_is_said(asked: dict[str, str], said: str, as_: As) -> None:
    page = text(as_("instructeur").get(PAGE, asked))
    assert said in page and "<table" not in page


def test_mayotte_has_no_arrondissement(as_: As) -> None:
    page = text(as_("anct").get(PAGE, {"departement": "976", "faits": "0"}))
    assert "Mamoudzou" in page
    assert "Sans arrondissement" not in page and "Arrondissement\N{NO-BREAK SPACE}:" not in page


def _fact(key: str) -> FragilityFact:
    return next(fact for fact in FRAGILITY_FACTS if fact.key == key)


def test_the_export_has_a_line_a_commune(as_: As, quiet: list[Collectivity]) -> None:
    declare(quiet[0], "frr", "FRR+")
    declare(quiet[0], "revenu_median", "19440", 19440)
    answer = as_("instructeur").get(PAGE, {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")), delimiter=";"))
    assert {row["Code Insee"] for row in rows} == codes(read())
    row = next(row for row in rows if row["Code Insee"] == quiet[0].code)
    frr, income, unemployment = (_fact(key) for key in ("frr", "income", "unemployment"))
    assert (row[frr.label], row[f"{frr.label}\N{NO-BREAK SPACE}: source"]) == ("FRR+", "Liste d’essai, 2025")
    assert (row[income.label], row[unemployment.label], row["Dernière demande"]) == ("19440", "", "")


def test_the_page_costs_the_same_for_one_and_for_all(as_: As, quiet: list[Collectivity]) -> None:
    client = as_("instructeur")
    declare(quiet[0], "frr", "FRR+")
    costs = []
    for asked in ({"faits": "3"}, {"faits": "0"}, {"faits": "0", "annees": "10"}):
        with statements() as sql:
            text(client.get(PAGE, asked))
        costs.append(len(sql))
    assert len(set(costs)) == 1 and costs[0] <= 15, costs


def test_a_measure_never_becomes_a_motive() -> None:
    assert {fact.key for fact in silence.TELLING} == {"frr", "qpv", "density"}
