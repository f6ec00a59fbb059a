"""Wake-ups: an id in, one piece of work."""

from celery import shared_task

from common import jobs
from files import services


@shared_task(name="files.scan")
def scan(pk: str) -> None:
    """Scans one file."""
    jobs.get(services.WORK).perform(pk)
