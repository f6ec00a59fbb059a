"""The night's work of the catalogue."""

from celery import shared_task

from operators import coverage


@shared_task(name="operators.compute_coverage")
def compute_coverage() -> None:
    """Today's coverage of the nation; the days that are too old go. Twice is once."""
    coverage.compute()
    coverage.purge()
