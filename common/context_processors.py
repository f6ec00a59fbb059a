"""What every page knows of the site. No query, ever."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    agency_line: str
    url: str
    demonstration: bool
    debug: bool


def current_site() -> Site:
    return Site(
        name="Guichet unique de l’ingénierie",
        agency_line="Agence nationale de la cohésion des territoires et préfectures",
        url=settings.SITE_URL,
        demonstration=bool(settings.DEMONSTRATION_CODE),
        debug=settings.DEBUG,
    )


def site(request: HttpRequest) -> dict[str, Any]:
    return {"SITE": current_site()}
