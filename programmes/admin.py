"""Programmes and their members. Lists are loaded by ``load_programme``; the admin corrects one row."""

from django.contrib import admin

from programmes.models import Programme, ProgrammeMember


@admin.register(Programme)
class ProgrammeAdmin(admin.ModelAdmin):
    list_display = ("code", "label", "level", "counts_in_coverage", "starts_on", "ends_on", "order")
    list_filter = ("level", "counts_in_coverage")
    search_fields = ("code", "label")


@admin.register(ProgrammeMember)
class ProgrammeMemberAdmin(admin.ModelAdmin):
    list_display = ("collectivity", "programme", "group_label", "signed_on", "starts_on", "ends_on", "illustrative")
    list_filter = ("programme", "illustrative")
    list_select_related = ("collectivity", "programme")
    search_fields = ("collectivity__name", "collectivity__code", "group_label")
    raw_id_fields = ("collectivity",)
