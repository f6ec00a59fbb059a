"""The national way: the desk's referral, the agency's queue and answers."""

from django.urls import path

from requests.views import national, referral

urlpatterns = [
    path("guichet/<str:reference>/saisine/", referral.ReferralView.as_view(), name="referral"),
    path("guichet/<str:reference>/saisine/apercu.pdf", referral.LetterPreview.as_view(), name="referral-preview"),
    path("guichet/<str:reference>/saisine/signer/", referral.SignView.as_view(), name="referral-sign"),
    path("guichet/<str:reference>/saisine/papier/", referral.PaperSignatureView.as_view(), name="referral-paper"),
    path(
        "guichet/<str:reference>/saisine/abandonner/", referral.AbandonReferralView.as_view(), name="referral-abandon"
    ),
    path("guichet/<str:reference>/saisine/avis/demander/", referral.AskOpinionView.as_view(), name="opinion-ask"),
    path("guichet/<str:reference>/saisine/avis/", referral.GiveOpinionView.as_view(), name="opinion-give"),
    path(
        "guichet/<str:reference>/convention/signer/",
        national.SignAgreementView.as_view(),
        name="agreement-sign-prefect",
    ),
    path(
        "guichet/<str:reference>/convention/collectivite/",
        national.BodySignatureView.as_view(),
        name="agreement-sign-body",
    ),
    path("national/", national.NationalQueue.as_view(), name="national"),
    path("national/<str:reference>/", national.NationalFile.as_view(), name="national-file"),
    path("national/<str:reference>/prendre/", national.TakeUpView.as_view(), name="national-take-up"),
    path("national/<str:reference>/complements/", national.AskMoreView.as_view(), name="national-ask-more"),
    path("national/<str:reference>/offre-locale/", national.SendBackView.as_view(), name="national-send-back"),
    path("national/<str:reference>/ne-pas-retenir/", national.NotRetainView.as_view(), name="national-not-retain"),
    path("national/<str:reference>/operateurs/", national.DelegateView.as_view(), name="national-delegate"),
    path("national/<str:reference>/reprendre/", national.ReturnView.as_view(), name="national-return"),
    path("national/<str:reference>/service/", national.AssignServiceView.as_view(), name="national-service"),
    path("national/<str:reference>/marche/", national.ContractView.as_view(), name="national-contract"),
    path("national/<str:reference>/marche/annuler/", national.CancelContractView.as_view(), name="national-cancel"),
    path("national/<str:reference>/engagement/", national.CommitView.as_view(), name="national-commit"),
    path("national/<str:reference>/demarrer/", national.StartView.as_view(), name="national-start"),
    path("national/<str:reference>/commande/", national.OrderView.as_view(), name="national-order"),
]
