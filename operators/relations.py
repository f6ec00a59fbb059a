"""The relations that ``matching.setwise`` reads, made of the tables of the portal: bodies and offers, of any number.

They say in SQL what ``territory_facts.facts_of`` and ``Offer.as_record`` say of one: a test compares them. Every text
is in the collation « C », so that lists of both sides can be compared.
"""

# ruff: noqa: S608 - statements are put together from this module's own words
from collections.abc import Iterable, Mapping

from operators.enums import Level, OfferStatus
from operators.matching.engine import FAMILY_ORDER
from operators.matching.setwise import NEED_COLUMNS, OFFER_COLUMNS
from operators.matching.vocabulary import FAMILY, NATION_CODE, BodyKind
from operators.territory_facts import OUTSIDE_VALUES
from territories.models.collectivity import OVERSEAS_COMMUNE

NOTHING = "'{}'::text[]"


def _quoted(values: Iterable[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def selected(columns: Mapping[str, str], types: Mapping[str, str]) -> str:
    """The columns in the order of their contract; a missing one raises."""
    found = []
    for name, kind in types.items():
        collated = ' COLLATE "C"' if kind.startswith("text") else ""
        found.append(f'({columns[name]})::{kind}{collated} AS "{name}"')
    return ", ".join(found)


def _list(query: str) -> str:
    return f"ARRAY({query})"


def bodies(condition: str = "true") -> str:
    """Every collectivity ``c`` that meets the condition, as a need that says nothing of its project. One parameter,
    named ``on``: the day."""
    return f"SELECT {selected(body_columns(), NEED_COLUMNS)} FROM territories_collectivity c WHERE {condition}"


def body_columns(on: str = "%(on)s") -> dict[str, str]:
    """Column of a need → what it is for a collectivity ``c`` on the day that the expression ``on`` gives."""
    groupings = (
        "SELECT a.code FROM territories_flatmembership f JOIN territories_collectivity a ON a.id = f.ancestor_id "
        f"WHERE f.member_id = c.id AND a.kind = '{BodyKind.EPCI}'"
    )
    departments = "SELECT l.department_id FROM territories_collectivitydepartment l WHERE l.collectivity_id = c.id"
    regions = (
        "SELECT DISTINCT d.region_id FROM territories_collectivitydepartment l "
        "JOIN territories_department d ON d.code = l.department_id "
        "WHERE l.collectivity_id = c.id AND d.region_id IS NOT NULL"
    )
    programmes = (
        "SELECT DISTINCT m.programme_id FROM programmes_programmemember m WHERE (m.collectivity_id = c.id "
        "OR m.collectivity_id IN (SELECT f.ancestor_id FROM territories_flatmembership f WHERE f.member_id = c.id)) "
        f"AND (m.starts_on IS NULL OR m.starts_on <= {on}) AND (m.ends_on IS NULL OR m.ends_on >= {on})"
    )
    said = (
        "SELECT p.code FROM operators_membership a JOIN operators_provider p ON p.id = a.provider_id "
        f"WHERE a.collectivity_id = c.id AND a.starts_on <= {on} AND (a.ends_on IS NULL OR a.ends_on > {on}) AND"
    )
    values = (
        "FROM territories_zoningvalue v JOIN territories_zoning z ON z.code = v.zoning_id "
        "WHERE v.collectivity_id = c.id"
    )
    inside = f"NOT z.is_numeric AND lower(v.value) NOT IN ({_quoted(sorted(OUTSIDE_VALUES))})"
    return {
        "id": "c.id",
        "on": on,
        "areas_nation": f"ARRAY['{NATION_CODE}']",
        "areas_region": _list(regions),
        "areas_department": f"coalesce(nullif({_list(departments)}, '{{}}'), ARRAY[c.department_id])",
        "areas_arrondissement": "array_remove(ARRAY[c.arrondissement_id], NULL)",
        "areas_epci": f"{_list(groupings)}::text[] || CASE WHEN c.kind = '{BodyKind.EPCI}' THEN ARRAY[c.code::text] "
        f"ELSE {NOTHING} END",
        "areas_commune": f"CASE WHEN c.kind = '{BodyKind.COMMUNE}' OR c.legal_form = '{OVERSEAS_COMMUNE}' "
        f"THEN ARRAY[c.code::text] ELSE {NOTHING} END",
        "kind": "ARRAY[c.kind]",
        "population": "c.population",
        "programmes": _list(programmes),
        "zonings_met": _list(f"SELECT z.code {values} AND {inside} UNION ALL SELECT z.code || '=' || v.value {values}"),
        "zonings_answered": _list(
            f"SELECT z.code {values} AND NOT z.is_numeric UNION ALL SELECT z.code || '=' {values}"
        ),
        "member_of": _list(f"{said} a.is_member"),
        "not_member_of": _list(f"{said} NOT a.is_member"),
        **dict.fromkeys(
            (
                "programmes_unknown",
                "themes",
                "subjects",
                "engineering_types",
                "services",
                "phase",
            ),
            NOTHING,
        ),
    }


def offers(condition: str = "true", statuses: Iterable[str] = (OfferStatus.PUBLISHED,)) -> str:
    """Every published offer ``f``, of an active provider ``p``, that meets the condition; ``statuses``: or in one of
    these states."""
    line = "SELECT v.code FROM operators_offercoverage v WHERE v.offer_id = f.id"
    families = " ".join(f"WHEN '{kind}' THEN {FAMILY_ORDER.index(family)}" for kind, family in FAMILY.items())
    subjects = (
        "SELECT s.code FROM operators_offer_subjects o JOIN operators_subject s ON s.id = o.subject_id "
        "WHERE o.offer_id = f.id"
    )
    token, code, bare = "unnest(f.zonings_required) AS t(token)", "split_part(token, '=', 1)", "token ~ '^[^=]*=?$'"
    columns = {
        **{name: f"f.{name}" for name in OFFER_COLUMNS},
        **{
            f"{part}_{level.value}": _list(
                f"{line} AND v.level = '{level.value}' AND {'v.excluded' if part == 'except' else 'NOT v.excluded'}"
            )
            for part in ("covers", "except")
            for level in Level
        },
        "family": f"CASE p.kind {families} END",
        "provider_code": "p.code",
        "subjects": _list(subjects),
        "zonings_required": _list(f"SELECT CASE WHEN {bare} THEN {code} ELSE token END FROM {token}"),
        "zoning_keys": _list(f"SELECT CASE WHEN {bare} THEN {code} ELSE {code} || '=' END FROM {token}"),
    }
    return (
        f"SELECT {selected(columns, OFFER_COLUMNS)} FROM operators_offer f "
        "JOIN operators_provider p ON p.id = f.provider_id "
        f"WHERE f.status IN ({_quoted(statuses)}) AND p.is_active AND ({condition})"
    )
