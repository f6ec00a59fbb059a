"""Who may read and keep the catalogue. Conditions on columns, the same for pages, lists and API.

Published offers of active providers are public (« Que peut obtenir ma commune ? » needs no account). A provider keeps
its own offers; the desk of a department keeps those of its local bodies, the agency those of the operators and its own.
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
    WITHDRAW = "withdraw"


class ProviderAbility(enum.StrEnum):
    VIEW = "view"
    EDIT = "edit"
    DECLARE_ABSENCE = "declare_absence"


#: The two closed kinds, which no department keeps.
NATIONAL_KINDS = (ProviderKind.OPERATOR, ProviderKind.AGENCY)
#: Roles that keep what their own organisation offers, and never publish it themselves.
OWN_ROLES = frozenset({Role.PROVIDER, Role.OPERATOR})
#: Roles that keep offers.
KEEPERS = OWN_ROLES | DESK_ROLES | NATIONAL_ROLES | {Role.ADMINISTRATOR}
_PUBLIC_OFFER = Q(status=OfferStatus.PUBLISHED, provider__is_active=True)
_PUBLIC_PROVIDER = Q(is_active=True)
_NOTHING = Q(pk__in=[])


def _sees_all(actor: Actor) -> bool:
    proven = actor.mandate_confirmed and (actor.role is Role.ADMINISTRATOR or actor.role in NATIONAL_ROLES)
    return proven or actor.role is Role.SYSTEM


def kept_providers(actor: Actor, prefix: str = "") -> Q:
    """The providers whose offers an actor keeps, as a condition on ``Provider``, or on what ``prefix`` leads from.

    A provider and an operator keep their own; a desk those of its department; the agency the operators' and its own.
    """
    if not actor.mandate_confirmed:
        return _NOTHING
    if actor.role is Role.ADMINISTRATOR:
        return Q()
    if actor.role in OWN_ROLES and actor.organisation_id is not None:
        return Q(**{f"{prefix}organisation": actor.organisation_id})
    national = Q(**{f"{prefix}kind__in": NATIONAL_KINDS})
    if actor.role in NATIONAL_ROLES:
        return national
    if actor.role in DESK_ROLES:
        return Q(**{f"{prefix}department__in": actor.departments}) & ~national
    return _NOTHING


def offer_scope(actor: Actor) -> Q:
    """The offers an actor may see, as a condition on ``Offer``: the published ones are public."""
    return Q() if _sees_all(actor) else _PUBLIC_OFFER | kept_providers(actor, "provider__")


def provider_scope(actor: Actor) -> Q:
    """The providers an actor may see, as a condition on ``Provider``."""
    return Q() if _sees_all(actor) else _PUBLIC_PROVIDER | kept_providers(actor)


def provider_abilities(actor: Actor, provider: "Provider") -> frozenset[ProviderAbility]:
    keeps = _keeps(actor, provider)
    if not (provider.is_active or keeps or _sees_all(actor)):
        return frozenset()
    found = {ProviderAbility.VIEW} | ({ProviderAbility.EDIT} if keeps else set())
    if keeps and actor.role in OWN_ROLES | DESK_ROLES:
        found.add(ProviderAbility.DECLARE_ABSENCE)  # its desk when it was told by telephone
    return frozenset(found)


def absence_scope(actor: Actor) -> Q:
    """The absences an actor may read, as a condition on ``ProviderAbsence``: desks solicit whoever covers them."""
    if actor.role is Role.SYSTEM:
        return Q()
    if not actor.mandate_confirmed:
        return _NOTHING
    if actor.role in DESK_ROLES:
        return Q()
    return kept_providers(actor, "provider__") if actor.role in OWN_ROLES else _NOTHING


def offer_abilities(actor: Actor, offer: "Offer") -> frozenset[OfferAbility]:
    """``SUBMIT`` sends a draft to review; ``REVIEW`` publishes an offer, or a change of one. A provider never publishes
    its own offer."""
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
        else:
            found.add(OfferAbility.WITHDRAW)
        if actor.role not in OWN_ROLES:
            found.add(OfferAbility.REVIEW)
    return frozenset(found)


def _keeps(actor: Actor, provider: "Provider") -> bool:
    """:func:`kept_providers` for one row, without a query."""
    if not actor.mandate_confirmed:
        return False
    if actor.role is Role.ADMINISTRATOR:
        return True
    if actor.role in OWN_ROLES:
        return actor.organisation_id is not None and provider.organisation_id == actor.organisation_id
    if actor.role in NATIONAL_ROLES:
        return provider.kind in NATIONAL_KINDS
    return (
        actor.role in DESK_ROLES and provider.kind not in NATIONAL_KINDS and provider.department_id in actor.departments
    )


#: Roles that give a spreadsheet of offers: the desk, which reviews them, and the administrator.
LOADERS = DESK_ROLES | {Role.ADMINISTRATOR}


def may_load(actor: Actor) -> bool:
    return actor.role in LOADERS and actor.mandate_confirmed


def load_scope(actor: Actor) -> Q:
    """The loads that an actor may see, as a condition on ``OfferLoad``."""
    if not may_load(actor):
        return _NOTHING
    return Q() if actor.role is Role.ADMINISTRATOR else Q(department__in=actor.departments)
