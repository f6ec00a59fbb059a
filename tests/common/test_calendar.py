"""Working days, territory by territory."""

import datetime as dt

import pytest

from common.calendar import add_working_days, holidays, is_working_day, working_days_between


@pytest.mark.parametrize(
    ("day", "here", "elsewhere"),
    [
        (dt.date(2026, 4, 3), "67", "04"),  # Good Friday
        (dt.date(2025, 12, 26), "57", "88"),
        (dt.date(2025, 12, 26), "68", "90"),
        (dt.date(2026, 6, 10), "973", "972"),  # abolition of slavery
        (dt.date(2026, 5, 22), "972", "973"),
        (dt.date(2026, 5, 27), "971", "974"),
        (dt.date(2027, 12, 20), "974", "04"),
        (dt.date(2026, 4, 27), "976", "04"),
    ],
)
def test_holidays_of_one_territory_only(day, here, elsewhere):
    assert not is_working_day(day, here)
    assert is_working_day(day, elsewhere)


def test_eleven_national_holidays():
    assert len(holidays("04", 2026)) == 11
    assert dt.date(2026, 5, 14) in holidays("04", 2026)  # Ascension


def test_delays_skip_weekends_and_holidays():
    wednesday = dt.date(2026, 4, 1)
    assert add_working_days(wednesday, 5, "04") == dt.date(2026, 4, 9)  # over Easter Monday
    assert add_working_days(wednesday, 5, "67") == dt.date(2026, 4, 10)  # over Good Friday too
    assert add_working_days(dt.date(2026, 4, 4), 0, "04") == dt.date(2026, 4, 7)
    assert add_working_days(wednesday, 0, "04") == wednesday
    assert add_working_days(dt.date(2026, 4, 7), -1, "67") == dt.date(2026, 4, 2)


def test_counting_is_the_inverse_of_adding():
    start = dt.date(2025, 12, 19)
    for territory in ("04", "57", "974"):
        for n in range(1, 30):
            end = add_working_days(start, n, territory)
            assert working_days_between(start, end, territory) == n
            assert working_days_between(end, start, territory) == -n
    assert working_days_between(start, start, "04") == 0
