"""The life of an offer: written by its keeper, read again by the desk (by the agency for national ones), published,
confirmed once a year, withdrawn or arrived at its term. What was published stays in force until its change is accepted.

Every act leaves an ``OfferRevision``; those that change what the engine reads tell it (``OfferChanged``).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from common import clock
from common.actor import Actor
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from operators import events
from operators.enums import OfferStatus, QuestionReason, RevisionKind
from operators.models import Offer, OfferCoverage, Provider, Subject
from operators.permissions import OWN_ROLES, OfferAbility, ProviderAbility, offer_abilities, provider_abilities
from operators.services import neighbours
from operators.services.codes import free_offer_code
from operators.services.faults import Known, faults_of, gaps_of
from operators.services.history import log
from operators.services.neighbours import Move
from operators.values import COLUMNS, Difference, OfferValues

_REFUSALS = {
    OfferAbility.EDIT: "Cette offre est tenue par un autre organisme.",
    OfferAbility.SUBMIT: "Cette offre n’attend pas d’être envoyée à la relecture.",
    OfferAbility.REVIEW: "La relecture des offres revient au guichet du département, ou à l’Agence.",
    OfferAbility.WITHDRAW: "Cette offre n’est plus au catalogue.",
}
#: The columns beside what is published: written alone, they leave ``updated_at``, the day of the catalogue.
_BESIDE = ["pending", "pending_at", "returned", "review_note"]


def record(
    provider: Provider,
    values: OfferValues,
    actor: Actor,
    *,
    offer: Offer | None = None,
    seen: str | None = None,
    uuid: UUID | None = None,
    settles: bool = False,
    source: str = "",
    known: Known | None = None,
    tells_others: bool = True,
    at: dt.datetime | None = None,
) -> Offer:
    """Writes an offer of this provider: a new draft, or what ``offer`` becomes.

    A published offer changes at once when its reviewer writes it; else the change waits for its review. ``seen`` is the
    mark of the offer that was read (None: not read on a page); who writes many spares queries by ``known``, and tells
    the desks of other departments himself when ``tells_others`` is false; a new offer sent twice under one ``uuid`` is
    one. Writing what is there already does nothing; a day of verification never goes back. Raises :class:`Invalid` with
    the first fault, :class:`NotAllowed`, or :class:`Conflict` when somebody wrote it meanwhile.
    """
    at = at or clock.now()
    with transaction.atomic():
        if offer is None:
            if ProviderAbility.EDIT not in provider_abilities(actor, provider):
                raise NotAllowed("Ce prestataire est tenu par un autre organisme.")
            provider = Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=provider.pk)
            if uuid is not None and (sent := provider.offers.filter(uuid=uuid).first()):
                return sent
            code = free_offer_code(values.title, provider)
            offer = Offer(uuid=uuid or uuid4(), provider=provider, code=code, illustrative=provider.illustrative)
        else:
            offer = _locked(offer, actor, OfferAbility.EDIT, seen)
        published = offer.status == OfferStatus.PUBLISHED
        faults = faults_of(values, offer.provider, illustrative=offer.illustrative, known=known)
        _refuse(faults or (gaps_of(values) if published else []))
        before = OfferValues.of(offer) if offer.pk else None
        if before and before.verified_on:
            values = replace(values, verified_on=max(before.verified_on, values.verified_on or before.verified_on))
        if published and OfferAbility.REVIEW not in offer_abilities(actor, offer):
            return _propose(offer, values, actor, at, source)
        resumed = actor.role in OWN_ROLES and offer.returned is not None
        if resumed and values == before:
            return _let_go(offer, actor, at)
        settled = settles and offer.pending is not None
        if settled:
            offer.pending, offer.pending_at, offer.review_note = None, None, ""
        if resumed:
            offer.returned, offer.review_note = None, ""
        _tidy(offer, values)
        if values == before and not settled:
            return offer
        changes = values.differences(before) if before else []
        if values == before:
            offer.save(update_fields=_BESIDE)
        else:
            _write(offer, values)
        log(offer, RevisionKind.EDITED if before else RevisionKind.CREATED, actor, at, changes, source)
        if published:
            _answered(offer, at)
        if published and changes:
            emit(events.OfferChanged(offer_id=offer.pk, at=at))
            if tells_others:
                neighbours.tell(Move(offer, values.coverage, before.coverage if before else ()), at)
        if settled:
            emit(events.OfferReviewed(offer_id=offer.pk, at=at))
        return offer


def _propose(offer: Offer, values: OfferValues, actor: Actor, at: dt.datetime, source: str) -> Offer:
    """A published offer, changed by whoever may not publish it: the change waits beside it."""
    changes = values.differences(OfferValues.of(offer))
    asked = {change.field: change.after for change in changes}
    if asked == (offer.pending or {}) and offer.returned is None:
        return offer
    if not changes:
        return _let_go(offer, actor, at)
    offer.pending, offer.pending_at, offer.returned, offer.review_note = asked, at, None, ""
    offer.save(update_fields=_BESIDE)
    log(offer, RevisionKind.PROPOSED, actor, at, changes, source)
    _answered(offer, at)
    emit(events.OfferToReview(offer_id=offer.pk, at=at))
    return offer


def submit(offer: Offer, actor: Actor, *, seen: str | None = None, at: dt.datetime | None = None) -> Offer:
    """A draft, or an offer that left the catalogue, is sent to whoever reviews it."""
    at = at or clock.now()
    with transaction.atomic():
        offer = _locked(offer, actor, OfferAbility.SUBMIT, seen)
        _refuse(gaps_of(OfferValues.of(offer)))
        offer.status, offer.review_note = OfferStatus.IN_REVIEW, ""
        offer.save()
        log(offer, RevisionKind.SUBMITTED, actor, at)
        emit(events.OfferToReview(offer_id=offer.pk, at=at))
    return offer


def publish(
    offer: Offer,
    actor: Actor,
    *,
    verified_on: dt.date | None = None,
    tells_others: bool = True,
    seen: str | None = None,
    at: dt.datetime | None = None,
) -> Offer:
    """The reviewer puts it, or its change, into the catalogue: verified that day, unless told otherwise."""
    at = at or clock.now()
    with transaction.atomic():
        offer = _locked(offer, actor, OfferAbility.REVIEW, seen)
        if offer.status == OfferStatus.PUBLISHED and offer.pending is None:
            raise Conflict("Cette offre est déjà publiée.", code="already_published")
        before = OfferValues.of(offer)
        held = before.coverage if offer.status == OfferStatus.PUBLISHED else ()
        values = before.changed(offer.pending or {})
        awaited = offer.status == OfferStatus.IN_REVIEW or offer.pending is not None
        _refuse(faults_of(values, offer.provider, illustrative=offer.illustrative) or gaps_of(values))
        if values.valid_to is not None and values.valid_to < timezone.localdate(at):
            raise Invalid("Cette offre est arrivée à son terme : changez d’abord sa date de fin.", field="valid_to")
        offer.status, offer.pending, offer.pending_at, offer.review_note = OfferStatus.PUBLISHED, None, None, ""
        values = replace(values, verified_on=verified_on or timezone.localdate(at))
        _tidy(offer, values)
        _write(offer, values)
        log(offer, RevisionKind.PUBLISHED, actor, at, values.differences(before))
        _answered(offer, at)
        if awaited:
            emit(events.OfferReviewed(offer_id=offer.pk, at=at))
        emit(events.OfferChanged(offer_id=offer.pk, at=at))
        if tells_others:
            neighbours.tell(Move(offer, values.coverage, held), at)
    return offer


def send_back(
    offer: Offer, actor: Actor, *, note: str, seen: str | None = None, at: dt.datetime | None = None
) -> Offer:
    """The reviewer asks for something else, in a word that the keeper reads. What was published stays, and so does what
    the keeper wrote, which he finds again in the form."""
    at = at or clock.now()
    with transaction.atomic():
        offer = _locked(offer, actor, OfferAbility.REVIEW, seen)
        if offer.status != OfferStatus.IN_REVIEW and offer.pending is None:
            raise Conflict("Cette offre n’attend plus de relecture.", code="not_in_review")
        if not note.strip():
            raise Invalid("Dites ce qui est à reprendre : l’organisme lira ce mot.", field="note")
        if offer.pending is None:
            offer.status = OfferStatus.DRAFT
        else:
            offer.returned, offer.pending, offer.pending_at = offer.pending, None, None
        offer.review_note = note.strip()[:2000]
        offer.save(update_fields=["status", *_BESIDE])
        log(offer, RevisionKind.RETURNED, actor, at)
        emit(events.OfferReviewed(offer_id=offer.pk, at=at))
    return offer


def give_up(offer: Offer, actor: Actor, *, seen: str | None = None, at: dt.datetime | None = None) -> Offer:
    """The keeper lets go of the change that was sent back to him, or that a withdrawal kept: nothing else changes.

    He alone does: nobody throws away what another body wrote.
    """
    at = at or clock.now()
    with transaction.atomic():
        offer = _locked(offer, actor, OfferAbility.EDIT, seen)
        if actor.role not in OWN_ROLES:
            raise NotAllowed("Seul l’organisme qui a écrit cette modification peut l’abandonner.")
        if offer.returned is None:
            raise Conflict("Aucune modification renvoyée n’attend d’être reprise.", code="nothing_returned")
        return _let_go(offer, actor, at)


def withdraw(
    offer: Offer, actor: Actor, *, note: str = "", seen: str | None = None, at: dt.datetime | None = None
) -> Offer:
    """Its keeper takes it out of the catalogue; it may be submitted again. Nothing asked about it is undone, and the
    change that waited, or was sent back, is kept for who wrote it.

    A reviewer says why in ``note``, which the provider reads: else :class:`Invalid`.
    """
    at = at or clock.now()
    with transaction.atomic():
        offer = _locked(offer, actor, OfferAbility.WITHDRAW, seen)
        reviewed = OfferAbility.REVIEW in offer_abilities(actor, offer)
        if reviewed and not note.strip():
            raise Invalid("Dites pourquoi vous la retirez : l’organisme lira ce mot.", field="note")
        offer.review_note = note.strip()[:2000] if reviewed else ""
        _expire(offer, RevisionKind.WITHDRAWN, actor, at)
        if reviewed:
            emit(events.OfferWithdrawn(offer_id=offer.pk, at=at))
    return offer


def confirm(
    offer: Offer,
    actor: Actor,
    *,
    capacity_left: int | None,
    seen: str | None = None,
    at: dt.datetime | None = None,
) -> Offer:
    """Its keeper says that it still holds, and how many it can still take (None: no limit). Needs no review."""
    at = at or clock.now()
    with transaction.atomic():
        offer = _locked(offer, actor, OfferAbility.EDIT, seen)
        if offer.status != OfferStatus.PUBLISHED:
            raise Conflict("Seule une offre publiée se confirme.", code="not_published")
        before = OfferValues.of(offer)
        offer.capacity_left, offer.verified_on = capacity_left, timezone.localdate(at)
        _tidy(offer, OfferValues.of(offer))
        offer.save()
        changes = OfferValues.of(offer).differences(before)
        log(offer, RevisionKind.VERIFIED, actor, at, changes)
        _answered(offer, at)
        emit(events.OfferChanged(offer_id=offer.pk, at=at))
    return offer


def ask_again(offer: Offer, reason: QuestionReason, *, at: dt.datetime | None = None) -> bool:
    """Asks the keeper whether the offer still holds; False when he was asked for this reason less than a month ago, or
    has yet to answer what he was asked since then for another one. The end of an offer is told all the same."""
    at = at or clock.now()
    with transaction.atomic():
        row = Offer.objects.select_for_update(of=("self",), no_key=True).published().filter(pk=offer.pk).first()
        if row is None or _is_asked(row, reason, since=at - PAUSE):
            return False
        Offer.objects.filter(pk=row.pk).update(asked_at=at, asked_reason=reason)
        log(row, RevisionKind.QUESTIONED, None, at, [_why(reason)])
        emit(events.OfferQuestioned(offer_id=row.pk, at=at))
    return True


# --- the night's round -----------------------------------------------------------------------------------------------

#: A keeper is not asked twice about the same offer, for the same reason, within this.
PAUSE = dt.timedelta(days=30)


def expire_due(*, at: dt.datetime | None = None) -> int:
    """Takes out of the catalogue what was valid until the day before; returns how many. Twice is once. A change that
    waited is kept for who wrote it: it is often the new last day."""
    at = at or clock.now()
    over = Offer.objects.filter(status=OfferStatus.PUBLISHED, valid_to__lt=timezone.localdate(at))
    done = 0
    for pk in list(over.values_list("pk", flat=True)):
        with transaction.atomic():
            offer = over.select_for_update(skip_locked=True, of=("self",), no_key=True).filter(pk=pk).first()
            if offer is not None:
                _expire(offer, RevisionKind.EXPIRED, None, at)
                emit(events.OfferExpired(offer_id=offer.pk, at=at))
                done += 1
    return done


#: The round of one night that was missed is made up for. No more: what is told again is computed and sought again.
MADE_UP = dt.timedelta(days=2)


def open_due(*, at: dt.datetime | None = None) -> int:
    """Tells of the published offers whose first day has come: who could not be offered them may be; how many. Told
    again the night after, in case one was missed: nothing changes by it."""
    on = timezone.localdate(at or clock.now())
    opened = Offer.objects.published().filter(valid_from__gt=on - MADE_UP, valid_from__lte=on)
    keys = list(opened.order_by("pk").values_list("pk", flat=True))
    for pk in keys:
        with transaction.atomic():
            emit(events.OfferChanged(offer_id=pk))
    return len(keys)


def question_due(*, at: dt.datetime | None = None) -> int:
    """Asks the keepers of offers that end soon, or that nobody verified for a year; returns how many were asked."""
    at = at or clock.now()
    on = timezone.localdate(at)
    published = Offer.objects.published()
    reasons = ((QuestionReason.EXPIRING, published.ending(on)), (QuestionReason.STALE, published.stale(on)))
    return sum(ask_again(offer, reason, at=at) for reason, rows in reasons for offer in list(rows.order_by("pk")))


# --- inside ----------------------------------------------------------------------------------------------------------


def _locked(offer: Offer, actor: Actor, ability: OfferAbility, seen: str | None) -> Offer:
    """The row as it is now, ours until the end of the transaction, if the act is the actor's and he has read it."""
    row = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("provider").get(pk=offer.pk)
    if ability not in offer_abilities(actor, row):
        raise NotAllowed(_REFUSALS[ability])
    if seen is not None and seen != row.mark:
        raise Conflict("Cette offre a changé depuis que vous l’avez ouverte. Relisez-la, puis recommencez.")
    return row


def _refuse(faults: Sequence[tuple[str, str]]) -> None:
    if faults:
        field, message = faults[0]
        raise Invalid(message, field=field)


def _write(offer: Offer, values: OfferValues) -> None:
    for name in COLUMNS:
        value: Any = getattr(values, name)
        setattr(offer, name, list(value) if isinstance(value, tuple) else value)
    offer.save()
    kept = {(row.level, row.code, row.excluded): row.pk for row in offer.coverage.all()}
    if offer.status == OfferStatus.PUBLISHED and not set(kept) <= {
        (x.level, x.code, x.excluded) for x in values.coverage
    }:
        emit(events.OfferChanged(offer_id=offer.pk))  # where it held until now
    offer.coverage.exclude(pk__in=[pk for line, pk in kept.items() if line in values.coverage]).delete()
    OfferCoverage.objects.bulk_create(
        OfferCoverage(offer=offer, level=line.level, code=line.code, excluded=line.excluded)
        for line in values.coverage
        if line not in kept
    )
    offer.subjects.set(Subject.objects.filter(code__in=values.subjects))


def _expire(offer: Offer, kind: RevisionKind, actor: Actor | None, at: dt.datetime) -> None:
    published = offer.status == OfferStatus.PUBLISHED
    if offer.pending is not None:
        offer.returned, offer.pending, offer.pending_at = offer.pending, None, None
    offer.status = OfferStatus.EXPIRED
    offer.save()
    log(offer, kind, actor, at)
    if published:
        emit(events.OfferChanged(offer_id=offer.pk, at=at))


def _tidy(offer: Offer, values: OfferValues) -> None:
    """What its keeper was to take up again is what the offer says from now on: nothing is left to do."""
    if offer.returned is not None and values == values.changed(offer.returned):
        offer.returned, offer.review_note = None, ""


def _let_go(offer: Offer, actor: Actor, at: dt.datetime) -> Offer:
    """Who wrote the change that waited, or was sent back, throws it away."""
    offer.pending, offer.pending_at, offer.returned, offer.review_note = None, None, None, ""
    offer.save(update_fields=_BESIDE)
    log(offer, RevisionKind.GIVEN_UP, actor, at)
    return offer


def _why(reason: QuestionReason) -> Difference:
    return Difference("asked_reason", "", reason.value)


def _is_asked(offer: Offer, reason: QuestionReason, *, since: dt.datetime) -> bool:
    if offer.asked_at is None or offer.asked_at <= since:
        return False
    if offer.asked_reason == reason or (offer.is_questioned and reason is not QuestionReason.EXPIRING):
        return True
    asked = offer.revisions.filter(kind=RevisionKind.QUESTIONED, at__gt=since)
    return asked.filter(changes__contains=[list(_why(reason))]).exists()


def _answered(offer: Offer, at: dt.datetime) -> None:
    """Its keeper, or its reviewer, has just said what it is: there is nothing left to ask."""
    Offer.objects.filter(pk=offer.pk).update(answered_at=at)
