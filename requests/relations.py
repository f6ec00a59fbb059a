"""Requests as needs of ``matching.setwise``: in SQL, what ``services.routing.facts_for`` says of one (tested)."""

# ruff: noqa: S608 - statements are put together from this module's own words
from operators import relations
from operators.matching.setwise import NEED_COLUMNS
from operators.relations import NOTHING
from requests.services.routing import PHASES

#: The local day on which a request was filed.
FILED_ON = "(s.submitted_at AT TIME ZONE d.time_zone)::date"


def needs(condition: str = "true", on: str = "%(on)s") -> str:
    """Every request ``s``, of collectivity ``c`` in department ``d``, that meets the condition, judged on the day
    ``on``."""
    others = (
        "SELECT o.code FROM requests_supportrequest_other_subjects l JOIN operators_subject o ON o.id = l.subject_id "
        "WHERE l.supportrequest_id = s.id"
    )
    phases = " ".join(f"WHEN '{progress}' THEN ARRAY['{phase}']" for progress, phase in PHASES.items())
    columns = {
        **relations.body_columns(on),
        "id": "s.id",
        "population": "s.population",
        "themes": f"CASE WHEN s.themes <> '{{}}' THEN s.themes WHEN m.theme <> '' THEN ARRAY[m.theme] "
        f"ELSE {NOTHING} END",
        "subjects": f"CASE WHEN m.theme <> '' THEN ARRAY[m.code::text] ELSE {NOTHING} END || ARRAY({others})::text[]",
        "engineering_types": "s.engineering_types",
        "services": "s.services",
        "phase": f"CASE WHEN s.phase <> '' THEN ARRAY[s.phase] ELSE CASE s.progress {phases} ELSE {NOTHING} END END",
    }
    return (
        f"SELECT {relations.selected(columns, NEED_COLUMNS)} FROM requests_supportrequest s "
        "JOIN territories_collectivity c ON c.id = s.collectivity_id "
        "JOIN territories_department d ON d.code = s.department_id "
        f"JOIN operators_subject m ON m.id = s.subject_id WHERE {condition}"
    )
