"""Tables out, line by line: the rows are read once and never held together. French headings, types kept, no cell that
acts."""

import csv
import datetime as dt
import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

from django.http import FileResponse
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill

from common.french import NBSP, number
from common.tabular.cells import harmless, printed, writable
from common.tabular.faults import letter

Row = Sequence[Any]
#: What a cell of a workbook may hold; more is cut, and says so.
CELL = 32_000
#: Above this a file being written goes to the disk.
IN_MEMORY = 5_000_000
#: Width of the columns, in characters.
NARROW, WIDE = 14, 42
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def _text(value: str) -> str:
    text = harmless(writable(value))
    return text if len(text) <= CELL else f"{text[:CELL]}… [texte coupé{NBSP}: {number(len(text))} caractères]"


def _width(heading: str) -> int:
    return min(max(len(heading) + 2, NARROW), WIDE)


def write_csv(stream: BinaryIO, headings: Sequence[str], rows: Iterable[Row], title: str) -> None:
    """As French spreadsheets open it: semicolons, UTF-8 with its mark, CRLF."""
    stream.write(b"\xef\xbb\xbf")
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(heading) for heading in headings])
    writer.writerows([printed(value) for value in row] for row in rows)
    text.detach()


def write_xlsx(stream: BinaryIO, headings: Sequence[str], rows: Iterable[Row], title: str) -> None:
    """One sheet, its headings frozen and filterable."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "B2"
    for place, heading in enumerate(headings, start=1):
        sheet.column_dimensions[letter(place)].width = _width(heading)
    sheet.append([_heading(sheet, heading) for heading in headings])
    count = 1
    for row in rows:
        sheet.append([_xlsx_cell(sheet, value) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A1:{letter(len(headings))}{count}"
    book.save(stream)


def _heading(sheet: Any, heading: str) -> Any:
    cell = WriteOnlyCell(sheet, heading)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E3E3FD")
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return printed(value)
    if isinstance(value, str):
        text = _text(value)
        if not text.startswith("#"):
            return text or None
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"  # « #N/A » is a text here, never an error
        return cell
    if isinstance(value, dt.date):
        cell = WriteOnlyCell(sheet, value)  # type: ignore[arg-type]
        cell.number_format = "dd/mm/yyyy hh:mm" if isinstance(value, dt.datetime) else "dd/mm/yyyy"
        return cell
    return value


_ODS_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{_ODS}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""
_ODS_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content office:version="1.3"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0">
<office:automatic-styles>
<number:date-style style:name="day"><number:day number:style="long"/><number:text>/</number:text>
<number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/></number:date-style>
<style:style style:name="D" style:family="table-cell" style:data-style-name="day"/>
<style:style style:name="H" style:family="table-cell">
<style:table-cell-properties fo:background-color="#e3e3fd" fo:wrap-option="wrap"/>
<style:text-properties fo:font-weight="bold"/></style:style>
"""
_SPACES = re.compile("  +")


def write_ods(stream: BinaryIO, headings: Sequence[str], rows: Iterable[Row], title: str) -> None:
    """The State's format for spreadsheets (ODF 1.3)."""
    widths = sorted({_width(heading) for heading in headings})
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", _ODS, zipfile.ZIP_STORED)  # first and unpacked: how readers recognise the format
        archive.writestr("META-INF/manifest.xml", _ODS_MANIFEST)
        with archive.open("content.xml", "w", force_zip64=True) as raw:
            content = io.TextIOWrapper(raw, encoding="utf-8", newline="")
            content.write(_ODS_HEAD)
            for width in widths:
                content.write(
                    f'<style:style style:name="C{width}" style:family="table-column">'
                    f'<style:table-column-properties style:column-width="{width * 0.2:.1f}cm"/></style:style>'
                )
            content.write("</office:automatic-styles><office:body><office:spreadsheet>")
            content.write(f"<table:table table:name={quoteattr(title)}>")
            for heading in headings:
                content.write(f'<table:table-column table:style-name="C{_width(heading)}"/>')
            cells = "".join(_ods_cell(heading, ' table:style-name="H"') for heading in headings)
            content.write(f"<table:table-header-rows><table:table-row>{cells}</table:table-row>")
            content.write("</table:table-header-rows>")
            for row in rows:
                cells = "".join(_ods_cell(value) for value in row)
                content.write(f"<table:table-row>{cells}</table:table-row>\n")
            content.write("</table:table></office:spreadsheet></office:body></office:document-content>")
            content.detach()


def _ods_cell(value: Any, style: str = "") -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return (
            f'<table:table-cell table:style-name="D" office:value-type="date" office:date-value="{value.isoformat()}">'
            f"<text:p>{printed(value)}</text:p></table:table-cell>"
        )
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}">'
            f"<text:p>{printed(value)}</text:p></table:table-cell>"
        )
    text = _text(value) if isinstance(value, str) else printed(value)
    paragraphs = "".join(f"<text:p>{_ods_text(line)}</text:p>" for line in text.split("\n"))
    return f'<table:table-cell{style} office:value-type="string">{paragraphs}</table:table-cell>'


def _ods_text(line: str) -> str:
    """Runs of spaces and tabs, which the format would otherwise make one space."""
    escaped = escape(line.replace("\r", ""))
    escaped = _SPACES.sub(lambda run: f' <text:s text:c="{len(run[0]) - 1}"/>', escaped)
    return escaped.replace("\t", "<text:tab/>")


Writer = Callable[[BinaryIO, Sequence[str], Iterable[Row], str], None]
#: Extension → type and writer.
FORMATS: Mapping[str, tuple[str, Writer]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "ods": (_ODS, write_ods),
}


def write(extension: str, stream: BinaryIO, headings: Sequence[str], rows: Iterable[Row], *, title: str) -> None:
    """Writes the table into the stream. ``title`` names the sheet, 31 characters at most."""
    FORMATS[extension][1](stream, headings, rows, title)


def respond(
    extension: str, name: str, headings: Sequence[str], rows: Iterable[Row], *, title: str = "Données"
) -> FileResponse:
    """The table as a download, written whole before the answer begins: a failure is an error page, never half a
    file."""
    stream = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  (the response closes it)
    write(extension, stream, headings, rows, title=title)  # type: ignore[arg-type]
    stream.seek(0)
    response = FileResponse(stream, content_type=FORMATS[extension][0])
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{extension}") or "attachment"  # noqa: FBT003
    response["Cache-Control"] = "private, no-store"
    return response
