"""Where help is missing: each commune and intercommunalité held against the catalogue, by theme, set by set.

By the set-based execution of the rules, so that it can't differ from a proposal (tested). Bodies of which no offer can
tell one from another, by their areas, population, programmes and zonings, are read once.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from common import clock
from common.database import be_patient
from operators import relations
from operators.matching import setwise
from operators.matching.vocabulary import BodyKind, Theme
from operators.models import CoverageCell, CoverageJob, OfferReach

KINDS = (BodyKind.COMMUNE, BodyKind.EPCI)
#: Days kept: each of the last ones, and the first of each month before.
DAYS = 31

#: A statement of the nation lasts longer than a page's, in seconds.
PATIENCE = 120
#: Whoever computes holds this one.
LOCK = 20_270_401

#: Levels of which a body's code tells it from others only when an offer names it: nearly all bodies have one at most.
_NAMED = ("commune", "epci", "arrondissement")
_TELLING = [
    name for name in setwise.NEED_COLUMNS if name not in ("id", "population", *(f"areas_{level}" for level in _NAMED))
]
_ALIKE = ", ".join(f'b."{name}"' for name in _TELLING)


def _tables(condition: str) -> Mapping[str, str]:
    """Made one after the other, each counted by PostgreSQL before the next: without their sizes it would join badly.
    ``coverage_needs`` has one body of each group of ``coverage_alike``."""
    named = " ".join(
        f"LEFT JOIN (SELECT DISTINCT unnest(covers_{level} || except_{level}) AS code FROM coverage_offers) {level} "  # noqa: S608
        f"ON {level}.code = b.areas_{level}[1]"
        for level in _NAMED
    )
    told = ", ".join(
        f"CASE WHEN {level}.code IS NOT NULL OR cardinality(b.areas_{level}) > 1 THEN b.areas_{level} END"
        for level in _NAMED
    )
    return {
        "coverage_offers": relations.offers(),
        "coverage_bodies": relations.bodies(condition),
        "coverage_alike": f"""
            WITH bounds AS (
              SELECT coalesce(array_agg(bound ORDER BY bound), '{{}}') AS every FROM (
                SELECT population_min AS bound FROM coverage_offers WHERE population_min IS NOT NULL
                UNION SELECT population_max + 1 FROM coverage_offers WHERE population_max IS NOT NULL
              ) found
            )
            SELECT min(b.id) AS id, array_agg(b.id) AS ids FROM coverage_bodies b CROSS JOIN bounds {named}
            GROUP BY {_ALIKE}, width_bucket(b.population, bounds.every), {told}
        """,  # noqa: S608
        "coverage_needs": "SELECT b.* FROM coverage_bodies b JOIN coverage_alike USING (id)",
    }


def _cells() -> str:
    themes = ", ".join(f"('{theme.value}')" for theme in Theme)
    return f"""
        WITH helped AS (
          SELECT p.need, t.theme, min(p.family) AS family
          FROM ({setwise.candidates("coverage_needs", "coverage_offers")}) p JOIN coverage_offers o ON o.id = p.offer
          CROSS JOIN LATERAL unnest(o.themes) t (theme)
          GROUP BY p.need, t.theme
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
        be_patient(PATIENCE)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])  # two at once would wait for each other's cells
        tables = _tables(condition)
        for name, query in tables.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {query}", values)
            cursor.execute(f"ANALYZE {name}")
        cursor.execute(_cells(), values)
        written = cursor.rowcount
        cursor.execute(f"DROP TABLE {', '.join(tables)}")
        return written


def _touched(condition: str) -> str:
    """Each department where a published offer ``f`` touches a body, by its coverage; exclusions take nothing away."""
    kinds = ", ".join(f"'{kind.value}'" for kind in KINDS)
    body = f"territories_collectivity c ON c.is_current AND NOT c.fictitious AND c.kind IN ({kinds})"
    place = "territories_collectivitydepartment l"
    return f"""
        SELECT v.offer_id, t.department_id FROM operators_offercoverage v
        JOIN operators_offer f ON f.id = v.offer_id AND f.status = 'published'
        JOIN operators_provider p ON p.id = f.provider_id AND p.is_active
        JOIN (
          SELECT 'nation' AS level, 'FR' AS code, c.department_id FROM territories_department d
            JOIN {body} AND c.department_id = d.code
          UNION SELECT 'region', d.region_id, c.department_id FROM {place}
            JOIN territories_department d ON d.code = l.department_id JOIN {body} AND c.id = l.collectivity_id
          UNION SELECT 'department', l.department_id, c.department_id FROM {place}
            JOIN {body} AND c.id = l.collectivity_id
          UNION SELECT 'department', d.code, c.department_id FROM territories_department d
            JOIN {body} AND c.department_id = d.code
          UNION SELECT 'arrondissement', a.code, c.department_id FROM territories_arrondissement a
            JOIN {body} AND c.arrondissement_id = a.code
          UNION SELECT 'epci', g.code, c.department_id FROM territories_collectivity g
            JOIN territories_flatmembership m ON m.ancestor_id = g.id JOIN {body} AND c.id = m.member_id
            WHERE g.kind = 'epci'
          UNION SELECT 'epci', c.code, c.department_id FROM territories_department d
            JOIN {body} AND c.department_id = d.code AND c.kind = 'epci'
          UNION SELECT 'commune', c.code, c.department_id FROM territories_department d
            JOIN {body} AND c.department_id = d.code AND c.kind = 'commune'
        ) t ON t.level = v.level AND t.code = v.code
        WHERE NOT v.excluded AND {condition}
    """  # noqa: S608


def reach(offers: Collection[int] | None = None) -> dict[int, list[str]]:
    """Published offer, or those of these that are published → the departments that it touches. One query."""
    condition = "true" if offers is None else "f.id = ANY(%(offers)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT offer_id, array_agg(DISTINCT department_id ORDER BY department_id) "  # noqa: S608
            f"FROM ({_touched(condition)}) found GROUP BY 1",
            {"offers": list(offers or ())},
        )
        return dict(cursor.fetchall())


def compute_nation() -> int:
    """Today's cells of the nation, and the reach of every offer: the night's pass."""
    with transaction.atomic():
        written = compute()
        OfferReach.objects.all().delete()
        OfferReach.objects.bulk_create(OfferReach(offer_id=pk, departments=found) for pk, found in reach().items())
    return written


def follow(jobs: Sequence[CoverageJob]) -> None:
    """Computes today's cells again where the offers that changed were and are; elsewhere nothing can differ.

    Where today has none yet, everything is computed: a day is whole, or the night's pass is still to come."""
    offers = {job.offer_id for job in jobs}
    with transaction.atomic():
        be_patient(PATIENCE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        known = OfferReach.objects.filter(offer_id__in=offers)
        before = {code for row in known for code in row.departments}
        now = reach(offers)
        if not OfferReach.objects.exists() or not _is_whole(clock.today()):
            compute_nation()
            return
        touched = before | {code for codes in now.values() for code in codes}
        if touched:
            compute(departments=touched)
        known.delete()
        OfferReach.objects.bulk_create(OfferReach(offer_id=pk, departments=found) for pk, found in now.items())


def _is_whole(on: dt.date) -> bool:
    """Whether the cells of a day are those of every department of the last day before."""
    cells = CoverageCell.objects.filter(on__lte=on).values("on").annotate(many=Count("department", distinct=True))
    last = list(cells.order_by("-on").values_list("on", "many")[:2])
    return bool(last) and last[0][0] == on and all(many <= last[0][1] for _, many in last)


def purge(on: dt.date | None = None) -> int:
    """Forgets the days that are neither recent nor the first of a month; says how many cells went."""
    before = (on or clock.today()) - dt.timedelta(days=DAYS)
    return CoverageCell.objects.filter(on__lt=before).exclude(on__day=1).delete()[0]
