"""From an event to its mails."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from structlog.testing import capture_logs

from common import clock as portal_clock
from common import jobs
from common.events import emit
from notifications import outbox
from notifications.enums import MailState
from notifications.models import Mail, OutboxEvent
from notifications.payload import pack, unpack
from tests.notifications.events import Broken, Colour, Happened, Secret, Told

pytestmark = pytest.mark.django_db


def expand():
    jobs.sweep([outbox.WORK])


def test_an_event_is_rebuilt_exactly():
    event = Happened(
        number=3,
        day=dt.date(2026, 3, 3),
        amount=Decimal("12.30"),
        colour=Colour.BLUE,
        codes=frozenset({"04", "2A"}),
        extra={"a": 1},
    )
    again = unpack(event.name, pack(event), event_id=event.id, at=event.at)
    assert again == event
    assert isinstance(again.colour, Colour)
    assert isinstance(again.emails, tuple)


def test_an_event_written_by_an_older_or_newer_version_is_still_read():
    event = Happened()
    again = unpack(event.name, {"place": "Mézel", "gone": 1}, event_id=event.id, at=event.at)
    assert again == event


def test_an_event_holds_plain_values_only():
    with pytest.raises(TypeError, match="plain values"):
        pack(Happened(extra={"a": object()}))


def test_one_row_an_event_and_no_mail_in_the_transaction(kinds):
    kinds(Told)
    event = Happened()
    emit(event)
    emit(event)  # a receiver that runs twice tells once
    assert OutboxEvent.objects.count() == 1
    assert not Mail.objects.exists()


def test_an_event_nobody_is_told_of_leaves_nothing(kinds):
    emit(Happened())
    assert not OutboxEvent.objects.exists()


def test_what_is_rolled_back_is_told_to_nobody(kinds):
    kinds(Told)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit(Happened())
        _ = 1 / 0
    assert not OutboxEvent.objects.exists()


def test_one_mail_a_recipient_and_kind(kinds):
    kinds(Told)
    event = Happened()
    emit(event)
    expand()
    OutboxEvent.objects.update(done_at=None, not_before=None)
    expand()
    mails = list(Mail.objects.order_by("to_email"))
    assert [mail.to_email for mail in mails] == ["guichet@alpes.example", "maire@mezel.example"]
    mail = mails[1]
    assert mail.subject == "Mézel : une nouvelle"
    assert mail.message_id == f"<{mail.uuid}@localhost>"
    assert (mail.state, mail.to_name, mail.event_id) == (MailState.WAITING, "Élodie Frêne", event.id)


def test_text_is_not_escaped_and_html_is(kinds):
    kinds(Told)
    emit(Happened())
    expand()
    mail = Mail.objects.first()
    assert "<rien> & l’autre" in mail.text
    assert "&lt;rien&gt; &amp; l’autre" in mail.html
    assert '<html lang="fr"' in mail.html
    assert "<table" not in mail.html
    assert "<script" not in mail.html
    assert "<img" not in mail.html
    assert "\n\n\n" not in mail.text


def test_a_kind_that_fails_does_not_stop_the_others(kinds, clock, monkeypatch):
    kinds(Broken)
    kinds(Told)
    emit(Happened())
    with capture_logs() as logs:
        expand()
    assert {log["kind"] for log in logs if log["event"] == "notification_failed"} == {"broken"}
    assert Mail.objects.filter(kind="told").count() == 2
    row = OutboxEvent.objects.get()
    assert row.is_undone
    assert "broken: KeyError" in row.last_error
    clock.shift(seconds=10)
    monkeypatch.setattr(Broken, "subject", Told.subject)
    expand()
    assert Mail.objects.filter(kind="broken").count() == 2
    assert Mail.objects.count() == 4


def test_an_address_no_header_can_bear_stops_its_kind_only(kinds):
    kinds(Told)
    emit(Happened(emails=("pas une adresse", "maire@mezel.example")))
    expand()
    assert "told" in OutboxEvent.objects.get().last_error
    assert not Mail.objects.exists()


def test_nobody_without_an_address_is_told(kinds):
    kinds(Told)
    emit(Happened(emails=("", "maire@mezel.example")))
    expand()
    assert Mail.objects.count() == 1


def test_the_outbox_forgets_a_secret_once_the_mail_is_written(kinds):
    kinds(Secret)
    emit(Happened(code="123456"))
    assert "123456" in str(OutboxEvent.objects.get().payload)
    expand()
    assert OutboxEvent.objects.get().payload == {}
    assert Mail.objects.filter(text__contains="123456").count() == 2


def test_an_event_whose_code_was_forgotten_is_not_tried_again(kinds):
    kinds(Secret)
    emit(Happened(code="123456"))
    OutboxEvent.objects.update(payload={}, failed_at=portal_clock.now())
    assert jobs.get(outbox.WORK).retry() == 0
