"""Zonings as facts: a list of (code, value) becomes rows; what it does not say stays unknown, never false nor zero."""

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from common.events import emit
from territories.events import FactsLoaded
from territories.loading.faults import Fault, RefusedError
from territories.loading.sources import file_faults
from territories.models import Zoning, ZoningValue

#: Headers under which lists give the commune's code.
CODE_COLUMNS = ("code", "code_insee", "insee", "codgeo", "code_commune", "siren")
_DECIMAL = re.compile(r"-?\d{1,11}([.,]\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Known:
    """A zoning that the portal knows: how it is called, and in which column its usual list gives it."""

    label: str
    columns: tuple[str, ...]
    source: str
    vintage: str
    unit: str = ""
    is_numeric: bool = False


KNOWN: dict[str, Known] = {
    "frr": Known(
        "Classement France ruralités revitalisation",
        ("frr_2025_07", "frr"),
        "Direction générale des collectivités locales",
        "juillet 2025",
    ),
    "densite": Known("Grille communale de densité", ("densite7", "densite"), "Insee", "sept niveaux"),
    "massif": Known("Massif de montagne", ("massif",), "Observatoire des territoires", ""),
    "revenu_median": Known(
        "Revenu médian par unité de consommation",
        ("revenu_median_uc_2021", "revenu_median"),
        "Insee, Filosofi",
        "2021",
        unit="€",
        is_numeric=True,
    ),
    "chomage": Known(
        "Taux de chômage de la zone d’emploi",
        ("taux_chomage_ze_2025t4", "taux_chomage"),
        "Insee",
        "4ᵉ trimestre 2025",
        unit="%",
        is_numeric=True,
    ),
}


@dataclass
class ZoningOutcome:
    added: int = 0
    changed: int = 0
    removed: int = 0
    unknown: int = 0
    mapped: int = 0
    skipped: list[Fault] = field(default_factory=list)

    @property
    def wrote(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    code: str
    value: str


def load_zoning(
    code: str,
    path: Path,
    *,
    column: str = "",
    label: str = "",
    vintage: str = "",
    numeric: bool = False,
    dry_run: bool = False,
    skip_invalid: bool = False,
    progress: Callable[[str], None] = lambda step: None,
) -> ZoningOutcome:
    """Makes the portal's values of zoning ``code`` those of the file: idempotent, all or nothing, bad lines by number.

    An empty cell is unknown: no row. A former commune's code counts for the commune of today, unless the file also has
    the latter's own line; two former codes that disagree are a fault. A commune left out by the file
    becomes unknown.
    """
    code = code.strip().lower()
    known = KNOWN.get(code)
    vintage = vintage or (known.vintage if known else "")
    most = ZoningValue._meta.get_field("vintage").max_length or 0
    if len(vintage) > most:
        raise RefusedError([Fault(path.name, 0, f"millésime de plus de {most} caractères (« {vintage} »)")])
    progress("Lecture du fichier")
    rows, faults = _read(path, column, known)
    outcome = ZoningOutcome(unknown=sum(not row.value for row in rows))
    rows = [row for row in rows if row.value]
    numeric = numeric or (known is not None and known.is_numeric)
    with transaction.atomic(), connection.cursor() as cursor:
        zoning = Zoning.objects.filter(code=code).first() or Zoning.objects.create(
            code=code,
            label=label or (known.label if known else code),
            source=known.source if known else "",
            unit=known.unit if known else "",
            is_numeric=numeric,
        )
        if zoning.is_numeric:
            kind = "nombre attendu"
            faults += [
                Fault(path.name, row.line, f"{kind} (« {row.value} »)", kind)
                for row in rows
                if not _DECIMAL.fullmatch(row.value)
            ]
        progress("Rapprochement des communes")
        faults += _stage(cursor, path.name, rows, bad={fault.line for fault in faults})
        if faults and not skip_invalid:
            raise RefusedError(faults)
        outcome.skipped = sorted(faults, key=lambda fault: fault.line)
        cursor.execute("SELECT count(*) FROM staged_zoning WHERE mapped")
        outcome.mapped = cursor.fetchone()[0]
        progress("Écriture des différences")
        _write(cursor, zoning, vintage, outcome)
        if dry_run:
            transaction.set_rollback(True)
        elif outcome.wrote:
            emit(FactsLoaded())
    return outcome


def _read(path: Path, column: str, known: Known | None) -> tuple[list[_Row], list[Fault]]:
    try:
        data = path.read_bytes()
    except OSError:
        raise RefusedError([Fault(path.name, 0, "le fichier manque ou est illisible")]) from None
    if faults := file_faults(path.name, data, None):
        raise RefusedError(faults)
    text = data.decode()
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(reader)]
    code_at = next((rank for rank, name in enumerate(header) if name.lower() in CODE_COLUMNS), None)
    if code_at is None:
        raise RefusedError([Fault(path.name, 1, f"aucune colonne de code ({', '.join(CODE_COLUMNS)})")])
    value_at = _value_column(path.name, header, code_at, column, known)
    rows: list[_Row] = []
    for cells in reader:
        if len(cells) != len(header):
            reason = f"{len(cells)} colonnes au lieu de {len(header)}"
            faults.append(Fault(path.name, reader.line_num, reason, "nombre de colonnes"))
            continue
        rows.append(_Row(reader.line_num, cells[code_at].strip().upper(), cells[value_at].strip()))
    return rows, faults


def _value_column(file: str, header: list[str], code_at: int, column: str, known: Known | None) -> int:
    wanted: Iterable[str] = (column,) if column else known.columns if known else ()
    for name in wanted:
        if name in header:
            return header.index(name)
    if not column and len(header) == 2:
        return 1 - code_at
    asked = f"la colonne « {column} » manque" if column else "précisez --column"
    raise RefusedError([Fault(file, 1, f"{asked} ; colonnes présentes : {', '.join(header)}")])


def _stage(cursor: CursorWrapper, file: str, rows: list[_Row], bad: set[int]) -> list[Fault]:
    """Copies the good rows, finds the body of each, drops those that its own line overrules; returns the bad ones."""
    cursor.execute(
        "CREATE TEMPORARY TABLE staged_zoning (line integer, code text, value text, collectivity_id bigint,"
        " mapped boolean DEFAULT false) ON COMMIT DROP"
    )
    with cursor.copy("COPY staged_zoning (line, code, value) FROM STDIN") as copy:
        for row in rows:
            if row.line not in bad:
                copy.write_row((row.line, row.code, row.value[:120]))
    cursor.execute("ANALYZE staged_zoning")
    for key in ("code", "siren"):
        cursor.execute(
            f"UPDATE staged_zoning s SET collectivity_id = c.id FROM territories_collectivity c"  # noqa: S608
            f" WHERE s.collectivity_id IS NULL AND c.is_current AND c.{key} = s.code"
        )
    cursor.execute(
        "UPDATE staged_zoning s SET collectivity_id = f.collectivity_id, mapped = true FROM territories_formercode f"
        " WHERE s.collectivity_id IS NULL AND f.code = s.code"
    )
    cursor.execute("ANALYZE staged_zoning")
    cursor.execute(
        "DELETE FROM staged_zoning m USING staged_zoning s"
        " WHERE m.mapped AND NOT s.mapped AND s.collectivity_id = m.collectivity_id"
    )
    cursor.execute(
        "SELECT line, code, CASE WHEN s.collectivity_id IS NULL THEN 'code inconnu' WHEN d.mapped"
        " THEN 'autre valeur que celle d’une commune réunie à la même' ELSE 'code en double' END FROM staged_zoning s"
        " LEFT JOIN (SELECT collectivity_id, bool_or(mapped) AS mapped FROM staged_zoning GROUP BY 1"
        " HAVING count(DISTINCT value) > 1 OR (count(*) > 1 AND NOT bool_or(mapped))) d"
        " ON d.collectivity_id = s.collectivity_id"
        " WHERE s.collectivity_id IS NULL OR d.collectivity_id IS NOT NULL ORDER BY line"
    )
    faults = [Fault(file, line, f"{kind} (« {code} »)", kind) for line, code, kind in cursor.fetchall()]
    if faults:
        cursor.execute("DELETE FROM staged_zoning WHERE line = ANY (%s)", [[fault.line for fault in faults]])
    return faults


def _write(cursor: CursorWrapper, zoning: Zoning, vintage: str, outcome: ZoningOutcome) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE wanted_zoning ON COMMIT DROP AS"
        " SELECT DISTINCT collectivity_id, value,"
        " CASE WHEN %s THEN replace(value, ',', '.')::numeric(14, 3) END AS number FROM staged_zoning",
        [zoning.is_numeric],
    )
    cursor.execute("ANALYZE wanted_zoning")
    cursor.execute(
        "DELETE FROM territories_zoningvalue v WHERE zoning_id = %s AND NOT EXISTS"
        " (SELECT FROM wanted_zoning w WHERE w.collectivity_id = v.collectivity_id)",
        [zoning.code],
    )
    outcome.removed = cursor.rowcount
    cursor.execute(
        "UPDATE territories_zoningvalue v SET value = w.value, number = w.number, vintage = %s FROM wanted_zoning w"
        " WHERE v.zoning_id = %s AND w.collectivity_id = v.collectivity_id"
        " AND (v.value, v.number, v.vintage) IS DISTINCT FROM (w.value, w.number, %s)",
        [vintage, zoning.code, vintage],
    )
    outcome.changed = cursor.rowcount
    cursor.execute(
        "INSERT INTO territories_zoningvalue (zoning_id, collectivity_id, value, number, vintage)"
        " SELECT %s, collectivity_id, value, number, %s FROM wanted_zoning w WHERE NOT EXISTS"
        " (SELECT FROM territories_zoningvalue v WHERE v.zoning_id = %s AND v.collectivity_id = w.collectivity_id)",
        [zoning.code, vintage, zoning.code],
    )
    outcome.added = cursor.rowcount
    cursor.execute("DROP TABLE staged_zoning, wanted_zoning")
