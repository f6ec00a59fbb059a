"""A provider says when it is away, and who answers meanwhile."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.models import Mandate
from common import clock
from common.actor import Actor
from common.errors import Conflict, Invalid, NotAllowed
from operators.models import Provider, ProviderAbsence
from operators.permissions import ProviderAbility, provider_abilities

#: An absence further away, or longer, is a slip of the year.
MOST_DAYS = 366
#: Anybody may have an address there: it says nothing of a body.
PUBLIC_DOMAINS = frozenset(
    {
        "bbox.fr",
        "free.fr",
        "gmail.com",
        "hotmail.com",
        "hotmail.fr",
        "icloud.com",
        "laposte.net",
        "live.fr",
        "msn.com",
        "neuf.fr",
        "orange.fr",
        "outlook.com",
        "outlook.fr",
        "proton.me",
        "sfr.fr",
        "wanadoo.fr",
        "yahoo.com",
        "yahoo.fr",
    }
)


def _addresses(provider: Provider, on: dt.date) -> set[str]:
    """Those that are known of the body: its mailboxes, and the persons who answer for it."""
    found = {provider.email}
    if provider.organisation is not None:
        found.add(provider.organisation.email)
        mandates = Mandate.objects.in_force(on).proven().filter(organisation=provider.organisation)
        found |= {mandate.contact_email for mandate in mandates.select_related("user__mailbox", "organisation")}
    return {address.lower() for address in found if address}


def _check_deputy(provider: Provider, email: str, on: dt.date) -> None:
    """Requests are told to the deputy: an address of the same body, never anybody's."""
    known = _addresses(provider, on)
    domains = {address.rpartition("@")[2] for address in known} - PUBLIC_DOMAINS
    if email not in known and email.rpartition("@")[2] not in domains:
        raise Invalid(
            f"Cette adresse n’est pas de {provider.name}. Donnez celle d’un ou d’une collègue, ou une autre adresse "
            "de votre organisme.",
            field="deputy_email",
        )


def declare(
    provider: Provider,
    actor: Actor,
    *,
    first_day: dt.date,
    last_day: dt.date,
    deputy_name: str = "",
    deputy_email: str = "",
    note: str = "",
    at: dt.datetime | None = None,
) -> ProviderAbsence:
    """Declares an absence; the same again is the same one. Raises ``Conflict`` when another one stands on its days."""
    at = at or clock.now()
    today = timezone.localdate(at)
    deputy_name, deputy_email, note = deputy_name.strip(), deputy_email.strip().lower(), note.strip()
    if ProviderAbility.DECLARE_ABSENCE not in provider_abilities(actor, provider):
        raise NotAllowed("Seul ce prestataire, ou le guichet de son département, déclare son absence.")
    if last_day < first_day:
        raise Invalid("Le retour précède le départ.", field="last_day")
    if last_day < today:
        raise Invalid("Cette absence est déjà finie.", field="last_day")
    if (last_day - first_day).days > MOST_DAYS or (first_day - today).days > MOST_DAYS:
        raise Invalid("Cette absence dépasse un an : vérifiez l’année.", field="last_day")
    if deputy_email and not deputy_name:
        raise Invalid("Dites qui lit cette adresse.", field="deputy_name")
    if deputy_email:
        _check_deputy(provider, deputy_email, today)
    values = {
        "first_day": first_day,
        "last_day": last_day,
        "deputy_name": deputy_name,
        "deputy_email": deputy_email,
        "note": note,
    }
    with transaction.atomic():
        provider = Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=provider.pk)
        standing = ProviderAbsence.objects.standing().filter(provider=provider)
        for other in standing.filter(first_day__lte=last_day, last_day__gte=first_day):
            if all(getattr(other, name) == value for name, value in values.items()):
                return other
            raise Conflict(
                "Une absence est déjà déclarée sur une partie de ces jours : terminez-la d’abord.", code="overlap"
            )
        return ProviderAbsence.objects.create(
            provider=provider, declared_by_id=actor.author_id, declared_at=at, **values
        )


def end(absence: ProviderAbsence, actor: Actor, *, at: dt.datetime | None = None) -> ProviderAbsence:
    """Back before the day said, or not leaving after all. Twice is the same as once."""
    at = at or clock.now()
    with transaction.atomic():
        absence = ProviderAbsence.objects.select_for_update(of=("self",)).select_related("provider").get(pk=absence.pk)
        if ProviderAbility.DECLARE_ABSENCE not in provider_abilities(actor, absence.provider):
            raise NotAllowed("Seul ce prestataire, ou le guichet de son département, met fin à son absence.")
        if absence.ended_at is None:
            absence.ended_at = at
            absence.save(update_fields=["ended_at"])
        return absence
