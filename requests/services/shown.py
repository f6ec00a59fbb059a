"""The mark of a text that was shown above a button: an act applies to what was read, or not at all."""

import hashlib
import json
from typing import Any

from common.errors import Conflict
from requests.enums import AssignmentKind
from requests.models import Agreement, Referral, Solution
from requests.services import sought


def of_proposal(solution: Solution) -> str:
    lines = solution.lines.order_by("pk").values_list("provider_id", "offer_id", "part", "mission", "price")
    return _mark(
        solution, solution.text, solution.price, solution.conditions, solution.calendar, solution.answer_by, list(lines)
    )


def of_referral(referral: Referral) -> str:
    request = referral.support_request
    return _mark(referral, request.title, request.need, sought.evidence(request), *_written(referral))


def of_preparation(referral: Referral) -> str:
    """What the desk itself writes of a referral."""
    return _mark(referral, *_written(referral), referral.to_sign_by_id)


def _written(referral: Referral) -> list[Any]:
    named = referral.support_request.assignments.filter(kind=AssignmentKind.LOCAL_REFERENT, until=None)
    amounts = (referral.cost_excl_tax, referral.cost_incl_tax)
    return [
        referral.evidence_note,
        list(referral.motives.order_by("motive").values_list("motive", "justification")),
        [referral.service_asked, referral.duration, referral.calendar],
        [f"{amount:.2f}" if amount is not None else None for amount in amounts],
        [referral.proposed_answer, referral.outside_reason, referral.circuit],
        list(named.values_list("person", "body")),
    ]


def of_agreement(agreement: Agreement) -> str:
    """Without its three dates: one signs the same text before or after the others."""
    return _mark(
        agreement,
        [agreement.lot, agreement.mission, agreement.days, agreement.outside_reason],
        [agreement.amount_excl_tax, agreement.tax_rate, agreement.amount_incl_tax, agreement.agency_share],
    )


def _mark(row: Solution | Referral | Agreement, *shown: Any) -> str:
    text = json.dumps(shown, default=str, ensure_ascii=False)
    return f"{row.uuid}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def check(seen: str | None, now: str, message: str) -> None:
    """Raises ``Conflict`` when what is there is not what was read; None: nobody read it on a page."""
    if seen is not None and seen != now:
        raise Conflict(message, code="changed_since_read")
