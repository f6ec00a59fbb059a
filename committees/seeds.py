"""Demonstration committees of 04, 90 and 48: seats by body and function, never by name (SCENARIOS 4)."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from committees.enums import College
from committees.models import Committee, CommitteeMember
from territories.models import Department

DEMO_DEPARTMENTS = ("04", "90", "48")
STARTS_ON = dt.date(2020, 11, 2)
#: College, body (« {of} »: the department with its article), function.
SEATS: tuple[tuple[College, str, str], ...] = (
    (College.STATE, "Préfecture {of}", "préfet, délégué territorial, président"),
    (College.STATE, "Direction départementale des territoires {of}", "directrice ou directeur"),
    (College.OPERATORS, "Ademe", "directrice ou directeur régional"),
    (College.OPERATORS, "Anah", "délégation locale"),
    (College.OPERATORS, "ANRU", "délégation territoriale"),
    (College.OPERATORS, "Banque des Territoires", "direction régionale"),
    (College.OPERATORS, "Cerema", "direction territoriale"),
    (College.COLLECTIVITIES, "Conseil départemental {of}", "présidente ou président, ou représentant"),
    (College.COLLECTIVITIES, "Conseil régional", "représentante ou représentant"),
    (College.COLLECTIVITIES, "Association départementale des maires", "présidente ou président, ou représentant"),
    (College.ENGINEERING, "Chambre de commerce et d’industrie {of}", "directrice ou directeur"),
    (College.ENGINEERING, "Conseil d’architecture, d’urbanisme et de l’environnement {of}", "directrice ou directeur"),
    (College.PARLIAMENT, "Parlementaires {of}", "députés et sénateurs du département"),
)


def demo(report: Callable[[str], None] = print) -> None:
    report(f"{seed_demo()} sièges de comités ajoutés")


@transaction.atomic
def seed_demo() -> int:
    """Creates what is missing and returns how many seats it added."""
    departments = {department.code: department for department in Department.objects.filter(code__in=DEMO_DEPARTMENTS)}
    Committee.objects.bulk_create(
        (Committee(department=department) for department in departments.values()), ignore_conflicts=True
    )
    empty = Committee.objects.filter(department__in=departments, members__isnull=True)
    seats = CommitteeMember.objects.bulk_create(
        CommitteeMember(
            committee=committee,
            college=college,
            body_name=body.format(of=departments[committee.department_id].of),
            quality=quality,
            starts_on=STARTS_ON,
            illustrative=True,
        )
        for committee in empty
        for college, body, quality in SEATS
    )
    return len(seats)
