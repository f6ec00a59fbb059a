"""Subjects in mayors' words, each leading to one theme (SCREENS 2). Reference data: a new one needs its theme."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from operators.enums import SubjectGroup, Theme
from operators.matching.vocabulary import UNKNOWN_SUBJECT


class SubjectQuerySet(models.QuerySet["Subject"]):
    def active(self) -> "SubjectQuerySet":
        return self.filter(is_active=True)


class Subject(models.Model):
    """What a mayor ticks. ``keywords`` are other words for it, used by the search of the filing page."""

    code = models.SlugField("code", max_length=40, unique=True)
    label = models.CharField("intitulé", max_length=80)
    group = models.CharField("groupe", max_length=12, choices=SubjectGroup.choices, blank=True)
    theme = models.CharField("thème", max_length=3, choices=Theme.choices, null=True, blank=True)  # noqa: DJ001
    order = models.PositiveSmallIntegerField("ordre", default=0)
    keywords = ArrayField(models.CharField(max_length=40), verbose_name="mots du maire", default=list, blank=True)
    is_active = models.BooleanField("proposé", default=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        verbose_name = "sujet"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                name="subject_has_theme_and_group",
                condition=Q(code=UNKNOWN_SUBJECT, theme__isnull=True, group="")
                | (
                    ~Q(code=UNKNOWN_SUBJECT)
                    & Q(theme__isnull=False, theme__in=Theme.values)
                    & Q(group__in=SubjectGroup.values)
                ),
                violation_error_message="Indiquez le thème et le groupe du sujet.",
            ),
        ]

    def __str__(self) -> str:
        return self.label
