"""What providers, operators, the agency and the persons named on a file are told."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from common.actor import Matter
from common.french import day
from notifications.registry import Recipient, register
from operators.models import Provider
from operators.recipients import of_provider
from requests import events, recipients
from requests.enums import AssignmentKind, SolicitationState
from requests.models import (
    Agreement,
    Assignment,
    Delegation,
    Referral,
    Solicitation,
    SupportRequest,
    Transition,
)
from requests.notifications.base import RequestNotification
from requests.workflow import NATIONAL, Action


@register
class ProviderSolicited(RequestNotification):
    kind = "solicited"
    label = "Sollicitation d’un prestataire"
    event = events.Solicited
    button = "Répondre"

    def recipients(self, event: Any) -> Iterable[Recipient]:
        return of_provider(self.row(event).provider)

    def rows(self, event: Any) -> QuerySet[Solicitation]:
        return Solicitation.objects.select_related("provider", "offer").filter(pk=event.solicitation_id)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"pouvez-vous aider ? ({support_request.public_title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        row = self.row(event)
        if row.state == SolicitationState.ACCEPTED:
            return [f"Votre accord préalable sur « {row.offer.title} » est mobilisé.", row.message]
        limit = f"Réponse attendue avant le {day(row.expected_on)}." if row.expected_on else ""
        asked = f"Le guichet vous sollicite au titre de votre offre « {row.offer.title} »."
        return [asked, row.message, row.question, limit]

    def path(self, event: Any, support_request: SupportRequest) -> str:
        return reverse("requests:solicitation", args=[self.row(event).uuid])


@register
class ProviderReminded(ProviderSolicited):
    kind = "solicitation_reminded"
    label = "Relance d’un prestataire"
    event = events.SolicitationReminded  # type: ignore[assignment]

    def recipients(self, event: Any) -> Iterable[Recipient]:
        """Nobody, once the answer has come."""
        return super().recipients(event) if self.row(event).state == SolicitationState.ASKED else ()

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"votre réponse est attendue ({support_request.public_title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        row = self.row(event)
        limit = f"Réponse attendue le {day(row.expected_on)}." if row.expected_on else ""
        asked = f"Le guichet vous a sollicité au titre de votre offre « {row.offer.title} »."
        return [asked, limit, "Vous pouvez accepter, décliner, ou poser une question au guichet.", row.question]


@register
class ProviderAskedNoMore(ProviderSolicited):
    kind = "solicitation_cancelled"
    label = "Sollicitation annulée"
    event = events.SolicitationCancelled  # type: ignore[assignment]
    button = "Voir la sollicitation"

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"sollicitation annulée ({support_request.public_title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        row = self.row(event)
        ended = f"Le guichet ne vous sollicite plus au titre de votre offre « {row.offer.title} »."
        return [ended, row.cancel_reason, "Vous n’avez rien à faire."]


@register
class OperatorAsked(RequestNotification):
    kind = "operator_asked"
    label = "Mission confiée à un opérateur"
    event = events.Delegated
    button = "Accepter ou décliner"

    def rows(self, event: Any) -> QuerySet[Delegation]:
        return Delegation.objects.select_related("operator").filter(pk=event.delegation_id)

    def recipients(self, event: Any) -> Iterable[Recipient]:
        return of_provider(self.row(event).operator)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"l’Agence vous confie une mission ({support_request.title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        row = self.row(event)
        return [row.mission, f"Réponse attendue avant le {day(row.expected_on)}." if row.expected_on else ""]

    page = "requests:operator-file"


@register
class ReferralArrived(RequestNotification):
    kind = "referral_arrived"
    label = "Saisine reçue par l’Agence"
    actions = frozenset({Action.REFER})
    to = staticmethod(recipients.agency)
    page = "requests:national-file"
    button = "Ouvrir la saisine"

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"nouvelle saisine ({support_request.department.name})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        referral = support_request.referrals.prefetch_related("motives").latest("opened_at")
        return ["Motifs : " + ", ".join(motive.get_motive_display().lower() for motive in referral.motives.all())]


@register
class OperatorAnswered(RequestNotification):
    kind = "operator_answered"
    label = "Réponse d’un opérateur à l’Agence"
    event = events.DelegationAnswered
    to = staticmethod(recipients.agency)
    page = "requests:national-file"

    def rows(self, event: Any) -> QuerySet[Delegation]:
        return Delegation.objects.select_related("operator").filter(pk=event.delegation_id)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        row = self.row(event)
        return f"{row.operator.name} : {row.get_state_display().lower()}"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [self.row(event).answer_text]


class Ended(RequestNotification):
    """The request goes no further: whoever still works on it, or is still asked, is told."""

    label = "Demande qui prend fin"
    actions = frozenset({Action.WITHDRAW, Action.DROP, Action.REDIRECT, Action.ATTACH})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "demande retirée" if event.action == Action.WITHDRAW else "demande fermée"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [f"{support_request.public_title} : cette demande n’attend plus rien de vous."]


@register
class EndedForAgency(Ended):
    kind = "ended_agency"
    page = "requests:national-file"

    def recipients(self, event: Any) -> Iterable[Recipient]:
        """When it was in the agency's hands."""
        if Transition.objects.get(pk=event.transition_id).from_state in NATIONAL:
            yield from recipients.agency(self.request_of(event))


@register
class EndedForOperators(Ended):
    kind = "ended_operator"
    page = "requests:operators"
    asked: type[Delegation] | type[Solicitation] = Delegation
    body = "operator"

    def recipients(self, event: Any) -> Iterable[Recipient]:
        """Those whose work or answer was given up with the request, at that instant."""
        given_up = self.asked._default_manager.filter(support_request_id=event.request_id, cancelled_at=event.at)
        for provider in Provider.objects.filter(pk__in=given_up.values(self.body)):
            yield from of_provider(provider)

    def path(self, event: Any, support_request: SupportRequest) -> str:
        return reverse(self.page)


@register
class EndedForProviders(EndedForOperators):
    kind = "ended_provider"
    page = "requests:solicitations"
    asked = Solicitation
    body = "provider"


@register
class OpinionWanted(RequestNotification):
    kind = "opinion_asked"
    label = "Avis demandé sur une saisine"
    event = events.OpinionAsked
    to = staticmethod(recipients.liaison)
    page = "requests:file"
    button = "Donner mon avis"

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "votre avis est demandé sur une saisine"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        referral = Referral.objects.get(pk=event.referral_id)
        return [referral.service_asked]


@register
class AgreementToSign(RequestNotification):
    """Each of the three is told when its turn comes; the last fact starts the support."""

    kind = "agreement_signed"
    label = "Convention : signatures"
    event = events.AgreementSigned

    def rows(self, event: Any) -> QuerySet[Agreement]:
        return Agreement.objects.filter(pk=event.agreement_id)

    def recipients(self, event: Any) -> Iterable[Recipient]:
        support_request, agreement = self.request_of(event), self.row(event)
        yield from recipients.agency(support_request)
        if agreement.body_signed_on is None:
            yield from recipients.applicant(support_request)
        if agreement.prefect_signed_on is None:
            yield from recipients.desk(support_request)
            yield from recipients.signatories(support_request, Matter.AGREEMENT)
        if agreement.prefect_signed_on and agreement.body_signed_on and not agreement.committed_on:
            yield from recipients.director(support_request)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "convention : une signature de plus"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        agreement = self.row(event)
        dates = (
            ("La préfecture", agreement.prefect_signed_on, "signature"),
            ("La collectivité", agreement.body_signed_on, "signature"),
            ("L’Agence", agreement.committed_on, "engagement"),
        )
        attended = {"signature": "signature attendue", "engagement": "engagement attendu"}
        return [f"{who} : {f'{what} le {day(on)}' if on else attended[what]}." for who, on, what in dates]


@register
class PersonAssigned(RequestNotification):
    kind = "assigned"
    label = "Demande qui vous est confiée"
    event = events.Assigned
    page = "requests:file"

    def rows(self, event: Any) -> QuerySet[Assignment]:
        return Assignment.objects.select_related("person__mailbox").filter(pk=event.assignment_id)

    def recipients(self, event: Any) -> Iterable[Recipient]:
        row = self.row(event)
        address = row.email or row.person.contact_email
        if address:
            yield Recipient(address, f"user:{row.person_id}", row.person.display_name, row.person_id)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        row = self.row(event)
        return f"vous êtes {row.get_kind_display().lower()}"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [f"{support_request.reference} · {support_request.title}"]


@register
class OfficerTold(PersonAssigned):
    """The follow-up officer, named by the designation itself."""

    kind = "officer_told"
    event = events.RequestMoved  # type: ignore[assignment]
    actions = frozenset({Action.DESIGNATE})

    def recipients(self, event: Any) -> Iterable[Recipient]:
        return recipients.assigned(self.request_of(event), AssignmentKind.FOLLOW_UP_OFFICER)

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "le suivi de ce projet vous est confié"
