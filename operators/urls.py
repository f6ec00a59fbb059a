from django.urls import path

from operators.views import absences, catalogue, coverage, guide, keeping, loading, members, rules

app_name = "operators"

urlpatterns = [
    path("offres/", catalogue.offers, name="offers"),
    path("offres/<uuid:uuid>/", catalogue.offer, name="offer"),
    path("offres/prestataires/<slug:code>/", catalogue.provider, name="provider"),
    path("catalogue/", keeping.Catalogue.as_view(), name="catalogue"),
    path("catalogue/controles/", keeping.Checks.as_view(), name="checks"),
    path("catalogue/nouvelle/", keeping.WriteOffer.as_view(), name="new-offer"),
    path("catalogue/organismes/nouveau/", keeping.WriteProvider.as_view(), name="new-provider"),
    path("catalogue/organismes/<slug:code>/", keeping.WriteProvider.as_view(), name="edit-provider"),
    path("catalogue/organismes/<slug:code>/absences/", absences.AbsencesView.as_view(), name="absences"),
    path("catalogue/organismes/<slug:code>/adherents/", members.MembersView.as_view(), name="members"),
    path("catalogue/<uuid:uuid>/", keeping.KeptOffer.as_view(), name="kept-offer"),
    path("catalogue/<uuid:uuid>/modifier/", keeping.WriteOffer.as_view(), name="edit-offer"),
    path("offres/guides/", guide.guides, name="guides"),
    path("offres/guide/<slug:code>/", guide.guide, name="guide"),
    path("offres/guide/<slug:code>.pdf", guide.pdf, name="guide-pdf"),
    path("offres/guide/<slug:code>/etat/", guide.state, name="guide-state"),
    path("offres/document-unique/", guide.guide, name="single-document"),
    path("offres/document-unique.pdf", guide.pdf, name="single-document-pdf"),
    path("offres/document-unique/etat/", guide.state, name="single-document-state"),
    path("guichet/couverture/", coverage.CoverageView.as_view(), name="coverage"),
    path("national/couverture/", coverage.NationalCoverageView.as_view(), name="national-coverage"),
    path("guichet/offres/charger/", loading.DepositView.as_view(), name="load-offers"),
    path("guichet/offres/charger/<uuid:uuid>/", loading.LoadView.as_view(), name="load"),
    path("guichet/offres/export.<slug:extension>", loading.ExportView.as_view(), name="export-offers"),
    path("guichet/offres/modele.xlsx", loading.TemplateView.as_view(), name="offers-template"),
    path("comment-une-demande-est-orientee/", rules.how_requests_are_routed, name="rules"),
]
