"""``/_comptes/``: the demonstration's accounts, each entered by one press; and, of the file at hand, whose turn it is.
Closed as soon as DEBUG is off."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import progress
from accounts.actors import actor_for, with_rights
from accounts.demonstration import ACCOUNTS, Account
from accounts.models import Mandate, User
from accounts.views.sign_in import enter
from common import clock
from common.actor import Actor, Matter, Role
from common.perimeter import everything
from requests.enums import LIVE_DELEGATIONS, AssignmentKind, SolicitationState
from requests.models import Agreement, SupportRequest, Survey
from requests.queue import AWAITS_DECISION, awaits_signature
from requests.views.acts import page_of
from requests.workflow import Holder, State

#: Where the session keeps the file at hand: a page that is not a file's goes on with it.
SESSION_FILE = "demonstration_file"


@dataclass(frozen=True, slots=True)
class Row:
    """An account, and the page of the file at hand that it reads (empty: none)."""

    account: Account
    page: str


def _actors() -> dict[Account, Actor]:
    """Who each account is under its first mandate, in one query."""
    today = clock.today()
    emails = [account.email for account in ACCOUNTS]
    mandates = with_rights(Mandate.objects.in_force(today).filter(user__email__in=emails), today).order_by("-pk")
    actors = {mandate.user.email: actor_for(mandate.user, mandate, today) for mandate in mandates}
    return {account: actors[account.email] for account in ACCOUNTS if account.email in actors}


def _asked(request: HttpRequest) -> str:
    return request.GET.get("demande", "")[:40].replace("\x00", "")


def _page(actor: Actor, reference: str) -> str:
    reads = SupportRequest.objects.visible_to(actor).filter(reference=reference).exists()
    return page_of(actor, reference) if reads else ""


def awaited(reference: str) -> Account | None:
    """The account whose turn it is on this file; none when nothing is expected of any of them."""
    with everything("whose turn it is on a file of the demonstration"):
        asked = Survey.objects.open().filter(support_request=OuterRef("pk"))
        rows = SupportRequest.objects.filter(reference=reference)
        signed = SupportRequest.objects.filter(AWAITS_DECISION | awaits_signature())
        row = rows.annotate(survey=Exists(asked), signs=Exists(signed.filter(pk=OuterRef("pk")))).first()
        return _turn(row) if row is not None else None


def _turn(row: Any) -> Account | None:
    actors = _actors()

    def first(holds: Callable[[Actor], bool]) -> Account | None:
        return next((one for one, actor in actors.items() if holds(actor)), None)

    def acting(role: Role) -> Account | None:
        return first(lambda actor: actor.role is role)

    def desk(role: Role, holds: Callable[[Actor], bool] = lambda actor: True) -> Account | None:
        return first(lambda actor: actor.role is role and row.department_id in actor.departments and holds(actor))

    def applicant() -> Account | None:
        return first(lambda actor: actor.role is Role.OFFICIAL and actor.collectivity_id == row.collectivity_id)

    def works_in(bodies: Iterable[int | None]) -> Account | None:
        known = set(bodies)
        return first(lambda actor: actor.organisation_id in known)

    operators = row.delegations.filter(state__in=LIVE_DELEGATIONS).values_list("operator__organisation", flat=True)
    if row.signs:
        covered = desk(Role.DEPUTY, lambda actor: actor.may_sign(Matter.LOCAL_DECISION))  # his act is in force
        return covered or desk(Role.DELEGATE)
    if row.step is State.CONTRACTING:
        signed = Agreement.objects.filter(support_request=row, cancelled_at__isnull=True, body_signed_on__isnull=False)
        return acting(Role.DIRECTOR_GENERAL) if signed.exists() else applicant()
    match Holder(row.holder):
        case Holder.APPLICANT:
            return applicant()
        case Holder.DESK:
            return desk(Role.INSTRUCTOR)
        case Holder.AGENCY:
            return acting(Role.NATIONAL)
        case Holder.PROVIDER:
            asked = row.solicitations.filter(state=SolicitationState.ASKED)
            return works_in(asked.values_list("provider__organisation", flat=True))
        case Holder.OPERATOR:
            return works_in(operators)
        case Holder.FOLLOW_UP:
            named = row.assignments.filter(kind=AssignmentKind.FOLLOW_UP_OFFICER, until__isnull=True)
            officers = set(named.values_list("person_id", flat=True))
            officer = first(lambda actor: actor.person_id in officers)
            national = acting(Role.NATIONAL) if row.step is State.NATIONAL_SUPPORT else None
            return officer or works_in(operators) or national
    return applicant() if row.survey else None


def at_hand(request: HttpRequest) -> dict[str, Any]:
    """For the banner: the address of the accounts, and who is to act on the file at hand."""
    known = request.resolver_match.kwargs.get("reference") if request.resolver_match else None
    reference = str(known or _asked(request) or request.session.get(SESSION_FILE, ""))
    page = reverse("pages:accounts") + (f"?{urlencode({'demande': reference})}" if reference else "")
    account = awaited(reference) if reference else None
    if account is not None and account.email == getattr(request.user, "email", None):
        account = None
    return {"page": page, "reference": reference, "awaited": account}


@require_http_methods(["GET", "HEAD", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """GET shows them, those that read file ``?demande=`` first; POST enters one, on that file when it reads it."""
    if not (settings.DEBUG and settings.DEMONSTRATION_CODE):
        raise Http404
    reference, actors = _asked(request), _actors()
    if request.method != "POST":
        with everything("which demonstration accounts read a file of the demonstration"):
            rows = [Row(account, _page(actor, reference)) for account, actor in actors.items()]
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
    with everything("whether a demonstration account reads a file of the demonstration"):
        page = _page(actors[account], reference) if account in actors else ""
    progress.save(request, progress.Progress(next=page))
    answer = enter(request, person)
    request.session[SESSION_FILE] = reference
    return answer
