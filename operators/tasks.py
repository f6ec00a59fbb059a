"""The night's work of the catalogue."""

from celery import shared_task

from common import jobs
from operators import coverage
from operators.services import loads, offers, publications


@shared_task(name="operators.compute_coverage")
def compute_coverage() -> None:
    """Today's coverage of the nation; the days that are too old go. Twice is once."""
    coverage.compute_nation()
    coverage.purge()


@shared_task(name="operators.load_offers", soft_time_limit=1740, time_limit=1800)
def load_offers(pk: int) -> None:
    """Reads a spreadsheet of offers, or applies it: thirty-five thousand lines take minutes."""
    jobs.get(loads.WORK).perform(pk)


@shared_task(name="operators.keep_catalogue")
def keep_catalogue() -> None:
    """Offers past their last day leave the catalogue, those whose first day has come are told of; keepers are asked
    about those that end soon or grow old."""
    offers.expire_due()
    offers.open_due()
    offers.question_due()


@shared_task(name="operators.publish_guides")
def publish_guides() -> None:
    """Every guide is asked for again: a reader finds it made. One that waits already is asked for once."""
    publications.ask_all()
