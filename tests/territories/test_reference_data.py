"""The real France, as loaded once for the whole suite."""

import datetime as dt

import pytest

from territories.enums import CollectivityKind
from territories.models import (
    Arrondissement,
    Collectivity,
    Department,
    FlatMembership,
    FormerCode,
    Membership,
    ReferenceLoad,
    Region,
)

pytestmark = pytest.mark.django_db


def test_counts_of_the_official_geographic_code() -> None:
    assert Region.objects.count() == 18
    assert Department.objects.departments().count() == 101
    assert Department.objects.count() == 109
    assert Arrondissement.objects.count() == 333
    by_kind = {kind: Collectivity.objects.current().filter(kind=kind).count() for kind in CollectivityKind.values}
    assert by_kind == {
        "commune": 34_875,
        "epci": 1_255,
        "ept": 11,
        # Paris is a commune; Corsica, Martinique, Guyane one collectivity each; Alsace one for two departments
        "department": 95,
        "region": 17,  # Mayotte's department exercises the powers of a region
        "overseas": 93,
        "syndicate": 0,
        "petr": 0,
        "other": 0,
    }


def test_a_commune_with_everything_around_it() -> None:
    mezel = Collectivity.objects.select_related("department__region").with_epci().get(insee_code="04121")
    assert (mezel.name, mezel.kind, mezel.population, mezel.population_vintage) == ("Mézel", "commune", 611, 2023)
    assert (mezel.population_column, mezel.code, mezel.label) == ("population", "04121", "Mézel (04)")
    assert mezel.siren is not None and mezel.postal_codes == ["04270"]
    assert mezel.epci is not None and mezel.epci.name == "CA Provence-Alpes-Agglomération"
    assert mezel.department.label == "Alpes-de-Haute-Provence (04)"
    assert mezel.department.region is not None and mezel.department.region.code == "93"


@pytest.mark.parametrize("code", ["22016", "29083", "29155", "85113"])
def test_four_islands_have_no_epci(code: str) -> None:
    assert Collectivity.objects.get(insee_code=code).epci is None


def test_every_other_commune_has_exactly_one_epci() -> None:
    communes = Collectivity.objects.filter(kind=CollectivityKind.COMMUNE)
    links = Membership.objects.opened().filter(member__in=communes, grouping__kind=CollectivityKind.EPCI)
    assert links.count() == links.values("member").distinct().count() == 34_871


def test_mayotte_has_no_arrondissement_and_an_older_population() -> None:
    communes = Collectivity.objects.filter(kind=CollectivityKind.COMMUNE, department="976")
    assert communes.count() == 17
    assert set(communes.values_list("arrondissement", "population_vintage")) == {(None, 2017)}
    assert not Collectivity.objects.filter(kind="commune", arrondissement=None).exclude(department="976").exists()


def test_six_communes_without_inhabitants_and_eight_without_centre() -> None:
    communes = Collectivity.objects.filter(kind=CollectivityKind.COMMUNE)
    assert communes.filter(population=0).count() == 6
    assert communes.filter(latitude=None).count() == 8


def test_an_epci_over_several_departments_belongs_to_each_and_has_a_lead_one() -> None:
    chartreuse = Collectivity.objects.get(name="CC Coeur de Chartreuse")
    assert chartreuse.department_id == "38"
    assert sorted(chartreuse.departments.values_list("code", flat=True)) == ["38", "73"]
    for code in ("38", "73"):
        assert Collectivity.objects.in_department(code).filter(pk=chartreuse.pk).exists()
    several = Collectivity.objects.filter(kind="epci", department_links__is_lead=False).values("pk").distinct().count()
    assert several == 89


def test_greater_paris_is_a_graph() -> None:
    saint_denis = Collectivity.objects.get(insee_code="93066")
    above = set(saint_denis.ancestor_links.values_list("ancestor__name", flat=True))
    assert above == {"Plaine Commune", "Métropole du Grand Paris"}
    plaine = Collectivity.objects.get(name="Plaine Commune")
    assert saint_denis in Collectivity.objects.within(plaine)
    metropole = Collectivity.objects.get(name="Métropole du Grand Paris")
    assert FlatMembership.objects.filter(ancestor=metropole, member=plaine).exists()
    assert saint_denis.epci == metropole


def test_the_flat_table_holds_what_the_open_memberships_say() -> None:
    assert FlatMembership.objects.count() == Membership.objects.opened().count()  # no PETR yet: height one, or Paris


def test_overseas_bodies_may_ask_and_their_districts_without_inhabitants_are_no_body() -> None:
    noumea = Collectivity.objects.select_related("department").get(insee_code="98818")
    assert (noumea.kind, noumea.is_municipal, noumea.department.kind) == ("overseas", True, "overseas_collectivity")
    saint_martin = Collectivity.objects.get(insee_code="97801")
    assert (saint_martin.department_id, saint_martin.is_municipal) == ("978", False)
    assert noumea.population_vintage is None
    assert not Collectivity.objects.filter(insee_code__in=["98412", "98901"]).exists()
    assert {"975", "984", "986", "987", "988"} <= set(Collectivity.objects.values_list("code", flat=True))


@pytest.mark.parametrize(
    ("code", "name", "departments"),
    [
        ("04", "Département des Alpes-de-Haute-Provence", ["04"]),
        ("41", "Département de Loir-et-Cher", ["41"]),
        ("976", "Département de Mayotte", ["976"]),
        ("6AE", "Collectivité européenne d’Alsace", ["67", "68"]),
        ("REG-94", "Collectivité de Corse", ["2A", "2B"]),
        ("REG-02", "Collectivité territoriale de Martinique", ["972"]),
        ("REG-93", "Région Provence-Alpes-Côte d’Azur", ["04", "05", "06", "13", "83", "84"]),
    ],
)
def test_departments_and_regions_may_ask(code: str, name: str, departments: list[str]) -> None:
    body = Collectivity.objects.get(code=code)
    assert body.name == name and body.siren is None
    assert sorted(body.departments.values_list("code", flat=True)) == departments


def test_two_populations_of_an_epci_are_both_kept() -> None:
    epci = Collectivity.objects.get(siren="200070332")
    assert epci.populations["population"] == epci.population
    sides = {value >= 15_000 for value in epci.populations.values()}
    assert sides == {True, False}


def test_former_codes_lead_to_current_communes() -> None:
    assert FormerCode.objects.filter(collectivity__is_current=False).count() == 0
    assert FormerCode.objects.get(code="01340").collectivity.insee_code == "01015"
    assert FormerCode.objects.get(code="75101").collectivity.name == "Paris"


def test_the_load_is_recorded() -> None:
    load = ReferenceLoad.objects.get()
    assert load.population_vintage == 2023 and load.epci_population_column == "population"
    assert load.changes["collectivités"] == {"added": 36_346, "changed": 0, "removed": 0}
    assert load.at.tzinfo is not None and load.at.date() >= dt.date(2026, 1, 1)


@pytest.mark.parametrize(
    ("code", "zone", "label"),
    [
        ("04", "Europe/Paris", ""),
        ("971", "America/Guadeloupe", "heure de Guadeloupe"),
        ("972", "America/Martinique", "heure de Martinique"),
        ("973", "America/Cayenne", "heure de Guyane"),
        ("974", "Indian/Reunion", "heure de La Réunion"),
        ("976", "Indian/Mayotte", "heure de Mayotte"),
        ("975", "America/Miquelon", "heure de Saint-Pierre-et-Miquelon"),
        ("987", "Pacific/Tahiti", "heure de Polynésie française"),
        ("988", "Pacific/Noumea", "heure de Nouvelle-Calédonie"),
    ],
)
def test_each_territory_keeps_its_own_time(code: str, zone: str, label: str) -> None:
    department = Department.objects.get(code=code)
    assert department.time_zone == zone
    assert department.local_time_label == label


def test_new_year_comes_later_in_martinique() -> None:
    moment = dt.datetime(2027, 1, 1, 0, 30, tzinfo=dt.UTC)
    martinique = Department.objects.get(code="972")
    assert moment.astimezone(martinique.zone_info).year == 2026
