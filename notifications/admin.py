"""What was told, to whom, and what could not be: read only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from notifications.models import Mail, OutboxEvent


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ["queued_at", "to_email", "subject", "state", "sent_at", "attempts", "last_error"]
    list_filter = ["state", "kind"]
    search_fields = ["to_email", "object_reference", "subject"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    list_display = ["queued_at", "event", "done_at", "failed_at", "attempts", "last_error"]
    list_filter = ["event"]
    ordering = ["-queued_at"]
    show_full_result_count = False
