"""A request being written: who holds it, what is saved at each step, its files, and how it becomes a request.

Nothing typed is ever lost: a step is saved whatever its answers are worth, and an answer saved meanwhile by another
device is never overwritten without both texts being shown.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from accounts.services import attempts
from common import clock
from common.actor import Actor
from common.errors import Conflict, Invalid, NotAllowed, ServiceError
from common.french import size
from files.models import StoredFile
from files.services import store
from operators.models import Subject
from requests.enums import ConversationChannel, DocumentKind
from requests.models import CatalogueAnswer, Document, Draft, DraftFile, SupportRequest
from requests.models.intake import DraftQuerySet
from requests.services import intake
from territories.models import Collectivity

#: A typed answer is kept up to this length, whatever its own limit: the page then says that it is too long.
MAX_ANSWER = 10_000
MAX_FILES = 20
#: The details of a request that a draft keeps under another name.
DETAILS = {"function": "contact_function", "address": "contact_address"}
#: Where a draft keeps the version at which each step was last saved.
VERSIONS = "versions"

#: Drafts begun by visitors from one network: a town hall's, or a whole school of mayors behind one address.
NEW_PER_NETWORK = attempts.Limit("drafts per network", 60, dt.timedelta(hours=1))

Answers = Mapping[str, str | Sequence[str]]


class TooManyDraftsError(ServiceError):
    """Visitors of one network have begun too many drafts; whoever signs in is not limited."""

    status = 429
    code = "too_many_drafts"

    def __init__(self) -> None:
        super().__init__(
            "Trop de brouillons ont été commencés depuis votre réseau. Connectez-vous pour continuer, ou appelez le "
            "guichet de votre préfecture. Votre texte est encore sur la page précédente."
        )


def held_by(actor: Actor, browser_key: str) -> DraftQuerySet:
    """The drafts that this person, or this browser while nobody signed in, may open."""
    condition = Q(pk__in=Draft.objects.visible_to(actor).values("pk"))
    if browser_key:
        since = clock.now() - dt.timedelta(days=intake.ANONYMOUS_DRAFT_DAYS)
        condition |= Q(person__isnull=True, browser_key=intake.browser_hash(browser_key), updated_at__gte=since)
    return Draft.objects.filter(condition)


def find(pk: uuid.UUID, actor: Actor, browser_key: str) -> Draft | None:
    return held_by(actor, browser_key).select_related("collectivity__department", "person").filter(pk=pk).first()


def filed(pk: uuid.UUID, actor: Actor) -> SupportRequest | None:
    """The request that this draft has become, if ``actor`` sees it: what the back button leads to."""
    return SupportRequest.objects.visible_to(actor).filter(submission_key=pk).first()


def open_draft(pk: uuid.UUID, actor: Actor, browser_key: str, *, network: str) -> Draft:
    """The draft of that key, begun if nobody has begun it: a double click, a reload and an autosave make one draft.

    Raises ``NotAllowed`` when the key is another's, ``Conflict`` when the draft was already sent,
    :class:`TooManyDraftsError` when visitors from ``network`` have begun too many.
    """
    found = find(pk, actor, browser_key)
    if found is not None:
        return found
    if SupportRequest.objects.filter(submission_key=pk).exists():
        raise Conflict("Cette demande a déjà été envoyée.", code="already_filed")
    now = clock.now()
    if actor.person_id is None and not attempts.admit(NEW_PER_NETWORK, network, at=now):
        raise TooManyDraftsError
    try:
        with transaction.atomic():
            return Draft.objects.create(
                id=pk,
                person_id=actor.person_id,
                browser_key="" if actor.person_id else intake.browser_hash(browser_key),
                collectivity_id=actor.collectivity_id,
                created_at=now,
                updated_at=now,
            )
    except IntegrityError:
        found = find(pk, actor, browser_key)
        if found is None:
            raise NotAllowed("Ce brouillon appartient à quelqu’un d’autre.") from None
        return found


def save_step(
    draft: Draft, step: str, answers: Answers, *, version: int | None, collectivity: Collectivity | None = None
) -> Draft:
    """Saves a step as typed. Raises ``Conflict`` when another device changed it since ``version``.

    The same answers again change nothing, whatever the version: a reload is no conflict.
    """
    kept = {name: _clipped(value) for name, value in answers.items()}
    with transaction.atomic():
        draft = Draft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
        same = all(draft.answers.get(name) == value for name, value in kept.items())
        changed_at = draft.answers.get(VERSIONS, {}).get(step, 0)
        if same and (collectivity is None or collectivity.pk == draft.collectivity_id):
            return draft
        if version is not None and changed_at > version:
            raise Conflict(
                "Ce brouillon a été modifié ailleurs entre-temps. Relisez les deux textes avant d’enregistrer.",
                code="draft_changed",
            )
        versions = {**draft.answers.get(VERSIONS, {}), step: draft.version + 1}
        return intake.save_draft(draft, {**kept, VERSIONS: versions}, collectivity=collectivity)


def _clipped(value: str | Sequence[str]) -> str | list[str]:
    if isinstance(value, str):
        return value.replace("\x00", "").replace("\r\n", "\n")[:MAX_ANSWER]
    return [item.replace("\x00", "")[:200] for item in value][:40]


# --- files -----------------------------------------------------------------------------------------------------------


def add_files(draft: Draft, files: Sequence[tuple[str, BinaryIO | bytes]]) -> list[DraftFile | Invalid]:
    """Keeps each file that can be; in its place, why each of the others can't: its type, its size, their number."""
    if not files:
        return []
    found: list[DraftFile | Invalid] = []
    with transaction.atomic():
        Draft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
        kept = draft.files.aggregate(count=Count("pk"), total=Sum("file__size"))
        count, total = kept["count"], kept["total"] or 0
        for name, stream in files:
            try:
                with transaction.atomic():
                    if count >= MAX_FILES:
                        raise Invalid(f"{MAX_FILES} fichiers au plus. Vous pourrez en ajouter après l’envoi.")
                    stored = store(name, stream)
                    if total + stored.size > settings.REQUEST_MAX_BYTES:
                        raise Invalid(f"Ensemble, vos fichiers dépasseraient {size(settings.REQUEST_MAX_BYTES)}.")
                    row = DraftFile.objects.create(draft=draft, file=stored, added_at=clock.now())
            except Invalid as error:
                found.append(error)
            else:
                count, total = count + 1, total + stored.size
                found.append(row)
    return found


def remove_file(draft: Draft, file_id: uuid.UUID) -> None:
    """Removes a file and its bytes; removing it twice is harmless."""
    with transaction.atomic():
        deleted, _ = DraftFile.objects.filter(draft=draft, file_id=file_id).delete()
        if deleted:
            StoredFile.objects.filter(pk=file_id).delete()


def delete(draft: Draft) -> None:
    """A draft is deleted, never withdrawn, and its files with it."""
    with transaction.atomic():
        files = list(draft.files.values_list("file_id", flat=True))
        draft.delete()
        StoredFile.objects.filter(pk__in=files).delete()


def purge(*, at: dt.datetime | None = None, limit: int = 500) -> int:
    """Deletes the drafts that no one signed in for during their seven days."""
    before = (at or clock.now()) - dt.timedelta(days=intake.ANONYMOUS_DRAFT_DAYS)
    old = list(Draft.objects.filter(person__isnull=True, updated_at__lt=before).order_by("updated_at")[:limit])
    for draft in old:
        delete(draft)
    return len(old)


# --- ends ------------------------------------------------------------------------------------------------------------


def submit(pk: uuid.UUID, application: intake.Application, actor: Actor) -> SupportRequest:
    """Files the draft, turns its files into documents and deletes it; a second click returns the same request."""
    with transaction.atomic():
        draft = Draft.objects.select_for_update(of=("self",)).filter(pk=pk).first()
        if draft is None:
            existing = filed(pk, actor)
            if existing is None:
                raise Conflict("Ce brouillon n’existe plus.", code="draft_gone")
            return existing
        support_request = intake.submit(application, actor, key=draft.pk)
        Document.objects.bulk_create(
            Document(
                support_request=support_request,
                channel=ConversationChannel.PUBLIC,
                kind=DocumentKind.ATTACHMENT,
                title=row.file.name,
                file=row.file,
                author_id=draft.person_id or actor.person_id,
                at=support_request.submitted_at,
                queued_at=support_request.submitted_at,
                done_at=support_request.submitted_at,
            )
            for row in draft.files.select_related("file")
        )
        draft.delete()
        return support_request


def answered_by_catalogue(draft: Draft, *, subject: Subject | None, at: dt.datetime | None = None) -> None:
    """« Cela me suffit »: counted once a draft, without any person. The draft stays, in case it does not suffice."""
    CatalogueAnswer.objects.get_or_create(
        draft_key=draft.pk,
        defaults={"collectivity_id": draft.collectivity_id, "subject": subject, "at": at or clock.now()},
    )


def copy_of(support_request: SupportRequest, actor: Actor) -> Draft:
    """« Repartir de cette demande »: a new draft with the same answers. A communicable title that was the subject's own
    words is not kept: it would stay when the subject changes."""
    body, subject = support_request.collectivity, support_request.subject
    own_words = support_request.public_title != subject.label
    answers: dict[str, Any] = {
        "collectivity": body.label,
        "collectivity_code": body.code,
        "subject": subject.code,
        "other_subjects": [subject.code for subject in support_request.other_subjects.all()],
        "need": support_request.need,
        "progress": support_request.progress,
        **({"public_title": support_request.public_title} if own_words else {}),
        "project_lead": support_request.project_lead,
        **{DETAILS.get(name, name): value for name, value in support_request.details.items()},
    }
    draft = intake.start_draft(actor, answers=answers)
    return intake.save_draft(draft, {}, collectivity=body)
