"""Other thresholds of the agency's market: whom they gain and lose, and what the period's referrals would have cost.

« De moins de » stays strict. Nothing is invented: a request without a known cost, or without a known share on either
side, is counted and left out of the amounts.
"""

# ruff: noqa: S608 - statements are put together from this module's own words
import datetime as dt
from typing import Any

from django.db import connection

from common.errors import Conflict
from requests.models import FundingRule, SimulatedBody, Simulation
from requests.scenario import Band, FinancingScenario
from requests.services.funding import rule_on
from territories.enums import CollectivityKind

KINDS = {CollectivityKind.COMMUNE.value: "commune", CollectivityKind.EPCI.value: "grouping"}


def present(on: dt.date) -> FundingRule:
    """The rule in force. Raises ``Conflict`` when there is none: nothing to compare with."""
    rule = rule_on(on)
    if rule is None:
        raise Conflict("Aucune règle de prise en charge n’est en vigueur : enregistrez-en une dans l’administration.")
    return rule


def scenario_of(rule: FundingRule, **scope: Any) -> FinancingScenario:
    """The rule in force, as a scenario: what stands before."""
    share = None if rule.other_share is None else float(rule.other_share)
    shares = dict.fromkeys(("commune_share", "grouping_share", "other_share"), share)
    return FinancingScenario(commune_below=rule.commune_below, grouping_below=rule.grouping_below, **shares, **scope)


def compute(simulation: Simulation, scenario: FinancingScenario, rule: FundingRule) -> tuple[dict[str, Any], int]:
    """Writes the bodies gained and lost; returns the totals, and how many bodies were examined."""
    before = scenario_of(rule, start=scenario.start, end=scenario.end)
    given: dict[str, Any] = {
        "simulation": simulation.pk,
        "start": scenario.start,
        "end": scenario.end,
        "departments": list(scenario.departments),
    }
    with connection.cursor() as cursor:
        cursor.execute(_moved(before, scenario), given)
        summary: dict[str, Any] = {
            "before": {"commune_below": rule.commune_below, "grouping_below": rule.grouping_below},
            "bodies": _read(cursor, _totals(), given),
            "known": _read(cursor, _known(scenario), given),
            "costs": _read(cursor, _costs(before, scenario), given),
        }
    return summary, sum(row["bodies"] + row["unknown"] for row in summary["known"])


def _read(cursor: Any, statement: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    cursor.execute(statement, given)
    names = [column.name for column in cursor.description]
    return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | None) else float(value)


def _bodies(scenario: FinancingScenario) -> str:
    perimeter = " AND c.department_id = ANY(%(departments)s)" if scenario.departments else ""
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    return f"FROM territories_collectivity c WHERE c.is_current AND NOT c.fictitious AND c.kind IN ({kinds}){perimeter}"


def _funded(scenario: FinancingScenario) -> str:
    """Whether a body ``c`` is fully funded: strictly below the threshold of its kind."""
    arms = " ".join(
        f"WHEN '{kind}' THEN c.population < {int(getattr(scenario, f'{name}_below'))}" for kind, name in KINDS.items()
    )
    return f"(CASE c.kind {arms} END)"


def _moved(before: FinancingScenario, after: FinancingScenario) -> str:
    return (
        f"INSERT INTO {SimulatedBody._meta.db_table} "
        "(simulation_id, collectivity_id, department_id, kind, population, gained) "
        f"SELECT %(simulation)s, c.id, c.department_id, c.kind, c.population, {_funded(after)} {_bodies(after)} "
        f"AND c.population IS NOT NULL AND {_funded(before)} <> {_funded(after)}"
    )


def _totals() -> str:
    return (
        "SELECT department_id AS key, kind, gained, count(*) AS bodies, sum(population)::bigint AS inhabitants "
        f"FROM {SimulatedBody._meta.db_table} WHERE simulation_id = %(simulation)s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


def _known(scenario: FinancingScenario) -> str:
    """Bodies examined, those of unknown population apart, and the vintage of what is read."""
    return (
        "SELECT c.kind, count(c.population) AS bodies, count(*) FILTER (WHERE c.population IS NULL) AS unknown, "
        f"count(*) FILTER (WHERE {_funded(scenario)}) AS funded, max(c.population_vintage) AS vintage "
        f"{_bodies(scenario)} GROUP BY 1 ORDER BY 1"
    )


def _share(scenario: FinancingScenario) -> str:
    """The agency's share in percent for a request ``q`` (kind, population); null: case by case, or unknown."""

    def number(share: float | None) -> str:
        return "NULL" if share is None else str(float(share))

    def arms(bands: tuple[Band, ...]) -> str:
        whens = "WHEN q.population IS NULL THEN NULL "
        whens += " ".join(
            f"WHEN q.population < {int(band.below)} THEN {number(band.share)}"
            for band in bands
            if band.below is not None
        )
        return f"CASE {whens} ELSE {number(bands[-1].share)} END"

    kinds = " ".join(f"WHEN '{kind}' THEN {arms(scenario.bands(name))}" for kind, name in KINDS.items())
    return f"(CASE q.kind {kinds} ELSE {number(scenario.other_share)} END)::numeric"


def _costs(before: FinancingScenario, after: FinancingScenario) -> str:
    """By department: requests referred in the period, those whose cost is known, those counted (cost and both shares
    known), and the agency's part of these before and after, in euros without tax.

    The cost is the agreement's, else the referral's estimate; the population is that of the last test, else the
    request's. Where a rule says « case by case », the share agreed stands for it.
    """
    perimeter = " AND s.department_id = ANY(%(departments)s)" if after.departments else ""
    latest = "WHERE x.support_request_id = s.id ORDER BY"
    return f"""
        SELECT department_id AS key, count(*) AS requests, count(cost) AS known, count(was * becomes * cost) AS counted,
               coalesce(round(sum(cost) FILTER (WHERE was * becomes IS NOT NULL), 2), 0) AS cost,
               coalesce(round(sum(cost * was / 100) FILTER (WHERE becomes IS NOT NULL), 2), 0) AS before,
               coalesce(round(sum(cost * becomes / 100) FILTER (WHERE was IS NOT NULL), 2), 0) AS after
        FROM (
          SELECT q.*, coalesce({_share(before)}, q.agreed) AS was, coalesce({_share(after)}, q.agreed) AS becomes
          FROM (
            SELECT s.department_id, c.kind, coalesce(t.population, s.population) AS population,
                   coalesce(a.amount_excl_tax, r.cost_excl_tax) AS cost,
                   a.agency_share AS agreed
            FROM requests_supportrequest s JOIN territories_collectivity c ON c.id = s.collectivity_id
            JOIN territories_department d ON d.code = s.department_id
            LEFT JOIN LATERAL (SELECT x.population FROM requests_fundingtest x {latest} x.at DESC, x.id DESC
              LIMIT 1) t ON true
            LEFT JOIN LATERAL (SELECT x.cost_excl_tax FROM requests_referral x {latest} x.cost_excl_tax IS NULL,
              x.opened_at DESC LIMIT 1) r ON true
            LEFT JOIN LATERAL (SELECT x.amount_excl_tax, x.agency_share FROM requests_agreement x
              WHERE x.support_request_id = s.id AND x.cancelled_at IS NULL LIMIT 1) a ON true
            WHERE s.referred_at IS NOT NULL{perimeter}
              AND (s.referred_at AT TIME ZONE d.time_zone)::date BETWEEN %(start)s AND %(end)s
          ) q
        ) counted GROUP BY 1 ORDER BY 1
    """
