"""How a page applies an act: find the file among those the person sees, check the ability, ask what is needed, call one
service, and turn its refusals into words. Every act is a page of its own, which works without JavaScript."""

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject, cached_property
from django.views import View

from common import clock
from common.actor import COLLECTIVITY_ROLES, NATIONAL_ROLES, Actor, Role
from common.errors import NotAllowed, ServiceError
from common.errors import refuse as refuse
from notifications.hold import Hold, holding
from requests.models import SupportRequest
from requests.permissions import Ability, abilities, possible
from requests.services import undo
from requests.workflow import UNDOABLE, Action


def visible_request(actor: Actor, reference: str) -> SupportRequest:
    """The file of that reference among those ``actor`` sees. Raises ``Http404``: what is hidden does not exist."""
    found = (
        SupportRequest.objects.visible_to(actor)
        .select_related(
            "collectivity__department",
            "department__desk",
            "arrondissement",
            "grouping",
            "subject",
            "assessment",
            "host",
        )
        .filter(reference=reference)
        .first()
    )
    if found is None:
        raise Http404("Aucune demande ne porte cette référence parmi celles que vous pouvez voir.")
    return found


def retained() -> Hold | None:
    """Keeps the mails of an act back while it may be taken back (UNDO_SECONDS; none when it is 0)."""
    seconds = settings.UNDO_SECONDS
    return Hold(until=clock.instant() + dt.timedelta(seconds=seconds)) if seconds else None


class SignedInView(View):
    """A view for people who have signed in; the others are sent to sign in, and come back."""

    request: HttpRequest

    @property
    def actor(self) -> Actor:
        return self.request.actor  # type: ignore[attr-defined]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.actor.is_authenticated:  # type: ignore[attr-defined]
            return redirect_to_login(request.get_full_path())
        return super().dispatch(request, *args, **kwargs)


class RequestView(SignedInView):
    """A view about one file that the person sees."""

    @cached_property
    def support_request(self) -> SupportRequest:
        return visible_request(self.actor, self.kwargs["reference"])

    @cached_property
    def abilities(self) -> frozenset[Ability | Action]:
        return abilities(self.actor, self.support_request)


#: The page of a file, for each family of readers; the others read it at the desk's address.
_PAGES: dict[Role, str] = {
    Role.PROJECT_LEADER: "requests:detail",
    Role.OPERATOR: "requests:operator-file",
    **dict.fromkeys(COLLECTIVITY_ROLES, "requests:detail"),
    **dict.fromkeys(NATIONAL_ROLES, "requests:national-file"),
}


def page_of(actor: Actor, reference: str) -> str:
    """Where this person reads the file of that reference."""
    return reverse(_PAGES.get(actor.role, "requests:file"), args=[reference])


class ActView(RequestView):
    """One act on one file: GET shows what it needs, POST applies it.

    Subclasses set ``ability`` (required), ``title``, ``submit``, and ``form_class`` when something is asked; they write
    ``perform(form)``, which calls one service. ``lead`` explains the consequence in a sentence. One goes back to one's
    own page of the file. A refusal of the service comes back on the page: beside its field when it names one.
    """

    ability: Ability | Action
    title: str = ""
    lead: str = ""
    submit: str = "Valider"
    done: str = ""
    form_class: type[forms.Form] = forms.Form
    template_name = "requests/act.html"
    #: The field whose text comes back when the act was taken back.
    words: str = ""
    #: Whom this page answers, whatever abilities others hold: the collectivity has pages of its own.
    roles: frozenset[Role] = frozenset(Role) - COLLECTIVITY_ROLES

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.actor.is_authenticated and request.method in {"GET", "HEAD"}:  # type: ignore[attr-defined]
            self.setup_check()
        return super().dispatch(request, *args, **kwargs)

    def setup_check(self) -> None:
        """On GET, an act that the person can't do now is refused at once; on POST the service itself says why."""
        self.check_role()
        if self.ability not in self.abilities:
            raise PermissionDenied(self.refusal())

    def check_role(self) -> None:
        _ = self.support_request  # a hidden file does not exist, whoever asks
        if self.actor.role not in self.roles:
            raise PermissionDenied(self.refusal())

    def refusal(self) -> str:
        return "Cet acte n’est pas possible maintenant, ou ne vous revient pas."

    def is_undoable(self) -> bool:
        """Whether its mails wait a moment, while whoever did it may take it back."""
        return self.ability in UNDOABLE and self.actor.role not in COLLECTIVITY_ROLES

    def may_ever(self) -> bool:
        """Whether the act is the person's in some state of this file: if not, its page is refused to him."""
        return self.ability in self.abilities or self.ability in possible(self.actor, self.support_request)

    def get_initial(self) -> dict[str, Any]:
        return {}

    def form_kwargs(self) -> dict[str, Any]:
        """What the form's constructor needs besides data: querysets, choices."""
        return {}

    def build_form(self, *, bound: bool) -> forms.Form:
        data, files = (self.request.POST, self.request.FILES) if bound else (None, None)
        initial = self.get_initial()
        if self.words and not bound:
            initial = {self.words: undo.words_of(self.support_request, Action(self.ability)), **initial}
        return self.form_class(data, files, initial=initial, **self.form_kwargs())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render(self.build_form(bound=False))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.check_role()
        form = self.build_form(bound=True)
        if not form.is_valid():
            if not self.may_ever():
                raise PermissionDenied(self.refusal())
            return self.render(form, status=422)
        try:
            with holding(retained() if self.is_undoable() else None):
                self.perform(form)
        except ServiceError as error:
            if not self.may_ever():
                message = error.message if isinstance(error, NotAllowed) else self.refusal()
                raise PermissionDenied(message) from error
            return self.render(form, status=refuse(form, error))
        if self.done:
            messages.success(request, self.done)
        return redirect(self.get_success_url())

    def perform(self, form: Any) -> None:
        raise NotImplementedError

    def get_success_url(self) -> str:
        return page_of(self.actor, self.support_request.reference)

    def get_context(self) -> dict[str, Any]:
        """More for the template."""
        return {}

    def render(self, form: forms.Form, status: int = 200) -> HttpResponse:
        context = {
            "support_request": self.support_request,
            "form": form,
            "title": self.title,
            "lead": self.lead,
            "submit": self.submit,
            "back": self.get_success_url(),
            # read only if the template asks: after a refusal the service has just read them
            "abilities": SimpleLazyObject(lambda: self.abilities),
            **self.get_context(),
        }
        return render(self.request, self.template_name, context, status=status)


def parse_moment(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """Noon of a date in a territory: the instant given to what is only known by its day."""
    return dt.datetime.combine(day, dt.time(12), tzinfo=zone)
