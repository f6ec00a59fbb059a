"""Settings of the functional administrator: persons, bodies, mandates, acts. Business decisions are not taken here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import progress
from accounts.enums import MandateStatus, MatterChoice, Proof
from accounts.models import ApiToken, Mandate, Organisation, SignatureAct, User, normalise_email
from accounts.services import tokens
from common import clock


def login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The settings have no sign-in of their own: it would pass by the limits and the second factor."""
    if admin.site.has_permission(request):
        return HttpResponseRedirect(progress.safe_next(request, request.GET.get("next")) or reverse("admin:index"))
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(reverse("admin:index"))


admin.site.login = login  # type: ignore[method-assign]


class UserForm(forms.ModelForm):
    class Meta:
        model = User
        fields = [
            "email", "civility", "first_name", "last_name", "telephone", "mailbox",
            "is_active", "is_staff", "is_superuser", "groups",
        ]  # fmt: skip

    def clean_email(self) -> str | None:
        address = self.cleaned_data["email"]
        return normalise_email(address) if address else None


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Persons. Passwords are chosen by their owner, on his profile."""

    form = UserForm
    list_display = ["last_name", "first_name", "civility", "email", "is_active", "is_staff"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["last_name", "first_name", "email"]
    autocomplete_fields = ["mailbox"]
    filter_horizontal = ["groups"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever changes an address may sign in by it: a superuser's is changed by a superuser only."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Only a superuser makes another one."""
        own = [] if request.user.is_superuser else ["is_superuser", "is_staff", "groups"]
        return [*super().get_readonly_fields(request, obj), *own]


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = "__all__"  # noqa: DJ007

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"] or "")

    def clean_code(self) -> str | None:
        return self.cleaned_data["code"] or None


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    form = OrganisationForm
    list_display = ["name", "kind", "department", "email"]
    list_filter = ["kind"]
    list_select_related = ["department"]
    search_fields = ["name", "short_name", "code", "email", "siren"]
    raw_id_fields = ["collectivity"]


class MandateForm(forms.ModelForm):
    """The state is computed, not typed: the constraints that speak of it are checked once it is set."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        mandate = self.instance
        if mandate._state.adding:
            mandate.status, mandate.proof = MandateStatus.CONFIRMED, Proof.APPOINTMENT
            mandate.confirmed_at = clock.now()
        if mandate.ends_on and mandate.ends_on <= clock.today() and mandate.status != MandateStatus.REFUSED:
            mandate.status = MandateStatus.ENDED
        if not self.errors:
            try:
                mandate.validate_constraints()
            except ValidationError as error:
                self.add_error(None, error)


@admin.register(Mandate)
class MandateAdmin(admin.ModelAdmin):
    """Appointments of agents, written as confirmed; claims of collectivities are answered by their desk."""

    form = MandateForm
    list_display = ["user", "role", "function", "place", "starts_on", "ends_on", "status"]
    list_filter = ["role", "status"]
    list_select_related = ["user", "collectivity", "organisation", "department", "arrondissement"]
    search_fields = ["user__last_name", "user__email", "function", "collectivity__name", "organisation__name"]
    autocomplete_fields = ["user", "organisation"]
    raw_id_fields = ["collectivity", "collectivities", "arrondissement"]
    filter_horizontal = ["departments"]
    fields = [
        "user", "role", "function", "heads", "ad_interim",
        "organisation", "collectivity", "department", "arrondissement",
        "departments", "collectivities", "starts_on", "ends_on", "note",
        "status", "proof", "confirmed_by", "confirmed_at", "declared_name",
    ]  # fmt: skip
    readonly_fields = ["status", "proof", "confirmed_by", "confirmed_at", "declared_name"]

    @admin.display(description="pour")
    def place(self, mandate: Mandate) -> str:
        return mandate.body

    def save_model(self, request: HttpRequest, obj: Mandate, form: Any, change: bool) -> None:
        if not change:
            obj.confirmed_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Mandate | None = None) -> bool:
        """A mandate ends; it is never unsaid."""
        return False


class SignatureActForm(forms.ModelForm):
    matters = forms.MultipleChoiceField(
        label="Matières", choices=MatterChoice.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = SignatureAct
        exclude = ["scan", "recorded_by"]  # noqa: DJ006


@admin.register(SignatureAct)
class SignatureActAdmin(admin.ModelAdmin):
    form = SignatureActForm
    list_display = ["number", "department", "signatory", "starts_on", "ends_on", "ended_reason"]
    list_filter = ["ended_reason"]
    list_select_related = ["department", "signatory__user"]
    search_fields = ["number", "gazette", "signatory__user__last_name"]
    autocomplete_fields = ["delegating", "signatory"]

    def save_model(self, request: HttpRequest, obj: SignatureAct, form: Any, change: bool) -> None:
        if not change:
            obj.recorded_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: SignatureAct | None = None) -> bool:
        """Letters were signed under it: an act ends, it is never unsaid."""
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Tokens are issued by ``manage.py api_token``; here they are seen and revoked."""

    list_display = ["mandate", "label", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["mandate__user", "mandate__collectivity", "mandate__organisation", "mandate__department",
                           "mandate__arrondissement"]  # fmt: skip
    readonly_fields = ["mandate", "label", "created_at", "expires_at", "revoked_at"]
    actions = ["revoke"]

    @admin.action(description="Révoquer les jetons choisis")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        with transaction.atomic():
            for token in queryset.filter(revoked_at__isnull=True):
                tokens.revoke(token)
        self.message_user(request, "Les jetons choisis sont révoqués.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False
