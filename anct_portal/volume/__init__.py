"""A database for measuring: N requests and fifty thousand people, built in SQL, that hold the portal's invariants.

``manage.py seed --volume N`` keeps it on the server under :func:`name_of`, ready to be cloned::

    CREATE DATABASE bench TEMPLATE portal_volume_100000 STRATEGY FILE_COPY

It is built in a database of its own: nobody's requests are ever beside it.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from accounts.demonstration import PASSWORD
from anct_portal import env
from anct_portal.declarations import declared
from common.database import pointed_at
from operators import seeds as operators_seeds
from operators.catalogue import records_for
from operators.demonstration import VERIFIED_ON
from operators.matching.recommend import assess
from operators.models import Subject
from operators.territory_facts import facts_of
from requests.demonstration.words import load
from requests.models import SupportRequest
from requests.models.turn import catch_up
from territories.models import Collectivity

Report = Callable[[str], None]

PEOPLE = 50_000
PREFIX = "portal_volume_"
FOLDER = Path(__file__).parent
SCRIPTS = ("people.sql", "requests.sql")
#: What the building costs is bounded by memory rather than by the disk.
SETTINGS = {"work_mem": "128MB", "maintenance_work_mem": "256MB", "synchronous_commit": "off", "jit": "off"}


def name_of(files: int) -> str:
    return f"{PREFIX}{files}"


def keep(files: int, report: Report) -> str:
    """The name of the template with so many requests, built if this very code has not built it yet."""
    name, mark = name_of(files), _mark()
    if _told(name) == mark:
        report(f"{name}\N{NO-BREAK SPACE}: déjà en place")
        return name
    building = f"{name}_building"
    with connection.cursor() as cursor:
        for doomed in (name, building):
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(doomed)))
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'").format(
                sql.Identifier(building)
            )
        )
    with pointed_at(building):
        call_command("migrate", verbosity=0, interactive=False)
        build(files, report)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name)))
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark)))
    report(f"{name}\N{NO-BREAK SPACE}: prête à être copiée")
    return name


def build(files: int, report: Report, *, people: int = PEOPLE) -> None:
    """Fills the current database. Raises ``RuntimeError`` when it holds a request already."""
    if SupportRequest.objects.exists():
        raise RuntimeError("this database holds requests: a volume is built in a database of its own")
    for _, seeds in declared("seeds"):
        if reference := getattr(seeds, "reference", None):
            reference(report)
    operators_seeds.demo(report)
    parameters: dict[str, int | str] = {
        "files": files,
        "people": people,
        "password": make_password(PASSWORD),
        "assessment": json.dumps(_assessment(), ensure_ascii=False),
        "rules": 1,
    }
    with connection.cursor() as cursor:
        for name, value in SETTINGS.items():
            cursor.execute(f"SET {name} = %s", [value])
        _needs(cursor)
        with without_references(cursor, report):
            for script in SCRIPTS:
                for label, statement in statements(script):
                    before = time.monotonic()
                    cursor.execute(statement, parameters)
                    report(f"{label}{_rows(cursor.rowcount)}{_seconds(time.monotonic() - before)}")
        catch_up()
        _follow_sequences(cursor)
        for name in SETTINGS:
            cursor.execute(f"RESET {name}")
        report("versions mortes, statistiques")
        cursor.execute("VACUUM (ANALYZE)")


def statements(script: str) -> Iterator[tuple[str, str]]:
    """The statements of a script, each with the line « --: » that says what it makes."""
    parts = re.split(r"^--: (.+)$", (FOLDER / script).read_text(encoding="utf-8"), flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def _rows(count: int) -> str:
    return f"\N{NO-BREAK SPACE}: {count:_}".replace("_", "\N{NARROW NO-BREAK SPACE}") if count > 0 else ""


def _seconds(spent: float) -> str:
    return f", {spent:.0f} s" if spent >= 1 else ""


def _needs(cursor: Any) -> None:
    """What mayors write, as the demonstration has it."""
    subjects = {subject.code: subject for subject in Subject.objects.all()}
    cursor.execute("CREATE TEMP TABLE volume_need (rank int, subject_id bigint, theme text, title text, text text)")
    cursor.executemany(
        "INSERT INTO volume_need VALUES (%s, %s, %s, %s, %s)",
        [
            (rank, subjects[need.subject].pk, subjects[need.subject].theme, need.title, need.text)
            for rank, need in enumerate(load().needs)
        ],
    )


def _assessment() -> dict[str, Any]:
    """A small assessment, as the engine writes it: two offers of the catalogue, read for one commune."""
    body = Collectivity.objects.get(code="04121")
    facts = facts_of(body, VERIFIED_ON, themes=("LOG",), subjects=("centre-bourg",))
    return assess(facts, records_for(facts)[:2], outside=0).as_dict()


@contextmanager
def without_references(cursor: Any, report: Report) -> Iterator[None]:
    """The tables lose foreign keys, triggers and plain indexes, and have them again at the end, checked and built over
    whole tables: minutes instead of hours. Only their owner may."""
    cursor.execute(
        """
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname),
               format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                      k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.contype = 'f' AND c.relname ~ '^(requests|accounts)_'
        UNION ALL
        SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE NOT i.indisunique AND c.relname ~ '^requests_'
        UNION ALL
        SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', g.tgrelid::regclass, g.tgname),
               format('ALTER TABLE %s ENABLE TRIGGER %I', g.tgrelid::regclass, g.tgname)
        FROM pg_trigger g WHERE g.tgname ~ '^pgtrigger_keeps_turn_'
        """
    )
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    yield
    before = time.monotonic()
    for _, restore in found:
        cursor.execute(restore)
    report(f"index et contraintes{_seconds(time.monotonic() - before)}")


def _follow_sequences(cursor: Any) -> None:
    """Numbers given by hand are behind the counters of identities."""
    cursor.execute(
        """
        SELECT c.oid::regclass::text, a.attname, pg_get_serial_sequence(c.oid::regclass::text, a.attname)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE a.attidentity <> '' AND c.relname ~ '^(requests|accounts)_'
        """
    )
    for table, column, sequence in cursor.fetchall():
        cursor.execute(f"SELECT setval(%s, greatest(1, (SELECT max({column}) FROM {table})))", [sequence])  # noqa: S608


def _told(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
        row = cursor.fetchone()
    return str(row[0]) if row and row[0] else ""


def _mark() -> str:
    """What a template is made from: another schema, another script, and it is built again."""
    digest = hashlib.sha256()
    for pattern in ("*/migrations/*.py", "anct_portal/volume/*", "fixtures/**/*"):
        for path in sorted(path for path in env.BASE_DIR.glob(pattern) if path.is_file()):
            digest.update(path.read_bytes())
    return f"volume {digest.hexdigest()[:16]}"
