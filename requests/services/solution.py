"""The local way: soliciting providers, proposing, the applicant's answer, naming the follow-up officer."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import Mandate
from common import clock
from common.actor import DESK_ROLES, Actor
from common.calendar import add_working_days
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from operators.enums import ProviderKind
from operators.models import Offer
from requests import deadlines
from requests.enums import (
    LIVE_SOLICITATIONS,
    AnswerChannel,
    AssignmentKind,
    DeclineReason,
    DocumentKind,
    Part,
    Route,
    SolicitationState,
    SolutionState,
)
from requests.events import ProposalAccepted, SolicitationAnswered, Solicited
from requests.models import Decision, Note, Solicitation, Solution, SolutionLine, SupportRequest
from requests.permissions import Ability, may_answer_solicitation, possible
from requests.services import assignments, letters, shown, transitions
from requests.services.held import Memory, keep, snapshot
from requests.workflow import Action, Holder, State


def solicit(
    support_request: SupportRequest,
    decision: Decision,
    offer: Offer,
    *,
    at: dt.datetime,
    expected_on: dt.date | None = None,
    question: str = "",
    away_until: dt.date | None = None,
) -> Solicitation | None:
    """Asks a provider about an offer, once a decision; called by the dispatch only. An offer whose provider agreed
    beforehand counts as accepted. None when that offer is already asked or accepted. Without ``expected_on``, the
    delay of the service, counted from the return of a provider who is away."""
    live = support_request.solicitations.filter(offer=offer, state__in=LIVE_SOLICITATIONS)
    if live.exists():
        return None
    agreed = offer.agreed_beforehand
    today = transitions.local_date(support_request, at)
    solicitation = Solicitation.objects.create(
        support_request=support_request,
        decision=decision,
        offer=offer,
        provider=offer.provider,
        state=SolicitationState.ACCEPTED if agreed else SolicitationState.ASKED,
        message=decision.message.text if decision.message else "",
        question=question,
        asked_at=at,
        expected_on=expected_on or deadlines.solicitation_due(today, support_request.department_id, away_until),
        answered_at=at if agreed else None,
        answer="Accord donné d’avance par le prestataire." if agreed else "",
    )
    emit(Solicited(id=uuid.uuid4(), at=at, request_id=support_request.pk, solicitation_id=solicitation.pk))
    return solicitation


def await_providers(support_request: SupportRequest) -> None:
    """Says who is waited for during the local search: the providers, unless the desk has something to do: one has
    accepted, and the applicant did not decline him; one asks something; or all have answered."""
    rows = list(support_request.solicitations.filter(state__in=LIVE_SOLICITATIONS))
    asked = [row for row in rows if row.state == SolicitationState.ASKED]
    declined = SolutionLine.objects.filter(solicitation__in=rows, solution__state=SolutionState.DECLINED)
    refused = set(declined.values_list("solicitation_id", flat=True))
    accepted = any(row.state == SolicitationState.ACCEPTED and row.pk not in refused for row in rows)
    waits = asked and not accepted and not any(row.awaits_desk for row in asked)
    holder = Holder.PROVIDER if waits else Holder.DESK
    SupportRequest.objects.filter(pk=support_request.pk, state=State.LOCAL_SEARCH).update(holder=holder.value)


def answer_solicitation(
    solicitation: Solicitation,
    actor: Actor,
    *,
    accepted: bool,
    text: str = "",
    reason: str = "",
    condition: str = "",
    answered_by: str = "",
    channel: str = AnswerChannel.PORTAL,
    stands_aside: bool = False,
    at: dt.datetime | None = None,
) -> Solicitation:
    """The provider's answer, given on the portal or noted by the desk (telephone, mail, meeting)."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(solicitation.support_request_id)
        solicitation = (
            Solicitation.objects.select_for_update(of=("self",))
            .select_related("provider", "support_request")
            .get(pk=solicitation.pk)
        )
        if not may_answer_solicitation(actor, solicitation):
            raise NotAllowed("Cette sollicitation est adressée à un autre organisme.")
        if solicitation.state != SolicitationState.ASKED:
            raise Conflict(
                f"Cette sollicitation n’attend plus de réponse : {solicitation.get_state_display().lower()}.",
                code="already_answered",
            )
        if not accepted and reason not in DeclineReason.values:
            raise Invalid("Choisissez un motif.", field="reason")
        if channel not in AnswerChannel.values:
            raise Invalid("Choisissez comment la réponse est arrivée.", field="channel")
        memory, before = Memory(), snapshot(solicitation)
        solicitation.state = SolicitationState.ACCEPTED if accepted else SolicitationState.DECLINED
        solicitation.answered_at = at
        solicitation.questioned_at = None
        solicitation.answer = text.strip()[:2000]
        solicitation.condition = condition.strip()[:300]
        solicitation.decline_reason = "" if accepted else reason
        solicitation.answer_channel = channel
        solicitation.answered_by = (answered_by or actor.name)[:200]
        solicitation.recorded_by_id = actor.person_id
        solicitation.stands_aside = stands_aside
        solicitation.save()
        memory.rewritten(solicitation, before)
        keep(support_request, actor.person_id, memory, solicitation=solicitation, at=at)
        support_request.last_activity_at = at
        if actor.role not in DESK_ROLES:
            support_request.hidden_until = None
        support_request.save(update_fields=["last_activity_at", "hidden_until"])
        await_providers(support_request)
        emit(
            SolicitationAnswered(id=uuid.uuid4(), at=at, request_id=support_request.pk, solicitation_id=solicitation.pk)
        )
        return solicitation


@dataclass(frozen=True, kw_only=True)
class Line:
    """One helper of a proposal: an accepted solicitation, or an offer whose provider agreed beforehand."""

    offer: Offer
    part: str
    solicitation: Solicitation | None = None
    mission: str = ""
    price: str = ""


@dataclass(frozen=True, kw_only=True)
class Helper:
    """Who may stand in a proposal: an offer whose provider has accepted, or agreed beforehand."""

    offer: Offer
    solicitation: Solicitation | None

    @property
    def key(self) -> str:
        return str(self.offer.uuid)


def helpers(support_request: SupportRequest) -> list[Helper]:
    """The helpers that a proposal may name today, in the order of their agreement."""
    accepted = support_request.solicitations.filter(state=SolicitationState.ACCEPTED)
    rows = accepted.select_related("offer__provider", "provider").order_by("answered_at", "pk")
    return [Helper(offer=row.offer, solicitation=row) for row in rows]


def propose(
    support_request: SupportRequest,
    actor: Actor,
    *,
    lines: Sequence[Line],
    text: str,
    price: str,
    conditions: str = "",
    calendar: str = "",
    council_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Solution:
    """Proposes one help or several to the applicant. One line is the pilot's: the outcome is his (PRACTICE 1.1)."""
    with transitions.begin(support_request.pk, Action.PROPOSE, actor, at=at) as step:
        if [line.part for line in lines].count(Part.PILOT) != 1:
            raise Invalid("Désignez un pilote, et un seul, parmi les aides proposées.", field="lines")
        text = transitions.require_text(text, "text", "Décrivez ce qui est proposé.")
        price = transitions.require_text(price, "price", "Indiquez le prix, ou « sans frais pour vous ».", at_most=300)
        council_on = council_on or step.support_request.next_council_on
        solution = Solution.objects.create(
            support_request=step.support_request,
            text=text,
            price=price,
            conditions=conditions.strip()[:500],
            calendar=calendar.strip()[:300],
            council_on=council_on,
            answer_by=deadlines.answer_by(step.today, council_on, step.support_request.department_id),
            proposed_at=step.at,
            proposed_by_id=actor.author_id,
        )
        # taken back, it stands as withdrawn: its words serve the next one
        step.memory.set_back(solution, state=SolutionState.WITHDRAWN, answered_at=step.at)
        SolutionLine.objects.bulk_create(
            SolutionLine(
                solution=solution,
                solicitation=line.solicitation,
                offer=line.offer,
                provider=line.offer.provider,
                part=line.part,
                mission=line.mission[:500],
                price=line.price[:300],
            )
            for line in lines
        )
        source = f"solution:{solution.pk}"
        step.memory.made(letters.ask(step.support_request, DocumentKind.PROPOSAL, source=source, at=step.at))
        step.finish(due_on=solution.answer_by)
    return solution


def live_solution(support_request: SupportRequest) -> Solution | None:
    return support_request.solutions.filter(state__in=[SolutionState.PROPOSED, SolutionState.ACCEPTED]).first()


def withdraw_proposal(
    support_request: SupportRequest, actor: Actor, *, reason: str, at: dt.datetime | None = None
) -> SupportRequest:
    with transitions.begin(support_request.pk, Action.WITHDRAW_PROPOSAL, actor, at=at) as step:
        _end_solution(step, SolutionState.WITHDRAWN, actor)
        step.finish(note=reason.strip(), note_is_public=True)
    return step.support_request


def decline_proposal(
    support_request: SupportRequest,
    actor: Actor,
    *,
    reason: str,
    channel: str = AnswerChannel.PORTAL,
    at: dt.datetime | None = None,
) -> SupportRequest:
    """Refusing a proposal doesn't close the request: the search goes on (PRACTICE 1.9)."""
    with transitions.begin(support_request.pk, Action.DECLINE_PROPOSAL, actor, at=at) as step:
        _end_solution(step, SolutionState.DECLINED, actor, channel)
        step.finish(note=reason.strip(), note_is_public=True)
    return step.support_request


def _end_solution(
    step: transitions.Step, state: SolutionState, actor: Actor, channel: str = AnswerChannel.PORTAL
) -> None:
    solution = live_solution(step.support_request)
    if solution is not None:
        columns = ("state", "answered_at", "answered_by_id", "answer_channel")
        step.memory.set_back(solution, **{name: getattr(solution, name) for name in columns})
        if state == SolutionState.DECLINED:
            solution.answered_by_id, solution.answer_channel = actor.person_id, channel
        if solution.state == SolutionState.PROPOSED:  # what was accepted keeps its day
            solution.answered_at = step.at
        solution.state = state
        solution.save()


def accept_proposal(
    support_request: SupportRequest,
    actor: Actor,
    *,
    note: str = "",
    channel: str = AnswerChannel.PORTAL,
    seen: str | None = None,
    at: dt.datetime | None = None,
) -> Solution:
    """The applicant accepts: a fact, on which naming the follow-up officer rests. Accepting twice is harmless.

    ``seen`` is the mark of the text that was read (:mod:`requests.services.shown`); None: not read on a page.
    """
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.ANSWER_PROPOSAL not in possible(actor, support_request):
            raise NotAllowed("Seul l’exécutif de la collectivité répond à la proposition.")
        solution = live_solution(support_request)
        if solution is None or support_request.step is not State.PROPOSED:
            raise Conflict("Cette proposition n’attend plus de réponse : relisez la page.", code="no_proposal")
        shown.check(
            seen,
            shown.of_proposal(solution),
            "Cette proposition a changé depuis que vous l’avez lue. Relisez-la avant de répondre.",
        )
        if solution.state == SolutionState.ACCEPTED:
            return solution
        solution.state = SolutionState.ACCEPTED
        solution.answered_at = at
        solution.answered_by_id = actor.person_id
        solution.answer_channel = channel
        if note.strip():
            solution.answer_note = Note.objects.create(text=note.strip()[:4000], is_public=True)
        solution.save()
        support_request.holder = "desk"
        support_request.due_on = add_working_days(
            transitions.local_date(support_request, at), 5, support_request.department_id
        )
        support_request.last_activity_at = at
        support_request.hidden_until = None
        support_request.save(update_fields=["holder", "due_on", "last_activity_at", "hidden_until"])
        emit(ProposalAccepted(id=uuid.uuid4(), at=at, request_id=support_request.pk, solution_id=solution.pk))
        return solution


#: The way that the pilot's kind of provider makes (PRACTICE 1.2); a kind left out is local.
_ROUTES = {ProviderKind.OPERATOR.value: Route.OPERATOR_DIRECT, ProviderKind.AGENCY.value: Route.AGENCY_SERVICE}


def route_of(solution: Solution) -> Route:
    pilot = solution.lines.select_related("provider").get(part=Part.PILOT)
    return _ROUTES.get(pilot.provider.kind, Route.LOCAL)


def designate(
    support_request: SupportRequest, actor: Actor, *, officer: Mandate, at: dt.datetime | None = None
) -> SupportRequest:
    """Names the follow-up officer: support starts. No local support without him (S0)."""
    with transitions.begin(support_request.pk, Action.DESIGNATE, actor, at=at) as step:
        row, kind = step.support_request, AssignmentKind.FOLLOW_UP_OFFICER
        assignments.name_person(row, kind, officer, actor, at=step.at, told=False, memory=step.memory)
        solution = live_solution(row)
        if solution is None or solution.state != SolutionState.ACCEPTED:
            raise Invalid("La collectivité n’a pas encore accepté la proposition.", code="missing_applicant_agreement")
        source = f"designation:{solution.pk}"
        step.memory.made(letters.ask(row, DocumentKind.DESIGNATION, source=source, at=step.at))
        step.finish(route=route_of(solution), supported_at=step.at)
    return step.support_request
