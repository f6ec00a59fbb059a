"""Where help is missing: each commune and intercommunalité held against the catalogue, by theme, set by set.

By the set-based execution of the rules, so that it can't differ from a proposal (tested). Bodies of which no offer can
tell one from another, by their areas, population, programmes and zonings, are read once.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from common import clock
from common.database import be_patient
from common.jobs import wake
from operators import relations
from operators.matching import setwise
from operators.matching.vocabulary import NATION_CODE, BodyKind, Theme
from operators.models import CoverageCell, CoverageJob, OfferReach
from territories.models import Collectivity

WORK = "operators.coverage"
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


#: Column of a body → those of an offer that it is held against.
_HELD: Mapping[str, tuple[str, ...]] = {
    **{f"areas_{level}": (f"covers_{level}", f"except_{level}") for level in ("region", "arrondissement", "epci")},
    "programmes": ("programmes_required",),
    "zonings_met": ("zonings_required",),
    "zonings_answered": ("zonings_required",),
}


def _read_bodies(condition: str) -> str:
    """As ``relations.bodies``, but that what no offer asks is not looked up: of a single subject, most columns."""
    columns = relations.body_columns()
    for name, asked in _HELD.items():
        some = " OR ".join(f"{column} <> '{{}}'" for column in asked)
        columns[name] = (
            f"CASE WHEN EXISTS (SELECT FROM coverage_offers WHERE {some}) THEN ({columns[name]})::text[] "
            f"ELSE {relations.NOTHING} END"
        )
    selected = relations.selected(columns, setwise.NEED_COLUMNS)
    return f"SELECT {selected} FROM territories_collectivity c WHERE {condition}"  # noqa: S608


def _tables(condition: str, of_offers: str = "true") -> Mapping[str, str]:
    """Relations of the bodies ``c`` and published offers ``f`` that meet these conditions, each made of those before.
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
        "coverage_offers": relations.offers(of_offers),
        "coverage_bodies": _read_bodies(condition),
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


def _counts(asked: str, answers: str) -> str:
    """What is counted for each department, kind of body and key ``asked`` (its ``key`` and ``theme``), from the
    relations of :func:`_tables`. ``answers`` joins an offer ``o`` to the ``t.key`` of those that it answers."""
    return f"""
        WITH helped AS (
          SELECT p.need, t.key, min(p.family) AS family
          FROM ({setwise.candidates("coverage_needs", "coverage_offers")}) p JOIN coverage_offers o ON o.id = p.offer
          {answers}
          GROUP BY p.need, t.key
        )
        SELECT t.key, c.department_id, t.theme, c.kind,
               count(*) AS bodies, coalesce(sum(c.population), 0) AS inhabitants,
               count(*) FILTER (WHERE h.family IS DISTINCT FROM 0) AS uncovered,
               coalesce(sum(c.population) FILTER (WHERE h.family IS DISTINCT FROM 0), 0) AS uncovered_inhabitants,
               count(*) FILTER (WHERE h.family IS NULL) AS bare,
               coalesce(array_agg(c.code ORDER BY c.code) FILTER (WHERE h.family IS DISTINCT FROM 0), '{{}}') AS codes
        FROM coverage_alike a CROSS JOIN LATERAL unnest(a.ids) body (id)
        JOIN territories_collectivity c ON c.id = body.id
        CROSS JOIN ({asked}) t
        LEFT JOIN helped h ON h.need = a.id AND h.key = t.key
        GROUP BY c.department_id, t.key, t.theme, c.kind
    """  # noqa: S608


def _cells() -> str:
    themes = ", ".join(f"('{theme.value}', '{theme.value}')" for theme in Theme)
    counts = _counts(
        f"SELECT * FROM (VALUES {themes}) v (key, theme)",  # noqa: S608
        "CROSS JOIN LATERAL unnest(o.themes) t (key)",
    )
    return f"""
        INSERT INTO {CoverageCell._meta.db_table} AS cell
          ("on", department_id, theme, kind, bodies, inhabitants, uncovered, uncovered_inhabitants, bare, codes,
           computed_at)
        SELECT %(on)s, department_id, theme, kind, bodies, inhabitants, uncovered, uncovered_inhabitants, bare, codes,
               %(at)s
        FROM ({counts}) counted
        ON CONFLICT ("on", department_id, theme, kind) DO UPDATE SET
          bodies = excluded.bodies, inhabitants = excluded.inhabitants, uncovered = excluded.uncovered,
          uncovered_inhabitants = excluded.uncovered_inhabitants, bare = excluded.bare, codes = excluded.codes,
          computed_at = excluded.computed_at
    """  # noqa: S608


def _bodies(departments: Collection[str] | None) -> str:
    """The condition of the bodies ``c`` counted. One parameter of its own, when departments are told."""
    kinds = ", ".join(f"'{kind.value}'" for kind in KINDS)
    condition = f"c.is_current AND NOT c.fictitious AND c.kind IN ({kinds})"
    return condition if departments is None else f"{condition} AND c.department_id = ANY(%(departments)s)"


def _values(on: dt.date | None, departments: Collection[str] | None) -> dict[str, Any]:
    return {"on": on or clock.today(), "at": clock.now(), "departments": sorted(departments or ())}


def compute(on: dt.date | None = None, departments: Collection[str] | None = None) -> int:
    """Computes the cells of a day (today unless told), of all departments or of these; says how many were written.

    Computing again replaces what was written of that day. Whole or nothing. Some departments of a day that has no
    others yet would be the whole of it to a reader: pages ask (:func:`ask`)."""
    values = _values(on, departments)
    with transaction.atomic(), connection.cursor() as cursor:
        be_patient(PATIENCE)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])  # two at once would wait for each other's cells
        tables = _tables(_bodies(departments))
        # each counted by PostgreSQL before the next: without their sizes it would join badly
        for name, query in tables.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {query}", values)
            cursor.execute(f"ANALYZE {name}")
        cursor.execute(_cells(), values)
        written = cursor.rowcount
        cursor.execute(f"DROP TABLE {', '.join(tables)}")
        return written


_ANSWERS = """
    JOIN (SELECT code COLLATE "C" AS key, theme COLLATE "C" AS theme FROM operators_subject
          WHERE code = ANY(%(subjects)s)) t
      ON t.theme = ANY(o.themes) AND (o.subjects = '{}' OR t.key = ANY(o.subjects))
"""
#: Published offers ``f`` that answer one of the subjects, as far as they say.
_ANSWERING = """
    f.themes && ARRAY(SELECT theme FROM operators_subject WHERE code = ANY(%(subjects)s))
    AND (NOT EXISTS (SELECT FROM operators_offer_subjects x WHERE x.offer_id = f.id)
         OR EXISTS (SELECT FROM operators_offer_subjects x JOIN operators_subject s ON s.id = x.subject_id
                    WHERE x.offer_id = f.id AND s.code = ANY(%(subjects)s)))
"""


def of_subjects(
    subjects: Collection[str], departments: Collection[str] | None = None, on: dt.date | None = None
) -> dict[str, list[CoverageCell]]:
    """Subject → its cells of the day, of all departments or of these: counted now by the same rules, and not kept.

    Writes nothing. Two statements."""
    tables = _tables(_bodies(departments), _ANSWERING)
    made = ", ".join(f"{name} AS MATERIALIZED ({query})" for name, query in tables.items())
    asked = 'SELECT code COLLATE "C" AS key, theme FROM operators_subject WHERE code = ANY(%(subjects)s)'
    values = _values(on, departments)
    found: dict[str, list[CoverageCell]] = {code: [] for code in subjects}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(
            f"WITH {made} SELECT * FROM ({_counts(asked, _ANSWERS)}) counted ORDER BY department_id, kind",  # noqa: S608
            values | {"subjects": sorted(found)},
        )
        names = [column.name for column in cursor.description or ()][1:]
        for key, *row in cursor.fetchall():
            cell = CoverageCell(on=values["on"], computed_at=values["at"], **dict(zip(names, row, strict=True)))
            found[key].append(cell)
    return found


def _touched(condition: str) -> str:
    """Each department where a published offer ``f`` touches a body, by its coverage; exclusions take nothing away."""
    body = f"territories_collectivity c ON {_bodies(None)}"
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


def ask(place: str) -> None:
    """Asks a worker to compute a department again, or the nation; a place that waits already is asked for once."""
    with transaction.atomic():
        job = CoverageJob.objects.undone().filter(place=place).select_for_update(skip_locked=True).first()
        if job is None:
            job = CoverageJob.objects.create(place=place)
        elif job.not_before is not None:  # put off after a failure: whoever asks again does not wait
            job.reopen()
            job.save()
        wake(WORK, job.pk)


def asked(place: str) -> CoverageJob | None:
    """The computation that this place waits for, asked of it or of the nation, which has it too; or else the last one,
    unless it failed and the place was computed since."""
    rows = CoverageJob.objects.filter(place__in={place, NATION_CODE})
    found = rows.undone().order_by("pk").first() or rows.order_by("-pk").first()
    if found is None or found.failed_at is None:
        return found
    cells = CoverageCell.objects.filter(computed_at__gt=found.failed_at)
    since = cells if place == NATION_CODE else cells.filter(department=place)
    return None if since.exists() else found


def follow(jobs: Sequence[CoverageJob]) -> None:
    """Computes today's cells again in the places asked, and where the offers that changed were and are; elsewhere
    nothing can differ.

    Where today has none yet, everything is computed: a day is whole, or the night's pass is still to come."""
    places = {job.place for job in jobs if job.place}
    offers = {job.offer_id for job in jobs if job.offer_id is not None}
    with transaction.atomic():
        be_patient(PATIENCE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if NATION_CODE in places or not OfferReach.objects.exists() or not _is_whole(clock.today()):
            compute_nation()
            return
        known = OfferReach.objects.filter(offer_id__in=offers)
        before = {code for row in known for code in row.departments}
        now = reach(offers)
        touched = places | before | {code for codes in now.values() for code in codes}
        if touched:
            compute(departments=touched)
        known.delete()
        OfferReach.objects.bulk_create(OfferReach(offer_id=pk, departments=found) for pk, found in now.items())


def _is_whole(on: dt.date) -> bool:
    """Whether every department that leads a body has cells of that day."""
    leading = Collectivity.objects.filter(is_current=True, fictitious=False, kind__in=KINDS)
    known = CoverageCell.objects.filter(on=on).order_by()
    return set(leading.order_by().values_list("department", flat=True).distinct()) <= set(
        known.values_list("department", flat=True).distinct()
    )


def purge(on: dt.date | None = None) -> int:
    """Forgets the days that are neither recent nor the first of a month; says how many cells went."""
    before = (on or clock.today()) - dt.timedelta(days=DAYS)
    return CoverageCell.objects.filter(on__lt=before).exclude(on__day=1).delete()[0]
