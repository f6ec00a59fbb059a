"""The composition root's only table: what proves that its processes work together."""

from django.db import models


class Canary(models.Model):
    """When a worker last carried out a task that beat had sent through Redis: one row."""

    name = models.CharField(primary_key=True, max_length=20)
    answered_at = models.DateTimeField()

    class Meta:
        verbose_name = "témoin"

    def __str__(self) -> str:
        return f"{self.name} {self.answered_at:%d/%m/%Y %H:%M:%S}"
