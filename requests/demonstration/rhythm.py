"""When things happen in the generated lives (SCENARIOS 1.3 and 1.4): waves and dips of filings, hours of mayors and of
agents, working days, delays that are uneven. Pure: a random generator and dates in, dates out."""

import bisect
import datetime as dt
import itertools
import math
import random
from collections.abc import Mapping

from common.calendar import add_working_days, is_working_day
from operators.seeds import CATALOGUE_AT

#: The demonstration's Friday evening: nothing is made after it.
TODAY = dt.date(2026, 11, 20)
#: Three years of filings; the catalogue is older than the first.
FIRST = max(dt.date(2023, 11, 27), CATALOGUE_AT.date())

#: Filings by month: little in August, waves in January (season of grants) and in October and November.
MONTHS: Mapping[int, float] = {
    1: 1.4, 2: 1.0, 3: 1.0, 4: 1.0, 5: 1.05, 6: 1.05, 7: 0.7, 8: 0.35, 9: 1.0, 10: 1.5, 11: 1.45, 12: 0.8,
}  # fmt: skip
#: Municipal elections of 15 and 22 March 2026: a dip before, a wave of new councils after.
ELECTIONS: Mapping[tuple[int, int], float] = {
    (2025, 12): 0.55, (2026, 1): 0.45, (2026, 2): 0.45, (2026, 3): 0.4, (2026, 5): 1.75, (2026, 6): 1.8,
}  # fmt: skip
YEARS: Mapping[int, float] = {2023: 0.7, 2024: 0.85, 2025: 1.0, 2026: 1.1}
#: Monday first; mayors write on Sundays.
WEEK = (1.0, 1.0, 1.0, 0.95, 0.75, 0.5, 1.1)

#: 04 had nobody to sign between its prefect's arrival and the publication of the new order.
UNSIGNED: Mapping[str, tuple[dt.date, dt.date]] = {"04": (dt.date(2026, 9, 2), dt.date(2026, 9, 14))}


def _weight(day: dt.date) -> float:
    month = ELECTIONS.get((day.year, day.month), MONTHS[day.month])
    return month * YEARS[day.year] * WEEK[day.weekday()]


_DAYS = [FIRST + dt.timedelta(days=rank) for rank in range((TODAY - FIRST).days + 1)]
_CUMULATED = list(itertools.accumulate(map(_weight, _DAYS)))


def filings(count: int, rng: random.Random) -> list[dt.datetime]:
    """``count`` instants of filing, in order, spread as the calendar says."""
    step = _CUMULATED[-1] / count
    drawn = ((rank + rng.random()) * step for rank in range(count))
    days = (_DAYS[min(bisect.bisect_left(_CUMULATED, value), len(_DAYS) - 1)] for value in drawn)
    return sorted(dt.datetime.combine(day, _hour_of_a_mayor(day, rng)) for day in days)


def _hour_of_a_mayor(day: dt.date, rng: random.Random) -> dt.time:
    if day.weekday() == 6:
        return dt.time(rng.randint(9, 22), rng.randrange(60))
    return evening(rng) if rng.random() < 0.5 else dt.time(rng.randint(8, 18), rng.randrange(60))


def evening(rng: random.Random) -> dt.time:
    return dt.time(rng.randint(20, 22), rng.randrange(60))


def skewed(rng: random.Random, median: float, ninth: float, least: int, most: int) -> int:
    """A whole number of days around a median, with a long tail: nine out of ten under ``ninth``."""
    sigma = math.log(ninth / median) / 1.2816
    return max(least, min(most, round(rng.lognormvariate(math.log(median), sigma))))


def acknowledgement(rng: random.Random) -> int:
    """Working days before the receipt: median 4, nine in ten within 9."""
    return skewed(rng, 4, 9, 1, 16)


def first_answer(rng: random.Random) -> int:
    """Working days before the first answer to the need: median 17, nine in ten within 41."""
    return skewed(rng, 17, 41, 3, 70)


def working(day: dt.date, days: int, department: str) -> dt.date:
    return add_working_days(day, days, department)


def signing(day: dt.date, department: str) -> dt.date:
    """That day, or the first working day after it on which somebody could sign for the prefect."""
    gap = UNSIGNED.get(department)
    if gap is not None and gap[0] <= day < gap[1]:
        day = gap[1]
    while not is_working_day(day, department):
        day += dt.timedelta(days=1)
    return day


def council(day: dt.date) -> dt.date:
    """That day, or the first week of September: no council sits in August."""
    return day if day.month != 8 else dt.date(day.year, 9, 1 + day.day % 10)
