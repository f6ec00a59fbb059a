"""An act whose mails wait for a moment, so that it may be taken back (SCREENS 5)."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from requests.models.intake import SupportRequest


class HeldAct(models.Model):
    """What one person did to one file, and how it is undone. Of no use once told; purged after a day.

    It is about a transition, a decision, a message (which goes when it is taken back), or a solicitation: reminded,
    cancelled, or answered by telephone.
    """

    #: That of the mails kept back (``notifications.hold``).
    id = models.UUIDField(primary_key=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="held_acts")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    transition = models.OneToOneField("requests.Transition", models.PROTECT, null=True, related_name="+")
    message = models.OneToOneField("requests.Message", models.SET_NULL, null=True, related_name="+")
    decision = models.OneToOneField("requests.Decision", models.PROTECT, null=True, related_name="+")
    solicitation = models.ForeignKey("requests.Solicitation", models.PROTECT, null=True, related_name="+")
    #: ``[model, key, columns]``, to be set again; without columns, the row was made by the act and goes with it.
    reverse = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    #: The words of a message taken back, for its author to mend.
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    told_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "acte retenu"
        verbose_name_plural = "actes retenus"
        indexes = [
            models.Index(fields=["support_request", "person", "-told_at"], name="held_act_latest"),
            models.Index(fields=["told_at"], name="held_act_to_purge"),
        ]
        constraints = [
            models.CheckConstraint(
                name="held_act_is_about_one_thing",
                condition=Q(transition=None, message=None, solicitation=None)
                | Q(transition=None, decision=None, solicitation=None)
                | Q(message=None, decision=None, solicitation=None)
                | Q(transition=None, message=None, decision=None),
            )
        ]

    def __str__(self) -> str:
        return f"acte retenu jusqu’au {self.told_at:%Y-%m-%d %H:%M:%S}"
