"""Persons and organisations: first visit, official addresses, and the idempotent builder that seeds use."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import events
from accounts.enums import MandateStatus, OrganisationKind, Proof
from accounts.models import Mandate, Organisation, User, normalise_email
from common import clock
from common.actor import Role
from common.errors import Invalid
from common.events import emit
from territories.models import Arrondissement, Collectivity, Department


@transaction.atomic
def register(
    *,
    first_name: str,
    last_name: str,
    civility: str = "",
    telephone: str = "",
    email: str = "",
    mailbox: Organisation | None = None,
) -> User:
    """A person's first visit, once his address is proven: his own ``email``, or the ``mailbox`` he shares, where the
    same names are the same person (a form sent twice makes one)."""
    if bool(email) == bool(mailbox):
        raise Invalid("Une personne a sa propre adresse, ou partage celle de sa collectivité.", field="email")
    names = {"first_name": first_name.strip(), "last_name": last_name.strip()}
    if mailbox is not None:
        Organisation.objects.select_for_update().get(pk=mailbox.pk)
        known = User.objects.filter(mailbox=mailbox, is_active=True, is_staff=False, is_superuser=False, **names)
        if (person := known.first()) is not None:
            return person
    try:
        with transaction.atomic():
            return User.objects.create_user(
                email or None, civility=civility, telephone=telephone.strip(), mailbox=mailbox, **names
            )
    except IntegrityError as error:
        raise Invalid("Cette adresse a déjà un compte.", field="email") from error


def ensure_unaddressed(civility: str, first_name: str, last_name: str) -> User:
    """A person who does not sign in, known by his names only: a prefect, whose agents record what he signs."""
    return _ensure_user(
        email="",
        mailbox=None,
        password=None,
        names={"first_name": first_name.strip(), "last_name": last_name.strip(), "civility": civility, "telephone": ""},
    )


@transaction.atomic
def set_official_address(collectivity: Collectivity, email: str, *, telephone: str = "") -> Organisation:
    """Records the official address of a collectivity: whoever controls it proves a mandate there."""
    wanted = {
        "name": collectivity.label,
        "department_id": collectivity.department_id,
        "email": normalise_email(email),
        "telephone": telephone,
    }
    organisation, created = Organisation.objects.get_or_create(
        kind=OrganisationKind.COLLECTIVITY, collectivity=collectivity, defaults=wanted
    )
    return organisation if created else _refresh(organisation, wanted)


@transaction.atomic
def ensure_organisation(code: str, kind: OrganisationKind, name: str, **fields: Any) -> Organisation:
    """The organisation of that code, created or brought up to date. Idempotent; for seeds and loaders."""
    if fields.get("email"):
        fields["email"] = normalise_email(fields["email"])
    wanted = {"kind": kind, "name": name, **fields}
    organisation, created = Organisation.objects.get_or_create(code=code, defaults=wanted)
    return organisation if created else _refresh(organisation, wanted)


def _refresh(organisation: Organisation, wanted: dict[str, Any]) -> Organisation:
    """Writes only what differs."""
    changed = [key for key, value in wanted.items() if getattr(organisation, key) != value]
    for key in changed:
        setattr(organisation, key, wanted[key])
    if changed:
        organisation.save(update_fields=changed)
    return organisation


@transaction.atomic
def ensure_person(
    *,
    role: Role,
    function: str,
    last_name: str,
    first_name: str = "",
    civility: str = "",
    email: str = "",
    telephone: str = "",
    organisation: Organisation | None = None,
    department: Department | str | None = None,
    departments: Iterable[Department | str] = (),
    collectivity: Collectivity | None = None,
    collectivities: Iterable[Collectivity] = (),
    arrondissement: Arrondissement | str | None = None,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    ad_interim: bool = False,
    proof: Proof = Proof.APPOINTMENT,
    mailbox: Organisation | None = None,
    password: str | None = None,
) -> Mandate:
    """A person and his confirmed mandate, created or brought up to date; returns the mandate. Idempotent; for seeds.

    A person is recognised by his ``email``; without one (a prefect, a person of a shared ``mailbox``) by his names. A
    mandate is recognised by its person, role, bodies and ``starts_on``. ``ends_on`` is the first day without it; a
    mandate ended since by a service is left as it is. ``password`` is set at creation only. No event is emitted.
    """
    user = _ensure_user(
        email=email,
        mailbox=mailbox,
        password=password,
        names={"first_name": first_name, "last_name": last_name, "civility": civility, "telephone": telephone},
    )
    if collectivity is not None and department is None:
        department = collectivity.department_id
    today = clock.today()
    since = dt.datetime.combine(starts_on, dt.time(9), ZoneInfo(settings.TIME_ZONE))
    ended = ends_on is not None and ends_on <= today
    mandate, created = Mandate.objects.get_or_create(
        user=user,
        role=role.value,
        organisation=organisation,
        collectivity=collectivity,
        department_id=_code(department),
        arrondissement_id=_code(arrondissement),
        starts_on=starts_on,
        defaults={
            "function": function,
            "ad_interim": ad_interim,
            "ends_on": ends_on,
            "status": MandateStatus.ENDED if ended else MandateStatus.CONFIRMED,
            "proof": proof,
            "confirmed_at": since,
            "created_at": since,
            "declared_name": user.full_name if mailbox else "",
        },
    )
    if not created and mandate.function != function:
        mandate.function = function
        mandate.save(update_fields=["function"])
    codes = [code for code in map(_code, departments) if code]
    if codes:
        mandate.departments.set(Department.objects.filter(pk__in=codes))
    bodies = list(collectivities)
    if bodies:
        mandate.collectivities.set(bodies)
    return mandate


@transaction.atomic
def choose_password(user: User, password: str) -> None:
    """Checked already. Told by mail to whoever it belongs to; the other sessions of this person end."""
    user.set_password(password)
    user.save(update_fields=["password"])
    emit(events.PasswordChanged(person_id=user.pk))


def _ensure_user(*, email: str, mailbox: Organisation | None, password: str | None, names: dict[str, str]) -> User:
    if email:
        user = User.objects.filter(email=normalise_email(email)).first()
    else:
        user = User.objects.filter(
            email__isnull=True, mailbox=mailbox, first_name=names["first_name"], last_name=names["last_name"]
        ).first()
    if user is None:
        return User.objects.create_user(email or None, password, mailbox=mailbox, **names)
    changed = [key for key, value in names.items() if value and getattr(user, key) != value]
    for key in changed:
        setattr(user, key, names[key])
    if changed:
        user.save(update_fields=changed)
    return user


def _code(area: Department | Arrondissement | str | None) -> str | None:
    return area if area is None or isinstance(area, str) else area.code
