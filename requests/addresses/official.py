"""Addresses of the officials: filing, their requests, and the exchanges that every audience shares."""

from django.urls import path, register_converter

from requests.views import drafts, exchanges, intake, official, papers


class FillingStep:
    """The steps of filing that are saved one by one."""

    regex = "besoin|deja|vous"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class CheckingStep(FillingStep):
    regex = "verifier"


register_converter(FillingStep, "filling_step")
register_converter(CheckingStep, "checking_step")

NEW = "demandes/nouvelle/"
ONE = "demandes/<reference:reference>/"

urlpatterns = [
    path(NEW, intake.New.as_view(), name="new"),
    path(f"{NEW}<uuid:pk>/apercu/", drafts.Preview.as_view(), name="draft-preview"),
    path(f"{NEW}<uuid:pk>/reprendre/", drafts.Adopt.as_view(), name="draft-adopt"),
    path(f"{NEW}<uuid:pk>/supprimer/", drafts.Delete.as_view(), name="draft-delete"),
    path(f"{NEW}<uuid:pk>/suffit/", drafts.Enough.as_view(), name="draft-enough"),
    path(f"{NEW}<uuid:pk>/<checking_step:step>/", intake.Check.as_view(), name="draft"),
    path(f"{NEW}<uuid:pk>/<filling_step:step>/", intake.Step.as_view(), name="draft"),
    path(f"{NEW}<uuid:pk>/<filling_step:step>/enregistrer/", drafts.Autosave.as_view(), name="draft-save"),
    path("demandes/", official.RequestList.as_view(), name="list"),
    path(ONE, official.Detail.as_view(), name="detail"),
    path(f"{ONE}envoyee/", intake.Sent.as_view(), name="sent"),
    path(f"{ONE}etat/", official.StateFragment.as_view(), name="state"),
    path(f"{ONE}messages/", exchanges.MessageView.as_view(), name="message"),
    path(f"{ONE}documents/", exchanges.AttachView.as_view(), name="attach"),
    path(f"{ONE}documents/<uuid:uuid>/", exchanges.DocumentView.as_view(), name="document"),
    path(f"{ONE}accepter/", official.Accept.as_view(), name="accept-proposal"),
    path(f"{ONE}preciser/", official.AskPrecision.as_view(), name="ask-precision"),
    path(f"{ONE}refuser/", official.Decline.as_view(), name="decline-proposal"),
    path(f"{ONE}completer/", official.Complete.as_view(), name="complete"),
    path(f"{ONE}confirmer/", official.ConfirmFiling.as_view(), name="confirm-filing"),
    path(f"{ONE}signer/", official.SignForBody.as_view(), name="sign-for-body"),
    path(f"{ONE}relancer/", official.Chase.as_view(), name="chase"),
    path(f"{ONE}retirer/", official.Withdraw.as_view(), name="withdraw"),
    path(f"{ONE}reprendre/", official.TakeBack.as_view(), name="take-back"),
    path(f"{ONE}deliberation/", papers.DraftDeliberation.as_view(), name="deliberation"),
    path(f"{ONE}tout/", papers.Everything.as_view(), name="everything"),
    path(f"{ONE}repartir/", official.StartAgain.as_view(), name="start-again"),
    path(f"{ONE}questions/<str:moment>/", official.AnswerSurvey.as_view(), name="survey"),
]
