"""Zonings as facts: unknown is unknown, bad lines are said, former codes counted."""

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from anct_portal import env
from territories.events import FactsLoaded
from territories.loading import zonings
from territories.loading.faults import RefusedError
from territories.loading.zonings import load_zoning
from territories.models import Collectivity, Zoning, ZoningValue

pytestmark = pytest.mark.django_db

MEMBERS = settings.BASE_DIR.parent / "shared" / "data" / "programmes" / "zonages_communes.csv"
CI = bool(env.text("CI", ""))


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    path = tmp_path / "zonage.csv"
    path.write_text("code,classe\n04121,A\n04070,B\n05061,\n01340,C\n", "utf-8")
    return path


def value(zoning: str, code: str) -> str | None:
    row = ZoningValue.objects.filter(zoning=zoning, collectivity__code=code).first()
    return row.value if row else None


def test_a_list_becomes_facts(made_up: Path) -> None:
    outcome = load_zoning("Essai", made_up, label="Zonage d’essai", vintage="2026")
    assert (outcome.added, outcome.unknown, outcome.mapped) == (3, 1, 1)
    assert Zoning.objects.get(code="essai").label == "Zonage d’essai"
    assert value("essai", "04121") == "A"
    assert value("essai", "01015") == "C"  # the commune that 01340 is part of today
    assert value("essai", "05061") is None


def test_a_vintage_fits_its_column(made_up: Path) -> None:
    load_zoning("densite", made_up, column="classe")
    assert {row.vintage for row in ZoningValue.objects.filter(zoning="densite")} == {"sept niveaux"}
    with pytest.raises(RefusedError):
        load_zoning("essai", made_up, vintage="2" * 21)


def test_a_second_load_writes_nothing_and_a_change_is_counted(made_up: Path) -> None:
    load_zoning("essai", made_up)
    assert not load_zoning("essai", made_up).wrote
    made_up.write_text("code,classe\n04121,Z\n05061,N\n", "utf-8")
    outcome = load_zoning("essai", made_up)
    assert (outcome.added, outcome.changed, outcome.removed) == (1, 1, 2)


def test_a_load_is_told_when_it_changes_something(made_up: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(zonings, "emit", told.append)
    load_zoning("essai", made_up, dry_run=True)
    load_zoning("essai", made_up)
    load_zoning("essai", made_up)
    assert [type(event) for event in told] == [FactsLoaded]


def test_a_dry_run_writes_nothing(made_up: Path) -> None:
    assert load_zoning("essai", made_up, dry_run=True).added == 3
    assert not Zoning.objects.filter(code="essai").exists()


def test_bad_lines_are_said_by_number_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "zonage.csv"
    path.write_text("code,taux\n04121,5.9\n99999,1\n04070,beaucoup\n04121,6\n05061,1,2\n06088,4\n06088,4\n", "utf-8")
    with pytest.raises(RefusedError) as caught:
        load_zoning("taux", path, numeric=True)
    assert [(fault.line, fault.kind) for fault in caught.value.faults] == [
        (2, "code en double"),
        (3, "code inconnu"),
        (4, "nombre attendu"),
        (5, "code en double"),
        (6, "nombre de colonnes"),
        (7, "code en double"),
        (8, "code en double"),
    ]
    assert not Zoning.objects.filter(code="taux").exists()


def test_bad_lines_may_be_left_aside(tmp_path: Path) -> None:
    path = tmp_path / "zonage.csv"
    path.write_text("code;taux\n04121;5,9\n99999;1\n04070;beaucoup\n", "utf-8")
    outcome = load_zoning("taux", path, numeric=True, skip_invalid=True)
    assert outcome.added == 1 and [fault.line for fault in outcome.skipped] == [3, 4]
    row = ZoningValue.objects.get(zoning="taux")
    assert (row.value, str(row.number)) == ("5,9", "5.900")


def test_merged_communes_must_agree_and_the_own_line_wins(tmp_path: Path) -> None:
    path = tmp_path / "zonage.csv"
    former = list(Collectivity.objects.get(code="42218").former_codes.values_list("code", flat=True)[:2])
    path.write_text(f"code,classe\n{former[0]},A\n{former[1]},B\n", "utf-8")
    with pytest.raises(RefusedError) as caught:
        load_zoning("essai", path)
    assert [fault.line for fault in caught.value.faults] == [2, 3]
    path.write_text(f"code,classe\n{former[0]},A\n{former[1]},B\n42218,C\n", "utf-8")
    assert load_zoning("essai", path).added == 1
    assert value("essai", "42218") == "C"
    path.write_text(f"code,classe\n{former[0]},A\n{former[1]},A\n", "utf-8")
    assert load_zoning("essai", path).changed == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "vide"),
        (b"nom,classe\nX,1\n", "aucune colonne de code"),
        (b"code,a,b\n04121,1,2\n", "précisez --column ; colonnes présentes : code, a, b"),
        ("code,classe\n04121,Élevé\n".encode("latin-1"), "UTF-8"),
        (b"code,classe\n04121,A", "tronqué"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "zonage.csv"
    path.write_bytes(content)
    with pytest.raises(RefusedError) as caught:
        load_zoning("essai", path)
    assert any(reason in fault.reason for fault in caught.value.faults)


def test_the_command(made_up: Path) -> None:
    out = io.StringIO()
    call_command("load_zoning", "ESSAI", made_up, stdout=out)
    assert "Ajouts 3" in out.getvalue() and "Chargé." in out.getvalue()
    with pytest.raises(CommandError, match="Fichier refusé, rien n’a été écrit"):
        call_command("load_zoning", "ESSAI", made_up, column="absente")


@pytest.mark.skipif(not MEMBERS.exists() and not CI, reason="the State's lists may not be copied here")
def test_the_real_lists_unknown_incomes_included() -> None:
    outcome = load_zoning("FRR", MEMBERS)
    assert (outcome.added, outcome.unknown) == (34_875, 0)
    outcome = load_zoning("revenu_median", MEMBERS)
    assert outcome.added + outcome.unknown == 34_875
    assert outcome.unknown == 3_672
    assert not ZoningValue.objects.filter(
        zoning="revenu_median", collectivity__department__in=["971", "973", "976"]
    ).exists()
    assert not ZoningValue.objects.filter(zoning="revenu_median", number=0).exists()
    assert value("frr", "01001") == "Non classée"
