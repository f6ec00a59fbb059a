"""French as it is printed: articles of places, numbers, dates, spaces (SCREENS 0). Pure functions on plain text.

They are meant for the portal's own words and numbers; nothing here is applied to what users write.
"""

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal

NBSP = "\u00a0"
THIN = "\u202f"

# fmt: off
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)
# fmt: on
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

# --- articles of places ----------------------------------------------------------------------------------------------

#: INSEE's « type de nom en clair » → (« de » form, « à » form, articles that the name may bear).
_LIAISONS: dict[int, tuple[str, str, tuple[str, ...]]] = {
    0: ("de ", "à ", ()),
    1: ("d’", "à ", ()),
    2: ("du ", "au ", ("Le ",)),
    3: ("de la ", "à la ", ("La ",)),
    4: ("des ", "aux ", ("Les ",)),
    5: ("de l’", "à l’", ("L’", "L'")),
    6: ("des ", "aux ", ("Aux ",)),
    7: ("de las ", "à las ", ("Las ",)),
    8: ("de los ", "à los ", ("Los ",)),
}
#: The article merges with the preposition: « du Prêcheur », « des Mées », « des Marais ».
_MERGED = frozenset({2, 4, 6})


def apostrophes(name: str) -> str:
    """Straight apostrophes become typographic ones."""
    return name.replace("'", "’")


def _linked(name: str, liaison: int | str, form: int) -> str:
    name = apostrophes(name.strip())
    code = int(liaison or 0)
    of, at, articles = _LIAISONS[code]
    link = of if form == 0 else at
    for article in articles:
        if name.casefold().startswith(apostrophes(article).casefold()):
            if code in _MERGED:
                return link + name[len(article) :]
            return ("de " if form == 0 else "à ") + name
    return link + name


def with_article(name: str, liaison: int | str) -> str:
    """« du Prêcheur », « de La Buisse », « d’Ouessant », « des Ardennes », « de l’Ain », « de Loir-et-Cher ».

    ``liaison`` is INSEE's TNCC code, 0 to 8; the name may or may not bear its article, as the sources do.
    """
    return _linked(name, liaison, 0)


def at_place(name: str, liaison: int | str) -> str:
    """« à Mézel », « au Prêcheur », « aux Mées », « à La Buisse », « à L’Isle-sur-la-Sorgue »."""
    return _linked(name, liaison, 1)


def joined(words: list[str], last: str = "et") -> str:
    """« a », « a et b », « a, b et c »."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


# --- numbers ---------------------------------------------------------------------------------------------------------


def number(value: int | float | Decimal | str, decimals: int | None = None) -> str:
    """« 15 049 », « 19,5 », « −3 »: thousands by a narrow no-break space, comma, true minus.

    ``decimals`` fixes their number; otherwise those of the value are kept, without final zeros.
    """
    exact = Decimal(str(value))
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    else:
        exact = exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()
    text = f"{abs(exact):,f}".replace(",", THIN).replace(".", ",")
    return f"−{text}" if exact < 0 else text


def euros(value: int | float | Decimal | str, unit: str = "") -> str:
    """« 40 200 € », « 1 234,50 € »; ``unit`` "M" or "k" divides: « 19,5 M€ »."""
    exact = Decimal(str(value))
    if unit:
        return f"{number(round(exact / {'k': 1_000, 'M': 1_000_000}[unit], 1))}{NBSP}{unit}€"
    whole = exact == exact.to_integral_value()
    return f"{number(exact, 0 if whole else 2)}{NBSP}€"


def percent(ratio: int | float | Decimal, decimals: int = 0) -> str:
    """« 89 % » for 0.891. Never alone in a sentence: see :func:`share`."""
    return f"{number(Decimal(str(ratio)) * 100, decimals)}{NBSP}%"


def share(part: int, whole: int, noun: str, plural_noun: str = "") -> str:
    """« 89 % (41 demandes sur 46) »: a percentage never comes without its count (SCREENS 0)."""
    if not whole:
        return plural(0, noun, plural_noun)
    return f"{percent(Decimal(part) / whole)} ({plural(part, noun, plural_noun)} sur{NBSP}{number(whole)})"


def plural(count: int | float | Decimal, noun: str, plural_noun: str = "") -> str:
    """« 0 demande », « 1 demande », « 1 250 demandes »: plural from two on; an « s » to each word unless told."""
    form = noun if abs(Decimal(str(count))) < 2 else plural_noun or " ".join(f"{word}s" for word in noun.split(" "))
    return f"{number(count)}{NBSP}{form}"


def ordinal(value: int, *, feminine: bool = False) -> str:
    """« 1ᵉʳ », « 1ʳᵉ », « 2ᵉ »."""
    if value == 1:
        return "1ʳᵉ" if feminine else "1ᵉʳ"
    return f"{number(value)}ᵉ"


def size(octets: int) -> str:
    """« 812 o », « 14 ko », « 1,2 Mo »."""
    if octets < 1_000:
        return f"{octets}{NBSP}o"
    if octets < 1_000_000:
        return f"{number(Decimal(octets) / 1_000, 0)}{NBSP}ko"
    return f"{number(round(Decimal(octets) / 1_000_000, 1))}{NBSP}Mo"


# --- dates and telephone ---------------------------------------------------------------------------------------------


def day(value: dt.date, *, weekday: bool = False, year: bool = True) -> str:
    """« 3 mars 2026 », « 1ᵉʳ mars 2026 », « mardi 3 mars 2026 »."""
    text = f"{ordinal(1) if value.day == 1 else value.day}{NBSP}{MONTHS[value.month - 1]}"
    if year:
        text += f" {value.year}"
    return f"{WEEKDAYS[value.weekday()]} {text}" if weekday else text


def hour(value: dt.time | dt.datetime) -> str:
    """« 14 h 32 », « 9 h 05 », « 18 h »."""
    minutes = f"{NBSP}{value.minute:02d}" if value.minute else ""
    return f"{value.hour}{NBSP}h{minutes}"


def moment(value: dt.datetime, *, year: bool = True, zone: str = "") -> str:
    """« 17 juin 2026 à 10 h 12 »; ``zone`` adds whose hour it is: « 18 h 30 (heure de Martinique) »."""
    text = f"{day(value, year=year)} à {hour(value)}"
    return f"{text} (heure {zone})" if zone else text


_OVERSEAS_CODES = ("262", "508", "590", "594", "596")


def phone(value: str) -> str:
    """« 04 92 00 00 00 », « 39 39 »; international numbers of France as dialled there; others left as they are."""
    digits = re.sub(r"[^\d+]", "", value or "")
    digits = re.sub(r"^00", "+", digits)
    if digits.startswith("+33"):
        digits = "0" + digits[3:].removeprefix("0")
    elif digits[1:4] in _OVERSEAS_CODES and digits.startswith("+"):
        digits = "0" + digits[4:].removeprefix("0")
    if not digits.isdigit() or len(digits) not in (4, 10):
        return (value or "").strip()
    return NBSP.join(digits[i : i + 2] for i in range(0, len(digits), 2))


# --- spaces and signs ------------------------------------------------------------------------------------------------

_SPACE = rf"[ {NBSP}{THIN}]"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?<=\w)'(?=\w)", "’"),
        (r"\.\.\.", "…"),
        (rf"«{_SPACE}*", f"«{NBSP}"),
        (rf"{_SPACE}*»", f"{NBSP}»"),
        (rf"{_SPACE}+:(?=\s|$|[«(])", f"{NBSP}:"),
        (rf"(?<=[^\W\d_]):(?=[ {NBSP}]|$)", f"{NBSP}:"),
        (rf"{_SPACE}+([;!?])", rf"{THIN}\1"),
        (rf"(?<=[\w»)’…])([;!?])(?=\s|$|[{NBSP})])", rf"{THIN}\1"),
        (rf"(?<![\d,.])(\d{{1,3}})((?:{_SPACE}\d{{3}})+)(?!\d)", ""),  # see _thousands
        (rf"(\d){_SPACE}*%", rf"\1{NBSP}%"),
        (rf"(\d){_SPACE}*([kM]?€)", rf"\1{NBSP}\2"),
        (rf"(\d){_SPACE}+(hab\.|habitants?\b|jours?\b|km²?|ha\b|min\b|m²|o\b|ko\b|Mo\b|Go\b)", rf"\1{NBSP}\2"),
        (rf"\b(\d{{1,2}}){_SPACE}?h{_SPACE}?(\d{{2}})\b", rf"\1{NBSP}h{NBSP}\2"),
        (rf"\b(\d{{1,2}}){_SPACE}?h\b(?!{_SPACE}?\d)", rf"\1{NBSP}h"),
        (rf"{_SPACE}+([nN]°)", rf"{NBSP}\1"),
        (rf"([nN]°){_SPACE}*(?=[\w-])", rf"\1{NBSP}"),
        (r"\b1er\b", "1ᵉʳ"),
        (r"\b1re\b", "1ʳᵉ"),
        (r"\b(\d+)e\b", r"\1ᵉ"),
        (rf"\b(\d{{1,2}}|1ᵉʳ){_SPACE}(?=(?:{'|'.join(MONTHS)})\b)", rf"\1{NBSP}"),
        (rf"\b(M\.|MM\.|Mmes?|Dr|Me){_SPACE}(?=[A-ZÀ-Ý])", rf"\1{NBSP}"),
    )
)
_MARKUP = re.compile(r"(<[^>]*>|&#?\w+;|https?://\S+|[\w.+-]+@[\w.-]+\w)")


def _thousands(match: re.Match[str]) -> str:
    return match[1] + re.sub(_SPACE, THIN, match[2])


def typo(text: str) -> str:
    """The portal's own text with the spaces and signs of French print; applying it twice changes nothing.

    Tags, entities, web and mail addresses are left as they are.
    """
    parts = _MARKUP.split(text)
    for index in range(0, len(parts), 2):
        part = parts[index]
        for pattern, replacement in _RULES:
            part = pattern.sub(replacement or _thousands, part)
        parts[index] = part
    return "".join(parts)
