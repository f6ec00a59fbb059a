"""One cell, both ways: harmless when written, read as what its column expects. Pure functions.

Readers raise ``ValueError`` with a French sentence that says the cure.
"""

import datetime as dt
import re
import unicodedata
from decimal import Decimal

from common.french import MONTHS, NBSP, number

Value = str | int | float | bool | dt.date | dt.datetime | None

#: How a text begins that some spreadsheet takes for a formula, full-width twins included.
_ACTS = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
#: Days of Excel's first era count from here, its phantom 29 February 1900 included.
ERA_1900, ERA_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
_YEARS = range(1950, 2100)
_NUMERIC_DATE = re.compile(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})")
_WORDED_DATE = re.compile(r"(?:[a-z]+ )?(\d{1,2})(?:er)? ([a-z]+) (\d{4})")
_YES = frozenset({"oui", "o", "vrai", "true", "x", "1", "yes"})
_NO = frozenset({"non", "n", "faux", "false", "0", "no"})


def harmless(text: str) -> str:
    """The text, with an apostrophe before it when a spreadsheet could run it; :func:`natural` takes it off."""
    return f"'{text}" if _ACTS.match(text) else text


def natural(text: str) -> str:
    """The text that :func:`harmless` wrote; any other is left as it is."""
    return text[1:] if text.startswith("'") and _ACTS.match(text) else text


def clean(text: str) -> str:
    """Composed characters, one sign for the end of a line, no control character, no space around."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_\n", "\n")
    return _CONTROL.sub("", text).strip()


def writable(text: str) -> str:
    """Without the characters that no XML may hold."""
    return _CONTROL.sub("", text)


def folded(text: str) -> str:
    """How headings and labels are compared: accents, case, punctuation and spaces do not count; œ is oe."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).split())


def as_text(value: Value) -> str:
    """A cell as a text: « 3500 » for 3500.0, « oui », the date in ISO."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case float() if value.is_integer():
            return str(int(value))
        case dt.datetime():
            return value.date().isoformat()
        case dt.date():
            return value.isoformat()
        case str():
            return natural(clean(value))
    return str(value)


def as_integer(value: Value, *, most: int = 2_147_483_647) -> int | None:
    """A whole number, 0 to ``most``; « 3 500 », « 3500,0 » and 3500.0 are one."""
    if isinstance(value, bool | dt.date):
        raise ValueError(f"«{NBSP}{as_text(value)}{NBSP}» n’est pas un nombre. Écrivez un nombre entier, comme 3500.")
    text = re.sub(r"\s", "", as_text(value))
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}([.,]0*)?", text):
        raise ValueError(
            f"«{NBSP}{_short(as_text(value))}{NBSP}» n’est pas un nombre entier. Écrivez des chiffres, comme 3500."
        )
    found = int(re.split("[.,]", text)[0])
    if found > most:
        raise ValueError(f"{number(found)} est trop grand{NBSP}: {number(most)} au plus.")
    return found


def as_boolean(value: Value) -> bool | None:
    """« oui », « non », « x », a tick; nothing is None."""
    if value is None or isinstance(value, bool):
        return value
    text = folded(as_text(value))
    if not text:
        return None
    if text in _YES or text in _NO:
        return text in _YES
    raise ValueError(f"«{NBSP}{_short(as_text(value))}{NBSP}» n’est ni oui ni non. Écrivez oui ou non.")


def as_date(value: Value, *, era: dt.date = ERA_1900) -> dt.date | None:
    """A day: a date of the sheet, its number, « 04/05/2026 », « 2026-05-04 », « 4 mai 2026 »."""
    if isinstance(value, dt.datetime):
        return _plausible(value.date())
    if isinstance(value, dt.date):
        return _plausible(value)
    text = as_text(value)
    if not text:
        return None
    cure = f"«{NBSP}{_short(text)}{NBSP}» n’est pas une date. Écrivez-la comme 04/05/2026."
    if isinstance(value, bool):
        raise ValueError(cure)
    if re.fullmatch(r"[0-9]{5}", text):
        return _plausible(era + dt.timedelta(days=int(text)))
    try:
        if match := re.fullmatch(r"(\d{4}-\d{2}-\d{2})([T ][\d:.]+)?", text):
            return _plausible(dt.date.fromisoformat(match[1]))
        if match := _NUMERIC_DATE.fullmatch(text):
            return _plausible(dt.date(int(match[3]), int(match[2]), int(match[1])))
        if (match := _WORDED_DATE.fullmatch(folded(text))) and match[2] in _MONTHS:
            return _plausible(dt.date(int(match[3]), _MONTHS[match[2]], int(match[1])))
    except _OutOfRangeError:
        raise
    except ValueError as error:
        raise ValueError(f"«{NBSP}{_short(text)}{NBSP}» n’existe pas au calendrier. Corrigez la date.") from error
    raise ValueError(cure)


_MONTHS = {folded(month): place for place, month in enumerate(MONTHS, start=1)}


class _OutOfRangeError(ValueError):
    pass


def _plausible(value: dt.date) -> dt.date:
    if value.year not in _YEARS:
        raise _OutOfRangeError(
            f"L’année {value.year} n’est pas plausible. Corrigez la date, ou laissez la cellule vide."
        )
    return value


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def printed(value: Value | Decimal) -> str:
    """A value as French spreadsheets read it in a CSV: « 04/05/2026 », « 12,5 », « oui »; a text is made harmless."""
    match value:
        case str():
            return harmless(writable(value))
        case dt.datetime():
            return value.strftime("%d/%m/%Y %H:%M")
        case dt.date():
            return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"
        case float() | Decimal():
            return str(value).replace(".", ",")
    return as_text(value)
