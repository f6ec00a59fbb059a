"""The agency's side: taking up a referral, its five answers, delegations, the agreement of a market mission."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import Mandate
from common import clock
from common.actor import Actor, Role
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from operators.enums import ProviderKind
from operators.models import Offer, Provider
from requests.enums import (
    LIVE_DELEGATIONS,
    AssignmentKind,
    DeclineReason,
    DelegationState,
    NationalAnswerKind,
    NotRetainedReason,
    ReferralState,
    Route,
)
from requests.events import Delegated, DelegationAnswered
from requests.models import Delegation, NationalAnswer, Note, SupportRequest
from requests.permissions import Ability, Relation, abilities
from requests.services import assignments, transitions
from requests.services.referral import live_referral
from requests.workflow import Action, State


def take_up(
    support_request: SupportRequest, actor: Actor, *, instructor: Mandate, at: dt.datetime | None = None
) -> SupportRequest:
    with transitions.begin(support_request.pk, Action.TAKE_UP, actor, at=at) as step:
        assignments.name_person(
            step.support_request, AssignmentKind.NATIONAL_INSTRUCTOR, instructor, actor, at=step.at, told=False
        )
        step.finish()
    return step.support_request


def ask_more(
    support_request: SupportRequest, actor: Actor, *, text: str, at: dt.datetime | None = None
) -> SupportRequest:
    """Asks the prefect for complements: the referral is open for editing again, and signed again."""
    with transitions.begin(support_request.pk, Action.ASK_MORE, actor, at=at) as step:
        text = transitions.require_text(text, "text", "Dites ce qui manque.")
        referral = live_referral(step.support_request)
        if referral is not None:
            referral.state = ReferralState.MORE_ASKED
            referral.save(update_fields=["state"])
        step.finish(note=text)
    return step.support_request


def answer(
    step: transitions.Step,
    kind: NationalAnswerKind,
    *,
    text: str = "",
    reason: str = "",
    service: Provider | None = None,
    offer: Offer | None = None,
) -> NationalAnswer:
    """One of the five answers, on a request being moved: the referral is answered."""
    referral = live_referral(step.support_request)
    if referral is None:
        raise Conflict("Aucune saisine n’attend de réponse.", code="state_changed")
    referral.state = ReferralState.ANSWERED
    referral.save(update_fields=["state"])
    return NationalAnswer.objects.create(
        support_request=step.support_request,
        referral=referral,
        kind=kind,
        reason=reason,
        note=Note.objects.create(text=text.strip()[:4000], is_public=True) if text.strip() else None,
        service=service,
        offer=offer,
        person_id=step.actor.author_id,
        at=step.at,
    )


def send_back(
    support_request: SupportRequest, actor: Actor, *, offer: Offer, text: str = "", at: dt.datetime | None = None
) -> SupportRequest:
    """« Une offre locale existe »: the fifth answer, with its reference (PRACTICE 1.3)."""
    with transitions.begin(support_request.pk, Action.SEND_BACK, actor, at=at) as step:
        if offer.provider.kind in {ProviderKind.OPERATOR, ProviderKind.AGENCY}:
            raise Invalid("Cette offre n’est pas une offre locale.", field="offer")
        answer(step, NationalAnswerKind.SENT_BACK, text=text, offer=offer)
        step.finish(note=text.strip() or f"Offre locale : {offer.title} ({offer.provider})")
    return step.support_request


def not_retain(
    support_request: SupportRequest, actor: Actor, *, reason: str, text: str, at: dt.datetime | None = None
) -> SupportRequest:
    """Not retained, with a motive: back to the prefect, who tells the mayor."""
    with transitions.begin(support_request.pk, Action.NOT_RETAIN, actor, at=at) as step:
        if reason not in NotRetainedReason.values:
            raise Invalid("Choisissez un motif.", field="reason")
        text = transitions.require_text(text, "text", "Expliquez la réponse : la préfecture la transmettra.")
        answer(step, NationalAnswerKind.NOT_RETAINED, text=text, reason=reason)
        step.finish(note=text)
    return step.support_request


@dataclass(frozen=True, kw_only=True)
class Mission:
    operator: Provider
    text: str
    expected_on: dt.date | None = None


def delegate(
    support_request: SupportRequest, actor: Actor, missions: Sequence[Mission], *, at: dt.datetime | None = None
) -> list[Delegation]:
    """Entrusts the request to one or several of the five operators, each by a row of its own."""
    with transitions.begin(support_request.pk, Action.DELEGATE, actor, at=at) as step:
        if not missions:
            raise Invalid("Choisissez au moins un opérateur.", field="operators")
        given = answer(step, NationalAnswerKind.OPERATORS)
        delegations = [_delegation(step, given, mission) for mission in missions]
        step.finish()
    return delegations


def _delegation(step: transitions.Step, given: NationalAnswer, mission: Mission) -> Delegation:
    if mission.operator.kind != ProviderKind.OPERATOR:
        raise Invalid("La délégation ne peut aller qu’à l’un des cinq opérateurs.", field="operators")
    text = transitions.require_text(mission.text, "mission", "Décrivez la mission confiée.", at_most=2000)
    delegation = Delegation.objects.create(
        support_request=step.support_request,
        answer=given,
        operator=mission.operator,
        mission=text,
        expected_on=mission.expected_on,
        asked_at=step.at,
        asked_by_id=step.actor.author_id,
    )
    emit(Delegated(id=uuid.uuid4(), at=step.at, request_id=step.support_request.pk, delegation_id=delegation.pk))
    return delegation


def answer_delegation(
    delegation: Delegation,
    actor: Actor,
    *,
    accepted: bool,
    text: str = "",
    reason: str = "",
    public_answer: str = "",
    contact: str = "",
    starts_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Delegation:
    """An operator accepts or declines. The first acceptance lets support start (now, or by ``start_support`` at the
    date announced); the last refusal returns the file to the agency."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(delegation.support_request_id)
        delegation = Delegation.objects.select_for_update(of=("self",)).select_related("operator").get(pk=delegation.pk)
        if actor.role is not Role.OPERATOR or delegation.operator.organisation_id != actor.organisation_id:
            raise NotAllowed("Cette mission est confiée à un autre opérateur.")
        if delegation.state == DelegationState.CANCELLED:
            raise Conflict("Cette mission est sans objet : elle n’attend plus de réponse.", code="state_changed")
        if delegation.state != DelegationState.ASKED:
            raise Conflict(
                f"Cette délégation a déjà une réponse : {delegation.get_state_display().lower()}.",
                code="already_answered",
            )
        if Ability.ANSWER_DELEGATION not in abilities(actor, support_request):
            raise NotAllowed("Cette mission n’attend pas de réponse de votre part.")
        if not accepted and reason not in DeclineReason.values:
            raise Invalid("Choisissez un motif.", field="reason")
        if not accepted:
            text = transitions.require_text(text, "text", "Expliquez votre réponse à l’Agence.", at_most=2000)
        delegation.state = DelegationState.ACCEPTED if accepted else DelegationState.DECLINED
        delegation.answered_at = at
        delegation.answered_by_id = actor.person_id
        delegation.answer_text = text.strip()[:2000]
        delegation.decline_reason = "" if accepted else reason
        delegation.public_answer = public_answer.strip()[:300]
        delegation.contact = contact.strip()[:200]
        delegation.starts_on = starts_on
        today = transitions.local_date(support_request, at)
        others = support_request.delegations.exclude(pk=delegation.pk)
        starting = accepted and (starts_on is None or starts_on <= today)
        returning = not accepted and not others.filter(state__in=LIVE_DELEGATIONS).exists()
        if support_request.step is State.DELEGATED and (starting or returning):
            # the operator's right on the file rests on this row: act while it still holds, then save the answer
            action = Action.START_SUPPORT if starting else Action.RETURN_DELEGATION
            with transitions.begin(support_request.pk, action, actor, at=at) as step:
                delegation.save()
                if starting:
                    step.finish(route=Route.OPERATOR, supported_at=step.at)
                else:
                    revive_referral(step.support_request)
                    step.finish()  # the answer stays with its delegation: an operator does not read another's
        else:
            delegation.save()
            support_request.last_activity_at = at
            support_request.save(update_fields=["last_activity_at"])
        emit(DelegationAnswered(id=uuid.uuid4(), at=at, request_id=support_request.pk, delegation_id=delegation.pk))
        return delegation


def take_back_delegation(
    support_request: SupportRequest, actor: Actor, *, reason: str, at: dt.datetime | None = None
) -> SupportRequest:
    """An operator never answered: the agency takes the file back, and asks him nothing any longer."""
    with transitions.begin(support_request.pk, Action.RETURN_DELEGATION, actor, at=at) as step:
        if not step.standing.has(Relation.AGENCY):
            raise NotAllowed("L’Agence seule reprend la demande quand un opérateur ne répond pas.")
        reason = transitions.require_text(reason, "text", "Dites pourquoi.", at_most=2000)
        if step.support_request.delegations.filter(state=DelegationState.ACCEPTED).exists():
            raise Conflict("Un opérateur a accepté : demandez-lui de démarrer, ou suspendez l’accompagnement.")
        step.support_request.delegations.filter(state=DelegationState.ASKED).update(
            state=DelegationState.CANCELLED, cancelled_at=step.at
        )
        revive_referral(step.support_request)
        step.finish(note=reason)
    return step.support_request


def start_support(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> SupportRequest:
    """Support starts at the date announced by the operator, or by the order of the market."""
    with transitions.begin(support_request.pk, Action.START_SUPPORT, actor, at=at) as step:
        market = step.support_request.step is State.CONTRACTING
        step.finish(route=Route.MARKET if market else Route.OPERATOR, supported_at=step.at)
    return step.support_request


def assign_service(
    support_request: SupportRequest, actor: Actor, *, service: Provider, text: str = "", at: dt.datetime | None = None
) -> SupportRequest:
    """A service of the agency, from the closed list, answers itself."""
    with transitions.begin(support_request.pk, Action.ASSIGN_SERVICE, actor, at=at) as step:
        if service.kind != ProviderKind.AGENCY:
            raise Invalid("Choisissez un service de l’Agence.", field="service")
        answer(step, NationalAnswerKind.AGENCY_SERVICE, text=text, service=service)
        step.finish(note=text.strip(), note_is_public=True, route=Route.AGENCY_SERVICE, supported_at=step.at)
    return step.support_request


def revive_referral(support_request: SupportRequest) -> None:
    """A file back in national review has its last referral live again."""
    if live_referral(support_request) is None:
        referral = support_request.referrals.filter(state=ReferralState.ANSWERED).first()
        if referral is not None:
            referral.state = ReferralState.SENT
            referral.save(update_fields=["state"])
