"""What lists of territories may be narrowed by."""

import django_filters
from django.db.models import QuerySet

from territories.completion import search
from territories.enums import AreaKind, CollectivityKind
from territories.models import Collectivity, Department

#: ``q`` answers with the likeliest bodies, not with thousands of « Saint-… ».
MOST_FOUND = 200


class CollectivityFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="found", label="Nom, code postal, code INSEE ou SIREN")
    kind = django_filters.MultipleChoiceFilter(choices=CollectivityKind.choices)
    department = django_filters.CharFilter(method="on_department", label="Code de département")
    insee_code = django_filters.CharFilter()
    siren = django_filters.CharFilter()
    member_of = django_filters.CharFilter(method="members", label="Code d’un groupement")
    population_min = django_filters.NumberFilter(field_name="population", lookup_expr="gte")
    population_max = django_filters.NumberFilter(field_name="population", lookup_expr="lte")
    is_current = django_filters.BooleanFilter()

    class Meta:
        model = Collectivity
        fields: list[str] = []

    def found(self, queryset: QuerySet[Collectivity], name: str, value: str) -> QuerySet[Collectivity]:
        return queryset.filter(pk__in=[answer.pk for answer in search(value, MOST_FOUND)])

    def on_department(self, queryset: QuerySet[Collectivity], name: str, value: str) -> QuerySet[Collectivity]:
        return queryset.filter(pk__in=Collectivity.objects.in_department(value.upper()).values("pk"))

    def members(self, queryset: QuerySet[Collectivity], name: str, value: str) -> QuerySet[Collectivity]:
        grouping = Collectivity.objects.by_code(value)
        if grouping is None:
            return queryset.none()
        return queryset.filter(pk__in=Collectivity.objects.within(grouping).values("pk"))


class DepartmentFilter(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(choices=AreaKind.choices)
    region = django_filters.CharFilter(field_name="region_id")

    class Meta:
        model = Department
        fields: list[str] = []
