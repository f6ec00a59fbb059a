"""``make run``, from an empty ``var/``: the servers, the real France, the demonstration, the processes; then again."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import psycopg
import pytest

from anct_portal import env
from anct_portal.run.__main__ import Portal
from anct_portal.run.mark import COMMENT
from anct_portal.run.services import Service, ServiceError, Services
from tests import databases
from tests.embedded.conftest import free_port, runs, temporary_var, wait_until

#: A second run is ready in under 15 s: counted in processor time, since other tests run on this machine meanwhile.
SECOND_RUN_SECONDS = 15
PROCESSES = ("postgres", "redis-server", "mail_sink", "worker", "beat", "reconcile", "gunicorn")


class Run:
    """One ``python -m anct_portal.run``, as ``make run`` starts it."""

    def __init__(self, var: Path, port: int, **variables: str) -> None:
        self.var, self.port, self.lines = var, port, list[str]()
        clean = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "SECURE_SSL_REDIRECT"}
        environment = {name: value for name, value in os.environ.items() if name not in clean}
        environment |= {"PORTAL_VAR_DIR": str(var), "PORT": str(port), **variables}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "anct_portal.run"],
            cwd=env.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.family: list[psutil.Process] = []

    def wait_ready(self) -> float:
        """Seconds until it says that it is ready."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):  # the last line of the welcome
                seconds = time.monotonic() - self.started
                self.family = psutil.Process(self.process.pid).children(recursive=True)
                return seconds
        raise AssertionError("\n".join(self.lines))

    def cpu_seconds(self) -> float:
        """What it cost so far, all its processes together: seconds that a busy machine does not stretch."""
        times = [process.cpu_times() for process in (psutil.Process(self.process.pid), *self.family) if runs(process)]
        return sum(one.user + one.system + one.children_user + one.children_system for one in times)

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.lines += rest.splitlines()
        return self.process.returncode

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
            return response.status, response.read().decode()

    def command_lines(self) -> list[str]:
        """Of what runs now: a process that fell has been replaced since ``family`` was noted."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(" ".join(process.cmdline()))
        return found

    def database(self) -> psycopg.Connection[Any]:
        record = json.loads((self.var / "run" / "environment.json").read_text())
        return psycopg.connect(record["environment"]["DATABASE_URL"])


#: One process of the suite runs them all: each would start a portal of its own.
pytestmark = pytest.mark.xdist_group("run")


@pytest.fixture(scope="module")
def first() -> Iterator[Run]:
    """The first run of a ``var/``: everything is made. It runs until the module's last test."""
    with temporary_var() as var:
        run = Run(var, free_port())
        try:
            run.wait_ready()
            yield run
        finally:
            with contextlib.suppress(ProcessLookupError):
                run.process.kill()
            run.process.communicate()
            wait_until(lambda: not any(runs(process) for process in run.family), 30)


def test_first_run_shows_its_progress_and_the_accounts(first: Run) -> None:
    told = "\n".join(first.lines)
    assert re.findall(r"^(\d)/5 ", told, re.MULTILINE) == ["1", "2", "3", "4", "5"]
    assert "34 875 communes" in told.replace("\u202f", " ").replace("\xa0", " ")
    for account in ("maire", "instructeur", "delegue", "anct", "cerema", "admin"):
        assert f"{account}@demo.example" in told
    assert re.search(r"second facteur\s: \d{6}$", told, re.MULTILINE)
    assert "/_courriels/" in told


def test_every_process_runs_and_pages_answer(first: Run) -> None:
    for name in PROCESSES:  # a child that is not itself yet bears its parent's command line
        assert wait_until(lambda name=name: any(name in line for line in first.command_lines()), 10), name
    assert first.get("/")[0] == 200
    assert first.get("/_courriels/")[0] == 200
    assert first.get("/static/portal/portal.css")[0] == 200
    assert list((first.var / "run" / "metrics").glob("*.db")), "the workers add up their counters"
    assert wait_until(lambda: unready(first) <= {"work"}, 120)


def test_a_run_on_another_address_is_known_by_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOST", "192.168.0.7")
    portal = Portal(signals=None)  # type: ignore[arg-type]
    portal.var = tmp_path
    portal.servers = SimpleNamespace(record=lambda given: None, environment=dict)  # type: ignore[assignment]
    portal.prepare_environment()
    assert portal.environment["SITE_URL"].startswith("http://192.168.0.7:")
    assert "192.168.0.7" in portal.environment["ALLOWED_HOSTS"].split(",")


def unready(run: Run) -> set[str]:
    """What « ready » misses. The seeded stories leave work of long ago, which may take minutes: ``work``."""
    try:
        return set() if run.get("/sante/prete")[0] == 200 else {"?"}
    except urllib.error.HTTPError as error:
        return set(json.loads(error.read())["missing"])


def test_pages_work_under_the_role_that_cannot_rewrite_evidence(first: Run) -> None:
    with first.database() as database:
        assert database.execute("SELECT 1 FROM pg_roles WHERE rolname = 'portal_application'").fetchone() == (1,)
        database.execute("SET ROLE portal_application")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("TRUNCATE requests_transition")


def test_commands_beside_it_use_its_servers(first: Run) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
    environment |= {"PORTAL_VAR_DIR": str(first.var), "DJANGO_SETTINGS_MODULE": "anct_portal.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check_integrity"],
        cwd=env.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_second_run_beside_the_first_is_refused(first: Run) -> None:
    second = Run(first.var, free_port())
    output, _ = second.process.communicate(timeout=30)
    assert (second.process.returncode, output.count("\n")) == (1, 1)
    assert f"processus {first.process.pid}" in output


def test_taken_port_is_told_in_one_line(first: Run) -> None:
    with temporary_var() as var:
        other = Run(var, first.port)
        output, _ = other.process.communicate(timeout=30)
    assert (other.process.returncode, output.count("\n")) == (1, 1)
    assert f"port {first.port} est pris" in output


def test_fallen_process_is_restarted(first: Run) -> None:
    beat = next(process for process in first.family if runs(process) and "beat" in process.cmdline())
    beat.kill()
    children = psutil.Process(first.process.pid).children

    def again() -> bool:
        return any("beat" in child.cmdline() for child in children() if child.pid != beat.pid and runs(child))

    assert wait_until(again, 20)
    assert first.process.poll() is None


def whole(run: Run) -> bool:
    """The database bears the mark of a complete demonstration."""
    with run.database() as database:
        return bool(database.execute(COMMENT).fetchone()[0])  # type: ignore[index]


def test_second_run_is_quick_and_keeps_its_data(first: Run) -> None:
    assert wait_until(lambda: whole(first), 900), "the demonstration completes itself while pages answer"
    with first.database() as database:
        people = database.execute("SELECT count(*) FROM accounts_user").fetchone()
        requests = database.execute("SELECT count(*) FROM requests_supportrequest").fetchone()
    first.family = psutil.Process(first.process.pid).children(recursive=True)
    told = list(first.lines)
    assert first.stop(signal.SIGINT) == 0
    assert wait_until(lambda: not any(runs(process) for process in first.family), 10)
    assert "Traceback" not in "\n".join(first.lines)

    second = Run(first.var, first.port)
    try:
        second.wait_ready()
        assert "déjà en place" in "\n".join(second.lines)
        seconds = second.cpu_seconds()
        with second.database() as database:
            assert database.execute("SELECT count(*) FROM accounts_user").fetchone() == people
            assert database.execute("SELECT count(*) FROM requests_supportrequest").fetchone() == requests
            assert requests > (700,)
        assert seconds < SECOND_RUN_SECONDS
    finally:
        assert second.stop(signal.SIGTERM) == 0
    assert wait_until(lambda: not any(runs(process) for process in second.family), 10)

    third = Run(first.var, first.port)  # the module's other tests, whatever their order, find it running again
    third.wait_ready()
    first.process, first.family, first.lines = third.process, third.family, told


# --- the processes' keeper, on its own ------------------------------------------------------------------------------
def test_process_that_always_falls_stops_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services()
    falling = Service("pages", ["false"], dict(os.environ), tmp_path / "log")
    steady = Service("tâches", ["sleep", "600"], dict(os.environ), tmp_path / "log")
    for service in (steady, falling):
        services.start(service)
    told: list[str] = []

    def until_it_gives_up() -> bool:
        falling.again_at = 0.0  # no need to wait for the pauses here
        told.extend(services.watch())
        return False

    with pytest.raises(ServiceError, match="pages s’arrête sans cesse"):
        wait_until(until_it_gives_up, 20)
    assert [re.search(r"dans (\d+) s", line).group(1) for line in told] == ["1", "2", "4", "8"]
    kept = steady.child
    services.stop()
    assert kept.exit_code is not None


def test_port_is_checked_on_its_address() -> None:
    from anct_portal.run.__main__ import PortError, check_port

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=f"PORT={port + 1}"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_on_the_servers_that_the_environment_names(
    clones: databases.Clones, django_db_blocker: Any, redis_url: str
) -> None:
    """``DATABASE_URL`` and ``REDIS_URL`` set: no server of ours is started, and theirs are left running."""
    with django_db_blocker.unblock():
        name = clones.create(databases.ensure_demonstration())
    url = databases.url(name)
    try:
        with temporary_var() as var:
            run = Run(var, free_port(), DATABASE_URL=url, REDIS_URL=redis_url)
            try:
                run.wait_ready()
                assert run.get("/")[0] == 200
                assert not any("postgres -D" in line or "redis-server" in line for line in run.command_lines())
                assert run.stop() == 0
            finally:
                with contextlib.suppress(ProcessLookupError):
                    run.process.kill()
                run.process.communicate()
        with psycopg.connect(url) as database:
            assert database.execute("SELECT count(*) > 20 FROM requests_supportrequest").fetchone() == (True,)
    finally:
        with django_db_blocker.unblock():
            clones.drop(name)
