"""``/api/v1/collectivities/`` and ``/api/v1/departments/``: reference data, read by any authenticated actor."""

from typing import Any

from django.http import Http404
from rest_framework import viewsets

from territories.api.filters import CollectivityFilter, DepartmentFilter
from territories.api.serializers import CollectivitySerializer, DepartmentSerializer
from territories.models import Collectivity, Department


class CollectivityViewSet(viewsets.ReadOnlyModelViewSet[Collectivity]):
    """Bodies that may ask for help. The address takes an INSEE code, a SIREN or a former code."""

    queryset = (
        Collectivity.objects.with_epci()
        .select_related("department", "arrondissement")
        .prefetch_related("department_links")
    )
    serializer_class = CollectivitySerializer
    filterset_class = CollectivityFilter
    lookup_field = "code"
    lookup_value_regex = "[0-9A-Za-z-]{1,9}"
    ordering = ("code",)

    def get_object(self) -> Collectivity:
        found = self.get_queryset().by_code(self.kwargs["code"])  # type: ignore[attr-defined]
        if found is None:
            raise Http404
        self.check_object_permissions(self.request, found)
        return found


class DepartmentViewSet(viewsets.ReadOnlyModelViewSet[Department]):
    """The 101 departments and the overseas collectivities (``kind``), each with its desk."""

    queryset = Department.objects.filter(is_current=True).select_related("region", "desk")
    serializer_class = DepartmentSerializer
    filterset_class = DepartmentFilter
    lookup_field = "code"
    lookup_value_regex = "[0-9A-Za-z]{2,3}"
    ordering = ("code",)

    def get_object(self) -> Any:
        self.kwargs["code"] = self.kwargs["code"].upper()
        return super().get_object()
