"""Invariants of the territories that no constraint of one table can hold."""

from collections.abc import Iterator

from django.db import connection

#: What is broken, and the statement that finds it (code of each row at fault).
_RULES: tuple[tuple[str, str], ...] = (
    (
        "les adhésions ouvertes et la table à plat ne disent pas la même chose de",
        """
        WITH RECURSIVE reached (member_id, ancestor_id) AS (
          SELECT member_id, grouping_id FROM territories_membership WHERE until IS NULL
          UNION
          SELECT r.member_id, m.grouping_id FROM reached r
          JOIN territories_membership m ON m.member_id = r.ancestor_id AND m.until IS NULL
        ), flat AS (SELECT member_id, ancestor_id FROM territories_flatmembership)
        SELECT DISTINCT c.code FROM (
          (TABLE reached EXCEPT TABLE flat) UNION ALL (TABLE flat EXCEPT TABLE reached)
        ) d JOIN territories_collectivity c ON c.id = d.member_id
        """,
    ),
    (
        "une boucle d’adhésions passe par",
        """
        SELECT c.code FROM territories_flatmembership f JOIN territories_collectivity c ON c.id = f.member_id
        WHERE f.member_id = f.ancestor_id
        """,
    ),
    (
        "le département principal n’est pas parmi les départements de",
        """
        SELECT c.code FROM territories_collectivity c WHERE NOT EXISTS (
          SELECT FROM territories_collectivitydepartment l
          WHERE l.collectivity_id = c.id AND l.is_lead AND l.department_id = c.department_id)
        """,
    ),
    (
        "une adhésion reste ouverte vers, ou depuis, un organisme qui n’existe plus :",
        """
        SELECT m.code FROM territories_membership e
        JOIN territories_collectivity m ON m.id = e.member_id JOIN territories_collectivity g ON g.id = e.grouping_id
        WHERE e.until IS NULL AND NOT (m.is_current AND g.is_current)
        """,
    ),
    (
        "un ancien code est aussi celui d’une commune actuelle :",
        """
        SELECT f.code FROM territories_formercode f JOIN territories_collectivity c ON c.code = f.code AND c.is_current
        """,
    ),
    (
        "un territoire n’a pas de guichet :",
        """
        SELECT d.code FROM territories_department d WHERE d.is_current
        AND EXISTS (SELECT FROM territories_desk) AND NOT EXISTS (
          SELECT FROM territories_desk k WHERE k.department_id = d.code)
        """,
    ),
)


def breaches() -> Iterator[str]:
    """One sentence for each row that breaks a rule."""
    with connection.cursor() as cursor:
        for sentence, statement in _RULES:
            cursor.execute(f"{statement} ORDER BY 1")
            for (code,) in cursor.fetchall():
                yield f"{sentence} {code}"
