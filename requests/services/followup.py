"""From the start of support to its end: journal, pauses, closing, survey, reopening."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence

from dateutil.relativedelta import relativedelta
from django.db import transaction

from common import clock
from common.actor import Actor
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from requests import deadlines
from requests.enums import EntryKind, Outcome, Result, SurveyMoment
from requests.events import ClosingProposed, SurveyAsked
from requests.models import Closing, FollowUpEntry, Note, Recommendation, SupportRequest, Survey, Suspension
from requests.permissions import Ability, abilities
from requests.services import transitions
from requests.workflow import Action, Holder


def log(
    support_request: SupportRequest,
    actor: Actor,
    *,
    kind: str,
    text: str,
    on: dt.date | None = None,
    is_public: bool = True,
    at: dt.datetime | None = None,
) -> FollowUpEntry:
    """Adds a dated line to the journal."""
    at = at or clock.now()
    text = transitions.require_text(text, "text", "Décrivez l’étape.", at_most=2000)
    if kind not in EntryKind.values:
        raise Invalid("Choisissez la nature de l’étape.", field="kind")
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.LOG_FOLLOW_UP not in abilities(actor, support_request):
            raise NotAllowed("Le journal est tenu par la personne chargée du suivi.")
        on = on or transitions.local_date(support_request, at)
        if on > transitions.local_date(support_request, at):
            raise Invalid("Notez ce qui a eu lieu : cette date est à venir.", field="on")
        entry = FollowUpEntry.objects.create(
            support_request=support_request,
            kind=kind,
            on=on,
            text=text,
            is_public=is_public,
            author_id=actor.author_id,
            recorded_at=clock.now(),
        )
        support_request.last_activity_at = at
        support_request.save(update_fields=["last_activity_at"])
        return entry


def suspend(
    support_request: SupportRequest,
    actor: Actor,
    *,
    reason: str,
    expected_until: dt.date | None = None,
    at: dt.datetime | None = None,
) -> SupportRequest:
    with transitions.begin(support_request.pk, Action.SUSPEND, actor, at=at) as step:
        reason = transitions.require_text(
            reason, "reason", "Dites pourquoi : la collectivité lira ce motif.", at_most=500
        )
        if expected_until is not None and expected_until <= step.today:
            raise Invalid("Choisissez une date de reprise à venir.", field="expected_until")
        pause = Suspension.objects.create(
            support_request=step.support_request, reason=reason, since=step.at, expected_until=expected_until
        )
        step.memory.made(pause)
        step.finish(note=reason, note_is_public=True, due_on=expected_until)
    return step.support_request


def resume(
    support_request: SupportRequest, actor: Actor, *, note: str = "", at: dt.datetime | None = None
) -> SupportRequest:
    """Back to the support that was going on."""
    with transitions.begin(support_request.pk, Action.RESUME, actor, at=at) as step:
        _end_suspension(step)
        step.finish(note=note.strip(), note_is_public=True)
    return step.support_request


def _end_suspension(step: transitions.Step) -> None:
    step.memory.change(step.support_request.suspensions.filter(resumed_at__isnull=True), resumed_at=step.at)


def propose_closing(
    support_request: SupportRequest,
    actor: Actor,
    *,
    result: str,
    summary: str,
    finished_on: dt.date,
    recommendations: Sequence[str] = (),
    at: dt.datetime | None = None,
) -> Closing:
    """The follow-up officer proposes to close; the delegate confirms or not."""
    at = at or clock.now()
    if result not in Result.values:
        raise Invalid("Choisissez le résultat.", field="result")
    summary = transitions.require_text(summary, "summary", "Écrivez le bilan en quelques phrases.")
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.PROPOSE_CLOSING not in abilities(actor, support_request):
            raise NotAllowed("La clôture est proposée par la personne chargée du suivi.")
        if live_closing(support_request) is not None:
            raise Conflict("Une clôture est déjà proposée : elle attend sa confirmation.", code="closing_pending")
        if finished_on > transitions.local_date(support_request, at):
            raise Invalid("La fin de l’accompagnement ne peut pas être à venir.", field="finished_on")
        closing = Closing.objects.create(
            support_request=support_request,
            result=result,
            summary=summary,
            finished_on=finished_on,
            proposed_by_id=actor.author_id,
            proposed_at=at,
        )
        Recommendation.objects.bulk_create(
            Recommendation(closing=closing, text=text.strip()[:500]) for text in recommendations if text.strip()
        )
        support_request.holder = Holder.DESK.value
        support_request.last_activity_at = at
        support_request.save(update_fields=["holder", "last_activity_at"])
        emit(ClosingProposed(id=uuid.uuid4(), at=at, request_id=support_request.pk, closing_id=closing.pk))
        return closing


def live_closing(support_request: SupportRequest) -> Closing | None:
    return support_request.closings.filter(confirmed_at__isnull=True, refused_at__isnull=True).first()


def close(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> SupportRequest:
    """Confirms the closing: the outcome is the way's, two questions leave now, one in six months (PRACTICE 1.10)."""
    with transitions.begin(support_request.pk, Action.CLOSE, actor, at=at) as step:
        row = step.support_request
        closing = live_closing(row)
        if closing is None:
            raise Invalid("La clôture n’a pas été proposée : il y manque le résultat et le bilan.")
        step.memory.set_back(closing, confirmed_by_id=None, confirmed_at=None)
        closing.confirmed_by_id = actor.person_id
        closing.confirmed_at = step.at
        closing.save()
        _end_suspension(step)
        later = step.today + relativedelta(months=deadlines.SURVEY_MONTHS)
        Survey.objects.bulk_create(
            [
                Survey(support_request=row, moment=SurveyMoment.CLOSING, due_on=step.today, asked_at=step.at),
                Survey(support_request=row, moment=SurveyMoment.SIX_MONTHS, due_on=later),
            ],
            ignore_conflicts=True,  # closed again on the same day, after a reopening
        )
        step.memory.made(*row.surveys.filter(answered_at=None, due_on__gte=step.today))
        step.finish(outcome=Outcome(row.route), ended_at=step.at)
    return step.support_request


def refuse_closing(
    support_request: SupportRequest, actor: Actor, *, reason: str, at: dt.datetime | None = None
) -> Closing:
    """The delegate doesn't confirm: support goes on, and the officer reads why."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Action.CLOSE not in abilities(actor, support_request):
            raise NotAllowed("La clôture est confirmée par le délégué territorial.")
        closing = live_closing(support_request)
        if closing is None:
            raise Conflict("Aucune clôture n’attend de confirmation.", code="state_changed")
        reason = transitions.require_text(reason, "reason", "Dites pourquoi.")
        closing.refused_at = at
        closing.refusal = Note.objects.create(text=reason)
        closing.save()
        support_request.holder = support_request.expected_holder()
        support_request.last_activity_at = at
        support_request.save(update_fields=["holder", "last_activity_at"])
        return closing


def reopen(
    support_request: SupportRequest, actor: Actor, *, reason: str, at: dt.datetime | None = None
) -> SupportRequest:
    """Within twelve months, back to the support that was closed."""
    with transitions.begin(support_request.pk, Action.REOPEN, actor, at=at) as step:
        step.support_request.surveys.filter(asked_at__isnull=True).delete()
        step.finish(note=reason.strip(), note_is_public=True)
    return step.support_request


# --- surveys ---------------------------------------------------------------------------------------------------------


def ask_due_surveys(*, at: dt.datetime | None = None, limit: int = 200) -> int:
    """Sends the questions that are due; run by beat every day, and harmless when run twice."""
    at = at or clock.now()
    with transaction.atomic():
        due = list(
            Survey.objects.select_for_update(of=("self",), skip_locked=True).filter(
                asked_at__isnull=True, due_on__lte=at.date()
            )[:limit]
        )
        for survey in due:
            ask(survey, at=at)
    return len(due)


def ask(survey: Survey, *, at: dt.datetime) -> None:
    """Sends the questions of a survey that is due. Called inside a transaction."""
    survey.asked_at = at
    survey.save(update_fields=["asked_at"])
    emit(SurveyAsked(id=uuid.uuid4(), at=at, request_id=survey.support_request_id, survey_id=survey.pk))


#: Said to whoever answers the questions of a closing that was taken back.
REOPENED = "La préfecture vient de rouvrir votre demande : ces questions vous seront posées plus tard."


def answer_survey(
    asked: Survey,
    actor: Actor,
    *,
    useful: bool | None = None,
    quick: bool | None = None,
    comment: str = "",
    implemented: Mapping[int, bool] | None = None,
    at: dt.datetime | None = None,
) -> Survey:
    """Answered once; at six months, recommendation by recommendation (« déjà mis en œuvre »)."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(asked.support_request_id)
        survey = Survey.objects.select_for_update(of=("self",)).filter(pk=asked.pk).first()
        if survey is None:
            raise Conflict(REOPENED, code="reopened")
        if Ability.ANSWER_SURVEY not in abilities(actor, support_request):
            raise NotAllowed("Ces questions s’adressent à la collectivité.")
        if survey.answered_at is not None:
            raise Conflict("Vous avez déjà répondu. Votre réponse est enregistrée.", code="already_answered")
        if survey.moment == SurveyMoment.CLOSING and useful is None:
            raise Invalid("Dites si cette aide vous a été utile.", field="useful")
        survey.useful, survey.quick = useful, quick
        survey.comment = comment.strip()[:2000]
        survey.answered_at, survey.answered_by_id = at, actor.person_id
        survey.save()
        # what was answered is not taken back with the closing: services.undo compares
        SupportRequest.objects.filter(pk=support_request.pk).update(last_activity_at=at)
        for pk, done in (implemented or {}).items():
            Recommendation.objects.filter(pk=pk, closing__support_request=support_request).update(implemented=done)
        return survey
