"""What was told, to whom, and what could not be: read only."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from notifications.models import Mail, OutboxEvent


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
