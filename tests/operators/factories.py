"""Pure records and rows for the tests of the catalogue."""

import datetime as dt
from typing import Any

from operators.matching.facts import Area, Facts, OfferRecord
from operators.models import Offer, OfferCoverage, Provider

TODAY = dt.date(2026, 11, 21)
AREAS = {
    "nation": frozenset({"FR"}),
    "region": frozenset({"93"}),
    "department": frozenset({"04"}),
    "arrondissement": frozenset({"043"}),
    "epci": frozenset({"200067437"}),
    "commune": frozenset({"04121"}),
}


def facts(**changes: Any) -> Facts:
    """Mézel, 611 inhabitants, whose last shop closes."""
    values: dict[str, Any] = {
        "on": TODAY,
        "kind": "commune",
        "code": "04121",
        "name": "Mézel",
        "areas": AREAS,
        "population": 611,
        "population_vintage": 2023,
        "themes": ("COM",),
        "subjects": ("commerce",),
        "services": frozenset({"feasibility"}),
        "engineering_types": frozenset({"technical"}),
        "phase": "emergence",
    }
    return Facts(**{**values, **changes})


def record(code: str = "offre-1", **changes: Any) -> OfferRecord:
    """An offer of the department that restricts nothing but its theme."""
    values: dict[str, Any] = {
        "id": abs(hash(code)) % 10_000,
        "uuid": "00000000-0000-4000-8000-000000000001",
        "code": code,
        "title": f"Offre {code}",
        "provider_code": "atd-04",
        "provider_name": "Agence technique",
        "provider_kind": "technical_agency",
        "coverage": (Area("department", "04"),),
        "themes": frozenset({"COM"}),
        "status": "published",
        "price_model": "free",
        "legal_mode": "free_by_right",
        "price_label": "Sans frais pour vous",
    }
    return OfferRecord(**{**values, **changes})


def provider(code: str = "caue-04", **changes: Any) -> Provider:
    values: dict[str, Any] = {"kind": "caue", "name": "CAUE", "department_id": "04"}
    return Provider.objects.create(code=code, **{**values, **changes})


def offer(
    code: str = "offre-1", *, of: Provider, areas: tuple[tuple[str, str], ...] = (("department", "04"),), **changes: Any
) -> Offer:
    """A published offer, complete and covered."""
    values: dict[str, Any] = {
        "title": f"Offre {code}",
        "description": "Une offre.",
        "themes": ["COM"],
        "legal_mode": "free_by_right",
        "price_model": "free",
        "price_label": "Sans frais pour vous",
        "verified_on": TODAY,
        "status": "published",
    }
    created = Offer.objects.create(code=code, provider=of, **{**values, **changes})
    OfferCoverage.objects.bulk_create(OfferCoverage(offer=created, level=level, code=area) for level, area in areas)
    return created
