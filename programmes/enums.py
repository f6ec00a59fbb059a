"""Closed lists of the national programmes."""

from django.db import models

from programmes import reference


class MemberLevel(models.TextChoices):
    """The level at which a programme names its members (DOMAIN 6): a label follows a commune, a grouping or a place."""

    COMMUNE = reference.COMMUNE, "Communes"
    EPCI = reference.EPCI, "Intercommunalités"
    PLACE = reference.PLACE, "Lieux"


#: Programmes of which a commune may hold one at a time (DOMAIN 6, PRACTICE 3.11). Written into a database constraint.
EXCLUSIVE_CODES = ("ACV", "PVD", "VA")
