"""``load_programme`` on the agency's real lists, and on every way a list can be wrong."""

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from anct_portal import env
from programmes import seeds
from programmes.models import Programme, ProgrammeMember
from programmes.services import members as loading
from programmes.services.members import load
from territories.events import FactsLoaded
from territories.models import Collectivity

pytestmark = pytest.mark.django_db
SHARED = settings.BASE_DIR.parent / "shared" / "data" / "programmes"
MEMBERS = SHARED / "programme_members.csv"
CI = bool(env.text("CI", ""))
TODAY = dt.date(2026, 11, 21)
HEADER = "programme,id_territoire,lib_territoire,type,code_insee,siren,nom,departement,date_signature,source\n"


@pytest.fixture(autouse=True)
def _programmes() -> None:
    seeds.seed_reference()


@pytest.fixture
def listed(tmp_path: Path):
    def write(*lines: str, header: str = HEADER, encoding: str = "utf-8", name: str = "liste.csv") -> Path:
        path = tmp_path / name
        path.write_bytes((header + "".join(f"{line}\n" for line in lines)).encode(encoding))
        return path

    return write


def line(code: str, name: str, signed: str = "2021-06-10", programme: str = "pvd", department: str = "") -> str:
    return f"{programme},{programme}-{code},{name},commune,{code},,{name},{department},{signed},liste"


def run(*arguments: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("load_programme", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def failing(*arguments: object) -> tuple[str, str]:
    err = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("load_programme", *map(str, arguments), stdout=StringIO(), stderr=err)
    return str(error.value), err.getvalue()


def members(code: str) -> set[str]:
    rows = ProgrammeMember.objects.in_force(TODAY).filter(programme=code)
    return set(rows.values_list("collectivity__code", flat=True))


needs_lists = pytest.mark.skipif(not MEMBERS.exists() and not CI, reason="the State's lists may not be copied here")


@needs_lists
@pytest.mark.parametrize(
    ("code", "programme", "rows"),
    [
        ("acv", "ACV", 245),
        ("Pvd", "PVD", 1646),
        ("TI", "TI", 641),
        ("crte", "CRTE", 1295),
        ("cites_educatives", "CE", 219),
        ("FABRIQUES_TERRITOIRE", "FDT", 342),
    ],
)
def test_the_real_lists_load_whole_and_once(code: str, programme: str, rows: int) -> None:
    out, _ = run(code, MEMBERS)
    assert f"{rows} ligne(s) lues, {4388 - rows} d’autres programmes" in out and f"ajoutés : {rows}" in out
    assert ProgrammeMember.objects.filter(programme=programme).count() == rows
    again, _ = run(code, MEMBERS)
    assert f"inchangés : {rows}" in again and "ajoutés : 0" in again and "modifiés : 0" in again


@needs_lists
def test_the_real_list_gives_the_facts_of_the_scenarios() -> None:
    run("PVD", MEMBERS)
    run("TI", MEMBERS)
    la_buisse = Collectivity.objects.get(code="38061")
    assert {member.programme_id for member in ProgrammeMember.objects.of(la_buisse, TODAY)} == {"TI"}
    assert {"43112", "12089", "97421", "58145", "23030"} <= members("PVD")
    assert Programme.objects.with_counts(TODAY).get(code="PVD").member_count == 1646


@needs_lists
def test_a_former_commune_code_leads_to_today_s(listed) -> None:
    """49069 is the code of Orée d'Anjou on the list's own date; without the column of today's codes it is resolved."""
    out, _ = run("fabriques_territoire", listed("fabriques_territoire,f1,Lieu,commune,49069,,Orée d'Anjou,49,,liste"))
    assert "1 ancien(s) code(s)" in out
    assert members("FDT") == {"49126"}


def test_a_dry_run_shows_and_writes_nothing(listed) -> None:
    out, _ = run("PVD", listed(line("43112", "Langeac")), "--dry-run")
    assert "ajoutés : 1 (Langeac (43))" in out and "Rien n’est écrit" in out
    assert not ProgrammeMember.objects.exists()


def test_a_load_is_told_when_it_changes_something(listed, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(loading, "emit", told.append)
    path = listed(line("43112", "Langeac"))
    run("PVD", path, "--dry-run")
    run("PVD", path)
    run("PVD", path)
    assert [type(event) for event in told] == [FactsLoaded]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line("99999", "Nulle-Part"), "code 99999 inconnu"),
        (line("43112", "Langeac", department="44"), "n’est pas dans le département 44"),
        (line("12089", "Decazeville", signed="06/08/2021"), "illisible. Attendu"),
        ("pvd,x,x,commune,,,Sans code,,,liste", "ni code de commune ni SIREN"),
        ("pvd,x,x,commune,12089", "5 colonnes au lieu de 10"),
        ("pvd,x,x,epci,,200069193,CC,,,liste", "ne nomme pas ce type de collectivité"),
        (line("58145", "Lormes"), "figure déjà à la ligne 2"),
        ('pvd,x,"guillemet ouvert,commune,12089,,Decazeville,,,liste', "ligne mal formée"),
    ],
)
def test_one_bad_line_and_nothing_is_written(listed, bad: str, reason: str) -> None:
    path = listed(line("58145", "Lormes"), bad)
    error, lines = failing("PVD", path)
    assert "rien n’est écrit" in error
    assert "Ligne 3" in lines and reason in lines
    assert not ProgrammeMember.objects.exists()
    out, _ = run("PVD", path, "--skip-invalid")
    assert "ajoutés : 1" in out and members("PVD") == {"58145"}


def test_all_bad_lines_are_told_in_their_order(listed) -> None:
    _, lines = failing("PVD", listed(line("99998", "A"), line("58145", "Lormes", signed="hier"), line("99999", "B")))
    assert [text.split("\N{NO-BREAK SPACE}:")[0] for text in lines.splitlines()] == ["Ligne 2", "Ligne 3", "Ligne 4"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"encoding": "latin-1"}, "ligne 2 : le fichier n’est pas en UTF-8"),
        ({"encoding": "utf-16"}, "n’est pas"),
        ({"header": "nom;commune_id\n"}, "aucune colonne de code"),
    ],
)
def test_what_is_no_list_is_refused(listed, options: dict[str, str], reason: str) -> None:
    error, _ = failing("PVD", listed(line("42218", "Saint-Étienne"), **options))
    assert reason in error


def test_a_list_without_this_programme_empties_nothing(listed) -> None:
    run("PVD", listed(line("43112", "Langeac")))
    error, _ = failing("PVD", listed(line("08409", "Sedan", programme="acv"), name="acv.csv"))
    assert "aucune ligne pour Petites villes de demain" in error
    assert members("PVD") == {"43112"}


def test_unknown_programme_and_missing_file(tmp_path: Path) -> None:
    assert "Codes : ACV" in failing("ZRR", tmp_path / "x.csv")[0]
    assert "illisible" in failing("PVD", tmp_path / "absent.csv")[0]


def test_semicolons_a_bom_and_windows_ends_of_line(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes("\ufeffcode_insee;nom\r\n43112;Langeac\r\n\r\n".encode())
    run("pvd", path)
    assert members("PVD") == {"43112"}


def test_leaving_ends_the_row_and_coming_back_reopens_it(listed) -> None:
    both, one = (
        listed(line("43112", "Langeac"), line("58145", "Lormes")),
        listed(line("43112", "Langeac"), name="b.csv"),
    )
    programme = Programme.objects.get(code="PVD")
    load(programme, both, on=dt.date(2026, 1, 1))
    outcome = load(programme, one, on=dt.date(2026, 6, 1))
    assert [row.collectivity.code for row in outcome.removed] == ["58145"]
    lormes = ProgrammeMember.objects.get(collectivity__code="58145")
    assert lormes.ends_on == dt.date(2026, 5, 31)
    assert not load(programme, one, on=dt.date(2026, 6, 1)).removed
    assert [row.collectivity.code for row in load(programme, both, on=dt.date(2026, 7, 1)).changed] == ["58145"]
    lormes.refresh_from_db()
    assert lormes.ends_on is None


def test_exclusions_are_enforced_on_load(listed) -> None:
    run("ACV", listed(line("08409", "Sedan", programme="acv")))
    _, lines = failing("PVD", listed(line("08409", "Sedan"), name="pvd.csv"))
    assert "Sedan (08) est déjà membre de Action cœur de ville (ACV) : les deux s’excluent" in lines
    run("TI", listed("ti,t1,Bassin,epci,,200041630,CA Ardenne Métropole,08,,liste", name="ti.csv"))


def test_thresholds_of_selection_are_not_applied_to_members(listed) -> None:
    """94 of 245 ACV towns have fewer than 20,000 inhabitants today (PRACTICE 3.11)."""
    out, _ = run("ACV", listed(line("04121", "Mézel", programme="acv")))
    assert "ajoutés : 1" in out


def test_illustrative_members_give_way_to_the_real_list(listed) -> None:
    seeds.seed_demo()
    out, _ = run("PVD", listed(line("43112", "Langeac"), line("70526", "Vauvillers")), "--skip-invalid")
    assert "est déjà membre de Villages d’avenir" in _ or "Vauvillers" in out
    assert "43112" in members("PVD")


def test_the_database_refuses_two_exclusive_programmes_at_once() -> None:
    sedan = Collectivity.objects.get(code="08409")
    ProgrammeMember.objects.create(programme_id="ACV", collectivity=sedan, starts_on=dt.date(2024, 1, 2))
    with pytest.raises(IntegrityError), transaction.atomic():
        ProgrammeMember.objects.create(programme_id="PVD", collectivity=sedan)
    ProgrammeMember.objects.create(programme_id="PVD", collectivity=sedan, ends_on=dt.date(2024, 1, 1))
    ProgrammeMember.objects.create(programme_id="TI", collectivity=sedan)


def test_the_database_refuses_odd_rows() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Programme.objects.create(code="pvd2", label="x", level="commune")
    sedan = Collectivity.objects.get(code="08409")
    with pytest.raises(IntegrityError), transaction.atomic():
        ProgrammeMember.objects.create(
            programme_id="TI", collectivity=sedan, starts_on=TODAY, ends_on=TODAY - dt.timedelta(days=1)
        )


def test_membership_on_a_day_by_itself_and_by_its_grouping() -> None:
    la_buisse = Collectivity.objects.get(code="38061")
    voironnais = Collectivity.objects.get(code="243800984")
    ProgrammeMember.objects.create(programme_id="TI", collectivity=voironnais, starts_on=dt.date(2023, 11, 9))
    ProgrammeMember.objects.create(programme_id="FS", collectivity=la_buisse, ends_on=dt.date(2024, 12, 31))
    codes = [
        {member.programme_id for member in ProgrammeMember.objects.of(la_buisse, dt.date(*on))}
        for on in ((2023, 11, 8), (2024, 6, 1), (2025, 1, 1))
    ]
    assert codes == [{"FS"}, {"FS", "TI"}, {"TI"}]


def test_coverage_is_counted_without_crte() -> None:
    counted = {programme.code: programme.counts_in_coverage for programme in Programme.objects.all()}
    assert not counted["CRTE"] and all(value for code, value in counted.items() if code != "CRTE")


def test_exclusions_are_symmetrical() -> None:
    by_code = {programme.code: programme.excludes for programme in Programme.objects.all()}
    assert by_code["ACV"] == {"PVD", "VA"} and by_code["TI"] == frozenset()
    assert all(code in by_code[other] for code, others in by_code.items() for other in others)
