"""``/_comptes/``: the demonstration's accounts, each entered by one press. Closed as soon as DEBUG is off."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from accounts import progress
from accounts.actors import actor_for, mandates_in_force
from accounts.demonstration import ACCOUNTS, Account
from accounts.models import User
from accounts.views.sign_in import enter
from common import clock
from common.actor import Actor
from common.perimeter import everything
from requests.models import SupportRequest
from requests.views.exchanges import page_of


@dataclass(frozen=True, slots=True)
class Row:
    """An account, and the page of the file at hand that it reads (empty: none)."""

    account: Account
    page: str


def _actors() -> dict[str, Actor]:
    """E-mail → who this account is under its first mandate."""
    people = User.objects.filter(email__in=[account.email for account in ACCOUNTS], is_active=True)
    held = {person: mandates_in_force(person.pk, clock.today()) for person in people}
    return {str(person.email): actor_for(person, mandates[0]) for person, mandates in held.items() if mandates}


def _rows(reference: str) -> list[Row]:
    actors = _actors()
    rows = []
    for account in ACCOUNTS:
        actor = actors.get(account.email)
        if actor is None:
            continue
        with everything("which demonstration accounts read a file of the demonstration"):
            reads = SupportRequest.objects.visible_to(actor).filter(reference=reference).exists()
        rows.append(Row(account, page_of(actor, reference) if reads else ""))
    return rows


@require_http_methods(["GET", "HEAD", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """GET shows them, those that read file ``?demande=`` first; POST enters one, on that file when it reads it."""
    if not (settings.DEBUG and settings.DEMONSTRATION_CODE):
        raise Http404
    reference = request.GET.get("demande", "")[:40].replace("\x00", "")
    if request.method != "POST":
        rows = _rows(reference)
        context: dict[str, Any] = {
            "reference": reference if any(row.page for row in rows) else "",
            "readers": [row for row in rows if row.page],
            "others": [row for row in rows if not row.page],
        }
        return render(request, "pages/accounts.html", context)
    account = next((known for known in ACCOUNTS if known.name == request.POST.get("account")), None)
    if account is None:
        raise Http404
    person = get_object_or_404(User, email=account.email, is_active=True)
    logout(request)
    page = next((row.page for row in _rows(reference) if row.account is account), "")
    progress.save(request, progress.Progress(next=page))
    return enter(request, person)
