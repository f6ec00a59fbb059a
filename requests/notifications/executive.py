"""What the executive is asked for: to send what was prepared for him, to confirm what was recorded in his name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from notifications.registry import Notification, Recipient, register
from requests import events, recipients
from requests.models import Draft, SupportRequest
from requests.notifications.base import RequestNotification


@register
class ConfirmationAsked(RequestNotification):
    kind = "confirmation_asked"
    label = "Demande enregistrée en votre nom"
    event = events.FilingConfirmationAsked
    to = staticmethod(recipients.executive)
    button = "Confirmer la demande"

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "une demande a été enregistrée en votre nom"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [
            f"La demande {support_request.reference} a été enregistrée pour votre collectivité.",
            f"Elle est arrivée ainsi : {support_request.get_channel_display().lower()}.",
            support_request.need,
            "Confirmez-la en un clic, ou dites ce qui ne va pas. L’étude commence sans attendre.",
        ]


@register
class DraftToSend(Notification):
    kind = "draft_ready"
    label = "Demande à envoyer"
    event = events.DraftReady
    template = "requests/mail/draft"

    def _draft(self, event: Any) -> Any:
        """The draft, with its collectivity; none once it was sent or given up."""
        return Draft.objects.filter(pk=event.draft_id).select_related("collectivity").first()

    def recipients(self, event: Any) -> Iterable[Recipient]:
        return [Recipient(event.email, f"address:{event.email}")] if self._draft(event) else ()

    def subject(self, event: Any, recipient: Recipient) -> str:
        return f"{self._draft(event).collectivity.name} : une demande est prête, il reste à l’envoyer"

    def context(self, event: Any, recipient: Recipient) -> Mapping[str, Any]:
        draft = self._draft(event)
        return {
            "draft": draft,
            "path": reverse("requests:draft", args=[draft.pk, "verifier"]),
        }
