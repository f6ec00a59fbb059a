"""Spoilt sources: each is refused with the line and the reason, and nothing is written."""

from collections.abc import Callable

import pytest

from territories.loading.faults import Fault, report
from territories.loading.sources import SOURCES, file_faults
from territories.models import ReferenceLoad
from tests.territories.conftest import SourceCopy

pytestmark = pytest.mark.django_db


def said(faults: list[Fault], file: str) -> list[str]:
    return [str(fault) for fault in faults if fault.file == file]


def swap(first: int, second: int) -> Callable[[list[str]], list[str]]:
    """Exchanges two columns of the lines, the header left as it is."""

    def change(lines: list[str]) -> list[str]:
        changed = [lines[0]]
        for line in lines[1:]:
            if '"' in line:
                changed.append(line)
                continue
            cells = line.split(",")
            cells[first], cells[second] = cells[second], cells[first]
            changed.append(",".join(cells))
        return changed

    return change


@pytest.mark.parametrize("name", [source.name for source in SOURCES])
def test_a_missing_file(source: SourceCopy, name: str) -> None:
    source.path(name).unlink()
    assert said(source.refused(), f"{name}.csv") == [f"{name}.csv : le fichier manque dans {source.directory}"]


def test_an_empty_file(source: SourceCopy) -> None:
    source.path("epci").write_bytes(b"")
    assert said(source.refused(), "epci.csv") == ["epci.csv : le fichier est vide"]


def test_a_file_cut_in_the_middle_of_a_line(source: SourceCopy) -> None:
    data = source.path("communes").read_bytes()[:1_000_007]
    source.path("communes").write_bytes(data)
    last = data.count(b"\n") + 1
    faults = said(source.refused(), "communes.csv")
    assert faults[0].startswith(f"communes.csv, ligne {last} : la dernière ligne ne se termine pas")


def test_a_file_cut_between_two_lines(source: SourceCopy) -> None:
    source.edit("communes", lambda lines: lines[:34_000])
    faults = source.refused()
    assert any("nb_communes annonce" in text for text in said(faults, "departements.csv"))
    assert all(fault.line for fault in faults)


def test_a_file_that_lost_a_few_lines_at_its_end(source: SourceCopy) -> None:
    source.edit("communes", lambda lines: lines[:-17])  # all of Mayotte, to the line
    assert any(
        "Mayotte : nb_communes annonce 17, communes.csv en a 0" in text
        for text in said(source.refused(), "departements.csv")
    )


def test_half_the_file(source: SourceCopy) -> None:
    source.edit("communes", lambda lines: lines[: len(lines) // 2])
    assert any("au moins 33000 attendues" in text for text in said(source.refused(), "communes.csv"))


def test_a_file_saved_in_latin_1(source: SourceCopy) -> None:
    text = source.path("communes").read_text("utf-8").replace("œ", "oe").replace("Œ", "OE").replace("ÿ", "y")
    source.path("communes").write_bytes(text.encode("latin-1"))
    faults = source.refused()
    line = next(number for number, row in enumerate(text.split("\n"), 1) if not row.isascii())
    assert faults[0].line == line
    assert "n’est pas en UTF-8" in faults[0].reason
    assert len(faults) > 5_000 and len(report(faults)) < 30


def test_a_file_saved_with_a_byte_order_mark(source: SourceCopy) -> None:
    source.path("epci").write_bytes(b"\xef\xbb\xbf" + source.path("epci").read_bytes())
    assert "BOM" in said(source.refused(), "epci.csv")[0]


def test_a_file_saved_in_utf_16(source: SourceCopy) -> None:
    source.path("ept").write_bytes(source.path("ept").read_text("utf-8").encode("utf-16"))
    assert "n’est pas un texte en UTF-8" in said(source.refused(), "ept.csv")[0]


def test_a_file_encoded_twice(source: SourceCopy) -> None:
    data = source.path("regions").read_bytes().decode("latin-1").encode("utf-8")
    source.path("regions").write_bytes(data)
    faults = said(source.refused(), "regions.csv")
    assert faults and all("changement d’encodage" in text for text in faults)
    assert faults[0].startswith("regions.csv, ligne 5")  # La Réunion


def test_decomposed_accents(source: SourceCopy) -> None:
    line = source.replace("communes", "04121,", "Mézel", "Me\u0301zel")
    assert said(source.refused(), "communes.csv") == [
        f"communes.csv, ligne {line} : accents décomposés (Unicode NFD au lieu de NFC)"
    ]


def test_semicolons_instead_of_commas(source: SourceCopy) -> None:
    source.edit("ept", lambda lines: [line.replace(",", ";") for line in lines])
    assert "1 colonnes en tête, 4 attendues" in said(source.refused(), "ept.csv")[0]


def test_two_columns_exchanged_with_their_heads(source: SourceCopy) -> None:
    source.edit("ept", lambda lines: [",".join((c := line.split(","))[1::-1] + c[2:]) for line in lines])
    assert said(source.refused(), "ept.csv") == [
        "ept.csv, ligne 1 : colonne 1 : « nom » au lieu de « siren »",
        "ept.csv, ligne 1 : colonne 2 : « siren » au lieu de « nom »",
    ]


COLUMNS = {source.name: source.columns for source in SOURCES}


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("communes", "code", "siren"),
        ("communes", "nom", "zone"),
        ("communes", "departement", "region"),
        ("communes", "epci", "siren"),
        ("communes", "epci", "ept"),
        ("communes", "population", "codes_postaux"),
        ("communes", "type_liaison", "rang_chef_lieu"),
        ("communes_centroides", "latitude", "longitude"),
        ("communes_deleguees_associees", "code", "commune_actuelle"),
        ("communes_deleguees_associees", "nom", "type"),
        ("departements", "code", "region"),
        ("departements", "nom", "chef_lieu_nom"),
        ("departements", "population", "nb_communes"),
        ("regions", "nb_departements", "nb_communes"),
        ("arrondissements", "code", "departement"),
        ("epci", "population", "population_municipale_fichier_epci"),
        ("epci", "population", "nb_communes"),
        ("epci", "departements", "regions"),
        ("ept", "population", "nb_communes"),
        ("communes_com", "collectivite", "code"),
        ("prefectures", "departement", "commune"),
        ("arrondissements_municipaux", "code", "commune"),
    ],
)
def test_two_columns_exchanged_under_unchanged_heads(source: SourceCopy, name: str, first: str, second: str) -> None:
    columns = COLUMNS[name]
    source.edit(name, swap(columns.index(first), columns.index(second)))
    faults = source.refused()
    assert any(fault.file == f"{name}.csv" and fault.line >= 2 for fault in faults)
    assert ReferenceLoad.objects.count() == 1


@pytest.mark.parametrize("name", ["communes", "epci", "departements", "communes_com", "prefectures"])
def test_a_line_that_stands_twice(source: SourceCopy, name: str) -> None:
    lines = source.lines(name)
    source.write(name, [*lines, lines[1]])
    numbers = {fault.line for fault in source.refused() if "double" in fault.reason}
    assert numbers == {2, len(lines) + 1}


def test_a_line_with_a_cell_too_many_and_another_with_one_too_few(source: SourceCopy) -> None:
    def change(lines: list[str]) -> list[str]:
        lines[10] += ",1"
        lines[20] = lines[20].rsplit(",", 1)[0]
        return lines

    source.edit("communes", change)
    assert said(source.refused(), "communes.csv") == [
        "communes.csv, ligne 11 : 15 colonnes au lieu de 14",
        "communes.csv, ligne 21 : 13 colonnes au lieu de 14",
    ]


def test_an_unclosed_quotation_mark(source: SourceCopy) -> None:
    line = source.replace("communes", "04121,", "Mézel", '"Mézel')
    faults = said(source.refused(), "communes.csv")
    assert faults == [f"communes.csv, ligne {line} : guillemet non refermé ou saut de ligne dans une cellule"]


@pytest.mark.parametrize(
    ("name", "start", "old", "new", "reason"),
    [
        ("communes", "04121,", ",611,", ",onze,", "population : un nombre entier attendu (« onze »)"),
        ("communes", "04121,", ",611,", ",-611,", "population : un nombre entier attendu (« -611 »)"),
        ("communes", "04121,", "04270", "4270", "codes postaux : cinq chiffres, séparés par | (« 4270 »)"),
        ("communes", "04121,", "200067437", "200067438", "EPCI inconnu d’epci.csv (« 200067438 »)"),
        ("communes", "04121,", ",041,", ",999,", "arrondissement inconnu"),
        ("communes", "04121,", "metro", "drom", "département inconnu, ou d’une autre région ou zone"),
        ("epci", "200069193,", "200069193", "200069194", "SIREN invalide"),
        ("arrondissements", "041,", ",04,", ",05,", "le code n’est pas de ce département"),
        ("collectivites_outre_mer", "978,", "978", "979", "collectivité inconnue du portail (« 979 »)"),
        ("communes_com", "97801,", "31160", "x", "population : un nombre entier attendu (« x »)"),
        ("departements", "04,", "Digne-les-Bains", "Manosque", "le nom du chef-lieu"),
        ("prefectures", "04,", "Préfecture", "Mairie", "nom de préfecture mal formé"),
    ],
)
def test_one_bad_value(source: SourceCopy, name: str, start: str, old: str, new: str, reason: str) -> None:
    if old == ",041,":
        old = next(
            f",{cell}," for line in source.lines(name) if line.startswith(start) for cell in [line.split(",")[4]]
        )
    if old == "200067437":
        old = next(line.split(",")[5] for line in source.lines(name) if line.startswith(start))
        new, reason = f"{int(old) + 1}", "EPCI inconnu d’epci.csv"
    line = source.replace(name, start, old, new)
    faults = [text for text in said(source.refused(), f"{name}.csv") if text.startswith(f"{name}.csv, ligne {line} :")]
    assert any(reason in text for text in faults), faults


def test_every_bad_line_is_said_at_once(source: SourceCopy) -> None:
    first = source.replace("communes", "04121,", ",611,", ",onze,")
    second = source.replace("communes", "04116,", "Les Mées", "")
    third = source.replace("epci", "200069193,", "200069193", "200069194")
    lines = {(fault.file, fault.line) for fault in source.refused()}
    assert {("communes.csv", first), ("communes.csv", second), ("epci.csv", third)} <= lines


def test_too_many_communes_leaving_at_once(source: SourceCopy) -> None:
    kept = [line for line in source.lines("communes") if not (line.startswith("60") and line[4] in "13579")]
    source.write("communes", kept)
    assert any("Oise" in fault.reason for fault in source.refused())


def test_windows_line_ends_are_read(source: SourceCopy) -> None:
    source.path("ept").write_bytes(source.path("ept").read_bytes().replace(b"\n", b"\r\n"))
    assert not source.load().wrote


def test_any_header_will_do_where_none_is_expected() -> None:
    assert file_faults("x.csv", b"a;b\n1;2\n", None) == []
