"""Reference data and the demonstration's files. Both may run again: what exists is left as it is."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from common import clock
from notifications.models import OutboxEvent
from requests.demonstration import around, commissioned, delegated, ends, local, played
from requests.demonstration.stage import Stage
from requests.models import FundingRule, SupportRequest

Report = Callable[[str], None]


def reference(report: Report = print) -> None:
    """The rule voted by the agency's board on 10 March 2021; other rates are the agency's to set."""
    FundingRule.objects.get_or_create(
        version=1,
        defaults={
            "decided_on": dt.date(2021, 3, 10),
            "applies_from": dt.date(2021, 3, 10),
            "commune_below": 3500,
            "grouping_below": 15000,
            "population_column": "population",
            "text": (
                "Prise en charge totale pour les communes de moins de 3 500 habitants et les intercommunalités de "
                "moins de 15 000 habitants (conseil d’administration du 10 mars 2021)."
            ),
        },
    )
    report("règle de prise en charge")


def demo(report: Report = print) -> None:
    """Twenty files, this morning's queue and what surrounds them, by the services at their dates; no mail is sent."""
    stage = Stage()
    began, before = clock.now(), SupportRequest.objects.count()
    stories = {**local.STORIES, **delegated.STORIES, **commissioned.STORIES, **ends.STORIES}
    for rank, name in enumerate(sorted(stories), start=1):
        with transaction.atomic():  # told whole, or told again
            stories[name](stage)
        if rank % 5 == 0:
            report(f"{rank} dossiers sur {len(stories)}")
    for story in (*ends.QUEUE, around.away):
        with transaction.atomic():
            story(stage)
    if SupportRequest.objects.count() > before:  # else, what is undone was emitted by somebody
        OutboxEvent.objects.undone().filter(at__lt=began).update(done_at=began)
    report(f"{len(stories)} dossiers et la file de ce matin")


def lives(report: Report = print) -> None:
    """Some seven hundred requests over three years, beside those told by hand: those of them that are missing."""
    report(f"{played.sow(report)} demandes engendrées sur trois ans")
    around.visited(Stage())
