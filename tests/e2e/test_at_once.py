"""Two agents on one file at the same moment."""

from tests.e2e import steps
from tests.e2e.browser import Open
from tests.e2e.stack import Stack

OFFER = "Conseil d’architecte sur une place, un bâtiment, un village"


def test_two_agents_decide_at_once(portal: Stack, phone: Open, screen: Open) -> None:
    """One wins; the other reads who decided, and what."""
    mayor = phone("maire")
    reference = steps.file_request(mayor, subject="Centre-bourg, place, traversée", need="La place est un parking.")
    desk = screen("instructeur")
    steps.acknowledge(desk, reference)
    steps.qualify(desk, reference, theme="Logement, habitat et cadre de vie")
    steps.proposal_is_there(desk, reference)
    first, second = screen("adjoint"), screen("delegue")
    for agent in (first, second):  # both read the same page before either decides
        steps.act(agent, reference, "Décider")
    with portal.frozen("tasks", "reconcile"):
        steps.solicit(first, OFFER)
        first.reads("Décision prise : les prestataires sont sollicités.", "la décision est en cours d’acheminement")
        steps.solicit(second, OFFER)
        second.reads("Mme Charme vient de décider")
        assert second.document is not None
        assert second.document.status == 409
        second.check()
    steps.file_page(desk, reference)
    desk.sees_within_seconds("· sollicité le")
    assert desk.text().count("· sollicité le") == 1
