"""From an event to its mails: written whole, one row a recipient and kind, none twice."""

import re
from email.headerregistry import Address
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from common import jobs
from common.context_processors import current_site
from common.events import Event, type_registry
from notifications.models import Mail, OutboxEvent
from notifications.payload import unpack
from notifications.registry import Notification, Recipient, notifications_of, one_event

logger = structlog.get_logger(__name__)

WORK = "notifications.outbox"
MAIL_WORK = "notifications.mails"


def mail_domain() -> str:
    """Right-hand side of every Message-ID."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def expand(row: OutboxEvent) -> None:
    """Writes the mails of an event. A kind that fails does not stop the others: it alone is tried again."""
    event = unpack(row.event, row.payload, event_id=row.event_id, at=row.at)
    failures = []
    written = set(Mail.objects.filter(event_id=event.id).values_list("kind", "recipient_key"))
    with one_event():
        for notification in notifications_of(type(event)):
            if not notification.tells(event):
                continue
            try:
                with transaction.atomic():
                    _write_mails(notification, event, written)
            except Exception as error:
                if jobs.connection_lost(error):
                    raise
                logger.exception("notification_failed", kind=notification.kind, event_id=str(row.event_id))
                failures.append(f"{notification.kind}: {type(error).__name__}: {error}")
    if failures:
        raise jobs.Incomplete("; ".join(failures))
    forget_secrets(row)


def forget_secrets(row: OutboxEvent) -> None:
    """The outbox keeps no code once it is of no use."""
    event_type = type_registry.get(row.event)
    if event_type is None or any(notification.secret for notification in notifications_of(event_type)):
        row.payload = {}


def _write_mails(notification: Notification, event: Event, written: set[tuple[str, str]]) -> None:
    for recipient in notification.recipients(event):
        mark = (notification.kind, recipient.key)
        if not recipient.email or mark in written:
            continue
        written.add(mark)
        mail = compose(notification, event, recipient)
        mail.save(force_insert=True)
        jobs.wake(MAIL_WORK, mail.pk)


def is_still_told(mail: Mail) -> bool:
    """Whether the person of a mail that waited would be told today: who lost his rights meanwhile reads nothing more.
    A code, or a mail to a mailbox, concerns no right."""
    if mail.user_id is None or mail.secret:
        return True
    row = OutboxEvent.objects.filter(event_id=mail.event_id).first()
    if row is None or row.event not in type_registry:
        return True
    event = unpack(row.event, row.payload, event_id=row.event_id, at=row.at)
    told = [each for each in notifications_of(type(event)) if each.kind == mail.kind]
    if not told:
        return True
    with one_event():
        recipients = told[0].recipients(event) if told[0].tells(event) else ()
        return mail.recipient_key in {recipient.key for recipient in recipients}


def compose(notification: Notification, event: Event, recipient: Recipient) -> Mail:
    """The mail as it will leave, not saved."""
    subject = re.sub(r"\s*[\r\n]+\s*", " ", notification.subject(event, recipient)).strip()
    context = {
        "SITE": current_site(),
        "event": event,
        "recipient": recipient,
        "subject": subject,
        "label": notification.label,
        **notification.context(event, recipient),
    }
    mail = Mail(
        event_id=event.id,
        kind=notification.kind,
        recipient_key=recipient.key,
        user_id=recipient.user_id,
        to_email=recipient.email,
        to_name=recipient.name[:200],
        reply_to=notification.reply_to(event, recipient),
        subject=subject[:250],
        text=_tidy(render_to_string(f"{notification.template}.txt", context)),
        html=render_to_string(f"{notification.template}.html", context),
        object_reference=notification.object_reference(event),
        secret=notification.secret,
        expires_at=event.at + notification.valid_for if notification.valid_for else None,
    )
    mail.message_id = f"<{mail.uuid}@{mail_domain()}>"
    Address(addr_spec=mail.to_email)  # an address that no header can bear is refused here, with its event's name
    return mail


def _tidy(text: str) -> str:
    """Template tags leave blank lines behind them."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
