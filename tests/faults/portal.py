"""A portal of the tests' own that may be broken at will: PostgreSQL, Redis, pages, worker, beat, reconciler, mail sink.

The commands are those of ``make run`` (``tests/e2e/stack.py``); the PostgreSQL is this portal's alone, filled with the
demonstration, and its commits reach the disk as in production: what was acknowledged survives ``pg_ctl -m immediate``.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis

from anct_portal.embedded import binaries
from anct_portal.embedded.processes import Signals
from anct_portal.embedded.servers import POSTGRES, Servers
from tests.e2e.stack import Stack
from tests.embedded.conftest import remove

#: Prints what the clients need: a token an account, sessions for the pages, rows by their public keys.
INTRODUCE = """
import json
from accounts.models import Mandate
from accounts.services import tokens
from accounts.sessions import signed_in
from operators.models import Offer
people = {}
for name in ("maire", "instructeur", "adjoint", "delegue"):
    mandate = Mandate.objects.select_related("user").get(user__email=f"{name}@demo.example")
    people[name] = {"token": tokens.issue(mandate), "session": signed_in(mandate), "mandate": str(mandate.uuid)}
offers = {code: str(Offer.objects.get(code=code).uuid) for code in ("atd-batiment-04", "caue-bourg-04")}
print(json.dumps({"people": people, "offers": offers}))
"""
#: The demonstration's own letters and events are nobody's business here.
SETTLE = "UPDATE {} SET done_at = now() WHERE done_at IS NULL AND failed_at IS NULL"
JOBS = (
    "requests_routingjob",
    "requests_dispatch",
    "requests_document",
    "notifications_outboxevent",
    "files_storedfile",
)
CSRF = "c" * 32
PROCESSES = ("web", "tasks", "beat", "reconcile", "mails", "redis")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 when nothing did."""

    status: int
    body: bytes = b""
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.body)


class Portal(Stack):
    """See the module. ``people`` and ``offers`` are known once it has started."""

    def __init__(self, folder: Path, postgresql: Servers, address: str) -> None:
        super().__init__(address, folder)
        self.postgresql = postgresql
        self.commands: dict[str, tuple[str, ...]] = {}
        self.people: dict[str, dict[str, str]] = {}
        self.offers: dict[str, str] = {}

    # --- processes ------------------------------------------------------------------------------------------------
    def start(self) -> None:
        with self.database() as database:
            for table in JOBS:
                database.execute(SETTLE.format(table).encode())
        super().start()
        self._python(
            "beat",
            "-m",
            "celery",
            "--app",
            "anct_portal",
            "beat",
            "--schedule",
            str(self.folder / "beat"),
            "-l",
            "INFO",
        )
        known = json.loads(self.manage("shell", "--no-imports", "-c", INTRODUCE))
        self.people, self.offers = known["people"], known["offers"]

    def _start(self, name: str, *command: str) -> None:
        self.commands[name] = command
        super()._start(name, *command)

    def restart(self, name: str) -> None:
        self.children[name].stop(0)
        self._start(name, *self.commands[name])

    def watch(self) -> None:
        """What ``make run`` or an orchestrator does: a process that fell is started again."""
        for name, child in self.children.items():
            if child.exit_code is not None:
                self.restart(name)

    def kill_group(self, name: str) -> None:
        """SIGKILL to the process and all its children at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.children[name].pid, signal.SIGKILL)

    def kill_child(self, name: str, number: int) -> None:
        """SIGKILL to one of its children: its master starts another."""
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(self.children[name].pid).children()
            for child in children[number % max(1, len(children)) :][:1]:  # a master that has just started has none
                child.kill()

    def signal_group(self, name: str, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.children[name].pid, number)

    def empty_redis(self) -> None:
        with contextlib.suppress(redis.RedisError):
            redis.Redis.from_url(self.environment["REDIS_URL"], socket_timeout=2).flushall()

    # --- PostgreSQL -----------------------------------------------------------------------------------------------
    def database(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.environment["DATABASE_URL"], autocommit=True, connect_timeout=5)

    def rows(self, sql: str, *parameters: Any) -> list[Any]:
        with self.database() as database:
            return database.execute(sql.encode(), parameters or None).fetchall()

    def postgresql_stops(self) -> None:
        """``pg_ctl stop -m immediate``: no session ends, nothing is written, as a power cut of the server alone."""
        child = self.postgresql.children[0]
        child.send(signal.SIGQUIT)
        child.process.wait(20)

    def postgresql_starts(self) -> None:
        self.postgresql.stop()
        self.postgresql.start(Signals())

    def postgresql_signal(self, number: int) -> None:
        """To the server and each of its sessions."""
        process = psutil.Process(self.postgresql.children[0].pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                one.send_signal(number)

    # --- HTTP -----------------------------------------------------------------------------------------------------
    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, timeout: float = 30
    ) -> Answer:
        """One exchange on a connection of its own; a refused, cut or silent one is an answer too."""
        content, given = body, {"Host": f"localhost:{self.port}", **(headers or {})}
        if isinstance(body, dict | list):
            content, given["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        started = time.monotonic()
        try:
            connection.request(method, path, content, given)
            response = connection.getresponse()
            content, status, headers = response.read(), response.status, dict(response.getheaders())
        except (OSError, http.client.HTTPException):
            return Answer(0, seconds=time.monotonic() - started)
        finally:
            connection.close()
        return Answer(status, content, time.monotonic() - started, headers)

    def api(
        self, who: str, path: str, body: Any = None, *, key: uuid.UUID | None = None, timeout: float = 30
    ) -> Answer:
        """The API under an account's token; a body makes it a POST."""
        headers = {"Authorization": f"Bearer {self.people[who]['token']}"}
        if key is not None:
            headers["Idempotency-Key"] = str(key)
        method = "GET" if body is None else "POST"
        return self.ask(method, f"/api/v1/support-requests/{path}", body, headers, timeout)

    def page(self, who: str, path: str, form: str | None = None, *, timeout: float = 30) -> Answer:
        """A page in an account's session; a form makes it a POST."""
        headers = {"Cookie": f"sessionid={self.people[who]['session']}; csrftoken={CSRF}"}
        if form is not None:
            headers |= {"X-CSRFToken": CSRF, "Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("GET" if form is None else "POST", path, form, headers, timeout)

    def missing(self) -> set[str]:
        """What « ready » names."""
        answer = self.ask("GET", "/sante/prete", timeout=10)
        return set(answer.json()["missing"]) if answer.status in (200, 503) else {"web"}

    def recovers(self, seconds: float = 60.0) -> None:
        """Everything answers again without a person, and nothing waits any more."""

        deadline = time.monotonic() + seconds
        while True:
            self.watch()
            state = (self.missing(), self.undone())
            if state == (set(), {}):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"not whole again within {seconds:.0f} s: {state}")
            time.sleep(0.2)

    def undone(self) -> dict[str, int]:
        """Work of any kind that is neither done nor given up."""
        each = [
            f"SELECT '{table}', count(*) FROM {table} WHERE done_at IS NULL AND failed_at IS NULL"  # noqa: S608
            for table in (*JOBS, "notifications_mail")
        ]
        return {name: count for name, count in self.rows(" UNION ALL ".join(each)) if count}


def filing(words: str = "Le toit du lavoir s’effondre.") -> dict[str, Any]:
    """A request that the mayor of the demonstration may file."""
    return {"collectivity": "04121", "subject": "patrimoine", "need": words, "progress": "idea"}


@contextlib.contextmanager
def running(folder: Path, demonstration: str) -> Iterator[Portal]:
    """The portal, from its empty PostgreSQL to the end of its last process."""
    commits = {"fsync": "off", "full_page_writes": "off", "log_min_messages": "fatal"}
    servers = Servers(folder / "postgresql", POSTGRES, commits)
    servers.start(Signals())
    portal = None
    try:
        address = servers.addresses["DATABASE_URL"]
        _copy(demonstration, address)
        portal = Portal(folder, servers, address)
        portal.start()
        yield portal
    finally:
        if portal is not None:
            for name in portal.children:
                portal.signal_group(name, signal.SIGCONT)
            portal.stop()
        servers.stop()
        remove(servers.var)


def _copy(source: str, target: str) -> None:
    """Another server's database, into an empty one: a backup, and its restoration."""
    tools, environment = binaries.postgresql() / "bin", {"PATH": os.defpath}
    command = [tools / "pg_dump", "--no-owner", "--no-privileges", source]
    dump = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True, timeout=60).stdout
    command = [
        tools / "psql",
        "--quiet",
        "--no-psqlrc",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
        "--dbname",
        target,
    ]
    subprocess.run(command, input=dump, env=environment, check=True, timeout=60)
