"""The kernel's own tasks: they carry names and ids, the rows carry the work."""

from celery import shared_task

from common import jobs


@shared_task(name="common.perform")
def perform(name: str, pk: int | str) -> None:
    """One piece of one work."""
    jobs.get(name).perform(pk)


@shared_task(name="common.sweep")
def sweep(names: list[str]) -> None:
    """Whatever is due of these works: one transaction left several pieces. A turn each, as the reconciler: the time
    limit of a task must not fall between the sending of a mail and its record."""
    jobs.sweep(names, turn=jobs.TURN_SECONDS)
