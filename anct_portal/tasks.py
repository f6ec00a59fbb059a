"""The task of the canary."""

from celery import shared_task

from anct_portal import canary


@shared_task(name="anct_portal.sing")
def sing() -> None:
    canary.sing()
