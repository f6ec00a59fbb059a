"""Measures of the catalogue: what the coverage of the nation takes, whole, of a subject, and after an offer changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from common.bench import Measure, Result, timed
from common.database import take_role
from operators import coverage
from operators.models import CoverageCell, CoverageJob, Offer, OfferReach

#: Local offers of the catalogue of the nation; the operators' and the agency's come besides.
LOCAL = 1_540

#: Local offers spread over the departments: seven in ten cover one, others an EPCI, an arrondissement, twenty communes.
#: Each is one of the demonstration's by all else, but for the bounds of population of one in three.
_SPREAD = """
    CREATE TEMPORARY TABLE bench_offer AS
    WITH model AS (
      SELECT f.id, row_number() OVER (ORDER BY f.code) AS place, count(*) OVER () AS many
      FROM operators_offer f JOIN operators_provider p ON p.id = f.provider_id
      WHERE p.kind NOT IN ('operator', 'agency') AND f.code NOT LIKE 'bench-%%'
    ), desk AS (
      SELECT DISTINCT ON (department_id) id AS provider_id, department_id,
             dense_rank() OVER (ORDER BY department_id) AS place
      FROM operators_provider
      WHERE kind NOT IN ('operator', 'agency') AND department_id IN (
        SELECT department_id FROM territories_collectivity WHERE kind = 'epci' AND is_current)
      ORDER BY department_id, code
    )
    SELECT 'bench-' || i AS code, i, m.id AS model_id, d.provider_id, d.department_id,
           CASE WHEN i %% 10 < 7 THEN 'department' WHEN i %% 10 = 7 THEN 'epci' WHEN i %% 10 = 8 THEN 'arrondissement'
                ELSE 'commune' END AS level
    FROM generate_series(1, %(count)s) i
    JOIN model m ON m.place = 1 + i %% m.many
    JOIN desk d ON d.place = 1 + i %% (SELECT max(place) FROM desk)
"""
_COVERED = """
    INSERT INTO operators_offercoverage (offer_id, level, code, excluded)
    SELECT DISTINCT f.id, b.level, found.code, false FROM bench_offer b JOIN operators_offer f ON f.code = b.code
    CROSS JOIN LATERAL (
      SELECT b.department_id::text AS code WHERE b.level = 'department'
      UNION ALL (SELECT a.code FROM territories_arrondissement a
                 WHERE b.level = 'arrondissement' AND a.department_id = b.department_id
                 ORDER BY md5(a.code || b.i) LIMIT 1)
      UNION ALL (SELECT c.code FROM territories_collectivity c
                 WHERE b.level = c.kind AND c.department_id = b.department_id AND c.is_current
                 ORDER BY md5(c.code || b.i) LIMIT CASE b.level WHEN 'epci' THEN 1 ELSE 20 END)
    ) found
"""
#: Mayotte has no arrondissement.
_LEFT = """
    INSERT INTO operators_offercoverage (offer_id, level, code, excluded)
    SELECT f.id, 'department', b.department_id, false FROM bench_offer b JOIN operators_offer f ON f.code = b.code
    WHERE NOT EXISTS (SELECT 1 FROM operators_offercoverage v WHERE v.offer_id = f.id)
"""
_OWN = {
    "uuid": "gen_random_uuid()",
    "code": "b.code",
    "provider_id": "b.provider_id",
    "status": "'published'",
    "capacity_left": "NULL",
    "valid_to": "NULL",
    "population_min": "CASE WHEN b.i % 6 = 1 THEN 200 * (b.i % 11) ELSE NULL END",
    "population_max": "CASE WHEN b.i % 6 = 2 THEN 3499 WHEN b.i % 6 = 1 THEN 9999 ELSE NULL END",
}


def top_up(local: int) -> None:
    """The published local offers become so many: some are added, or set aside. Statistics follow."""
    published = Offer.objects.published().exclude(provider__kind__in=["operator", "agency"])
    kept = list(published.order_by("pk").values_list("pk", flat=True)[:local])
    published.exclude(pk__in=kept).update(status="draft")
    columns = [str(field.column) for field in Offer._meta.concrete_fields if not field.primary_key]
    taken = ", ".join(_OWN.get(name, f"m.{name}") for name in columns)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET LOCAL statement_timeout = 0")  # only the owner counts rows
        if local > len(kept):
            cursor.execute(_SPREAD, {"count": local - len(kept)})
            cursor.execute(
                f"INSERT INTO operators_offer ({', '.join(columns)}) SELECT {taken} "  # noqa: S608
                "FROM bench_offer b JOIN operators_offer m ON m.id = b.model_id"
            )
            cursor.execute(_COVERED)
            cursor.execute(_LEFT)
            cursor.execute("DROP TABLE bench_offer")
        cursor.execute("ANALYZE operators_offer, operators_offercoverage")
    take_role(connection=connection)


@contextmanager
def catalogue_of(local: int) -> Iterator[None]:
    """A catalogue of so many local offers for as long as it is measured: taken back at the end."""
    with transaction.atomic():
        top_up(local)
        yield
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; ANALYZE operators_offer, operators_offercoverage")
    take_role(connection=connection)


def measures() -> Iterator[Measure | Result]:
    with catalogue_of(LOCAL):
        told = f"{Offer.objects.published().count():,} offers"
        spent = timed(coverage.compute_nation)
        cells = CoverageCell.objects.latest_day()
        bodies = sum(cells.filter(theme="TER").values_list("bodies", flat=True))
        detail = f"{told}, {bodies:,} bodies, {len(cells)} cells"
        yield Result("coverage of the nation", spent / 1000, "s", 10, detail=detail, median=spent)
        one = Offer.objects.filter(code__startswith="bench-", coverage__level="department").order_by("pk").first()
        if one is not None:
            reached = OfferReach.objects.get(pk=one.pk).departments
            again = timed(lambda: coverage.follow([CoverageJob(offer_id=one.pk)]))
            detail = f"{told}, an offer of {len(reached)} department"
            yield Result("coverage, one offer changed", again / 1000, "s", 1, detail=detail, median=again)
        spent = timed(lambda: coverage.of_subjects(["commerce"]))
        yield Result("coverage, one subject of the nation", spent / 1000, "s", 1.5, detail=told, median=spent)
