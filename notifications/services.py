"""What other apps may ask about mails: cancel one in time, or have everything sent now."""

import uuid

from django.db import transaction

from common import clock, jobs
from common.errors import Conflict
from notifications import delivery, outbox
from notifications.enums import MailState
from notifications.models import Mail, OutboxEvent


def cancel(event_id: uuid.UUID, *, kind: str = "") -> int:
    """Cancels the mails of an event (of one kind if told) and returns how many.

    All or nothing: raises ``Conflict`` when one has left already, or is leaving. An event whose mails are not written
    yet is cancelled whole, unless ``kind`` is told: then its mails are written first.
    """
    now = clock.instant()
    with transaction.atomic():
        row = OutboxEvent.objects.select_for_update().filter(event_id=event_id).first()
        if row is not None and row.is_undone:
            if kind:
                outbox.expand(row)
            else:
                row.payload = {}
            row.done_at = now
            row.save()
        mails = Mail.objects.filter(event_id=event_id, **({"kind": kind} if kind else {}))
        # A mail that is leaving is locked by whoever sends it: it is not waited for.
        locked = list(mails.select_for_update(skip_locked=True))
        if len(locked) < mails.count() or any(mail.state in (MailState.SENT, MailState.SENDING) for mail in locked):
            raise Conflict("Ce courriel est déjà parti : il n’est plus possible de l’annuler.", code="mail_sent")
        waiting = [mail for mail in locked if mail.state == MailState.WAITING]
        for mail in waiting:
            mail.state, mail.done_at = MailState.CANCELLED, now
            mail.save()
        return len(waiting)


def send_now_pending(*, limit: int = 10_000) -> int:
    """Writes and sends all that is due, in this process, and returns how many pieces were tried. For seeds and tests:
    elsewhere workers and the reconciler do it."""
    tried = 0
    while step := jobs.sweep([outbox.WORK, delivery.WORK], limit=limit):
        tried += step
    return tried
