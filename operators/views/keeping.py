"""The catalogue as its keepers see it: a provider its own offers, a desk those of its department, the agency the
national ones. Every act is a form, which works without JavaScript and carries the mark of what was read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import View

from accounts.access import AdmittedMixin
from common import clock
from common.actor import DESK_ROLES, Actor
from common.errors import Conflict, NotAllowed, ServiceError, refuse
from operators import sanity
from operators.enums import OfferStatus, RevisionKind
from operators.forms import ConfirmForm, OfferForm, ProviderForm, SendBackForm, WithdrawForm
from operators.ground import beyond
from operators.models import Offer, Provider
from operators.models.offer import OfferQuerySet
from operators.permissions import KEEPERS, OWN_ROLES, OfferAbility, may_load, offer_abilities
from operators.services import offers, providers
from operators.services.faults import gaps_of
from operators.values import OfferValues
from operators.wording import Change, changes_in_words

PAGE_SIZE = 50
HISTORY = 50


class KeeperView(AdmittedMixin, View):
    """For whoever keeps offers; anybody else gets 403."""

    refusal = "Cette page est celle des organismes qui tiennent des offres et du guichet."

    def admits(self, actor: Actor) -> bool:
        return actor.role in KEEPERS and actor.mandate_confirmed


class Tab(NamedTuple):
    title: str
    rows: Callable[[OfferQuerySet], OfferQuerySet]
    empty: str


#: The tabs of the list, by address.
TABS: Mapping[str, Tab] = {
    "a-relire": Tab("À relire", lambda kept: kept.to_review(), "Aucune offre n’attend de relecture."),
    "a-verifier": Tab(
        "À vérifier", lambda kept: kept.to_verify(clock.today()), "Toutes les offres ont été vérifiées depuis un an."
    ),
    "publiees": Tab("Publiées", lambda kept: kept.published(), "Aucune offre n’est publiée."),
    "brouillons": Tab("Brouillons", lambda kept: kept.filter(status=OfferStatus.DRAFT), "Aucun brouillon."),
    "expirees": Tab(
        "Hors catalogue",
        lambda kept: kept.filter(status=OfferStatus.EXPIRED),
        "Aucune offre n’a quitté le catalogue.",
    ),
}


class Catalogue(KeeperView):
    """The list, tab by tab. ``?etat=`` chooses one (the first that holds something), ``?q=`` searches."""

    def get(self, request: HttpRequest) -> HttpResponse:
        kept = Offer.objects.kept_by(self.actor)
        flags = {key: Exists(tab.rows(Offer.objects.filter(pk=OuterRef("pk")))) for key, tab in TABS.items()}
        counts = kept.aggregate(**{key: Count("pk", filter=flag) for key, flag in flags.items()})
        wanted = request.GET.get("etat", "")
        chosen = wanted if wanted in TABS else next((key for key in TABS if counts[key]), "publiees")
        query = request.GET.get("q", "").replace("\x00", "").strip()[:100]
        rows = TABS[chosen].rows(kept).select_related("provider").order_by("provider__name", "title", "pk")
        if query:
            rows = rows.filter(Q(title__icontains=query) | Q(provider__name__icontains=query) | Q(code=query))
        page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        context = {
            "tabs": [(key, tab.title, counts[key]) for key, tab in TABS.items()],
            "chosen": chosen,
            "page": page,
            "query": query,
            "empty": TABS[chosen].empty,
            "more": "&" + urlencode({"etat": chosen, **({"q": query} if query else {})}),
            "providers": list(Provider.objects.kept_by(self.actor)),
            "own": self.actor.role in OWN_ROLES,
            "says_why": self.actor.role in OWN_ROLES | DESK_ROLES,  # refusals are for them only (PRACTICE 3.6)
            "may_add": providers.may_create(self.actor),
            "may_load": may_load(self.actor),
        }
        return render(request, "operators/keeping/catalogue.html", context)


class Checks(KeeperView):
    """What is wrong with what the person keeps, and the cure."""

    def get(self, request: HttpRequest) -> HttpResponse:
        kept = Offer.objects.kept_by(self.actor).select_related("provider").prefetch_related("subjects")
        providers = list(Provider.objects.kept_by(self.actor).active())
        checks = sanity.checks_of(list(kept.order_by("provider__name", "title")), providers, self.actor)
        context = {"checks": checks, "count": sum(len(check.findings) for check in checks)}
        return render(request, "operators/keeping/checks.html", context)


def kept_offer(actor: Actor, uuid: UUID) -> Offer:
    """With all that its values are read from. Raises ``Http404`` for one that the actor does not keep."""
    kept = Offer.objects.kept_by(actor).select_related("provider__department")
    found: Offer | None = kept.prefetch_related("coverage", "subjects").filter(uuid=uuid).first()
    if found is None:
        raise Http404("Aucune offre à cette adresse parmi celles que vous tenez.")
    return found


class KeptOffer(KeeperView):
    """One offer: where it stands, what can be done of it, its waiting change, its history."""

    #: What each act says once done.
    ACTS: Mapping[str, str] = {
        "soumettre": "Offre envoyée à la relecture.",
        "publier": "Offre publiée.",
        "renvoyer": "Offre renvoyée à l’organisme avec votre mot.",
        "retirer": "Offre retirée. Vous pourrez la reprendre telle quelle.",
        "confirmer": "Merci : l’offre est confirmée à ce jour.",
        "abandonner": "Modification abandonnée. L’offre reste telle qu’elle était.",
    }

    @cached_property
    def offer(self) -> Offer:
        return kept_offer(self.actor, self.kwargs["uuid"])

    def address(self) -> str:
        return reverse("operators:kept-offer", args=[self.offer.uuid])

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        return self.page()

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        act = request.POST.get("acte", "")
        if act not in self.ACTS:
            raise Http404("Cet acte n’existe pas.")
        forms = {"renvoyer": SendBackForm(request.POST), "confirmer": ConfirmForm(request.POST)}
        if OfferAbility.REVIEW in offer_abilities(self.actor, self.offer):
            forms["retirer"] = WithdrawForm(request.POST)
        form = forms.get(act)
        if form is not None and not form.is_valid():
            return self.page(status=422, **{act: form})
        seen = request.POST.get("seen") or None
        try:
            self.perform(act, form.cleaned_data if form else {}, seen)
        except ServiceError as error:
            messages.error(request, error.message)
            status = error.status if isinstance(error, Conflict | NotAllowed) else 422
            return self.fresh().page(status=status)
        messages.success(request, self.ACTS[act])
        return redirect(self.address())

    def perform(self, act: str, data: Mapping[str, Any], seen: str | None) -> None:
        offer, actor = self.offer, self.actor
        match act:
            case "soumettre":
                offers.submit(offer, actor, seen=seen)
            case "publier":
                offers.publish(offer, actor, seen=seen)
            case "renvoyer":
                offers.send_back(offer, actor, note=data["note"], seen=seen)
            case "retirer":
                offers.withdraw(offer, actor, note=data.get("reason", ""), seen=seen)
            case "confirmer":
                offers.confirm(offer, actor, capacity_left=data["capacity_left"], seen=seen)
            case "abandonner":
                offers.give_up(offer, actor, seen=seen)

    def fresh(self) -> "KeptOffer":
        """After a refusal the page shows the offer as it is now."""
        del self.offer
        return self

    def page(self, status: int = 200, **bound: Any) -> HttpResponse:
        offer = self.offer
        values = OfferValues.of(offer)
        pending = values.changed(offer.pending) if offer.pending is not None else None
        revisions = list(offer.revisions.select_related("person")[:HISTORY])
        abilities = offer_abilities(self.actor, offer)
        said = values.differences(OfferValues(title=""))
        waiting = pending.differences(values) if pending else []
        returned = values.changed(offer.returned or {}).differences(values)
        # why its keeper was asked is not for every reader: two refusals are a matter of his and of the desk's
        acts = [() if row.kind == RevisionKind.QUESTIONED else row.changes for row in revisions]
        contents, changes, sent_back, *done = _in_words(said, waiting, returned, *acts)
        to_review = offer.status == OfferStatus.IN_REVIEW or pending is not None
        context = {
            "offer": offer,
            "abilities": abilities,
            "own": self.actor.role in OWN_ROLES,
            "contents": contents,
            "history": list(zip(revisions, done, strict=True)),
            "pending": changes,
            "returned": sent_back,
            "gaps": [message for _, message in gaps_of(pending or values)],
            "to_review": to_review,
            "may_publish": OfferAbility.REVIEW in abilities and (to_review or offer.status != OfferStatus.PUBLISHED),
            "send_back": bound.get("renvoyer") or SendBackForm(),
            "withdraw": bound.get("retirer") or WithdrawForm(),
            "confirm": bound.get("confirmer") or ConfirmForm(initial={"capacity_left": offer.capacity_left}),
            "seen": offer.mark,
        }
        return render(self.request, "operators/keeping/offer.html", context, status=status)


def _in_words(*groups: Iterable[Any]) -> list[list[Change]]:
    """Each list of changes in words, all of them for the price of one."""
    lists = [list(group) for group in groups]
    words = iter(changes_in_words(change for group in lists for change in group))
    return [[next(words) for _ in group] for group in lists]


class WriteOffer(KeeperView):
    """A new offer of ``?prestataire=``, or what one becomes (``uuid``)."""

    @cached_property
    def offer(self) -> Offer | None:
        return kept_offer(self.actor, self.kwargs["uuid"]) if "uuid" in self.kwargs else None

    @cached_property
    def provider(self) -> Provider:
        if self.offer is not None:
            return self.offer.provider
        kept = Provider.objects.kept_by(self.actor).active()
        found = kept.filter(code=self.request.GET.get("prestataire", "").replace("\x00", "")).first()
        if found is None:
            raise Http404("Choisissez d’abord, dans la liste, l’organisme dont vous décrivez l’offre.")
        return found

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        offer, provider = self.offer, self.provider
        if offer is not None:
            values = self.written(offer)
            leaves = bool(beyond(values.coverage, provider.department_id))
            initial = {**OfferForm.initial_of(values), "beyond": leaves, "seen": offer.mark}
        else:
            covered = f"département {provider.department_id}" if provider.department_id else ""
            initial = {"seen": str(uuid4()), "coverage": covered}
        return self.page(OfferForm(initial=initial, provider=provider))

    def written(self, offer: Offer) -> OfferValues:
        """What was last written of it: with its waiting change or, for its keeper, the one that was sent back."""
        returned = offer.returned if self.actor.role in OWN_ROLES else None
        return OfferValues.of(offer).changed(offer.pending or returned or {})

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        offer = self.offer
        initial = OfferForm.initial_of(self.written(offer)) if offer is not None else {}
        form = OfferForm(request.POST, initial=initial, provider=self.provider)
        if not form.is_valid():
            return self.page(form, status=422)
        seen = form.cleaned_data["seen"]
        identity = {"seen": seen or None, "settles": True} if offer is not None else {"uuid": _uuid(seen)}
        try:
            written = offers.record(self.provider, form.values(), self.actor, offer=offer, **identity)
        except ServiceError as error:
            return self.page(form, status=refuse(form, error))
        messages.success(request, _written(written))
        return redirect("operators:kept-offer", written.uuid)

    def page(self, form: OfferForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "offer": self.offer, "provider": self.provider}
        return render(self.request, "operators/keeping/write.html", context, status=status)


def _uuid(text: str) -> UUID | None:
    """The identifier that the page of a new offer was given: sent twice, it is one offer."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _written(offer: Offer) -> str:
    if offer.pending is not None:
        return "Modification envoyée à la relecture. L’offre publiée ne change pas en attendant."
    return "Offre enregistrée." if offer.status == OfferStatus.PUBLISHED else "Brouillon enregistré."


class WriteProvider(KeeperView):
    """The sheet of a body that helps: a new local one (desks), or what it becomes (its keepers)."""

    @cached_property
    def provider(self) -> Provider | None:
        if "code" not in self.kwargs:
            if not providers.may_create(self.actor):
                raise PermissionDenied("Le guichet du département ajoute les organismes au catalogue.")
            return None
        found = Provider.objects.kept_by(self.actor).filter(code=self.kwargs["code"]).first()
        if found is None:
            raise Http404("Aucun organisme à cette adresse parmi ceux que vous tenez.")
        return found

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        provider = self.provider
        if provider is not None and request.POST.get("acte") in self.ACTS:
            return self.set_active(provider, request.POST["acte"])
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        sheet = form.cleaned_data
        try:
            if provider is None:
                written = providers.create(sheet, self.actor, department=sheet["department"])
            else:
                written = providers.record(provider, sheet, self.actor)
        except ServiceError as error:
            return self.page(form, status=refuse(form, error))
        messages.success(request, "Fiche de l’organisme enregistrée.")
        return redirect("operators:provider", written.code)

    #: What it says once done, and whether the body is then in the catalogue.
    ACTS: Mapping[str, tuple[str, bool]] = {
        "retirer": ("Organisme retiré du catalogue, avec ses offres.", False),
        "remettre": ("Organisme remis au catalogue, avec ses offres publiées.", True),
    }

    def set_active(self, provider: Provider, act: str) -> HttpResponse:
        done, active = self.ACTS[act]
        try:
            providers.set_active(provider, self.actor, active=active)
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error
        messages.success(self.request, done)
        return redirect("operators:edit-provider", provider.code)

    def form(self, data: Any = None) -> ProviderForm:
        return ProviderForm(data, instance=self.provider, departments=self.actor.departments)

    def page(self, form: ProviderForm, status: int = 200) -> HttpResponse:
        provider = self.provider
        context = {
            "form": form,
            "provider": provider,
            "may_withdraw": provider is not None and providers.may_withdraw(self.actor, provider),
        }
        return render(self.request, "operators/keeping/provider.html", context, status=status)
