"""Test databases: one reference database, migrated and filled with the real territories once, and clones of it.

The reference database is named after what it is made of (migrations, reference files, the code that loads them), so it
is reused from one run to the next and rebuilt when one of these changes. Each test process works on its own clone, and
so does each test that commits. Clones whose process died are dropped by the next run.
"""

import contextlib
import hashlib
import io
import os
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import zeal
from django.conf import settings
from django.core.management import call_command
from django.test.utils import override_settings
from psycopg import sql

from anct_portal.env import BASE_DIR
from common.database import pointed_at

REFERENCE_PREFIX = "portal_ref_"
CLONE_PREFIX = "portal_test_"
#: Reference databases kept on the server, the latest used first.
KEPT = 4


def _sources() -> list[Path]:
    patterns = ("*/migrations/*.py", "fixtures/reference/**/*", "territories/**/*.py", "requirements/base.txt")
    return sorted(path for pattern in patterns for path in BASE_DIR.glob(pattern) if path.is_file())


def _demonstration_sources() -> list[Path]:
    """What the demonstration is made of: seeds, their texts, and the services that they call."""
    patterns = ("*/seeds.py", "fixtures/demo/*", "accounts/**/*.py", "operators/**/*.py", "requests/**/*.py")
    found = {path for pattern in patterns for path in BASE_DIR.glob(pattern) if path.is_file()}
    quiet = {"views", "forms", "api", "addresses", "notifications"}
    modules = {"panels", "figures", "integrity", "admin", "filters", "documentation", "urls", "recipients"}
    return sorted(path for path in found if not quiet & set(path.parts) and path.stem not in modules)


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(BASE_DIR)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def reference_name() -> str:
    return REFERENCE_PREFIX + _digest(_sources())


def demonstration_name() -> str:
    return f"{REFERENCE_PREFIX}demo_{_digest([*_sources(), *_demonstration_sources()])}"


def _parameters(name: str) -> dict[str, Any]:
    database = settings.DATABASES["default"]
    parameters = {
        "dbname": name,
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
    }
    return {key: value for key, value in parameters.items() if value}


def url(name: str) -> str:
    """The database's address, as ``DATABASE_URL`` takes it."""
    part = {key: quote(str(value), safe="") for key, value in _parameters(name).items()}
    account = part["user"] + (f":{part['password']}" if "password" in part else "")
    port = f":{part['port']}" if "port" in part else ""
    return f"postgres://{account}@{part.get('host', '')}{port}/{part['dbname']}"


def maintenance() -> psycopg.Connection[Any]:
    return psycopg.connect(**_parameters("postgres"), autocommit=True)


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _create(server: psycopg.Connection[Any], name: str) -> None:
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'").format(
            sql.Identifier(name)
        )
    )


def drop(server: psycopg.Connection[Any], name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _reference(building: str, server: psycopg.Connection[Any]) -> None:
    _create(server, building)
    with pointed_at(building):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("load_territories", verbosity=0)


def _demonstration(building: str, server: psycopg.Connection[Any]) -> None:
    """The reference database and ``seed --demo stories``: the files told one by one, in every state."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    server.execute(statement.format(sql.Identifier(building), sql.Identifier(_ensure(reference_name(), _reference))))
    with pointed_at(building), override_settings(DEBUG=True), zeal.zeal_ignore():
        call_command("seed", demo="stories", verbosity=0, stdout=io.StringIO())


def _ensure(name: str, build: Callable[[str, psycopg.Connection[Any]], None]) -> str:
    with maintenance() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_lock_key(name)])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            building = f"{name}_building"
            drop(server, building)
            build(building, server)
            server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (building, name))))
        (used,) = server.execute("SELECT extract(epoch FROM clock_timestamp())::bigint::text").fetchone() or ("0",)
        # The server's clock: a test may have frozen ours, in the future.
        server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(used)))
        _sweep(server, name)
    return name


def ensure_reference() -> str:
    """The name of the reference database, built if it does not stand on the server yet."""
    return _ensure(reference_name(), _reference)


def ensure_demonstration() -> str:
    """The name of the demonstration's database, built if it does not stand on the server yet."""
    return _ensure(demonstration_name(), _demonstration)


def _sweep(server: psycopg.Connection[Any], current: str) -> None:
    """Drops the clones whose process is dead and the reference databases that nobody has used for longest."""
    rows = server.execute(
        "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname LIKE 'portal\\_%'"
    ).fetchall()
    for name, owner in rows:
        if name.startswith(CLONE_PREFIX) and owner:
            key = _lock_key(owner)
        elif name.startswith(REFERENCE_PREFIX) and name.endswith("_building"):
            key = _lock_key(name.removesuffix("_building"))
        else:
            continue
        if server.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() == (True,):  # its maker is dead
            drop(server, name)
            server.execute("SELECT pg_advisory_unlock(%s)", [key])
    references = sorted(
        (float(used), name) for name, used in rows if name.startswith(REFERENCE_PREFIX) and name != current and used
    )
    for _, name in references[: -(KEPT - 1)]:
        with contextlib.suppress(psycopg.errors.ObjectInUse):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


class Clones:
    """The clones of one test process. While it is open it holds a lock that says that the process is alive."""

    def __init__(self) -> None:
        self.owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.reference = ensure_reference()
        self.server = maintenance()
        self.server.execute("SELECT pg_advisory_lock(%s)", [_lock_key(self.owner)])
        self._number = 0
        self._demonstration: str | None = None

    def create(self, template: str | None = None) -> str:
        """A new database, the exact copy of ``template`` (by default the reference database)."""
        self._number += 1
        name = f"{CLONE_PREFIX}{self.owner.replace('-', '_')}_{self._number}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        for attempt in range(20):
            try:
                self.server.execute(statement.format(sql.Identifier(name), sql.Identifier(template or self.reference)))
                break
            except psycopg.errors.ObjectInUse:  # another process is copying, or a connection is being closed
                if attempt == 19:
                    raise
                time.sleep(0.1)
        self.server.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(self.owner))
        )
        return name

    def demonstration(self) -> str:
        """This process's own copy of the demonstration, for tests that roll back."""
        if self._demonstration is None:
            self._demonstration = self.create(ensure_demonstration())
        return self._demonstration

    def drop(self, name: str) -> None:
        drop(self.server, name)

    def close(self) -> None:
        if self._demonstration is not None:
            self.drop(self._demonstration)
        self.server.close()
