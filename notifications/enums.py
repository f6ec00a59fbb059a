"""States of a mail."""

from django.db.models import TextChoices


class MailState(TextChoices):
    WAITING = "waiting", "en attente"
    SENDING = "sending", "en cours d’envoi"
    SENT = "sent", "envoyé"
    BOUNCED = "bounced", "refusé par le destinataire"
    FAILED = "failed", "abandonné"
