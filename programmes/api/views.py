"""Read-only programmes, with how many members each has today."""

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from common import clock
from common.api import CursorPagination
from programmes.enums import MemberLevel
from programmes.models import Programme


class ProgrammeSerializer(serializers.ModelSerializer[Programme]):
    member_count = serializers.IntegerField(read_only=True, help_text="Distinct bodies that are members today")
    excludes = serializers.SerializerMethodField()

    class Meta:
        model = Programme
        fields = [
            "code",
            "label",
            "level",
            "counts_in_coverage",
            "summary",
            "selection_rule",
            "excludes",
            "starts_on",
            "ends_on",
            "source",
            "url",
            "member_count",
        ]
        read_only_fields = fields

    def get_excludes(self, programme: Programme) -> list[str]:
        return sorted(programme.excludes)


class ProgrammeFilter(django_filters.FilterSet):
    level = django_filters.ChoiceFilter(choices=MemberLevel.choices)
    counts_in_coverage = django_filters.BooleanFilter()

    class Meta:
        model = Programme
        fields: list[str] = []


class ProgrammePagination(CursorPagination):
    ordering = ("code",)  # type: ignore[assignment]


class ProgrammeViewSet(viewsets.ReadOnlyModelViewSet[Programme]):
    """National programmes. One query."""

    queryset = Programme.objects.none()
    serializer_class = ProgrammeSerializer
    filterset_class = ProgrammeFilter
    pagination_class = ProgrammePagination
    lookup_field = "code"

    def get_queryset(self) -> QuerySet[Programme]:
        return Programme.objects.with_counts(clock.today())
