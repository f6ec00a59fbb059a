"""The national way on a file: referral, signature, funding tests, missions, agreement. Two statements at most."""

import datetime as dt
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from common.actor import Actor, Role
from common.written import A_KEY, WrittenModels, kept
from requests.enums import DelegationState, FundingMoment, Motive, NationalAnswerKind, NotRetainedReason
from requests.models import (
    Agreement,
    Delegation,
    FundingTest,
    NationalAnswer,
    Referral,
    ReferralMotive,
    SupportRequest,
)
from requests.services import sought


def national_way(support_request: SupportRequest, actor: Actor) -> dict[str, Any]:
    """Empty values when the file never took that way."""
    referral = _referral(support_request)
    return {
        "referral": referral,
        "motives": [
            {"label": Motive(row["motive"]).label, "text": row["justification"]}
            for row in _rows(referral, "motive_rows")
        ],
        "evidence": sought.readable(referral.evidence) if referral and referral.evidence else None,
        "funding_tests": [
            {
                **row,
                "get_moment_display": FundingMoment(row["moment"]).label,
                "rule": _with_days({"decided_on": row["decided_on"]}, "decided_on"),
            }
            for row in _rows(referral, "funding_rows")
        ],
        "delegations": [
            {
                **_with_days(row, "asked_at", "answered_at", "starts_on", "expected_on"),
                "state_label": DelegationState(row["state"]).label,
                "answer_text": row["answer_text"] if _may_read_answer(actor, row) else "",
                "mine": row["organisation"] == actor.organisation_id and row["state"] == DelegationState.ASKED,
            }
            for row in _rows(referral, "delegation_rows")
        ],
        "answers": [
            {
                **_with_days(row, "at"),
                "label": NationalAnswerKind(row["kind"]).label,
                "reason": NotRetainedReason(row["reason"]).label if row["reason"] else "",
            }
            for row in _rows(referral, "answer_rows")
        ],
        "agreement": _agreement(support_request) if referral else None,
    }


def _may_read_answer(actor: Actor, row: dict[str, Any]) -> bool:
    """« N’est lu que par l’Agence et la préfecture »: an operator reads his own answer, never another's."""
    return actor.role is not Role.OPERATOR or row["organisation"] == actor.organisation_id


def _rows(referral: Any, name: str) -> list[dict[str, Any]]:
    return getattr(referral, name) if referral is not None else []


def _with_days(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**row, **{name: dt.date.fromisoformat(row[name][:10]) for name in names if row[name]}}


def _referral(support_request: SupportRequest) -> Referral | None:
    return next(iter(_referrals().read({A_KEY: support_request.pk})), None)


@kept(1)
def _referrals() -> WrittenModels[Referral]:
    of_request = {"support_request": OuterRef("support_request")}
    motives = ReferralMotive.objects.filter(referral=OuterRef("pk")).order_by("pk")
    tests = FundingTest.objects.filter(**of_request).order_by("at", "pk")
    missions = Delegation.objects.filter(**of_request).order_by("asked_at", "pk")
    answers = NationalAnswer.objects.filter(**of_request).order_by("at", "pk")
    found = (
        Referral.objects.filter(support_request=A_KEY)
        .select_related("signature__act", "to_sign_by__user")
        .annotate(
            motive_rows=ArraySubquery(motives.values(row=JSONObject(motive="motive", justification="justification"))),
            funding_rows=ArraySubquery(
                tests.values(
                    row=JSONObject(
                        moment="moment",
                        population="population",
                        population_vintage="population_vintage",
                        threshold="threshold",
                        fully_funded="fully_funded",
                        decided_on="rule__decided_on",
                    )
                )
            ),
            answer_rows=ArraySubquery(
                answers.values(
                    row=JSONObject(
                        kind="kind",
                        reason="reason",
                        at="at",
                        text="note__text",
                        service="service__name",
                        offer="offer__title",
                    )
                )
            ),
            delegation_rows=ArraySubquery(
                missions.values(
                    row=JSONObject(
                        uuid="uuid",
                        operator="operator__name",
                        organisation="operator__organisation_id",
                        state="state",
                        mission="mission",
                        asked_at="asked_at",
                        expected_on="expected_on",
                        answered_at="answered_at",
                        answer_text="answer_text",
                        contact="contact",
                        starts_on="starts_on",
                    )
                )
            ),
        )
        .order_by("-opened_at", "-pk")[:1]
    )
    return WrittenModels.of(found, A_KEY)


def _agreement(support_request: SupportRequest) -> Agreement | None:
    rows = Agreement.objects.filter(support_request=support_request, cancelled_at__isnull=True)
    return rows.select_related("contractor").first()
