"""From a mail to the server: real conversations, and every way they end."""

import datetime as dt

import pytest
from django.core.management import call_command

from common import clock as portal_clock
from common import jobs
from common.events import emit
from notifications import delivery, outbox
from notifications.enums import MailState
from notifications.models import Mail, OutboxEvent
from tests.notifications.conftest import send_now_pending
from tests.notifications.events import Happened, Secret, Told

pytestmark = pytest.mark.django_db

MAYOR, DESK = "maire@mezel.example", "guichet@alpes.example"


def states():
    return dict(Mail.objects.values_list("to_email", "state"))


def test_a_mail_arrives_whole(kinds, smtp, clock):
    kinds(Told)
    emit(Happened())
    send_now_pending()
    assert states() == {MAYOR: MailState.SENT, DESK: MailState.SENT}
    message = next(each for each in smtp.messages if MAYOR in each["To"])
    mail = Mail.objects.get(to_email=MAYOR)
    assert message["Message-ID"] == mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Mézel : une nouvelle"
    assert message["To"] == f"Élodie Frêne <{MAYOR}>"
    assert message["Reply-To"] == DESK
    assert message["References"] == "<2026-04-00012@localhost>"
    assert message["Date"].datetime == portal_clock.instant()
    parts = [part.get_content_type() for part in message.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().splitlines() == mail.text.splitlines()
    assert mail.sent_at == portal_clock.now()


def test_sent_again_after_a_crash_it_is_the_same_message(kinds, smtp, clock):
    """Killed between the server's « 250 » and the commit: the server gets it again, under the same Message-ID."""
    kinds(Told)
    emit(Happened(emails=(MAYOR,)))
    send_now_pending()
    Mail.objects.update(state=MailState.SENDING, sent_at=None, done_at=None)
    clock.shift(minutes=5)
    send_now_pending()
    first, second = smtp.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_an_address_refused_for_good_bounces_at_once_and_stops_nobody(kinds, smtp):
    kinds(Told)
    smtp.refuse[MAYOR] = "550 no such user"
    emit(Happened())
    send_now_pending()
    assert states() == {MAYOR: MailState.BOUNCED, DESK: MailState.SENT}
    mail = Mail.objects.get(to_email=MAYOR)
    assert (mail.attempts, mail.sent_at) == (1, None)
    assert "550 no such user" in mail.last_error


def test_a_message_refused_for_good_bounces_too(kinds, smtp):
    kinds(Told)
    smtp.answer = "554 rejected"
    emit(Happened(emails=(MAYOR,)))
    send_now_pending()
    assert states() == {MAYOR: MailState.BOUNCED}


def test_an_address_put_off_waits_then_arrives(kinds, smtp, clock):
    kinds(Told)
    smtp.refuse[MAYOR] = "451 greylisted"
    emit(Happened())
    send_now_pending()
    assert states() == {MAYOR: MailState.WAITING, DESK: MailState.SENT}
    smtp.refuse.clear()
    clock.shift(minutes=1)
    send_now_pending()
    assert states() == {MAYOR: MailState.SENT, DESK: MailState.SENT}
    assert len(smtp.messages) == 2


def test_no_server_is_no_fault_of_the_mail(kinds, smtp, clock, settings):
    kinds(Told)
    emit(Happened())
    smtp.stop()
    send_now_pending()
    for _ in range(20):
        clock.shift(hours=1)
        delivery._closed_until = 0.0
        send_now_pending()
    assert states() == {MAYOR: MailState.WAITING, DESK: MailState.WAITING}
    assert set(Mail.objects.values_list("attempts", flat=True)) == {0}
    clock.shift(hours=48)
    delivery._closed_until = 0.0
    jobs.sweep([delivery.WORK], limit=1)
    assert sorted(states().values()) == [MailState.FAILED, MailState.WAITING]


def test_a_silent_server_is_asked_once_not_once_a_mail(kinds, smtp, monkeypatch):
    kinds(Told)
    emit(Happened())
    smtp.stop()
    tried = []
    real = delivery.get_connection
    monkeypatch.setattr(delivery, "get_connection", lambda: tried.append(1) or real())
    send_now_pending()
    assert len(tried) == 1


def test_a_mail_that_cannot_be_built_is_given_up_in_the_end(kinds, smtp, clock, monkeypatch):
    kinds(Told)
    emit(Happened())
    jobs.sweep([outbox.WORK])
    real = delivery.message

    def broken(mail):
        if mail.to_email == MAYOR:
            raise ValueError("header too odd")
        return real(mail)

    monkeypatch.setattr(delivery, "message", broken)
    for _ in range(6):
        jobs.sweep([delivery.WORK])
        clock.shift(hours=2)
    assert states() == {MAYOR: MailState.FAILED, DESK: MailState.SENT}
    assert Mail.objects.get(to_email=MAYOR).attempts == 5


def test_a_code_does_not_stay_readable_once_sent(kinds, smtp):
    kinds(Secret)
    emit(Happened(code="123456"))
    send_now_pending()
    assert "123456" in smtp.messages[0].get_body(("plain",)).get_content()
    for mail in Mail.objects.all():
        assert "123456" not in mail.text + mail.html + mail.subject
    assert OutboxEvent.objects.get().payload == {}


def test_a_code_that_expired_does_not_leave(kinds, smtp, clock):
    kinds(Secret)
    emit(Happened(code="123456", emails=(MAYOR,)))
    clock.shift(minutes=6)
    jobs.sweep([outbox.WORK])
    clock.shift(minutes=4)  # ten since it was asked for, four since it was written
    send_now_pending()
    mail = Mail.objects.get()
    assert smtp.messages == []
    assert (mail.state, "123456" in mail.text) == (MailState.FAILED, False)


def test_a_mail_given_up_may_be_sent_again_but_not_a_code(kinds, smtp, clock):
    kinds(Told)
    kinds(Secret)
    smtp.answer = "554 rejected"
    emit(Happened(emails=(MAYOR,), code="123456"))
    send_now_pending()
    smtp.answer = "250 OK"
    assert jobs.get(delivery.WORK).retry() == 1
    send_now_pending()
    assert dict(Mail.objects.values_list("kind", "state")) == {"told": MailState.SENT, "secret": MailState.BOUNCED}


@pytest.mark.django_db(transaction=True)
def test_the_tasks_do_one_piece_each(kinds, smtp):
    from notifications import tasks

    kinds(Told)
    emit(Happened(emails=(MAYOR,)))
    tasks.expand(OutboxEvent.objects.get().pk)
    tasks.send(Mail.objects.get().pk)
    tasks.send(Mail.objects.get().pk)
    assert len(smtp.messages) == 1


def test_reconciling_sends_what_no_message_announced(kinds, smtp):
    kinds(Told)
    emit(Happened())
    call_command("reconcile", "--once")
    assert len(smtp.messages) == 2
    assert Mail.objects.filter(done_at__gt=portal_clock.instant() - dt.timedelta(minutes=1)).count() == 2
