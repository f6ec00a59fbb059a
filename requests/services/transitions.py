"""The one way a request changes state: lock, table, ability, facts, save, history, event. No I/O.

A verb of the other services reads::

    with transitions.begin(support_request.pk, Action.ACKNOWLEDGE, actor, at=at) as step:
        ...                                  # write the facts
        step.finish(note=..., acknowledged_at=step.at)
"""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from common import clock
from common.actor import DESK_ROLES, Actor, Role
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from requests import deadlines
from requests.enums import (
    LIVE_DELEGATIONS,
    LIVE_SOLICITATIONS,
    ActionChoices,
    DelegationState,
    ReferralState,
    SolicitationState,
    SolutionState,
    StateChoices,
)
from requests.events import RequestMoved
from requests.models import Note, SupportRequest, Transition
from requests.permissions import MATTERS, Standing, standing
from requests.services import facts, held
from requests.workflow import HOLDERS, RULES, TERMINAL, UNDOABLE, Action, Holder, State, target

#: States that remember where to return.
PAUSES = frozenset({State.INCOMPLETE, State.SUSPENDED, State.CLOSED})


#: Ends that give up what was under way. A closing keeps it: the request may be reopened.
GIVEN_UP = frozenset({State.ATTACHED, State.REDIRECTED, State.WITHDRAWN, State.DROPPED})


@dataclass
class Step:
    """An action being applied to a locked request."""

    support_request: SupportRequest
    action: Action
    actor: Actor
    standing: Standing
    at: dt.datetime
    note: str = ""
    finished: bool = field(default=False, init=False)
    #: What the act changes beside the request, for whoever takes it back.
    memory: held.Memory = field(default_factory=held.Memory, init=False)
    _before: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._before = held.snapshot(self.support_request)

    @property
    def today(self) -> dt.date:
        """The local date of the request's territory at that instant (PRACTICE 1.11)."""
        return local_date(self.support_request, self.at)

    def finish(
        self,
        *,
        note: str = "",
        note_is_public: bool = False,
        due_on: dt.date | None = None,
        holder: Holder | None = None,
        **changes: Any,
    ) -> Transition:
        """Proves the facts, changes the state, appends the history and emits the event.

        ``changes`` are other columns of the request. Raises ``Invalid`` with what is missing.
        """
        support_request, rule = self.support_request, RULES[self.action]
        for name, value in changes.items():
            setattr(support_request, name, value)
        self.note = note or self.note
        facts.require(rule.facts, support_request, note=self.note, at=self.at)
        source = support_request.step
        returning = State(support_request.return_state) if support_request.return_state else None
        new = target(self.action, source, returning)
        support_request.state = new.value
        support_request.state_since = self.at
        support_request.holder = (holder or HOLDERS[new]).value
        support_request.due_on = due_on or deadlines.due_on(new, self.today, support_request.department_id)
        support_request.last_activity_at = self.at
        if new not in PAUSES:
            support_request.return_state = ""
        elif source not in PAUSES:
            support_request.return_state = source.value
        if new not in TERMINAL:
            support_request.ended_at, support_request.outcome = None, ""
        if new in GIVEN_UP:
            _give_up(support_request, self.at, self.memory)
        if self.actor.role not in DESK_ROLES | {Role.SYSTEM}:
            support_request.hidden_until = None  # what the desk had put aside calls it back
        support_request.save()
        transition = append(support_request, self.action, source, new, self.actor, self.at, self.note, note_is_public)
        if self.action in UNDOABLE:
            self.memory.changed(support_request, self._before)
            held.keep(support_request, self.actor.person_id, self.memory, transition=transition, at=self.at)
        self.finished = True
        return transition


def _give_up(support_request: SupportRequest, at: dt.datetime, memory: held.Memory) -> None:
    """Ends whatever was under way: nobody answers it any longer, operators no longer read it, and the request can be
    taken up afresh. Raises ``Conflict`` when the agency has committed the cost of a mission."""
    change = memory.change
    agreements = support_request.agreements.filter(cancelled_at__isnull=True)
    if agreements.filter(committed_on__isnull=False).exists():
        raise Conflict(
            "L’Agence a engagé la mission : la demande ne peut plus être retirée ni fermée. Proposez sa clôture.",
            code="committed",
        )
    row = support_request
    change(row.solicitations.filter(state__in=LIVE_SOLICITATIONS), state=SolicitationState.CANCELLED, cancelled_at=at)
    change(row.solutions.filter(state=SolutionState.PROPOSED), state=SolutionState.WITHDRAWN, answered_at=at)
    change(row.solutions.filter(state=SolutionState.ACCEPTED), state=SolutionState.WITHDRAWN)
    change(row.referrals.exclude(state=ReferralState.ANSWERED), state=ReferralState.ABANDONED)
    change(row.delegations.filter(state__in=LIVE_DELEGATIONS), state=DelegationState.CANCELLED, cancelled_at=at)
    change(agreements, cancelled_at=at)
    change(row.suspensions.filter(resumed_at__isnull=True), resumed_at=at)
    change(row.closings.filter(confirmed_at__isnull=True, refused_at__isnull=True), refused_at=at)


def local_date(support_request: SupportRequest, at: dt.datetime) -> dt.date:
    return at.astimezone(zoneinfo.ZoneInfo(support_request.department.time_zone)).date()


@contextmanager
def begin(pk: int, action: Action, actor: Actor, *, at: dt.datetime | None = None) -> Iterator[Step]:
    """Opens a transaction, locks the request and refuses what table or ability forbid.

    Raises ``Conflict`` when the request has moved meanwhile, ``NotAllowed`` when the act is not the actor's.
    """
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(pk)
        position = standing(actor, support_request)
        check(support_request, action, position)
        step = Step(support_request, action, actor, position, at or clock.now())
        yield step
        if not step.finished:
            raise RuntimeError(f"{action} was begun and not finished")


def check(support_request: SupportRequest, action: Action, position: Standing) -> None:
    rule = RULES[action]
    if support_request.step not in rule.sources:
        last = support_request.transitions.select_related("person").last()
        who = f" par {last.person.display_name}" if last and last.person else ""
        raise Conflict(
            f"La demande est maintenant « {StateChoices(support_request.state).label} »{who} : "
            f"« {ActionChoices(action).label} » n’est plus possible. Relisez la page avant d’agir.",
            code="state_changed",
        )
    matter = MATTERS.get(action)
    if not any(position.party(party, matter) for party in rule.parties):
        raise NotAllowed(_why_not(position, matter is not None))


def _why_not(position: Standing, signed: bool) -> str:
    if signed and position.actor.role in {Role.DEPUTY, Role.INSTRUCTOR}:
        return (
            "Aucune délégation de signature en vigueur aujourd’hui ne vous permet cet acte. "
            "Demandez-le à une personne qui a la délégation, ou faites enregistrer votre acte."
        )
    return "Vous consultez cette demande, mais cet acte ne vous revient pas."


def append(
    support_request: SupportRequest,
    action: Action,
    source: State,
    new: State,
    actor: Actor,
    at: dt.datetime,
    note: str = "",
    note_is_public: bool = False,
) -> Transition:
    """Writes a line of history and emits :class:`RequestMoved`. The caller holds the request's lock."""
    transition = Transition.objects.create(
        support_request=support_request,
        number=1 if action is Action.SUBMIT else support_request.transitions.count() + 1,
        action=action.value,
        from_state=source.value,
        to_state=new.value,
        person_id=actor.person_id,
        mandate_id=actor.mandate_id,
        role=actor.role.value,
        body=actor.body[:200],
        note=Note.objects.create(text=note[:4000], is_public=note_is_public) if note else None,
        at=at,
        recorded_at=clock.now(),
    )
    emit(
        RequestMoved(
            id=transition.id, at=at, request_id=support_request.pk, action=action.value, transition_id=transition.id
        )
    )
    return transition


def require_text(text: str, field_name: str, message: str, *, at_least: int = 1, at_most: int = 4000) -> str:
    """The text, stripped. Raises ``Invalid`` when it is too short or too long."""
    text = text.strip()
    if len(text) < at_least:
        raise Invalid(message, field=field_name)
    if len(text) > at_most:
        raise Invalid(f"Ce texte compte {len(text)} caractères : {at_most} au plus.", field=field_name, code="too_long")
    return text
