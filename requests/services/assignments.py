"""The named human beings of a file (PRACTICE 1.4): one of each kind at once, the former one kept with its dates."""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Mandate
from common import clock
from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor, Role
from common.errors import Invalid, NotAllowed
from common.events import emit
from requests.enums import AssignmentKind, SolicitationState
from requests.events import Assigned
from requests.models import Assignment, SupportRequest
from requests.permissions import Ability, abilities
from requests.services import held, transitions


def name_person(
    support_request: SupportRequest,
    kind: AssignmentKind,
    mandate: Mandate,
    actor: Actor,
    *,
    at: dt.datetime,
    told: bool = True,
    memory: held.Memory | None = None,
) -> Assignment:
    """Names the holder of ``mandate``; naming the same person again changes nothing. Called inside a transaction.

    Raises ``Invalid`` when he is not one of the :func:`candidates` of that day: what he is named for opens the file.
    """
    if (
        not candidates(support_request, kind, transitions.local_date(support_request, at))
        .filter(pk=mandate.pk)
        .exists()
    ):
        raise Invalid(
            f"{mandate.label} ne peut pas tenir ce rôle sur cette demande. Choisissez une personne en fonction, au "
            "guichet ou parmi celles qui accompagnent la demande.",
            field="person",
        )
    current = Assignment.objects.filter(support_request=support_request, kind=kind, until__isnull=True).first()
    if current is not None:
        if current.person_id == mandate.user_id:
            return current
        if memory is not None:
            memory.set_back(current, until=None)
        current.until = at
        current.save(update_fields=["until"])
    assignment = Assignment.objects.create(
        support_request=support_request,
        kind=kind,
        person=mandate.user,
        body=_service(mandate),
        telephone=_telephone(mandate),
        email=mandate.contact_email or "",
        named_by_id=actor.person_id,
        since=at,
    )
    if memory is not None:
        memory.made(assignment)
    if told:
        emit(Assigned(id=uuid.uuid4(), at=at, request_id=support_request.pk, assignment_id=assignment.pk))
    return assignment


def assign(
    support_request: SupportRequest,
    kind: AssignmentKind,
    mandate: Mandate,
    actor: Actor,
    *,
    at: dt.datetime | None = None,
) -> Assignment:
    """Names or replaces the contact, the local referent or the follow-up officer of a live request."""
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.ASSIGN not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département affecte cette demande.")
        return name_person(support_request, kind, mandate, actor, at=at or clock.now())


def candidates(support_request: SupportRequest, kind: AssignmentKind, on: dt.date) -> QuerySet[Mandate]:
    """Who may be named that day: agents of the desk as contact, of the agency as its instructor; for the others also
    the follow-up officers, project leaders and sub-prefects of the department, and the people of the providers who
    help."""
    code = support_request.department_id
    wanted = Q(role__in=DESK_ROLES, department_id=code)
    if kind == AssignmentKind.NATIONAL_INSTRUCTOR:
        wanted = Q(role__in=NATIONAL_ROLES)
    elif kind != AssignmentKind.CONTACT:
        bodies = support_request.solicitations.filter(state=SolicitationState.ACCEPTED)
        wanted |= (
            Q(role__in=[Role.FOLLOW_UP_OFFICER, Role.PROJECT_LEADER], department_id=code)
            | Q(role=Role.SUB_PREFECT, arrondissement__department_id=code)
            | Q(role=Role.PROVIDER, organisation__in=bodies.values("provider__organisation"))
        )
    return (
        Mandate.objects.in_force(on)
        .proven()
        .filter(wanted)
        .select_related("user__mailbox", "organisation", "department__desk", "collectivity", "arrondissement")
        .order_by("user__last_name", "user__first_name", "pk")
    )


def _service(mandate: Mandate) -> str:
    desk = getattr(mandate.department, "desk", None) if mandate.department_id else None
    if mandate.organisation is not None:
        return mandate.organisation.name
    return desk.service if desk else mandate.body


def _telephone(mandate: Mandate) -> str:
    desk = getattr(mandate.department, "desk", None) if mandate.department_id else None
    return mandate.user.telephone or (desk.telephone if desk else "")
