"""The main navigation: one literal table, role by role, in the words of the pages it leads to.

An entry is shown only when its address is served by the portal as it stands: the menu never leads to a missing page.
"""

import functools
from dataclasses import dataclass

from django.urls import Resolver404, resolve

from common.actor import Role


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Item:
    """An entry on one page: ``current`` is the value of ``aria-current`` (this page, one under it), or empty."""

    label: str
    path: str
    current: str


DASHBOARD = Entry("Tableau de bord", "/guichet/")
NATIONAL = Entry("Saisines", "/national/")
DELEGATIONS = Entry("Missions confiées", "/operateurs/")
SOLICITATIONS = Entry("Sollicitations", "/sollicitations/")
COVERAGE = Entry("Où l’aide manque", "/guichet/couverture/")
NATIONAL_COVERAGE = Entry("Où l’aide manque", "/national/couverture/")
NATIONAL_FOLLOWED = Entry("Propositions suivies", "/national/propositions-suivies/")
SILENCE = Entry("Communes à visiter", "/guichet/silence/")
CATALOGUE = Entry("Catalogue", "/catalogue/")
OWN_OFFERS = Entry("Mes offres", "/catalogue/")
SIMULATIONS = Entry("Simulations", "/national/simulations/")
COMMITTEE = Entry("Comité local", "/clct/")
OWN_REQUESTS = Entry("Mes demandes", "/demandes/")
FILING = Entry("Décrire mon besoin", "/demandes/nouvelle/")

#: What every person sees after the entries of his role.
COMMON = (
    Entry("Offres", "/offres/"),
    Entry("Territoires et guichets", "/territoires/"),
    Entry("Programmes", "/programmes/"),
)

#: Every role has its line (tested): a new one must be decided.
BY_ROLE: dict[Role, tuple[Entry, ...]] = {
    Role.ANONYMOUS: (FILING,),
    Role.OFFICIAL: (OWN_REQUESTS, FILING),
    Role.SECRETARY: (OWN_REQUESTS, FILING),
    Role.PROVIDER: (SOLICITATIONS, OWN_OFFERS, DASHBOARD),
    Role.INSTRUCTOR: (DASHBOARD, CATALOGUE, COVERAGE, SILENCE, COMMITTEE),
    Role.SUB_PREFECT: (DASHBOARD, COVERAGE, SILENCE, COMMITTEE),
    Role.DEPUTY: (DASHBOARD, CATALOGUE, COVERAGE, SILENCE, COMMITTEE),
    Role.DELEGATE: (DASHBOARD, CATALOGUE, COVERAGE, SILENCE, COMMITTEE),
    Role.FOLLOW_UP_OFFICER: (DASHBOARD,),
    Role.PROJECT_LEADER: (DASHBOARD,),
    Role.REGION: (DASHBOARD, COVERAGE, SILENCE),
    Role.CMT: (DASHBOARD, COVERAGE, SILENCE),
    Role.NATIONAL: (NATIONAL, CATALOGUE, NATIONAL_COVERAGE, SILENCE, NATIONAL_FOLLOWED, SIMULATIONS),
    Role.DIRECTOR_GENERAL: (NATIONAL, CATALOGUE, NATIONAL_COVERAGE, SILENCE, NATIONAL_FOLLOWED, SIMULATIONS),
    Role.OPERATOR: (DELEGATIONS, SOLICITATIONS, OWN_OFFERS),
    Role.CONTRACTOR: (DASHBOARD,),
    Role.COMMITTEE_MEMBER: (COMMITTEE,),
    Role.ADMINISTRATOR: (Entry("Administration", "/admin/"), CATALOGUE),
    Role.SYSTEM: (),
}


def home_of(role: Role) -> str:
    """Where somebody of this role begins: the first entry of his menu."""
    entries = () if role is Role.ANONYMOUS else BY_ROLE[role]
    return next((entry.path for entry in entries if is_served(entry.path)), "/")


@functools.cache
def is_served(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def items(role: Role, path: str) -> list[Item]:
    """The menu of ``role`` on the page at ``path``. Only the longest matching entry is current."""
    entries = [entry for entry in (*BY_ROLE[role], *COMMON) if is_served(entry.path)]
    nearest = max((entry.path for entry in entries if path.startswith(entry.path)), key=len, default="")
    return [
        Item(entry.label, entry.path, ("page" if entry.path == path else "true") if entry.path == nearest else "")
        for entry in entries
    ]
