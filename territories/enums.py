"""Closed lists of the territories. Values are an API contract; labels are read by users."""

from django.db import models


class AreaKind(models.TextChoices):
    """A department, or an overseas collectivity, which also has a State's representative and a desk."""

    DEPARTMENT = "department", "département"
    OVERSEAS_COLLECTIVITY = "overseas_collectivity", "collectivité d’outre-mer"


class Zone(models.TextChoices):
    METROPOLITAN = "metro", "France hexagonale et Corse"
    OVERSEAS_DEPARTMENT = "drom", "département et région d’outre-mer"
    OVERSEAS_COLLECTIVITY = "com", "collectivité d’outre-mer"


class Liaison(models.IntegerChoices):
    """« Type de nom en clair » of the official geographic code (INSEE, TNCC): which article a name takes."""

    DE = 0, "de"
    D = 1, "d’"
    DU = 2, "du"
    DE_LA = 3, "de la"
    DES = 4, "des"
    DE_L = 5, "de l’"
    DES_AUX = 6, "des (aux)"
    DE_LAS = 7, "de las"
    DE_LOS = 8, "de los"


class CollectivityKind(models.TextChoices):
    COMMUNE = "commune", "commune"
    EPCI = "epci", "intercommunalité"
    EPT = "ept", "établissement public territorial"
    DEPARTMENT = "department", "département"
    REGION = "region", "région"
    OVERSEAS = "overseas", "collectivité ou commune d’outre-mer"
    SYNDICATE = "syndicate", "syndicat"
    PETR = "petr", "pôle d’équilibre territorial et rural"
    OTHER = "other", "autre organisme public"


class FormerCodeKind(models.TextChoices):
    """Why a code that is not a current commune's leads to one."""

    FORMER = "former", "ancienne commune"
    DELEGATED = "delegated", "commune déléguée"
    ASSOCIATED = "associated", "commune associée"
    MUNICIPAL_ARRONDISSEMENT = "municipal_arrondissement", "arrondissement municipal"
