"""A portal whose Redis has died: filing and deciding go on, and the work is done."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e import steps
from tests.e2e.browser import PHONE, SCREEN, Visitor, open_browser
from tests.e2e.stack import Stack

OFFER = "Conseil d’architecte sur une place, un bâtiment, un village"


@pytest.fixture
def own_browser(own_portal: Stack) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield open_browser(playwright)


def test_the_portal_without_redis(own_portal: Stack, own_browser: Browser) -> None:
    """Filing and deciding lose less than a second; the reconciler does the work."""
    sessions: dict[str, Any] = {}
    mayor = Visitor(own_portal, own_browser, PHONE, sessions=sessions).sign_in("maire")
    desk = Visitor(own_portal, own_browser, SCREEN, sessions=sessions).sign_in("instructeur")
    deputy = Visitor(own_portal, own_browser, SCREEN, sessions=sessions).sign_in("adjoint")
    ready_to_send(mayor, "Les camions frôlent l’église.")
    usual = seconds(mayor, "Envoyer la demande")  # on this machine, today, with Redis

    ready_to_send(mayor, "Les camions frôlent l’école.")
    own_portal.kill("redis")
    assert seconds(mayor, "Envoyer la demande") < usual + 1
    reference = steps.sent_reference(mayor)
    steps.proposal_is_there(desk, reference)  # the reconciler has assessed it
    steps.acknowledge(desk, reference)
    steps.qualify(desk, reference, theme="Logement, habitat et cadre de vie")
    steps.proposal_is_there(desk, reference)
    steps.act(deputy, reference, "Décider")
    steps.choose_offers(deputy, OFFER)
    assert seconds(deputy, "Solliciter les prestataires choisis") < usual + 1
    deputy.reads("Décision prise : les prestataires sont sollicités.")
    steps.opens(mayor, reference)
    mayor.sees_within_seconds("Étudiée : une aide est cherchée près de chez vous")
    own_portal.mail("maire@demo.example", reference)


def ready_to_send(mayor: Visitor, need: str) -> None:
    steps.describe(mayor, subject="Centre-bourg, place, traversée", need=need)
    mayor.fill("Téléphone", "04 92 35 00 00")
    mayor.press("Continuer")
    steps.confirm(mayor)


def seconds(visitor: Visitor, button: str) -> float:
    """How long the server takes to answer the form that this button sends."""
    with visitor.page.expect_response(lambda response: response.request.method == "POST") as sent:
        visitor.press(button)
    timing = sent.value.request.timing
    return float(timing["responseStart"] - timing["requestStart"]) / 1000
