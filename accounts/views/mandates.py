"""Under which mandate one acts; one's own profile, claims and their proof."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView

from accounts import progress, sessions
from accounts.actors import SESSION_MAILBOX, SESSION_MANDATE, mandate_of, mandates_of
from accounts.forms.desk import EndForm
from accounts.forms.people import ClaimForm, PasswordForm, ProfileForm
from accounts.forms.sign_in import CodeForm, MandateChoiceForm
from accounts.models import Mandate, User
from accounts.permissions import Ability, abilities, scope
from accounts.services import mandates, people, sign_in
from accounts.views.base import ServiceFormView
from accounts.views.sign_in import meta_of
from common import clock
from common.errors import ServiceError


class ChooseMandate(LoginRequiredMixin, ServiceFormView):
    """``/mandat/``: the one mandate under which the next pages act."""

    template_name = "accounts/choose_mandate.html"
    form_class = MandateChoiceForm
    heading = "Pour qui agissez-vous ?"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "mandates": mandates_of(self.request)}

    def get_initial(self) -> dict[str, Any]:
        current = mandate_of(self.request)
        return {"mandate": str(current.uuid) if current else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return super().get_context_data(next=progress.safe_next(self.request, given.get("next")), **kwargs)

    def act(self, form: MandateChoiceForm) -> HttpResponse:
        """The session takes a new key: what was open under another mandate is not continued under this one."""
        self.request.session.cycle_key()
        self.request.session[SESSION_MANDATE] = form.cleaned_data["mandate"]
        return HttpResponseRedirect(progress.destination(self.request, self.request.POST.get("next", "")))


class Profile(LoginRequiredMixin, TemplateView):
    """``/profil/``: who I am, my mandates and where each stands."""

    template_name = "accounts/profile.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = person_of(self.request)
        today = clock.today()
        rows = own_mandates(self.request).order_by("-starts_on", "pk")
        actor = self.request.actor  # type: ignore[attr-defined]
        return super().get_context_data(
            person=user,
            mandates=[
                {
                    "mandate": mandate,
                    "in_force": mandate.in_force(today),
                    "abilities": {ability.value for ability in abilities(actor, mandate)},
                }
                for mandate in rows
            ],
            shared=SESSION_MAILBOX in self.request.session,
            has_password=user.has_usable_password(),
            may_edit=SESSION_MAILBOX not in self.request.session or not user.email,
            **kwargs,
        )


def person_of(request: HttpRequest) -> User:
    """The person signed in, on the pages that ask it."""
    assert isinstance(request.user, User)  # by LoginRequiredMixin
    return request.user


def own_mandates(request: HttpRequest) -> QuerySet[Mandate]:
    """One's own mandates, past ones included; by a shared mailbox, those in force that it opens."""
    rows = Mandate.objects.filter(user=person_of(request)).select_related(
        "user__mailbox", "collectivity", "organisation", "department", "arrondissement"
    )
    if SESSION_MAILBOX in request.session:
        return rows.filter(pk__in=[mandate.pk for mandate in mandates_of(request)])
    return rows


class OwnSessionMixin(LoginRequiredMixin):
    """A page that a shared mailbox does not open: it would let a colleague change what is somebody's own."""

    request: HttpRequest

    def is_open(self, request: HttpRequest) -> bool:
        return SESSION_MAILBOX not in request.session

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not self.is_open(request):
            raise PermissionDenied("Connectez-vous avec votre propre adresse.")
        return super().dispatch(request, *args, **kwargs)


class EditProfile(OwnSessionMixin, ServiceFormView):
    """``/profil/modifier/``; by a shared mailbox, only for whoever has no address of his own."""

    template_name = "accounts/form.html"
    form_class = ProfileForm
    heading = "Modifier mes coordonnées"
    extra_context = {"submit": "Enregistrer", "back": "accounts:profile"}

    def is_open(self, request: HttpRequest) -> bool:
        return super().is_open(request) or not person_of(request).email

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.request.user}

    def act(self, form: ProfileForm) -> HttpResponse:
        form.save()
        messages.success(self.request, "Vos coordonnées sont enregistrées.")
        return redirect("accounts:profile")


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ChangePassword(OwnSessionMixin, ServiceFormView):
    """``/profil/mot-de-passe/``: a password of one's own, with a code sent by mail; other sessions are closed."""

    template_name = "accounts/choose_password.html"
    form_class = PasswordForm
    heading = "Choisir un mot de passe"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            email=person_of(self.request).contact_email,
            demonstration_code=settings.DEMONSTRATION_CODE if settings.DEBUG else "",
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.POST.get("send"):
            return super().post(request, *args, **kwargs)
        try:
            sign_in.send_password_code(person_of(request), meta_of(request))
        except ServiceError as error:
            context = self.get_context_data(form=PasswordForm(request.user), problem=error.message)
            return self.render_to_response(context, status=error.status)
        messages.success(request, "Le code est parti par courriel.")
        return redirect("accounts:change-password")

    def act(self, form: PasswordForm) -> HttpResponse:
        user = person_of(self.request)
        sign_in.verify_password_code(user, form.cleaned_data["code"], meta_of(self.request))
        people.choose_password(user, form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, user)
        messages.success(self.request, "Votre mot de passe est enregistré. Vos autres sessions sont fermées.")
        return redirect("accounts:profile")


class Claim(OwnSessionMixin, ServiceFormView):
    """``/profil/mandat/``: one more collectivity, or a new function after an election."""

    template_name = "accounts/claim.html"
    form_class = ClaimForm
    heading = "Déclarer un mandat"

    def act(self, form: ClaimForm) -> HttpResponse:
        mandate = mandates.claim(
            person_of(self.request),
            collectivity=form.chosen_collectivity(),
            function=form.cleaned_data["function"],
            starts_on=form.cleaned_data["starts_on"],
        )
        sessions.renew(self.request)
        messages.success(self.request, f"Votre mandat pour {mandate.body} est déclaré. La préfecture le confirme.")
        return redirect("accounts:profile")


class OwnMandateMixin:
    """One of my mandates, on which I have ``ability``; 404 when it is not mine, 403 when the act is not possible."""

    request: HttpRequest
    ability: Ability

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.mandate = get_object_or_404(own_mandates(request), uuid=kwargs["uuid"])
            if self.ability not in abilities(request.actor, self.mandate):  # type: ignore[attr-defined]
                raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class Prove(OwnMandateMixin, OwnSessionMixin, ServiceFormView):
    """``/profil/mandat/<uuid>/preuve/``: a code to the official address of the town hall confirms the mandate."""

    template_name = "accounts/prove.html"
    form_class = CodeForm
    heading = "Prouver votre mandat"
    ability = Ability.PROVE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.address = ""
        return super().dispatch(request, *args, **kwargs)

    def _address(self) -> str:
        if not self.address and self.mandate.collectivity is not None:
            self.address = mandates.official_address(self.mandate.collectivity)
        return self.address

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            mandate=self.mandate,
            address=masked(self._address()),
            sent=self.request.GET.get("envoye") == "1" or self.request.method == "POST",
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self._address():
            raise Http404
        if not request.POST.get("send"):
            return super().post(request, *args, **kwargs)
        try:
            sign_in.send_proof(self.mandate, self._address(), meta_of(request))
        except ServiceError as error:
            context = self.get_context_data(form=CodeForm(), problem=error.message)
            return self.render_to_response(context, status=error.status)
        return HttpResponseRedirect(f"{reverse('accounts:prove', args=[self.mandate.uuid])}?envoye=1")

    def act(self, form: CodeForm) -> HttpResponse:
        sign_in.verify_proof(self.mandate, self._address(), form.cleaned_data["code"], meta_of(self.request))
        if mandates.confirm_by_address(self.mandate, self._address()):
            sessions.renew(self.request)
            messages.success(self.request, "Votre mandat est confirmé.")
        else:
            messages.warning(
                self.request, "Le code est bon. Une autre personne est connue à cette fonction : la préfecture tranche."
            )
        return redirect("accounts:profile")


class EndOwn(OwnMandateMixin, LoginRequiredMixin, ServiceFormView):
    """``/profil/mandat/<uuid>/fin/``: I have left this function."""

    template_name = "accounts/form.html"
    form_class = EndForm
    heading = "Mettre fin à mon mandat"
    ability = Ability.END

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            submit="Mettre fin à ce mandat", back="accounts:profile", introduction=str(self.mandate), **kwargs
        )

    def get_initial(self) -> dict[str, Any]:
        return {"on": clock.today()}

    def act(self, form: EndForm) -> HttpResponse:
        actor = self.request.actor  # type: ignore[attr-defined]
        mandates.end(actor, self.mandate, form.cleaned_data["on"], form.cleaned_data["note"])
        sessions.renew(self.request)
        messages.success(self.request, "Votre mandat a pris fin. Les demandes de la collectivité restent.")
        return redirect("accounts:profile")


def masked(address: str) -> str:
    """« m…e@mezel.fr »: enough to recognise the town hall's address, not to learn it."""
    local, _, domain = address.partition("@")
    return f"{local[0]}…{local[-1]}@{domain}" if domain else ""


def visible_mandate(request: HttpRequest, uuid: Any) -> Mandate:
    """A mandate that the actor may see, or 404."""
    actor = request.actor  # type: ignore[attr-defined]
    visible = Mandate.objects.filter(scope(actor)).select_related("user__mailbox", "collectivity", "organisation")
    return get_object_or_404(visible, uuid=uuid)
