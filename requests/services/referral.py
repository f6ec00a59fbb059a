"""The desk's side of the national way: preparing, signing and sending a referral (R1232-12)."""

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import BinaryIO

from django.db import transaction

from accounts.models import Mandate
from common import clock
from common.actor import Actor, Matter
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from files.models import StoredFile
from requests import deadlines
from requests.enums import (
    AssignmentKind,
    Circuit,
    ConversationChannel,
    DocumentKind,
    FundingMoment,
    Motive,
    NationalAnswerKind,
    Opinion,
    ReferralState,
)
from requests.events import OpinionAsked
from requests.models import Decision, Referral, ReferralMotive, SupportRequest
from requests.permissions import Ability, abilities
from requests.services import assignments, exchanges, funding, letters, routing, shown, signatures, sought, transitions
from requests.workflow import Action

LIVE = (ReferralState.PREPARATION, ReferralState.SENT, ReferralState.MORE_ASKED)


def live_referral(support_request: SupportRequest) -> Referral | None:
    return support_request.referrals.filter(state__in=LIVE).first()


def open_referral(
    support_request: SupportRequest, actor: Actor, *, decision: Decision, at: dt.datetime
) -> SupportRequest:
    """Opens the preparation that a decision asked for, filled with the evidence at hand; called by the dispatch."""
    with transitions.begin(support_request.pk, Action.PREPARE_REFERRAL, actor, at=at) as step:
        row = step.support_request
        referral = live_referral(row)
        if referral is None:
            closing = deadlines.commitments_close(step.today)
            referral = Referral.objects.create(
                support_request=row,
                decision=decision,
                opened_at=step.at,
                fiscal_year=closing.year,
                commitments_close_on=closing,
            )
            for motive in decision.motives:
                ReferralMotive.objects.create(
                    referral=referral, motive=motive, facts=routing.motive_facts(row.assessment, motive)
                )
        step.finish()
    return step.support_request


def edit(
    support_request: SupportRequest,
    actor: Actor,
    *,
    motives: Mapping[str, str],
    referent: Mandate | None = None,
    values: Mapping[str, object] | None = None,
    seen: str | None = None,
    at: dt.datetime | None = None,
) -> Referral:
    """Saves the form of the referral: ``motives`` maps each ticked motive to its justification.

    ``values`` are columns of :class:`Referral` that the desk fills. What is missing is only asked for at the signature.
    ``seen`` is the mark of what the page showed; raises ``Conflict`` rather than replace what another wrote since.
    """
    at = at or clock.now()
    if not set(motives) <= set(Motive.values):
        raise Invalid("Motif inconnu.", field="motives")
    with transaction.atomic():
        support_request, referral = _locked(support_request, actor, Ability.EDIT_REFERRAL)
        before = shown.of_preparation(referral)
        for name, value in (values or {}).items():
            if name not in EDITABLE:
                raise Invalid(f"Ce champ ne se modifie pas ici : {name}.", field=name)
            setattr(referral, name, value)
        _check_amounts(referral)
        referral.save()
        referral.motives.exclude(motive__in=list(motives)).delete()
        for motive, justification in motives.items():
            if len(justification) > 2000:
                raise Invalid(
                    f"Cette justification compte {len(justification)} caractères : 2 000 au plus.",
                    field=f"justification_{motive}",
                )
            ReferralMotive.objects.update_or_create(
                referral=referral,
                motive=motive,
                defaults={"justification": justification},
                create_defaults={
                    "justification": justification,
                    "facts": routing.motive_facts(support_request.assessment, motive),
                },
            )
        if referent is not None:
            assignments.name_person(support_request, AssignmentKind.LOCAL_REFERENT, referent, actor, at=at)
        if shown.of_preparation(referral) != before:  # the same form sent twice changes nothing
            shown.check(
                seen,
                before,
                "La saisine a été modifiée pendant que vous écriviez. Rien n’est enregistré : comparez, "
                "puis enregistrez.",
            )
        return referral


#: Columns that the form of the referral may change.
EDITABLE = frozenset(
    {
        "circuit",
        "evidence_note",
        "service_asked",
        "duration",
        "calendar",
        "cost_excl_tax",
        "cost_incl_tax",
        "proposed_answer",
        "outside_reason",
        "to_sign_by",
    }
)


def _check_amounts(referral: Referral) -> None:
    before, after = referral.cost_excl_tax, referral.cost_incl_tax
    for name, amount in (("cost_excl_tax", before), ("cost_incl_tax", after)):
        if amount is not None and not Decimal(0) <= amount < Decimal(10**8):
            raise Invalid("Ce montant n’est pas plausible.", field=name)
    if before is not None and after is not None and after < before:
        raise Invalid("Le montant TTC ne peut pas être inférieur au montant HT.", field="cost_incl_tax")
    if referral.circuit not in Circuit.values:
        raise Invalid("Choisissez le circuit.", field="circuit")
    if referral.proposed_answer == NationalAnswerKind.MARKET and not referral.outside_reason.strip():
        raise Invalid("Dites pourquoi une prestation externe est nécessaire.", field="outside_reason")


def _locked(support_request: SupportRequest, actor: Actor, ability: Ability) -> tuple[SupportRequest, Referral]:
    support_request = SupportRequest.objects.lock(support_request.pk)
    referral = live_referral(support_request)
    if ability not in abilities(actor, support_request):
        if referral is None or referral.state == ReferralState.SENT:
            raise Conflict("Cette saisine n’est plus en préparation : relisez la page.", code="state_changed")
        raise NotAllowed("Vous consultez cette demande, mais cet acte ne vous revient pas.")
    if referral is None:
        raise Conflict("Aucune saisine n’est en préparation.", code="state_changed")
    return support_request, referral


def ask_opinion(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> Referral:
    """Asks the agency's regional officer (CMT); asking twice is harmless."""
    with transaction.atomic():
        support_request, referral = _locked(support_request, actor, Ability.EDIT_REFERRAL)
        if referral.cmt_opinion == Opinion.NOT_ASKED:
            referral.cmt_opinion = Opinion.ASKED
            referral.save(update_fields=["cmt_opinion"])
            emit(
                OpinionAsked(
                    id=uuid.uuid4(), at=at or clock.now(), request_id=support_request.pk, referral_id=referral.pk
                )
            )
        return referral


def give_opinion(
    support_request: SupportRequest, actor: Actor, *, opinion: str, text: str = "", at: dt.datetime | None = None
) -> Referral:
    at = at or clock.now()
    if opinion not in {Opinion.FAVOURABLE, Opinion.RESERVED, Opinion.UNFAVOURABLE}:
        raise Invalid("Choisissez un avis.", field="opinion")
    with transaction.atomic():
        support_request, referral = _locked(support_request, actor, Ability.GIVE_OPINION)
        referral.cmt_opinion = opinion
        referral.cmt_opinion_text = text.strip()[:2000]
        referral.cmt_opinion_on = transitions.local_date(support_request, at)
        referral.save(update_fields=["cmt_opinion", "cmt_opinion_text", "cmt_opinion_on"])
        return referral


def send(
    support_request: SupportRequest,
    actor: Actor,
    *,
    signatory: Mandate,
    signed_on: dt.date | None = None,
    on_paper: bool = False,
    scan: tuple[str, BinaryIO | bytes] | None = None,
    seen: str | None = None,
    at: dt.datetime | None = None,
) -> SupportRequest:
    """The signature sends the referral: evidence is frozen, the agency is told, the letter is written by a worker.

    ``seen`` is the mark of the text that was read (:mod:`requests.services.shown`); None: not read on a page.
    ``scan`` is the name and the content of a signed paper, kept with the file's documents.
    """
    with transitions.begin(support_request.pk, Action.REFER, actor, at=at) as step:
        row = step.support_request
        referral = live_referral(row)
        if referral is None:
            raise Conflict("Aucune saisine n’est en préparation.", code="state_changed")
        shown.check(
            seen,
            shown.of_referral(referral),
            "Cette saisine a changé depuis que vous l’avez lue. Relisez-la avant de signer.",
        )
        _check_amounts(referral)
        referral.signature = signatures.sign(
            row,
            Matter.REFERRAL,
            signatory,
            actor,
            signed_on=signed_on or step.today,
            on_paper=on_paper,
            scan=_signed_paper(row, actor, scan, step.at) if scan else None,
            amount=referral.cost_excl_tax,
        )
        referral.evidence = sought.evidence(row)
        referral.commitments_close_on = deadlines.commitments_close(step.today)
        referral.fiscal_year = referral.commitments_close_on.year
        referral.state = ReferralState.SENT
        referral.sent_at = step.at
        referral.save()
        funding.test(row, FundingMoment.REFERRAL, at=step.at)
        step.finish(referred_at=row.referred_at or step.at)
        letters.ask(row, DocumentKind.REFERRAL, source=f"referral:{referral.pk}:{step.at:%Y%m%d%H%M}", at=step.at)
    return step.support_request


def _signed_paper(
    support_request: SupportRequest, actor: Actor, scan: tuple[str, BinaryIO | bytes], at: dt.datetime
) -> StoredFile | None:
    (kept,) = exchanges.keep_files(
        support_request, actor, [scan], channel=ConversationChannel.INTERNAL, kind=DocumentKind.SIGNED_PAPER, at=at
    )
    if isinstance(kept, Invalid):
        raise Invalid(kept.message, field="scan", code=kept.code)
    return kept.file


def abandon(
    support_request: SupportRequest, actor: Actor, *, reason: str, at: dt.datetime | None = None
) -> SupportRequest:
    with transitions.begin(support_request.pk, Action.ABANDON_REFERRAL, actor, at=at) as step:
        referral = live_referral(step.support_request)
        if referral is not None:
            referral.state = ReferralState.ABANDONED
            referral.save(update_fields=["state"])
        step.finish(note=reason.strip())
    return step.support_request
