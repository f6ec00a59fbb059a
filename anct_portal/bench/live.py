"""What only a whole portal shows: rates, delays and memory over HTTP and Celery, one result a goal."""

import http.client
import statistics
import time
import uuid
from collections.abc import Callable, Iterator

from celery import current_app
from django.db import connection, transaction
from django.db.models import F

from accounts.actors import actor_for
from accounts.models import Mandate
from accounts.sessions import signed_in
from anct_portal.bench import load, year
from anct_portal.bench.portal import Portal
from common import clock
from common.actor import Role
from common.bench import Result, percentile
from operators.bench import LOCAL, top_up
from operators.models import Offer
from requests.bench import agent, scenario
from requests.models import RoutingJob, Simulation, SupportRequest
from requests.services import simulation as service
from territories.bench import loading
from territories.models import Department

MIB = 1024**2


def results(only: str, *, full: bool) -> Iterator[Result]:
    """On the database in service, which the last of them empties."""
    whole: tuple[tuple[str, Callable[[Portal, bool], Iterator[Result]]], ...] = (
        ("pages", pages),
        ("filing", filing),
        ("frozen", frozen),
        ("routing", routing),
        ("proposal", proposal),
        ("simulation", simulation),
        ("memory", memory),
    )
    chosen = [measure for name, measure in whole if only in name]
    if chosen:
        with Portal() as portal:
            for measure in chosen:
                yield from measure(portal, full)
    if only in "year":
        yield from year.results(50_000 if full else 500)
    if only in "loading":
        yield from loading()


def _instructors() -> list[str]:
    """A cookie a desk."""
    rows = Mandate.objects.filter(role=Role.INSTRUCTOR).order_by("department_id", "pk").distinct("department_id")
    return [f"sessionid={signed_in(mandate)}" for mandate in rows.select_related("user")]


def pages(portal: Portal, full: bool) -> Iterator[Result]:
    name = "triage pages a second, whole, two cores, PostgreSQL included"
    if not load.wrk_is_here():
        yield Result(name, 0, "pages/s", 250, at_least=True, detail="wrk absent")
        return
    asked = [("/guichet/", cookie) for cookie in _instructors()]
    load.pages(portal.port, asked, 3)
    seen = load.pages(portal.port, asked, 60 if full else 15)
    told = f"wrk, 4 connections, {len(asked)} desks, {seen.count} pages, {seen.refused} refused"
    yield Result(name, seen.rate, "pages/s", 250, at_least=True, detail=told)
    yield Result("the same pages, 99th percentile", seen.p99, "ms", 100, detail=told)


def filing(portal: Portal, full: bool) -> Iterator[Result]:
    seconds = 120 if full else 30
    filers = load.Filers(portal.port)
    filers.file(2)
    filed = filers.file(seconds)
    good = [one for one in filed if one.status == 201]
    there = SupportRequest.objects.filter(submission_key__in=[one.key for one in good]).count()
    told = f"API, {seconds} s, {len(filed) - len(good)} refused, {len(good) - there} lost, workers at work meanwhile"
    yield Result("filings over HTTP, sustained", len(good) / seconds, "a second", 200, at_least=True, detail=told)
    p99 = percentile([one.seconds for one in filed], 0.99) * 1000
    yield Result("the same filings, 99th percentile", p99, "ms", 1000, detail="8 people at once, no pause")
    _settle(portal)


def frozen(portal: Portal, full: bool) -> Iterator[Result]:
    filers = load.Filers(portal.port)
    with portal.frozen("redis"):
        filed = filers.file(10, threads=2)
    worst = max(one.seconds for one in filed) * 1000
    refused = sum(one.status != 201 for one in filed)
    told = f"the slowest of {len(filed)} over HTTP, 2 people, {refused} refused"
    yield Result("filing, Redis frozen", worst, "ms", 1000, detail=told)
    _settle(portal)


def _settle(portal: Portal) -> None:
    """What was filed is routed, before anything else is measured; its letters and mails are nobody's business."""
    deadline = time.monotonic() + 300
    while RoutingJob.objects.undone().exists():
        if time.monotonic() > deadline:
            raise RuntimeError("requests are left without an assessment")
        time.sleep(0.2)
    portal.drained()


def routing(portal: Portal, full: bool) -> Iterator[Result]:
    """Batches in turns: the queue is filled while the workers stand still, then they are timed until it is empty."""
    batch, turns = 200, 10 if full else 4
    files = list(SupportRequest.objects.order_by("-pk").values_list("pk", flat=True)[: batch * turns])
    rates: dict[str, list[float]] = {"empty": [], "routing": []}
    for turn in range(turns):
        jobs = [RoutingJob(support_request_id=pk) for pk in files[turn * batch : (turn + 1) * batch]]
        with portal.frozen("reconcile"):
            rates["empty"].append(batch / _emptied(portal, "celery.accumulate", list(range(batch))))
            made = [job.pk for job in RoutingJob.objects.bulk_create(jobs)]
            rates["routing"].append(batch / _emptied(portal, "requests.route_support_request", made))
        if RoutingJob.objects.undone().filter(pk__in=made).exists():
            raise RuntimeError("routing jobs are left undone")
    ours, empty = (statistics.median(rates[name]) for name in ("routing", "empty"))
    told = f"{ours:.0f} a second for {empty:.0f} empty tasks, 2 workers, {turns} batches of {batch} in turns"
    yield Result("routing one by one, to empty tasks", ours / empty, "×", 0.6, at_least=True, detail=told)


def _emptied(portal: Portal, task: str, arguments: list[int]) -> float:
    with portal.frozen("tasks"):
        for argument in arguments:
            current_app.send_task(task, args=[argument], ignore_result=True)
    return portal.drained()


def simulation(portal: Portal, full: bool) -> Iterator[Result]:
    """Every request of the database on another catalogue, in a worker, while a desk reads its triage page."""
    with transaction.atomic():
        top_up(LOCAL)
    offers = Offer.objects.published().count()
    empty = statistics.median(200 / _emptied(portal, "celery.accumulate", list(range(200))) for _ in range(4))
    cookie = _instructors()[0]
    triage(portal, cookie, 20)
    quiet = statistics.median(triage(portal, cookie, 100))
    mandate = agent()
    who = actor_for(mandate.user, mandate, clock.today())
    before = portal.memory("tasks") / MIB
    made = service.ask(scenario(), who, title="Mesure", key=uuid.uuid4())
    busy, most, deadline = list[float](), 0.0, time.monotonic() + (7200 if full else 1200)
    while Simulation.objects.get(pk=made.pk).is_running:
        busy += triage(portal, cookie, 5)
        most = max(most, portal.memory("tasks") / MIB)
        if time.monotonic() > deadline:
            raise RuntimeError("the simulation does not end")
    made.refresh_from_db()
    if not made.is_complete or made.started_at is None or made.ended_at is None:
        raise RuntimeError("the simulation was given up")
    rate = made.treated / (made.ended_at - made.started_at).total_seconds()
    told = f"{made.treated:,} requests × {offers:,} offers, {rate:.0f} a second for {empty:.0f} empty tasks"
    yield Result("simulation, to empty tasks", rate / empty, "×", 3, at_least=True, detail=told)
    slow = statistics.median(busy)
    told = f"{quiet:.0f} → {slow:.0f} ms, medians of 100 and {len(busy)}, one reader"
    yield Result("triage page during a simulation", slow / quiet, "×", 1.5, detail=told)
    told = f"{before:.0f} → {most:.0f} MiB by the workers of the tasks"
    yield Result("memory that a simulation takes", most - before, "MiB", 100, detail=told)


def triage(portal: Portal, cookie: str, count: int) -> list[float]:
    """Milliseconds of each page."""
    found = []
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    for _ in range(count):
        started = time.perf_counter()
        connection.request("GET", "/guichet/", headers={**load.PROXY, "Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"triage page: {answer.status}")
        found.append((time.perf_counter() - started) * 1000)
    connection.close()
    return found


def proposal(portal: Portal, full: bool) -> Iterator[Result]:
    filers = load.Filers(portal.port)
    filed = filers.file(60, threads=8, rate=20)
    _settle(portal)
    jobs = RoutingJob.objects.filter(support_request__submission_key__in=[one.key for one in filed])
    delays = [delay.total_seconds() * 1000 for delay in jobs.values_list(F("done_at") - F("queued_at"), flat=True)]
    told = f"{len(delays)} filings in 60 s, {sum(one.status != 201 for one in filed)} refused"
    yield Result("from filing to its proposal, 20 a second", percentile(delays, 0.95), "ms, p95", 1000, detail=told)


def memory(portal: Portal, full: bool) -> Iterator[Result]:
    """The slope, once warm: what the workers of the pages keep of each page they serve."""
    name = "memory that pages leave behind"
    if not load.wrk_is_here():
        yield Result(name, 0, "MiB per 100,000", 20, detail="wrk absent")
        return
    wanted = 100_000 if full else 20_000
    cookies = _instructors()
    lists = ("/guichet/?ordre=recentes", "/api/v1/support-requests/")
    asked = [(path, cookie) for cookie in cookies[:50] for path in lists]
    asked += [
        (f"/territoires/{department}/", "a=b") for department in Department.objects.values_list("code", flat=True)[:50]
    ]
    count, round_seconds, points = 0, 5.0, list[tuple[float, float]]()
    ends = time.monotonic() + (3600 if full else 240)
    while count < wanted and time.monotonic() < ends:
        seen = load.pages(portal.port, asked, round_seconds)
        count += seen.count
        points.append((count, portal.memory() / MIB))
        round_seconds = min(max(2.0, wanted / 12 / max(seen.rate, 1)), 300 if full else 15)
    warm = [point for point in points if point[0] > count / 2]
    slope = statistics.linear_regression(*zip(*warm, strict=True)).slope * 100_000
    told = f"{count} pages by 2 workers, {points[0][1]:.0f} → {points[-1][1]:.0f} MiB, slope of the second half"
    yield Result(name, slope, "MiB per 100,000", 20, detail=told)
    connection.close()
