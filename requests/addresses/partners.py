"""Operators and local providers."""

from django.urls import path

from requests.views import partners

urlpatterns = [
    path("operateurs/", partners.OperatorList.as_view(), name="operators"),
    path("operateurs/missions/<uuid:uuid>/", partners.DelegationPage.as_view(), name="delegation"),
    path("operateurs/<reference:reference>/", partners.OperatorFile.as_view(), name="operator-file"),
    path("sollicitations/", partners.SolicitationList.as_view(), name="solicitations"),
    path("sollicitations/<uuid:uuid>/", partners.SolicitationPage.as_view(), name="solicitation"),
]
