"""Events become wake-ups, and this app's undone work is declared to the reconciler."""

from common.events import subscribe
from common.jobs import job_work, register, wake
from requests.events import DecisionTaken, LetterAsked, RoutingAsked
from requests.models import Dispatch, Document, RoutingJob
from requests.services import dispatch, letters, routing

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


def wake_routing(event: RoutingAsked) -> None:
    wake(ROUTING.name, event.job_id)


def wake_dispatch(event: DecisionTaken) -> None:
    wake(DISPATCH.name, event.dispatch_id)


def wake_letter(event: LetterAsked) -> None:
    wake(LETTERS.name, event.document_id)


subscribe(RoutingAsked, wake_routing)
subscribe(DecisionTaken, wake_dispatch)
subscribe(LetterAsked, wake_letter)
