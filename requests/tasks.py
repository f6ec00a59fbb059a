"""Celery tasks: an id in, one call. Each may run twice, or never: the reconciler does what is undone."""

from celery import shared_task

from common import jobs
from requests.services import drafts, followup, solicitations, undo


@shared_task(name="requests.route_support_request")
def route_support_request(job_id: int) -> None:
    jobs.perform_with_others("requests.routing", job_id)


@shared_task(name="requests.dispatch_decision")
def dispatch_decision(dispatch_id: int) -> None:
    jobs.get("requests.dispatch").perform(dispatch_id)


@shared_task(name="requests.write_letter")
def write_letter(document_id: int) -> None:
    jobs.get("requests.letters").perform(document_id)


@shared_task(name="requests.simulate")
def simulate(replay_id: int) -> None:
    jobs.get("requests.simulation").perform(replay_id)


@shared_task(name="requests.ask_due_surveys")
def ask_due_surveys() -> None:
    """All of them, by as many transactions as it takes: beat may have been dead for days."""
    while followup.ask_due_surveys():
        pass


@shared_task(name="requests.remind_providers")
def remind_providers() -> None:
    solicitations.remind_due()
    solicitations.question_declined()


@shared_task(name="requests.purge_drafts")
def purge_drafts() -> None:
    while drafts.purge():
        pass


@shared_task(name="requests.purge_held_acts")
def purge_held_acts() -> None:
    undo.purge()
