"""The members of a provider, kept by itself and by the desk of its department: one by one, or a list at once."""

from collections.abc import Sequence

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property

from common.errors import NotAllowed, ServiceError
from common.french import number, plural
from operators.models import Membership, Provider
from operators.services import memberships
from operators.views.keeping import PAGE_SIZE, KeeperView
from territories.forms import CollectivityField
from territories.models import Collectivity


def _source(example: str) -> forms.CharField:
    return forms.CharField(label="Source", max_length=200, required=False, help_text=f"Par exemple : {example}.")


class MemberForm(forms.Form):
    collectivity = CollectivityField()
    member = forms.ChoiceField(
        label="Ce que vous savez",
        choices=[("oui", "Elle adhère"), ("non", "Elle n’adhère pas")],
        widget=forms.RadioSelect,
        initial="oui",
        error_messages={"required": "Dites si elle adhère.", "invalid_choice": "Dites si elle adhère."},
    )
    source = _source("délibération du 12 mars 2026")


class ListForm(forms.Form):
    codes = forms.CharField(
        label="Codes des adhérents",
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Codes Insee des communes et SIREN, un par ligne ou séparés par des virgules.",
        error_messages={"required": "Collez au moins un code."},
    )
    origin = _source("liste de l’organisme, janvier 2026")


class MembersView(KeeperView):
    """``acte``: « ajouter » one body, « charger » a list of codes, « retirer » what was said of one (``adhesion``)."""

    @cached_property
    def provider(self) -> Provider:
        found = Provider.objects.kept_by(self.actor).filter(code=self.kwargs["code"]).first()
        if found is None:
            raise Http404("Aucun organisme à cette adresse parmi ceux que vous tenez.")
        return found

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.page(MemberForm(), ListForm())

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        match request.POST.get("acte", ""):
            case "ajouter":
                return self.add(MemberForm(request.POST))
            case "charger":
                return self.load(ListForm(request.POST))
            case "retirer":
                return self.take_back(request.POST.get("adhesion", ""))
        raise Http404("Cet acte n’existe pas.")

    def add(self, form: MemberForm) -> HttpResponse:
        if not form.is_valid():
            return self.page(form, ListForm(), status=422)
        body, member = form.cleaned_data["collectivity"], form.cleaned_data["member"] == "oui"
        self.say([body], member=member, source=form.cleaned_data["source"])
        return self.done(f"{body.label} : {'elle adhère' if member else 'elle n’adhère pas'}.")

    def load(self, form: ListForm) -> HttpResponse:
        if not form.is_valid():
            return self.page(MemberForm(), form, status=422)
        try:
            bodies = memberships.bodies_of(form.cleaned_data["codes"])
        except ServiceError as error:
            form.add_error("codes", error.message)
            return self.page(MemberForm(), form, status=422)
        new = self.say(bodies, member=True, source=form.cleaned_data["origin"])
        read = plural(len(bodies), "collectivité lue", "collectivités lues")
        return self.done(f"{read}, dont {number(new)} de plus.")

    def take_back(self, key: str) -> HttpResponse:
        rows = Membership.objects.standing().filter(provider=self.provider).select_related("collectivity")
        found = rows.filter(pk=int(key)).first() if key.isascii() and key.isdecimal() and len(key) < 18 else None
        if found is None:
            raise Http404("Cette adhésion n’est plus de la liste.")
        self.say([found.collectivity], member=None)
        return self.done(f"{found.collectivity.label} : plus rien n’est dit de son adhésion.")

    def say(self, bodies: Sequence[Collectivity], *, member: bool | None, source: str = "") -> int:
        try:
            return memberships.say(self.provider, bodies, self.actor, member=member, source=source)
        except NotAllowed as error:  # the provider changed hands meanwhile
            raise PermissionDenied(error.message) from error

    def done(self, message: str) -> HttpResponse:
        messages.success(self.request, message)
        return redirect("operators:members", self.provider.code)

    def page(self, member: MemberForm, listed: ListForm, status: int = 200) -> HttpResponse:
        rows = Membership.objects.standing().filter(provider=self.provider).select_related("collectivity__department")
        rows = rows.order_by("-is_member", "collectivity__normalised_name", "pk")
        context = {
            "provider": self.provider,
            "page": Paginator(rows, PAGE_SIZE).get_page(self.request.GET.get("page")),
            "member": member,
            "listed": listed,
            "asks": self.provider.offers.filter(membership_required=True).exists(),
        }
        return render(self.request, "operators/keeping/members.html", context, status=status)
