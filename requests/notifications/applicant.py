"""What the collectivity is told."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from common.french import day, joined
from notifications.registry import Recipient, register
from requests import events, recipients
from requests.enums import LIVE_DELEGATIONS, AssignmentKind, DelegationState, SurveyMoment
from requests.models import (
    Delegation,
    SupportRequest,
    Survey,
    Transition,
)
from requests.notifications.base import DECISION_AID, NO_TACIT_ANSWER, RequestNotification, note_of, public_note_of
from requests.services.transitions import local_date
from requests.workflow import Action


def filed_on(support_request: SupportRequest) -> str:
    return day(local_date(support_request, support_request.submitted_at))


class ToApplicant(RequestNotification):
    to = staticmethod(recipients.applicant)


@register
class Registered(ToApplicant):
    kind = "registered"
    label = "Accusé d’enregistrement"
    actions = frozenset({Action.SUBMIT})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"votre demande est bien arrivée ({support_request.title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [
            f"Votre demande {support_request.reference} est bien arrivée le {filed_on(support_request)}.",
            "Rien à faire pour l’instant. La préfecture en accuse réception sous dix jours ouvrés.",
            "Elle vous donnera le nom de votre interlocuteur.",
            NO_TACIT_ANSWER,
        ]


@register
class Acknowledged(ToApplicant):
    kind = "acknowledged"
    label = "Accusé de réception"
    actions = frozenset({Action.ACKNOWLEDGE})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"votre demande a été reçue ({support_request.title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [
            f"Votre demande {support_request.reference} a été reçue le {filed_on(support_request)}.",
            "Elle est suivie par la personne nommée ci-dessous, qui vous appellera.",
            "L’accusé de réception est joint à votre demande.",
            NO_TACIT_ANSWER,
        ]


@register
class CompletionAsked(ToApplicant):
    kind = "completion_asked"
    label = "Éléments à compléter"
    actions = frozenset({Action.ASK_COMPLETION})
    button = "Compléter la demande"

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "il nous manque des éléments"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        limit = f"Répondez si possible avant le {day(support_request.due_on)}." if support_request.due_on else ""
        return ["Pour étudier votre demande, il nous manque :", note_of(event), limit]


@register
class Proposed(ToApplicant):
    kind = "proposed"
    label = "Aide proposée"
    actions = frozenset({Action.PROPOSE})
    button = "Répondre à la proposition"

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"une aide vous est proposée ({support_request.title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        solution = support_request.solutions.prefetch_related("lines__provider").latest("proposed_at", "pk")
        helpers = ", ".join(line.provider.name for line in solution.lines.all())
        return [
            f"Une aide vous est proposée par {helpers}.",
            solution.text,
            f"Prix : {solution.price}",
            f"Conditions : {solution.conditions}" if solution.conditions else "",
            f"Ce que vous avez à faire : répondre avant le {day(solution.answer_by)}.",
            "Vous pouvez refuser sans fermer votre demande.",
            DECISION_AID,
        ]


@register
class ProposalWithdrawn(ToApplicant):
    kind = "proposal_withdrawn"
    label = "Proposition retirée"
    actions = frozenset({Action.WITHDRAW_PROPOSAL})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "la proposition est retirée, la recherche continue"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return ["La préfecture retire sa proposition et continue de chercher une aide.", public_note_of(event)]


@register
class OfficerNamed(ToApplicant):
    kind = "officer_named"
    label = "Accompagnement : qui vous suit"
    actions = frozenset({Action.DESIGNATE})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "votre accompagnement commence"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        named = support_request.assignments.filter(
            kind=AssignmentKind.FOLLOW_UP_OFFICER, until__isnull=True
        ).select_related("person")
        return [
            *(f"{row.person.display_name} ({row.body}) assure le suivi de votre projet." for row in named),
            "Cette personne vous contacte pour la première étape.",
        ]


@register
class Redirected(ToApplicant):
    kind = "redirected"
    label = "Demande adressée ailleurs"
    actions = frozenset({Action.REDIRECT})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "qui peut répondre à votre demande"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [
            "Le guichet ne peut pas répondre à cette demande.",
            f"Adressez-vous à : {support_request.redirection_target}.",
            note_of(event),
            support_request.redirection_url,
            "Un clic suffit à reprendre votre demande : vos textes, vos messages et vos documents sont gardés.",
        ]


@register
class Dropped(ToApplicant):
    kind = "dropped"
    label = "Demande fermée sans suite"
    actions = frozenset({Action.DROP})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "votre demande est fermée sans suite"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [
            note_of(event),
            "Un clic suffit à la reprendre : vos textes, vos messages et vos documents sont gardés.",
        ]


@register
class Attached(ToApplicant):
    kind = "attached"
    label = "Demande rattachée"
    actions = frozenset({Action.ATTACH})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "votre demande rejoint celle de votre intercommunalité"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        host: Any = support_request.host
        return [
            f"Votre demande {support_request.reference} est rattachée à la demande {host.reference}.",
            f"Elle est portée par {host.collectivity.name}, compétente en la matière.",
            public_note_of(event),
            "Rien n’est perdu : vos documents et vos messages restent sur votre demande.",
        ]


@register
class AttachedToOurs(RequestNotification):
    """The other party of an attachment: it reads its own request, not always the one that joins it."""

    kind = "attached_host"
    label = "Demande rattachée à la vôtre"
    actions = frozenset({Action.ATTACH})

    @staticmethod
    def to(support_request: SupportRequest) -> Iterable[Recipient]:
        return recipients.applicant(support_request.host) if support_request.host else ()

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return f"sa demande rejoint la vôtre ({support_request.public_title})"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        host: Any = support_request.host
        return [
            f"La demande {support_request.reference} ({support_request.collectivity.name}) rejoint la vôtre.",
            f"Votre demande {host.reference} porte désormais les deux besoins.",
            public_note_of(event),
        ]

    def path(self, event: Any, support_request: SupportRequest) -> str:
        host: Any = support_request.host
        return reverse(self.page, args=[host.reference])


@register
class ReferredToAgency(ToApplicant):
    kind = "referred"
    label = "Transmission à l’Agence nationale"
    actions = frozenset({Action.REFER})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "votre demande est transmise à l’Agence nationale"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [
            "La préfecture transmet votre demande à l’Agence nationale de la cohésion des territoires.",
            "Votre référent local, nommé ci-dessous ou sur la page de votre demande, reste votre interlocuteur.",
            NO_TACIT_ANSWER,
        ]


@register
class Entrusted(ToApplicant):
    kind = "entrusted"
    label = "Réponse de l’Agence nationale"
    actions = frozenset({Action.DELEGATE, Action.ASSIGN_SERVICE, Action.CONTRACT})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "l’Agence nationale a répondu"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        if event.action == Action.DELEGATE:
            moved = Transition.objects.get(pk=event.transition_id)
            asked = support_request.delegations.filter(asked_at=moved.at).select_related("operator")
            return [
                f"L’Agence confie votre demande à {joined([row.operator.name for row in asked])}. Réponse attendue."
            ]
        if event.action == Action.ASSIGN_SERVICE:
            answer = support_request.national_answers.select_related("service").latest("at")
            return [f"L’Agence vous accompagne elle-même : {answer.service}."]
        return [
            "L’Agence mobilise son marché d’ingénierie pour votre projet.",
            "Une convention est à signer : la préfecture, votre collectivité après délibération, puis l’Agence.",
        ]


@register
class SupportStarted(ToApplicant):
    kind = "support_started"
    label = "Début de l’accompagnement"
    actions = frozenset({Action.START_SUPPORT})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "votre accompagnement commence"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return ["L’accompagnement de votre projet commence. Suivez ses étapes sur la page de votre demande."]


@register
class Paused(ToApplicant):
    kind = "paused"
    label = "Pause et reprise de l’accompagnement"
    actions = frozenset({Action.SUSPEND, Action.RESUME, Action.REOPEN})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return {
            Action.SUSPEND: "votre accompagnement est en pause",
            Action.RESUME: "votre accompagnement reprend",
            Action.REOPEN: "votre demande est rouverte",
        }[Action(event.action)]

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return [f"{self.title(event, support_request).capitalize()}.", public_note_of(event)]


@register
class ContractCancelled(ToApplicant):
    kind = "contract_cancelled"
    label = "Convention abandonnée"
    actions = frozenset({Action.CANCEL_CONTRACT})

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "la convention est abandonnée, l’Agence reprend l’étude"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return ["L’Agence abandonne la convention et reprend l’étude de votre demande.", public_note_of(event)]


@register
class OperatorDeclined(ToApplicant):
    """The mayor reads the public sentence, nothing more (SCENARIOS D08)."""

    kind = "operator_declined"
    label = "Réponse d’un opérateur"
    event = events.DelegationAnswered

    def concerns(self, event: Any) -> bool:
        return self.row(event).state == DelegationState.DECLINED

    def rows(self, event: Any) -> QuerySet[Delegation]:
        live = Delegation.objects.filter(support_request=OuterRef("support_request"), state__in=LIVE_DELEGATIONS)
        found = Delegation.objects.filter(pk=event.delegation_id)
        return found.select_related("operator").annotate(hoped=Exists(live))

    def title(self, event: Any, support_request: SupportRequest) -> str:
        row = self.row(event)
        return f"{row.operator.name} n’interviendra pas" if row.hoped else "l’Agence cherche un autre opérateur"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        row = self.row(event)
        said = row.public_answer or f"{row.operator.name} n’interviendra pas."
        return [said, "" if row.hoped else "L’Agence cherche un autre opérateur."]


@register
class Closed(ToApplicant):
    kind = "closed"
    label = "Fin de l’accompagnement"
    actions = frozenset({Action.CLOSE})
    button = "Répondre aux deux questions"

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "votre accompagnement est terminé : deux questions"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        closing = support_request.closings.latest("proposed_at")
        return [closing.summary, "Deux questions, une minute : votre réponse aide le guichet à s’améliorer."]


@register
class SixMonths(ToApplicant):
    kind = "survey"
    label = "Six mois après"
    event = events.SurveyAsked
    button = "Répondre"

    def concerns(self, event: Any) -> bool:
        return Survey.objects.filter(pk=event.survey_id, moment=SurveyMoment.SIX_MONTHS).exists()

    def title(self, event: Any, support_request: SupportRequest) -> str:
        return "qu’est devenu votre projet ?"

    def paragraphs(self, event: Any, support_request: SupportRequest) -> list[str]:
        return ["Votre accompagnement s’est terminé il y a six mois. Qu’avez-vous mis en œuvre depuis ?"]
