"""Messages and files of the three conversations, which never meet."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum

from common import clock, perimeter
from common.actor import DESK_ROLES, Actor
from common.calendar import working_days_between
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from common.french import size
from files.services import store
from requests import deadlines
from requests.enums import Channel, ConversationChannel, DocumentKind
from requests.events import Chased, MessagePosted
from requests.models import Document, FollowUpEntry, Message, Solicitation, SupportRequest
from requests.permissions import Ability, abilities, may_answer_solicitation
from requests.services import held, solicitations, transitions

_WRITE = {
    ConversationChannel.PUBLIC: Ability.WRITE_PUBLIC,
    ConversationChannel.INTERNAL: Ability.WRITE_INTERNAL,
}


def _check_right(
    support_request: SupportRequest, actor: Actor, channel: str, solicitation: Solicitation | None
) -> None:
    if channel == ConversationChannel.SOLICITATION:
        if solicitation is None or solicitation.support_request_id != support_request.pk:
            raise Invalid("Choisissez le prestataire à qui écrire.", field="solicitation")
        if not may_answer_solicitation(actor, solicitation):
            raise NotAllowed("Cet échange se tient entre le guichet et un autre organisme.")
        return
    if channel not in _WRITE or solicitation is not None:
        raise Invalid("Choisissez à qui écrire.", field="channel")
    if _WRITE[ConversationChannel(channel)] not in abilities(actor, support_request):
        raise NotAllowed("Vous ne pouvez pas écrire ici.")


def post(
    support_request: SupportRequest,
    actor: Actor,
    *,
    channel: str,
    text: str,
    solicitation: Solicitation | None = None,
    key: uuid.UUID | None = None,
    at: dt.datetime | None = None,
) -> Message:
    """Posts a message; the same ``key`` of the same person again returns the same message (double click, back button).
    Raises ``Conflict`` when he used that key for another text, or another file."""
    at = at or clock.now()
    text = transitions.require_text(text, "text", "Écrivez votre message.", at_most=5000)
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        _check_right(support_request, actor, channel, solicitation)
        given = (support_request.pk, channel, solicitation, text)
        existing = _posted(key, actor)
        if existing is not None:
            if (existing.support_request_id, existing.channel, existing.solicitation, existing.text) != given:
                raise _other_message()
            return existing
        try:
            with transaction.atomic():
                message = Message.objects.create(
                    support_request=support_request,
                    channel=channel,
                    solicitation=solicitation,
                    author_id=actor.author_id,
                    author_label=f"{actor.name}, {actor.body}"[:250],
                    text=text,
                    at=at,
                    submission_key=key or uuid.uuid4(),
                )
        except IntegrityError:
            if _posted(key, actor) is None:
                raise
            raise _other_message() from None  # another file's meanwhile: this one is locked
        memory = solicitations.thread_moved(support_request, solicitation, actor, at=at) if solicitation else None
        held.keep(support_request, actor.person_id, memory, message=message, at=at)
        support_request.last_activity_at = at
        if actor.role not in DESK_ROLES:
            support_request.hidden_until = None  # what the desk had put aside calls it back
        support_request.save(update_fields=["last_activity_at", "hidden_until"])
        emit(MessagePosted(id=uuid.uuid4(), at=at, request_id=support_request.pk, message_id=message.pk))
        return message


def _posted(key: uuid.UUID | None, actor: Actor) -> Message | None:
    """What this person posted under this key, on whichever file: he may have lost it from sight since."""
    if key is None:
        return None
    with perimeter.everything("to whoever posted it under this key, the message that he posted"):
        return Message.objects.select_related("solicitation").filter(submission_key=key, author=actor.author_id).first()


def _other_message() -> Conflict:
    return Conflict(
        "Un autre message est déjà parti de cette page. Celui-ci n’est pas envoyé : copiez-le, rouvrez la page et "
        "envoyez-le.",
        code="key_reused",
    )


def attach_file(
    support_request: SupportRequest,
    actor: Actor,
    *,
    name: str,
    stream: BinaryIO | bytes,
    channel: str = ConversationChannel.PUBLIC,
    solicitation: Solicitation | None = None,
    kind: str = DocumentKind.ATTACHMENT,
    at: dt.datetime | None = None,
) -> Document:
    """Stores a file on a conversation. Raises ``Invalid`` for its type, its size or the request's total size."""
    (kept,) = attach_files(
        support_request, actor, [(name, stream)], channel=channel, solicitation=solicitation, kind=kind, at=at
    )
    if isinstance(kept, Invalid):
        raise kept
    return kept


def attach_files(
    support_request: SupportRequest,
    actor: Actor,
    files: Sequence[tuple[str, BinaryIO | bytes]],
    *,
    channel: str = ConversationChannel.PUBLIC,
    solicitation: Solicitation | None = None,
    kind: str = DocumentKind.ATTACHMENT,
    at: dt.datetime | None = None,
) -> list[Document | Invalid]:
    """Stores each file that can be, on one lock; in its place, why each of the others can't. Raises ``NotAllowed``."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        _check_right_to_attach(support_request, actor, channel, solicitation)
        found = keep_files(support_request, actor, files, channel=channel, solicitation=solicitation, kind=kind, at=at)
        if any(isinstance(one, Document) for one in found):
            support_request.last_activity_at = at
            support_request.save(update_fields=["last_activity_at"])
        return found


def keep_files(
    support_request: SupportRequest,
    actor: Actor,
    files: Sequence[tuple[str, BinaryIO | bytes]],
    *,
    channel: str,
    at: dt.datetime,
    solicitation: Solicitation | None = None,
    kind: str = DocumentKind.ATTACHMENT,
) -> list[Document | Invalid]:
    """What :func:`attach_files` does on a request already locked, by an act that gives the right to."""
    total = support_request.documents.aggregate(total=Sum("file__size"))["total"] or 0
    found: list[Document | Invalid] = []
    for name, stream in files:
        try:
            with transaction.atomic():
                stored = store(name, stream)
                if total + stored.size > settings.REQUEST_MAX_BYTES:
                    limit = size(settings.REQUEST_MAX_BYTES)
                    raise Invalid(f"Les fichiers de cette demande dépasseraient {limit}.", field="file")
                document = Document.objects.create(
                    support_request=support_request,
                    channel=channel,
                    solicitation=solicitation,
                    kind=kind,
                    title=stored.name,
                    file=stored,
                    author_id=actor.author_id,
                    at=at,
                    done_at=at,
                )
        except Invalid as error:
            found.append(error)
        else:
            total += stored.size
            found.append(document)
    return found


def _check_right_to_attach(
    support_request: SupportRequest, actor: Actor, channel: str, solicitation: Solicitation | None
) -> None:
    if channel == ConversationChannel.SOLICITATION:
        _check_right(support_request, actor, channel, solicitation)
        return
    needed = Ability.ATTACH_FILE if channel == ConversationChannel.PUBLIC else Ability.WRITE_INTERNAL
    if needed not in abilities(actor, support_request):
        raise NotAllowed("Vous ne pouvez pas joindre de fichier ici.")


def keep_scans(
    support_request: SupportRequest,
    actor: Actor,
    scans: Sequence[tuple[str, BinaryIO | bytes]],
    *,
    at: dt.datetime | None = None,
) -> list[Document]:
    """Keeps what a recorded request came with, each scan with its name: whoever recorded it may, whatever his role.

    The same bytes again are the same document: recording twice keeps them once.
    """
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if support_request.filed_by_id != actor.person_id or support_request.channel == Channel.WEB:
            raise NotAllowed("Seule la personne qui a enregistré la demande joint ce qu’elle a reçu.")
        known = set(support_request.documents.values_list("file__sha256", flat=True))
        kept = []
        for name, stream in scans:
            stored = store(name, stream)
            if stored.sha256 in known:
                stored.delete()
                continue
            known.add(stored.sha256)
            kept.append(
                Document(
                    support_request=support_request,
                    channel=ConversationChannel.PUBLIC,
                    kind=DocumentKind.ATTACHMENT,
                    title=stored.name,
                    file=stored,
                    author_id=actor.author_id,
                    at=at,
                    done_at=at,
                )
            )
        return Document.objects.bulk_create(kept)


def may_chase(support_request: SupportRequest, *, at: dt.datetime | None = None) -> bool:
    """« Relancer » opens at the 15th working day without any news that the applicant may read: a note among the
    services, or a contact renamed, is none."""
    today = transitions.local_date(support_request, at or clock.now())

    def silent(since: dt.datetime) -> bool:
        heard = transitions.local_date(support_request, since)
        return working_days_between(heard, today, support_request.department_id) >= deadlines.CHASE_AFTER_DAYS

    if not silent(support_request.state_since):
        return False
    if silent(support_request.last_activity_at):
        return True
    own = {"support_request": support_request}
    messages = Message.objects.filter(**own, channel=ConversationChannel.PUBLIC).order_by().values_list("at")
    entries = FollowUpEntry.objects.filter(**own, is_public=True).order_by().values_list("recorded_at")
    documents = Document.objects.filter(**own, channel=ConversationChannel.PUBLIC).order_by().values_list("at")
    answers = support_request.solutions.filter(answered_at__isnull=False).order_by().values_list("answered_at")
    return all(silent(heard) for (heard,) in messages.union(entries, documents, answers).order_by("-at")[:1])


def chase(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> None:
    """The applicant asks where things are, and his thread keeps it: the desk, its contact, its direction are told."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.CHASE not in abilities(actor, support_request):
            raise NotAllowed("Seule la collectivité peut relancer.")
        if not may_chase(support_request, at=at):
            raise Conflict(
                f"Vous pourrez relancer {deadlines.CHASE_AFTER_DAYS} jours ouvrés après la dernière nouvelle. "
                "D’ici là, écrivez à votre interlocuteur.",
                code="too_early",
            )
        Message.objects.create(
            support_request=support_request,
            channel=ConversationChannel.PUBLIC,
            author_id=actor.author_id,
            author_label=f"{actor.name}, {actor.body}"[:250],
            text="Relance : la collectivité demande où en est sa demande.",
            at=at,
            submission_key=uuid.uuid4(),
        )
        support_request.last_activity_at, support_request.hidden_until = at, None
        support_request.save(update_fields=["last_activity_at", "hidden_until"])
        emit(Chased(id=uuid.uuid4(), at=at, request_id=support_request.pk))
