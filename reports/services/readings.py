"""Figures read at one instant, in the words in which they are published.

A percentage never comes without its count, nor a delay without the number of files (SCREENS 0); a figure comes with its
definition, its unit, its source and its date, or not at all.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from common import clock, figures, french, perimeter
from common.figures import Figure, Period, Scope, Value

#: Since the portal opened.
EVER = Period(None, None)
#: What the public page shows, in this order: title of a group, codes of figures.
PUBLIC: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Demandes et réponses", ("requests_filed", "answers_given")),
    ("Par quelle voie l’aide est venue", ("local_share", "operator_direct_share", "national_share")),
    ("En combien de temps", ("first_answer_delay",)),
)
#: What the home page says of the nation under « Comment ça se passe » (SCREENS 1).
HOME = ("answers_given", "local_share", "first_answer_delay")


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of one scope, as it was on ``as_of``."""

    figure: Figure
    value: Value
    as_of: dt.date

    @property
    def known(self) -> bool:
        return self.value.value is not None

    @property
    def text(self) -> str:
        """« 41 demandes », « 89 % (41 demandes sur 46) », « 12 jours (médiane sur 46 demandes) », or why there is
        none."""
        value, noun = self.value, self.figure.counted
        if value.value is None:
            return french.typo(value.note or "Inconnu.")
        if self.figure.unit == "%":
            return french.share(value.part or 0, value.whole or 0, noun)
        if self.figure.unit == "jours":
            return f"{french.plural(value.value, 'jour')} (médiane sur {french.plural(value.whole or 0, noun)})"
        return french.plural(value.value, noun)


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that are read together."""

    title: str
    readings: list[Reading]

    @property
    def silence(self) -> str:
        """Why nothing can be said, once, when it is the same for the whole group."""
        said = {reading.text for reading in self.readings}
        return said.pop() if len(said) == 1 and not any(reading.known for reading in self.readings) else ""


def read(codes: Sequence[str], scope: Scope, period: Period = EVER) -> list[Reading]:
    """These figures for a scope, in this order; as many queries as there are figures."""
    today = clock.today()
    with perimeter.everything("public figures: counts, shares and medians"):
        return [Reading(each, each.compute(scope, period), today) for each in map(figures.get, codes)]


def public(scope: Scope) -> list[Group]:
    """What the public page shows of a scope."""
    return [Group(title, read(codes, scope)) for title, codes in PUBLIC]


def home() -> list[Reading]:
    """The nation's figures on the home page; those that rest on too few files are left out."""
    return [reading for reading in read(HOME, Scope()) if reading.known]
