"""Which reference data the portal holds, and since when."""

from django.db import models


class ReferenceLoad(models.Model):
    """A load of the official geographic code that changed something; a load that changes nothing leaves no row."""

    at = models.DateTimeField("le")
    source = models.CharField("source", max_length=255)
    digest = models.CharField("empreinte des fichiers", max_length=64)
    population_vintage = models.PositiveSmallIntegerField("année des populations")
    epci_population_column = models.CharField("colonne de population des EPCI", max_length=40)
    changes = models.JSONField("changements", default=dict)

    class Meta:
        verbose_name = "chargement du code officiel géographique"
        verbose_name_plural = "chargements du code officiel géographique"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M}"
