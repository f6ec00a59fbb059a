"""Where help is missing: each commune and intercommunalité held against the catalogue, by theme, set by set.

By the set-based execution of the rules, so that it can't differ from a proposal (tested). Bodies of which no offer can
tell one from another, by their areas, population, programmes and zonings, are read once.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction

from common import clock
from operators import relations
from operators.matching import setwise
from operators.matching.vocabulary import BodyKind, Theme
from operators.models import CoverageCell

KINDS = (BodyKind.COMMUNE, BodyKind.EPCI)
#: Days kept: each of the last ones, and the first of each month before.
DAYS = 31

#: Whoever computes holds this one.
LOCK = 20_270_401

_TELLING = [name for name in setwise.NEED_COLUMNS if name not in ("id", "population", "areas_commune")]
_ALIKE = ", ".join(f'b."{name}"' for name in _TELLING)


def _tables(condition: str) -> Mapping[str, str]:
    """Made one after the other, each counted by PostgreSQL before the next: without their sizes it would join badly.
    ``coverage_needs`` has one body of each group of ``coverage_alike``."""
    return {
        "coverage_offers": relations.offers(),
        "coverage_bodies": relations.bodies(condition),
        "coverage_alike": f"""
            WITH bounds AS (
              SELECT coalesce(array_agg(bound ORDER BY bound), '{{}}') AS every FROM (
                SELECT population_min AS bound FROM coverage_offers WHERE population_min IS NOT NULL
                UNION SELECT population_max + 1 FROM coverage_offers WHERE population_max IS NOT NULL
              ) found
            ),
            named AS (
              SELECT coalesce(array_agg(code), '{{}}') AS every
              FROM (SELECT DISTINCT unnest(covers_commune || except_commune) AS code FROM coverage_offers) found
            )
            SELECT min(b.id) AS id, array_agg(b.id) AS ids FROM coverage_bodies b CROSS JOIN bounds CROSS JOIN named
            GROUP BY {_ALIKE}, width_bucket(b.population, bounds.every),
                     CASE WHEN b.areas_commune && named.every THEN b.areas_commune END
        """,  # noqa: S608
        "coverage_needs": "SELECT b.* FROM coverage_bodies b JOIN coverage_alike USING (id)",
    }


def _cells() -> str:
    themes = ", ".join(f"('{theme.value}')" for theme in Theme)
    return f"""
        WITH helped AS (
          SELECT p.need, t.theme, min(p.family) AS family
          FROM ({setwise.pairs("coverage_needs", "coverage_offers")}) p JOIN coverage_offers o ON o.id = p.offer
          CROSS JOIN LATERAL unnest(o.themes) t (theme)
          WHERE p.failed IS NULL GROUP BY p.need, t.theme
        )
        INSERT INTO {CoverageCell._meta.db_table} AS cell
          ("on", department_id, theme, kind, bodies, inhabitants, uncovered, uncovered_inhabitants, bare, codes,
           computed_at)
        SELECT %(on)s, c.department_id, t.theme, c.kind, count(*), coalesce(sum(c.population), 0),
               count(*) FILTER (WHERE h.family IS DISTINCT FROM 0),
               coalesce(sum(c.population) FILTER (WHERE h.family IS DISTINCT FROM 0), 0),
               count(*) FILTER (WHERE h.family IS NULL),
               coalesce(array_agg(c.code ORDER BY c.code) FILTER (WHERE h.family IS DISTINCT FROM 0), '{{}}'),
               %(at)s
        FROM coverage_alike a CROSS JOIN LATERAL unnest(a.ids) body (id)
        JOIN territories_collectivity c ON c.id = body.id
        CROSS JOIN (VALUES {themes}) t (theme)
        LEFT JOIN helped h ON h.need = a.id AND h.theme = t.theme
        GROUP BY c.department_id, t.theme, c.kind
        ON CONFLICT ("on", department_id, theme, kind) DO UPDATE SET
          bodies = excluded.bodies, inhabitants = excluded.inhabitants, uncovered = excluded.uncovered,
          uncovered_inhabitants = excluded.uncovered_inhabitants, bare = excluded.bare, codes = excluded.codes,
          computed_at = excluded.computed_at
    """  # noqa: S608


def compute(on: dt.date | None = None, departments: Collection[str] | None = None) -> int:
    """Computes the cells of a day (today unless told), of all departments or of these; says how many were written.

    Computing again replaces what was written of that day. Whole or nothing."""
    values: dict[str, Any] = {"on": on or clock.today(), "at": clock.now(), "departments": sorted(departments or ())}
    kinds = ", ".join(f"'{kind.value}'" for kind in KINDS)
    condition = f"c.is_current AND NOT c.fictitious AND c.kind IN ({kinds})"
    if departments is not None:
        condition += " AND c.department_id = ANY(%(departments)s)"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '120s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])  # two at once would wait for each other's cells
        tables = _tables(condition)
        for name, query in tables.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {query}", values)
            cursor.execute(f"ANALYZE {name}")
        cursor.execute(_cells(), values)
        written = cursor.rowcount
        cursor.execute(f"DROP TABLE {', '.join(tables)}")
        return written


def purge(on: dt.date | None = None) -> int:
    """Forgets the days that are neither recent nor the first of a month; says how many cells went."""
    before = (on or clock.today()) - dt.timedelta(days=DAYS)
    return CoverageCell.objects.filter(on__lt=before).exclude(on__day=1).delete()[0]
