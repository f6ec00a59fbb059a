"""Read-only catalogue: published offers and active providers to any authenticated token, more by ``visible_to``."""

from django.db.models import QuerySet
from rest_framework import viewsets

from accounts.actors import actor_of
from common.api import CursorPagination
from operators.api.filters import OfferFilter, ProviderFilter
from operators.api.serializers import OfferSerializer, ProviderSerializer
from operators.models import Offer, Provider


class OfferPagination(CursorPagination):
    ordering = ("-created_at", "-id")  # type: ignore[assignment]


class ProviderPagination(CursorPagination):
    ordering = ("code",)  # type: ignore[assignment]


class OfferViewSet(viewsets.ReadOnlyModelViewSet[Offer]):
    """Offers of engineering help. Three queries whatever the page."""

    queryset = Offer.objects.none()
    serializer_class = OfferSerializer
    filterset_class = OfferFilter
    pagination_class = OfferPagination
    lookup_field = "uuid"
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Offer]:
        visible = Offer.objects.visible_to(actor_of(self.request))
        return visible.select_related("provider").prefetch_related("coverage", "subjects")


class ProviderViewSet(viewsets.ReadOnlyModelViewSet[Provider]):
    """Bodies that help: five partner operators, the agency's services, local bodies."""

    queryset = Provider.objects.none()
    serializer_class = ProviderSerializer
    filterset_class = ProviderFilter
    pagination_class = ProviderPagination
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9-]+"

    def get_queryset(self) -> QuerySet[Provider]:
        return Provider.objects.visible_to(actor_of(self.request))
