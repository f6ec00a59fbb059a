"""Messages, documents and named exceptions. The three conversations never meet (docs/adr/0008)."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from guardian.models import UserObjectPermissionBase

from common.models import Job, undone_index
from requests.enums import ConversationChannel, DocumentKind
from requests.models.intake import SupportRequest
from requests.models.solution import Solicitation


class Message(models.Model):
    """One message of one of the three conversations: with the applicant, internal, or with one solicited provider."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="messages")
    channel = models.CharField(max_length=12, choices=ConversationChannel.choices)
    solicitation = models.ForeignKey(Solicitation, models.PROTECT, null=True, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    author_label = models.CharField(max_length=250)
    text = models.TextField(max_length=5000)
    at = models.DateTimeField()
    submission_key = models.UUIDField(default=uuid4)

    class Meta:
        verbose_name = "message"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="message_thread_matches_its_channel",
                condition=Q(channel="solicitation", solicitation__isnull=False)
                | (~Q(channel="solicitation") & Q(solicitation__isnull=True)),
            ),
            models.UniqueConstraint(fields=["submission_key", "author"], name="message_posted_once"),
        ]
        indexes = [models.Index(fields=["support_request", "channel", "at"], name="message_by_channel")]

    def __str__(self) -> str:
        return f"{self.author_label} ({self.at:%Y-%m-%d})"


class Document(Job):
    """A file of the case, read by whoever reads its channel. A letter is a document whose PDF is still to be made."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="documents")
    channel = models.CharField(max_length=12, choices=ConversationChannel.choices)
    solicitation = models.ForeignKey(Solicitation, models.PROTECT, null=True, related_name="documents")
    kind = models.CharField(max_length=16, choices=DocumentKind.choices)
    title = models.CharField(max_length=200)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, related_name="+")
    #: The row a letter is about (a referral, a solution, a transition), so that it is written once.
    source_key = models.CharField(max_length=80, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "document"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request", "kind", "source_key"],
                condition=~Q(source_key=""),
                name="one_letter_a_source",
            ),
            models.CheckConstraint(name="document_has_a_file", condition=Q(file__isnull=False) | ~Q(source_key="")),
            models.CheckConstraint(
                name="document_thread_matches_its_channel",
                condition=Q(channel="solicitation", solicitation__isnull=False)
                | (~Q(channel="solicitation") & Q(solicitation__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["support_request", "channel"], name="document_by_channel"),
            undone_index("document_to_make"),
        ]

    def __str__(self) -> str:
        return self.title


class SupportRequestUserObjectPermission(UserObjectPermissionBase):
    """A named exception on one file, for what nothing else implies (written by ``services.grants`` only)."""

    content_object = models.ForeignKey(SupportRequest, models.CASCADE, related_name="named_grants")

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [models.Index(fields=["user", "content_object"], name="grant_by_person")]
