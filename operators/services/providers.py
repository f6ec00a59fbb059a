"""The bodies that help: added by the desk of their department, their sheet kept by whoever keeps their offers."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from common import clock
from common.actor import DESK_ROLES, Actor
from common.errors import Invalid, NotAllowed
from common.events import emit
from operators.events import OfferChanged
from operators.models import Provider
from operators.permissions import NATIONAL_KINDS, OWN_ROLES, ProviderAbility, provider_abilities
from operators.services.codes import first_free
from territories.models import Department
from territories.names import normalise

SHEET = ("name", "short_name", "kind", "mission", "email", "telephone", "website")


def may_create(actor: Actor) -> bool:
    """A desk adds the bodies of its department; the national ones are a closed list."""
    return actor.role in DESK_ROLES and actor.mandate_confirmed and bool(actor.departments)


def may_withdraw(actor: Actor, provider: Provider) -> bool:
    """Whoever reviews its offers, never itself; the national ones are a closed list."""
    keeps = ProviderAbility.EDIT in provider_abilities(actor, provider)
    return keeps and actor.role not in OWN_ROLES and provider.kind not in NATIONAL_KINDS


def create(sheet: Mapping[str, Any], actor: Actor, *, department: str, at: dt.datetime | None = None) -> Provider:
    """A body of one of the desk's departments, with the organisation that its people will act for.

    Raises :class:`Invalid` with the first fault (a name that the department has already is one), :class:`NotAllowed`.
    """
    if not may_create(actor) or department not in actor.departments:
        raise NotAllowed("Le guichet du département ajoute les organismes au catalogue.")
    with transaction.atomic():
        Department.objects.select_for_update(no_key=True).get(pk=department)  # twice at once is twice in a row
        row = Provider(department_id=department, code=_free_code(str(sheet.get("name", "")), department))
        if sheet.get("kind") in NATIONAL_KINDS:
            raise Invalid("Les opérateurs et les services de l’Agence sont une liste fermée.", field="kind")
        name = normalise(str(sheet.get("name", "")))
        if any(normalise(other.name) == name for other in Provider.objects.filter(department=department)):
            raise Invalid("Un organisme de ce département porte déjà ce nom.", field="name")
        _fill(row, sheet, at)
        row.organisation = Organisation.objects.create(
            code=row.code,
            kind=OrganisationKind.PROVIDER,
            name=row.name,
            short_name=row.short_name,
            department_id=department,
        )
        row.save()
    return row


def record(provider: Provider, sheet: Mapping[str, Any], actor: Actor, *, at: dt.datetime | None = None) -> Provider:
    """Writes the sheet of a body, verified that day. Its kind stays. Raises as :func:`create`."""
    with transaction.atomic():
        row = _kept(provider, actor)
        _fill(row, {name: value for name, value in sheet.items() if name != "kind"}, at)
        row.save()
    return row


def set_active(provider: Provider, actor: Actor, *, active: bool, at: dt.datetime | None = None) -> Provider:
    """Takes a body out of the catalogue with its offers, or puts it back; they keep their state. Twice is once."""
    at = at or clock.now()
    with transaction.atomic():
        row = _kept(provider, actor)
        if not may_withdraw(actor, row):
            raise NotAllowed("Seul le guichet du département retire un organisme du catalogue.")
        if row.is_active != active:
            row.is_active = active
            row.save(update_fields=["is_active"])
            for pk in row.offers.filter(status="published").values_list("pk", flat=True):
                emit(OfferChanged(offer_id=pk, at=at))
    return row


def _kept(provider: Provider, actor: Actor) -> Provider:
    row = Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=provider.pk)
    if ProviderAbility.EDIT not in provider_abilities(actor, row):
        raise NotAllowed("Cet organisme est tenu par d’autres.")
    return row


def _fill(row: Provider, sheet: Mapping[str, Any], at: dt.datetime | None) -> None:
    for name in SHEET:
        if name in sheet:
            setattr(row, name, sheet[name])
    row.verified_on = timezone.localdate(at or clock.now())
    try:
        row.full_clean(exclude=["organisation", "department"])
    except ValidationError as error:
        field, found = next(iter(error.message_dict.items()))
        raise Invalid(found[0], field=field) from error


def _free_code(name: str, department: str) -> str:
    """« caue-des-alpes-04 », numbered when taken."""
    stem = f"{slugify(normalise(name))[:30].strip('-') or 'organisme'}-{department.lower()}"
    rows = (Provider.objects.filter(code__startswith=stem), Organisation.objects.filter(code__startswith=stem))
    taken = {str(code) for found in rows for code in found.values_list("code", flat=True)}
    return first_free(stem, taken)
