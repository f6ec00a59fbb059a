"""Wake-ups: an id in, one piece of work."""

from celery import shared_task

from common import jobs
from notifications import delivery, outbox


@shared_task(name="notifications.expand")
def expand(pk: str) -> None:
    """Writes the mails of one event."""
    jobs.get(outbox.WORK).perform(pk)


@shared_task(name="notifications.send")
def send(pk: int) -> None:
    """Sends one mail."""
    jobs.get(delivery.WORK).perform(pk)
