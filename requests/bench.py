"""Measures of the spine on a database of volume (``manage.py seed --volume N``): pages of a desk, and filing."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import cycle
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, JSONField
from django.test import Client
from psycopg.types.json import Jsonb

from accounts.actors import actor_for
from accounts.models import Mandate
from accounts.sessions import signed_in
from common import clock
from common.actor import Role
from common.bench import Measure, Replay, Result, statements
from common.database import take_role
from common.jobs import More
from operators.bench import LOCAL, catalogue_of, timed
from operators.matching.engine import MAX_BYTES
from operators.models import Offer, Subject
from requests.models import RoutingAssessment, RoutingJob, SimulatedRequest, Simulation, SupportRequest
from requests.scenario import RoutingScenario
from requests.services import intake, routing, simulation


def busiest() -> tuple[str, Mandate]:
    """The desk that holds the most requests, and its instructor."""
    counts = SupportRequest.objects.order_by().values("department_id").annotate(rows=Count("pk")).order_by("-rows")
    department = counts[0]["department_id"]
    return department, Mandate.objects.filter(role=Role.INSTRUCTOR, department=department).select_related("user")[0]


def _client(mandate: Mandate) -> Client:
    """Somebody signed in, behind the proxy that a server has."""
    client = Client(SERVER_NAME="localhost", HTTP_X_FORWARDED_PROTO="https")
    client.cookies["sessionid"] = signed_in(mandate)
    return client


def _page(client: Client, address: str) -> Callable[[], None]:
    def ask() -> None:
        answer = client.get(address, secure=True)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")

    return ask


def measures() -> Iterator[Measure | Result]:
    department, mandate = busiest()
    client = _client(mandate)
    row = SupportRequest.objects.filter(department_id=department, state="local_search").order_by("-pk").first()
    reference = (row or SupportRequest.objects.filter(department_id=department).latest("pk")).reference
    pages = {
        "triage page": ("/guichet/", 6.0),
        "triage page, oldest first": ("/guichet/?ordre=anciennes", 6.0),
        "file page": (f"/guichet/{reference}/", 6.0),
        "API, a page of requests": ("/api/v1/support-requests/", 6.0),
    }
    for name, (address, goal) in pages.items():
        ask = _page(client, address)
        ask()
        yield Measure(name, ask, goal, Replay(statements(ask)), "its statements, bare, on one connection")
    yield Measure("search in a department", _page(client, "/guichet/?q=toiture"), 0.050)
    yield _filing()
    national = Offer.objects.published().filter(provider__kind__in=["operator", "agency"]).count()
    for offers in (100, 1_500, 10_000):
        yield from _assessments(offers - national)
    yield _simulation()


def _assessments(local: int) -> Iterator[Measure | Result]:
    """One request routed, by the service, whatever the size of the catalogue."""
    with catalogue_of(local):
        offers = f"{Offer.objects.published().count():,} offers"
        rows = SupportRequest.objects.order_by("uuid")[:50]
        jobs = RoutingJob.objects.bulk_create([RoutingJob(support_request=row) for row in rows])
        turns = cycle(jobs)
        yield Measure(f"one assessment, {offers}", lambda: routing.route(next(turns)), 0.150)
        made = RoutingAssessment.objects.filter(support_request__in=rows).order_by("-computed_at")[: len(jobs)]
        sizes = [len(json.dumps(one.document, ensure_ascii=False, separators=(",", ":")).encode()) for one in made]
        largest = f"the largest of {len(sizes)}"
        yield Result(f"one assessment stored, {offers}", max(sizes), "bytes", MAX_BYTES, detail=largest)
        count = max(len(statements(partial(routing.route, job))) for job in jobs)
        yield Result(f"queries of one assessment, {offers}", count, "queries", 15, detail=f"the most of {len(jobs)}")


def scenario() -> RoutingScenario:
    """Every request, without the technical agencies."""
    today = clock.today()
    start = today.replace(year=today.year - 10, day=1)
    return RoutingScenario(start=start, end=today, without_kinds=("technical_agency",))


def agent() -> Mandate:
    found = Mandate.objects.filter(role=Role.NATIONAL, confirmed_at__isnull=False).select_related(
        "user", "organisation"
    )
    return found.order_by("pk")[0]


def _simulation() -> Result:
    """Here and alone: what a worker takes for it, without Celery. Its goal is that of the whole portal."""
    mandate = agent()
    with catalogue_of(LOCAL):
        offers = Offer.objects.published().count()
        who = actor_for(mandate.user, mandate, clock.today())
        made = simulation.ask(scenario(), who, title="Mesure", key=uuid.uuid4())
        job = made.replays.get()

        def replayed() -> None:
            while Simulation.objects.get(pk=made.pk).is_running:
                with transaction.atomic(), suppress(More):  # a part is kept
                    simulation.perform(job)

        spent = timed(replayed)
        count = SimulatedRequest.objects.filter(simulation=made).count()
        detail = f"{count:,} requests × {offers:,} offers in {spent / 1000:.0f} s, one process"
        return Result("simulation, set-based", count / spent * 1000, "a second", 2_500, at_least=True, detail=detail)


def _filing() -> Measure:
    """The service against one INSERT of as many columns, each in a transaction of its own."""
    mandate = Mandate.objects.filter(role=Role.OFFICIAL, collectivity__kind="commune", confirmed_at__isnull=False)
    mayor: Any = mandate.select_related("user", "collectivity__department").first()
    subject = Subject.objects.order_by("pk")[0]
    actor = actor_for(mayor.user, mayor, clock.today())
    insert = _bare_insert()

    contact: dict[str, Any] = intake.contact_of(mayor.user)

    def file() -> None:
        application = intake.Application(
            collectivity=mayor.collectivity,
            subject=subject,
            need="Le toit de l’école fuit depuis la grêle.",
            title="Le toit de l’école",
            progress="idea",
            **contact,
        )
        intake.submit(application, actor, key=uuid.uuid4())

    return Measure("filing, the service", file, 6.0, insert, "one INSERT of the same row, COMMIT")


def _bare_insert() -> Callable[[], None]:
    """One row into a table alike, durable: its columns, its indexes, its checks, nothing around."""
    table = "bench_filing"
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")  # only the owner makes tables
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {table} (LIKE requests_supportrequest INCLUDING ALL)")
        cursor.execute(f"GRANT INSERT ON {table} TO PUBLIC")
        take_role(connection=connection)
        fields = [field for field in SupportRequest._meta.concrete_fields if not field.generated]
        names = [str(field.column) for field in fields]
        cursor.execute(f"SELECT {', '.join(names)} FROM requests_supportrequest ORDER BY id LIMIT 1")  # noqa: S608
        values = dict(zip(names, cursor.fetchone(), strict=True))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"  # noqa: S608
    for name in (str(field.column) for field in fields if isinstance(field, JSONField)):
        values[name] = Jsonb(json.loads(values[name]))

    def insert() -> None:
        key = uuid.uuid4()
        own = {
            "id": key.int % 2**62,
            "uuid": key,
            "submission_key": key,
            "reference": f"2026-04-{key.int % 10**9}"[:14],
        }
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [*{**values, **own}.values()])

    return insert
