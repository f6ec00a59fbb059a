"""A ``var/`` of its own for each test of the supervisor, and a look at every process that it starts."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from anct_portal import env
from anct_portal.embedded import account
from anct_portal.embedded.processes import runs

STAY = ["sh", "-c", "echo ready; exec sleep 600"]


class Supervised:
    """One ``python -m anct_portal.embedded`` and all that it starts, watched from outside."""

    def __init__(self, var: Path, command: Sequence[str] = STAY, *, parent: bool = False, **variables: str) -> None:
        self.var = var
        line = [sys.executable, "-m", "anct_portal.embedded", "--set", "fsync=off", "--", *command]
        if parent:  # a shell between the test and the supervisor, as make is
            line = ["sh", "-c", '"$@" & wait', "parent", *line]
        environment = {**os.environ, "PORTAL_VAR_DIR": str(var), **variables}
        for name in ("DATABASE_URL", "REDIS_URL"):
            if name not in variables:
                environment.pop(name, None)
        self.process = subprocess.Popen(
            line, cwd=env.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.family: list[psutil.Process] = []

    def wait_ready(self) -> "Supervised":
        """Waits until the command runs, hence the servers answer."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", self.process.communicate()
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        return self

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.var / "run" / "environment.json").read_text())

    @property
    def supervisor(self) -> psutil.Process:
        return psutil.Process(self.record["supervisor"]["pid"])

    def child(self, name: str) -> psutil.Process:
        return next(process for process in self.supervisor.children() if process.name() == name)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.record["environment"]["DATABASE_URL"], autocommit=True)

    def answers(self) -> bool:
        with self.connect() as database:
            return database.execute("SELECT 1").fetchone() == (1,)

    def finish(self, seconds: float = 30) -> tuple[int, str]:
        """The exit code and what was said on the error output."""
        _, errors = self.process.communicate(timeout=seconds)
        return self.process.returncode, errors

    def left(self, seconds: float = 20) -> list[str]:
        """The processes of the family that outlive it."""
        wait_until(lambda: not any(runs(process) for process in self.family), seconds)
        return [f"{process.pid} {process.cmdline()}" for process in self.family if runs(process)]

    def kill(self) -> None:
        with contextlib.suppress(psutil.Error, OSError):
            self.supervisor.send_signal(signal.SIGTERM)
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        for process in (*self.family, self.process):
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                process.kill()
        self.process.communicate()


def remove(var: Path) -> None:
    """Everything that servers of ``var``, and those of its tests, may have made."""
    if (var / "test").exists():
        remove(var / "test")
    pointer = var / "servers"
    if pointer.is_symlink():
        shutil.rmtree(os.path.realpath(pointer), ignore_errors=True)
    for folder in ("/tmp", "/var/tmp", tempfile.gettempdir()):
        shutil.rmtree(Path(folder) / f"portail-{account.key(var)}", ignore_errors=True)
    shutil.rmtree(var, ignore_errors=True)


@contextlib.contextmanager
def temporary_var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="portail-var-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        remove(folder)


@pytest.fixture
def var() -> Iterator[Path]:
    """An empty ``var/`` that every account may enter."""
    with temporary_var() as folder:
        yield folder


@pytest.fixture(scope="module")
def kept_var() -> Iterator[Path]:
    """A ``var/`` that the tests of a module share: what one kills, the next must find whole."""
    with temporary_var() as folder:
        yield folder


@pytest.fixture
def supervised() -> Iterator[Any]:
    """``supervised(var, command, …)`` starts a supervisor; all that it started is ended after the test."""
    started: list[Supervised] = []

    def start(*args: Any, **kwargs: Any) -> Supervised:
        started.append(Supervised(*args, **kwargs))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])


def wait_until(condition: Any, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
