"""What every installation needs of this app: the real territories, and a desk in each."""

from collections.abc import Callable

from django.conf import settings

from common.french import number
from territories.enums import CollectivityKind
from territories.loading import sources
from territories.loading.load import POPULATION_VINTAGE, load
from territories.models import Collectivity, ReferenceLoad
from territories.services.desks import open_missing_desks

DIRECTORY = settings.BASE_DIR / "fixtures" / "reference"


def reference(report: Callable[[str], None]) -> None:
    """Idempotent. Files already loaded are not read line by line again; what agents changed is never touched."""
    if ReferenceLoad.objects.filter(digest=sources.read(DIRECTORY)[1]).exists():  # newer files may have come since
        report("territoires déjà chargés")
    else:
        outcome = load(DIRECTORY, population_vintage=POPULATION_VINTAGE, progress=report)
        report(f"{number(outcome.rows_read)} lignes lues")
    current = Collectivity.objects.current()
    communes = number(current.filter(kind=CollectivityKind.COMMUNE).count())
    epci = number(current.filter(kind=CollectivityKind.EPCI).count())
    report(f"{communes} communes, {epci} intercommunalités")
    report(f"guichets ouverts : {open_missing_desks()}")
