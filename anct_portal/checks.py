"""System checks of the portal as a whole."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, Tags, register
from django.db import connections


@register(Tags.database)
def database_speaks_french(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[Error]:
    """Refuses a database whose characters PostgreSQL would misread.

    Measured: under the ctype ``C``, ``lower('É')`` stays « É » and « l’école » with its typographic apostrophe is a
    single lexeme, so that searches miss what they should find, without an error.
    """
    errors = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
                "WHERE datname = current_database()"
            )
            found = cursor.fetchone()
        if found != ("UTF8", "C", "C.UTF-8"):
            errors.append(
                Error(
                    f"database {alias!r} has encoding, collation and ctype {', '.join(found)}",
                    hint="CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
                    id="anct_portal.E001",
                )
            )
    return errors
