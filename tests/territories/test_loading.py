"""What a load writes, and does not write."""

import io

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from territories.loading.faults import RefusedError
from territories.models import Collectivity, FlatMembership, FormerCode, Membership, ReferenceLoad
from territories.services import bodies, graph
from tests import databases
from tests.territories.conftest import REFERENCE, SourceCopy

pytestmark = pytest.mark.django_db

TABLES = (
    *("region", "department", "arrondissement", "collectivity", "collectivitydepartment", "membership"),
    *("flatmembership", "formercode", "referenceload"),
)


def written() -> dict[str, int]:
    """Rows inserted, updated or deleted by this transaction in each table of the app."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname LIKE 'territories\\_%'"
        )
        return dict(cursor.fetchall())


def versions(columns: str = "ctid, xmin") -> str:
    """Which version of which row stands, in all tables, as one digest."""
    digests = []
    with connection.cursor() as cursor:
        for table in TABLES:
            rows = f"SELECT md5(string_agg(({columns})::text, ',' ORDER BY ctid)) FROM territories_{table}"  # noqa: S608
            cursor.execute(rows)
            digests.append(str(cursor.fetchone()[0]))
    return " ".join(digests)


def test_a_second_identical_load_writes_no_row(source: SourceCopy) -> None:
    every = "ctid, xmin, xmax"  # xmax too: no row is even locked
    before, counted = versions(every), written()
    outcome = source.load()
    assert not outcome.wrote
    assert outcome.rows_read == 74_284
    assert written() == counted
    assert versions(every) == before


def test_a_changed_population_changes_one_row(source: SourceCopy) -> None:
    source.replace("communes", "04121,", ",611,", ",612,")
    outcome = source.load()
    changed = {changes.label: changes.counts for changes in outcome.changes if changes}
    assert changed == {"collectivités": {"added": 0, "changed": 1, "removed": 0}}
    assert Collectivity.objects.get(code="04121").population == 612
    assert any("somme de ses communes" in str(note) for note in outcome.notes)
    assert ReferenceLoad.objects.count() == 2


def test_a_dry_run_says_it_and_writes_nothing(source: SourceCopy) -> None:
    source.replace("communes", "04121,", ",611,", ",612,")
    before = versions()
    outcome = source.load(dry_run=True)
    assert outcome.wrote
    assert versions() == before


def test_a_commune_that_disappears_stays_as_no_longer_current(source: SourceCopy) -> None:
    source.drop("communes", "04121,")
    source.drop("communes_centroides", "04121,")
    source.edit("communes", lambda lines: [f"{line}04121" if line.startswith("04197,") else line for line in lines])
    outcome = source.load()
    mezel = Collectivity.objects.get(insee_code="04121")
    assert not mezel.is_current
    assert not mezel.memberships.opened().exists() and mezel.memberships.count() == 1
    assert not FlatMembership.objects.filter(member=mezel).exists()
    assert FormerCode.objects.get(code="04121").collectivity.insee_code == "04197"
    found = Collectivity.objects.by_code("04121")
    assert found is not None and found.insee_code == "04197"
    assert any("nb_communes annonce 198, communes.csv en a 197" in str(note) for note in outcome.notes)


def test_a_commune_that_comes_back_is_current_again(source: SourceCopy) -> None:
    line = next(line for line in source.lines("communes") if line.startswith("04121,"))
    source.drop("communes", "04121,")
    source.drop("communes_centroides", "04121,")
    source.load()
    source.edit("communes", lambda lines: [*lines, line])
    outcome = source.load()
    mezel = Collectivity.objects.get(insee_code="04121")
    assert mezel.is_current and mezel.epci is not None
    assert mezel.memberships.count() == 2
    assert {changes.label for changes in outcome.changes if changes} == {"collectivités", "adhésions"}


def test_a_commune_that_changes_epci_keeps_its_history(source: SourceCopy) -> None:
    old = Collectivity.objects.get(insee_code="04121").epci
    new = Collectivity.objects.get(siren="200068625")
    assert old is not None and old.siren and new.siren
    source.replace("communes", "04121,", f",{old.siren},", f",{new.siren},")
    source.load()
    mezel = Collectivity.objects.get(insee_code="04121")
    assert mezel.epci == new
    ended = Membership.objects.get(member=mezel, grouping=old)
    opened = Membership.objects.get(member=mezel, grouping=new)
    assert ended.until == opened.since and ended.since is None
    assert list(mezel.ancestor_links.values_list("ancestor", flat=True)) == [new.pk]


def test_the_other_population_column_may_be_chosen(source: SourceCopy) -> None:
    before = Collectivity.objects.get(siren="200070332")
    source.load(epci_population_column="population_municipale_fichier_epci")
    after = Collectivity.objects.get(siren="200070332")
    assert after.population != before.population
    assert (after.population_column, after.population_vintage) == ("population_municipale_fichier_epci", 2022)
    assert after.populations == before.populations


def test_what_staff_created_is_left_alone(source: SourceCopy) -> None:
    petr = bodies.save(
        Collectivity(kind="petr", name="PETR d’essai", siren="999000001", fictitious=True, department_id="04")
    )
    epci = Collectivity.objects.get(name="CA Provence-Alpes-Agglomération")
    graph.join(epci, petr)
    assert not source.load().wrote
    assert Collectivity.objects.get(pk=petr.pk).is_current
    assert FlatMembership.objects.filter(member__insee_code="04121", ancestor=petr).exists()


def test_one_load_at_a_time(source: SourceCopy) -> None:
    settings = connections["default"].settings_dict
    with psycopg.connect(databases.url(settings["NAME"]).replace("postgres://", "postgresql://")) as other:
        other.execute("SELECT pg_advisory_xact_lock(7305001)")
        with pytest.raises(RefusedError, match="1 anomalies"):
            source.load()
    assert not source.load().wrote


@pytest.mark.django_db(transaction=True)
def test_readers_see_all_of_a_load_or_nothing(source: SourceCopy, database_url: str) -> None:
    source.drop("communes", "04121,")
    source.drop("communes_centroides", "04121,")
    seen: list[int] = []

    def look(step: str) -> None:
        with psycopg.connect(database_url.replace("postgres://", "postgresql://"), autocommit=True) as reader:
            row = reader.execute(
                "SELECT count(*) FROM territories_collectivity WHERE is_current AND kind = 'commune'"
            ).fetchone()
            assert row is not None
            seen.append(row[0])

    source.load(progress=look)
    assert len(seen) >= 5 and set(seen) == {34_875}
    look("")
    assert seen[-1] == 34_874


@pytest.mark.django_db(transaction=True)
def test_a_refused_source_changes_nothing_for_anybody(source: SourceCopy) -> None:
    before = versions()
    source.replace("communes", "97424,", "97424", "9742")
    assert source.refused()
    assert versions() == before


def test_the_command_reports() -> None:
    out = io.StringIO()
    call_command("load_territories", source=REFERENCE, stdout=out)
    text = out.getvalue()
    assert "Contrôle de chaque ligne…" in text
    assert "Rien à changer. 74\u202f284 lignes lues" in text


def test_the_command_refuses_with_lines(source: SourceCopy) -> None:
    line = source.replace("communes", "04121,", "04121,Mézel,04,", "04121,Mézel,05,")
    with pytest.raises(CommandError) as caught:
        call_command("load_territories", source=source.directory, verbosity=0)
    text = str(caught.value)
    assert "Source refusée, rien n’a été écrit." in text
    assert f"communes.csv, ligne {line} : le code n’est pas de ce département (« 05 »)" in text


def test_a_directory_that_is_none() -> None:
    with pytest.raises(CommandError, match="n’est pas un dossier"):
        call_command("load_territories", source=REFERENCE / "absent", verbosity=0)
