"""The national way: the desk's referral, the agency's queue and answers."""

from django.urls import path

from requests.views import followed, national, referral, simulation

urlpatterns = [
    path("guichet/<reference:reference>/saisine/", referral.ReferralView.as_view(), name="referral"),
    path("guichet/<reference:reference>/saisine/apercu.pdf", referral.LetterPreview.as_view(), name="referral-preview"),
    path("guichet/<reference:reference>/saisine/signer/", referral.SignView.as_view(), name="referral-sign"),
    path("guichet/<reference:reference>/saisine/papier/", referral.PaperSignatureView.as_view(), name="referral-paper"),
    path(
        "guichet/<reference:reference>/saisine/abandonner/",
        referral.AbandonReferralView.as_view(),
        name="referral-abandon",
    ),
    path("guichet/<reference:reference>/saisine/avis/demander/", referral.AskOpinionView.as_view(), name="opinion-ask"),
    path("guichet/<reference:reference>/saisine/avis/", referral.GiveOpinionView.as_view(), name="opinion-give"),
    path(
        "guichet/<reference:reference>/convention/signer/",
        national.SignAgreementView.as_view(),
        name="agreement-sign-prefect",
    ),
    path(
        "guichet/<reference:reference>/convention/collectivite/",
        national.BodySignatureView.as_view(),
        name="agreement-sign-body",
    ),
    path("national/propositions-suivies/", followed.NationalFollowedView.as_view(), name="national-followed"),
    path("national/", national.NationalQueue.as_view(), name="national"),
    path("national/simulations/", simulation.SimulationList.as_view(), name="simulations"),
    path("national/simulations/nouvelle/<slug:kind>/", simulation.NewSimulation.as_view(), name="simulation-new"),
    path("national/simulations/<uuid:uuid>/", simulation.SimulationPage.as_view(), name="simulation"),
    path(
        "national/simulations/<uuid:uuid>/avancement/",
        simulation.SimulationProgress.as_view(),
        name="simulation-progress",
    ),
    path("national/simulations/<uuid:uuid>/annuler/", simulation.CancelSimulation.as_view(), name="simulation-cancel"),
    path(
        "national/simulations/<uuid:uuid>/supprimer/", simulation.RemoveSimulation.as_view(), name="simulation-remove"
    ),
    path(
        "national/simulations/<uuid:uuid>/resultats.csv",
        simulation.SimulationExport.as_view(),
        name="simulation-export",
    ),
    path("national/<reference:reference>/", national.NationalFile.as_view(), name="national-file"),
    path("national/<reference:reference>/prendre/", national.TakeUpView.as_view(), name="national-take-up"),
    path("national/<reference:reference>/complements/", national.AskMoreView.as_view(), name="national-ask-more"),
    path("national/<reference:reference>/offre-locale/", national.SendBackView.as_view(), name="national-send-back"),
    path(
        "national/<reference:reference>/ne-pas-retenir/", national.NotRetainView.as_view(), name="national-not-retain"
    ),
    path("national/<reference:reference>/operateurs/", national.DelegateView.as_view(), name="national-delegate"),
    path("national/<reference:reference>/reprendre/", national.ReturnView.as_view(), name="national-return"),
    path("national/<reference:reference>/service/", national.AssignServiceView.as_view(), name="national-service"),
    path("national/<reference:reference>/marche/", national.ContractView.as_view(), name="national-contract"),
    path(
        "national/<reference:reference>/marche/annuler/", national.CancelContractView.as_view(), name="national-cancel"
    ),
    path("national/<reference:reference>/engagement/", national.CommitView.as_view(), name="national-commit"),
    path("national/<reference:reference>/demarrer/", national.StartView.as_view(), name="national-start"),
    path("national/<reference:reference>/commande/", national.OrderView.as_view(), name="national-order"),
]
