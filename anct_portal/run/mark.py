"""What a database was made from, written on the database itself: a second run that finds its mark makes nothing again.

The mark lives as long as the database, and dies with any change of what it names: migrations, dependencies, reference
and demonstration data, the code that writes them, or a migration applied by hand since.
"""

import hashlib
from typing import Any

import psycopg
from psycopg import sql

from anct_portal import env

SOURCES = (
    "requirements/base.txt",
    "*/migrations/*.py",
    "fixtures/**/*",
    "*/seeds.py",
    "*/demonstration.py",
    "*/demonstration/**/*.py",
)
APPLIED = "SELECT count(*), max(id) FROM django_migrations"
COMMENT = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"


def _mark(database: psycopg.Connection[Any]) -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in env.BASE_DIR.glob(pattern)}):
        if path.is_file():
            digest.update(f"{path.relative_to(env.BASE_DIR)}\0".encode() + path.read_bytes())
    digest.update(repr(database.execute(APPLIED).fetchone()).encode())
    return f"demonstration {digest.hexdigest()[:16]}"


def stands(database: psycopg.Connection[Any]) -> bool:
    """The schema and the demonstration of this very code are in the database."""
    try:
        return database.execute(COMMENT).fetchone() == (_mark(database),)
    except psycopg.errors.UndefinedTable:
        return False


def write(database: psycopg.Connection[Any]) -> None:
    comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
    database.execute(comment.format(sql.Identifier(database.info.dbname), sql.Literal(_mark(database))))
