"""What requests show on the pages of the apps below: the committee's and a territory's.

Two different rights. On the committee's page, whoever may read that page reads of each request its *intitulé
communicable* and nothing that was written otherwise (PRACTICE 3.1, 3.7). On a territory's page, the reader is told of
the files he may open, and of no other: an EPCI and its commune see each other's by consent.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from accounts.actors import actor_of
from committees.models import Committee
from committees.permissions import CommitteeAbility, abilities
from common import perimeter
from common.actor import COLLECTIVITY_ROLES, NATIONAL_ROLES, Actor, Role
from common.panels import Panel, register
from operators import sanity
from requests import observed
from requests.enums import Outcome
from requests.filters import EVERYTHING
from requests.models import SupportRequest
from requests.queue import bounded_counts
from requests.workflow import State
from territories.models import Collectivity

PAGE_SIZE = 50
#: The parameter of the committee's page that turns the pages of its table.
PAGE = "demandes"

#: Where a request stands, told to people who are informed and act on nothing.
COMMITTEE_STATES: dict[State, str] = {
    State.SUBMITTED: "Déposée",
    State.INCOMPLETE: "Éléments demandés à la collectivité",
    State.QUALIFICATION: "À l’étude à la préfecture",
    State.LOCAL_SEARCH: "Recherche d’une aide locale",
    State.PROPOSED: "Aide proposée à la collectivité",
    State.LOCAL_SUPPORT: "Accompagnement local en cours",
    State.REFERRAL_PREPARATION: "Transmission à l’Agence nationale en préparation",
    State.REFERRED: "Transmise à l’Agence nationale",
    State.NATIONAL_REVIEW: "À l’étude à l’Agence nationale",
    State.DELEGATED: "Confiée à un opérateur de l’État",
    State.CONTRACTING: "Convention en cours de signature",
    State.NATIONAL_SUPPORT: "Accompagnement national en cours",
    State.SUSPENDED: "Accompagnement en pause",
    State.ATTACHED: "Rattachée à une autre demande",
    State.CLOSED: "Terminée",
    State.REDIRECTED: "Adressée à un autre service",
    State.WITHDRAWN: "Retirée par la collectivité",
    State.DROPPED: "Fermée sans suite",
}

#: The columns that the committee's table reads. What it must not show is not even fetched.
COMMITTEE_COLUMNS = ("public_title", "state", "outcome", "submitted_at", "collectivity__name", "subject__label")


def informed(actor: Actor, committee: Committee) -> bool:
    """Who reads the requests' titles on a committee's page: its proven readers, but not the administrator of settings,
    whom no request concerns."""
    return (
        actor.mandate_confirmed
        and actor.role is not Role.ADMINISTRATOR
        and CommitteeAbility.VIEW in abilities(actor, committee)
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A request as the committee is informed of it."""

    submitted_at: dt.datetime
    collectivity: str
    public_title: str
    subject: str
    state: str
    outcome: str


def line_of(row: Mapping[str, Any]) -> Line:
    return Line(
        submitted_at=row["submitted_at"],
        collectivity=row["collectivity__name"],
        public_title=row["public_title"],
        subject=row["subject__label"],
        state=COMMITTEE_STATES[State(row["state"])],
        outcome=Outcome(row["outcome"]).label if row["outcome"] else "",
    )


def committee_requests(request: HttpRequest, committee: Any) -> Mapping[str, Any] | None:
    """Two queries, whatever the number of requests. A draft is no request: it cannot be here."""
    if not isinstance(committee, Committee) or not informed(actor_of(request), committee):
        return None
    asked = request.GET.get(PAGE, "")
    page = max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 5 else 1
    listed = SupportRequest.objects.filter(department_id=committee.department_id)
    with perimeter.everything("the titles that a committee is told"):
        count = bounded_counts({"listed": listed})["listed"]
        rows = listed.order_by("-submitted_at", "-pk").values(*COMMITTEE_COLUMNS)
        found = [line_of(row) for row in rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE + 1]]
    return {
        "lines": found[:PAGE_SIZE],
        "count": count,
        "page": page,
        "previous_page": f"?{PAGE}={page - 1}" if page > 1 else "",
        "next_page": f"?{PAGE}={page + 1}" if len(found) > PAGE_SIZE else "",
    }


def list_address(actor: Actor, body: Collectivity) -> str:
    """The list where this actor finds the files of a body."""
    if actor.role in COLLECTIVITY_ROLES | {Role.PROJECT_LEADER}:
        return reverse("requests:list")
    if actor.role in NATIONAL_ROLES | {Role.CMT}:
        return reverse("requests:national")
    if actor.role is Role.OPERATOR:
        return reverse("requests:operators")
    return f"{reverse('requests:desk')}?{urlencode({'q': body.name, 'etat': EVERYTHING})}"


def territory_requests(request: HttpRequest, territory: Any) -> Mapping[str, Any] | None:
    """One query; nothing for a reader who may open none of the body's files, who thus can't tell none from hidden."""
    if not isinstance(territory, Collectivity):
        return None
    actor = actor_of(request)
    visible = SupportRequest.objects.visible_to(actor).filter(collectivity=territory)
    count = bounded_counts({"visible": visible})["visible"]
    if not count:
        return None
    return {"count": count, "body": territory, "address": list_address(actor, territory)}


register(
    "committee",
    Panel("Demandes du département", "requests/panels/committee.html", committee_requests, budget=2, order=10),
)
register("territory", Panel("Demandes", "requests/panels/territory.html", territory_requests, budget=1, order=10))
sanity.register("Places dépassées", observed.beyond_capacity)
