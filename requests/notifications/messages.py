"""Messages of the three conversations, each to its own readers."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse

from notifications.registry import Recipient, register
from operators.recipients import of_provider
from requests import events, recipients
from requests.enums import AssignmentKind, ConversationChannel
from requests.models import (
    Message,
    SupportRequest,
)
from requests.notifications.base import RequestNotification, contacts, officers
from requests.workflow import NATIONAL


class MessageNotification(RequestNotification):
    event = events.MessagePosted
    channel: ClassVar[ConversationChannel]
    label = "Message reçu"

    def rows(self, event: Any) -> QuerySet[Message]:
        return Message.objects.select_related("solicitation__provider", "author__mailbox").filter(pk=event.message_id)

    def concerns(self, event: Any) -> bool:
        return self.row(event).channel == self.channel

    def recipients(self, event: Any) -> Iterable[Recipient]:
        author = self.row(event).author
        own = author.contact_email.lower()
        return [
            found for found in super().recipients(event) if found.user_id != author.pk and found.email.lower() != own
        ]

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"message de {self.row(event).author_label}"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [self.row(event).text]


@register
class PublicMessageToApplicant(MessageNotification):
    kind = "public_message_applicant"
    channel = ConversationChannel.PUBLIC
    to = staticmethod(recipients.applicant)
    button = "Répondre"


@register
class PublicMessageToDesk(MessageNotification):
    kind = "public_message_desk"
    channel = ConversationChannel.PUBLIC
    page = "requests:file"

    @staticmethod
    def to(support_request: SupportRequest) -> Iterable[Recipient]:
        yield from contacts(support_request)
        yield from officers(support_request)


@register
class InternalNote(MessageNotification):
    """To those who read internal notes and hold the file today: the contact, the national instructor in his turn."""

    kind = "internal_note"
    label = "Note interne"
    channel = ConversationChannel.INTERNAL
    page = "requests:file"

    @staticmethod
    def to(support_request: SupportRequest) -> Iterable[Recipient]:
        held = [AssignmentKind.CONTACT]
        if support_request.step in NATIONAL:
            held.append(AssignmentKind.NATIONAL_INSTRUCTOR)
        return recipients.assigned(support_request, *held)


@register
class SolicitationMessage(MessageNotification):
    """One thread a solicitation, read by the desk and that provider only."""

    kind = "solicitation_message"
    channel = ConversationChannel.SOLICITATION

    def recipients(self, event: Any) -> Iterable[Recipient]:
        message = self.row(event)
        if message.channel != self.channel:
            return
        support_request = self.request_of(event)
        both = [*of_provider(message.solicitation.provider), *contacts(support_request)]
        yield from (found for found in both if found.user_id != message.author_id)

    def path(self, event: Any, support_request: SupportRequest) -> str:
        return reverse("requests:solicitation", args=[self.row(event).solicitation.uuid])
