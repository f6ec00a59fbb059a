"""Drafts, filing, and what the applicant does with a filed request."""

import datetime as dt
import hashlib
import json
import uuid
import zoneinfo
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction

from accounts.models import Mandate, User
from common import clock, perimeter
from common.actor import Actor, Role
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from common.written import A_KEY, Written, kept
from operators.catalogue import need_of
from operators.models import Subject
from requests import deadlines
from requests.enums import Channel, ConversationChannel, FundingMoment, Progress
from requests.events import DraftReady, FilingConfirmationAsked
from requests.models import ConcernedDepartment, Draft, ReferenceCounter, SupportRequest
from requests.permissions import Ability, abilities, may_record, may_submit_for
from requests.services import exchanges, funding, routing, transitions
from requests.workflow import HOLDERS, Action, State
from territories.models import Collectivity, CollectivityDepartment, Department

#: A draft written by somebody who has not signed in is held this long for its browser.
ANONYMOUS_DRAFT_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Application:
    """The answers of a request ready to be filed: typed, complete, checked by :func:`validate`."""

    collectivity: Collectivity
    subject: Subject
    need: str
    progress: str
    title: str = ""
    public_title: str = ""
    other_subjects: tuple[Subject, ...] = ()
    tried: tuple[str, ...] = ()
    tried_answer: str = ""
    project_lead: str = ""
    wanted_by: str = ""
    next_council_on: dt.date | None = None
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    shared_with_grouping: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    def digest(self, **sent: str | None) -> str:
        """SHA-256 of what is asked and of how it was ``sent``: the same key with another content is a conflict."""
        content = {
            **sent,
            "collectivity": self.collectivity.code,
            "subjects": [self.subject.code, *(subject.code for subject in self.other_subjects)],
            "texts": [self.need, self.title, self.public_title, self.progress, self.tried_answer, self.wanted_by],
            "tried": list(self.tried),
            "contact": [self.contact_name, self.contact_email, self.contact_phone, self.project_lead],
            "council": self.next_council_on.isoformat() if self.next_council_on else None,
            "shared": self.shared_with_grouping,
            "details": self.details,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def validate(application: Application) -> Application:
    """The application with its titles filled. Raises ``Invalid`` naming the first answer missing or too long."""
    need = application.need.strip()
    if not need:
        raise Invalid("Décrivez votre besoin en quelques phrases.", field="need")
    if len(need) > 2000:
        raise Invalid(f"Votre texte compte {len(need)} caractères : 2 000 au plus.", field="need")
    if application.progress not in Progress.values:
        raise Invalid("Dites où en est le projet.", field="progress")
    if not application.collectivity.is_current:
        raise Invalid(
            f"{application.collectivity.name} n’existe plus sous ce code : choisissez la collectivité actuelle.",
            field="collectivity",
        )
    title = " ".join((application.title or _first_words(need)).split())
    public_title = " ".join((application.public_title or application.subject.label).split())
    for name, value in (("title", title), ("public_title", public_title)):
        if len(value) > 120:
            raise Invalid(f"Cet intitulé compte {len(value)} caractères : 120 au plus.", field=name)
    if len(application.tried_answer) > 2000:
        raise Invalid("Ces réponses sont trop longues : 2 000 caractères au plus.", field="tried_answer")
    return replace(application, need=need, title=title, public_title=public_title)


def _first_words(text: str, limit: int = 80) -> str:
    sentence = " ".join(text.split())
    for end in ".?!":
        head = sentence.split(end, 1)[0]
        if 8 <= len(head) <= limit:
            return head
    return sentence if len(sentence) <= limit else sentence[:limit].rsplit(" ", 1)[0] + "…"


def submit(
    application: Application,
    actor: Actor,
    *,
    key: uuid.UUID,
    at: dt.datetime | None = None,
    channel: str = Channel.WEB,
    department: Department | None = None,
) -> SupportRequest:
    """Files a request and returns it; the same ``key`` of the same person again returns the same request.

    ``at`` is the date that counts (a letter's reception). Raises ``NotAllowed`` when the actor may not file for this
    body, ``Invalid`` when an answer is missing, ``Conflict`` when he used the key for another content.
    """
    application = validate(application)
    digest = application.digest(
        channel=str(channel),
        department=department.code if department else None,
        received=at.astimezone(application.collectivity.department.zone_info).date().isoformat() if at else None,
    )
    sent = SupportRequest.objects.filter(submission_key=key, filed_by=actor.person_id)
    if not _sent().rows({_A_UUID: key, A_KEY: actor.person_id}):
        try:
            with transaction.atomic():
                return _file(application, actor, key, digest, at or clock.now(), channel, department)
        except IntegrityError:
            with _own_filings():
                if not sent.exists():
                    raise
    with _own_filings():
        existing = sent.get()
    if existing.submission_hash != digest:
        raise Conflict(
            "Cette demande a déjà été envoyée avec un autre contenu. Commencez une nouvelle demande.",
            code="key_reused",
        )
    return existing


_A_UUID = uuid.UUID(int=0)


@kept(1)
def _sent() -> Written:
    return Written.of(
        SupportRequest.objects.filter(submission_key=_A_UUID, filed_by=A_KEY).values("pk"), _A_UUID, A_KEY
    )


def _own_filings() -> AbstractContextManager[None]:
    """What a person has sent may have left his perimeter: an agent's record for another desk, a mandate ended."""
    return perimeter.everything("to whoever sent it under this key, the request that he sent")


@kept(1)
def _departments() -> Written:
    found = CollectivityDepartment.objects.filter(collectivity=A_KEY)
    return Written.of(found.values_list("department"), A_KEY)


def _department_codes(body: Collectivity) -> frozenset[str]:
    """The departments on which the body lies, its lead one among them. One query."""
    return frozenset(code for (code,) in _departments().rows({A_KEY: body.pk})) | {body.department_id}


def _file(
    application: Application,
    actor: Actor,
    key: uuid.UUID,
    digest: str,
    at: dt.datetime,
    channel: str,
    department: Department | None,
) -> SupportRequest:
    body = application.collectivity
    codes = _department_codes(body)
    if not may_submit_for(actor, body.pk, codes):
        raise NotAllowed(
            "Seul l’exécutif de la collectivité peut envoyer la demande. Demandez-lui de l’envoyer."
            if actor.role is Role.SECRETARY
            else "Vous ne pouvez pas déposer de demande pour cette collectivité."
        )
    if at > clock.now() + dt.timedelta(minutes=5):
        raise Invalid("La date de réception est dans le futur.", field="received_on")
    if at < clock.now() - dt.timedelta(days=366 * deadlines.YEARS_IN_SIGHT):
        raise Invalid("La date de réception a plus de deux ans : vérifiez l’année.", field="received_on")
    lead = department or body.department
    if lead.code not in codes:
        raise Invalid("Ce département n’est pas celui de la collectivité.", field="department")
    local = at.astimezone(zoneinfo.ZoneInfo(lead.time_zone))
    epci = body.epci
    own_executive = actor.role is Role.OFFICIAL  # claimed or proven: his mandate is confirmed, not each of his requests
    support_request = SupportRequest(
        reference=ReferenceCounter.next_reference(lead.code, local.year),
        submission_key=key,
        submission_hash=digest,
        state=State.SUBMITTED.value,
        state_since=at,
        holder=HOLDERS[State.SUBMITTED].value,
        due_on=deadlines.due_on(State.SUBMITTED, local.date(), lead.code),
        last_activity_at=at,
        collectivity=body,
        department=lead,
        arrondissement_id=body.arrondissement_id,
        grouping=epci if epci is not None and epci.pk != body.pk else None,
        shared_with_grouping=application.shared_with_grouping,
        population=body.population,
        population_vintage=body.population_vintage,
        population_column=body.population_column,
        subject=application.subject,
        title=application.title,
        public_title=application.public_title,
        need=application.need,
        progress=application.progress,
        tried=list(application.tried),
        tried_answer=application.tried_answer,
        project_lead=application.project_lead,
        wanted_by=application.wanted_by,
        next_council_on=application.next_council_on,
        details=application.details,
        channel=channel,
        filed_by_id=actor.author_id,
        filed_as=f"{actor.name}, {actor.body}"[:200],
        contact_name=application.contact_name,
        contact_email=application.contact_email,
        contact_phone=application.contact_phone,
        submitted_at=at,
        recorded_at=clock.now(),
        confirmed_at=at if own_executive else None,
        themes=list(need_of([application.subject, *application.other_subjects])["themes"]),
    )
    support_request.save(force_insert=True)
    support_request.other_subjects.add(*application.other_subjects)
    ConcernedDepartment.objects.bulk_create(
        ConcernedDepartment(support_request=support_request, department_id=code) for code in sorted(codes - {lead.code})
    )
    funding.test(support_request, FundingMoment.FILING, at=at)
    transitions.append(support_request, Action.SUBMIT, State.DRAFT, State.SUBMITTED, actor, at)
    routing.ask(support_request, at=at, first=True)
    if not own_executive:
        emit(FilingConfirmationAsked(id=uuid.uuid4(), at=at, request_id=support_request.pk))
    return support_request


def record(
    application: Application,
    actor: Actor,
    *,
    key: uuid.UUID,
    channel: str,
    received_at: dt.datetime,
    department: Department | None = None,
) -> SupportRequest:
    """« Enregistrer une demande reçue »: the date received counts; the executive is asked to confirm (PRACTICE 1.8)."""
    if not may_record(actor, _department_codes(application.collectivity)):
        raise NotAllowed("Vous ne pouvez enregistrer que les demandes des collectivités de votre territoire.")
    return submit(application, actor, key=key, at=received_at, channel=channel, department=department)


def confirm_filing(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> SupportRequest:
    """The executive confirms a request that was filed for him. Confirming twice changes nothing."""
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.CONFIRM_FILING not in abilities(actor, support_request):
            raise NotAllowed("Seul l’exécutif de la collectivité confirme la demande.")
        if support_request.confirmed_at is None:
            support_request.confirmed_at = at or clock.now()
            support_request.last_activity_at = support_request.confirmed_at
            support_request.save(update_fields=["confirmed_at", "last_activity_at"])
        return support_request


def complete(
    support_request: SupportRequest,
    actor: Actor,
    *,
    text: str,
    files: Sequence[tuple[str, BinaryIO | bytes]] = (),
    at: dt.datetime | None = None,
) -> SupportRequest:
    """The applicant (or the desk, on the telephone) supplies what was missing, with its files: all or nothing."""
    with transitions.begin(support_request.pk, Action.COMPLETE, actor, at=at) as step:
        text = transitions.require_text(text, "text", "Écrivez les éléments demandés, ou dites qu’ils sont joints.")
        kept = exchanges.keep_files(step.support_request, actor, files, channel=ConversationChannel.PUBLIC, at=step.at)
        refused = [
            f"«\N{NO-BREAK SPACE}{name}\N{NO-BREAK SPACE}»\N{NO-BREAK SPACE}: {one.message}"
            for (name, _), one in zip(files, kept, strict=True)
            if isinstance(one, Invalid)
        ]
        if refused:
            raise Invalid(" ".join(refused), field="files")
        step.finish(note=text, note_is_public=True)
    return step.support_request


def withdraw(
    support_request: SupportRequest, actor: Actor, *, reason: str = "", at: dt.datetime | None = None
) -> SupportRequest:
    with transitions.begin(support_request.pk, Action.WITHDRAW, actor, at=at) as step:
        step.finish(note=reason.strip(), note_is_public=True, outcome="withdrawn", ended_at=step.at)
    return step.support_request


def take_back(
    support_request: SupportRequest, actor: Actor, *, reason: str = "", at: dt.datetime | None = None
) -> SupportRequest:
    """A redirected or dropped request starts again, in one click; nothing was lost (PRACTICE 1.9)."""
    with transitions.begin(support_request.pk, Action.TAKE_BACK, actor, at=at) as step:
        step.finish(
            note=reason.strip(),
            note_is_public=True,
            redirection_reason="",
            redirection_target="",
            redirection_url="",
        )
        routing.ask(step.support_request, at=step.at)
    return step.support_request


# --- drafts ----------------------------------------------------------------------------------------------------------


def browser_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def start_draft(actor: Actor, *, answers: dict[str, Any] | None = None) -> Draft:
    now = clock.now()
    return Draft.objects.create(
        person_id=actor.person_id,
        collectivity_id=actor.collectivity_id,
        answers=answers or {},
        created_at=now,
        updated_at=now,
    )


def save_draft(draft: Draft, answers: dict[str, Any], *, collectivity: Collectivity | None = None) -> Draft:
    """Merges ``answers`` into the draft."""
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        draft.answers = {**draft.answers, **answers}
        draft.version += 1
        draft.updated_at = clock.now()
        if collectivity is not None:
            draft.collectivity = collectivity
        draft.save()
        return draft


def adopt_draft(draft: Draft, actor: Actor) -> Draft:
    """Whoever signs in keeps the draft he began before signing in."""
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        if draft.person_id is None and actor.person_id is not None:
            draft.person_id, draft.browser_key = actor.person_id, ""
            draft.save(update_fields=["person", "browser_key"])
        return draft


def ask_executive(draft: Draft, *, email: str = "", at: dt.datetime | None = None) -> list[str]:
    """« Demander à Mme la maire de l’envoyer »: writes to the address typed, or else to whoever heads the body.

    Returns whom, in words that may be shown to anybody who only claims to work there: an address he typed, or names.
    """
    at = at or clock.now()
    if draft.collectivity_id is None:
        raise Invalid("Indiquez votre collectivité : commencez à taper son nom.", field="collectivity")
    email = email.strip().lower()
    heads = Mandate.objects.in_force(at.date()).filter(
        collectivity_id=draft.collectivity_id, role=Role.OFFICIAL, heads=True, confirmed_at__isnull=False
    )
    known = {row.contact_email: row.user.display_name for row in heads.select_related("user__mailbox", "organisation")}
    asked = {email: email} if email else {address: known[address] for address in sorted(known) if address}
    if not asked:
        raise Invalid("Indiquez l’adresse électronique de l’exécutif.", field="email")
    with transaction.atomic():
        draft.asked_email = email  # what a head who is known reads, his mandate opens
        draft.asked_at = at
        draft.save(update_fields=["asked_email", "asked_at"])
        for address in asked:
            emit(DraftReady(id=uuid.uuid4(), at=at, draft_id=draft.pk, email=address))
    return list(asked.values())


def contact_of(person: User) -> dict[str, str]:
    """What the applicant's contact is prefilled with."""
    return {
        "contact_name": person.display_name,
        "contact_email": person.contact_email or "",
        "contact_phone": person.telephone,
    }
