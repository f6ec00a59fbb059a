"""Persons and the bodies they work for.

A person is one row, whatever the number of his mandates. A town hall often has a single mailbox for several persons
(PRACTICE 2.1): such a person has no address of his own and is known at the mailbox of an organisation.
"""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Trim

from accounts.enums import Civility, OrganisationKind


def normalise_email(address: str) -> str:
    """The one form in which addresses are stored and compared: no space around, all lower case."""
    return address.strip().lower()


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str | None, password: str | None = None, **fields: Any) -> "User":
        """Creates a person. Without ``password`` he signs in by code only."""
        user = self.model(email=normalise_email(email) if email else None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise_email(username or ""))


class Organisation(models.Model):
    """A body that persons act for, other than by an elected or administrative mandate of a collectivity.

    For a collectivity there is at most one row: it carries the official address, control of which proves a mandate.
    """

    kind = models.CharField("nature", max_length=20, choices=OrganisationKind)
    code = models.SlugField(
        "code",
        max_length=60,
        unique=True,
        null=True,
        blank=True,
        help_text="Identifiant stable : anct, anah, guichet-04…",
    )
    name = models.CharField("nom", max_length=200)
    short_name = models.CharField("nom court", max_length=60, blank=True)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    department = models.ForeignKey(
        "territories.Department",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name="département",
    )
    collectivity = models.ForeignKey(
        "territories.Collectivity",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name="collectivité",
    )
    email = models.EmailField("adresse électronique officielle", blank=True)
    telephone = models.CharField("téléphone", max_length=30, blank=True)
    address = models.TextField("adresse postale", blank=True)

    class Meta:
        verbose_name = "organisation"
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["email"], name="organisation_email", condition=~models.Q(email=""))]
        constraints = [
            models.CheckConstraint(
                name="organisation_email_normalised", condition=models.Q(email=Lower(Trim("email")))
            ),
            models.CheckConstraint(
                name="organisation_collectivity_kind",
                condition=models.Q(kind=OrganisationKind.COLLECTIVITY, collectivity__isnull=False)
                | (~models.Q(kind=OrganisationKind.COLLECTIVITY) & models.Q(collectivity__isnull=True)),
                violation_error_message="Seule une organisation de nature « Collectivité » désigne une collectivité.",
            ),
            models.UniqueConstraint(
                name="organisation_one_per_collectivity",
                fields=["collectivity"],
                condition=models.Q(kind=OrganisationKind.COLLECTIVITY),
                violation_error_message="Cette collectivité a déjà sa fiche.",
            ),
            models.CheckConstraint(
                name="organisation_siren_nine_digits",
                condition=models.Q(siren="") | models.Q(siren__regex=r"^[0-9]{9}$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        return self.short_name or self.name


class User(AbstractBaseUser, PermissionsMixin):
    """A person. ``is_staff`` opens the settings (Django admin) and gives no right on requests: mandates do."""

    email = models.EmailField("adresse électronique", unique=True, null=True, blank=True)
    first_name = models.CharField("prénom", max_length=80)
    last_name = models.CharField("nom", max_length=80)
    civility = models.CharField("civilité", max_length=4, choices=Civility, blank=True)
    telephone = models.CharField("téléphone", max_length=30, blank=True)
    mailbox = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="persons",
        verbose_name="boîte partagée",
        help_text="L’adresse commune où cette personne est connue, quand elle n’a pas la sienne.",
    )
    is_active = models.BooleanField("actif", default=True)
    is_staff = models.BooleanField("accès aux réglages", default=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    class Meta:
        verbose_name = "personne"
        ordering = ["last_name", "first_name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="user_email_normalised",
                condition=models.Q(email__isnull=True) | (models.Q(email=Lower(Trim("email"))) & ~models.Q(email="")),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def clean(self) -> None:
        self.email = normalise_email(self.email) if self.email else None

    @property
    def display_name(self) -> str:
        """« Mme Bruyère », or « Prénom Nom » when the civility is not known."""
        return f"{self.civility}\N{NO-BREAK SPACE}{self.last_name}" if self.civility else self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def contact_email(self) -> str:
        """Where to write: his own address, else the mailbox he shares, else nothing."""
        if self.email:
            return self.email
        return self.mailbox.email if self.mailbox else ""
