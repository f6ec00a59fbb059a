"""Notifications: finds what each app wants told, and listens to every event."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "courriels"

    def ready(self) -> None:
        # The other apps' `notifications` modules; this app's own notices, for those below it, are a package beside it.
        autodiscover_modules("notifications", "notices")
