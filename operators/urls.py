from django.urls import path

from operators.views import catalogue, coverage, rules

app_name = "operators"

urlpatterns = [
    path("offres/", catalogue.offers, name="offers"),
    path("offres/<uuid:uuid>/", catalogue.offer, name="offer"),
    path("offres/prestataires/<slug:code>/", catalogue.provider, name="provider"),
    path("guichet/couverture/", coverage.CoverageView.as_view(), name="coverage"),
    path("national/couverture/", coverage.NationalCoverageView.as_view(), name="national-coverage"),
    path("comment-une-demande-est-orientee/", rules.how_requests_are_routed, name="rules"),
]
