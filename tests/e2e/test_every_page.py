"""Every page that one reaches by its address keeps the rules, on a telephone and on a screen, for each role."""

import re

import pytest

from tests.e2e.browser import PHONE, SCREEN, Open, Visitor

BOTH = (PHONE, SCREEN)

PUBLIC = (
    "/",
    "/accessibilite/",
    "/mentions-legales/",
    "/donnees-personnelles/",
    "/plan-du-site/",
    "/connexion/",
    "/connexion/mot-de-passe/",
    "/demandes/nouvelle/",
    "/guichets/",
    "/territoires/",
    "/territoires/04/",
    "/territoires/04121/",
    "/territoires/200067437/",
    "/offres/",
    "/offres/?commune=04121",
    "/offres/guides/",
    "/offres/guide/04/",
    "/comment-une-demande-est-orientee/",
    "/programmes/",
    "/programmes/pvd/",
    "/statistiques/",
    "/api/v1/docs/",
    "/_courriels/",
)

#: Role → its pages: addresses, and for a file the page where the first link to one is found.
SIGNED_IN: dict[str, tuple[str, ...]] = {
    "maire": ("/", "/demandes/", "/demandes/nouvelle/", "/profil/", "/profil/modifier/", "/profil/mandat/"),
    "secretaire": ("/demandes/", "/demandes/nouvelle/"),
    "epci": ("/demandes/",),
    "instructeur": (
        "/",
        "/guichet/",
        "/guichet/?etat=terminees",
        "/guichet/enregistrer/",
        "/guichet/offres/charger/",
        "/guichet/propositions-suivies/",
        "/guichet/silence/",
        "/guichet/silence/visites/",
        "/catalogue/",
        "/catalogue/controles/",
        "/mandats/",
        "/delegations/",
        "/profil/mot-de-passe/",
    ),
    "delegue": (
        "/guichet/",
        "/mandats/renfort/",
        "/delegations/",
        "/delegations/nouvelle/",
        "/delegations/changement-de-prefet/",
    ),
    "sousprefet": ("/guichet/", "/guichet/enregistrer/", "/guichet/silence/", "/guichet/silence/visites/"),
    "suivi": ("/guichet/",),
    "chefprojet": ("/guichet/",),
    "cmt": ("/guichet/",),
    "anct": (
        "/national/",
        "/national/?vue=terminees",
        "/national/propositions-suivies/",
        "/national/simulations/",
        "/national/simulations/nouvelle/acheminement/",
        "/national/simulations/nouvelle/financement/",
    ),
    "dg": ("/national/",),
    "cerema": ("/operateurs/", "/sollicitations/"),
    "offreur": ("/sollicitations/", "/catalogue/"),
    "clct": ("/clct/", "/clct/04/"),
    "admin": ("/delegations/", "/profil/"),
}

#: Whose list → the links to files there.
FILES = {
    "maire": ("/demandes/", re.compile(r"^/demandes/20\d\d-")),
    "instructeur": ("/guichet/?etat=toutes", re.compile(r"^/guichet/20\d\d-")),
    "anct": ("/national/?vue=accompagnements", re.compile(r"^/national/20\d\d-")),
    "cerema": ("/operateurs/", re.compile(r"^/operateurs/20\d\d-")),
    "offreur": ("/sollicitations/", re.compile(r"^/sollicitations/[0-9a-f]")),
}


def looks_at(visitor: Visitor, *addresses: str) -> None:
    """Goes through the pages, and tells everything that is wrong with them at once."""
    wrong = []
    for address in addresses:
        visitor.problems.clear()
        response = visitor.go(address)
        if response.status != 200:
            wrong.append(f"{address}: {response.status}")
            continue
        try:
            visitor.check(widths=BOTH)
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, "\n\n".join(wrong)


def test_public_pages(screen: Open) -> None:
    looks_at(screen(), *PUBLIC)


@pytest.mark.parametrize("role", SIGNED_IN)
def test_pages_of(role: str, screen: Open) -> None:
    looks_at(screen(role), *SIGNED_IN[role])


@pytest.mark.parametrize("role", FILES)
def test_files_read_by(role: str, screen: Open) -> None:
    visitor = screen(role)
    address, pattern = FILES[role]
    visitor.go(address)
    hrefs = visitor.page.get_by_role("main").get_by_role("link").evaluate_all("all => all.map((one) => one.pathname)")
    found = list(dict.fromkeys(href for href in hrefs if pattern.match(href)))
    assert found, f"no file at {address}"
    looks_at(visitor, *found[:3])


def test_refusals(screen: Open) -> None:
    """404 for what is hidden or is not, 403 in the portal's words otherwise."""
    stranger = screen("instructeur2")
    for hidden in ("/guichet/2026-04-00001/", "/nulle-part/"):
        assert stranger.go(hidden).status == 404
        stranger.check(widths=BOTH)
    assert stranger.go("/national/").status == 403
    stranger.check(widths=BOTH)


def test_the_acts_of_a_desk(screen: Open) -> None:
    """Each act that a file offers has a page that keeps the rules."""
    agent = screen("adjoint")
    agent.go("/guichet/?etat=toutes")
    files = agent.page.locator("[data-desk-open]").evaluate_all("all => all.map((one) => one.pathname)")
    acts: dict[str, str] = {}
    for file in files:
        agent.go(file)
        for href in agent.page.locator(".file-acts a").evaluate_all("all => all.map((one) => one.pathname)"):
            acts.setdefault(href.rstrip("/").rsplit("/", 1)[-1], href)
    assert len(acts) > 12, acts
    looks_at(agent, *acts.values())
