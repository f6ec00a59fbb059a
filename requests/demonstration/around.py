"""What surrounds the files: bodies away, communes to visit."""

import datetime as dt
from zoneinfo import ZoneInfo

from common import clock
from common.actor import Actor
from operators.models import Provider, ProviderAbsence
from operators.services import absences
from requests.demonstration.stage import Stage, moment
from requests.models import SupportRequest, Visit
from requests.services import visits
from territories.models import Collectivity

HERE = ZoneInfo("Europe/Paris")


def away(stage: Stage) -> None:
    """The council of architects of 04 closes at the end of the year, and says who answers meanwhile."""
    caue = Provider.objects.get(code="caue-04")
    if ProviderAbsence.objects.filter(provider=caue).exists():
        return
    with clock.at(moment("2026-11-16", HERE)):
        absences.declare(
            caue,
            stage.actor(stage.account("instructeur")),
            first_day=dt.date(2026, 12, 19),
            last_day=dt.date(2027, 1, 3),
            deputy_name="Mme Tilleul",
            deputy_email="tilleul@demo.example",
            note="Fermeture de fin d’année.",
        )


def visited(stage: Stage) -> None:
    """Three communes of 04 that never filed: one heard, one planned, one to plan. After the lives, who files by lot."""
    if Visit.objects.exists():
        return
    silent = Collectivity.objects.municipal().filter(department="04", is_current=True, population__gte=80)
    codes = silent.exclude(pk__in=SupportRequest.objects.values("collectivity")).order_by("code")[:3]
    with clock.at(moment("2026-10-12", HERE)):
        actor = stage.actor(stage.account("instructeur"))
        heard, planned, _ = (_listed(actor, body.code) for body in codes)
        said = visits.Visited(
            visited_on=dt.date(2026, 10, 8),
            visitor="M. Cormier, sous-préfet",
            note="On pensait en mairie qu’il fallait un projet ficelé pour écrire. Une demande sur l’école viendra.",
        )
        visits.record(actor, heard.pk, said, version=heard.version)
        said = visits.Visited(planned_on=dt.date(2026, 12, 10), visitor="M. Cormier, sous-préfet")
        visits.record(actor, planned.pk, said, version=planned.version)


def _listed(actor: Actor, code: str) -> Visit:
    visits.add(actor, [code])
    return Visit.objects.get(commune__code=code)
