"""A file and its bytes, in PostgreSQL: written and rolled back with the rest, saved with the rest."""

import uuid

from django.db import models
from django.db.models import Q

from common import clock
from common.models import Job, undone_index
from files.enums import ScanState


class StoredFile(Job):
    """What is known of a file. Who attached it, and to what, stands on each app's own row.

    It is its own job: undone until it is scanned (``scan_state`` pending).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField("nom", max_length=200)
    sha256 = models.CharField("empreinte", max_length=64, editable=False)
    content_type = models.CharField("type", max_length=100, editable=False, help_text="D’après son contenu.")
    size = models.PositiveBigIntegerField("taille en octets", editable=False)
    scan_state = models.CharField(
        "analyse", max_length=12, choices=ScanState.choices, default=ScanState.PENDING, editable=False
    )
    created_at = models.DateTimeField("reçu le", default=clock.now, editable=False)

    class Meta:
        verbose_name = "fichier"
        verbose_name_plural = "fichiers"
        indexes = [undone_index("files_storedfile_todo")]
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="files_storedfile_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="files_storedfile_sha256"),
            models.CheckConstraint(condition=Q(scan_state__in=ScanState.values), name="files_storedfile_scan_state"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_servable(self) -> bool:
        """Clean, or never scanned because the portal has no scanner; anything else stays closed."""
        return self.scan_state in (ScanState.CLEAN, ScanState.NOT_SCANNED)


class StoredContent(models.Model):
    """The bytes, apart, so that no list of files ever loads them."""

    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, primary_key=True, related_name="content")
    data = models.BinaryField()

    class Meta:
        verbose_name = "contenu de fichier"
        verbose_name_plural = "contenus de fichiers"

    def __str__(self) -> str:
        return str(self.file_id)
