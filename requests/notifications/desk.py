"""What the department's desk is told."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from common.actor import Matter
from notifications.registry import Recipient, register
from requests import events, recipients
from requests.models import (
    Closing,
    Solicitation,
    Solution,
    SupportRequest,
)
from requests.notifications.base import RequestNotification, contacts, note_of, public_note_of
from requests.workflow import Action


class ToDesk(RequestNotification):
    to = staticmethod(contacts)
    page = "requests:file"
    button = "Ouvrir la demande"


@register
class Received(ToDesk):
    kind = "received"
    label = "Demande nouvelle ou complétée"
    to = staticmethod(recipients.desk)
    actions = frozenset({Action.SUBMIT, Action.COMPLETE, Action.TAKE_BACK, Action.TRANSFER, Action.WITHDRAW})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        what = {
            Action.SUBMIT: "nouvelle demande",
            Action.COMPLETE: "demande complétée",
            Action.TAKE_BACK: "demande reprise",
            Action.TRANSFER: "demande transmise à votre département",
            Action.WITHDRAW: "demande retirée",
        }[Action(event.action)]
        return f"{what} ({support_request.title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [f"{support_request.reference} · {support_request.subject.label}", public_note_of(event)]


@register
class ProviderAnswered(ToDesk):
    kind = "provider_answered"
    label = "Réponse d’un prestataire"
    event = events.SolicitationAnswered

    def rows(self, event: Any) -> QuerySet[Solicitation]:
        return Solicitation.objects.select_related("provider").filter(pk=event.solicitation_id)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        row = self.row(event)
        return f"réponse de {row.provider.name} ({row.get_state_display().lower()})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        row = self.row(event)
        return [row.get_decline_reason_display() if row.decline_reason else "", row.answer, row.condition]


@register
class ApplicantAnswered(ToDesk):
    kind = "applicant_answered"
    label = "Réponse de la collectivité à une proposition"
    event = events.ProposalAccepted

    @staticmethod
    def to(support_request: SupportRequest) -> Iterable[Recipient]:
        yield from contacts(support_request)
        yield from recipients.signatories(support_request, Matter.LOCAL_DECISION)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "proposition acceptée, suivi à désigner"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        solution = Solution.objects.select_related("answer_note").get(pk=event.solution_id)
        return [
            "La collectivité accepte l’aide proposée.",
            solution.answer_note.text if solution.answer_note else "",
        ]


@register
class ApplicantDeclined(ToDesk):
    kind = "applicant_declined"
    label = "Proposition refusée"
    actions = frozenset({Action.DECLINE_PROPOSAL})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "proposition refusée, la recherche reprend"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [note_of(event)]


#: What the agency does of a referral, as a subject says it.
ANSWERS = {
    Action.TAKE_UP: "saisine prise en charge par l’Agence",
    Action.ASK_MORE: "l’Agence demande des compléments",
    Action.SEND_BACK: "l’Agence signale une offre locale",
    Action.NOT_RETAIN: "saisine non retenue",
    Action.DELEGATE: "demande confiée à un opérateur",
    Action.ASSIGN_SERVICE: "demande confiée à un service de l’Agence",
    Action.CONTRACT: "convention à signer",
    Action.CANCEL_CONTRACT: "convention abandonnée",
    Action.START_SUPPORT: "accompagnement commencé",
    Action.RETURN_DELEGATION: "mission rendue à l’Agence",
}


@register
class AgencyAnswered(ToDesk):
    kind = "agency_answered"
    label = "Réponse de l’Agence à une saisine"
    actions = frozenset(ANSWERS)

    def recipients(self, event: Any) -> Iterable[Recipient]:
        yield from super().recipients(event)
        if event.action == Action.CONTRACT:
            yield from recipients.signatories(self.request_of(event), Matter.AGREEMENT)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return ANSWERS[Action(event.action)]

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [note_of(event)]


@register
class ClosingToConfirm(ToDesk):
    kind = "closing_proposed"
    label = "Clôture à confirmer"
    event = events.ClosingProposed

    @staticmethod
    def to(support_request: SupportRequest) -> Iterable[Recipient]:
        yield from contacts(support_request)
        yield from recipients.signatories(support_request, Matter.CLOSING)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "clôture à confirmer"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        closing = Closing.objects.get(pk=event.closing_id)
        return [closing.get_result_display(), closing.summary]


@register
class ChasedByApplicant(ToDesk):
    """It goes over one head: the direction is told too (PRACTICE 4)."""

    kind = "chased"
    label = "Relance de la collectivité"
    event = events.Chased

    @staticmethod
    def to(support_request: SupportRequest) -> Iterable[Recipient]:
        yield from contacts(support_request)
        yield from recipients.direction(support_request)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "la collectivité demande où en est sa demande"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [f"Étape actuelle : {support_request.get_state_display()}.", "Répondez-lui ou appelez-la."]
