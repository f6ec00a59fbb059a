"""The agreement of a market mission: three dates, amounts, the order (R1232-12)."""

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction

from accounts.models import Mandate, Organisation
from common import clock
from common.actor import Actor, Matter
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from common.french import day
from requests.enums import FundingMoment, NationalAnswerKind
from requests.events import AgreementSigned
from requests.models import Agreement, SupportRequest
from requests.permissions import Ability, Relation, abilities, standing
from requests.services import funding, national, shown, signatures, transitions
from requests.workflow import Action

#: VAT rate in percent: 20 unless listed (8.5 in Guadeloupe, Martinique and Réunion; none in Guyane and Mayotte).
TAX_RATES = {"971": Decimal("8.5"), "972": Decimal("8.5"), "974": Decimal("8.5"), "973": Decimal(0), "976": Decimal(0)}

#: Said to whoever signs another text than the one he read.
CHANGED = "Cette convention a changé depuis que vous l’avez lue. Relisez-la avant de signer."


def tax_rate(department_code: str) -> Decimal:
    return TAX_RATES.get(department_code, Decimal(20))


@dataclass(frozen=True, kw_only=True)
class Market:
    """A mission of the engineering market. Amounts in euros; the share of the agency in percent."""

    lot: str
    outside_reason: str
    amount_excl_tax: Decimal
    agency_share: Decimal
    mission: str = ""
    days: int | None = None


def contract(
    support_request: SupportRequest, actor: Actor, market: Market, *, at: dt.datetime | None = None
) -> Agreement:
    """Mobilises the market: the agreement opens, awaiting its three dates."""
    with transitions.begin(support_request.pk, Action.CONTRACT, actor, at=at) as step:
        reason = transitions.require_text(
            market.outside_reason, "outside_reason", "Dites pourquoi une prestation externe.", at_most=2000
        )
        lot = transitions.require_text(market.lot, "lot", "Indiquez le lot de l’accord-cadre.", at_most=200)
        if not Decimal(0) < market.amount_excl_tax < Decimal(10**7):
            raise Invalid("Indiquez un montant HT en euros.", field="amount_excl_tax")
        if not Decimal(0) <= market.agency_share <= Decimal(100):
            raise Invalid("La part de l’Agence va de 0 à 100 %.", field="agency_share")
        rate = tax_rate(step.support_request.department_id)
        with_tax = (market.amount_excl_tax * (100 + rate) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        given = national.answer(step, NationalAnswerKind.MARKET)
        agreement = Agreement.objects.create(
            support_request=step.support_request,
            answer=given,
            lot=lot,
            outside_reason=reason,
            mission=market.mission.strip()[:2000],
            days=market.days,
            amount_excl_tax=market.amount_excl_tax,
            tax_rate=rate,
            amount_incl_tax=with_tax,
            agency_share=market.agency_share,
        )
        step.finish()
    return agreement


def cancel_contract(
    support_request: SupportRequest, actor: Actor, *, reason: str, at: dt.datetime | None = None
) -> SupportRequest:
    """Gives the agreement up before commitment: the file is back in national review, its referral live again."""
    with transitions.begin(support_request.pk, Action.CANCEL_CONTRACT, actor, at=at) as step:
        agreement = _live_agreement(step.support_request)
        if agreement.committed_on is not None:
            raise Conflict("L’engagement est pris : la convention ne peut plus être annulée ici.")
        agreement.cancelled_at = step.at
        agreement.save(update_fields=["cancelled_at"])
        national.revive_referral(step.support_request)
        step.finish(note=reason.strip())
    return step.support_request


def _live_agreement(support_request: SupportRequest) -> Agreement:
    agreement = (
        Agreement.objects.select_for_update(of=("self",))
        .filter(support_request=support_request, cancelled_at__isnull=True)
        .first()
    )
    if agreement is None:
        raise Conflict("Aucune convention n’est en cours.", code="state_changed")
    return agreement


def sign_for_prefect(
    support_request: SupportRequest,
    actor: Actor,
    *,
    signatory: Mandate,
    signed_on: dt.date | None = None,
    on_paper: bool = False,
    seen: str | None = None,
    at: dt.datetime | None = None,
) -> Agreement:
    """The prefect, or whoever holds his delegation for agreements of that amount, signs."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        held = abilities(actor, support_request)
        by_desk = on_paper and Ability.SIGN_FOR_BODY in held and standing(actor, support_request).has(Relation.DESK)
        if Ability.SIGN_AGREEMENT not in held and not by_desk:
            raise NotAllowed("La convention attend une autre signature que la vôtre.")
        agreement = _live_agreement(support_request)
        shown.check(seen, shown.of_agreement(agreement), CHANGED)
        signed_on = signed_on or transitions.local_date(support_request, at)
        if agreement.prefect_signature is not None:
            kept = agreement.prefect_signature
            if (kept.mandate_id, kept.signed_on) != (signatory.pk, signed_on):
                raise _recorded(f"La signature du préfet est déjà enregistrée : {kept.signatory}", kept.signed_on)
            return agreement
        agreement.prefect_signature = signatures.sign(
            support_request,
            Matter.AGREEMENT,
            signatory,
            actor,
            signed_on=signed_on,
            on_paper=on_paper,
            amount=agreement.amount_excl_tax,
        )
        agreement.prefect_signed_on = agreement.prefect_signature.signed_on
        agreement.save()
        _touch(support_request, at)
        _told(support_request, agreement, "prefect", at)
        return agreement


def sign_for_body(
    support_request: SupportRequest,
    actor: Actor,
    *,
    deliberated_on: dt.date,
    signed_on: dt.date | None = None,
    signed_by: str = "",
    seen: str | None = None,
    at: dt.datetime | None = None,
) -> Agreement:
    """The executive signs, on the strength of a deliberation whose date is recorded; the desk may note a paper one."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.SIGN_FOR_BODY not in abilities(actor, support_request):
            raise NotAllowed("La convention attend une autre signature que la vôtre.")
        agreement = _live_agreement(support_request)
        shown.check(seen, shown.of_agreement(agreement), CHANGED)
        today = transitions.local_date(support_request, at)
        signed_on = signed_on or today
        signed_by = (signed_by or actor.name)[:200]
        if agreement.body_signed_on is not None:
            kept = (agreement.deliberated_on, agreement.body_signed_on, agreement.body_signed_by)
            if kept != (deliberated_on, signed_on, signed_by):
                who = f"La signature de la collectivité est déjà enregistrée : {agreement.body_signed_by}"
                raise _recorded(who, agreement.body_signed_on)
            return agreement
        if deliberated_on > signed_on:
            raise Invalid("La délibération précède la signature : vérifiez sa date.", field="deliberated_on")
        if signed_on > today:
            raise Invalid("Une signature ne peut pas être datée d’un jour à venir.", field="signed_on")
        agreement.deliberated_on = deliberated_on
        agreement.body_signed_on = signed_on
        agreement.body_signed_by = signed_by
        agreement.body_recorded_at = clock.now()
        agreement.save()
        _touch(support_request, at)
        _told(support_request, agreement, "body", at)
        return agreement


def commit(
    support_request: SupportRequest,
    actor: Actor,
    *,
    committed_on: dt.date | None = None,
    starts_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Agreement:
    """The director general's commitment: the last of the three dates. Support starts now, or at ``starts_on``."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.COMMIT not in abilities(actor, support_request):
            raise NotAllowed("L’engagement revient à la direction générale de l’Agence.")
        agreement = _live_agreement(support_request)
        today = transitions.local_date(support_request, at)
        committed_on = committed_on or today
        if agreement.committed_on is not None:
            if (agreement.committed_on, agreement.starts_on) != (committed_on, starts_on):
                raise _recorded("L’engagement est déjà enregistré", agreement.committed_on)
            return agreement
        if agreement.prefect_signed_on is None or agreement.body_signed_on is None:
            raise Invalid("L’engagement suit les deux signatures : préfet et collectivité.")
        signed = max(agreement.prefect_signed_on, agreement.body_signed_on)
        if not signed <= committed_on <= today:
            raise Invalid(
                f"L’engagement suit les deux signatures (la dernière est du {day(signed)}) et n’est pas à venir.",
                field="committed_on",
            )
        agreement.committed_on = committed_on
        agreement.commitment_recorded_at = clock.now()
        agreement.committed_by_id = actor.person_id
        agreement.starts_on = starts_on
        agreement.save()
        funding.test(support_request, FundingMoment.COMMITMENT, at=at)
        _told(support_request, agreement, "agency", at)
        if starts_on is None or starts_on <= today:
            national.start_support(support_request, actor, at=at)
        else:
            _touch(support_request, at)
        return agreement


def order(agreement: Agreement, actor: Actor, *, number: str, contractor: Organisation) -> Agreement:
    """Records the order: only then is the contractor named to the applicant (PRACTICE 3.6)."""
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(agreement.support_request_id)
        if not standing(actor, support_request).has(Relation.AGENCY):
            raise NotAllowed("Le bon de commande est enregistré par l’Agence.")
        agreement = _live_agreement(support_request)
        if agreement.committed_on is None:
            raise Invalid("Le bon de commande suit l’engagement.")
        agreement.order_number = transitions.require_text(
            number, "number", "Indiquez le numéro du bon de commande.", at_most=60
        )
        agreement.contractor = contractor
        agreement.save(update_fields=["order_number", "contractor"])
        return agreement


def _recorded(what: str, on: dt.date) -> Conflict:
    return Conflict(f"{what}, le {day(on)}. Rien n’a été changé.", code="already_recorded")


def _touch(support_request: SupportRequest, at: dt.datetime) -> None:
    support_request.last_activity_at = at
    support_request.save(update_fields=["last_activity_at"])


def _told(support_request: SupportRequest, agreement: Agreement, party: str, at: dt.datetime) -> None:
    emit(AgreementSigned(id=uuid.uuid4(), at=at, request_id=support_request.pk, agreement_id=agreement.pk, party=party))
