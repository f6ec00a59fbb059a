"""The desk's acts before any help is found: receipt, qualification, decision, redirection, attachment, ends."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from accounts.models import Mandate
from common import clock
from common.actor import Actor
from common.calendar import add_working_days, is_working_day
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from common.french import day
from operators.enums import RedirectionReason
from operators.models import Offer, Subject
from requests import deadlines
from requests.enums import (
    LIVE_SOLICITATIONS,
    AssignmentKind,
    Competence,
    DecisionKind,
    DocumentKind,
    Motive,
)
from requests.events import DecisionTaken
from requests.models import Decision, Dispatch, Note, ReadingLog, SupportRequest
from requests.permissions import Ability, abilities
from requests.services import assignments, facts, held, letters, routing, transitions
from requests.workflow import RULES, Action, State
from territories.models import Department

#: Characters of the question put to one provider.
QUESTION = 1000


def log_reading(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> None:
    """Records that a file was opened, before its page is built, in one statement.

    Opened again within ten minutes with nothing new in between, it is the same reading.
    """
    if actor.person_id is None:
        return
    at = at or clock.now()
    since = max(at - dt.timedelta(minutes=10), support_request.last_activity_at)
    with connection.cursor() as cursor:
        cursor.execute(
            _LOG_READING, [support_request.pk, actor.person_id, actor.role.value, actor.body[:200], at, since]
        )


_LOG_READING = f"""
    INSERT INTO {ReadingLog._meta.db_table} (support_request_id, person_id, role, body, at)
    SELECT given.support_request_id, given.person_id, given.role, given.body, given.at
      FROM (VALUES (%s::bigint, %s::bigint, %s, %s, %s::timestamptz))
           AS given (support_request_id, person_id, role, body, at)
     WHERE NOT EXISTS (
           SELECT 1 FROM {ReadingLog._meta.db_table} known
            WHERE known.support_request_id = given.support_request_id
              AND known.person_id = given.person_id AND known.at >= %s::timestamptz)
"""  # noqa: S608


def acknowledge(
    support_request: SupportRequest, actor: Actor, *, contact: Mandate, at: dt.datetime | None = None
) -> SupportRequest:
    """Acknowledges receipt and names the applicant's contact; the letter is written and sent by a worker."""
    with transitions.begin(support_request.pk, Action.ACKNOWLEDGE, actor, at=at) as step:
        row, source = step.support_request, f"receipt:{step.at:%Y%m%d%H%M%S}"
        assignments.name_person(row, AssignmentKind.CONTACT, contact, actor, at=step.at, told=False, memory=step.memory)
        step.memory.made(letters.ask(row, DocumentKind.RECEIPT, source=source, at=step.at))
        step.finish(acknowledged_at=step.at)
    return step.support_request


def ask_completion(
    support_request: SupportRequest,
    actor: Actor,
    *,
    items: str,
    answer_by: dt.date | None = None,
    at: dt.datetime | None = None,
) -> SupportRequest:
    with transitions.begin(support_request.pk, Action.ASK_COMPLETION, actor, at=at) as step:
        items = transitions.require_text(items, "items", "Dites quels éléments manquent.")
        answer_by = answer_by or add_working_days(
            step.today, deadlines.COMPLETION_DAYS, step.support_request.department_id
        )
        if answer_by <= step.today:
            raise Invalid("Choisissez une date de réponse à venir.", field="answer_by")
        step.finish(note=items, note_is_public=True, due_on=answer_by)
    return step.support_request


@dataclass(frozen=True, kw_only=True)
class Qualification:
    """« Notre lecture »: the desk's reading of the need, beside the applicant's words, which stay untouched."""

    subject: Subject
    themes: tuple[str, ...]
    competence: str
    phase: str
    services: tuple[str, ...] = ()
    engineering_types: tuple[str, ...] = ()
    complexity_signs: tuple[str, ...] = ()
    communes_count: int | None = None
    partners_count: int | None = None


def qualify(
    support_request: SupportRequest, actor: Actor, qualification: Qualification, *, at: dt.datetime | None = None
) -> SupportRequest:
    """Stores the desk's reading, as often as needed, and asks for a fresh routing assessment."""
    at = at or clock.now()
    if not qualification.themes:
        raise Invalid("Choisissez au moins un thème.", field="themes")
    if qualification.competence not in Competence.values:
        raise Invalid("Dites de qui relève la compétence, ou « À vérifier ».", field="competence")
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.QUALIFY not in abilities(actor, support_request):
            raise _moved_or_forbidden(support_request, actor, "Cette demande ne peut plus être qualifiée.")
        support_request.subject = qualification.subject
        support_request.themes = list(qualification.themes)
        support_request.competence = qualification.competence
        support_request.phase = qualification.phase
        support_request.services = list(qualification.services)
        support_request.engineering_types = list(qualification.engineering_types)
        support_request.complexity_signs = list(qualification.complexity_signs)
        support_request.communes_count = qualification.communes_count
        support_request.partners_count = qualification.partners_count
        support_request.qualified_at = at
        support_request.last_activity_at = at
        support_request.save()
        routing.ask(support_request, at=at)
        return support_request


def decide_local(
    support_request: SupportRequest,
    actor: Actor,
    offers: Sequence[Offer],
    *,
    message: str = "",
    reason: str = "",
    questions: Mapping[str, str] | None = None,
    expected_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Decision:
    """Decides to mobilise these offers, in order. A worker solicits their providers.

    ``message`` is all that providers read of the need, with the *intitulé communicable* and, each for itself, what
    ``questions`` has under the UUID of its offer. ``reason`` is required when the choice differs from the proposal.
    Raises ``Conflict`` when a decision was just taken.
    """
    if not offers:
        raise Invalid("Choisissez au moins une offre.", field="offers")
    if not message.strip():
        raise Invalid("Décrivez le besoin aux prestataires : c’est tout ce qu’ils en liront.", field="message")
    wanted = {str(offer.uuid) for offer in offers}
    asked = {key: text.strip()[:QUESTION] for key, text in (questions or {}).items() if key in wanted and text.strip()}
    return _decide(
        support_request,
        actor,
        DecisionKind.LOCAL,
        offers=offers,
        message=message,
        reason=reason,
        questions=asked,
        expected_on=expected_on,
        at=at,
    )


def decide_refer(
    support_request: SupportRequest,
    actor: Actor,
    motives: Sequence[str],
    *,
    reason: str = "",
    at: dt.datetime | None = None,
) -> Decision:
    """Decides to refer to the agency for these motives. A worker opens the referral; the signature will send it."""
    if not motives or not set(motives) <= set(Motive.values):
        raise Invalid("Cochez au moins un motif.", field="motives")
    return _decide(support_request, actor, DecisionKind.REFER, motives=motives, reason=reason, at=at)


def _decide(
    support_request: SupportRequest,
    actor: Actor,
    kind: DecisionKind,
    *,
    offers: Sequence[Offer] = (),
    motives: Sequence[str] = (),
    message: str = "",
    reason: str,
    questions: Mapping[str, str] | None = None,
    expected_on: dt.date | None = None,
    at: dt.datetime | None,
) -> Decision:
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.DECIDE not in abilities(actor, support_request):
            raise _moved_or_forbidden(support_request, actor, "Cette demande n’attend plus de décision.")
        pending = support_request.decisions.filter(
            dispatch__done_at__isnull=True, dispatch__failed_at__isnull=True
        ).select_related("person")
        for other in pending:
            raise Conflict(
                f"{other.person.display_name} vient de décider : « {other.get_kind_display()} ». "
                "Cette décision est en cours d’acheminement ; relisez la page avant d’agir.",
                code="decision_pending",
            )
        if offers:
            _refuse_again(support_request, offers)
        if expected_on is not None:
            _check_expected(support_request, expected_on, at)
        opening = Action.PREPARE_REFERRAL if kind == DecisionKind.REFER else Action.START_SEARCH
        if support_request.step in RULES[opening].sources:  # a further search asks for nothing more
            facts.require(RULES[opening].facts, support_request, note=reason, at=at)
        differs = routing.differs(support_request.assessment, kind, [str(offer.uuid) for offer in offers])
        if differs and not reason.strip():
            raise Invalid("Votre choix s’écarte de la proposition : dites pourquoi.", field="reason")
        decision = Decision.objects.create(
            support_request=support_request,
            kind=kind,
            offers=[offer.uuid for offer in offers],
            motives=list(motives),
            assessment=support_request.assessment,
            differs=differs,
            reason=Note.objects.create(text=reason.strip()[:4000]) if reason.strip() else None,
            message=Note.objects.create(text=message.strip()[:2000]) if message.strip() else None,
            person_id=actor.author_id,
            mandate_id=actor.mandate_id,
            role=actor.role.value,
            at=at,
        )
        dispatch = Dispatch.objects.create(decision=decision, expected_on=expected_on, questions=dict(questions or {}))
        if kind == DecisionKind.LOCAL:
            held.keep(support_request, actor.person_id, decision=decision, at=at)
        support_request.last_activity_at = at
        support_request.save(update_fields=["last_activity_at"])
        emit(DecisionTaken(id=decision.pk, at=at, request_id=support_request.pk, dispatch_id=dispatch.pk))
        return decision


def _check_expected(support_request: SupportRequest, expected_on: dt.date, at: dt.datetime) -> None:
    today = transitions.local_date(support_request, at)
    if expected_on <= today:
        raise Invalid("Choisissez une date de réponse à venir.", field="expected_on")
    if (expected_on - today).days > deadlines.SOLICITATION_MOST_DAYS:
        raise Invalid("Cette date est à plus de quatre mois : vérifiez le mois et l’année.", field="expected_on")
    if not is_working_day(expected_on, support_request.department_id):
        following = add_working_days(expected_on, 0, support_request.department_id)
        raise Invalid(
            f"Le {day(expected_on)} n’est pas un jour ouvré dans ce département. Le suivant est le {day(following)}.",
            field="expected_on",
        )


def _refuse_again(support_request: SupportRequest, offers: Sequence[Offer]) -> None:
    """The same decision sent again, once a worker has carried the first out, would ask nobody."""
    live = support_request.solicitations.filter(state__in=LIVE_SOLICITATIONS)
    asked = {row.offer_id: row for row in live.select_related("decision__person")}
    if all(offer.pk in asked for offer in offers):
        decision = asked[offers[0].pk].decision
        who = decision.person.display_name if decision else "Le guichet"
        raise Conflict(
            f"{who} a déjà décidé de solliciter ces prestataires. "
            "Choisissez d’autres offres, ou attendez leurs réponses.",
            code="already_asked",
        )


def redirect(
    support_request: SupportRequest,
    actor: Actor,
    *,
    reason: str,
    target: str,
    text: str,
    url: str = "",
    at: dt.datetime | None = None,
) -> SupportRequest:
    """The desk can't answer; it says why, who can, and that one click takes the request up again."""
    with transitions.begin(support_request.pk, Action.REDIRECT, actor, at=at) as step:
        if reason not in RedirectionReason.values:
            raise Invalid("Choisissez un motif.", field="reason")
        text = transitions.require_text(text, "text", "Expliquez en une phrase ce qui est encore possible.")
        target = transitions.require_text(
            target, "target", "Dites vers qui vous adressez la collectivité.", at_most=200
        )
        step.finish(
            note=text,
            note_is_public=True,
            redirection_reason=reason,
            redirection_target=target,
            redirection_url=url,
            outcome="redirected",
            ended_at=step.at,
        )
    return step.support_request


def transfer(
    support_request: SupportRequest,
    actor: Actor,
    *,
    department: Department,
    reason: str,
    at: dt.datetime | None = None,
) -> SupportRequest:
    """Hands the request over to the desk of another department of the same body, before any receipt."""
    with transitions.begin(support_request.pk, Action.TRANSFER, actor, at=at) as step:
        row = step.support_request
        links = row.concerned_departments.filter(department=department)
        if department.pk == row.department_id or not links.exists():
            raise Invalid("Ce département n’est pas l’un de ceux de la collectivité.", field="department")
        links.delete()
        row.concerned_departments.create(department_id=row.department_id)
        step.finish(note=reason.strip(), note_is_public=True, department=department)
    return step.support_request


def attach(
    support_request: SupportRequest,
    actor: Actor,
    *,
    host: SupportRequest,
    reason: str = "",
    at: dt.datetime | None = None,
) -> SupportRequest:
    """Joins a commune's request to its grouping's (PRACTICE 1.7): both are told, nothing is lost."""
    with transitions.begin(support_request.pk, Action.ATTACH, actor, at=at) as step:
        if host.pk == support_request.pk or host.is_ended:
            raise Invalid("Choisissez une demande en cours.", field="host")
        if host.department_id != step.support_request.department_id:
            raise Invalid("Cette demande relève d’un autre département.", field="host")
        if host.collectivity_id != step.support_request.grouping_id:
            raise Invalid("Choisissez une demande de l’intercommunalité de cette commune.", field="host")
        step.finish(note=reason.strip(), note_is_public=True, host=host, outcome="attached", ended_at=step.at)
    return step.support_request


def detach(
    support_request: SupportRequest, actor: Actor, *, contact: Mandate, reason: str = "", at: dt.datetime | None = None
) -> SupportRequest:
    with transitions.begin(support_request.pk, Action.DETACH, actor, at=at) as step:
        row = step.support_request
        assignments.name_person(row, AssignmentKind.CONTACT, contact, actor, at=step.at, memory=step.memory)
        step.finish(
            note=reason.strip(),
            note_is_public=True,
            host=None,
            acknowledged_at=row.acknowledged_at or step.at,
        )
    return step.support_request


def drop(
    support_request: SupportRequest, actor: Actor, *, reason: str, at: dt.datetime | None = None
) -> SupportRequest:
    """Closes without follow-up. The applicant reads the reason and may take the request up again in one click."""
    with transitions.begin(support_request.pk, Action.DROP, actor, at=at) as step:
        reason = transitions.require_text(reason, "reason", "Dites pourquoi : la collectivité lira ce texte.")
        step.finish(note=reason, note_is_public=True, outcome="dropped", ended_at=step.at)
    return step.support_request


def hide_until(
    support_request: SupportRequest, actor: Actor, *, until: dt.date | None, at: dt.datetime | None = None
) -> None:
    """Takes a request out of the queue until a date; an empty date brings it back."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.ASSIGN not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département masque cette demande.")
        if until is not None and until <= transitions.local_date(support_request, at):
            raise Invalid("Choisissez une date à venir.", field="until")
        support_request.hidden_until = until
        support_request.save(update_fields=["hidden_until"])


def _moved_or_forbidden(support_request: SupportRequest, actor: Actor, message: str) -> Exception:
    if actor.departments and support_request.department_id in actor.departments:
        if support_request.step in {State.QUALIFICATION, State.LOCAL_SEARCH}:
            return NotAllowed("Cette décision revient au délégué territorial ou à la personne qui a sa délégation.")
        return Conflict(
            f"{message} Elle est maintenant « {support_request.get_state_display()} » : relisez la page.",
            code="state_changed",
        )
    return NotAllowed("Vous consultez cette demande, mais cet acte ne vous revient pas.")
