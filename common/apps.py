"""The kernel: it owns no table, and finds what the apps above register."""

from django.apps import AppConfig
from django.core.signals import got_request_exception
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class CommonConfig(AppConfig):
    name = "common"
    verbose_name = "noyau"

    def ready(self) -> None:
        from common import checks, database, perimeter, unavailable  # noqa: F401  (checks registers itself)

        connection_created.connect(database.take_role, dispatch_uid="common.take_role")
        connection_created.connect(perimeter.of_new_session, dispatch_uid="common.perimeter")
        got_request_exception.connect(unavailable.note, dispatch_uid="common.unavailable")
        post_migrate.connect(database.grant_after_migration, sender=self, dispatch_uid="common.grant_role")
        autodiscover_modules("receivers", "panels", "figures")
