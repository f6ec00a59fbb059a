"""What a file may be and what is known of its safety."""

from django.db.models import TextChoices


class ScanState(TextChoices):
    PENDING = "pending", "analyse en cours"
    CLEAN = "clean", "sans virus connu"
    INFECTED = "infected", "infecté"
    FAILED = "failed", "analyse impossible"
    NOT_SCANNED = "not_scanned", "non analysé"
