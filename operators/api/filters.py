"""Explicit filters: a parameter that is not named here is refused by nobody and filters nothing."""

import django_filters
from django.db.models import QuerySet

from common import clock
from operators.enums import LegalMode, Level, OfferStatus, PriceModel, ProviderKind, Theme
from operators.models import Offer, OfferCoverage, Provider
from operators.territory_facts import areas_of
from territories.models import Collectivity


class OfferFilter(django_filters.FilterSet):
    theme = django_filters.ChoiceFilter(choices=Theme.choices, method="filter_theme", label="Theme")
    subject = django_filters.CharFilter(method="filter_subject", label="Subject code")
    provider = django_filters.CharFilter(field_name="provider__code", label="Provider code")
    provider_kind = django_filters.ChoiceFilter(choices=ProviderKind.choices, field_name="provider__kind")
    department = django_filters.CharFilter(method="filter_department", label="Covers this whole department by name")
    collectivity = django_filters.CharFilter(
        method="filter_collectivity", label="Published, valid today, and meets the territory of this body (its code)"
    )
    status = django_filters.ChoiceFilter(choices=OfferStatus.choices)
    legal_mode = django_filters.ChoiceFilter(choices=LegalMode.choices)
    price_model = django_filters.ChoiceFilter(choices=PriceModel.choices)
    valid_on = django_filters.DateFilter(method="filter_valid_on", label="Open on this day")

    class Meta:
        model = Offer
        fields: list[str] = []

    def filter_theme(self, queryset: QuerySet[Offer], name: str, value: str) -> QuerySet[Offer]:
        return queryset.filter(themes__contains=[value])

    def filter_subject(self, queryset: QuerySet[Offer], name: str, value: str) -> QuerySet[Offer]:
        return queryset.filter(pk__in=Offer.subjects.through.objects.filter(subject__code=value).values("offer"))

    def filter_department(self, queryset: QuerySet[Offer], name: str, value: str) -> QuerySet[Offer]:
        covering = OfferCoverage.objects.filter(level=Level.DEPARTMENT, code=value.upper(), excluded=False)
        return queryset.filter(pk__in=covering.values("offer"))

    def filter_collectivity(self, queryset: QuerySet[Offer], name: str, value: str) -> QuerySet[Offer]:
        body = Collectivity.objects.filter(code=value.upper()).first()
        if body is None:
            return queryset.none()
        return queryset.published().valid_on(clock.today()).meeting(areas_of(body))  # type: ignore[attr-defined]

    def filter_valid_on(self, queryset: QuerySet[Offer], name: str, value: object) -> QuerySet[Offer]:
        return queryset.valid_on(value)  # type: ignore[attr-defined]


class ProviderFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=ProviderKind.choices)
    department = django_filters.CharFilter(field_name="department", label="Department code")

    class Meta:
        model = Provider
        fields: list[str] = []
