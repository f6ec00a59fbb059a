"""Organisations that exist by rule, and the persons of the demonstration. Both may run again: they change nothing."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.demonstration import ACCOUNTS, DOMAIN, PASSWORD, SHARED_MAILBOX
from accounts.enums import ActEnd, OrganisationKind
from accounts.models import Mandate, Organisation
from accounts.services.people import ensure_organisation, ensure_person, set_official_address
from accounts.services.signatures import ActText, ensure_act
from common.actor import Matter, Role
from territories.models import Collectivity, Desk

Report = Callable[[str], Any]

#: Code → (kind, name, short name). The five operators are a closed set (DOMAIN 5.3).
NATIONAL_BODIES: dict[str, tuple[OrganisationKind, str, str]] = {
    "anct": (OrganisationKind.AGENCY, "Agence nationale de la cohésion des territoires", "ANCT"),
    "anah": (OrganisationKind.OPERATOR, "Agence nationale de l’habitat", "Anah"),
    "anru": (OrganisationKind.OPERATOR, "Agence nationale pour la rénovation urbaine", "ANRU"),
    "cerema": (
        OrganisationKind.OPERATOR,
        "Centre d’études et d’expertise sur les risques, l’environnement, la mobilité et l’aménagement",
        "Cerema",
    ),
    "bdt": (OrganisationKind.OPERATOR, "Banque des Territoires", "Banque des Territoires"),
    "ademe": (OrganisationKind.OPERATOR, "Agence de la transition écologique", "Ademe"),
}

#: Provence-Alpes-Côte d'Azur and Corse share one territorial officer (DOMAIN 1.2).
SOUTH = ("04", "05", "06", "13", "83", "84", "2A", "2B")

PREFECT_CHANGED = dt.date(2026, 9, 2)
NEW_ORDER = dt.date(2026, 9, 14)


def reference(report: Report) -> None:
    """The Agency, the five operators, and one organisation per desk."""
    for code, (kind, name, short_name) in NATIONAL_BODIES.items():
        ensure_organisation(code, kind, name, short_name=short_name)
    desks = list(Desk.objects.select_related("department"))
    known = {body.code: body for body in Organisation.objects.filter(kind=OrganisationKind.DESK)}
    with transaction.atomic():
        for desk in desks:
            _ensure_desk(desk, known.get(desk_code(desk.department_id)))
    report(f"{len(desks)} guichets, l’Agence et cinq opérateurs")


def desk_code(department: str) -> str:
    """The code of a desk's organisation: « guichet-04 »."""
    return f"guichet-{department.lower()}"


def _ensure_desk(desk: Desk, organisation: Organisation | None) -> None:
    department = desk.department
    wanted: dict[str, Any] = {
        "name": f"{desk.label}, {department.label}",
        "short_name": f"{desk.service_acronym or 'Guichet'} {department.code}",
        "department_id": department.code,
        "email": desk.email.lower(),
        "telephone": desk.telephone,
    }
    if organisation is None:
        Organisation.objects.create(code=desk_code(department.code), kind=OrganisationKind.DESK, **wanted)
    elif any(getattr(organisation, key) != value for key, value in wanted.items()):
        for key, value in wanted.items():
            setattr(organisation, key, value)
        organisation.save(update_fields=list(wanted))


@transaction.atomic
def demo(report: Report) -> None:
    """Every account of ``accounts.demonstration``, all with the same known password: never without DEBUG."""
    if not settings.DEBUG:
        raise RuntimeError("demonstration accounts have a known password: they need DEBUG=True")
    bodies = _organisations()
    _collectivities()
    _officials()
    _desk_of_04(bodies)
    _desk_of_90(bodies)
    _around_the_desk(bodies)
    _nation(bodies)
    report(f"{len(ACCOUNTS)} comptes de démonstration")


def _organisations() -> dict[str, Organisation]:
    bodies = {body.code: body for body in Organisation.objects.filter(code__isnull=False) if body.code}
    missing = [code for code in (*NATIONAL_BODIES, desk_code("04"), desk_code("90")) if code not in bodies]
    if missing:
        raise RuntimeError(f"run the reference seeds first: {', '.join(missing)} missing")
    for code, kind, name, short_name in (
        ("atd-04", OrganisationKind.PROVIDER, "Ingénierie et territoires 04 (IT04)", "IT04"),
        ("prefecture-04", OrganisationKind.STATE_SERVICE, "Préfecture des Alpes-de-Haute-Provence", "Préfecture 04"),
        ("comite-04", OrganisationKind.COMMITTEE, "Comité local de cohésion territoriale (04)", "Comité local 04"),
    ):
        bodies[code] = ensure_organisation(code, kind, name, short_name=short_name, department_id="04")
    return bodies


def _collectivities() -> None:
    set_official_address(_collectivity("04121"), SHARED_MAILBOX)
    set_official_address(_collectivity("90052"), f"mairie-giromagny@{DOMAIN}")
    set_official_address(_collectivity("200067437"), f"accueil-p2a@{DOMAIN}")


def _account(name: str, person: str, role: Role, function: str, since: dt.date, **fields: Any) -> Mandate:
    """``person``: « Mme Jeanne Bruyère »."""
    civility, first_name, last_name = person.split(" ", 2)
    return ensure_person(
        email=f"{name}@{DOMAIN}",
        civility=civility,
        first_name=first_name,
        last_name=last_name,
        role=role,
        function=function,
        starts_on=since,
        password=PASSWORD,
        **fields,
    )


def _officials() -> None:
    elected = dt.date(2020, 5, 28)
    mezel, giromagny, agglomeration = map(_collectivity, ("04121", "90052", "200067437"))
    _account("maire", "Mme Jeanne Bruyère", Role.OFFICIAL, "maire", elected, collectivity=mezel)
    _account(
        "secretaire",
        "Mme Odile Tilleul",
        Role.SECRETARY,
        "secrétaire générale de mairie",
        dt.date(2021, 9, 1),
        collectivity=mezel,
    )
    _account("maire2", "M. Paul Sureau", Role.OFFICIAL, "maire", elected, collectivity=giromagny)
    _account("epci", "Mme Claire Vigne", Role.OFFICIAL, "présidente", dt.date(2020, 7, 10), collectivity=agglomeration)


def _desk_of_04(bodies: dict[str, Organisation]) -> None:
    desk = {"organisation": bodies[desk_code("04")], "department": "04"}
    _account("instructeur", "M. Luc Frêne", Role.INSTRUCTOR, "instructeur au guichet", dt.date(2021, 1, 4), **desk)
    _account("suivi", "M. Yves Noyer", Role.FOLLOW_UP_OFFICER, "chargé de suivi", dt.date(2022, 3, 1), **desk)
    deputy = _account(
        "adjoint",
        "Mme Hélène Charme",
        Role.DEPUTY,
        "directrice départementale des territoires",
        dt.date(2022, 10, 3),
        **desk,
    )
    former = ensure_person(
        civility="M.",
        first_name="Marc",
        last_name="Tremble",
        role=Role.DELEGATE,
        function="préfet",
        department="04",
        starts_on=dt.date(2023, 8, 21),
        ends_on=PREFECT_CHANGED,
    )
    prefect = _account("delegue", "M. Henri Aubier", Role.DELEGATE, "préfet", PREFECT_CHANGED, department="04")
    quality = "la directrice départementale des territoires"
    old = ensure_act(
        delegating=former,
        signatory=deputy,
        text=ActText(
            number="2023-240-002",
            gazette="RAA spécial n° 04-2023-188",
            signed_on=dt.date(2023, 8, 25),
            published_on=dt.date(2023, 8, 28),
            starts_on=dt.date(2023, 8, 28),
            quality_block=quality,
            matters=tuple(Matter),
        ),
    )
    if old.ends_on is None:
        old.ends_on, old.ended_reason = PREFECT_CHANGED, ActEnd.CHANGE_OF_PREFECT
        old.save(update_fields=["ends_on", "ended_reason"])
    ensure_act(
        delegating=prefect,
        signatory=deputy,
        text=ActText(
            number="2026-257-003",
            gazette="RAA spécial n° 04-2026-211",
            signed_on=dt.date(2026, 9, 11),
            published_on=NEW_ORDER,
            starts_on=NEW_ORDER,
            quality_block=quality,
            matters=tuple(Matter),
        ),
    )


def _desk_of_90(bodies: dict[str, Organisation]) -> None:
    _account(
        "instructeur2",
        "Mme Sylvie Aulne",
        Role.INSTRUCTOR,
        "instructrice au guichet",
        dt.date(2021, 1, 4),
        organisation=bodies[desk_code("90")],
        department="90",
    )


def _around_the_desk(bodies: dict[str, Organisation]) -> None:
    _account(
        "sousprefet",
        "M. Alain Cormier",
        Role.SUB_PREFECT,
        "sous-préfet de Forcalquier",
        dt.date(2024, 9, 2),
        organisation=bodies["prefecture-04"],
        department="04",
        arrondissement="044",
    )
    _account(
        "chefprojet",
        "Mme Nadia Sorbier",
        Role.PROJECT_LEADER,
        "cheffe de projet Villages d’avenir",
        dt.date(2024, 2, 1),
        organisation=bodies["prefecture-04"],
        department="04",
        collectivities=[_collectivity("04022"), _collectivity("04134")],
    )
    _account(
        "offreur",
        "M. Denis Micocoulier",
        Role.PROVIDER,
        "directeur",
        dt.date(2020, 1, 6),
        organisation=bodies["atd-04"],
        department="04",
    )
    _account(
        "clct",
        "M. Bernard Houx",
        Role.COMMITTEE_MEMBER,
        "membre du comité local",
        dt.date(2020, 11, 17),
        organisation=bodies["comite-04"],
        department="04",
    )


def _nation(bodies: dict[str, Organisation]) -> None:
    agency = bodies["anct"]
    since = dt.date(2020, 1, 2)
    _account(
        "cmt",
        "Mme Anne Érable",
        Role.CMT,
        "chargée de mission territoriale",
        since,
        organisation=agency,
        departments=SOUTH,
    )
    _account("anct", "M. Pierre Mélèze", Role.NATIONAL, "instructeur national", since, organisation=agency)
    _account("dg", "Mme Laure Cyprès", Role.DIRECTOR_GENERAL, "directrice générale", since, organisation=agency)
    for code, person, function in (
        ("anah", "Mme Irène Buis", "correspondante nationale"),
        ("anru", "M. Karim Genêt", "correspondant national"),
        ("cerema", "M. Olivier Alisier", "correspondant national"),
        ("bdt", "Mme Camille Saule", "correspondante nationale"),
        ("ademe", "M. Julien Orme", "correspondant national"),
    ):
        _account(code, person, Role.OPERATOR, function, since, organisation=bodies[code])
    administrator = _account(
        "admin",
        "Mme Michèle Laurier",
        Role.ADMINISTRATOR,
        "administratrice fonctionnelle",
        since,
        organisation=agency,
    ).user
    if not (administrator.is_staff and administrator.is_superuser):
        administrator.is_staff = administrator.is_superuser = True
        administrator.save(update_fields=["is_staff", "is_superuser"])


def _collectivity(code: str) -> Collectivity:
    return Collectivity.objects.get(code=code)
