"""The official's pages: his requests, one request, and what he does with it (SCREENS 3)."""

import zoneinfo
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache

from common.actor import COLLECTIVITY_ROLES, Role
from common.readonly import writes
from requests.enums import OFFICIAL_STATES, SurveyMoment
from requests.forms import official as forms
from requests.forms.exchanges import AttachForm, MessageForm
from requests.models import Agreement, Recommendation, Solution, SolutionLine, SupportRequest, Survey
from requests.permissions import Ability
from requests.services import agreement, drafts, exchanges, followup, intake, shown, solution, triage
from requests.services.solution import live_solution
from requests.views.acts import ActView, RequestView, SignedInView, page_of
from requests.views.drafts import browser_key
from requests.views.official_page import Page
from requests.views.read_first import ReadFirst
from requests.workflow import Action, Holder, State

PER_PAGE = 25
#: Who reads a file on the official's page; the others have the desk's.
READERS = COLLECTIVITY_ROLES | {Role.PROJECT_LEADER}


class RequestList(SignedInView):
    """``/demandes/``: my collectivity's requests, those that its communes share with it, and the drafts."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        actor = self.actor
        if actor.role not in READERS and actor.role is not Role.ANONYMOUS:
            return redirect("/")
        asked = Survey.objects.open().filter(support_request=OuterRef("pk"), support_request__state=State.CLOSED.value)
        rows = SupportRequest.objects.visible_to(actor).select_related("collectivity").annotate(asked=Exists(asked))
        page = Paginator(rows.order_by("-submitted_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
        begun = drafts.held_by(actor, browser_key(request)).select_related("collectivity", "person")
        context = {
            "page": page,
            "rows": [_row(row, actor.collectivity_id) for row in page],
            "drafts": list(begun.order_by("-updated_at", "pk")[:20]),
        }
        return render(request, "requests/official/list.html", context)


def _row(support_request: Any, own: int | None) -> dict[str, Any]:
    return {
        "request": support_request,
        "sentence": OFFICIAL_STATES[support_request.step],
        "waits_for_you": (support_request.holder == Holder.APPLICANT or support_request.asked)
        and support_request.collectivity_id == own,
        "shared": support_request.collectivity_id != own,
    }


_LOGGED = "access log: a project leader is recorded before the page is built"


@writes(_LOGGED)
@method_decorator(never_cache, name="dispatch")
class Detail(RequestView):
    """``/demandes/<reference>/``: one request, as its collectivity reads it."""

    template_name = "requests/official/detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        support_request = self.support_request
        if self.actor.role not in READERS:
            return redirect(page_of(self.actor, support_request.reference))
        if self.actor.role not in COLLECTIVITY_ROLES:
            triage.log_reading(support_request, self.actor)
        page = Page(self.actor, support_request, self.abilities, all_messages=request.GET.get("messages") == "tous")
        with timezone.override(zoneinfo.ZoneInfo(support_request.department.time_zone)):
            return render(request, self.template_name, self.context(page))

    def context(self, page: Page) -> dict[str, Any]:
        return {
            **page.context(),
            "message_form": MessageForm(),
            "attach_form": AttachForm(),
        }


@writes(_LOGGED)
class StateFragment(Detail):
    """``etat/``: the part of the page that changes while a worker is at it."""

    template_name = "requests/official/_state.html"

    def context(self, page: Page) -> dict[str, Any]:
        return page.state_context()


class OfficialAct(ActView):
    """An act of the collectivity on its own request: one goes back to its page. The desk notes on pages of its own what
    it was told otherwise."""

    roles = COLLECTIVITY_ROLES


# --- the proposal ----------------------------------------------------------------------------------------------------


class ProposalAct(OfficialAct):
    """An answer to the proposal, which is read again above the button."""

    ability = Ability.ANSWER_PROPOSAL
    template_name = "requests/official/proposal_act.html"

    @cached_property
    def proposed(self) -> Solution | None:
        return live_solution(self.support_request)

    def get_context(self) -> dict[str, Any]:
        lines = SolutionLine.objects.filter(solution=self.proposed).select_related("provider", "offer")
        return {"solution": self.proposed, "lines": list(lines)}


class Accept(ReadFirst, ProposalAct):
    title = "Accepter l’aide proposée"
    lead = "La préfecture désigne alors la personne chargée de votre suivi."
    submit = "Accepter"
    done = "Votre accord est enregistré. La préfecture désigne votre chargé de suivi."
    form_class = forms.AcceptForm

    def perform(self, form: Any) -> None:
        solution.accept_proposal(self.support_request, self.actor, **form.cleaned_data)

    def shown(self) -> str:
        return shown.of_proposal(self.proposed) if self.proposed else ""


class Decline(ProposalAct):
    ability = Action.DECLINE_PROPOSAL  # type: ignore[assignment]
    title = "Refuser l’aide proposée"
    lead = "Refuser ne ferme pas votre demande : la préfecture cherche autre chose."
    submit = "Refuser cette aide"
    done = "Votre refus est enregistré. La recherche continue."
    form_class = forms.DeclineForm

    def perform(self, form: Any) -> None:
        solution.decline_proposal(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class AskPrecision(ProposalAct):
    ability = Ability.WRITE_PUBLIC
    title = "Demander une précision"
    lead = "Votre question part à la préfecture. Le délai de réponse à la proposition ne change pas."
    submit = "Envoyer la question"
    done = "Votre question est envoyée."
    form_class = forms.PrecisionForm

    def perform(self, form: Any) -> None:
        given = form.cleaned_data
        exchanges.post(self.support_request, self.actor, channel=given["channel"], text=given["text"], key=given["key"])


# --- the request itself ----------------------------------------------------------------------------------------------


class Complete(OfficialAct):
    ability = Action.COMPLETE
    title = "Compléter la demande"
    lead = "La préfecture reprend l’étude dès votre réponse."
    submit = "Envoyer les éléments"
    done = "Vos éléments sont envoyés. La préfecture reprend l’étude."
    form_class = forms.CompleteForm
    template_name = "requests/official/complete.html"

    def perform(self, form: Any) -> None:
        given = form.cleaned_data
        files = [(upload.name or "document", upload.file) for upload in given["files"]]
        intake.complete(self.support_request, self.actor, text=given["text"], files=files)

    def get_context(self) -> dict[str, Any]:
        asked = (
            self.support_request.transitions.standing()
            .filter(action=Action.ASK_COMPLETION)
            .select_related("note")
            .order_by("-number")
        )
        last = asked.first()
        return {"asked": last.note.text if last and last.note and last.note.is_public else ""}


class ConfirmFiling(OfficialAct):
    ability = Ability.CONFIRM_FILING
    title = "Confirmer cette demande"
    lead = "Elle a été enregistrée en votre nom. L’étude n’a pas attendu."
    submit = "Confirmer la demande"
    done = "Vous avez confirmé cette demande."
    template_name = "requests/official/confirm.html"

    def perform(self, form: Any) -> None:
        intake.confirm_filing(self.support_request, self.actor)


class Chase(OfficialAct):
    ability = Ability.CHASE
    title = "Relancer la préfecture"
    lead = "Votre interlocuteur et sa direction sont prévenus que vous attendez des nouvelles."
    submit = "Relancer"
    done = "La préfecture est prévenue que vous attendez des nouvelles."

    def perform(self, form: Any) -> None:
        exchanges.chase(self.support_request, self.actor)


class Withdraw(OfficialAct):
    ability = Action.WITHDRAW
    title = "Retirer la demande"
    lead = "La préfecture arrête sa recherche. Vous pourrez repartir de cette demande plus tard."
    submit = "Retirer la demande"
    done = "Votre demande est retirée."
    form_class = forms.WithdrawForm

    def perform(self, form: Any) -> None:
        intake.withdraw(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class TakeBack(OfficialAct):
    ability = Action.TAKE_BACK
    title = "Reprendre cette demande"
    lead = "Elle revient à la préfecture avec ses messages et ses documents."
    submit = "Reprendre la demande"
    done = "Votre demande est reprise : la préfecture la relit."
    form_class = forms.TakeBackForm

    def perform(self, form: Any) -> None:
        intake.take_back(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class StartAgain(RequestView):
    """« Repartir de cette demande »: a draft with the same answers. The old request stays as it is."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self.support_request
        own = self.actor.role in COLLECTIVITY_ROLES and row.collectivity_id == self.actor.collectivity_id
        if not own or not row.is_ended:
            raise PermissionDenied("Cette demande n’est pas terminée : écrivez à votre interlocuteur.")
        draft = drafts.copy_of(self.support_request, self.actor)
        messages.success(request, "Un brouillon reprend le texte de votre demande. Relisez-le avant de l’envoyer.")
        return redirect("requests:draft", draft.pk, "besoin")


class SignForBody(ReadFirst, OfficialAct):
    ability = Ability.SIGN_FOR_BODY
    title = "Signer la convention"
    submit = "Signer la convention"
    done = "Votre signature est enregistrée. La convention attend encore les autres dates."
    form_class = forms.SignForm
    template_name = "requests/official/sign.html"

    def perform(self, form: Any) -> None:
        given = form.cleaned_data
        agreement.sign_for_body(
            self.support_request, self.actor, deliberated_on=given["deliberated_on"], seen=given["seen"]
        )

    @cached_property
    def agreement(self) -> Agreement | None:
        return Agreement.objects.filter(support_request=self.support_request, cancelled_at__isnull=True).first()

    def shown(self) -> str:
        return shown.of_agreement(self.agreement) if self.agreement else ""

    def get_context(self) -> dict[str, Any]:
        return {
            "agreement": self.agreement,
            "funding": self.support_request.funding_tests.select_related("rule").last(),
        }


#: Address → the moment at which the questions are asked.
MOMENTS = {"fin": SurveyMoment.CLOSING, "six-mois": SurveyMoment.SIX_MONTHS}


class AnswerSurvey(OfficialAct):
    """Two questions at closing; six months later, one for each recommendation."""

    ability = Ability.ANSWER_SURVEY
    submit = "Envoyer ma réponse"
    done = "Votre réponse est enregistrée."
    form_class = forms.SurveyForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.check_role()
        known, closed = self.kwargs["moment"] in MOMENTS, self.support_request.step is State.CLOSED
        if self.asked is None and known and not closed and self.may_ever():  # taken back while the page was open
            messages.error(request, followup.REOPENED)
            return redirect(self.get_success_url())
        return super().post(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return "Deux questions" if self.survey.moment == SurveyMoment.CLOSING else "Qu’est devenu votre projet ?"

    @cached_property
    def asked(self) -> Survey | None:
        asked = Survey.objects.filter(support_request=self.support_request, asked_at__isnull=False)
        return asked.filter(moment=MOMENTS.get(self.kwargs["moment"])).order_by("-due_on").first()

    @property
    def survey(self) -> Survey:
        if self.asked is None:
            raise Http404("Ces questions ne sont pas posées sur cette demande.")
        return self.asked

    def form_kwargs(self) -> dict[str, Any]:
        rows = Recommendation.objects.filter(
            closing__support_request=self.support_request, closing__confirmed_at__isnull=False
        )
        return {"survey": self.survey, "recommendations": rows.order_by("pk")}

    def perform(self, form: Any) -> None:
        followup.answer_survey(self.survey, self.actor, **form.answers())
