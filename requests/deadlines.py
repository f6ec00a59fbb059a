"""Delays of the service: parameters, none of them legal (DOMAIN 2.5). Working days of the territory unless said."""

import datetime as dt

from django.conf import settings
from django.core.exceptions import ValidationError

from common import clock
from common.calendar import add_working_days
from requests.workflow import State

#: Working days within which the holder of a state is expected to act; a state left out has no delay of its own.
WORKING_DAYS: dict[State, int] = {
    State.SUBMITTED: 10,  # receipt
    State.QUALIFICATION: 15,
    State.LOCAL_SEARCH: 20,
    State.REFERRAL_PREPARATION: 15,
    State.REFERRED: 5,
    State.NATIONAL_REVIEW: 20,
    State.DELEGATED: 15,
    State.CONTRACTING: 40,
}
#: What the desk promises to an official while figures are too few (SCREENS 0).
COMMITMENT_DAYS = 15
#: An answer to a proposal is awaited this long, or this many days after the next council (PRACTICE 1.9).
PROPOSAL_DAYS = 10
DAYS_AFTER_COUNCIL = 5
SOLICITATION_DAYS = 10
#: A provider who is away is given so many days from his return, if that is later.
AFTER_RETURN_DAYS = 3
#: And so many from the desk's answer to what he asked.
AFTER_QUESTION_DAYS = 3
#: Further ahead (calendar days), an expected date is a slip.
SOLICITATION_MOST_DAYS = 120
#: A provider is reminded so many days before the day expected, and once more so many days after; not for ever.
REMIND_BEFORE_DAYS = 2
REMIND_AFTER_DAYS = 2
REMIND_UP_TO_DAYS = 20
COMPLETION_DAYS = 20
#: « Relancer » opens at this many working days without an event (SCREENS 3).
CHASE_AFTER_DAYS = 15
#: A follow-up silent for so many days is shown to the desk.
SILENT_FOLLOW_UP_DAYS = 60
#: A council further ahead, like a reception further back, is a slip of the year.
YEARS_IN_SIGHT = 2
REOPENING_MONTHS = 12
SURVEY_MONTHS = 6


def due_on(state: State, since: dt.date, territory: str) -> dt.date | None:
    """The day by which the holder of ``state`` is expected to act, when the state has a delay of its own."""
    days = WORKING_DAYS.get(state)
    return None if days is None else add_working_days(since, days, territory)


def solicitation_due(asked: dt.date, territory: str, away_until: dt.date | None = None) -> dt.date:
    """By when a provider is expected to answer; later when he is away until the end of a day."""
    usual = add_working_days(asked, SOLICITATION_DAYS, territory)
    if away_until is None or away_until < asked:
        return usual
    return max(usual, add_working_days(away_until, AFTER_RETURN_DAYS, territory))


def commitments_close(sent: dt.date) -> dt.date:
    """The last day of the commitments that a referral sent that day can enter; its year is theirs (PRACTICE 1.6)."""
    closing = dt.date.fromisoformat(f"{sent.year}-{settings.COMMITMENTS_CLOSE_ON}")
    return closing if sent <= closing else dt.date.fromisoformat(f"{sent.year + 1}-{settings.COMMITMENTS_CLOSE_ON}")


def answer_by(asked: dt.date, council_on: dt.date | None, territory: str) -> dt.date:
    """By when a proposal is to be answered: ten working days, or five days after the next council if that is later."""
    limit = add_working_days(asked, PROPOSAL_DAYS, territory)
    if council_on is None or council_on < asked:
        return limit
    return max(limit, council_on + dt.timedelta(days=DAYS_AFTER_COUNCIL))


def council_in_sight(on: dt.date) -> None:
    """A validator of forms and of the API: a slip of the year would carry every delay with it."""
    in_sight = dt.timedelta(days=366 * YEARS_IN_SIGHT)
    if abs(on - clock.today()) > in_sight:
        raise ValidationError("Ce conseil est à plus de deux ans d’aujourd’hui : vérifiez l’année.")
