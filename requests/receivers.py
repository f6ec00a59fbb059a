"""Events become wake-ups, and this app's undone work is declared to the reconciler."""

from common.events import subscribe
from common.jobs import job_work, register, wake
from operators.events import OfferChanged
from requests.events import (
    DecisionTaken,
    LetterAsked,
    RoutingAsked,
    SolicitationAnswered,
    SolicitationCancelled,
)
from requests.models import Dispatch, Document, Replay, RoutingJob
from requests.services import dispatch, letters, recomputing, routing, simulation
from territories.events import FactsLoaded

ROUTING = register(
    job_work(
        "requests.routing",
        RoutingJob,
        routing.route,
        task="requests.route_support_request",
        together=routing.route_all,
    )
)
DISPATCH = register(job_work("requests.dispatch", Dispatch, dispatch.dispatch, task="requests.dispatch_decision"))
LETTERS = register(job_work("requests.letters", Document, letters.write, task="requests.write_letter"))
register(
    job_work(
        simulation.WORK,
        Replay,
        simulation.perform,
        task="requests.simulate",
        on_failure=simulation.given_up,
    )
)


def wake_routing(event: RoutingAsked) -> None:
    wake(ROUTING.name, event.job_id)


def wake_dispatch(event: DecisionTaken) -> None:
    wake(DISPATCH.name, event.dispatch_id)


def wake_letter(event: LetterAsked) -> None:
    wake(LETTERS.name, event.document_id)


def recompute_open_requests(event: OfferChanged) -> None:
    recomputing.offer_changed(event.offer_id)


def recompute_for_loaded_facts(event: FactsLoaded) -> None:
    recomputing.facts_changed()


def recompute_what_nobody_is_asked_about(event: SolicitationAnswered | SolicitationCancelled) -> None:
    recomputing.solicitation_ended(event.request_id)


subscribe(RoutingAsked, wake_routing)
subscribe(DecisionTaken, wake_dispatch)
subscribe(LetterAsked, wake_letter)
subscribe(OfferChanged, recompute_open_requests)
subscribe(FactsLoaded, recompute_for_loaded_facts)
subscribe(SolicitationAnswered, recompute_what_nobody_is_asked_about)
subscribe(SolicitationCancelled, recompute_what_nobody_is_asked_about)
