"""Taking an act back while its mails wait: nobody is told of it, and the history keeps both lines."""

import datetime as dt
from typing import Any

from django.db import transaction

from common import clock
from common.actor import Actor
from common.errors import Conflict, NotAllowed
from files.models import StoredFile
from notifications import hold
from requests.enums import LIVE_SOLICITATIONS, SolicitationState
from requests.models import Decision, Dispatch, Document, HeldAct, Solicitation, SupportRequest
from requests.permissions import standing
from requests.services import held, solution, transitions
from requests.workflow import Action, State

#: A held act is forgotten after this long.
KEPT = dt.timedelta(days=1)


def undo(act: HeldAct, actor: Actor, *, at: dt.datetime | None = None) -> HeldAct:
    """Takes back what its author did a moment ago; twice is the same as once.

    Raises ``NotAllowed`` to anybody else, ``Conflict`` when the mail has left or the file has moved since.
    """
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(act.support_request_id)
        act = HeldAct.objects.select_for_update(of=("self",)).get(pk=act.pk)
        if act.person_id != actor.person_id:
            raise NotAllowed("Seule la personne qui a accompli cet acte peut l’annuler.")
        if act.undone_at is not None:
            return act
        if clock.instant() >= act.told_at:
            raise Conflict("Le courriel est parti : cet acte ne peut plus être annulé.", code="already_sent")
        if act.transition_id is not None:
            _transition(act, support_request, actor, at)
        elif act.decision is not None:
            _decision(act.decision, support_request, at)
        elif act.solicitation_id is not None:
            _solicitation(act, act.solicitation_id, support_request)
        else:
            _message(act, support_request)
        hold.cancel(act.pk)
        act.undone_at = at
        act.save()
        SupportRequest.objects.filter(pk=support_request.pk).update(last_activity_at=at)
        return act


def _moved() -> Conflict:
    return Conflict(
        "La demande a avancé depuis : cet acte ne peut plus être annulé. Relisez la page avant d’agir.",
        code="state_changed",
    )


def _transition(act: HeldAct, support_request: SupportRequest, actor: Actor, at: dt.datetime) -> None:
    last: Any = support_request.transitions.last()
    if last.pk != act.transition_id or support_request.last_activity_at != act.at:
        raise _moved()
    transitions.check(support_request, Action.UNDO, standing(actor, support_request))
    letters = [key for label, key, columns in act.reverse if label == Document._meta.label and columns is None]
    written = Document.objects.select_for_update(of=("self",)).filter(pk__in=letters)  # after the worker who writes it
    files = [letter.file_id for letter in written if letter.file_id]
    held.set_back(act.reverse)
    StoredFile.objects.filter(pk__in=files).delete()
    transitions.append(support_request, Action.UNDO, State(last.to_state), State(last.from_state), actor, at)


def _decision(decision: Decision, support_request: SupportRequest, at: dt.datetime) -> None:
    """What it asked is asked no more. The search that it opened stays open."""
    job = Dispatch.objects.select_for_update(of=("self",), skip_locked=True).filter(decision=decision).first()
    if job is None:  # waiting for it would be a deadlock: whoever performs it waits for the request
        raise Conflict("La décision est en train d’être exécutée : réessayez dans un instant.", code="busy")
    asked = decision.solicitations.select_for_update(of=("self",))
    if any(row.answered_by or row.awaits_desk for row in asked):  # an agreement given beforehand is nobody's answer
        raise Conflict("Un prestataire a déjà répondu : cet acte ne peut plus être annulé.", code="state_changed")
    if support_request.step not in {State.QUALIFICATION, State.LOCAL_SEARCH}:
        raise _moved()
    asked.update(state=SolicitationState.CANCELLED, cancelled_at=at)
    job.cancelled_at, job.done_at, job.failed_at = at, job.done_at or clock.instant(), None
    job.save()
    solution.await_providers(support_request)


def _solicitation(act: HeldAct, solicitation_id: int, support_request: SupportRequest) -> None:
    """Reminded, cancelled or answered: as it was, if nothing came of it."""
    if support_request.last_activity_at != act.at:
        raise _moved()
    row = Solicitation.objects.select_for_update(of=("self",)).get(pk=solicitation_id)
    others = support_request.solicitations.filter(offer=row.offer_id, state__in=LIVE_SOLICITATIONS).exclude(pk=row.pk)
    if others.exists():  # asked again meanwhile
        raise _moved()
    held.set_back(act.reverse)
    solution.await_providers(support_request)


def _message(act: HeldAct, support_request: SupportRequest) -> None:
    message: Any = act.message
    act.text, act.message = message.text, None
    act.save()
    message.delete()
    if act.reverse:  # whose turn it was in a provider's thread
        held.set_back(act.reverse)
        solution.await_providers(support_request)


def words_of(support_request: SupportRequest, action: Action) -> str:
    """What its author had written, when the last thing done to the file was to take such an act back."""
    last = list(support_request.transitions.select_related("note").order_by("-number")[:2])
    undone = len(last) == 2 and last[0].action == Action.UNDO and last[1].action == action
    return last[1].note.text if undone and last[1].note else ""


def purge(*, at: dt.datetime | None = None) -> int:
    """Forgets the acts told more than a day ago; how many."""
    return HeldAct.objects.filter(told_at__lt=(at or clock.instant()) - KEPT).delete()[0]
