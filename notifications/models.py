"""Outbox and mails: what is to be told, written in the transaction that gave cause to tell it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.models import Job, undone_index
from notifications.enums import MailState


class OutboxEvent(Job):
    """An event somebody must be told of, as it was emitted. Undone until its mails are written."""

    event = models.CharField("événement", max_length=100, editable=False)
    event_id = models.UUIDField("identifiant de l’événement", primary_key=True, editable=False)
    payload = models.JSONField("contenu", default=dict, editable=False, help_text="Effacé quand il porte un secret.")
    at = models.DateTimeField("survenu le", editable=False)
    #: What keeps it back for a moment (``notifications.hold``).
    hold = models.UUIDField("retenue", null=True, editable=False)
    cancelled_at = models.DateTimeField("annulé le", null=True, editable=False)

    class Meta:
        verbose_name = "événement à annoncer"
        verbose_name_plural = "événements à annoncer"
        indexes = [
            undone_index("notifications_outbox_todo"),
            models.Index(fields=["hold"], name="notifications_outbox_hold", condition=Q(hold__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(cancelled_at=None) | Q(done_at__isnull=False), name="notifications_outbox_cancelled_is_done"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.event_id}"


class Mail(Job):
    """One mail to one person about one event: unique, so that telling twice is impossible.

    ``message_id`` never changes: a mail sent again after a crash is recognised by the receiving server.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event_id = models.UUIDField("événement", editable=False)
    kind = models.CharField("nature", max_length=80, editable=False)
    recipient_key = models.CharField("destinataire", max_length=100, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="mails",
        editable=False,
        verbose_name="personne",
    )
    to_email = models.EmailField("adresse", max_length=254, editable=False)
    to_name = models.CharField("nom", max_length=200, blank=True, editable=False)
    reply_to = models.EmailField("répondre à", max_length=254, blank=True, editable=False)
    subject = models.CharField("objet", max_length=250, editable=False)
    text = models.TextField("texte", editable=False)
    html = models.TextField("HTML", blank=True, editable=False)
    message_id = models.CharField("Message-ID", max_length=200, unique=True, editable=False)
    object_reference = models.CharField("à propos de", max_length=60, blank=True, editable=False)
    secret = models.BooleanField("porte un secret", default=False, editable=False)
    expires_at = models.DateTimeField("sans objet après le", null=True, blank=True, editable=False)
    state = models.CharField(
        "état", max_length=10, choices=MailState.choices, default=MailState.WAITING, editable=False
    )
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "courriel"
        verbose_name_plural = "courriels"
        indexes = [
            undone_index("notifications_mail_todo"),
            models.Index(fields=["object_reference", "-id"], name="notifications_mail_object"),
            models.Index(fields=["user", "-id"], name="notifications_mail_user"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["event_id", "recipient_key", "kind"], name="notifications_mail_once_per_recipient"
            ),
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="notifications_mail_state"),
            models.CheckConstraint(
                condition=Q(state=MailState.SENT, sent_at__isnull=False, done_at__isnull=False)
                | (~Q(state=MailState.SENT) & Q(sent_at=None)),
                name="notifications_mail_sent_is_dated",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=[MailState.WAITING, MailState.SENDING]) & Q(done_at=None, failed_at=None))
                | (~Q(state__in=[MailState.WAITING, MailState.SENDING]) & ~Q(done_at=None, failed_at=None)),
                name="notifications_mail_undone_states",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to_email}"
