"""``python -m anct_portal.run``: servers, schema, data, then the processes of the portal, until Ctrl-C or SIGTERM."""

import contextlib
import os
import secrets
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg

from accounts.demonstration import ACCOUNTS, PASSWORD
from anct_portal import env
from anct_portal.embedded.__main__ import unnamed
from anct_portal.embedded.processes import Child, InterruptedStartError, ServerError, Signals, follow_parent
from anct_portal.embedded.servers import Servers
from anct_portal.run import mark
from anct_portal.run.services import Service, ServiceError, Services

STEPS = 5
READY_SECONDS = 60


class PortError(Exception):
    """The address is taken, in one line."""


def say(line: str) -> None:
    print(line, flush=True)


@contextlib.contextmanager
def step(number: int, title: str, *, made: bool = False) -> Iterator[None]:
    """Announces a step, then how long it took; ``made``: it was there already."""
    say(f"{number}/{STEPS} {title}…")
    before = time.monotonic()
    yield
    say("    déjà en place" if made else f"    fait en {time.monotonic() - before:.1f} s".replace(".", ","))


def check_port(host: str, port: int) -> None:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as error:
            raise PortError(
                f"Le port {port} est pris : arrêtez ce qui l’occupe, ou « make run PORT={port + 1} »."
            ) from error


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])


def kept(path: Path, make: str) -> str:
    """The secret of that file, made on the first run, for our own account's eyes."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make, encoding="ascii")
    return path.read_text(encoding="ascii")


class Portal:
    """One run, from the first line to the last."""

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.var = env.VAR_DIR
        self.port = env.integer("PORT", 8000)
        self.host = env.given("HOST") or "127.0.0.1"
        #: The name by which the portal calls itself: an address of this machine's own, or localhost for all of them.
        self.name = "localhost" if self.host in ("127.0.0.1", "0.0.0.0") else self.host  # noqa: S104
        self.servers = Servers(self.var, unnamed())
        self.services = Services()
        #: The generated part of the demonstration, made beside the portal that answers already (first run).
        self.sowing: Child | None = None
        self.environment: dict[str, str] = {}

    def run(self) -> int:
        """Starts everything, says where it is, and waits. The exit code: 0 when it was asked to stop."""
        try:
            self.start()
            self.welcome()
            return self.watch()
        except (ServerError, ServiceError, PortError) as error:
            print(error, file=sys.stderr, flush=True)
            return 1
        except InterruptedStartError:
            return 0
        finally:
            if self.sowing is not None:
                self.sowing.stop(10)  # each request is one transaction: the next run goes on where this one stopped
            self.services.stop()
            self.servers.stop()

    # --- start ----------------------------------------------------------------------------------------------------
    def start(self) -> None:
        self.servers.claim()
        check_port(self.host, self.port)
        with step(1, "Serveurs : PostgreSQL et Redis"):
            self.servers.start(self.signals)
            for name, version in self.servers.versions.items():
                say(f"    {name} {version}")
        self.prepare_environment()
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as database:
            made = mark.stands(database)
            with step(2, "Base de données : schéma", made=made):
                if not made:
                    with self.servers.log_of("migrate").open("wb") as log:
                        self.command("migrate", "--no-input", log=log)
            with step(3, "Données : territoires, catalogue, démonstration", made=made):
                if not made:
                    self.command("seed", "--demo", "stories", "--skip-checks")
        # The pages first: the other processes would take the processor from them while everything loads.
        with step(4, "Pages"):
            self.service("pages", "web", self.web(), PROMETHEUS_MULTIPROC_DIR=str(self.counters()))
            self.wait_until_it_answers()
        with step(5, "Traitements : tâches, échéances, rattrapage"):
            if not env.given("EMAIL_HOST"):
                self.service("courriels", "mails", self.manage("mail_sink", "--port", self.environment["EMAIL_PORT"]))
            celery = [sys.executable, "-m", "celery", "--app", "anct_portal"]
            self.service(
                "tâches", "tasks", [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"], stop_seconds=30
            )
            self.service("échéances", "beat", [*celery, "beat", "--schedule", str(self.var / "run" / "beat")])
            self.service("rattrapage", "reconcile", self.manage("reconcile"))
        if not made:
            self.sow()

    def sow(self) -> None:
        """The seven hundred other requests of the demonstration, gently, while the portal answers."""
        command = ["nice", "-n", "10", *self.manage("seed", "--demo", "lives", "--skip-checks")]
        environment = {**self.environment, "PYTHONUNBUFFERED": "1"}
        self.sowing = Child("démonstration", command, environment=environment, cwd=env.BASE_DIR)

    def sown(self) -> None:
        """Once they are all there, the database bears its mark: the next run makes nothing again."""
        if self.sowing is None or (code := self.sowing.exit_code) is None:
            return
        self.sowing.stop(0)
        self.sowing = None
        if code:
            say(f"La suite de la démonstration s’est interrompue (code {code}) : le prochain démarrage la reprendra.")
            return
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as database:
            mark.write(database)
        say("La démonstration est complète.")

    def prepare_environment(self) -> None:
        """The variables of every process; what a ``manage.py`` beside us needs of them is recorded."""
        address = f"http://{self.name}:{self.port}"
        ours = {
            "DEBUG": "True",
            "SECRET_KEY": kept(self.var / "secret_key", secrets.token_urlsafe(48)),
            "DEMONSTRATION_CODE": kept(self.var / "demonstration_code", f"{secrets.randbelow(10**6):06d}"),
            "SITE_URL": address,
            "ALLOWED_HOSTS": f"localhost,[::1],{self.name}",
            "CSRF_TRUSTED_ORIGINS": address,
        }
        if not env.given("EMAIL_HOST"):
            ours |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(free_port())}
        chosen = {name: env.given(name) or value for name, value in ours.items()}
        given = {name: value for name in ("DATABASE_URL", "REDIS_URL") if (value := env.given(name))}
        self.servers.record({**given, **chosen})
        role = {"DATABASE_ROLE": env.given("DATABASE_ROLE") or "portal_application"}
        self.environment = {**env.everything(), **chosen, **role, **self.servers.environment()}

    def manage(self, *arguments: str) -> list[str]:
        return [sys.executable, str(env.BASE_DIR / "manage.py"), *arguments]

    def command(self, *arguments: str, log: IO[bytes] | None = None) -> None:
        """Runs a management command; its failure stops the start. What it says is shown, or goes to ``log``."""
        environment = {**self.environment, "PYTHONUNBUFFERED": "1"}
        child = Child(arguments[0], self.manage(*arguments), environment=environment, log=log, cwd=env.BASE_DIR)
        try:
            while child.exit_code is None:
                self.signals.pause(1.0)
        finally:
            child.stop(10)
        if child.exit_code:
            where = f" : voir {log.name}" if log else ""
            raise ServiceError(f"« manage.py {' '.join(arguments)} » a échoué (code {child.exit_code}){where}.")

    def service(self, name: str, log: str, command: list[str], stop_seconds: float = 15.0, **variables: str) -> None:
        environment = {**self.environment, **variables}
        service = Service(name, command, environment, self.servers.log_of(log), stop_seconds)
        self.services.start(service)

    def web(self) -> list[str]:
        options = {
            "--bind": f"{self.host}:{self.port}",
            "--workers": "2",
            "--threads": "4",
            "--graceful-timeout": "5",
            "--access-logfile": "-",
        }
        flat = [part for pair in options.items() for part in pair]
        return [sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket", *flat, "anct_portal.wsgi"]

    def counters(self) -> Path:
        """Where the workers of the web server add up their counters; those of an earlier run are of no use."""
        folder = self.var / "run" / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def wait_until_it_answers(self) -> None:
        host = "127.0.0.1" if self.name == "localhost" else self.name
        address = f"http://{host}:{self.port}/sante/vive"
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            for line in self.services.watch():
                say(f"    {line}")
            self.dead_server()
            with contextlib.suppress(OSError):
                try:
                    urllib.request.urlopen(address, timeout=5).close()
                except urllib.error.HTTPError:
                    return  # it answers, if only to say no
                return
            self.signals.pause(0.2)
        raise ServiceError(f"Les pages ne répondent pas : voir {self.servers.log_of('web')}.")

    # --- run ------------------------------------------------------------------------------------------------------
    def welcome(self) -> None:
        say(f"\nLe portail est prêt : {self.environment['SITE_URL']}/")
        say(f"  courriels reçus : {self.environment['SITE_URL']}/_courriels/")
        say(f"  code du second facteur : {self.environment['DEMONSTRATION_CODE']}")
        say(f"  comptes, tous avec le mot de passe « {PASSWORD} » :")
        for account in ACCOUNTS:
            say(f"    {account.email:<27} {account.person}. {account.try_this}")
        say(f"  journaux : {self.var / 'log'}\nCtrl-C arrête tout.\n")

    def dead_server(self) -> None:
        if (dead := self.servers.dead()) is not None:
            raise ServerError(
                f"{dead.name} s’est arrêté (code {dead.exit_code}) : tout s’arrête (voir {self.var / 'log'})."
            )

    def watch(self) -> int:
        while self.signals.wait(1.0) is None:
            self.dead_server()
            for line in self.services.watch():
                say(line)
            self.sown()
        say("Arrêt…")
        return 0


def main() -> int:
    os.chdir(env.BASE_DIR)
    with Signals() as signals:
        follow_parent()
        return Portal(signals).run()


if __name__ == "__main__":
    sys.exit(main())
