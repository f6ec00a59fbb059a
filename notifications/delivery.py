"""From a mail to the SMTP server: a real conversation, one mail a time, and an outcome written whatever happens.

A mail refused for good (5xx) is *bounced* at once. One that the server puts off (4xx), or a server that does not
answer, is no fault of the mail: it waits, longer and longer, for two days. Anything else counts as a failed try.
"""

import datetime as dt
import smtplib
import time
from email.utils import format_datetime, formataddr, parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone

from common import clock, jobs
from notifications.enums import MailState
from notifications.models import Mail
from notifications.outbox import MAIL_WORK, is_still_told, mail_domain

logger = structlog.get_logger(__name__)

WORK = MAIL_WORK

#: A mail that no server took after this long is given up.
PATIENCE = dt.timedelta(days=2)
#: A mail that waited so long is sent to whoever is still told of its event.
STALE = dt.timedelta(minutes=1)
ERASED = "(Contenu effacé après l’envoi.)\n"
#: After a server that does not answer, this process leaves it alone for a moment.
BREAKER_SECONDS = 5.0

_closed_until = 0.0


def message(mail: Mail) -> EmailMultiAlternatives:
    """The MIME message, the same each time it is built."""
    headers = {
        "Message-ID": mail.message_id,
        "Date": format_datetime(timezone.localtime(mail.queued_at)),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "fr",
    }
    if mail.object_reference:
        headers["References"] = f"<{mail.object_reference}@{mail_domain()}>"
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    email = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=formataddr(sender),
        to=[formataddr((mail.to_name, mail.to_email))],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers=headers,
    )
    if mail.html:
        email.attach_alternative(mail.html, "text/html")
    return email


def send(mail: Mail) -> None:
    """Handler of the job: sends, or says why not by the exceptions of ``common.jobs``."""
    global _closed_until
    now = clock.instant()
    if mail.expires_at is not None and now >= mail.expires_at:
        raise jobs.Abandon("sans objet : le délai d’utilité du courriel est passé")
    if now - mail.queued_at >= STALE and not is_still_told(mail):
        raise jobs.Abandon("sans objet : la personne n’est plus de celles à qui ce courriel est destiné")
    if time.monotonic() < _closed_until:
        raise jobs.Later("le serveur de courriel ne répondait pas", _pause(mail, now))
    try:
        get_connection().send_messages([message(mail)])
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        _refused(mail, code, reply, now, error)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        _refused(mail, error.smtp_code, error.smtp_error, now, error)
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError, OSError) as error:
        # smtplib's own exceptions derive from OSError too: authentication and the like are here as well, and as
        # passing.
        _closed_until = time.monotonic() + BREAKER_SECONDS
        _put_off(mail, f"{type(error).__name__}: {error}", now, error)
    mail.state, mail.sent_at = MailState.SENT, clock.now()
    if mail.secret:
        erase(mail)


def _refused(mail: Mail, code: int, reply: bytes | str, now: dt.datetime, error: Exception) -> None:
    said = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    if code >= 500:
        mail.state = MailState.BOUNCED
        raise jobs.Abandon(f"{code} {said}") from error
    _put_off(mail, f"{code} {said}", now, error)


def _put_off(mail: Mail, reason: str, now: dt.datetime, error: Exception) -> None:
    if now - mail.queued_at >= PATIENCE:
        raise jobs.Abandon(reason) from error
    raise jobs.Later(reason, _pause(mail, now)) from error


def _pause(mail: Mail, now: dt.datetime) -> dt.timedelta:
    """Half its age, between 5 s and 15 minutes: tries thin out as time goes by."""
    return min(max((now - mail.queued_at) / 2, dt.timedelta(seconds=5)), dt.timedelta(minutes=15))


def give_up(mail: Mail) -> None:
    """No more tries: says so, unless the server refused it."""
    if mail.state != MailState.BOUNCED:
        mail.state = MailState.FAILED
    if mail.secret:
        erase(mail)


def erase(mail: Mail) -> None:
    """A code does not stay readable in the database."""
    mail.text, mail.html = ERASED, ""
