"""Reference data of the territories. What comes from the official files is read; what staff know is written."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db import transaction
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin
from common.errors import ServiceError
from territories.enums import CollectivityKind
from territories.models import (
    Arrondissement,
    Collectivity,
    CollectivityDepartment,
    Department,
    Desk,
    DeskClosing,
    FormerCode,
    Membership,
    ReferenceLoad,
    Region,
    Zoning,
)
from territories.models.collectivity import REFERENCE_KINDS
from territories.services import bodies, graph

#: What staff create; the rest comes from the official files.
STAFF_KINDS = [choice for choice in CollectivityKind.choices if choice[0] not in REFERENCE_KINDS]


@admin.register(Region, Arrondissement)
class AreaAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "is_current"]
    search_fields = ["code", "name"]


@admin.register(Department)
class DepartmentAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "kind", "region", "time_zone"]
    list_filter = ["kind", "region"]
    list_select_related = ["region"]
    search_fields = ["code", "name"]


@admin.register(FormerCode)
class FormerCodeAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "kind", "collectivity"]
    list_select_related = ["collectivity"]
    list_filter = ["kind"]
    search_fields = ["code", "name"]


@admin.register(ReferenceLoad)
class ReferenceLoadAdmin(ReadOnlyAdmin):
    list_display = ["at", "source", "population_vintage", "epci_population_column"]


@admin.register(Zoning)
class ZoningAdmin(admin.ModelAdmin):
    list_display = ["code", "label", "source", "unit", "is_numeric"]

    def has_delete_permission(self, request: HttpRequest, obj: Zoning | None = None) -> bool:
        return False


class CollectivityForm(forms.ModelForm):
    """A body created by staff: its kind is not one of the official files', its SIREN is checked."""

    postal_codes = SimpleArrayField(
        forms.CharField(max_length=5), required=False, label="codes postaux", help_text="Séparés par des virgules."
    )

    siren = forms.CharField(label="SIREN", max_length=11, help_text="Neuf chiffres, espaces admis.")

    class Meta:
        model = Collectivity
        fields = [
            "kind",
            "name",
            "other_names",
            "legal_form",
            "liaison",
            "siren",
            "fictitious",
            "department",
            "population",
            "population_vintage",
            "postal_codes",
            "is_current",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:  # absent where the body may only be read
            self.fields["kind"].choices = STAFF_KINDS  # type: ignore[attr-defined]

    def clean_siren(self) -> str:
        return "".join(self.cleaned_data["siren"].split())


class DepartmentLinkFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        for link in self.forms:
            given = getattr(link, "cleaned_data", {})
            other = given.get("department") if not given.get("DELETE") else None
            if other is not None and other.pk == self.instance.department_id:
                link.add_error("department", "C’est le département principal : il n’est pas un autre.")


class DepartmentLinkInline(admin.TabularInline):
    model = CollectivityDepartment
    formset = DepartmentLinkFormSet
    extra = 1
    verbose_name = "autre département"
    verbose_name_plural = "autres départements"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(is_lead=False)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["is_lead"]


@admin.register(Collectivity)
class CollectivityAdmin(admin.ModelAdmin):
    form = CollectivityForm
    list_display = ["name", "kind", "department", "code", "population", "is_current"]
    list_filter = ["kind", "is_current", "fictitious"]
    list_select_related = ["department"]
    search_fields = ["normalised_name", "code", "siren"]
    show_full_result_count = False
    autocomplete_fields = ["department"]
    inlines = [DepartmentLinkInline]

    def has_change_permission(self, request: HttpRequest, obj: Collectivity | None = None) -> bool:
        return (obj is None or obj.kind not in REFERENCE_KINDS) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Collectivity | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Collectivity, form: Any, change: bool) -> None:
        bodies.save(obj)


class MembershipForm(forms.ModelForm):
    class Meta:
        model = Membership
        fields = ["member", "grouping", "since"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        member, grouping = cleaned.get("member"), cleaned.get("grouping")
        if member and grouping and (refusal := graph.refusal(member, grouping)):
            raise forms.ValidationError({"grouping": refusal})
        return cleaned


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    form = MembershipForm
    list_display = ["member", "grouping", "since", "until"]
    list_select_related = ["member", "grouping"]
    list_filter = ["grouping__kind"]
    autocomplete_fields = ["member", "grouping"]
    search_fields = ["member__normalised_name", "grouping__normalised_name"]
    show_full_result_count = False
    actions = ["close"]

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        joined = graph.join(obj.member, obj.grouping, obj.since)
        obj.pk, obj._state.adding = joined.pk, False

    @admin.action(description="Terminer aujourd’hui les adhésions choisies", permissions=["change"])
    def close(self, request: HttpRequest, queryset: Any) -> None:
        opened = list(queryset.filter(until=None))
        try:
            with transaction.atomic():
                for membership in opened:
                    graph.leave(membership)
        except ServiceError as error:
            self.message_user(request, f"Rien n’a changé. {error.message}", messages.ERROR)
            return
        self.message_user(request, f"{len(opened)} adhésions terminées.")


class DeskClosingInline(admin.TabularInline):
    model = DeskClosing
    extra = 0


@admin.register(Desk)
class DeskAdmin(admin.ModelAdmin):
    list_display = ["department", "label", "service_acronym", "telephone", "email", "illustrative"]
    list_select_related = ["department"]
    list_filter = ["illustrative", "department__region"]
    search_fields = ["department__code", "department__name", "label"]
    autocomplete_fields = ["department"]
    inlines = [DeskClosingInline]

    def has_delete_permission(self, request: HttpRequest, obj: Desk | None = None) -> bool:
        return False
