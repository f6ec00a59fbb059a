"""One load of the reference territories: read, stage, judge everything, then write what differs, in one transaction."""

# ruff: noqa: S608  (names of tables and columns come from the literal tables of this package)
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from common.clock import now
from territories.loading import constants, sources, staging, wanted
from territories.loading.faults import Fault, RefusedError
from territories.loading.merge import Changes, merge
from territories.loading.rules import (
    ANNOUNCED,
    ARTICLE_OF_NAME,
    LINE_RULES,
    MOST_ARTICLES_APART,
    MOST_SUMS_APART,
    SUMS,
    Announced,
    Rule,
)
from territories.models import ReferenceLoad

#: Any two loads exclude each other; the number means nothing else.
_LOCK = 7_305_001
#: Hashed lists of 35 000 codes must stay in memory: the judgement is quadratic otherwise.
#: A table that the planner takes for empty is read once per row by a nested loop, while the load fills it: ten times
#: slower, and only when an autovacuum has just passed. Every join of a load is between whole tables.
_PLANS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off"
#: No load may retire more than this share of the current communes at once (the mergers of 2016 took 5 %).
MOST_RETIRED = 0.06


@dataclass(frozen=True)
class Outcome:
    changes: list[Changes]
    notes: list[Fault]
    rows_read: int

    @property
    def wrote(self) -> bool:
        return any(self.changes)


class _DryRunError(Exception):
    """Rolls the transaction back after everything was tried."""


def load(
    directory: Path,
    *,
    population_vintage: int,
    epci_population_column: str = "population",
    dry_run: bool = False,
    floors: bool = True,
    progress: Callable[[str], None] = lambda step: None,
) -> Outcome:
    """Loads the official geographic code of ``directory``. Raises ``RefusedError`` with every fault.

    Idempotent: a second identical load writes no row. Readers see the former territories until the end, then the new
    ones. A body that is no longer in the files is marked not current, never deleted.
    """
    progress("Lecture des fichiers")
    contents, digest, faults = sources.read(directory)
    outcome: Outcome | None = None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _begin(cursor)
            progress("Copie dans les tables de contrôle")
            for source in sources.SOURCES:
                if source.name in contents:
                    faults += staging.stage(cursor, source.table, source.file, source.columns, contents[source.name])
            if faults:
                raise RefusedError(faults)
            progress("Contrôle de chaque ligne")
            wanted.declare_constants(cursor)
            rows_read, notes = _judge(cursor, floors=floors)
            progress("Préparation des territoires")
            wanted.build(cursor, vintage=population_vintage, epci_population_column=epci_population_column)
            _refuse_a_collapse(cursor)
            progress("Écriture des différences")
            at = now()
            changes = merge(cursor, at.date())
            outcome = Outcome(changes, notes, rows_read)
            if outcome.wrote:
                progress("Vérification et enregistrement")
                _record(directory, digest, population_vintage, epci_population_column, at, changes)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            if dry_run:
                raise _DryRunError
            cursor.execute(f"DROP TABLE {', '.join(_temporary_tables())}")
    except _DryRunError:
        pass
    assert outcome is not None
    return outcome


def _temporary_tables() -> list[str]:
    """Dropped at the end: a caller's transaction may be longer than ours, and load twice."""
    return [*(source.table for source in sources.SOURCES), *wanted.TABLES]


def _begin(cursor: CursorWrapper) -> None:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
    if not cursor.fetchone()[0]:
        raise RefusedError([Fault("load_territories", 0, "un autre chargement est en cours ; attendez qu’il finisse")])
    cursor.execute(_PLANS)


def _judge(cursor: CursorWrapper, *, floors: bool) -> tuple[int, list[Fault]]:
    """Every rule on every line: raises if one is broken, else gives the number of lines and what is worth a word."""
    faults: list[Fault] = []
    notes: list[Fault] = []
    rows = 0
    for source in sources.SOURCES:
        cursor.execute(f"SELECT count(*) FROM {source.table}")
        count = cursor.fetchone()[0]
        rows += count
        if floors and count < source.floor:
            reason = f"{count} lignes, au moins {source.floor} attendues : le fichier est sans doute tronqué"
            faults.append(Fault(source.file, count + 1, reason))
        faults += _broken(cursor, source, LINE_RULES[source.name])
    for announced in ANNOUNCED:
        _compare_counts(cursor, announced, faults, notes)
    _compare_articles(cursor, faults, notes)
    if not faults:
        _compare_sums(cursor, faults, notes)
    if faults:
        raise RefusedError(faults)
    return rows, notes


def _broken(cursor: CursorWrapper, source: sources.Source, rules: list[Rule]) -> list[Fault]:
    """One reading of the table: the lines that break any rule, then which ones they break."""
    any_broken = " OR ".join(f"({rule.broken})" for rule in rules)
    each = ", ".join(
        f"({rank}, ({rule.broken}), {f's.{rule.shown}' if rule.shown else 'NULL'})" for rank, rule in enumerate(rules)
    )
    cursor.execute(
        f"SELECT b.line, r.rank, r.shown FROM (SELECT * FROM {source.table} s WHERE {any_broken}"
        f" LIMIT {staging.MOST_FAULTS_READ}) b"
        f" CROSS JOIN LATERAL (SELECT b.*) s CROSS JOIN LATERAL (VALUES {each}) r (rank, broken, shown)"
        " WHERE r.broken ORDER BY b.line, r.rank"
    )
    faults = []
    for line, rank, shown in cursor.fetchall():
        reason = rules[rank].reason
        quoted = f"{reason} (« {shown} »)" if shown else reason
        faults.append(Fault(source.file, line, quoted, reason))
    return faults


def _compare_counts(cursor: CursorWrapper, announced: Announced, faults: list[Fault], notes: list[Fault]) -> None:
    count = f"CASE WHEN s.{announced.announced} ~ '^[0-9]{{1,6}}$' THEN s.{announced.announced}::integer END"
    cursor.execute(
        f"SELECT s.line, s.nom, {count}, coalesce(c.found, 0) FROM staged_{announced.table} s"
        f" LEFT JOIN (SELECT {announced.grouped} AS code, count(*) AS found FROM staged_{announced.counted}"
        f" GROUP BY 1) c ON c.code = s.{announced.key} WHERE {count} <> coalesce(c.found, 0) ORDER BY s.line"
    )
    for line, name, expected, found in cursor.fetchall():
        reason = f"{name} : {announced.announced} annonce {expected}, {announced.counted}.csv en a {found}"
        fault = Fault(f"{announced.table}.csv", line, reason, f"{announced.counted}.csv incomplet")
        tolerated = abs(expected - found) <= announced.slack + expected // 20
        (notes if tolerated else faults).append(fault)


def _compare_sums(cursor: CursorWrapper, faults: list[Fault], notes: list[Fault]) -> None:
    for name, key, grouped in SUMS:
        cursor.execute(
            f"SELECT s.line, s.nom, s.population::integer, c.total, count(*) OVER (),"
            f" (SELECT count(*) FROM staged_{name}) FROM staged_{name} s"
            f" JOIN (SELECT {grouped} AS code, sum(population::integer) AS total"
            f" FROM staged_communes GROUP BY 1) c ON c.code = s.{key} WHERE s.population::integer <> c.total ORDER BY 1"
        )
        for line, label, population, total, apart, count in cursor.fetchall():
            reason = f"{label} : population {population}, somme de ses communes {total}"
            systematic = apart > max(2, count // MOST_SUMS_APART)
            target = faults if systematic else notes
            target.append(Fault(f"{name}.csv", line, reason, "population différente de la somme des communes"))


def _compare_articles(cursor: CursorWrapper, faults: list[Fault], notes: list[Fault]) -> None:
    cursor.execute(
        "SELECT s.line, s.nom, s.type_liaison FROM staged_communes s"
        f" WHERE {ARTICLE_OF_NAME} <> s.type_liaison ORDER BY 1"
    )
    rows = cursor.fetchall()
    kind = "type_liaison n’est pas celui de l’article du nom"
    target = faults if len(rows) > MOST_ARTICLES_APART else notes
    target += [Fault("communes.csv", line, f"{kind} (« {name} », {code})", kind) for line, name, code in rows]


def _refuse_a_collapse(cursor: CursorWrapper) -> None:
    cursor.execute(
        "SELECT count(*), count(*) FILTER (WHERE w.code IS NULL) FROM territories_collectivity t"
        " LEFT JOIN wanted_collectivity w ON w.code = t.code"
        " WHERE t.is_current AND NOT t.fictitious AND t.kind = 'commune'"
    )
    current, leaving = cursor.fetchone()
    if leaving > max(10, current * MOST_RETIRED):
        reason = f"{leaving} communes sur {current} disparaîtraient : la source est refusée"
        raise RefusedError([Fault("communes.csv", 0, reason)])


def _record(directory: Path, digest: str, vintage: int, column: str, at: dt.datetime, changes: list[Changes]) -> None:
    ReferenceLoad.objects.create(
        at=at,
        source=str(directory)[:255],
        digest=digest,
        population_vintage=vintage,
        epci_population_column=column,
        changes={change.label: change.counts for change in changes if change},
    )


#: The year of the populations in the files held by the project (in force since 1 January 2026).
POPULATION_VINTAGE = 2023
EPCI_POPULATION_COLUMNS = tuple(constants.EPCI_POPULATION_COLUMNS)
