"""« Le chemin »: what was done, what is going on, what is to come, in the official's words (SCREENS 3).

Only public notes are told; of an operator's refusal, its public sentence alone (SCENARIOS D08).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, NATIONAL_ROLES, Role
from common.french import joined, typo
from requests.enums import DelegationState, Motive
from requests.models import Delegation, SupportRequest, Transition
from requests.workflow import SUPPORTED, TERMINAL, Action, State

#: What each action is on the way, in the official's words. One left out is no step of his (the return of a delegation
#: is told by the operator's public sentence).
STEPS: dict[Action, str] = {
    Action.SUBMIT: "Demande envoyée",
    Action.TRANSFER: "Transmise à la préfecture compétente",
    Action.ACKNOWLEDGE: "Reçue par la préfecture",
    Action.ASK_COMPLETION: "Éléments demandés",
    Action.COMPLETE: "Éléments envoyés",
    Action.START_SEARCH: "Étudiée : une aide est cherchée près de chez vous",
    Action.ATTACH: "Rattachée à la demande de votre intercommunalité",
    Action.DETACH: "Reprise séparément",
    Action.REDIRECT: "Adressée ailleurs",
    Action.PROPOSE: "Aide proposée",
    Action.WITHDRAW_PROPOSAL: "Proposition retirée par la préfecture",
    Action.DECLINE_PROPOSAL: "Proposition refusée : la recherche continue",
    Action.DESIGNATE: "Accompagnement : votre chargé de suivi est désigné",
    Action.PREPARE_REFERRAL: "Étudiée : transmission à l’Agence nationale en préparation",
    Action.ABANDON_REFERRAL: "La recherche près de chez vous reprend",
    Action.REFER: "Transmise à l’Agence nationale",
    Action.TAKE_UP: "Reçue par l’Agence nationale",
    Action.ASK_MORE: "Précisions demandées par l’Agence à la préfecture",
    Action.SEND_BACK: "Une aide locale existe : la préfecture reprend la demande",
    Action.NOT_RETAIN: "L’Agence n’intervient pas : la préfecture reprend la demande",
    Action.DELEGATE: "Confiée à un opérateur de l’État",
    Action.ASSIGN_SERVICE: "Accompagnement par un service de l’Agence",
    Action.CONTRACT: "Marché d’ingénierie de l’Agence mobilisé",
    Action.CANCEL_CONTRACT: "Convention abandonnée : l’Agence reprend l’étude",
    Action.START_SUPPORT: "Accompagnement commencé",
    Action.SUSPEND: "Accompagnement en pause",
    Action.RESUME: "Accompagnement repris",
    Action.CLOSE: "Fin de l’accompagnement",
    Action.REOPEN: "Demande rouverte",
    Action.WITHDRAW: "Demande retirée",
    Action.DROP: "Fermée sans suite",
    Action.TAKE_BACK: "Demande reprise",
}

#: Why a request was transmitted, as said to a mayor.
BECAUSE: dict[str, str] = {
    Motive.INSUFFICIENT_RESOURCES: "aucune aide suffisante n’a été trouvée près de chez vous",
    Motive.COMPLEXITY: "le projet demande des compétences réunies nulle part dans le département",
    Motive.FRAGILITY: "la situation de la collectivité le justifie",
}

TO_COME: tuple[tuple[frozenset[State], str], ...] = (
    (frozenset({State.SUBMITTED, State.INCOMPLETE}), "Reçue par la préfecture"),
    (frozenset({State.SUBMITTED, State.INCOMPLETE, State.QUALIFICATION}), "Étudiée"),
    (
        frozenset({State.SUBMITTED, State.INCOMPLETE, State.QUALIFICATION, State.LOCAL_SEARCH}),
        "Aide proposée, ou transmission à l’Agence nationale",
    ),
    (frozenset({State.REFERRAL_PREPARATION}), "Transmise à l’Agence nationale"),
    (
        frozenset({State.REFERRAL_PREPARATION, State.REFERRED, State.NATIONAL_REVIEW}),
        "Réponse de l’Agence nationale",
    ),
)


@dataclass(slots=True)
class Milestone:
    """One line of the way: ``kind`` is ``done``, ``now`` or ``to_come``."""

    label: str
    kind: str
    at: dt.datetime | None = None
    by: str = ""
    note: str = ""
    because: str = ""
    dispatched: bool = False


def way(
    support_request: SupportRequest,
    transitions: Iterable[Transition],
    delegations: list[Delegation],
    sentence: str,
    *,
    because: list[str],
    own: bool,
) -> list[Milestone]:
    """The lines of the way, oldest first. ``because``: why it was transmitted, the last time that it was. ``own``: the
    reader acts for the applicant, whom the page calls « vous »."""
    state = support_request.step
    steps = list(transitions)
    found = [_done(step, delegations, own=own) for step in steps if step.action in STEPS]
    for milestone in [one for one in found if one.label == STEPS[Action.REFER]][-1:]:
        milestone.because = joined(because)
    left = _left(delegations, steps)
    found += [_refusal(one, at, delegations, left) for one, at in left.items()]
    found.sort(key=lambda step: step.at or support_request.state_since)
    if state in TERMINAL:
        return found
    found.append(Milestone(sentence, "now", at=support_request.state_since))
    found += [Milestone(label, "to_come") for states, label in TO_COME if state in states]
    if state not in SUPPORTED | {State.SUSPENDED}:
        found.append(Milestone("Accompagnement", "to_come"))
    found.append(Milestone("Fin", "to_come"))
    return found


def _done(step: Transition, delegations: list[Delegation], *, own: bool) -> Milestone:
    action = Action(step.action)
    label = typo(STEPS[action])
    if action is Action.DELEGATE:
        names = [one.operator.name for one in delegations if one.asked_at == step.at]
        label = f"Confiée à {joined(names)}" if names else label
    note = step.note.text if step.note is not None and step.note.is_public else ""
    dispatched = step.role == Role.SYSTEM and action in {Action.START_SEARCH, Action.PREPARE_REFERRAL}
    return Milestone(label, "done", step.at, _doer(step, own=own), note, dispatched=dispatched)


def _left(delegations: list[Delegation], steps: list[Transition]) -> dict[Delegation, dt.datetime]:
    """The operators that do not come, and since when: those who declined, those whom the agency waits for no longer."""
    given_up = {step.at for step in steps if step.action == Action.RETURN_DELEGATION and step.role in NATIONAL_ROLES}
    found = {}
    for one in delegations:
        if one.state == DelegationState.DECLINED and one.answered_at:
            found[one] = one.answered_at
        elif one.cancelled_at in given_up:
            found[one] = one.cancelled_at
    return found


def _refusal(
    one: Delegation, at: dt.datetime, delegations: list[Delegation], left: dict[Delegation, dt.datetime]
) -> Milestone:
    """An operator that does not come. The agency searches again only if nobody else was asked at that moment."""
    others = [other for other in delegations if other is not one and other.asked_at <= at]
    hoped = any(other not in left or left[other] > at for other in others)
    silent = one.state == DelegationState.CANCELLED
    said = one.public_answer or f"{one.operator.name} {'n’a pas répondu' if silent else 'n’interviendra pas'}."
    if hoped:
        return Milestone("Réponse d’un opérateur", "done", at=at, by=one.operator.name, note=said)
    return Milestone("L’Agence cherche un autre opérateur", "done", at=at, by="l’Agence nationale", note=said)


def _doer(step: Transition, *, own: bool) -> str:
    role = Role(step.role)
    if role in COLLECTIVITY_ROLES:
        return "vous" if own else step.body
    if role is Role.SYSTEM or role in DESK_ROLES:
        return "la préfecture"
    if role in NATIONAL_ROLES:
        return "l’Agence nationale"
    return step.body
