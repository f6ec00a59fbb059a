"""To whom the mails of the catalogue go: those who keep an offer, and those who read it again."""

from collections.abc import Iterable

from accounts.enums import OrganisationKind
from accounts.models import Mandate, Organisation
from common import clock
from notifications.registry import Recipient
from operators.models import Provider, ProviderAbsence
from operators.permissions import NATIONAL_KINDS, OWN_ROLES
from territories.models import Desk


def person(mandate: Mandate) -> Recipient:
    """Who acts under this mandate, at the address that he gave for it."""
    return Recipient(mandate.contact_email, f"user:{mandate.user_id}", mandate.user.display_name, mandate.user_id)


def of_provider(body: Provider) -> Iterable[Recipient]:
    """A provider's mailbox, the persons who answer for it on the portal, and its deputy while it is away."""
    for absence in ProviderAbsence.objects.on(clock.today()).filter(provider=body).exclude(deputy_email=""):
        if absence.deputy_email != body.email.lower():
            yield Recipient(absence.deputy_email, f"address:{absence.deputy_email}", absence.deputy_name)
    if body.email:
        yield Recipient(body.email, f"provider:{body.code}", body.name)
    if body.organisation_id:
        mandates = Mandate.objects.in_force(clock.today()).proven()
        mandates = mandates.filter(organisation_id=body.organisation_id, role__in=OWN_ROLES)
        for mandate in mandates.select_related("user__mailbox", "organisation"):
            if mandate.contact_email and mandate.contact_email != body.email:
                yield person(mandate)


def reviewers_of(body: Provider) -> Iterable[Recipient]:
    """The desk of its department, by its mailbox or else by its agents; the agency for a national one."""
    if body.kind in NATIONAL_KINDS:
        for agency in Organisation.objects.filter(kind=OrganisationKind.AGENCY).exclude(email=""):
            yield Recipient(agency.email, f"organisation:{agency.pk}", agency.name)
        return
    yield from of_desk(body.department_id or "")


def of_desk(department: str) -> Iterable[Recipient]:
    """The mailbox of the desk of a department, or else its agents."""
    desk = Desk.objects.filter(department_id=department).first()
    if desk is not None and desk.email:
        yield Recipient(desk.email, f"desk:{department}", desk.label)
        return
    agents = Mandate.objects.for_desk(department).in_force(clock.today()).proven()
    yield from (person(agent) for agent in agents.select_related("user__mailbox", "organisation"))
