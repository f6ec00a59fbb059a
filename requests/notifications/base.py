"""A mail about one request: paragraphs, one link, the human being to call."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property

from common.events import Event
from notifications.registry import Notification, Recipient, once
from requests import events, recipients
from requests.enums import AssignmentKind
from requests.models import (
    SupportRequest,
    Transition,
)
from requests.workflow import Action

NO_TACIT_ANSWER = "L’absence de réponse ne vaut pas acceptation."
DECISION_AID = (
    "Le repérage des offres est assisté par un traitement automatisé ; la décision est prise par la préfecture."
)


def contacts(support_request: SupportRequest) -> Iterable[Recipient]:
    """The desk's mailbox and the applicant's contact."""
    yield from recipients.desk(support_request)
    yield from recipients.assigned(support_request, AssignmentKind.CONTACT)


def officers(support_request: SupportRequest) -> Iterable[Recipient]:
    yield from recipients.assigned(support_request, AssignmentKind.FOLLOW_UP_OFFICER, AssignmentKind.LOCAL_REFERENT)


class About:
    """What a kind says of one event: read once, the same for every recipient."""

    def __init__(self, notification: "RequestNotification", event: Any) -> None:
        self._notification, self._event = notification, event
        requests = SupportRequest.objects.select_related("collectivity", "department__desk", "subject")
        self.support_request: SupportRequest = once("request", lambda: requests.get(pk=event.request_id))

    @cached_property
    def row(self) -> Any:
        """What the event is about beside the request."""
        (found,) = self._notification.rows(self._event)[:1]
        return found

    @cached_property
    def title(self) -> str:
        return self._notification.title(self._event, self.support_request)

    @cached_property
    def context(self) -> Mapping[str, Any]:
        support_request = self.support_request
        contact = support_request.assignments.filter(kind=AssignmentKind.CONTACT, until__isnull=True)
        paragraphs = self._notification.paragraphs(self._event, support_request)
        return {
            "support_request": support_request,
            "paragraphs": [text for text in paragraphs if text],
            "path": self._notification.path(self._event, support_request),
            "button": self._notification.button,
            "contact": contact.select_related("person").first(),
            "desk": getattr(support_request.department, "desk", None),
        }


class RequestNotification(Notification):
    """A mail about one request: paragraphs, one link, the human being to call.

    ``actions`` restricts a mail about :class:`events.RequestMoved` to these; ``page`` names the page it links to.
    """

    template = "requests/mail/message"
    event: ClassVar[type[Event]] = events.RequestMoved
    actions: ClassVar[frozenset[Action]] = frozenset()
    page: ClassVar[str] = "requests:detail"
    button: ClassVar[str] = "Voir la demande"

    @staticmethod
    def to(support_request: SupportRequest) -> Iterable[Recipient]:
        raise NotImplementedError

    def tells(self, event: Any) -> bool:
        return not self.actions or event.action in self.actions

    def recipients(self, event: Any) -> Iterable[Recipient]:
        if not self.concerns(event):
            return ()
        return self.to(self.request_of(event))

    def concerns(self, event: Any) -> bool:
        return True

    def load(self, event: Any) -> About:
        return About(self, event)

    def request_of(self, event: Any) -> SupportRequest:
        about: About = self.about(event)
        return about.support_request

    def rows(self, event: Any) -> QuerySet[Any]:
        """The one row that the event is about beside the request, with its relations selected."""
        raise NotImplementedError

    def row(self, event: Any) -> Any:
        about: About = self.about(event)
        return about.row

    def title(self, event: Any, support_request: SupportRequest) -> str:
        raise NotImplementedError

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        raise NotImplementedError

    def subject(self, event: Any, recipient: Recipient) -> str:
        about: About = self.about(event)
        return f"{about.support_request.collectivity.name} : {about.title}"

    def context(self, event: Any, recipient: Recipient) -> Mapping[str, Any]:
        about: About = self.about(event)
        return about.context

    def path(self, event: Any, support_request: SupportRequest) -> str:
        return reverse(self.page, args=[support_request.reference])

    def object_reference(self, event: Any) -> str:
        return self.request_of(event).reference

    def reply_to(self, event: Any, recipient: Recipient) -> str:
        desk = getattr(self.request_of(event).department, "desk", None)
        return desk.email if desk else ""


def note_of(event: Any) -> str:
    transition = Transition.objects.select_related("note").get(pk=event.transition_id)
    return transition.note.text if transition.note else ""


def public_note_of(event: Any) -> str:
    transition = Transition.objects.select_related("note").get(pk=event.transition_id)
    return transition.note.text if transition.note and transition.note.is_public else ""
