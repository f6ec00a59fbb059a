"""A solicitation between the question and the answer: what the provider asks back, reminders, and giving it up."""

import datetime as dt
import uuid
import zoneinfo

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q

from common import clock
from common.actor import DESK_ROLES, Actor
from common.calendar import add_working_days, is_working_day
from common.errors import Conflict, NotAllowed
from common.events import emit
from operators.enums import QuestionReason
from operators.models import Offer, ProviderAbsence
from operators.services import offers
from requests import deadlines
from requests.enums import ReminderKind, SolicitationState
from requests.events import SolicitationCancelled, SolicitationReminded
from requests.models import Reminder, Solicitation, SupportRequest
from requests.models.intake import ENDED
from requests.permissions import Ability, abilities
from requests.services import solution, transitions
from requests.services.held import Memory, keep, snapshot
from territories.models import DeskClosing

#: An offer declined so many times within this is asked again by itself (DOMAIN 5.1).
DECLINED_TIMES = 2
DECLINED_WITHIN = dt.timedelta(days=365)


def _locked(solicitation: Solicitation) -> tuple[SupportRequest, Solicitation]:
    """The request, then the solicitation: in the order of every service."""
    support_request = SupportRequest.objects.lock(solicitation.support_request_id)
    rows = Solicitation.objects.select_for_update(of=("self",)).select_related("provider")
    return support_request, rows.get(pk=solicitation.pk)


def _asked(solicitation: Solicitation, actor: Actor) -> tuple[SupportRequest, Solicitation]:
    support_request, solicitation = _locked(solicitation)
    if Ability.MANAGE_SOLICITATIONS not in abilities(actor, support_request):
        raise NotAllowed("Seul le guichet du département relance un prestataire ou renonce à le solliciter.")
    if solicitation.state != SolicitationState.ASKED:
        raise Conflict(
            f"Cette sollicitation n’attend plus de réponse : {solicitation.get_state_display().lower()}.",
            code="already_answered",
        )
    return support_request, solicitation


def cancel(solicitation: Solicitation, actor: Actor, *, reason: str, at: dt.datetime | None = None) -> Solicitation:
    """The desk asks no more; the provider reads why. Raises ``Conflict`` once he has answered."""
    at = at or clock.now()
    reason = transitions.require_text(reason, "reason", "Dites pourquoi : le prestataire lira ce texte.", at_most=500)
    with transaction.atomic():
        support_request, solicitation = _asked(solicitation, actor)
        memory, before = Memory(), snapshot(solicitation)
        solicitation.state, solicitation.cancelled_at = SolicitationState.CANCELLED, at
        solicitation.cancel_reason, solicitation.questioned_at = reason, None
        solicitation.recorded_by_id = actor.person_id
        solicitation.save()
        memory.rewritten(solicitation, before)
        keep(support_request, actor.person_id, memory, solicitation=solicitation, at=at)
        _touch(support_request, at)
        solution.await_providers(support_request)
        found = {"request_id": support_request.pk, "solicitation_id": solicitation.pk}
        emit(SolicitationCancelled(id=uuid.uuid4(), at=at, **found))
        return solicitation


def _touch(support_request: SupportRequest, at: dt.datetime) -> None:
    support_request.last_activity_at = at
    support_request.save(update_fields=["last_activity_at"])


def question_declined(*, at: dt.datetime | None = None) -> int:
    """Asks again, by itself, of each offer declined twice within a year: does it still hold? How many. What its keeper
    has said of it meanwhile counts; a refusal noted within the hour may still be taken back. Run by beat every day."""
    at = at or clock.now()
    since, until = at - DECLINED_WITHIN, at - dt.timedelta(hours=1)
    declined = Solicitation.objects.filter(state=SolicitationState.DECLINED, answered_at__range=(since, until))
    standing = declined.filter(Q(offer__answered_at=None) | Q(answered_at__gt=F("offer__answered_at")))
    often = standing.order_by().values("offer").annotate(times=Count("pk")).filter(times__gte=DECLINED_TIMES)
    rows = Offer.objects.published().filter(pk__in=often.values("offer")).order_by("pk")
    return sum(offers.ask_again(row, QuestionReason.DECLINED, at=at) for row in rows)


# --- the thread ------------------------------------------------------------------------------------------------------


def thread_moved(
    support_request: SupportRequest, solicitation: Solicitation, actor: Actor, *, at: dt.datetime
) -> Memory:
    """A message was posted in the thread of a provider who has not answered: whoever wrote last waits for the other.
    The desk's answer leaves him some days. Called on a locked request; returns how this is undone."""
    memory = Memory()
    row = Solicitation.objects.select_for_update(of=("self",)).get(pk=solicitation.pk)
    by_desk = actor.role in DESK_ROLES
    if row.state != SolicitationState.ASKED or by_desk != row.awaits_desk:
        return memory
    memory.set_back(row, questioned_at=row.questioned_at, expected_on=row.expected_on)
    row.questioned_at = None if by_desk else at
    if by_desk and row.expected_on:
        today = transitions.local_date(support_request, at)
        given = add_working_days(today, deadlines.AFTER_QUESTION_DAYS, support_request.department_id)
        row.expected_on = max(row.expected_on, given)
    row.save(update_fields=["questioned_at", "expected_on"])
    solution.await_providers(support_request)
    return memory


# --- reminders -------------------------------------------------------------------------------------------------------


def remind(solicitation: Solicitation, actor: Actor, *, at: dt.datetime | None = None) -> Reminder:
    """« Relancer » by the desk: not the day he was asked or reminded, nor while he waits for the desk."""
    at = at or clock.now()
    with transaction.atomic():
        support_request, solicitation = _asked(solicitation, actor)
        today = transitions.local_date(support_request, at)
        if solicitation.awaits_desk:
            raise Conflict("Ce prestataire attend votre réponse à sa question : écrivez-lui.", code="awaits_desk")
        if solicitation.reminders.filter(on=today).exists():
            raise Conflict("Ce prestataire a déjà été relancé aujourd’hui.", code="already_reminded")
        if transitions.local_date(support_request, solicitation.asked_at) >= today:
            raise Conflict("Ce prestataire est sollicité d’aujourd’hui : relancez-le un autre jour.", code="too_early")
        memory, before = Memory(), snapshot(solicitation)
        reminder = _remind(solicitation, ReminderKind.MANUAL, today, actor.person_id, at)
        memory.rewritten(solicitation, before)
        memory.made(reminder)
        keep(support_request, actor.person_id, memory, solicitation=solicitation, at=at)
        _touch(support_request, at)
        return reminder


def _remind(
    solicitation: Solicitation, kind: ReminderKind, today: dt.date, person_id: int | None, at: dt.datetime
) -> Reminder:
    reminder = Reminder.objects.create(solicitation=solicitation, kind=kind, on=today, at=at, person_id=person_id)
    solicitation.reminded_at = at
    solicitation.save(update_fields=["reminded_at"])
    found = {"request_id": solicitation.support_request_id, "solicitation_id": solicitation.pk}
    emit(SolicitationReminded(id=uuid.uuid4(), at=at, **found))
    return reminder


def kind_due(expected_on: dt.date, today: dt.date, territory: str) -> ReminderKind | None:
    """Which reminder a day is for, in working days of the territory: one just before or on the day expected, one
    after."""
    if not is_working_day(today, territory):
        return None
    before = add_working_days(expected_on, -deadlines.REMIND_BEFORE_DAYS, territory)
    after = add_working_days(expected_on, deadlines.REMIND_AFTER_DAYS, territory)
    if before <= today <= expected_on:
        return ReminderKind.BEFORE
    last = add_working_days(expected_on, deadlines.REMIND_UP_TO_DAYS, territory)
    return ReminderKind.AFTER if after <= today <= last else None


def remind_due(*, at: dt.datetime | None = None) -> int:
    """Reminds whoever is due, each once of each kind; how many. Run by beat every day: whatever died, or was missed, is
    made up for by the next. Nothing leaves on a day on which the desk is closed, nor to a provider who is away without
    a deputy."""
    at = at or clock.now()
    around = dt.timedelta(days=2 * deadlines.REMIND_UP_TO_DAYS)
    done = Reminder.objects.filter(solicitation=OuterRef("pk"), kind=ReminderKind.AFTER)
    candidates = (
        Solicitation.objects.filter(
            ~Exists(done),
            state=SolicitationState.ASKED,
            questioned_at=None,
            expected_on__range=(at.date() - around, at.date() + around),
        )
        .exclude(support_request__in=SupportRequest.objects.filter(ENDED))
        .select_related("support_request__department")
        .order_by("pk")
    )
    sent = 0
    for candidate in candidates:
        territory = candidate.support_request.department
        today = at.astimezone(zoneinfo.ZoneInfo(territory.time_zone)).date()
        if candidate.expected_on and kind_due(candidate.expected_on, today, territory.pk):
            sent += _remind_if_due(candidate, today, at)
    return sent


def _remind_if_due(candidate: Solicitation, today: dt.date, at: dt.datetime) -> bool:
    with transaction.atomic():
        support_request, row = _locked(candidate)
        kind = kind_due(row.expected_on, today, support_request.department_id) if row.expected_on else None
        asked_before = transitions.local_date(support_request, row.asked_at) < today
        if kind is None or row.state != SolicitationState.ASKED or row.awaits_desk or not asked_before:
            return False
        if row.reminders.filter(kind=kind).exists() or row.reminders.filter(on=today).exists():
            return False
        closed = DeskClosing.objects.filter(
            desk__department=support_request.department_id, first_day__lte=today, last_day__gte=today
        )
        away = ProviderAbsence.objects.on(today).filter(provider=row.provider_id, deputy_email="")
        if closed.exists() or away.exists():
            return False
        _remind(row, kind, today, None, at)
        return True
