"""System checks of the kernel."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import connection

from common import database


@checks.register(checks.Tags.models)
def protected_models_have_their_trigger(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.Error]:
    """A model's own ``Meta`` that forgets to inherit its parent's loses the trigger silently: this says so."""
    errors = []
    for model in database.protected_models():
        name = "append_only" if getattr(model, "append_only", False) else "never_deleted"
        if name not in {trigger.name for trigger in getattr(model._meta, "triggers", ())}:
            errors.append(
                checks.Error(
                    f"{model._meta.label} is {name} without its trigger",
                    hint="class Meta(AppendOnly.Meta) or class Meta(NeverDeleted.Meta), triggers included",
                    obj=model,
                    id="common.E001",
                )
            )
    return errors


@checks.register(checks.Tags.database)
def application_role_is_there(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.Warning]:
    role = settings.DATABASE_ROLE
    if not role or "default" not in (databases or ()) or database.role_exists(role):
        return []
    return [
        checks.Warning(
            f"the database role {role!r} does not exist: web and workers act as the owner of the tables",
            hint=f'as an administrator: CREATE ROLE "{role}" NOLOGIN; '
            f'GRANT "{role}" TO "{connection.settings_dict["USER"]}"; then: manage.py grant_roles',
            id="common.W001",
        )
    ]
