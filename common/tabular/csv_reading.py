"""CSV as spreadsheets and people make it: UTF-8 with or without its mark, UTF-16, Windows-1252; « ; », « , », tab."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

from common.french import NBSP
from common.tabular.faults import Unreadable
from common.tabular.source import Source

#: Characters of a cell above which the reader itself stops: a quote was left open.
CELL = 131_072
_SEPARATORS = ";,\t"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PIECE = 65_536


def open_text(data: bytes, name: str) -> Source:
    """The lines of these bytes. Raises :class:`Unreadable`."""
    encoding = _encoding(data, name)

    def lines() -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")

    skipped, separator = _separator(lines())
    rows = csv.reader(lines(), delimiter=separator, strict=True)
    return Source(_rows(rows, skipped, name), even=True, expected=data.count(b"\n"))


def _encoding(data: bytes, name: str) -> str:
    encoding = next((marked for mark, marked in _MARKS if data.startswith(mark)), "utf-8")
    fault = _undecodable(data, encoding)
    if fault is None:
        if b"\0" in data and encoding != "utf-16":
            raise Unreadable(f"{name}{NBSP}: ce n’est pas un fichier texte. Enregistrez-le au format .xlsx ou CSV.")
        return encoding
    # Windows-1252 accepts nearly any octet: only what has no control character, and no mark, is taken for it.
    if encoding == "utf-8":
        western = _undecodable(data, "cp1252")
        if western is None and not any(octet in data for octet in b"\0\1\2\3"):
            return "cp1252"
        fault = max(fault, western or 0)
    line = data[:fault].count(b"\n") + 1
    raise Unreadable(
        f"{name}, ligne {line}{NBSP}: caractères illisibles. Enregistrez le fichier au format .xlsx, ou en CSV UTF-8."
    )


def _undecodable(data: bytes, encoding: str) -> int | None:
    """Where the bytes stop being text in this encoding, to a piece of 64 kB for the place of a line."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), _PIECE):
        try:
            decoder.decode(data[start : start + _PIECE], start + _PIECE >= len(data))
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _separator(lines: io.TextIOWrapper) -> tuple[bool, str]:
    """Whether the first line only says the separator (« sep=; »), and the separator: the one most seen outside quotes
    among the first lines."""
    seen = dict.fromkeys(_SEPARATORS, 0)
    for count, line in enumerate(lines):
        text = line.strip("\r\n")
        if count == 0 and text[:4].lower() == "sep=" and len(text) == 5:
            return True, text[4]
        quoted = False
        for character in text[:5000]:
            quoted ^= character == '"'
            if not quoted and character in seen:
                seen[character] += 1
        if count >= 20 or (any(seen.values()) and count >= 3):
            break
    return False, max(seen, key=lambda separator: seen[separator])


def _rows(rows: Iterator[list[str]], skipped: bool, name: str) -> Iterator[tuple[int, Sequence[str]]]:
    number = 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(
                f"{name}, ligne {number + 1}{NBSP}: ligne mal formée (un guillemet n’est pas refermé, ou une cellule "
                f"dépasse {CELL} caractères). Corrigez-la, ou enregistrez le fichier au format .xlsx."
            ) from error
        number += 1
        if skipped and number == 1:
            continue
        yield number, row
