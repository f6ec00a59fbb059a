"""Pages of the five operators and of local providers. A provider reads the extract put to it, and its own thread."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property

from common.actor import DESK_ROLES, Actor, Role
from common.errors import ServiceError
from common.readonly import writes
from notifications.hold import holding
from operators.models import Provider, ProviderAbsence
from requests import observed
from requests.enums import LIVE_DELEGATIONS, ConversationChannel, DelegationState, SolicitationState
from requests.forms import referral as forms
from requests.forms.exchanges import MessageForm
from requests.models import Delegation, Solicitation
from requests.permissions import may_answer_solicitation
from requests.services import national, solution
from requests.views.actions import ACTS, Offered
from requests.views.acts import SignedInView, refuse, retained
from requests.views.file import FileView

LIST_LIMIT = 200


class SolicitationList(SignedInView):
    """What a provider was asked: to answer first, then the past."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.actor.role not in {Role.PROVIDER, Role.OPERATOR}:
            raise PermissionDenied("Cette page est celle des prestataires locaux et des opérateurs.")
        rows = list(
            Solicitation.objects.visible_to(self.actor)
            .select_related("support_request__collectivity__department", "support_request__subject", "offer")
            .order_by("-asked_at")[:LIST_LIMIT]
        )
        context = {
            "waiting": [row for row in rows if row.state == SolicitationState.ASKED],
            "past": [row for row in rows if row.state != SolicitationState.ASKED],
            "bodies": self._bodies(),
            "answers": sorted(observed.of_offers(self.actor).values(), key=lambda one: one.title),
        }
        return render(request, "requests/partners/solicitations.html", context)

    def _bodies(self) -> QuerySet[Provider]:
        """The providers that this person answers for, each with its absence of the day."""
        absences = ProviderAbsence.objects.visible_to(self.actor).on(self.actor.on).filter(provider=OuterRef("pk"))
        away = absences.values(row=JSONObject(deputy_name="deputy_name"))
        return Provider.objects.active().filter(organisation=_body(self.actor)).annotate(away=Subquery(away[:1]))


class SolicitationPage(SignedInView):
    """One solicitation: the extract, the answer, the thread with the desk."""

    @cached_property
    def solicitation(self) -> Solicitation:
        found = (
            Solicitation.objects.visible_to(self.actor)
            .select_related(
                "support_request__collectivity__department",
                "support_request__department__desk",
                "support_request__subject",
                "offer",
                "provider",
            )
            .filter(uuid=self.kwargs["uuid"])
            .first()
        )
        if found is None:
            raise Http404("Aucune sollicitation à cette adresse parmi celles que vous pouvez voir.")
        return found

    @property
    def by_desk(self) -> bool:
        return self.actor.role in DESK_ROLES

    def build_form(self, *, bound: bool) -> Any:
        form_class = forms.NotedAnswerForm if self.by_desk else forms.SolicitationAnswerForm
        initial = {"answered_by": self.solicitation.provider.name}
        return form_class(self.request.POST if bound else None, initial=initial)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.page(self.build_form(bound=False))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        solicitation = self.solicitation
        form = self.build_form(bound=True)
        if not form.is_valid():
            return self.page(form, status=422)
        data = form.cleaned_data
        try:
            with holding(retained() if self.by_desk else None):  # a noted answer may be noted wrong
                solution.answer_solicitation(solicitation, self.actor, **{**data, "accepted": data["accepted"]})
        except ServiceError as error:
            return self.page(form, status=refuse(form, error))
        if self.by_desk:
            return redirect("requests:file", solicitation.support_request.reference)
        return redirect("requests:solicitation", solicitation.uuid)

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        solicitation = self.solicitation
        context = {
            "solicitation": solicitation,
            "support_request": solicitation.support_request,
            "form": form,
            "may_answer": solicitation.state == SolicitationState.ASKED
            and may_answer_solicitation(self.actor, solicitation),
            "messages_of_thread": list(solicitation.messages.order_by("at", "pk")),
            "documents": list(solicitation.documents.select_related("file")),
            "message_form": MessageForm(
                initial={"channel": ConversationChannel.SOLICITATION, "solicitation": solicitation.uuid}
            ),
            "by_desk": self.by_desk,
        }
        return render(self.request, "requests/partners/solicitation.html", context, status=status)


def _body(actor: Actor) -> int:
    """The operator that this person, proven, answers for; no body otherwise."""
    return actor.organisation_id or 0 if actor.mandate_confirmed else 0


class OperatorList(SignedInView):
    """The missions the agency entrusts to an operator, and the offers that prefects mobilise."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.actor.role is not Role.OPERATOR:
            raise PermissionDenied("Cette page est celle des cinq opérateurs partenaires.")
        delegations = list(
            Delegation.objects.filter(operator__organisation_id=_body(self.actor))
            .select_related("support_request__collectivity__department", "operator")
            .order_by("-asked_at")[:LIST_LIMIT]
        )
        solicitations = (
            Solicitation.objects.visible_to(self.actor)
            .select_related("support_request__collectivity__department", "offer")
            .order_by("-asked_at")[:LIST_LIMIT]
        )
        context = {
            "waiting": [row for row in delegations if row.state == DelegationState.ASKED],
            "accepted": [row for row in delegations if row.state == DelegationState.ACCEPTED],
            "over": [row for row in delegations if row.state not in LIVE_DELEGATIONS],
            "solicitations": list(solicitations),
        }
        return render(request, "requests/partners/operator.html", context)


@writes("access log: who opened a file is recorded before the page is built")
class OperatorFile(FileView):
    origin = "requests:operators"
    origin_label = "Missions confiées"
    #: The agency takes a mission back from an operator, not the operator from himself.
    acts = tuple(act for act in ACTS if act.page != "national-return")

    def get_context(self) -> dict[str, Any]:
        context = super().get_context()
        missions = context["way"]["delegations"] if context["way"] else []
        mine = next((mission for mission in missions if mission["mine"]), None)
        if mine is not None:  # before his answer there is nothing else to do
            answer = Offered("Répondre à la mission", reverse("requests:delegation", args=[mine["uuid"]]))
            context |= {"primary": answer, "other_acts": []}
        return context


class DelegationPage(SignedInView):
    """An operator accepts or declines one mission."""

    @cached_property
    def delegation(self) -> Delegation:
        found = (
            Delegation.objects.filter(operator__organisation_id=_body(self.actor))
            .select_related("support_request__collectivity__department", "operator")
            .filter(uuid=self.kwargs["uuid"])
            .first()
            if self.actor.role is Role.OPERATOR
            else None
        )
        if found is None:
            raise Http404("Aucune mission à cette adresse parmi celles qui vous sont confiées.")
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.page(forms.DelegationAnswerForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        delegation = self.delegation
        form = forms.DelegationAnswerForm(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            national.answer_delegation(delegation, self.actor, **form.cleaned_data)
        except ServiceError as error:
            return self.page(form, status=refuse(form, error))
        if form.cleaned_data["accepted"]:
            return redirect("requests:operator-file", delegation.support_request.reference)
        return redirect("requests:operators")

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        context = {
            "delegation": self.delegation,
            "support_request": self.delegation.support_request,
            "form": form,
            "may_answer": self.delegation.state == DelegationState.ASKED,
            "back": reverse("requests:operators"),
        }
        return render(self.request, "requests/partners/delegation.html", context, status=status)
