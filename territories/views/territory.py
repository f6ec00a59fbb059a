"""The page of a territory: facts with their vintage and source, groupings, the desk, and what other apps add."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from territories.addresses import Territory, resolve_code
from territories.enums import CollectivityKind
from territories.facts import facts_of
from territories.models import Arrondissement, Collectivity, Department, Region
from territories.recognition import match_collectivity

MEMBERS_ON_A_PAGE = 100


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """A name leads to its page; several, to a list to choose from."""
    text = request.GET.get("q", "").strip()[:160]
    code = request.GET.get("q_code", "").strip()
    recognised = match_collectivity(code or text) if text or code else None
    if recognised is not None and recognised.exact is not None:
        return redirect(recognised.exact)
    return render(request, "territories/index.html", {"text": text, "recognised": recognised})


@require_safe
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """The page stands at one address: a former code, a SIREN or a small letter lead to it."""
    territory = resolve_code(code)
    if territory is None:
        raise Http404("Aucun territoire ne porte ce code.")
    if territory.get_absolute_url() != request.path:
        return redirect(territory)
    context = {
        "territory": territory,
        "title": _title(territory),
        "facts": facts_of(territory),
        "desk": _desk(territory),
        **_neighbours(territory, request.GET.get("page", "1")),
    }
    return render(request, "territories/detail.html", context)


def _title(territory: Territory) -> str:
    return territory.name if isinstance(territory, Collectivity) else territory.label


def _desk(territory: Territory) -> Any:
    if isinstance(territory, Region):
        return None
    department = territory if isinstance(territory, Department) else territory.department
    return getattr(department, "desk", None)


def _neighbours(territory: Territory, page: str) -> dict[str, Any]:
    """What it belongs to, and what belongs to it."""
    nothing: dict[str, Any] = {"parents": [], "members": None, "members_title": "", "groups": []}
    if isinstance(territory, Region):
        departments = territory.departments.filter(is_current=True)
        return nothing | {"groups": [("Départements", departments)]}
    if isinstance(territory, Department):
        groupings = Collectivity.objects.current().in_department(territory.code)
        return nothing | {
            "parents": [territory.region] if territory.region else [],
            "groups": [
                ("Arrondissements", territory.arrondissements.filter(is_current=True)),
                (
                    "Intercommunalités et établissements publics territoriaux",
                    groupings.filter(kind__in=[CollectivityKind.EPCI, CollectivityKind.EPT]),
                ),
                ("Communes et collectivités", groupings.filter(kind=CollectivityKind.OVERSEAS)),
            ],
        }
    if isinstance(territory, Arrondissement):
        communes = territory.communes.filter(is_current=True)
        return nothing | {
            "parents": [territory.department],
            "members": _page(communes, page),
            "members_title": "Communes de l’arrondissement",
        }
    return nothing | _neighbours_of_collectivity(territory, page)


def _neighbours_of_collectivity(body: Collectivity, page: str) -> dict[str, Any]:
    parents: list[Territory] = [*body.groupings]
    if body.arrondissement is not None:
        parents.append(body.arrondissement)
    parents.append(body.department)
    context: dict[str, Any] = {"parents": parents}
    if body.kind not in (CollectivityKind.COMMUNE, CollectivityKind.DEPARTMENT, CollectivityKind.REGION):
        members = Collectivity.objects.filter(memberships__grouping=body, memberships__until=None)
        context |= {"members": _page(members, page), "members_title": "Membres"}
    return context


def _page(rows: "QuerySet[Any]", number: str) -> "Page[Any]":
    return Paginator(rows, MEMBERS_ON_A_PAGE).get_page(number)
