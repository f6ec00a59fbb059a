"""What happens to requests, declared for the apps above and for this app's own notifications.

Payloads hold identifiers only: whoever reads an event reads the rows under its own rights.
"""

import uuid
from dataclasses import dataclass

from common.events import Event, declare


@dataclass(frozen=True, kw_only=True)
class RequestEvent(Event):
    request_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class RequestMoved(RequestEvent):
    """An action of the workflow was applied; ``id`` is the transition's."""

    name = "requests.moved"
    action: str
    transition_id: uuid.UUID


@declare
@dataclass(frozen=True, kw_only=True)
class FilingConfirmationAsked(RequestEvent):
    """A request was recorded on behalf of a collectivity: its executive is asked to confirm it."""

    name = "requests.filing_confirmation_asked"


@declare
@dataclass(frozen=True, kw_only=True)
class DraftReady(Event):
    """Somebody prepared a draft and asks the executive to send it."""

    name = "requests.draft_ready"
    draft_id: uuid.UUID
    email: str


@declare
@dataclass(frozen=True, kw_only=True)
class Solicited(RequestEvent):
    name = "requests.solicited"
    solicitation_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class SolicitationAnswered(RequestEvent):
    name = "requests.solicitation_answered"
    solicitation_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class SolicitationReminded(RequestEvent):
    name = "requests.solicitation_reminded"
    solicitation_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class SolicitationCancelled(RequestEvent):
    """The desk asks this provider no more; the request goes on."""

    name = "requests.solicitation_cancelled"
    solicitation_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class ProposalAccepted(RequestEvent):
    name = "requests.proposal_accepted"
    solution_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class DecisionTaken(RequestEvent):
    name = "requests.decision_taken"
    dispatch_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class RoutingAsked(RequestEvent):
    name = "requests.routing_asked"
    job_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class OpinionAsked(RequestEvent):
    """The regional officer of the agency (CMT) is asked for an opinion on a referral."""

    name = "requests.opinion_asked"
    referral_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class Delegated(RequestEvent):
    """One operator is asked; one event for each."""

    name = "requests.delegated"
    delegation_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class DelegationAnswered(RequestEvent):
    name = "requests.delegation_answered"
    delegation_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class AgreementSigned(RequestEvent):
    """One of the agreement's three dates was recorded: ``party`` is ``prefect``, ``body`` or ``agency``."""

    name = "requests.agreement_signed"
    agreement_id: int
    party: str


@declare
@dataclass(frozen=True, kw_only=True)
class Assigned(RequestEvent):
    name = "requests.assigned"
    assignment_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class ClosingProposed(RequestEvent):
    name = "requests.closing_proposed"
    closing_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class MessagePosted(RequestEvent):
    name = "requests.message_posted"
    message_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class LetterAsked(RequestEvent):
    name = "requests.letter_asked"
    document_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class SurveyAsked(RequestEvent):
    name = "requests.survey_asked"
    survey_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class Chased(RequestEvent):
    """The applicant asks where things are (« Relancer »)."""

    name = "requests.chased"
