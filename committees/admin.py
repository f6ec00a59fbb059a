"""Committees and their composition, set by order of the prefect."""

from django.contrib import admin

from committees.models import Committee, CommitteeMember


class CommitteeMemberInline(admin.TabularInline):
    model = CommitteeMember
    extra = 0
    raw_id_fields = ("organisation", "mandate")


@admin.register(Committee)
class CommitteeAdmin(admin.ModelAdmin):
    list_display = ("department", "name", "order_reference", "order_date")
    list_select_related = ("department",)
    search_fields = ("department__name", "department__code")
    raw_id_fields = ("department",)
    inlines = (CommitteeMemberInline,)
