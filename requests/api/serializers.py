"""What the API says of a request, and what it takes. Fields are listed: nothing is shown by default."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from operators.models import Offer, Subject
from requests.deadlines import council_in_sight
from requests.enums import Channel, ConversationChannel, DecisionKind, Motive, Progress, ProjectLead
from requests.models import Decision, Document, Message, RoutingAssessment, SupportRequest, Transition
from requests.permissions import abilities
from requests.services.intake import Application
from requests.services.triage import QUESTION
from territories.models import Collectivity


class SupportRequestSerializer(serializers.ModelSerializer[SupportRequest]):
    collectivity: Any = serializers.SlugRelatedField(slug_field="code", read_only=True)
    collectivity_name = serializers.CharField(source="collectivity.name", read_only=True)
    department = serializers.CharField(source="department_id", read_only=True)
    arrondissement = serializers.CharField(source="arrondissement_id", read_only=True, allow_null=True)
    subject: Any = serializers.SlugRelatedField(slug_field="code", read_only=True)

    class Meta:
        model = SupportRequest
        fields = (
            "reference",
            "uuid",
            "state",
            "state_since",
            "holder",
            "due_on",
            "collectivity",
            "collectivity_name",
            "department",
            "arrondissement",
            "population",
            "population_vintage",
            "subject",
            "themes",
            "title",
            "public_title",
            "progress",
            "channel",
            "submitted_at",
            "acknowledged_at",
            "confirmed_at",
            "route",
            "outcome",
            "referred_at",
            "supported_at",
            "ended_at",
        )
        read_only_fields = fields


class SupportRequestDetailSerializer(SupportRequestSerializer):
    """One request, with its need, whose reading is logged, and what the caller may do to it."""

    abilities = serializers.SerializerMethodField()

    class Meta(SupportRequestSerializer.Meta):
        fields: Any = (*SupportRequestSerializer.Meta.fields, "need", "abilities")
        read_only_fields: Any = fields

    def get_abilities(self, support_request: SupportRequest) -> list[str]:
        return sorted(str(ability) for ability in abilities(self.context["actor"], support_request))


class FilingSerializer(serializers.Serializer[Any]):
    """A request to file. The ``Idempotency-Key`` header (a UUID) makes a repeated call harmless."""

    collectivity = serializers.SlugRelatedField(slug_field="code", queryset=Collectivity.objects.current())
    subject = serializers.SlugRelatedField(slug_field="code", queryset=Subject.objects.all())
    need = serializers.CharField(max_length=2000)
    progress = serializers.ChoiceField(choices=Progress.choices)
    title = serializers.CharField(max_length=120, required=False, default="")
    public_title = serializers.CharField(max_length=120, required=False, default="")
    tried_answer = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    project_lead = serializers.ChoiceField(choices=ProjectLead.choices, required=False, default="")
    wanted_by = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    next_council_on = serializers.DateField(
        required=False, allow_null=True, default=None, validators=[council_in_sight]
    )
    contact_name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    contact_email = serializers.EmailField(max_length=254, required=False, default="", allow_blank=True)
    contact_phone = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    shared_with_grouping = serializers.BooleanField(required=False, default=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False, default=Channel.API.value)

    def application(self) -> Application:
        return Application(**{name: value for name, value in self.validated_data.items() if name != "channel"})


class TransitionSerializer(serializers.ModelSerializer[Transition]):
    """A line of history. ``note`` is there for those who may read it."""

    note = serializers.SerializerMethodField()

    class Meta:
        model = Transition
        fields = ("id", "action", "from_state", "to_state", "role", "body", "at", "note")
        read_only_fields = fields

    def get_note(self, transition: Transition) -> str:
        note = transition.note
        if note is None or not (note.is_public or self.context.get("reads_internal")):
            return ""
        return note.text


class ActSerializer(serializers.Serializer[Any]):
    """A transition to apply: the action, and its own fields (see ``requests.api.acts``)."""

    action = serializers.CharField()


class AssessmentSerializer(serializers.ModelSerializer[RoutingAssessment]):
    class Meta:
        model = RoutingAssessment
        fields = ("id", "kind", "summary", "short", "document", "rules_version", "catalogue_at", "computed_at")
        read_only_fields = fields


class MessageSerializer(serializers.ModelSerializer[Message]):
    class Meta:
        model = Message
        fields = ("uuid", "channel", "author_label", "text", "at")
        read_only_fields = ("uuid", "author_label", "at")
        extra_kwargs = {
            "channel": {"choices": [(ConversationChannel.PUBLIC, "public"), (ConversationChannel.INTERNAL, "internal")]}
        }


class DocumentSerializer(serializers.ModelSerializer[Document]):
    size = serializers.IntegerField(source="file.size", read_only=True, allow_null=True)
    content_type = serializers.CharField(source="file.content_type", read_only=True, allow_null=True)

    class Meta:
        model = Document
        fields = ("uuid", "channel", "kind", "title", "size", "content_type", "at")
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    class Meta:
        model = Decision
        fields = ("id", "kind", "offers", "motives", "differs", "role", "at")
        read_only_fields = fields


class NewDecisionSerializer(serializers.Serializer[Any]):
    """``local`` with offers (UUIDs, in order), the message their providers read, what each is asked (offer → question)
    and the day an answer is expected by; or ``refer`` with motives."""

    kind = serializers.ChoiceField(choices=DecisionKind.choices)
    offers = serializers.ListField(child=serializers.UUIDField(), max_length=50, required=False, default=list)
    motives = serializers.ListField(child=serializers.ChoiceField(choices=Motive.choices), required=False, default=list)
    message = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    questions = serializers.DictField(
        child=serializers.CharField(max_length=QUESTION, allow_blank=True), required=False, default=dict
    )
    expected_on = serializers.DateField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)

    def validate_offers(self, given: list[UUID]) -> list[Offer]:
        """The published offers of these UUIDs, in the order given."""
        known = {offer.uuid: offer for offer in Offer.objects.published().filter(uuid__in=given)}
        unknown = [str(uuid) for uuid in given if uuid not in known]
        if unknown:
            raise serializers.ValidationError(f"Aucune offre publiée ne porte cet identifiant : {', '.join(unknown)}.")
        return [known[uuid] for uuid in dict.fromkeys(given)]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["offers"] and not attrs["message"].strip():
            raise serializers.ValidationError({"message": "Décrivez le besoin aux prestataires."})
        unasked = attrs["questions"].keys() - {str(offer.uuid) for offer in attrs["offers"]}
        if unasked:
            message = f"Questions sans offre choisie : {', '.join(sorted(unasked))}."
            raise serializers.ValidationError({"questions": message})
        return attrs
