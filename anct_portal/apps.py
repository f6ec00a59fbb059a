from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "anct_portal"
    verbose_name = "portail"

    def ready(self) -> None:
        from anct_portal import canary, checks  # noqa: F401  (checks registers itself)
        from common import health

        health.watch("worker", canary.age, canary.MAX_AGE)
