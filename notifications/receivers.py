"""Every event that somebody must be told of leaves one row, in the transaction that emits it."""

from django.db.models import Q

from common import jobs
from common.events import Event, subscribe
from notifications import delivery, hold, outbox
from notifications.enums import MailState
from notifications.models import Mail, OutboxEvent
from notifications.payload import pack
from notifications.registry import notifications_of

jobs.register(
    jobs.job_work(
        outbox.WORK,
        OutboxEvent,
        outbox.expand,
        task="notifications.expand",
        on_failure=outbox.forget_secrets,
        retryable=~Q(payload={}),  # an event whose code was forgotten says nothing any more
    )
)
jobs.register(
    jobs.job_work(
        delivery.WORK,
        Mail,
        delivery.send,
        task="notifications.send",
        max_attempts=5,
        claimed={"state": MailState.SENDING},
        released={"state": MailState.WAITING},
        on_failure=delivery.give_up,
        retryable=Q(secret=False),  # a code is erased when its mail is given up
    )
)


def write_outbox(event: Event) -> None:
    """One row an event, whatever the number of mails; none when nobody is to be told."""
    if not notifications_of(type(event)):
        return
    row = OutboxEvent(event_id=event.id, event=event.name, payload=pack(event), at=event.at)
    held = hold.current()
    if held is not None:
        row.hold, row.not_before = held.id, held.until
    OutboxEvent.objects.bulk_create([row], ignore_conflicts=True)  # the same event emitted twice is told once
    if held is None:
        jobs.wake(outbox.WORK, event.id)


subscribe(Event, write_outbox)
