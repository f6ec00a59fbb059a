"""Signing in: address, code, password and second factor, person behind a shared mailbox, first visit."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import progress
from accounts.actors import SESSION_MAILBOX, SESSION_MANDATE, mandates_of
from accounts.forms.people import FirstVisitForm
from accounts.forms.sign_in import SOMEBODY_ELSE, CodeForm, SignInForm, WhoForm
from accounts.models import Mandate, User, normalise_email
from accounts.network import client_network
from accounts.services import mandates, people, sign_in
from accounts.views.base import ServiceFormView
from common import clock
from common.errors import NotAllowed, ServiceError
from territories.models import Collectivity


def meta_of(request: HttpRequest) -> sign_in.Meta:
    return sign_in.Meta(network=client_network(request))


def enter(request: HttpRequest, user: User, *, mailbox: str = "") -> HttpResponse:
    """Opens the session under a new key and leads on: to the page that was asked, after the choice of a mandate when
    there are several. ``mailbox``: the shared address by which one came in, which narrows the mandates reached."""
    wanted = progress.destination(request, progress.load(request).next)
    progress.clear(request)
    login(request, user)
    request.session.pop(SESSION_MANDATE, None)
    if mailbox:
        request.session[SESSION_MAILBOX] = mailbox
    else:
        request.session.pop(SESSION_MAILBOX, None)
    request.__dict__.pop("_portal_mandates", None)
    if len(mandates_of(request)) > 1:
        return redirect(f"{reverse('accounts:choose-mandate')}?{urlencode({'next': wanted})}")
    return HttpResponseRedirect(wanted)


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignIn(ServiceFormView):
    """``/connexion/``: an address, then a code; or an address and a password. The answer never depends on whether the
    address has an account."""

    template_name = "accounts/sign_in.html"
    form_class = SignInForm
    heading = "Se connecter"
    password_first = False

    def get_initial(self) -> dict[str, Any]:
        return {"email": progress.load(self.request).email}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "with_password": self._by_password()}

    def _by_password(self) -> bool:
        posted = self.request.POST
        return bool(posted) and (posted.get("way") == "password" or bool(posted.get("password")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return super().get_context_data(
            password_open=self.password_first or self._by_password(),
            next=progress.safe_next(self.request, given.get("next")),
            collectivity_code=given.get("collectivite", "")[:9],
            function_code=given.get("fonction", "")[:20],
            **kwargs,
        )

    def act(self, form: SignInForm) -> HttpResponse:
        posted, email = self.request.POST, form.cleaned_data["email"]
        started = progress.Progress(
            email=normalise_email(email),
            next=progress.safe_next(self.request, posted.get("next")),
            collectivity=posted.get("collectivite", "").replace("\x00", "")[:9],
            function=posted.get("fonction", "")[:20],
        )
        if not self._by_password():
            sign_in.send_code(email, meta_of(self.request))
            progress.save(self.request, started)
            return redirect("accounts:code")
        user = sign_in.check_password(self.request, email, form.cleaned_data["password"], meta_of(self.request))
        progress.save(self.request, started)
        if not sign_in.needs_second_factor(user):
            return enter(self.request, user)
        sign_in.send_second_factor(user, meta_of(self.request))
        progress.save(self.request, replace(started, person=user.pk))
        return redirect("accounts:second-factor")


class Password(SignIn):
    """``/connexion/mot-de-passe/``: the same page, its password part open."""

    password_first = True

    def _by_password(self) -> bool:
        return self.request.method == "POST"


class SignInStep(ServiceFormView):
    """A page that makes sense only after an earlier step; otherwise one starts again."""

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.progress = progress.load(request)
        if not self.is_reached():
            return redirect("accounts:sign-in")
        return super().dispatch(request, *args, **kwargs)

    def is_reached(self) -> bool:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            email=self.progress.email,
            next=self.progress.next,
            collectivity_code=self.progress.collectivity,
            function_code=self.progress.function,
            **kwargs,
        )


class Code(SignInStep):
    """``/connexion/code/``."""

    template_name = "accounts/code.html"
    form_class = CodeForm
    heading = "Écrivez le code reçu"

    def is_reached(self) -> bool:
        return bool(self.progress.email)

    def act(self, form: CodeForm) -> HttpResponse:
        email = self.progress.email
        arrival = sign_in.verify_code(email, form.cleaned_data["code"], meta_of(self.request))
        if arrival.user is not None and not arrival.is_shared:
            if not arrival.user.is_active:
                progress.clear(self.request)
                raise NotAllowed("Ce compte est fermé. Appelez le guichet de votre département.")
            return enter(self.request, arrival.user)
        progress.save(self.request, replace(self.progress, proven=True))
        return redirect("accounts:who" if arrival.persons else "accounts:first-visit")


class ProvenStep(SignInStep):
    """The address is proven; who is behind it is not said yet."""

    def is_reached(self) -> bool:
        if not self.progress.proven:
            return False
        self.arrival = sign_in.arrival(self.progress.email)
        return self.arrival.is_shared or self.arrival.user is None


class Who(ProvenStep):
    """``/connexion/qui/``: one mailbox serves several persons (PRACTICE 2.1)."""

    template_name = "accounts/who.html"
    form_class = WhoForm
    heading = "Qui êtes-vous ?"

    def is_reached(self) -> bool:
        return super().is_reached() and self.arrival.is_shared

    def get_form_kwargs(self) -> dict[str, Any]:
        bodies = [body.collectivity_id for body in self.arrival.mailbox]
        functions = {
            mandate.user_id: mandate.title
            for mandate in Mandate.objects.in_force(clock.today())
            .filter(user__in=self.arrival.persons, collectivity__in=bodies)
            .order_by("-created_at")
        }
        named = [(person, functions.get(person.pk, "")) for person in self.arrival.persons]
        return {**super().get_form_kwargs(), "persons": named}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(bodies=self.arrival.mailbox, **kwargs)

    def act(self, form: WhoForm) -> HttpResponse:
        answer = form.cleaned_data["person"]
        if answer == SOMEBODY_ELSE:
            return redirect("accounts:first-visit")
        person = next(known for known in self.arrival.persons if str(known.pk) == answer)
        claimed = Mandate.objects.in_force(clock.today()).reached_by_mailbox(self.progress.email).filter(user=person)
        for mandate in claimed:
            mandates.confirm_by_address(mandate, self.progress.email)
        return enter(self.request, person, mailbox=self.progress.email)


class FirstVisit(ProvenStep):
    """``/connexion/premiere-visite/``: an address never seen, or a new person at a shared one."""

    template_name = "accounts/first_visit.html"
    form_class = FirstVisitForm
    heading = "Première visite"

    def get_initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = {"function": self.progress.function, "civility": ""}
        if self.progress.collectivity and not self.arrival.is_shared:
            initial["collectivity"] = Collectivity.objects.filter(code=self.progress.collectivity).first()
        return initial

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "bodies": self.arrival.mailbox}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        return super().get_context_data(
            bodies=self.arrival.mailbox,
            asks_succession=bool(form and (form.asks_succession or form.data.get("succeeds"))),
            **kwargs,
        )

    def refused(self, form: FirstVisitForm, error: ServiceError) -> None:
        form.asks_succession = error.field == "succeeds"

    def act(self, form: FirstVisitForm) -> HttpResponse:
        given = form.cleaned_data
        collectivity = form.chosen_collectivity()
        shared = next((body for body in self.arrival.mailbox if body.collectivity_id == collectivity.pk), None)
        with transaction.atomic():
            user = people.register(
                first_name=given["first_name"],
                last_name=given["last_name"],
                civility=given["civility"],
                email="" if shared else self.progress.email,
                mailbox=shared,
            )
            mandates.claim(
                user,
                collectivity=collectivity,
                function=given["function"],
                starts_on=given["starts_on"],
                proven_address=self.progress.email,
                succeeds=given["succeeds"],
            )
        return enter(self.request, user, mailbox=self.progress.email if shared else "")


@method_decorator(sensitive_post_parameters("code"), name="dispatch")
class SecondFactor(SignInStep):
    """``/connexion/second-facteur/``: after the password of whoever signs, decides nationally or opens the settings."""

    template_name = "accounts/second_factor.html"
    form_class = CodeForm
    heading = "Confirmez que c’est bien vous"

    def is_reached(self) -> bool:
        if self.progress.person is None:
            return False
        person = User.objects.filter(pk=self.progress.person, is_active=True).first()
        if person is None:
            return False
        self.person = person
        return True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            demonstration_code=settings.DEMONSTRATION_CODE if settings.DEBUG else "", **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("again"):
            try:
                sign_in.send_second_factor(self.person, meta_of(request))
            except ServiceError as error:
                form = CodeForm()
                return self.render_to_response(
                    self.get_context_data(form=form, problem=error.message), status=error.status
                )
            return redirect("accounts:second-factor")
        return super().post(request, *args, **kwargs)

    def act(self, form: CodeForm) -> HttpResponse:
        sign_in.verify_second_factor(self.person, form.cleaned_data["code"], meta_of(self.request))
        return enter(self.request, self.person)


class SignOut(View):
    """``/deconnexion/``: POST only, so that no link signs anybody out."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        return redirect("/")
