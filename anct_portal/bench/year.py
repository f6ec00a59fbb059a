"""One « Dauphin year »: fifty thousand requests filed, routed, decided, their mails written; none lost.

By the services themselves, in as many processes as there are cores, as workers and reconciler call them. Letters (a PDF
each) and the sending of mails are left out: they are other goals.
"""

import multiprocessing
import os
import time
import uuid
from collections.abc import Iterator, Sequence

from django.db import connections
from django.db.models import Count, Q

from accounts.actors import actor_for
from accounts.models import Mandate
from common import clock, jobs
from common.actor import Actor, Role
from common.bench import Result
from notifications.models import Mail, OutboxEvent
from operators.models import Offer, Subject
from requests.enums import Motive
from requests.models import Decision, Dispatch, RoutingJob, SupportRequest
from requests.services import intake, triage
from requests.workflow import State

WHOLE, MINUTES = 50_000, 10
CHUNK = 20
WORKS = ("requests.routing", "requests.dispatch", "notifications.outbox")


def results(files: int) -> Iterator[Result]:
    first = SupportRequest.objects.order_by("-pk").values_list("pk", flat=True)[0]
    mails = Mail.objects.count()
    processes = os.cpu_count() or 1
    connections.close_all()
    started = time.monotonic()
    fork = multiprocessing.get_context("fork")
    hands = [fork.Process(target=_work, args=(rank, processes, files)) for rank in range(processes)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    spent = time.monotonic() - started
    done = SupportRequest.objects.filter(pk__gt=first, assessment__isnull=False)
    states = [State.LOCAL_SEARCH.value, State.REFERRAL_PREPARATION.value]
    whole = done.filter(state__in=states).annotate(decided=Count("decisions")).filter(decided=1).count()
    undone = Q(done_at__isnull=True)
    left = sum(model.objects.filter(undone).count() for model in (RoutingJob, Dispatch, OutboxEvent))
    told = f"{files:,} in {spent:.0f} s by {processes} processes, {Mail.objects.count() - mails:,} mails written, "
    told += "no letter, no SMTP" + ("" if files == WHOLE else f"; the rate extrapolated to {WHOLE:,}")
    yield Result("one Dauphin year", spent * WHOLE / files / 60, "minutes", MINUTES, detail=told)
    told = f"{whole:,} of {files:,} decided once, {left} pieces of work undone"
    yield Result("one Dauphin year: lost", files - whole + left, "", 0, detail=told)


def _work(rank: int, processes: int, files: int) -> None:
    mine = range(rank, files, processes)
    year = Year()
    for start in range(0, len(mine), CHUNK):
        year.play(mine[start : start + CHUNK])
    while jobs.sweep(WORKS):
        pass


class Year:
    """Mayors, instructors and deputies, and what they do."""

    def __init__(self) -> None:
        self.on = clock.today()
        self.subjects = list(Subject.objects.exclude(theme="").order_by("pk"))
        mayors = Mandate.objects.filter(role=Role.OFFICIAL, collectivity__kind="commune", confirmed_at__isnull=False)
        self.mayors = list(mayors.select_related("user", "collectivity__department").order_by("uuid")[:2000])
        desks = Mandate.objects.filter(role__in=[Role.INSTRUCTOR, Role.DEPUTY]).select_related("user", "organisation")
        self.desks = {(mandate.department_id, mandate.role): mandate for mandate in desks.order_by("-pk")}

    def actor(self, mandate: Mandate) -> Actor:
        return actor_for(mandate.user, mandate, self.on)

    def play(self, numbers: Sequence[int]) -> None:
        filed = [self.file(number) for number in numbers]
        jobs.sweep(WORKS[:1])
        for row in filed:
            self.read(row)
        jobs.sweep(WORKS[:1])
        for row in SupportRequest.objects.filter(pk__in=[row.pk for row in filed]).select_related("assessment"):
            self.decide(row)
        jobs.sweep(WORKS[1:])

    def file(self, number: int) -> SupportRequest:
        mayor = self.mayors[number % len(self.mayors)]
        application = intake.Application(
            collectivity=mayor.collectivity,  # type: ignore[arg-type]
            subject=self.subjects[number % len(self.subjects)],
            need="Le toit de l’école fuit depuis la grêle.",
            progress="idea",
        )
        return intake.submit(application, self.actor(mayor), key=uuid.uuid4())

    def read(self, row: SupportRequest) -> None:
        instructor = self.desks[row.department_id, Role.INSTRUCTOR]
        actor = self.actor(instructor)
        triage.acknowledge(row, actor, contact=instructor)
        reading = triage.Qualification(
            subject=row.subject, themes=(row.subject.theme or "",), competence="commune", phase="framing"
        )
        triage.qualify(row, actor, reading)

    def decide(self, row: SupportRequest) -> Decision:
        actor = self.actor(self.desks[row.department_id, Role.DEPUTY])
        found = row.assessment.document["matching"]["candidates"] if row.assessment else []
        offers = list(Offer.objects.published().filter(uuid__in=[one["uuid"] for one in found[:2]]))
        if offers:
            return triage.decide_local(row, actor, offers, message="Pouvez-vous intervenir ?", reason="Choix.")
        return triage.decide_refer(row, actor, [Motive.values[0]], reason="Aucune offre.")
