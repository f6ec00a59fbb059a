"""From wanted rows to the portal's tables: only what differs is written, so that a second identical load writes no row.

``UPDATE`` and ``INSERT`` stand apart: ``ON CONFLICT DO UPDATE … WHERE`` would lock, hence write, every row that it
leaves alone.
"""

# ruff: noqa: S608  (names of tables and columns come from the literal tables of this package)
import datetime as dt
from dataclasses import dataclass, field

from django.db.backends.utils import CursorWrapper

from territories.enums import CollectivityKind
from territories.models.collectivity import REFERENCE_KINDS
from territories.services import graph


@dataclass
class Changes:
    """What a load does to one kind of row: labels of those added, changed, no longer current."""

    label: str
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def counts(self) -> dict[str, int]:
        return {"added": len(self.added), "changed": len(self.changed), "removed": len(self.removed)}


def _columns(names: tuple[str, ...], alias: str) -> str:
    return ", ".join(f'{alias}."{name}"' for name in names)


def _merge_rows(cursor: CursorWrapper, changes: Changes, table: str, wanted: str, columns: tuple[str, ...]) -> None:
    """Updates the rows of ``table`` that differ from those of ``wanted`` by code, then adds those that miss."""
    others = tuple(name for name in columns if name != "code")
    assigned = ", ".join(f'"{name}" = w."{name}"' for name in others)
    cursor.execute(
        f"UPDATE {table} t SET {assigned} FROM {wanted} w WHERE t.code = w.code"
        f" AND ({_columns(others, 't')}) IS DISTINCT FROM ({_columns(others, 'w')}) RETURNING t.code, t.name"
    )
    changes.changed += [f"{code} {name}" for code, name in cursor.fetchall()]
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {_columns(columns, 'w')} FROM {wanted} w"
        f" WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.code = w.code) RETURNING code, name"
    )
    changes.added += [f"{code} {name}" for code, name in cursor.fetchall()]


def _retire_rows(cursor: CursorWrapper, changes: Changes, table: str, wanted: str, condition: str = "true") -> None:
    cursor.execute(
        f"UPDATE {table} t SET is_current = false WHERE is_current AND {condition}"
        f" AND NOT EXISTS (SELECT FROM {wanted} w WHERE w.code = t.code) RETURNING t.code, t.name"
    )
    changes.removed += [f"{code} {name}" for code, name in cursor.fetchall()]


_AREAS = (
    (
        "régions",
        "region",
        ("code", "name", "liaison", "zone", "chief_town_code", "chief_town", "population", "is_current"),
    ),
    (
        "départements et collectivités d’outre-mer",
        "department",
        (
            *("code", "name", "region_id", "kind", "zone", "liaison", "time_zone", "prefecture_name"),
            *("chief_town_code", "chief_town", "population", "population_vintage", "is_current"),
        ),
    ),
    ("arrondissements", "arrondissement", ("code", "name", "department_id", "chief_town_code", "is_current")),
)
_COLLECTIVITY_COLUMNS = (
    *("kind", "code", "name", "other_names", "liaison", "legal_form", "insee_code", "siren", "population"),
    *("population_vintage", "population_column", "populations", "department_id", "arrondissement_id", "postal_codes"),
    *("latitude", "longitude", "is_current"),
)


def merge(cursor: CursorWrapper, today: dt.date) -> list[Changes]:
    """Brings every table to what the sources say. In the caller's transaction: readers see all of it or nothing."""
    done = []
    for label, name, columns in _AREAS:
        changes = Changes(label)
        _merge_rows(cursor, changes, f"territories_{name}", f"wanted_{name}", columns)
        _retire_rows(cursor, changes, f"territories_{name}", f"wanted_{name}")
        done.append(changes)
    done += [_merge_collectivities(cursor), _merge_department_links(cursor), _merge_memberships(cursor, today)]
    done.append(_merge_former_codes(cursor))
    return done


def _merge_collectivities(cursor: CursorWrapper) -> Changes:
    changes = Changes("collectivités")
    table = "territories_collectivity"
    _merge_rows(cursor, changes, table, "wanted_collectivity", _COLLECTIVITY_COLUMNS)
    kinds = ", ".join(f"'{kind}'" for kind in sorted(REFERENCE_KINDS))
    _retire_rows(cursor, changes, table, "wanted_collectivity", f"NOT fictitious AND kind IN ({kinds})")
    if changes.added:
        cursor.execute(f"ANALYZE {table}")
    return changes


def _merge_department_links(cursor: CursorWrapper) -> Changes:
    """Of the bodies of the sources only: staff say on which departments a syndicate stands."""
    changes = Changes("départements des collectivités")
    cursor.execute(
        """
        DELETE FROM territories_collectivitydepartment t USING territories_collectivity c
        WHERE c.id = t.collectivity_id AND EXISTS (SELECT FROM wanted_collectivity w WHERE w.code = c.code)
          AND NOT EXISTS (SELECT FROM wanted_department_link w WHERE w.code = c.code
                          AND w.department_id = t.department_id AND w.is_lead = t.is_lead)
        RETURNING c.code, t.department_id
        """
    )
    changes.removed += [f"{code} · {department}" for code, department in cursor.fetchall()]
    cursor.execute(
        """
        INSERT INTO territories_collectivitydepartment (collectivity_id, department_id, is_lead)
        SELECT c.id, w.department_id, w.is_lead FROM wanted_department_link w
        JOIN territories_collectivity c ON c.code = w.code
        WHERE NOT EXISTS (SELECT FROM territories_collectivitydepartment t
                          WHERE t.collectivity_id = c.id AND t.department_id = w.department_id)
        RETURNING collectivity_id, department_id
        """
    )
    changes.added += [f"{key} · {department}" for key, department in cursor.fetchall()]
    return changes


def _merge_memberships(cursor: CursorWrapper, today: dt.date) -> Changes:
    """Commune → EPCI, commune → EPT, EPT → métropole. Memberships of syndicates and PETR are the staff's."""
    changes = Changes("adhésions")
    cursor.execute(
        """
        UPDATE territories_membership t SET until = greatest(%(today)s, t.since)
        FROM territories_collectivity m, territories_collectivity g
        WHERE t.until IS NULL AND m.id = t.member_id AND g.id = t.grouping_id
          AND g.kind IN (%(epci)s, %(ept)s) AND NOT g.fictitious AND NOT m.fictitious
          AND NOT EXISTS (SELECT FROM wanted_membership w WHERE w.member = m.code AND w.grouping = g.code)
        RETURNING m.code, g.code
        """,
        {"today": today, "epci": CollectivityKind.EPCI.value, "ept": CollectivityKind.EPT.value},
    )
    changes.removed += [f"{member} → {grouping}" for member, grouping in cursor.fetchall()]
    # the day a membership began is known only when the portal saw the body change hands
    cursor.execute(
        """
        INSERT INTO territories_membership (member_id, grouping_id, since)
        SELECT m.id, g.id, CASE WHEN known.member_id IS NOT NULL THEN %(today)s::date END
        FROM wanted_membership w
        JOIN territories_collectivity m ON m.code = w.member
        JOIN territories_collectivity g ON g.code = w.grouping
        LEFT JOIN (SELECT DISTINCT member_id FROM territories_membership) known ON known.member_id = m.id
        WHERE NOT EXISTS (SELECT FROM territories_membership t
                          WHERE t.member_id = m.id AND t.grouping_id = g.id AND t.until IS NULL)
        RETURNING member_id, grouping_id
        """,
        {"today": today},
    )
    changes.added += [f"{member} → {grouping}" for member, grouping in cursor.fetchall()]
    if changes:
        cursor.execute("ANALYZE territories_membership")
        graph.refresh(cursor)
    return changes


def _merge_former_codes(cursor: CursorWrapper) -> Changes:
    """A code that leads to another body is corrected, one that is a commune's again dropped; the others stay."""
    changes = Changes("anciens codes")
    cursor.execute(
        """
        UPDATE territories_formercode t SET collectivity_id = c.id, name = w.name, kind = w.kind
        FROM wanted_former_code w JOIN territories_collectivity c ON c.code = w.current_code
        WHERE t.code = w.code AND (t.collectivity_id, t.name, t.kind) IS DISTINCT FROM (c.id, w.name, w.kind)
        RETURNING t.code
        """
    )
    changes.changed += [code for (code,) in cursor.fetchall()]
    cursor.execute(
        """
        INSERT INTO territories_formercode (code, collectivity_id, name, kind)
        SELECT w.code, c.id, w.name, w.kind FROM wanted_former_code w
        JOIN territories_collectivity c ON c.code = w.current_code
        WHERE NOT EXISTS (SELECT FROM territories_formercode t WHERE t.code = w.code)
        RETURNING code
        """
    )
    changes.added += [code for (code,) in cursor.fetchall()]
    cursor.execute(
        """
        DELETE FROM territories_formercode t WHERE EXISTS (SELECT FROM wanted_collectivity w WHERE w.code = t.code)
        RETURNING t.code
        """
    )
    changes.removed += [code for (code,) in cursor.fetchall()]
    return changes
