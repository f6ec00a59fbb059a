"""Bodies that no official file lists: syndicates, PETR and others, created by staff."""

from django.db import transaction

from common.errors import Invalid
from territories import siren as siren_rules
from territories.models import Collectivity, CollectivityDepartment
from territories.models.collectivity import REFERENCE_KINDS


@transaction.atomic
def save(body: Collectivity) -> Collectivity:
    """Saves a body with its address (its SIREN) and its lead department; refuses the kinds of the official files."""
    if body.kind in REFERENCE_KINDS:
        raise Invalid("Cette nature de collectivité vient du code officiel géographique.", field="kind")
    if not body.siren:
        raise Invalid("Indiquez le SIREN de l’organisme.", field="siren")
    if fault := siren_rules.fault(body.siren, fictitious=body.fictitious):
        raise Invalid(fault, field="siren")
    body.code = body.siren
    body.save()
    links = CollectivityDepartment.objects.filter(collectivity=body)
    links.filter(is_lead=True).exclude(department=body.department_id).delete()
    if not links.filter(department=body.department_id).update(is_lead=True):
        CollectivityDepartment.objects.create(collectivity=body, department_id=body.department_id, is_lead=True)
    return body
