"""The role under which web, workers and reconciler work (DESIGN 4).

Triggers protect append-only tables from mistakes; the owner disables them and TRUNCATE passes them. So migrations run
as the owner, and everything that serves takes, right after connecting, a role without UPDATE, DELETE or TRUNCATE on
those tables: ``settings.DATABASE_ROLE``, set in the environment of those processes. Without it, or for
:data:`OWNER_COMMANDS`, the owner.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import ProgrammingError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

logger = structlog.get_logger(__name__)

#: Commands that change the schema, the privileges or the reference data: they stay the owner, whatever the environment
#: says.
OWNER_COMMANDS = frozenset(
    {
        "migrate",
        "grant_roles",
        "flush",
        "pgtrigger",
        "test",
        "seed",
        "load_territories",
        "load_zoning",
        "load_programme",
    }
)

#: For whoever serves. A statement that waits (a lock, a slow disk) must not keep a thread of the pages for ever; a
#: process frozen in its transaction gives its rows back, later than the time limit of any task. The orders in which a
#: dozen tables could be joined are not all tried: our joins start from the right row, and planning cost more than
#: reading (a file page: 8.8 ms of planning became 4.1, the same plans).
LIMITS = "SET statement_timeout = '20s'; SET idle_in_transaction_session_timeout = '180s'; SET join_collapse_limit = 4"


def running_command() -> str:
    """The management command of this process, or an empty string."""
    return (
        sys.argv[1] if len(sys.argv) > 1 and sys.argv[0].endswith(("manage.py", "django-admin", "__main__.py")) else ""
    )


def role_exists(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def take_role(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """``connection_created``: the session continues under the application's role, and its limits.

    A role that does not exist leaves the session to the owner, and a system check says so: refusing to serve would
    protect nothing more than the triggers do.
    """
    role = settings.DATABASE_ROLE
    if not role or connection.vendor != "postgresql" or running_command() in OWNER_COMMANDS:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(rolname, 'MEMBER')", [role])
        if cursor.fetchone() is None:
            logger.error("database_role_missing", role=role, cure="manage.py grant_roles")
            return
        cursor.execute(f"SET ROLE {connection.ops.quote_name(role)}; {LIMITS}")


def be_patient(seconds: int) -> None:
    """Until the end of the transaction a statement may last so long, and sort in memory: for a work that is done one at
    a time, never a page."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{seconds}s'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")


def protected_tables() -> dict[str, tuple[str, ...]]:
    """Table → privileges that the application's role does not have on it."""
    tables: dict[str, tuple[str, ...]] = {}
    for model in apps.get_models(include_auto_created=True):
        if getattr(model, "append_only", False):
            tables[model._meta.db_table] = ("UPDATE", "DELETE", "TRUNCATE")
        elif getattr(model, "never_deleted", False):
            tables[model._meta.db_table] = ("DELETE", "TRUNCATE")
    return tables


def protected_models() -> list[type[Model]]:
    return [m for m in apps.get_models() if getattr(m, "append_only", False) or getattr(m, "never_deleted", False)]


def create_role(role: str) -> bool:
    """Creates the role, without login, and lets the owner take it. False when the owner may not create roles."""
    quoted = connection.ops.quote_name(role)
    if role_exists(role):
        return True
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {quoted} NOLOGIN")
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if not cursor.fetchone()[0]:
                cursor.execute(f"GRANT {quoted} TO CURRENT_USER")
    except ProgrammingError as error:
        logger.warning("database_role_not_created", role=role, error=str(error).splitlines()[0])
        return False
    return True


def grant(role: str) -> bool:
    """Creates the role when needed and gives it exactly its privileges, on every table there is. Running it again is
    harmless."""
    if not create_role(role):
        return False
    quoted = connection.ops.quote_name(role)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}")
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {quoted}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {quoted}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {quoted}")
        present = set(connection.introspection.table_names(cursor))
        for table, privileges in protected_tables().items():
            if table in present:
                table_name = connection.ops.quote_name(table)
                cursor.execute(f"REVOKE {', '.join(privileges)} ON {table_name} FROM {quoted}")
        if "django_migrations" in present:
            cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {quoted}")
    return True


def grant_after_migration(*, app_config: AppConfig, using: str, **kwargs: Any) -> None:
    """``post_migrate``: new tables get the role's privileges."""
    if settings.DATABASE_ROLE and connections[using].vendor == "postgresql" and using == "default":
        grant(settings.DATABASE_ROLE)


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Inside, the default connection works on database ``name``."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
