"""Proves the facts that the workflow's table requires, from rows. A fact without a proof raises: none is forgotten."""

import datetime as dt
from collections.abc import Callable, Iterable

from dateutil.relativedelta import relativedelta

from common.errors import Invalid
from requests import deadlines
from requests.enums import (
    LIVE_DELEGATIONS,
    AssignmentKind,
    DelegationState,
    NationalAnswerKind,
    ReferralState,
    SolicitationState,
    SolutionState,
)
from requests.models import Assignment, Referral, SupportRequest
from requests.services.routing import certifies_no_provider
from requests.workflow import Fact

#: Shortest justification of a motive (SCREENS 6).
JUSTIFICATION_MIN = 200

#: Empty when the fact is there, else what is missing and its cure. Takes the request, the act's note and its instant.
Proof = Callable[[SupportRequest, str, dt.datetime], str]


def require(required: Iterable[Fact], support_request: SupportRequest, *, note: str, at: dt.datetime) -> None:
    """Raises ``Invalid`` naming the first missing fact and its cure."""
    for fact in sorted(required):
        missing = PROOFS[fact](support_request, note, at)
        if missing:
            raise Invalid(missing, code=f"missing_{fact}")


def _assigned(kind: AssignmentKind, message: str) -> Proof:
    def proof(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
        named = Assignment.objects.filter(support_request=support_request, kind=kind, until__isnull=True).exists()
        return "" if named else message

    return proof


def _missing_items(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    return "" if note else "Dites quels éléments manquent."


def _qualification(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    if support_request.qualified_at and support_request.competence and support_request.themes:
        return ""
    return "Complétez d’abord « Notre lecture » : thème, compétence, avancement."


def _accepted_line(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    solution = support_request.solutions.filter(state=SolutionState.PROPOSED).first()
    if solution is None or not solution.lines.exists():
        return "La proposition ne comporte aucune aide."
    waiting = solution.lines.exclude(solicitation__state=SolicitationState.ACCEPTED).exclude(
        offer__agreed_beforehand=True
    )
    for line in waiting.select_related("provider")[:1]:
        return f"{line.provider} n’a pas encore donné son accord."
    return ""


def _agreement(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    accepted = support_request.solutions.filter(state=SolutionState.ACCEPTED).exists()
    return "" if accepted else "La collectivité n’a pas encore accepté la proposition."


def _local_evidence(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    if support_request.solicitations.exclude(state=SolicitationState.CANCELLED).exists():
        return ""
    if certifies_no_provider(support_request.assessment):
        return ""
    return (
        "Sollicitez au moins un prestataire local, ou faites établir que le catalogue n’en compte aucun "
        "pour ce sujet sur ce territoire."
    )


def _live_referral(support_request: SupportRequest) -> Referral | None:
    return support_request.referrals.filter(
        state__in=[ReferralState.PREPARATION, ReferralState.SENT, ReferralState.MORE_ASKED]
    ).first()


def _motives(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    referral = _live_referral(support_request)
    motives = list(referral.motives.all()) if referral else []
    if not motives:
        return "Cochez au moins un motif."
    for motive in motives:
        length = len(motive.justification.strip())
        if length < JUSTIFICATION_MIN:
            return (
                f"Renseignez la justification « {motive.get_motive_display().lower()} » : "
                f"{JUSTIFICATION_MIN} caractères au moins, vous en avez {length}."
            )
    return ""


def _signature(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    referral = _live_referral(support_request)
    return "" if referral and referral.signature_id else "La saisine n’est pas signée."


def _answer(kind: NationalAnswerKind, message: str) -> Proof:
    def proof(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
        answer = support_request.national_answers.order_by("at", "id").last()
        return "" if answer is not None and answer.kind == kind else message

    return proof


def _operator_asked(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    asked = support_request.delegations.filter(state=DelegationState.ASKED).exists()
    return "" if asked else "Choisissez au moins un opérateur."


def _all_declined(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    live = support_request.delegations.filter(state__in=LIVE_DELEGATIONS).exists()
    return "Un opérateur n’a pas encore répondu." if live else ""


def _market(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    live = support_request.agreements.filter(cancelled_at__isnull=True).exists()
    return "" if live else "Renseignez la mission, ses montants et la raison d’une prestation externe."


def _support_ready(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    if support_request.delegations.filter(state=DelegationState.ACCEPTED).exists():
        return ""
    agreement = support_request.agreements.filter(cancelled_at__isnull=True).first()
    if agreement is None:
        return "Aucun opérateur n’a encore accepté."
    if agreement.prefect_signed_on and agreement.body_signed_on and agreement.committed_on:
        return ""
    return "Il manque une des trois dates : signature du préfet, signature de la collectivité, engagement."


def _result(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    proposed = support_request.closings.filter(refused_at__isnull=True).exists()
    return "" if proposed else "La clôture n’a pas été proposée : il y manque le résultat et le bilan."


def _recent(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    limit = at - relativedelta(months=deadlines.REOPENING_MONTHS)
    if support_request.ended_at and support_request.ended_at >= limit:
        return ""
    return f"Cette demande est close depuis plus de {deadlines.REOPENING_MONTHS} mois : déposez-en une nouvelle."


def _always(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    return ""


def _reason(support_request: SupportRequest, note: str, at: dt.datetime) -> str:
    return "" if note.strip() else "Dites pourquoi."


PROOFS: dict[Fact, Proof] = {
    Fact.APPLICATION: _always,  # proven by services.intake on the draft, before the request exists
    Fact.CONTACT: _assigned(AssignmentKind.CONTACT, "Nommez l’interlocuteur de la collectivité."),
    Fact.MISSING_ITEMS: _missing_items,
    Fact.QUALIFICATION: _qualification,
    Fact.HOST: lambda r, n, at: "" if r.host_id else "Choisissez la demande à laquelle rattacher celle-ci.",
    Fact.REDIRECTION: lambda r, n, at: (
        "" if r.redirection_reason and r.redirection_target and n else "Dites pourquoi, et vers qui."
    ),
    Fact.ACCEPTED_LINE: _accepted_line,
    Fact.APPLICANT_AGREEMENT: _agreement,
    Fact.OFFICER: _assigned(AssignmentKind.FOLLOW_UP_OFFICER, "Nommez la personne chargée du suivi."),
    Fact.LOCAL_EVIDENCE: _local_evidence,
    Fact.MOTIVES: _motives,
    Fact.REFERENT: _assigned(AssignmentKind.LOCAL_REFERENT, "Nommez le référent local."),
    Fact.SIGNATURE: _signature,
    Fact.NATIONAL_INSTRUCTOR: _assigned(AssignmentKind.NATIONAL_INSTRUCTOR, "Nommez l’instructeur national."),
    Fact.REASON: _reason,
    Fact.LOCAL_OFFER: _answer(NationalAnswerKind.SENT_BACK, "Désignez l’offre locale qui existe."),
    Fact.OPERATOR_ASKED: _operator_asked,
    Fact.ALL_DECLINED: _all_declined,
    Fact.SERVICE: _answer(NationalAnswerKind.AGENCY_SERVICE, "Choisissez le service de l’Agence."),
    Fact.MARKET: _market,
    Fact.SUPPORT_READY: _support_ready,
    Fact.RESULT: _result,
    Fact.RECENT: _recent,
}
