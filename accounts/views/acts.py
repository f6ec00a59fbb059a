"""Delegations of signature: the list, a new order, its end, a change of prefect."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from accounts.access import MandateRequiredMixin
from accounts.enums import ActEnd, MatterChoice
from accounts.forms.desk import ActEndForm, ActForm, ChangeOfPrefectForm
from accounts.models import SignatureAct
from accounts.permissions import Ability, act_abilities, act_scope, desk_abilities, is_desk
from accounts.services import people, signatures
from accounts.views.base import ServiceFormView
from common import clock
from common.actor import Actor, Matter, Role
from common.errors import ServiceError
from common.french import plural
from files import services as files
from files.views import serve
from territories.models import Department


class ActsMixin(MandateRequiredMixin):
    """The delegations of one department: the desk's own, or the one that the administrator names (``?departement=``).

    A department that the actor does not see is 404; an act that is not his is 403."""

    actor: Actor
    department: Department | None = None
    ability: Ability = Ability.VIEW

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.actor = request.actor  # type: ignore[attr-defined]
        if request.user.is_authenticated and request.mandate:  # type: ignore[attr-defined]
            self._find_department(request)
            if self.department is None and self.ability is not Ability.VIEW:
                return HttpResponseRedirect(reverse("accounts:acts"))  # the administrator chooses a department there
        return super().dispatch(request, *args, **kwargs)

    def _find_department(self, request: HttpRequest) -> None:
        administrator = self.actor.role is Role.ADMINISTRATOR and self.actor.mandate_confirmed
        if not administrator and not is_desk(self.actor):
            raise PermissionDenied
        asked = request.GET.get("departement") or request.POST.get("departement") or ""
        code = asked.replace("\x00", "") or ("" if administrator else min(self.actor.departments))
        if not code:
            return
        self.department = get_object_or_404(Department, pk=code)
        granted = desk_abilities(self.actor, code)
        if Ability.VIEW not in granted:
            raise Http404
        if self.ability not in granted:
            raise PermissionDenied

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(department=self.department, **kwargs)  # type: ignore[misc]

    def back(self) -> HttpResponse:
        code = self.department.code if self.department else ""
        return HttpResponseRedirect(f"{reverse('accounts:acts')}?departement={code}")


class Acts(ActsMixin, TemplateView):
    """``/delegations/``: what each deputy may sign, today and before."""

    template_name = "accounts/acts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.today()
        acts = SignatureAct.objects.filter(act_scope(self.actor)).select_related(
            "delegating__user", "signatory__user", "department", "scan"
        )
        if self.department is not None:
            acts = acts.filter(department=self.department)
        acts = acts.order_by("department_id", "-starts_on", "pk")[:200]
        alive = set(SignatureAct.objects.alive(today).filter(act_scope(self.actor)).values_list("pk", flat=True))
        granted = desk_abilities(self.actor, self.department.code) if self.department else frozenset()
        return super().get_context_data(
            acts=[
                {
                    "act": act,
                    "alive": act.pk in alive,
                    "matters": [label for value, label in MatterChoice.choices if value in act.matters],
                }
                for act in acts
            ],
            abilities={ability.value for ability in granted},
            departments=[] if self.department else Department.objects.with_desk().order_by("code"),
            **kwargs,
        )


@method_decorator(never_cache, name="dispatch")
class Scan(ActsMixin, View):
    """``/delegations/<uuid>/copie/``: the scan of the order."""

    def get(self, request: HttpRequest, uuid: Any) -> HttpResponseBase:
        acts = SignatureAct.objects.filter(act_scope(self.actor)).select_related("scan")
        act = get_object_or_404(acts, uuid=uuid)
        if act.scan is None:
            raise Http404
        try:
            return serve(act.scan)
        except ServiceError as error:
            raise PermissionDenied(error.message) from error


class RecordAct(ActsMixin, ServiceFormView):
    """``/delegations/nouvelle/``."""

    template_name = "accounts/act_form.html"
    form_class = ActForm
    heading = "Enregistrer un arrêté de délégation"
    ability = Ability.RECORD_ACT

    def get_form_kwargs(self) -> dict[str, Any]:
        assert self.department is not None  # by the mixin
        return {**super().get_form_kwargs(), "department": self.department.code}

    def act(self, form: ActForm) -> HttpResponse:
        given = dict(form.cleaned_data)
        scan = given.pop("scan")
        delegating, signatory = given.pop("delegating"), given.pop("signatory")
        given["matters"] = frozenset(map(Matter, given["matters"]))
        with transaction.atomic():  # an act refused leaves no scan behind
            act = signatures.record_act(
                self.actor,
                delegating=delegating,
                signatory=signatory,
                text=signatures.ActText(**given),
                scan=files.store(scan.name, scan) if scan else None,
            )
        messages.success(self.request, f"L’arrêté n° {act.number} est enregistré.")
        return self.back()


class EndAct(ActsMixin, ServiceFormView):
    """``/delegations/<uuid>/fin/``."""

    template_name = "accounts/form.html"
    form_class = ActEndForm
    heading = "Mettre fin à une délégation"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if request.user.is_authenticated and request.mandate:  # type: ignore[attr-defined]
            visible = SignatureAct.objects.filter(act_scope(actor)).select_related("signatory__user", "department")
            self.signature_act = get_object_or_404(visible, uuid=kwargs["uuid"])
            if Ability.END_ACT not in act_abilities(actor, self.signature_act):
                raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"on": clock.today(), "reason": ActEnd.REPEALED.value}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            submit="Mettre fin à la délégation", back="accounts:acts", introduction=str(self.signature_act), **kwargs
        )

    def act(self, form: ActEndForm) -> HttpResponse:
        given = form.cleaned_data
        signatures.end_act(self.actor, self.signature_act, given["on"], ActEnd(given["reason"]))
        messages.success(self.request, f"L’arrêté n° {self.signature_act.number} ne permet plus de signer.")
        self.department = self.signature_act.department
        return self.back()


class ChangePrefect(ActsMixin, ServiceFormView):
    """``/delegations/changement-de-prefet/``: closes every act of the department and awaits the new order."""

    template_name = "accounts/change_of_prefect.html"
    form_class = ChangeOfPrefectForm
    heading = "Changement de préfet"
    ability = Ability.CHANGE_PREFECT

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.today()
        acts = SignatureAct.objects.alive(today).filter(department=self.department)
        return super().get_context_data(acts=acts.select_related("signatory__user"), **kwargs)

    def act(self, form: ChangeOfPrefectForm) -> HttpResponse:
        assert self.department is not None  # by the mixin
        given = form.cleaned_data
        with transaction.atomic():
            prefect = people.ensure_unaddressed(given["civility"], given["first_name"], given["last_name"])
            change = signatures.change_of_prefect(
                self.actor,
                self.department,
                prefect,
                given["on"],
                function=form.function,
                ad_interim=given["ad_interim"],
            )
        closed = plural(len(change.acts_closed), "délégation close", "délégations closes")
        waiting = plural(change.deputies_without_act, "signataire attend", "signataires attendent")
        messages.success(self.request, f"{change.mandate.label} : {closed}, {waiting} le nouvel arrêté.")
        return self.back()
