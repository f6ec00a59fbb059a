"""A period replayed on another catalogue, set by set: what each request is proposed before and after, and why.

Both catalogues are one relation whose offers have a side, so that what the scenario leaves alone is read once. Every
table is temporary and each batch is written whole, in the caller's transaction.
"""

# ruff: noqa: S608 - statements are put together from this module's own words
from typing import Any

from django.db import connection
from django.db.models import Q

from operators import relations
from operators.enums import OfferStatus
from operators.matching import setwise
from operators.models import Offer
from requests import relations as request_relations
from requests.enums import Shift
from requests.models import ScenarioOffer, SimulatedRequest, Simulation
from requests.scenario import RoutingScenario

#: Requests done in one transaction: whoever waits for a worker, or for a cancellation, waits for that long.
BATCH = 5_000
#: Offers kept of each proposal.
SHOWN = 3

Side = ScenarioOffer.Side
_SIDES = {"before": (Side.BOTH, Side.BEFORE), "after": (Side.BOTH, Side.AFTER)}


def _in(sides: tuple[Side, ...]) -> str:
    return ", ".join(f"'{side.value}'" for side in sides)


# --- the two catalogues ----------------------------------------------------------------------------------------------


def freeze(simulation: Simulation, scenario: RoutingScenario) -> None:
    """Writes both catalogues as they are now: the present one, and what the scenario makes of it."""
    added = "f.status = ANY(%s) OR f.code = ANY(%s)"
    table = ScenarioOffer._meta.db_table
    row = "to_jsonb(found) || jsonb_build_object('status', 'published')"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (simulation_id, code, side, record) "
            f"SELECT %s, code, '{Side.BOTH.value}', to_jsonb(found) FROM ({relations.offers()}) found",
            [simulation.pk],
        )
        if scenario.with_statuses or scenario.with_offers:
            unpublished = relations.offers(added, [status for status in OfferStatus if status != OfferStatus.PUBLISHED])
            cursor.execute(
                f"INSERT INTO {table} (simulation_id, code, side, record) SELECT %s, code, '{Side.AFTER.value}', "
                f"{row} || jsonb_build_object('id', -found.id) FROM ({unpublished}) found",
                [simulation.pk, list(scenario.with_statuses), list(scenario.with_offers)],
            )
    offers = ScenarioOffer.objects.filter(simulation=simulation)
    gone = Offer.objects.filter(
        Q(provider__kind__in=scenario.without_kinds)
        | Q(provider__code__in=scenario.without_providers)
        | Q(code__in=scenario.without_offers)
    ).values("code")
    offers.filter(side=Side.BOTH, code__in=gone).update(side=Side.BEFORE)
    offers.filter(side=Side.AFTER, code__in=gone).delete()
    for change in scenario.changes:
        _change(offers, simulation, change)


def _change(offers: Any, simulation: Simulation, change: Any) -> None:
    """An offer that the scenario has removed stays removed."""
    for offer in offers.filter(code=change.code).exclude(side=Side.BEFORE):
        record = change.applied(offer.record)
        if offer.side == Side.AFTER:
            offer.record = record
        else:
            offer.side = Side.BEFORE
            changed = ScenarioOffer(simulation=simulation, code=offer.code, side=Side.AFTER)
            changed.record = {**record, "id": -record["id"]}
            changed.save()
        offer.save()


# --- a batch ---------------------------------------------------------------------------------------------------------


def condition(scenario: RoutingScenario) -> str:
    """Which requests ``s`` of department ``d`` are replayed; values are those of :func:`values`."""
    words = f"{request_relations.FILED_ON} BETWEEN %(start)s AND %(end)s"
    # a bound on the column itself, a day wider than any time zone, for the index
    words += " AND s.submitted_at >= %(start)s::date - 1 AND s.submitted_at < %(end)s::date + 2"
    return words + (" AND s.department_id = ANY(%(departments)s)" if scenario.departments else "")


def values(simulation: Simulation, scenario: RoutingScenario, today: Any) -> dict[str, Any]:
    return {
        "simulation": simulation.pk,
        "start": scenario.start,
        "end": scenario.end,
        "departments": list(scenario.departments),
        "after": simulation.last_id,
        "up_to": simulation.up_to,
        "size": BATCH,
        "on": today,
    }


def extent(scenario: RoutingScenario, given: dict[str, Any]) -> tuple[int, int]:
    """How many requests are to be replayed, and the last one: what is filed later isn't part of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(s.id), 0) FROM requests_supportrequest s "
            f"JOIN territories_department d ON d.code = s.department_id WHERE {condition(scenario)}",
            given,
        )
        count, last = cursor.fetchone()
    return int(count), int(last)


def batch(scenario: RoutingScenario, given: dict[str, Any]) -> tuple[int, int]:
    """Replays the next requests and writes their rows; says how many, and which was the last."""
    with connection.cursor() as cursor:
        for name, query in _tables(scenario).items():
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {query}", given)
            cursor.execute(f"ANALYZE {name}")
        cursor.execute(_rows(), given)
        cursor.execute("SELECT count(*), max(id) FROM replay_batch")
        count, last = cursor.fetchone()
        cursor.execute(f"DROP TABLE {', '.join(_tables(scenario))}")
    return int(count), int(last or given["up_to"])


def _tables(scenario: RoutingScenario) -> dict[str, str]:
    """Made one after the other, each counted by PostgreSQL before the next joins it."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in setwise.OFFER_COLUMNS.items())
    collated = ", ".join(
        f'r."{name}"' + (' COLLATE "C"' if kind.startswith("text") else "") + f' AS "{name}"'
        for name, kind in setwise.OFFER_COLUMNS.items()
    )
    on = request_relations.FILED_ON if scenario.judged_on == "filing" else "%(on)s"
    proposals = ", ".join(
        f"min({name}_route) AS {name}, (array_agg(code ORDER BY {_RANK}) FILTER (WHERE side IN ({_in(sides)}) "
        f"AND family = {name}_route))[1:{SHOWN}] AS {name}_offers"
        for name, sides in _SIDES.items()
    )
    routes = ", ".join(
        f"min(family) FILTER (WHERE side IN ({_in(sides)})) OVER (PARTITION BY need) AS {name}_route"
        for name, sides in _SIDES.items()
    )
    return {
        "replay_offers": f"SELECT {collated}, o.side FROM requests_scenariooffer o "
        f"CROSS JOIN LATERAL jsonb_to_record(o.record) r({columns}) WHERE o.simulation_id = %(simulation)s",
        "replay_batch": "SELECT s.id FROM requests_supportrequest s "
        "JOIN territories_department d ON d.code = s.department_id "
        f"WHERE s.id > %(after)s AND s.id <= %(up_to)s AND {condition(scenario)} ORDER BY s.id LIMIT %(size)s",
        "replay_needs": request_relations.needs("s.id IN (SELECT id FROM replay_batch)", on),
        "replay_candidates": "SELECT p.*, o.side FROM "
        f"({setwise.candidates('replay_needs', 'replay_offers')}) p JOIN replay_offers o ON o.id = p.offer",
        "replay_found": f"SELECT need, {proposals} FROM (SELECT *, {routes} FROM replay_candidates) c GROUP BY need",
        "replay_moved": "SELECT n.*, f.before, f.after, f.before_offers[1] AS was, f.after_offers[1] AS becomes "
        "FROM replay_needs n JOIN replay_found f ON f.need = n.id WHERE f.before IS DISTINCT FROM f.after "
        "OR f.before_offers[1] IS DISTINCT FROM f.after_offers[1]",
        "replay_told": _reasons(),
    }


_RANK = 'family, score DESC, code COLLATE "C"'


def _reasons() -> str:
    """Why the first offer of a request is no longer the same: it is lost; else the new one is gained; else both are
    still there, in another order."""

    def open_to(code: str, side: Side) -> str:
        return (
            f"EXISTS (SELECT 1 FROM replay_candidates c WHERE c.need = m.id AND c.code = m.{code} "
            f"AND c.side IN ('{Side.BOTH.value}', '{side.value}'))"
        )

    def there(code: str, side: Side) -> str:
        return f"EXISTS (SELECT 1 FROM replay_offers o WHERE o.code = m.{code} AND o.side = '{side.value}')"

    def failing(code: str, side: Side) -> str:
        """Only what the scenario changed is read again; an offer that no longer meets the territory has no row."""
        only = f"(SELECT * FROM replay_offers WHERE side = '{side.value}')"
        return f"SELECT p.need, p.code, p.failed FROM ({setwise.pairs('replay_moved', only)}) p"

    return f"""
        WITH lost AS ({failing("was", Side.AFTER)}), barred AS ({failing("becomes", Side.BEFORE)}),
        judged AS (
          SELECT m.id, m.was, m.becomes, CASE
            WHEN m.was IS NOT NULL AND NOT {open_to("was", Side.AFTER)}
              THEN CASE WHEN {there("was", Side.AFTER)} THEN '{Shift.LOST.value}' ELSE '{Shift.REMOVED.value}' END
            WHEN NOT {open_to("becomes", Side.BEFORE)}
              THEN CASE WHEN {there("becomes", Side.BEFORE)} THEN '{Shift.GAINED.value}'
                   ELSE '{Shift.ADDED.value}' END
            ELSE '{Shift.RANKED.value}' END AS shift
          FROM replay_moved m
        )
        SELECT j.id AS need, j.shift,
               CASE WHEN j.shift IN ('{Shift.LOST.value}', '{Shift.REMOVED.value}')
                    THEN j.was ELSE j.becomes END AS offer,
               CASE j.shift
                 WHEN '{Shift.LOST.value}' THEN coalesce((SELECT l.failed FROM lost l WHERE l.need = j.id
                   AND l.code = j.was), 'territory')
                 WHEN '{Shift.GAINED.value}' THEN coalesce((SELECT b.failed FROM barred b WHERE b.need = j.id
                   AND b.code = j.becomes), 'territory')
                 ELSE '' END AS criterion
        FROM judged j
    """


def _rows() -> str:
    return f"""
        INSERT INTO {SimulatedRequest._meta.db_table}
          (simulation_id, support_request_id, department_id, theme, kept_local, "before", before_offers, "after",
           after_offers, shift, shift_offer, shift_criterion)
        SELECT %(simulation)s, s.id, s.department_id, coalesce(n.themes[1], ''), a.kind = 'LOCAL_OFFER',
               f.before, coalesce(f.before_offers, '{{}}'), f.after, coalesce(f.after_offers, '{{}}'),
               coalesce(t.shift, ''), coalesce(t.offer, ''), coalesce(t.criterion, '')
        FROM replay_needs n JOIN requests_supportrequest s ON s.id = n.id
        LEFT JOIN requests_routingassessment a ON a.id = s.assessment_id
        LEFT JOIN replay_found f ON f.need = n.id LEFT JOIN replay_told t ON t.need = n.id
    """


# --- totals ----------------------------------------------------------------------------------------------------------

_COUNTS = """
    count(*) AS requests, count(*) FILTER (WHERE "before" = 0) AS local_before,
    count(*) FILTER (WHERE "after" = 0) AS local_after, count(*) FILTER (WHERE shift <> '') AS changed,
    count(*) FILTER (WHERE "before" IS DISTINCT FROM "after") AS rerouted
"""


def summary(simulation: Simulation) -> dict[str, Any]:
    """Totals of the rows written: in all, by department, by theme, by reason."""
    table, key = SimulatedRequest._meta.db_table, [simulation.pk]

    def asked(columns: str, group: str = "") -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {table} WHERE simulation_id = %s {group}", key)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    kept = """count(kept_local) AS kept, count(*) FILTER (WHERE kept_local) AS kept_local,
              count(*) FILTER (WHERE kept_local <> ("before" IS NOT DISTINCT FROM 0)) AS kept_differs"""
    return {
        "all": asked(f"{_COUNTS}, {kept}")[0],
        "departments": asked(f"department_id AS key, {_COUNTS}", "GROUP BY 1 ORDER BY 1"),
        "themes": asked(f"theme AS key, {_COUNTS}", "GROUP BY 1 ORDER BY 1"),
        "routes": asked('"before", "after", count(*) AS requests', "GROUP BY 1, 2 ORDER BY 1, 2"),
        "shifts": asked("shift AS key, count(*) AS requests", "AND shift <> '' GROUP BY 1 ORDER BY 2 DESC, 1"),
    }
