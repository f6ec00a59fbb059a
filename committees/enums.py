"""Closed lists of the committees."""

from django.db import models


class College(models.TextChoices):
    """Groups of the composition (CGCT R1232-10), in the order in which it is read."""

    STATE = "state", "Représentants de l’État"
    OPERATORS = "operators", "Établissements du comité national de coordination"
    COLLECTIVITIES = "collectivities", "Collectivités territoriales et groupements"
    ENGINEERING = "engineering", "Acteurs de l’ingénierie"
    PARLIAMENT = "parliament", "Parlementaires"
