"""Events become wake-ups, and this app's undone work is declared to the reconciler."""

from common.events import subscribe
from common.jobs import job_work, register, wake
from operators import coverage
from operators.events import OfferChanged
from operators.matching.vocabulary import NATION_CODE
from operators.models import CoverageJob, OfferLoad, Publication
from operators.services import loads, publications
from territories.events import FactsLoaded

register(job_work(publications.WORK, Publication, publications.make, max_attempts=3))
register(
    job_work(
        loads.WORK,
        OfferLoad,
        loads.perform,
        task="operators.load_offers",
        max_attempts=3,
        on_failure=loads.given_up,
    )
)


def _one(job: CoverageJob) -> None:
    coverage.follow([job])


COVERAGE = register(job_work(coverage.WORK, CoverageJob, _one, together=coverage.follow))


def compute_coverage_again(event: OfferChanged) -> None:
    wake(COVERAGE.name, CoverageJob.objects.create(offer_id=event.offer_id).pk)


def compute_nation_again(event: FactsLoaded) -> None:
    coverage.ask(NATION_CODE)


subscribe(OfferChanged, compute_coverage_again)
subscribe(FactsLoaded, compute_nation_again)
