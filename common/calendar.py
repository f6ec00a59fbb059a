"""Working days, with the public holidays of each territory (PRACTICE 1.11).

A territory is a department or overseas collectivity code. Sources: article L3133-1 of the Code du travail; L3134-13
(Bas-Rhin, Haut-Rhin and Moselle: Good Friday and 26 December); L3422-2 (abolition of slavery, overseas). Customary
days kept by some employers only (Mi-Carême, Good Friday and Victor Schœlcher day in the Antilles) are counted as
holidays, as the library does: a desk there is closed, and a delay announced to a mayor must not be shorter than the
one kept.
"""

import datetime as dt
from functools import lru_cache

import holidays as library

#: Department code → subdivision of the `holidays` library; absent: the eleven national days.
_SUBDIVISIONS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


@lru_cache(maxsize=1024)
def holidays(territory: str, year: int) -> frozenset[dt.date]:
    """The public holidays of ``territory`` in ``year``."""
    return frozenset(library.France(subdiv=_SUBDIVISIONS.get(territory), years=year))


def is_working_day(day: dt.date, territory: str) -> bool:
    """Monday to Friday, and not a public holiday there."""
    return day.weekday() < 5 and day not in holidays(territory, day.year)


def add_working_days(day: dt.date, n: int, territory: str) -> dt.date:
    """The ``n``-th working day after ``day`` (before it when negative). ``n`` = 0: ``day`` itself, or the next working
    day."""
    step = dt.timedelta(days=-1 if n < 0 else 1)
    if n == 0:
        while not is_working_day(day, territory):
            day += step
        return day
    left = abs(n)
    while left:
        day += step
        left -= is_working_day(day, territory)
    return day


def working_days_between(a: dt.date, b: dt.date, territory: str) -> int:
    """Number of working days after ``a``, up to and including ``b``; negative when ``b`` precedes ``a``."""
    if b < a:
        return -working_days_between(b, a, territory)
    return sum(is_working_day(a + dt.timedelta(days=i), territory) for i in range(1, (b - a).days + 1))
