"""Filing: four steps, a page that checks, and what stands after sending (SCREENS 2)."""

import uuid
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.enums import Civility, OrganisationKind
from accounts.models import Mandate, Organisation
from common import clock
from common.actor import COLLECTIVITY_ROLES, Role
from common.errors import Conflict, Invalid, NotAllowed, ServiceError
from common.french import joined
from operators.models import Subject
from requests.forms.intake import AskForm, SendForm, StepForm, application_of, initial_of
from requests.models import Draft
from requests.permissions import may_submit_for
from requests.services import at_hand, drafts, intake
from requests.views.acts import RequestView
from requests.views.drafts import (
    FORMS,
    SIGNED_OUT,
    STASHED_FOR,
    STASHED_STEP,
    STEPS,
    DraftView,
    beside,
    differing,
    facts_line,
    form_options,
    posted_form,
    save_posted,
    saved_words,
    sign_in_address,
)
from territories.models import Collectivity

TITLES = {"besoin": "Votre besoin", "deja": "Ce que vous avez déjà", "vous": "Vous", "verifier": "Vérifier et envoyer"}


def stepper(step: str) -> dict[str, Any]:
    rank = STEPS.index(step)
    following = STEPS[rank + 1] if rank + 1 < len(STEPS) else ""
    return {
        "rank": rank + 1,
        "count": len(STEPS),
        "title": TITLES[step],
        "next_title": TITLES.get(following, ""),
        "previous": STEPS[rank - 1] if rank else "",
    }


class New(DraftView):
    """``/demandes/nouvelle/``: the first step, before anything is saved. The key of the future draft is chosen here, so
    that sending the form twice makes one draft."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        pk = uuid.uuid4()
        # on a slow network the first save and the sending of the step cross: both must come from the same browser
        self.key_for_writing()
        collectivity = None
        if self.actor.collectivity_id:
            collectivity = Collectivity.objects.select_related("department").get(pk=self.actor.collectivity_id)
        elif code := request.GET.get("collectivite", "").replace("\x00", "")[:9]:
            collectivity = Collectivity.objects.select_related("department").by_code(code)
        initial = {"collectivity": collectivity, "subject": request.GET.get("sujet", "").replace("\x00", "")[:40]}
        form = FORMS["besoin"](initial=initial, **form_options("besoin", collectivity))
        begun = drafts.held_by(self.actor, self.browser_key).select_related("collectivity").order_by("-updated_at")
        context = {
            "pk": pk,
            "draft": None,
            "step": "besoin",
            "stepper": stepper("besoin"),
            "form": form,
            "begun": begun.first(),
            "version": 0,
            "saved": "",
            "must_read_about_money": False,
            "money_read": False,
            **beside(collectivity, str(initial["subject"] or ""), ""),
        }
        return render(request, "requests/intake/besoin.html", context)


class Step(DraftView):
    """``/demandes/nouvelle/<uuid>/<step>/``: GET shows what is saved, POST saves whatever is typed, then goes on."""

    @property
    def step(self) -> str:
        return self.kwargs["step"]

    # --- reading ---

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        draft = self.draft
        if self.step == "vous" and not self.actor.is_authenticated:
            return redirect(sign_in_address(self.pk, "vous", draft))
        if draft is None:
            return self.gone()
        checked = "erreurs" in request.GET
        options = form_options(self.step, draft.collectivity)
        form_class = FORMS[self.step]
        if checked:
            form = form_class(StepForm.saved(draft.answers), **options)
        else:
            form = form_class(initial=self.initial(draft), **options)
        return self.show(draft, form)

    def initial(self, draft: Draft) -> dict[str, Any]:
        found = initial_of(draft.answers)
        if draft.collectivity is not None and not draft.answers.get("collectivity"):
            found["collectivity"] = draft.collectivity
        if self.step == "vous":
            found = {**self.known(draft), **{name: value for name, value in found.items() if value}}
        return found

    def known(self, draft: Draft) -> dict[str, Any]:
        """What the portal knows of the person and of his town hall, so that it is not asked again."""
        person, mandate = self.request.user, self.request.mandate  # type: ignore[attr-defined]
        body = Organisation.objects.filter(kind=OrganisationKind.COLLECTIVITY, collectivity=draft.collectivity_id)
        address = body.values_list("address", "telephone").first() if draft.collectivity_id else None
        contact = intake.contact_of(person)  # type: ignore[arg-type]
        subject = Subject.objects.filter(code=draft.answers.get("subject", "")).first()
        return {
            **contact,
            "contact_name": person.full_name or contact["contact_name"],  # type: ignore[union-attr]
            "contact_phone": contact["contact_phone"] or (address[1] if address else ""),
            "contact_function": mandate.title if mandate else "",
            "contact_address": address[0] if address else "",
            "public_title": subject.label if subject is not None and subject.theme else "",
        }

    # --- writing ---

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            draft = self.open_draft(self.pk)
        except Conflict:
            return self.gone()
        except NotAllowed:
            return self.stash()
        if self.step == "vous" and not self.actor.is_authenticated:
            return self.stash()
        if self.actor.is_authenticated:
            draft = intake.adopt_draft(draft, self.actor)
        form = posted_form(draft, self.step, request)
        try:
            draft = save_posted(draft, self.step, form, request)
        except Conflict as error:
            return self.conflict(draft, form, error)
        refused = self.keep_files(draft, form)
        return self.proceed(draft, form, refused)

    def stash(self) -> HttpResponse:
        """The session expired while the person was typing: the text waits in this browser until he is back."""
        if self.actor.is_authenticated:
            return self.gone()
        kept = self.open_draft(uuid.uuid4())
        form = FORMS[self.step](self.request.POST, **form_options(self.step, None))
        answers = {**form.raw(self.request.POST), STASHED_FOR: str(self.pk), STASHED_STEP: self.step}
        drafts.save_step(kept, self.step, answers, version=None)
        messages.info(self.request, SIGNED_OUT)
        return redirect(sign_in_address(kept.pk, self.step, None))

    def keep_files(self, draft: Draft, form: StepForm) -> list[str]:
        """Keeps the files that can be kept; says why of each of the others."""
        uploads = self.request.FILES.getlist("files") if "files" in form.fields else []
        kept = drafts.add_files(draft, [(upload.name or "document", cast(BinaryIO, upload.file)) for upload in uploads])
        refused = [
            f"« {upload.name} » : {one.message}"
            for upload, one in zip(uploads, kept, strict=True)
            if isinstance(one, Invalid)
        ]
        removed = self.request.POST.get("retirer", "")
        if removed:
            try:
                drafts.remove_file(draft, uuid.UUID(removed))
            except ValueError:
                refused.append("Ce fichier n’est plus là.")
        return refused

    def proceed(self, draft: Draft, form: StepForm, refused: list[str]) -> HttpResponse:
        wanted = self.request.POST.get("action", "continuer")
        here = reverse("requests:draft", args=[draft.pk, self.step])
        for message in refused:
            form.add_error("files" if "files" in form.fields else None, message)
        if self.request.POST.get("retirer") and not refused:
            return redirect(f"{here}#documents")
        if wanted == "plus-tard" and not refused:
            return self.later(draft)
        if wanted == "apercu" and not refused:
            return redirect(f"{here}#deja-la")
        if not form.is_valid():
            return self.show(draft, form, status=422)
        told = bool(self.request.POST.get("money_read")) or wanted == "continuer-quand-meme"
        if self.step == "besoin" and not told and at_hand.asks_for_money(form.cleaned_data["need"]):
            return self.show(draft, form, money=True)  # once: the page says so when it is sent again
        return redirect("requests:draft", draft.pk, STEPS[STEPS.index(self.step) + 1])

    def later(self, draft: Draft) -> HttpResponse:
        """« Enregistrer et finir plus tard »: an address is asked only now."""
        if not self.actor.is_authenticated:
            return redirect(sign_in_address(draft.pk, self.step, draft))
        messages.success(self.request, "Votre brouillon est enregistré. Vous pouvez le reprendre quand vous voulez.")
        return redirect("requests:list")

    def conflict(self, draft: Draft, form: StepForm, error: Conflict) -> HttpResponse:
        """Another device saved meanwhile: both texts are shown, and nothing is chosen for the person."""
        draft = drafts.find(draft.pk, self.actor, self.browser_key) or draft
        differences = differing(draft, form, self.request)
        return self.show(draft, form, status=409, conflict=error.message, differences=differences)

    # --- showing ---

    def show(
        self, draft: Draft, form: StepForm, *, status: int = 200, money: bool = False, **more: Any
    ) -> HttpResponse:
        context = {
            "pk": draft.pk,
            "draft": draft,
            "step": self.step,
            "stepper": stepper(self.step),
            "form": form,
            "begun": None,
            "version": draft.version,
            "saved": saved_words(draft),
            "must_read_about_money": money,
            "money_read": money or bool(draft.answers.get("money_read")),
            "conflict": "",
            **(
                beside(draft.collectivity, draft.answers.get("subject", ""), draft.answers.get("need", ""))
                if self.step in ("besoin", "deja")
                else {"collectivity": draft.collectivity}
            ),
            **(self.about_documents(draft) if self.step == "deja" else {}),
            **(self.about_sending(draft) if self.step == "vous" else {}),
            **more,
        }
        return render(self.request, f"requests/intake/{self.step}.html", context, status=status)

    def about_documents(self, draft: Draft) -> dict[str, Any]:
        return {"files": list(draft.files.select_related("file"))}

    def about_sending(self, draft: Draft) -> dict[str, Any]:
        return sending(self.request, draft)


def sending(request: HttpRequest, draft: Draft) -> dict[str, Any]:
    """Who may send this draft, and in which words one asks the executive to."""
    actor = request.actor  # type: ignore[attr-defined]
    body = draft.collectivity
    codes = frozenset(body.departments.values_list("code", flat=True)) | {body.department_id} if body else frozenset()
    may_send = body is not None and may_submit_for(actor, body.pk, codes)
    own = body is not None and actor.role in COLLECTIVITY_ROLES and actor.collectivity_id == body.pk
    head = None
    if body is not None and not may_send:
        head = (
            Mandate.objects.in_force(clock.today())
            .filter(collectivity=body, role=Role.OFFICIAL, heads=True, confirmed_at__isnull=False)
            .select_related("user__mailbox", "organisation")
            .first()
        )
    return {
        "may_send": may_send,
        "may_ask": own and not may_send,
        "acts_for_another": body is not None and not own and not may_send,
        "on_behalf": may_send and not own,
        "head": head,
        "head_reached": head is not None and bool(head.contact_email),
        "executive": executive_words(head, body),
        "desk": getattr(body.department, "desk", None) if body else None,
        "grouping": body.epci if body is not None and body.epci is not None and body.epci.pk != body.pk else None,
        "facts": facts_line(body) if body else "",
    }


def executive_words(head: Mandate | None, body: Collectivity | None) -> str:
    """« Mme la maire », « M. le président »; « l’exécutif » while nobody is known."""
    if head is None:
        return "l’exécutif" if body is None or not body.is_municipal else "la ou le maire"
    article = "la" if head.user.civility == Civility.MADAME else "le"
    return f"{head.user.civility} {article} {head.function}" if head.user.civility else f"{head.label}"


class Check(DraftView):
    """Step 4, ``verifier/``: everything on one page, two boxes, one button."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.draft is None and not self.actor.is_authenticated:
            return redirect(sign_in_address(self.pk, "verifier", None))
        if self.draft is None:
            return self.gone()
        if not self.actor.is_authenticated:
            return redirect(sign_in_address(self.pk, "verifier", self.draft))
        return self.show(self.draft, SendForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.actor.is_authenticated:
            return redirect(sign_in_address(self.pk, "verifier", self.draft))
        if self.draft is None:
            return self.gone()
        draft = self.draft
        if request.POST.get("action") == "demander":
            return self.ask(draft)
        form = SendForm(request.POST)
        steps = self.steps(draft)
        if not form.is_valid() or not all(step.is_valid() for step in steps.values()):
            return self.show(draft, form, steps=steps, status=422)
        try:
            application = application_of(steps["besoin"], steps["deja"], steps["vous"])  # type: ignore[arg-type]
            filed = drafts.submit(draft.pk, application, self.actor)
        except ServiceError as error:
            form.add_error(None, error.message)
            return self.show(draft, form, steps=steps, status=error.status)
        return redirect("requests:sent", filed.reference)

    def ask(self, draft: Draft) -> HttpResponse:
        who = sending(self.request, draft)
        form = AskForm(self.request.POST, known=who["head_reached"])
        if not form.is_valid():
            return self.show(draft, SendForm(), who=who, ask_form=form, status=422)
        try:
            with transaction.atomic():
                intake.adopt_draft(draft, self.actor)
                asked = intake.ask_executive(draft, email=form.cleaned_data.get("email", ""))
        except ServiceError as error:
            form.add_error("email" if "email" in form.fields else None, error.message)
            return self.show(draft, SendForm(), who=who, ask_form=form, status=error.status)
        messages.success(self.request, f"Un courriel vient de partir à {joined(asked)}. Le brouillon est prêt.")
        return redirect("requests:draft", draft.pk, "verifier")

    def steps(self, draft: Draft) -> dict[str, StepForm]:
        saved = StepForm.saved(draft.answers)
        return {step: form_class(saved, **form_options(step, draft.collectivity)) for step, form_class in FORMS.items()}

    def show(
        self,
        draft: Draft,
        form: SendForm,
        *,
        steps: dict[str, StepForm] | None = None,
        who: dict[str, Any] | None = None,
        ask_form: AskForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        who = who or sending(self.request, draft)
        steps = steps or self.steps(draft)
        valid = [step.is_valid() for step in steps.values()]
        context = {
            "pk": draft.pk,
            "draft": draft,
            "collectivity": draft.collectivity,
            "step": "verifier",
            "stepper": stepper("verifier"),
            "form": form,
            "ask_form": ask_form or AskForm(known=who["head_reached"]),
            "steps": steps,
            "complete": all(valid),
            "files": list(draft.files.select_related("file")),
            "saved": saved_words(draft),
            **who,
        }
        return render(self.request, "requests/intake/verifier.html", context, status=status)


class Sent(RequestView):
    """``/demandes/<reference>/envoyee/``: it has left; what happens now."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return render(request, "requests/intake/sent.html", {"support_request": self.support_request})
