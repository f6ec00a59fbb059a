"""Communes that file nothing: what is known of one, what it files, and the pages that say so."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.test import Client

from requests.models import SupportRequest
from territories.models import Collectivity, Zoning, ZoningValue
from tests.requests.counting import twins

As = Callable[[str], Client]


def declare(body: Collectivity, code: str, value: str, number: float | None = None) -> None:
    zoning, _ = Zoning.objects.update_or_create(
        code=code, defaults={"label": code, "source": "Liste d’essai", "is_numeric": number is not None}
    )
    ZoningValue.objects.create(zoning=zoning, collectivity=body, value=value, number=number, vintage="2025")


def filed(body: Collectivity, at: str) -> SupportRequest:
    """A request of that body, filed at that instant (UTC)."""
    row = SupportRequest.objects.filter(department="04").exclude(state="attached").first()
    assert row is not None
    rank = SupportRequest.objects.filter(reference__startswith="2019-04-").count()
    (twin,) = twins(
        row,
        1,
        submission_key=lambda _: uuid.uuid4(),
        reference=lambda _: f"2019-04-{rank + 1:05}",
        collectivity=lambda _: body,
        submitted_at=lambda _: dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC),
    )
    return twin


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())
