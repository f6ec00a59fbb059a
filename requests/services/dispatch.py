"""Carrying a decision out: done by a worker, once, whatever dies on the way.

*Local*: the search starts and each provider is solicited. *Refer*: the referral opens, filled with the evidence. Access
follows from the rows written (solicitation, delegation, assignment): nothing else is granted to anyone.
"""

from common import clock
from common.actor import system
from common.jobs import Abandon
from notifications import hold
from operators.models import Offer, ProviderAbsence
from requests.enums import DecisionKind
from requests.models import Dispatch, SupportRequest
from requests.services import held, referral, solution, transitions
from requests.workflow import Action, State


def dispatch(job: Dispatch) -> None:
    """Performs a dispatch, in the caller's transaction. A request that has moved away meanwhile abandons it."""
    decision = job.decision
    support_request = SupportRequest.objects.lock(decision.support_request_id)
    if support_request.step not in {State.QUALIFICATION, State.LOCAL_SEARCH}:
        raise Abandon(f"la demande est « {support_request.get_state_display()} »")
    at = clock.now()
    actor = system(transitions.local_date(support_request, at))
    if decision.kind == DecisionKind.REFER:
        referral.open_referral(support_request, actor, decision=decision, at=at)
    else:
        if support_request.step is State.QUALIFICATION:
            with transitions.begin(support_request.pk, Action.START_SEARCH, actor, at=at) as step:
                step.finish()
        offers = {
            offer.uuid: offer for offer in Offer.objects.filter(uuid__in=decision.offers).select_related("provider")
        }
        absences = ProviderAbsence.objects.on(actor.on).filter(
            provider__in={one.provider_id for one in offers.values()}
        )
        away = dict(absences.values_list("provider", "last_day"))
        with hold.holding(held.of_decision(decision)):
            for key in decision.offers:
                if key in offers:
                    solution.solicit(
                        support_request,
                        decision,
                        offers[key],
                        at=at,
                        expected_on=job.expected_on,
                        question=job.questions.get(str(key), ""),
                        away_until=away.get(offers[key].provider_id),
                    )
        solution.await_providers(support_request)
