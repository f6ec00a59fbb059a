"""A draft in a browser: who holds it there, and what is done with it besides writing its steps."""

import contextlib
import secrets
import uuid
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views import View
from django.views.decorators.cache import never_cache

from accounts.network import client_network
from common import clock
from common.actor import Actor
from common.errors import Conflict, NotAllowed
from common.french import hour, number
from common.readonly import writes
from operators.models import Provider, Subject
from requests.forms.intake import NeedForm, SoFarForm, StepForm, WhoForm
from requests.models import Draft
from requests.services import at_hand, drafts, intake
from territories.enums import CollectivityKind
from territories.models import Collectivity

#: Signed, HttpOnly: names the browser while nobody has signed in.
COOKIE = "brouillon"
COOKIE_SALT = "requests.drafts"
STEPS = ("besoin", "deja", "vous", "verifier")
#: In an anonymous draft kept from an expired session: the draft and the step that its answers are for.
STASHED_FOR, STASHED_STEP = "stashed_for", "stashed_step"


def browser_key(request: HttpRequest) -> str:
    kept = request.get_signed_cookie(
        COOKIE, default="", salt=COOKIE_SALT, max_age=intake.ANONYMOUS_DRAFT_DAYS * 24 * 3600
    )
    return str(kept)


class DraftView(View):
    """A view about the draft of the address; ``draft`` is None when nobody holds it here."""

    request: HttpRequest

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.browser_key = browser_key(request)
        self.new_key = ""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except drafts.TooManyDraftsError as error:
            return render(request, "requests/intake/too_many.html", {"message": error.message}, status=error.status)
        if self.new_key:
            response.set_signed_cookie(
                COOKIE,
                self.new_key,
                salt=COOKIE_SALT,
                max_age=intake.ANONYMOUS_DRAFT_DAYS * 24 * 3600,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    @property
    def actor(self) -> Actor:
        return self.request.actor  # type: ignore[attr-defined]

    @property
    def pk(self) -> uuid.UUID:
        return self.kwargs["pk"]

    @cached_property
    def draft(self) -> Draft | None:
        return drafts.find(self.pk, self.actor, self.browser_key)

    def held(self) -> Draft:
        """The draft, or 404: what is somebody else's does not exist."""
        if self.draft is None:
            raise Http404("Ce brouillon n’existe pas, ou n’a pas été commencé ici.")
        return self.draft

    def key_for_writing(self) -> str:
        """The browser's key, given now if it has none: a visitor's draft is held by it."""
        if not self.browser_key and not self.actor.is_authenticated:
            self.browser_key = self.new_key = secrets.token_urlsafe(32)
        return self.browser_key

    def open_draft(self, pk: uuid.UUID) -> Draft:
        """See :func:`requests.services.drafts.open_draft`."""
        return drafts.open_draft(pk, self.actor, self.key_for_writing(), network=client_network(self.request))

    def gone(self) -> HttpResponse:
        """What the back button reaches after sending, and what a stranger's address reaches."""
        request_filed = drafts.filed(self.pk, self.actor)
        if request_filed is not None:
            return redirect("requests:sent", request_filed.reference)
        messages.info(
            self.request,
            "Ce brouillon n’est plus ici : il a été envoyé ou supprimé, ou bien commencé sur un autre appareil.",
        )
        return redirect("requests:new")


FORMS: dict[str, type[StepForm]] = {"besoin": NeedForm, "deja": SoFarForm, "vous": WhoForm}


def form_options(step: str, collectivity: Collectivity | None) -> dict[str, Any]:
    """What each step's form is built with, besides the answers."""
    if step == "besoin":
        return {"subjects": Subject.objects.active()}
    if step == "deja":
        from_here = collectivity.department_id if collectivity else ""
        return {"providers": providers_of(from_here)}
    epci = collectivity.epci if collectivity else None
    return {"grouping": epci.name if epci is not None and collectivity and epci.pk != collectivity.pk else ""}


def providers_of(department_code: str) -> list[tuple[str, str]]:
    """The local bodies of a department: the name that is kept, and the full one that is read."""
    rows = Provider.objects.of_department(department_code) if department_code else ()
    return [(row.display_name[:80], row.name) for row in rows]


def facts_line(collectivity: Collectivity) -> str:
    """« Mézel · 611 habitants (2023) · Alpes-de-Haute-Provence (04) · CA Provence-Alpes-Agglomération »."""
    parts = [collectivity.name]
    if collectivity.kind != CollectivityKind.COMMUNE:
        parts.append(str(CollectivityKind(collectivity.kind).label))
    if collectivity.population is not None:
        vintage = f" ({collectivity.population_vintage})" if collectivity.population_vintage else ""
        noun = "habitant" if collectivity.population < 2 else "habitants"
        parts.append(f"{number(collectivity.population)}\N{NO-BREAK SPACE}{noun}{vintage}")
    parts.append(collectivity.department.label)
    epci = collectivity.epci
    if epci is not None and epci.pk != collectivity.pk:
        parts.append(epci.name)
    return " · ".join(parts)


def beside(collectivity: Collectivity | None, subject_code: str, need: str) -> dict[str, Any]:
    """What stands beside the first steps: the facts of the body, what exists already, and the word on money."""
    subject = Subject.objects.active().filter(code=subject_code).first() if subject_code else None
    return {
        "collectivity": collectivity,
        "facts": facts_line(collectivity) if collectivity else "",
        "subject": subject,
        "at_hand": at_hand.offers(collectivity, subject, clock.today()) if collectivity and subject else [],
        "asks_for_money": at_hand.asks_for_money(need),
    }


class Preview(DraftView):
    """``apercu/``: the part beside the form, as answers come. It writes nothing; POST keeps the text out of logs."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = NeedForm(request.POST, subjects=[])
        form.is_valid()
        context = beside(
            form.cleaned_data.get("collectivity"),
            request.POST.get("subject", "").replace("\x00", "")[:40],
            request.POST.get("need", ""),
        )
        return render(request, "requests/intake/_beside.html", {**context, "pk": self.pk, "live": True})


class Autosave(DraftView):
    """``<step>/enregistrer/``: saves a step as it is being typed; answers in JSON (static/portal/autosave.js)."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            draft = self.open_draft(self.pk)
        except drafts.TooManyDraftsError as error:
            return JsonResponse({"code": error.code, "message": error.message}, status=error.status)
        except Conflict as error:
            return JsonResponse({"code": error.code, "message": error.message}, status=410)
        except NotAllowed:
            return JsonResponse({"code": "signed_out", "message": SIGNED_OUT}, status=401)
        form = posted_form(draft, kwargs["step"], request)
        try:
            draft = save_posted(draft, kwargs["step"], form, request)
        except Conflict as error:
            differences = differing(Draft.objects.get(pk=draft.pk), form, request)
            return JsonResponse(
                {"code": error.code, "message": error.message, "differences": differences}, status=error.status
            )
        return JsonResponse({"version": draft.version, "message": saved_words(draft)})


SIGNED_OUT = "Votre session a expiré. Continuez : votre texte sera gardé pendant que vous vous reconnectez."


def saved_words(draft: Draft) -> str:
    return f"Enregistré à {hour(timezone.localtime(draft.updated_at))}"


def posted_form(draft: Draft, step: str, request: HttpRequest) -> StepForm:
    """The form of a step, bound to what is posted, and cleaned once."""
    form = FORMS[step](request.POST, request.FILES, **form_options(step, draft.collectivity))
    form.is_valid()
    return form


def save_posted(draft: Draft, step: str, form: StepForm, request: HttpRequest) -> Draft:
    """Saves the step as posted. Raises ``Conflict`` when another device saved it meanwhile."""
    version = request.POST.get("version", "")
    collectivity = form.cleaned_data.get("collectivity") if step == "besoin" else None
    saved = drafts.save_step(
        draft,
        step,
        form.raw(request.POST),
        version=int(version) if version.isdecimal() and version.isascii() and len(version) < 10 else None,
        collectivity=collectivity,
    )
    if collectivity is not None:
        saved.collectivity = collectivity
    return saved


def differing(draft: Draft, form: StepForm, request: HttpRequest) -> list[dict[str, str]]:
    """The answers that differ between what is posted and what another device saved, side by side."""
    mine = form.raw(request.POST)
    found = []
    for name, field in form.fields.items():
        theirs, own = draft.answers.get(name, ""), mine.get(name, "")
        if name in mine and theirs != own and not (not theirs and not own):
            found.append({"label": str(field.label), "mine": _said(field, own), "theirs": _said(field, theirs)})
    return found


def _said(field: Any, value: str | list[str]) -> str:
    labels = dict(getattr(field, "choices", ()) or ())
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(labels.get(item, item)) for item in values if item)


@writes(
    "whoever signs in keeps the draft begun before; nothing else is written, and following the link twice is harmless"
)
class Adopt(DraftView):
    """``reprendre/``: where signing in leads back to. The draft becomes the person's; what an expired session left is
    put back where it was being typed."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        step = request.GET.get("etape", "")
        step = step if step in STEPS else "vous"
        if not self.actor.is_authenticated:
            return redirect(sign_in_address(self.pk, step, self.draft))
        draft = self.draft
        if draft is None:
            return self.gone()
        kept_for = draft.answers.get(STASHED_FOR)
        if kept_for:
            target = drafts.find(uuid.UUID(kept_for), self.actor, "")
            kept_step = draft.answers.get(STASHED_STEP, "besoin")
            if target is not None:
                answers = {k: v for k, v in draft.answers.items() if k not in (STASHED_FOR, STASHED_STEP, "versions")}
                drafts.save_step(target, kept_step, answers, version=None, collectivity=draft.collectivity)
                drafts.delete(draft)
                return redirect("requests:draft", target.pk, kept_step)
            step = kept_step
        intake.adopt_draft(draft, self.actor)
        return redirect("requests:draft", draft.pk, step)


def sign_in_address(pk: uuid.UUID, step: str, draft: Draft | None) -> str:
    """Signing in, then back to this step; a first visit finds the draft's collectivity already chosen."""
    back = f"{reverse('requests:draft-adopt', args=[pk])}?{urlencode({'etape': step})}"
    query = {"next": back}
    if draft is not None and draft.collectivity is not None:
        query["collectivite"] = draft.collectivity.code
    return f"{reverse('accounts:sign-in')}?{urlencode(query)}"


class Delete(DraftView):
    """``supprimer/``: a page that asks, then the deletion."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return render(request, "requests/intake/delete.html", {"draft": self.own()})

    def own(self) -> Draft:
        draft = self.held()
        if draft.person_id not in (None, self.actor.person_id):
            raise PermissionDenied("Seule la personne qui a commencé ce brouillon peut le supprimer.")
        return draft

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        drafts.delete(self.own())
        messages.success(request, "Le brouillon est supprimé.")
        return redirect("requests:list" if self.actor.is_authenticated else "requests:new")


class Enough(DraftView):
    """``suffit/``: « Cela me suffit ». Counted, then the page says how to reach those who help."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        draft = self.held()
        answers = draft.answers
        context = beside(draft.collectivity, answers.get("subject", ""), "")
        return render(request, "requests/intake/enough.html", {**context, "draft": draft})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            draft = self.open_draft(self.pk)
        except NotAllowed as error:
            raise Http404("Ce brouillon n’existe pas, ou n’a pas été commencé ici.") from error
        except Conflict:
            return self.gone()
        if "need" in request.POST:
            with contextlib.suppress(Conflict):
                draft = save_posted(draft, "besoin", posted_form(draft, "besoin", request), request)
        subject = Subject.objects.active().filter(code=draft.answers.get("subject", "")).first()
        drafts.answered_by_catalogue(draft, subject=subject)
        return redirect("requests:draft-enough", draft.pk)
