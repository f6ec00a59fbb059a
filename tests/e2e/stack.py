"""A portal that really runs: pages, worker, reconciler, Redis and mail sink, each a process of its own.

The commands are those of ``make run``. The database, the Redis, the folder and the ports belong to this stack only, so
that two test processes never take each other's messages. The children end with the process that started them, whatever
ends it: each has its group, and the kernel signals it when its parent dies.
"""

import contextlib
import email
import email.policy
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

from anct_portal import env
from anct_portal.embedded.processes import Child
from tests.common.processes import free_port, redis_binary

#: The second factor of the demonstration, as ``make run`` prints it.
DEMONSTRATION_CODE = "314159"
START_SECONDS = 120.0
#: « Within seconds »: so long may a worker take, on a machine that runs other tests meanwhile.
SOON = 30.0


def eventually(condition: Callable[[], object], what: str, seconds: float = SOON) -> None:
    """Polls until true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)


class Stack:
    """One running portal on a database that exists; ``url`` is where its pages are."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "log"
        self.logs.mkdir(parents=True)
        self.port, self.redis_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self.children: dict[str, Child] = {}
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "PORTAL_VAR_DIR": str(folder),
            "DEBUG": "True",
            "SECRET_KEY": "only the tests know it",
            "DEMONSTRATION_CODE": DEMONSTRATION_CODE,
            "SITE_URL": self.url,
            "CSRF_TRUSTED_ORIGINS": self.url,
            "DATABASE_URL": database_url,
            "DATABASE_ROLE": "portal_application",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(free_port()),
            "PYTHONUNBUFFERED": "1",
            "UNDO_SECONDS": "0",  # a journey waits for no mail to be taken back
        }

    # --- processes ------------------------------------------------------------------------------------------------
    def start(self) -> None:
        self.manage("grant_roles")
        options = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4", "--graceful-timeout", "2"]
        options += ["--access-logfile", "-"]
        self._start("redis", redis_binary(), "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "")
        self._python("web", "-m", "gunicorn", "--preload", "--no-control-socket", *options, "anct_portal.wsgi")
        self._python("mails", "manage.py", "mail_sink", "--port", self.environment["EMAIL_PORT"])
        self._python("tasks", "-m", "celery", "--app", "anct_portal", "worker", "--concurrency", "2", "-l", "INFO")
        self._python("reconcile", "manage.py", "reconcile")
        eventually(self._answers, "the pages answer", START_SECONDS)
        eventually(lambda: self._lives() and "ready." in self.log("tasks"), "the worker is ready", START_SECONDS)

    def _python(self, name: str, *command: str) -> None:
        self._start(name, sys.executable, *command)

    def _start(self, name: str, *command: str) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.children[name] = Child(name, command, environment=self.environment, log=log, cwd=env.BASE_DIR)

    def stop(self) -> None:
        for name in ("web", "mails", "reconcile", "tasks"):
            if name in self.children:
                self.children[name].send(self.children[name].stop_signal)
        for child in reversed(self.children.values()):
            child.stop(5)

    def kill(self, name: str) -> None:
        """The process dies without a word."""
        self.children.pop(name).stop(0)

    @contextlib.contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """The processes of these names stand still meanwhile: what they would do is left undone."""
        for name in names:
            os.killpg(self.children[name].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for name in names:
                os.killpg(self.children[name].pid, signal.SIGCONT)

    def _lives(self) -> bool:
        for name, child in self.children.items():
            if child.exit_code is not None:
                raise AssertionError(f"{name} ended ({child.exit_code}):\n{self.log(name)}")
        return True

    def _answers(self) -> bool:
        self._lives()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/sante/vive", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def manage(self, *arguments: str) -> str:
        """``manage.py …`` beside the portal, as whoever runs it would."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=env.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # --- what it says ---------------------------------------------------------------------------------------------
    def log(self, name: str) -> str:
        path = self.logs / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def mails(self, address: str) -> list[EmailMessage]:
        """What the sink received for an address, the oldest first."""
        paths = sorted((self.folder / "mails").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        read = (email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths)
        return [message for message in read if address in str(message["To"])]

    def mail(self, address: str, words: str) -> EmailMessage:
        """The latest mail to an address that says ``words`` in its subject or its text, waited for."""
        found: list[EmailMessage] = []

        def arrived() -> bool:
            found[:] = [message for message in self.mails(address) if words in f"{message['Subject']}\n{text(message)}"]
            return bool(found)

        eventually(arrived, f"a mail to {address} about « {words} »")
        return found[-1]


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


@contextlib.contextmanager
def running(database_url: str, folder: Path) -> Iterator[Stack]:
    stack = Stack(database_url, folder)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
