"""Finding a body by what people type: one statement on indexes, whatever is typed, never a scan of the communes."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import Q

from common.french import number
from territories.enums import CollectivityKind
from territories.names import normalise

if TYPE_CHECKING:
    from territories.models import Collectivity

_NUMBER = re.compile(r"\d[\d\s.]*\d")
_BETWEEN_DIGITS = re.compile(r"[\s.]+")
#: A name ends with its department when it was chosen from a list: « Mézel (04) ».
_LABEL = re.compile(r"(?P<name>.+?)\s*\((?P<department>\d[\dAB]\d?)\)", re.IGNORECASE)
MAX_TYPED = 160

# « saint » begins 4 700 names: PostgreSQL walks the index on populations and stops at the tenth; a rare beginning goes
# through the index on names. The words are looked up only when beginnings of names leave places.
_SEARCH = """
WITH wanted AS NOT MATERIALIZED (
  SELECT id, code, normalised_name, siren, population, search_terms FROM territories_collectivity c
  WHERE is_current {narrowed}
), exact AS MATERIALIZED (
  SELECT id FROM wanted WHERE normalised_name = %(typed)s OR code = %(code)s OR siren = %(typed)s
  ORDER BY population DESC NULLS LAST, code LIMIT %(limit)s
), beginning AS MATERIALIZED (
  SELECT id FROM wanted WHERE normalised_name LIKE %(prefix)s
  ORDER BY population DESC NULLS LAST, code LIMIT %(limit)s
), word AS MATERIALIZED (
  SELECT id FROM wanted WHERE (SELECT count(*) FROM beginning) < %(limit)s AND search_terms @@ %(terms)s::tsquery
  ORDER BY population DESC NULLS LAST, code LIMIT %(limit)s
), former AS MATERIALIZED (
  SELECT w.id FROM territories_formercode f JOIN wanted w ON w.id = f.collectivity_id WHERE f.code = %(code)s
), found AS (
  SELECT id, min(rank) AS rank FROM (
    SELECT id, 0 AS rank FROM exact UNION ALL SELECT id, 1 FROM former
    UNION ALL SELECT id, 2 FROM beginning UNION ALL SELECT id, 3 FROM word
  ) every GROUP BY id
)
SELECT c.id, c.code, c.kind, c.name, c.department_id, d.name, c.population, c.population_vintage, found.rank <= 1
FROM found JOIN territories_collectivity c ON c.id = found.id JOIN territories_department d ON d.code = c.department_id
ORDER BY found.rank, c.kind = 'commune' DESC, c.population DESC NULLS LAST, c.code LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """One answer, with what tells it from its homonyms. ``exact``: the whole name or code was typed."""

    pk: int
    code: str
    kind: str
    name: str
    department_code: str
    department_name: str
    population: int | None
    population_vintage: int | None
    exact: bool

    @property
    def label(self) -> str:
        return f"{self.name} ({self.department_code})"

    @property
    def detail(self) -> str:
        """« 611 habitants (2023) · Alpes-de-Haute-Provence », with the nature of what is not a commune."""
        parts = [] if self.kind == CollectivityKind.COMMUNE else [str(CollectivityKind(self.kind).label)]
        if self.population is not None:
            vintage = f" ({self.population_vintage})" if self.population_vintage else ""
            noun = "habitant" if self.population < 2 else "habitants"
            parts.append(f"{number(self.population)}\u00a0{noun}{vintage}")
        return " · ".join([*parts, self.department_name])


def split_label(text: str) -> tuple[str, str]:
    """« Mézel (04) » → (« Mézel », « 04 »); a name without department → (name, « »)."""
    text = text.replace("\x00", "").strip()[:MAX_TYPED]
    match = _LABEL.fullmatch(text)
    return (match["name"], match["department"].upper()) if match else (text, "")


def typed_words(text: str) -> list[str]:
    """The words to look for, in normal form; « 200 069 193 » is one number written with spaces."""
    if _NUMBER.fullmatch(text):
        return [_BETWEEN_DIGITS.sub("", text)]
    return normalise(text).split()


def search(text: str, limit: int = 10, kinds: Collection[str] = ()) -> list[Found]:
    """Current bodies whose name, postal code, INSEE code or SIREN begin as ``text`` does; the likeliest first.

    Order: the whole name or code, a former code, names that begin so, then words that do, in any order; among equals
    communes, then the most populous. The name of a delegated commune leads to its commune.
    """
    text = text.replace("\x00", "")  # PostgreSQL holds no NUL
    name, department = split_label(text)
    words = typed_words(name)
    if not words:
        return []
    typed = " ".join(words)
    narrowed = "AND c.kind = ANY (%(kinds)s)" if kinds else ""
    if department:
        narrowed += (
            " AND EXISTS (SELECT FROM territories_collectivitydepartment l"
            " WHERE l.collectivity_id = c.id AND l.department_id = %(department)s)"
        )
    parameters: dict[str, Any] = {
        "typed": typed,
        "code": text.strip().upper()[:9] if len(words) > 1 else typed.upper(),  # « REG-93 » is two words
        "prefix": f"{typed}%",
        "terms": " & ".join(f"'{word}':*" for word in words),  # words hold a-z and 0-9 only: no quote can end early
        "limit": limit,
        "kinds": [str(kind) for kind in kinds],
        "department": department,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH.format(narrowed=narrowed), parameters)
        return [Found(*row) for row in cursor.fetchall()]


class CompletionMixin(models.QuerySet["Collectivity"]):
    """How ``Collectivity.objects`` finds a body by its code."""

    def by_code(self, code: str) -> "Collectivity | None":
        """The body at this address: INSEE code, SIREN, ``04``, ``REG-93``; a former code leads to the body of today."""
        code = code.replace("\x00", "").strip().upper()
        found = self.filter(Q(code=code) | Q(siren=code)).order_by("-is_current").first()
        if found is not None and found.is_current:
            return found
        return self.filter(former_codes__code=code).first() or found
