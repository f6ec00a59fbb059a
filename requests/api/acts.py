"""Actions that the API applies: each has its fields and its service. The others follow from a decision or a page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from accounts.models import Mandate
from common.actor import Actor
from operators.enums import ProviderKind, RedirectionReason
from operators.models import Offer, Provider
from requests.enums import NotRetainedReason
from requests.models import SupportRequest
from requests.services import agreement, followup, intake, national, referral, solution, triage
from requests.workflow import Action
from territories.models import Department


class NoFields(serializers.Serializer[Any]):
    pass


class Reason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=4000)


class OptionalReason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class Text(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)


class MandateField(serializers.SlugRelatedField[Mandate]):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="uuid", queryset=Mandate.objects.select_related("user", "organisation"), **kwargs)


class Contact(serializers.Serializer[Any]):
    contact = MandateField()


class Officer(serializers.Serializer[Any]):
    officer = MandateField()


class Instructor(serializers.Serializer[Any]):
    instructor = MandateField()


class Signatory(serializers.Serializer[Any]):
    signatory = MandateField()
    signed_on = serializers.DateField(required=False, allow_null=True, default=None)
    on_paper = serializers.BooleanField(required=False, default=False)


class Completion(serializers.Serializer[Any]):
    items = serializers.CharField(max_length=4000)
    answer_by = serializers.DateField(required=False, allow_null=True, default=None)


class Transfer(serializers.Serializer[Any]):
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.all())
    reason = serializers.CharField(max_length=4000)


class Attachment(serializers.Serializer[Any]):
    """``host``: the reference of the request that this one joins."""

    host = serializers.CharField(max_length=14)
    reason = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class Redirection(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=RedirectionReason.choices)
    target = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=4000)
    url = serializers.URLField(max_length=200, required=False, default="", allow_blank=True)


class SendBack(serializers.Serializer[Any]):
    offer = serializers.SlugRelatedField(slug_field="uuid", queryset=Offer.objects.select_related("provider"))
    text = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class NotRetained(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=NotRetainedReason.choices)
    text = serializers.CharField(max_length=4000)


class MissionFields(serializers.Serializer[Any]):
    operator = serializers.CharField(max_length=40, help_text="Code of one of the five operators.")
    text = serializers.CharField(max_length=2000)
    expected_on = serializers.DateField(required=False, allow_null=True, default=None)


class Missions(serializers.Serializer[Any]):
    """Each operator is given one mission."""

    missions = MissionFields(many=True)

    def validate_missions(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows = Provider.objects.filter(kind=ProviderKind.OPERATOR, code__in=[row["operator"] for row in given])
        known = {row.code: row for row in rows}
        errors = [
            {} if row["operator"] in known else {"operator": "Ce code n’est celui d’aucun des cinq opérateurs."}
            for row in given
        ]
        if any(errors):
            raise serializers.ValidationError(errors)
        if len(known) < len(given):
            raise serializers.ValidationError("Une mission au plus par opérateur.")
        return [{**row, "operator": known[row["operator"]]} for row in given]


class ServiceFields(serializers.Serializer[Any]):
    service = serializers.SlugRelatedField(
        slug_field="code", queryset=Provider.objects.filter(kind=ProviderKind.AGENCY)
    )
    text = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class MarketFields(serializers.Serializer[Any]):
    lot = serializers.CharField(max_length=200)
    outside_reason = serializers.CharField(max_length=2000)
    amount_excl_tax = serializers.DecimalField(max_digits=9, decimal_places=2)
    agency_share = serializers.DecimalField(max_digits=5, decimal_places=2)
    mission = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    days = serializers.IntegerField(min_value=1, max_value=500, required=False, allow_null=True, default=None)


class Pause(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)
    expected_until = serializers.DateField(required=False, allow_null=True, default=None)


def _attach(row: SupportRequest, actor: Actor, *, host: str, reason: str) -> Any:
    found = SupportRequest.objects.visible_to(actor).filter(reference=host).first()
    if found is None:
        raise serializers.ValidationError({"host": "Aucune demande ne porte cette référence."})
    return triage.attach(row, actor, host=found, reason=reason)


def _delegate(row: SupportRequest, actor: Actor, *, missions: list[dict[str, Any]]) -> Any:
    return national.delegate(row, actor, [national.Mission(**mission) for mission in missions])


def _contract(row: SupportRequest, actor: Actor, **fields: Any) -> Any:
    return agreement.contract(row, actor, agreement.Market(**fields))


def _return(row: SupportRequest, actor: Actor, *, reason: str) -> Any:
    return national.take_back_delegation(row, actor, reason=reason)


@dataclass(frozen=True, slots=True)
class Act:
    fields: type[serializers.Serializer[Any]]
    service: Callable[..., Any]


ACTS: dict[Action, Act] = {
    Action.TRANSFER: Act(Transfer, triage.transfer),
    Action.ACKNOWLEDGE: Act(Contact, triage.acknowledge),
    Action.ASK_COMPLETION: Act(Completion, triage.ask_completion),
    Action.COMPLETE: Act(Text, intake.complete),
    Action.ATTACH: Act(Attachment, _attach),
    Action.REDIRECT: Act(Redirection, triage.redirect),
    Action.WITHDRAW_PROPOSAL: Act(Reason, solution.withdraw_proposal),
    Action.DECLINE_PROPOSAL: Act(Reason, solution.decline_proposal),
    Action.DESIGNATE: Act(Officer, solution.designate),
    Action.ABANDON_REFERRAL: Act(Reason, referral.abandon),
    Action.REFER: Act(Signatory, referral.send),
    Action.TAKE_UP: Act(Instructor, national.take_up),
    Action.ASK_MORE: Act(Text, national.ask_more),
    Action.SEND_BACK: Act(SendBack, national.send_back),
    Action.NOT_RETAIN: Act(NotRetained, national.not_retain),
    Action.DELEGATE: Act(Missions, _delegate),
    Action.RETURN_DELEGATION: Act(Reason, _return),
    Action.ASSIGN_SERVICE: Act(ServiceFields, national.assign_service),
    Action.CONTRACT: Act(MarketFields, _contract),
    Action.CANCEL_CONTRACT: Act(Reason, agreement.cancel_contract),
    Action.START_SUPPORT: Act(NoFields, national.start_support),
    Action.SUSPEND: Act(Pause, followup.suspend),
    Action.RESUME: Act(NoFields, followup.resume),
    Action.CLOSE: Act(NoFields, followup.close),
    Action.REOPEN: Act(Reason, followup.reopen),
    Action.WITHDRAW: Act(OptionalReason, intake.withdraw),
    Action.DROP: Act(Reason, triage.drop),
    Action.TAKE_BACK: Act(OptionalReason, intake.take_back),
}
