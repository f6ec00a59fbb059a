"""Where to send what the desk can't answer (DOMAIN 4.6). Reference data: staff keeps it and says when it was verified.

A file that was redirected keeps the words and the address of that day.
"""

import datetime as dt

from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from operators import elsewhere
from operators.enums import RedirectionReason
from operators.models.subject import Subject
from territories.models import Collectivity


class RedirectionQuerySet(models.QuerySet["Redirection"]):
    def active(self) -> "RedirectionQuerySet":
        return self.filter(is_active=True)


class Redirection(models.Model):
    """A service that answers better than the desk, and what the applicant is told of it."""

    code = models.SlugField("code", max_length=40, unique=True)
    label = models.CharField("quand", max_length=80, help_text="Ce que demande la collectivité, en quelques mots.")
    reason = models.CharField("motif", max_length=16, choices=RedirectionReason.choices)
    target = models.CharField("vers qui", max_length=120, help_text="Un service ou un portail, par son nom.")
    url = models.CharField(
        "adresse",
        max_length=elsewhere.LONGEST_TEMPLATE,
        help_text="Remplacés dans le lien, quand ils sont connus : {commune} (code Insee), {departement} (code), "
        "{sujet} (intitulé).",
    )
    text = models.TextField("ce que lira la collectivité", max_length=1000)
    verified_on = models.DateField("vérifié le", null=True, blank=True, help_text="À revoir au bout d’un an.")
    order = models.PositiveSmallIntegerField("ordre", default=0)
    is_active = models.BooleanField("proposée", default=True)

    objects = RedirectionQuerySet.as_manager()

    class Meta:
        verbose_name = "réorientation courante"
        verbose_name_plural = "réorientations courantes"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                name="redirection_leads_to_a_page",
                condition=Q(url__iregex=r"^https?://[^/]+"),
                violation_error_message="L’adresse commence par https:// ou http://.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        super().clean()
        if self.url and (fault := elsewhere.fault(self.url)):
            raise ValidationError({"url": fault})

    def address(self, body: Collectivity | None = None, subject: Subject | None = None, *, department: str = "") -> str:
        """The link for that body and that subject, where the target takes them. ``department``: that of the desk, when
        it is not the body's."""
        values = {
            "commune": body.code if body and body.is_municipal else "",
            "departement": department or (body.department_id if body else ""),
            "sujet": subject.label if subject and subject.theme else "",
        }
        return elsewhere.filled(self.url, values)

    def is_stale(self, on: dt.date) -> bool:
        """Not verified for a year, or never."""
        return self.verified_on is None or self.verified_on < on - relativedelta(years=1)
