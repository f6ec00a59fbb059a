"""Support requests over HTTP: the same ``visible_to``, abilities and services as the pages.

A hidden request answers 404; an act that is not the caller's 403; one that came too late 409.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import actor_of
from common.actor import COLLECTIVITY_ROLES, Actor
from common.api import CursorPagination
from common.errors import Invalid, NotAllowed
from common.readonly import SAFE_METHODS, writes
from requests.addresses import Reference
from requests.api import serializers
from requests.api.acts import ACTS
from requests.api.filters import SupportRequestFilter
from requests.enums import ConversationChannel, DecisionKind
from requests.models import SupportRequest
from requests.permissions import Ability, abilities
from requests.services import exchanges, intake, triage
from requests.workflow import Action

#: Rows of a request's own lists: history, messages, documents, assessments.
MAX_ROWS = 500


class SupportRequestPagination(CursorPagination):
    ordering = ("-submitted_at", "-id")  # type: ignore[assignment]


@writes("access log of a file, whatever part of it is read")
class SupportRequestViewSet(viewsets.GenericViewSet[SupportRequest]):
    """Read and file requests, apply a transition, take a decision."""

    queryset = SupportRequest.objects.none()
    serializer_class = serializers.SupportRequestSerializer
    filterset_class = SupportRequestFilter
    pagination_class = SupportRequestPagination
    lookup_field = "reference"
    lookup_value_regex = Reference.regex

    @property
    def actor(self) -> Actor:
        return self.request.actor if hasattr(self.request, "actor") else actor_of(self.request._request)

    def get_queryset(self) -> QuerySet[SupportRequest]:
        return SupportRequest.objects.visible_to(self.actor).select_related("collectivity", "subject", "department")

    def get_object(self) -> SupportRequest:
        found = self.get_queryset().select_related("assessment").filter(reference=self.kwargs["reference"]).first()
        if found is None:
            raise Http404
        if self.request.method in SAFE_METHODS and self.actor.role not in COLLECTIVITY_ROLES:
            triage.log_reading(found, self.actor)
        return found

    @extend_schema(responses=serializers.SupportRequestSerializer(many=True))
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(serializers.SupportRequestSerializer(page, many=True).data)

    @extend_schema(responses=serializers.SupportRequestDetailSerializer)
    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(self._detail(self.get_object()))

    def _detail(self, row: SupportRequest) -> Any:
        return serializers.SupportRequestDetailSerializer(row, context={"actor": self.actor}).data

    @extend_schema(
        request=serializers.FilingSerializer,
        responses={201: serializers.SupportRequestDetailSerializer},
        parameters=[OpenApiParameter("Idempotency-Key", OpenApiTypes.UUID, OpenApiParameter.HEADER, required=False)],
    )
    def create(self, request: Request) -> Response:
        filing = serializers.FilingSerializer(data=request.data)
        filing.is_valid(raise_exception=True)
        row = intake.submit(
            filing.application(), self.actor, key=_key(request), channel=filing.validated_data["channel"]
        )
        return Response(self._detail(row), status=status.HTTP_201_CREATED)

    @extend_schema(methods=["GET"], responses=serializers.TransitionSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"],
        request=serializers.ActSerializer,
        responses={201: serializers.SupportRequestDetailSerializer},
        description="`action` and the fields of that action.",
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def transitions(self, request: Request, reference: str) -> Response:
        row = self.get_object()
        if request.method == "GET":
            held = abilities(self.actor, row)
            internal = Ability.VIEW_INTERNAL in held
            history = row.transitions.all() if internal else row.transitions.standing()
            rows = history.select_related("note")[:MAX_ROWS]
            context = {"reads_internal": internal}
            return Response(serializers.TransitionSerializer(rows, many=True, context=context).data)
        act = serializers.ActSerializer(data=request.data)
        act.is_valid(raise_exception=True)
        name = act.validated_data["action"]
        if name not in set(Action) or Action(name) not in ACTS:
            known = ", ".join(sorted(ACTS))
            raise Invalid(f"Action inconnue ici : « {name} ». Actions possibles : {known}.", field="action")
        chosen = ACTS[Action(name)]
        given = chosen.fields(data=request.data)
        given.is_valid(raise_exception=True)
        chosen.service(row, self.actor, **given.validated_data)
        return Response(self._detail(self._fresh(row)), status=status.HTTP_201_CREATED)

    def _fresh(self, row: SupportRequest) -> SupportRequest:
        """The row after an act; the act may have ended the caller's right to see it, not its answer."""
        return SupportRequest.objects.select_related("collectivity", "subject", "department").get(pk=row.pk)

    @extend_schema(methods=["GET"], responses=serializers.DecisionSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"],
        request=serializers.NewDecisionSerializer,
        responses={202: serializers.DecisionSerializer},
        description="A worker dispatches the decision.",
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def decisions(self, request: Request, reference: str) -> Response:
        row = self._readable(Ability.VIEW_ASSESSMENT)
        if request.method == "GET":
            return Response(serializers.DecisionSerializer(row.decisions.all()[:MAX_ROWS], many=True).data)
        given = serializers.NewDecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        if data["kind"] == DecisionKind.LOCAL:
            decision = triage.decide_local(
                row,
                self.actor,
                data["offers"],
                message=data["message"],
                reason=data["reason"],
                questions=data["questions"],
                expected_on=data["expected_on"],
            )
        else:
            decision = triage.decide_refer(row, self.actor, data["motives"], reason=data["reason"])
        return Response(serializers.DecisionSerializer(decision).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=serializers.AssessmentSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def assessments(self, request: Request, reference: str) -> Response:
        row = self._readable(Ability.VIEW_ASSESSMENT)
        return Response(serializers.AssessmentSerializer(row.assessments.all()[:MAX_ROWS], many=True).data)

    @extend_schema(methods=["GET"], responses=serializers.MessageSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"], request=serializers.MessageSerializer, responses={201: serializers.MessageSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def messages(self, request: Request, reference: str) -> Response:
        row = self.get_object()
        if request.method == "GET":
            rows = row.messages.filter(channel__in=self._channels(row)).order_by("at", "pk")[:MAX_ROWS]
            return Response(serializers.MessageSerializer(rows, many=True).data)
        given = serializers.MessageSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        message = exchanges.post(
            row,
            self.actor,
            channel=given.validated_data["channel"],
            text=given.validated_data["text"],
            key=_key(request),
        )
        return Response(serializers.MessageSerializer(message).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=serializers.DocumentSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def documents(self, request: Request, reference: str) -> Response:
        row = self.get_object()
        rows = row.documents.filter(channel__in=self._channels(row)).select_related("file")[:MAX_ROWS]
        return Response(serializers.DocumentSerializer(rows, many=True).data)

    def _channels(self, row: SupportRequest) -> "Sequence[str]":
        """The conversations this caller reads; a provider's thread is never among them."""
        channels = [ConversationChannel.PUBLIC.value]
        if Ability.VIEW_INTERNAL in abilities(self.actor, row):
            channels.append(ConversationChannel.INTERNAL.value)
        return channels

    def _readable(self, ability: Ability) -> SupportRequest:
        row = self.get_object()
        if ability not in abilities(self.actor, row):
            raise NotAllowed("Vous consultez cette demande, mais pas cette partie.")
        return row


def _key(request: Request) -> uuid.UUID:
    """The ``Idempotency-Key`` of a call; a fresh one when it has none."""
    given = request.headers.get("Idempotency-Key")
    if not given:
        return uuid.uuid4()
    try:
        return uuid.UUID(given)
    except ValueError as error:
        raise Invalid("L’en-tête Idempotency-Key est un UUID.", code="invalid_key") from error
