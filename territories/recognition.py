"""Which body somebody means who typed a name and had no script to choose from a list."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import connection

from common.french import joined
from territories.completion import Found, search, split_label, typed_words
from territories.models import Collectivity

CANDIDATES = 20
SUGGESTIONS = 3
#: Slips that are forgiven, by length of what was typed.
_SLIPS = ((3, 0), (5, 1), (9, 2))
_MOST_SLIPS = 3
#: A letter left out is the commonest slip: « mezl » is Mézel before it is Mèze.
_LEFT_OUT = 0.9


@dataclass(frozen=True)
class Recognised:
    """One of three: the body meant; several that answer equally; or, when nobody does, names that look alike."""

    text: str
    exact: Collectivity | None = None
    candidates: list[Found] = field(default_factory=list)
    suggestions: list[Found] = field(default_factory=list)

    @property
    def message(self) -> str:
        """What the page says; nothing when the body is known."""
        if self.exact is not None:
            return ""
        if len(self.candidates) == 1:
            return f"Est-ce bien {self.candidates[0].label} ? Choisissez-la pour continuer."
        if self.candidates:
            return "Plusieurs collectivités correspondent : choisissez la vôtre."
        said = f"Aucune commune ne correspond à « {self.text} »."
        if self.suggestions:
            names = joined([found.label for found in self.suggestions], "ou")
            return f"{said} Vouliez-vous dire : {names} ?"
        return f"{said} Vérifiez l’orthographe, ou indiquez le code postal."


def match_collectivity(text: str, kinds: Collection[str] = ()) -> Recognised:
    """Recognises a code, a label (« Mézel (04) ») or a name that one body alone bears; otherwise says what is near it.

    A postal code that one commune alone has is enough. A beginning of a name never is: the list is shown.
    """
    text = text.strip()
    found = search(text, CANDIDATES, kinds)
    exact = [answer for answer in found if answer.exact]
    if len(exact) == 1 or (len(found) == 1 and text.replace(" ", "").isdigit()):
        bodies = Collectivity.objects.select_related("department").with_epci()
        return Recognised(text, exact=bodies.filter(pk=(exact or found)[0].pk).first())
    if found:
        return Recognised(text, candidates=exact or found)
    return Recognised(text, suggestions=suggest(text, kinds=kinds))


def suggest(text: str, limit: int = SUGGESTIONS, kinds: Collection[str] = ()) -> list[Found]:
    """Names that differ from what was typed by a slip or two; the nearest first, the most populous among equals."""
    name, department = split_label(text)
    typed = " ".join(typed_words(name))
    slips = next((most for length, most in _SLIPS if len(typed) <= length), _MOST_SLIPS)
    if not slips or typed.isdigit():
        return []
    for first_letter in (typed[0], ""):
        near = _near(typed, first_letter, slips)
        if near:
            break
    answers: dict[int, Found] = {}
    for label in near[: limit * 3]:
        for found in search(label, limit, kinds):
            if found.exact and (not department or found.department_code == department):
                answers.setdefault(found.pk, found)
    return list(answers.values())[:limit]


def _near(typed: str, first_letter: str, slips: int) -> list[str]:
    """Normal forms within ``slips``, in order. The first letter is seldom wrong: it is believed first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT normalised_name, max(population) FROM territories_collectivity WHERE is_current"
            " AND normalised_name LIKE %s AND length(normalised_name) BETWEEN %s AND %s GROUP BY normalised_name",
            [f"{first_letter}%", len(typed) - slips, len(typed) + slips],
        )
        rows = cursor.fetchall()
    letters = _letters(typed)
    measured = []
    for name, population in rows:
        # each slip changes two letters at most: most names are set aside without being compared
        if (letters ^ _letters(name)).bit_count() <= 2 * slips:
            distance = _distance(typed, name, slips)
            if distance <= slips:
                measured.append((distance, -(population or 0), name))
    measured.sort()
    return [name for distance, _, name in measured if distance < measured[0][0] + 1]


def _letters(text: str) -> int:
    mask = 0
    for letter in text:
        mask |= 1 << (ord(letter) - 32)
    return mask


def _distance(typed: str, name: str, most: int) -> float:
    """Slips from ``typed`` to ``name``: a letter left out, added, changed, or two exchanged. Stops beyond ``most``."""
    before: list[float] = []
    previous = [rank * _LEFT_OUT for rank in range(len(name) + 1)]
    for row, letter in enumerate(typed, 1):
        current = [float(row)]
        for column, other in enumerate(name, 1):
            least = min(
                previous[column] + 1,
                current[column - 1] + _LEFT_OUT,
                previous[column - 1] + (letter != other),
            )
            if row > 1 and column > 1 and letter == name[column - 2] and typed[row - 2] == other:
                least = min(least, before[column - 2] + _LEFT_OUT)
            current.append(least)
        if min(current) > most:
            return most + 1.0
        before, previous = previous, current
    return previous[-1]
