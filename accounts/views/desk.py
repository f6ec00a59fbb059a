"""The desk's answers to claimed mandates, and reinforcements from another desk."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views import View
from django.views.generic import TemplateView

from accounts.access import MandateRequiredMixin
from accounts.forms.desk import EndForm, LoanForm, RefusalForm
from accounts.models import Mandate, User, normalise_email
from accounts.permissions import Ability, abilities, desk_abilities, is_desk
from accounts.services import grants, mandates
from accounts.views.base import ServiceFormView
from accounts.views.mandates import visible_mandate
from common import clock
from common.actor import Actor
from common.errors import Invalid, ServiceError
from territories.models import Department


class DeskMixin(MandateRequiredMixin):
    """Pages of a department's desk; anybody else gets 403."""

    actor: Actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.actor = request.actor  # type: ignore[attr-defined]
        if request.user.is_authenticated and request.mandate and not is_desk(self.actor):  # type: ignore[attr-defined]
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def department(self) -> str:
        return min(self.actor.departments)


class Mandates(DeskMixin, TemplateView):
    """``/mandats/``: claims to answer, and the agents of the desk."""

    template_name = "accounts/mandates.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.today()
        claims = list(
            Mandate.objects.to_confirm(self.actor.departments).select_related("user__mailbox", "collectivity")
        )
        bodies = {claim.collectivity_id for claim in claims if claim.heads and claim.collectivity_id}
        heads = {
            head.collectivity_id: head
            for head in Mandate.objects.in_force(today)
            .proven()
            .filter(heads=True, collectivity_id__in=bodies)
            .select_related("user")
        }
        agents = Mandate.objects.for_desk(self.department).in_force(today).proven().select_related("user__mailbox")
        return super().get_context_data(
            claims=[
                {
                    "mandate": claim,
                    "former": heads.get(claim.collectivity_id) if claim.heads else None,
                    "abilities": {ability.value for ability in abilities(self.actor, claim)},
                }
                for claim in claims
            ],
            agents=agents.order_by("user__last_name", "pk"),
            may_lend=Ability.LEND in desk_abilities(self.actor, self.department),
            **kwargs,
        )


class Confirm(DeskMixin, View):
    """``/mandats/<uuid>/confirmer/``: one click, after a telephone call for instance."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uuid: Any) -> HttpResponse:
        mandate = visible_mandate(request, uuid)
        try:
            confirmed = mandates.confirm(self.actor, mandate)
        except ServiceError as error:
            if error.status == 403:
                raise PermissionDenied(error.message) from error
            messages.warning(request, error.message)
        else:
            messages.success(request, f"Le mandat de {confirmed.label} est confirmé pour {confirmed.body}.")
        return redirect("accounts:mandates")


class MandateActMixin(DeskMixin):
    """An act on a mandate that the actor sees: 404 when he does not, 403 when the act is not his."""

    ability: Ability
    mandate: Mandate

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and request.mandate:  # type: ignore[attr-defined]
            self.mandate = visible_mandate(request, kwargs["uuid"])
            if self.ability not in abilities(request.actor, self.mandate):  # type: ignore[attr-defined]
                raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class Refuse(MandateActMixin, ServiceFormView):
    """``/mandats/<uuid>/refuser/``."""

    template_name = "accounts/form.html"
    form_class = RefusalForm
    heading = "Ne pas confirmer ce mandat"
    ability = Ability.REFUSE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            submit="Ne pas confirmer", back="accounts:mandates", introduction=str(self.mandate), **kwargs
        )

    def act(self, form: RefusalForm) -> HttpResponse:
        mandates.refuse(self.actor, self.mandate, form.cleaned_data["reason"])
        messages.success(self.request, "La réponse est enregistrée. La personne la reçoit par courriel, avec le motif.")
        return redirect("accounts:mandates")


class End(MandateActMixin, ServiceFormView):
    """``/mandats/<uuid>/fin/``: the desk ends the mandate of a collectivity of its department."""

    template_name = "accounts/form.html"
    form_class = EndForm
    heading = "Mettre fin à un mandat"
    ability = Ability.END

    def get_initial(self) -> dict[str, Any]:
        return {"on": clock.today()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            submit="Mettre fin à ce mandat", back="accounts:mandates", introduction=str(self.mandate), **kwargs
        )

    def act(self, form: EndForm) -> HttpResponse:
        mandates.end(self.actor, self.mandate, form.cleaned_data["on"], form.cleaned_data["note"])
        messages.success(self.request, f"Le mandat de {self.mandate.label} a une date de fin.")
        return redirect("accounts:mandates")


class Lend(DeskMixin, ServiceFormView):
    """``/mandats/renfort/``: an agent of another desk instructs here until a date."""

    template_name = "accounts/form.html"
    form_class = LoanForm
    heading = "Accueillir un renfort"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if is_desk(actor) and Ability.LEND not in desk_abilities(actor, min(actor.departments)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        introduction = "Cette personne instruit les demandes du département jusqu’à la date dite. Elle ne signe rien."
        return super().get_context_data(
            submit="Accueillir ce renfort", back="accounts:mandates", introduction=introduction, **kwargs
        )

    def act(self, form: LoanForm) -> HttpResponse:
        agent = User.objects.filter(email=normalise_email(form.cleaned_data["email"])).first()
        if agent is None:
            raise Invalid("Cette personne n’appartient pas à un autre guichet.", field="email")
        department = Department.objects.get(pk=self.department)
        mandate = grants.lend(self.actor, agent, department, form.cleaned_data["until"])
        messages.success(self.request, f"{mandate.user.display_name} instruit maintenant pour {department.label}.")
        return redirect("accounts:mandates")
