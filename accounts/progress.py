"""What a person has shown so far while signing in, kept in the session between two pages.

Nothing here is believed from the browser: the session lives in PostgreSQL. It lapses half an hour after the last step.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from common import clock

SESSION_KEY = "sign_in"
LIFE = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Progress:
    """``email`` is proven when ``proven``; ``person`` gave his password and owes the second factor."""

    email: str = ""
    proven: bool = False
    person: int | None = None
    next: str = ""
    collectivity: str = ""
    function: str = ""


def load(request: HttpRequest) -> Progress:
    """The progress of this session, empty when there is none or it lapsed."""
    kept: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if not kept or dt.datetime.fromisoformat(kept["at"]) < clock.now() - LIFE:
        return Progress()
    return Progress(**{key: value for key, value in kept.items() if key != "at"})


def save(request: HttpRequest, progress: Progress) -> Progress:
    request.session[SESSION_KEY] = {**asdict(progress), "at": clock.now().isoformat()}
    return progress


def clear(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def safe_next(request: HttpRequest, address: str | None) -> str:
    """``address`` when it leads to a page of this portal, else nothing: a link must not send people elsewhere."""
    if address and address.startswith("/"):
        allowed = url_has_allowed_host_and_scheme(
            address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        if allowed:
            return address
    return ""


def destination(request: HttpRequest, address: str) -> str:
    return safe_next(request, address) or settings.LOGIN_REDIRECT_URL
