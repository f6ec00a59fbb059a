"""Who may read and keep the catalogue. Conditions on columns, the same for pages, lists and API.

Published offers of active providers are public (« Que peut obtenir ma commune ? » needs no account). A provider keeps
its own offers; the desk of a department keeps those of its local bodies; reference data belongs to the administrator.
"""

import enum
from typing import TYPE_CHECKING

from django.db.models import Q

from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor, Role
from operators.enums import OfferStatus, ProviderKind

if TYPE_CHECKING:
    from operators.models import Offer, Provider


class OfferAbility(enum.StrEnum):
    VIEW = "view"
    EDIT = "edit"
    SUBMIT = "submit"
    REVIEW = "review"


class ProviderAbility(enum.StrEnum):
    VIEW = "view"
    EDIT = "edit"


#: The two closed kinds, which no department keeps.
NATIONAL_KINDS = (ProviderKind.OPERATOR, ProviderKind.AGENCY)
_PUBLIC_OFFER = Q(status=OfferStatus.PUBLISHED, provider__is_active=True)
_PUBLIC_PROVIDER = Q(is_active=True)


def _sees_all(actor: Actor) -> bool:
    return actor.role is Role.ADMINISTRATOR or actor.role is Role.SYSTEM or actor.role in NATIONAL_ROLES


def offer_scope(actor: Actor) -> Q:
    """The offers an actor may see, as a condition on ``Offer``."""
    if _sees_all(actor):
        return Q()
    if actor.role in (Role.PROVIDER, Role.OPERATOR) and actor.organisation_id is not None:
        return _PUBLIC_OFFER | Q(provider__organisation=actor.organisation_id)
    if actor.role in DESK_ROLES:
        local = Q(provider__department__in=actor.departments) & ~Q(provider__kind__in=NATIONAL_KINDS)
        return _PUBLIC_OFFER | local
    return _PUBLIC_OFFER


def provider_scope(actor: Actor) -> Q:
    """The providers an actor may see, as a condition on ``Provider``."""
    if _sees_all(actor):
        return Q()
    if actor.role in (Role.PROVIDER, Role.OPERATOR) and actor.organisation_id is not None:
        return _PUBLIC_PROVIDER | Q(organisation=actor.organisation_id)
    if actor.role in DESK_ROLES:
        return _PUBLIC_PROVIDER | (Q(department__in=actor.departments) & ~Q(kind__in=NATIONAL_KINDS))
    return _PUBLIC_PROVIDER


def provider_abilities(actor: Actor, provider: "Provider") -> frozenset[ProviderAbility]:
    keeps = _keeps(actor, provider)
    if not (provider.is_active or keeps or _sees_all(actor)):
        return frozenset()
    return frozenset({ProviderAbility.VIEW} | ({ProviderAbility.EDIT} if keeps else set()))


def offer_abilities(actor: Actor, offer: "Offer") -> frozenset[OfferAbility]:
    """``SUBMIT`` sends a draft to review; ``REVIEW`` publishes it. A provider never publishes its own offer."""
    provider = offer.provider
    public = offer.status == OfferStatus.PUBLISHED and provider.is_active
    keeps = _keeps(actor, provider)
    if not (public or keeps or _sees_all(actor)):
        return frozenset()
    found = {OfferAbility.VIEW}
    if keeps:
        found.add(OfferAbility.EDIT)
        if offer.status in (OfferStatus.DRAFT, OfferStatus.EXPIRED):
            found.add(OfferAbility.SUBMIT)
        if offer.status == OfferStatus.IN_REVIEW and actor.role not in (Role.PROVIDER, Role.OPERATOR):
            found.add(OfferAbility.REVIEW)
    return frozenset(found)


def _keeps(actor: Actor, provider: "Provider") -> bool:
    if actor.role is Role.ADMINISTRATOR:
        return True
    if actor.role in (Role.PROVIDER, Role.OPERATOR):
        return actor.organisation_id is not None and provider.organisation_id == actor.organisation_id
    return (
        actor.role in DESK_ROLES and provider.kind not in NATIONAL_KINDS and provider.department_id in actor.departments
    )
