"""To whom the mails of a request go: a body's mailbox where there is one, and the persons who act for it today."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from accounts.enums import OrganisationKind
from accounts.models import Mandate, Organisation, SignatureAct
from accounts.models.mandates import MandateQuerySet
from common import clock
from common.actor import Matter, Role
from notifications.registry import Recipient
from operators.recipients import person
from requests.enums import AssignmentKind
from requests.models import SupportRequest


def applicant(support_request: SupportRequest) -> Iterable[Recipient]:
    """The contact given at filing, and those who act, proven, for the collectivity today."""
    if support_request.contact_email:
        yield Recipient(
            support_request.contact_email, f"address:{support_request.contact_email}", support_request.contact_name
        )
    mandates = (
        Mandate.objects.in_force(clock.today())
        .of_collectivity(support_request.collectivity_id)
        .filter(confirmed_at__isnull=False)
        .select_related("user__mailbox", "organisation")
    )
    seen = {support_request.contact_email.lower()}
    for mandate in mandates:
        if mandate.contact_email and mandate.contact_email.lower() not in seen:
            seen.add(mandate.contact_email.lower())
            yield person(mandate)


def executive(support_request: SupportRequest) -> Iterable[Recipient]:
    mandates = (
        Mandate.objects.in_force(clock.today())
        .filter(collectivity_id=support_request.collectivity_id, role=Role.OFFICIAL, confirmed_at__isnull=False)
        .select_related("user__mailbox", "organisation")
    )
    yield from (person(mandate) for mandate in mandates if mandate.contact_email)


def desk(support_request: SupportRequest) -> Iterable[Recipient]:
    """The desk's mailbox, which outlives its agents."""
    found = getattr(support_request.department, "desk", None)
    if found is not None and found.email:
        yield Recipient(found.email, f"desk:{support_request.department_id}", found.label)


def _in_direction(support_request: SupportRequest) -> MandateQuerySet:
    """The delegate and his deputies of the department, today."""
    return (
        Mandate.objects.in_force(clock.today())
        .filter(
            role__in=[Role.DELEGATE, Role.DEPUTY],
            department_id=support_request.department_id,
            confirmed_at__isnull=False,
        )
        .select_related("user__mailbox", "organisation")
    )


def direction(support_request: SupportRequest) -> Iterable[Recipient]:
    yield from (person(mandate) for mandate in _in_direction(support_request) if mandate.contact_email)


def signatories(support_request: SupportRequest, matter: Matter) -> Iterable[Recipient]:
    """Whoever may sign this for the desk today: the deputies whose act covers it, the delegate when there is none."""
    acts = SignatureAct.objects.alive(clock.today()).filter(
        department_id=support_request.department_id, matters__contains=[matter.value], signatory_id=OuterRef("pk")
    )
    people = list(_in_direction(support_request).annotate(covered=Exists(acts)))
    deputies = [mandate for mandate in people if mandate.role == Role.DEPUTY and mandate.covered]
    delegates = [mandate for mandate in people if mandate.role == Role.DELEGATE]
    yield from (person(mandate) for mandate in deputies or delegates if mandate.contact_email)


def assigned(support_request: SupportRequest, *kinds: AssignmentKind) -> Iterable[Recipient]:
    """The persons named, as long as they are in office: whoever has left reads nothing more."""
    rows = support_request.assignments.filter(kind__in=kinds, until__isnull=True).select_related("person")
    in_office = Mandate.objects.in_force(clock.today()).proven().values("user")
    for row in rows.filter(person__in=in_office):
        address = row.email or row.person.contact_email
        if address:
            yield Recipient(address, f"user:{row.person_id}", row.person.display_name, row.person_id)


def agency(support_request: SupportRequest) -> Iterable[Recipient]:
    """The instructor once he is named; before, the agency's mailbox, or its instructors where it has none."""
    named = list(assigned(support_request, AssignmentKind.NATIONAL_INSTRUCTOR))
    if named:
        yield from named
        return
    bodies = list(Organisation.objects.filter(kind=OrganisationKind.AGENCY).exclude(email=""))
    if bodies:
        yield from (Recipient(body.email, f"organisation:{body.pk}", body.name) for body in bodies)
        return
    mandates = Mandate.objects.in_force(clock.today()).proven().filter(role=Role.NATIONAL)
    mandates = mandates.select_related("user__mailbox", "organisation")
    yield from (person(mandate) for mandate in mandates if mandate.contact_email)


def liaison(support_request: SupportRequest) -> Iterable[Recipient]:
    mandates = (
        Mandate.objects.in_force(clock.today())
        .filter(role=Role.CMT, departments=support_request.department_id, confirmed_at__isnull=False)
        .select_related("user__mailbox", "organisation")
    )
    yield from (person(mandate) for mandate in mandates if mandate.contact_email)


def director(support_request: SupportRequest) -> Iterable[Recipient]:
    mandates = (
        Mandate.objects.in_force(clock.today())
        .filter(role=Role.DIRECTOR_GENERAL, confirmed_at__isnull=False)
        .select_related("user__mailbox", "organisation")
    )
    yield from (person(mandate) for mandate in mandates if mandate.contact_email)
