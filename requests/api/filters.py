"""Filters of the API: explicit fields only."""

import django_filters

from requests.enums import Channel, HolderChoices, Outcome, StateChoices
from requests.models import SupportRequest


class SupportRequestFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=StateChoices.choices)
    holder = django_filters.ChoiceFilter(choices=HolderChoices.choices)
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices)
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    department = django_filters.CharFilter(field_name="department_id")
    collectivity = django_filters.CharFilter(field_name="collectivity__code")
    subject = django_filters.CharFilter(field_name="subject__code")
    submitted_after = django_filters.IsoDateTimeFilter(field_name="submitted_at", lookup_expr="gte")
    submitted_before = django_filters.IsoDateTimeFilter(field_name="submitted_at", lookup_expr="lt")

    class Meta:
        model = SupportRequest
        fields: list[str] = []
