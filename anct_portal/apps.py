from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "anct_portal"
    verbose_name = "portail"

    def ready(self) -> None:
        from anct_portal import checks  # noqa: F401  (registers itself)
