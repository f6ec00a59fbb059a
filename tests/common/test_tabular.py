"""Tables in and out: what is written comes back, nothing acts, and what can't be read says where and what to do."""

import codecs
import datetime as dt
import io
import tracemalloc
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

from common.tabular import open_table, respond, write, xlsx_reading
from common.tabular.cells import as_boolean, as_date, as_integer, as_text, harmless, natural
from common.tabular.faults import Fault, Unreadable, letter
from common.tabular.reading import LINES, Table

HEADINGS = ("Code", "Intitulé", "Nombre", "Jour")
KNOWN = HEADINGS


def written(extension: str, rows: Iterable[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> bytes:
    stream = io.BytesIO()
    write(extension, stream, headings, rows, title="Offres")
    return stream.getvalue()


def read(data: bytes, name: str = "carte") -> tuple[list[dict[str, Any]], Table]:
    table = open_table(data, name, KNOWN)
    return [line.cells for line in table.lines], table


def text(content: str) -> bytes:
    return content.encode()


def book(fill: Any = None, rows: Iterable[Sequence[Any]] = (("a", "Un", 1, None),)) -> bytes:
    found = Workbook()
    sheet: Any = found.active
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append(row)
    if fill:
        fill(found, sheet)
    stream = io.BytesIO()
    found.save(stream)
    return stream.getvalue()


# --- out and in ------------------------------------------------------------------------------------------------------

CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")) | st.sampled_from("=+-@'\n;,\"#🏔"),
    max_size=40,
)
ROW = st.tuples(
    CELLS,
    CELLS,
    st.none() | st.integers(0, 10**9),
    st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)),
)


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, max_size=6))
def test_what_is_written_is_read_back(extension: str, rows: list[Any]) -> None:
    found, table = read(written(extension, rows))
    given_ = [(as_text(harmless(code)), as_text(harmless(title)), count, day) for code, title, count, day in rows]
    read_back = [
        (as_text(row["Code"]), as_text(row["Intitulé"]), as_integer(row["Nombre"]), as_date(row["Jour"]))
        for row in found
    ]
    empty = ("", "", None, None)  # a line of spaces may be read or left out
    assert [row for row in read_back if row != empty] == [row for row in given_ if row != empty]
    assert table.faults == []


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_the_state_s_format_holds_the_same_values(rows: list[Any]) -> None:
    """Read by another library than ours."""
    opened = CalamineWorkbook.from_filelike(io.BytesIO(written("ods", rows)))
    found = opened.get_sheet_by_name("Offres").to_python(skip_empty_area=False)
    assert found[0] == list(HEADINGS)
    for row, cells in zip(rows, found[1:], strict=False):
        code, title, count, day = [*cells, *([""] * (4 - len(cells)))]
        assert as_text(code) == as_text(harmless(row[0])), "text"
        assert as_text(title) == as_text(harmless(row[1])), "text"
        assert (count if count != "" else None) == row[2]
        assert (day if day != "" else None) == row[3]


@pytest.mark.parametrize("beginning", [*"=+-@\t\r\n", "＝", "＋", "－", "＠", "'=", "''@"])
def test_no_cell_acts_and_each_comes_back(beginning: str) -> None:
    given_ = f"{beginning}cmd|' /C calc'!A0"
    assert harmless(given_).startswith("'")
    assert natural(harmless(given_)) == given_
    sheet: Any = load_workbook(io.BytesIO(written("xlsx", [(given_, "x", None, None)]))).active
    assert sheet["A2"].data_type in ("s", "inlineStr")
    assert sheet["A2"].value.startswith("'")
    assert harmless(given_) in written("csv", [(given_, "x", None, None)]).decode()
    with zipfile.ZipFile(io.BytesIO(written("ods", [(given_, "x", None, None)]))) as archive:
        assert "table:formula" not in archive.read("content.xml").decode()


def test_an_apostrophe_of_the_writer_stays() -> None:
    assert natural("'tis") == "'tis"
    assert natural(harmless("'hé")) == "'hé"


def test_types_are_kept_and_errors_are_texts() -> None:
    sheet: Any = load_workbook(io.BytesIO(written("xlsx", [("#N/A", "🏔️ é", 12, dt.date(2026, 5, 4))]))).active
    assert [cell.value for cell in sheet[2]] == ["#N/A", "🏔️ é", 12, dt.datetime(2026, 5, 4)]  # noqa: DTZ001
    assert sheet["A2"].data_type in ("s", "inlineStr")
    assert (sheet["D2"].number_format, sheet.freeze_panes) == ("dd/mm/yyyy", "B2")
    assert written("csv", [("é", "b", 12, dt.date(2026, 5, 4))]).decode("utf-8-sig").splitlines()[1] == (
        "é;b;12;04/05/2026"
    )


def test_a_download_is_whole_and_named() -> None:
    answer = respond("ods", "offres-04", HEADINGS, [("a", "b", 1, None)])
    assert answer["Content-Disposition"] == 'attachment; filename="offres-04.ods"'
    assert int(answer["Content-Length"]) == len(answer.getvalue())
    answer.close()


# --- CSV as it comes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_and_separators_are_found(separator: str, encoding: str) -> None:
    lines = [separator.join(HEADINGS), separator.join(["a", '"L’été, à ; « Ouessant »"', "1", ""])]
    (found,), _ = read("\r\n".join(lines).encode(encoding))
    assert found == {"Code": "a", "Intitulé": "L’été, à ; « Ouessant »", "Nombre": "1", "Jour": ""}


def test_the_line_of_titles_may_follow_a_banner_and_the_separator_may_be_said() -> None:
    (found,), table = read(text("sep=;\nCarte de l’ingénierie;;;\n\ncode;INTITULE;nombre;Jour\n\na;b;1;\n"))
    assert found["INTITULE"] == "b"
    assert table.headings[2] == "INTITULE"


def test_lines_bear_the_number_that_a_spreadsheet_shows() -> None:
    table = open_table(text('Code;Intitulé\n\na;"deux\nlignes"\nb;c\n'), "carte", KNOWN)
    assert [line.number for line in table.lines] == [3, 4]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "vide"),
        (b"x" * 20_000_001, "dépasse 20"),
        (b"nom,prenom\nx,y\n", "aucune ligne de titres"),
        (b"Code;Intitul\xe9\n\x81;x\n", "ligne 2"),
        (b"Code;Intitul\0\n", "pas un fichier texte"),
        (text('Code;Intitulé\na;"b\nc;d\n'), "ligne 2"),
        (b"%PDF-1.7", "ancien format"),
        (b"PK\x03\x04broken", "abîmé"),
        (codecs.BOM_UTF16_LE + b"a", "illisible"),
    ],
)
def test_what_is_no_table_is_refused_whole(data: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(data, "carte.csv")
    assert sentence in refused.value.message.replace("\N{NO-BREAK SPACE}", " ")
    assert "carte.csv" in refused.value.message


def test_faults_say_line_column_and_cure() -> None:
    long = "é" * 10_001
    _, table = read(text(f"Code;Intitulé;Nombre;code\na;b;1;c\nd;e\nf;{long};2;\n"))
    assert [(fault.line, letter(fault.column)) for fault in table.faults] == [(1, "D"), (3, ""), (4, "B")]
    assert str(table.faults[2]).startswith("Ligne 4, colonne B «\xa0Intitulé\xa0»\xa0: ce texte compte 10\u202f001")


def test_a_cell_under_no_title_is_seen() -> None:
    _, table = read(text("Code;Intitulé;\na;b;perdue\n"))
    assert table.faults == [
        Fault(2, "cette cellule n’est sous aucun titre. Videz-la, ou donnez un titre à sa colonne.", 3)
    ]


def test_too_many_lines_are_refused_while_read() -> None:
    with pytest.raises(Unreadable, match="Partagez le fichier"):
        read(b"Code;Intitul\xc3\xa9\n" + b"a;b\n" * (LINES + 1))


# --- workbooks as they come ------------------------------------------------------------------------------------------


def test_values_of_formulas_are_read_and_none_is_computed() -> None:
    """openpyxl writes a formula without its value, as a program does: the file was never opened in a spreadsheet."""
    data = book(lambda _, sheet: sheet.__setitem__("C2", "=1+1"))
    (found,), table = read(data)
    assert "Nombre" not in found
    assert [(fault.line, fault.heading) for fault in table.faults] == [(2, "Nombre")]
    assert "pas de valeur enregistrée" in table.faults[0].reason


def test_merged_cells_hidden_columns_and_errors_are_named() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.append(("b", "Deux", 2, None))
        sheet.merge_cells("B2:B3")
        sheet.column_dimensions["C"].hidden = True
        sheet.row_dimensions[3].hidden = True
        sheet["D3"] = "#REF!"

    rows, table = read(book(fill))
    assert len(rows) == 2
    assert [(fault.line, letter(fault.column)) for fault in table.faults] == [(1, "C"), (2, "B"), (3, "D")]
    assert any("masquée" in remark for remark in table.remarks)


def test_dates_come_as_dates_numbers_or_words() -> None:
    def fill(_: Any, sheet: Any) -> None:
        for value in (dt.date(2026, 5, 4), 46146, "4 mai 2026", "lundi 4 mai 2026", "04/05/2026", "2026-05-04"):
            sheet.append(("x", "y", None, value))

    rows, _ = read(book(fill, rows=()))
    assert {as_date(row["Jour"]) for row in rows} == {dt.date(2026, 5, 4)}


def test_the_era_of_1904_is_told() -> None:
    def fill(found: Any, _: Any) -> None:
        found.epoch = dt.datetime(1904, 1, 1)  # noqa: DTZ001

    _, table = read(book(fill))
    assert as_date(44684, era=table.era) == dt.date(2026, 5, 4)


def test_a_sheet_of_the_wanted_name_wins_and_the_others_are_told() -> None:
    def fill(found: Any, sheet: Any) -> None:
        sheet.title = "Notes"
        other = found.create_sheet("OFFRES")
        other.append(HEADINGS)
        other.append(("b", "Deux", 2, None))

    table = open_table(book(fill), "carte", KNOWN, sheet="Offres")
    assert [line.cells["Code"] for line in table.lines] == ["b"]
    assert "OFFRES" in table.remarks[0]


def repacked(data: bytes, part: str, change: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after:
        for member in before.infolist():
            content = before.read(member)
            after.writestr(member.filename, change(content) if member.filename == part else content)
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("part", "change", "sentence"),
    [
        ("xl/styles.xml", lambda xml: xml + b" " * 10_000_001, "trop gros"),
        (SHEET, lambda xml: xml.replace(b"<sheetData>", b'<!DOCTYPE x [<!ENTITY a "b">]><sheetData>'), "abîmé"),
        (SHEET, lambda xml: b'<!DOCTYPE x [<!ENTITY a "bbbb">]>' + xml, "abîmé"),
        (SHEET, lambda xml: xml[:-200], "abîmé"),
        (SHEET, lambda xml: xml.replace(b'r="A2"', b'r="XFD2"'), "va jusqu"),
        (SHEET, lambda xml: xml.replace(b'<row r="2"', b'<row r="1048576"'), "va jusqu"),
        ("[Content_Types].xml", lambda xml: b"<x/>", "abîmé"),
    ],
)  # fmt: skip
def test_bombs_and_damaged_workbooks_are_refused(part: str, change: Any, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        read(repacked(book(), part, change), "carte.xlsx")


def test_a_workbook_too_big_once_unpacked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_reading, "UNPACKED", 100_000)
    read(book(), "carte.xlsx")
    with pytest.raises(Unreadable, match="trop gros"):
        read(repacked(book(), SHEET, lambda xml: xml + b" " * 100_000), "carte.xlsx")


def test_an_open_document_is_told_what_to_become() -> None:
    with pytest.raises(Unreadable, match="OpenDocument"):
        read(written("ods", []), "carte.ods")


def test_memory_does_not_grow_with_the_lines() -> None:
    rows = ((f"offre-{place}", "Un intitulé de longueur ordinaire", place, None) for place in range(35_000))
    data = written("csv", rows)
    tracemalloc.start()
    count = sum(1 for _ in open_table(data, "carte", KNOWN).lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 35_000
    assert peak < 2_000_000, f"{peak} octets beside the file"


# --- one cell --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["3500", "3 500", "3\u202f500", "3500,0", "3500.00", 3500, 3500.0])
def test_integers_are_forgiven_their_spaces(value: Any) -> None:
    assert as_integer(value) == 3500


@pytest.mark.parametrize("value", ["-3", "3,5", "beaucoup", "99999999999", 3.5, True, dt.date(2026, 1, 1)])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"nombre|grand"):
        as_integer(value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("31/02/2026", "calendrier"),
        ("04/05/26", "Écrivez-la"),
        ("mai 2026", "Écrivez-la"),
        ("31/12/9999", "plausible"),
        ("12345678", "Écrivez-la"),
        (True, "Écrivez-la"),
    ],
)
def test_what_is_no_day_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        as_date(value)


def test_yes_and_no() -> None:
    assert [as_boolean(value) for value in ("Oui", "x", True, 1, "NON", "0", "", None)] == [
        True, True, True, True, False, False, None, None,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="oui ou non"):
        as_boolean("peut-être")
