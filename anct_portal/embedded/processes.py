"""Starting, recognising and stopping a process. A child never outlives its parent where the system can promise it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from anct_portal.embedded.account import Account

_PR_SET_PDEATHSIG = 1
#: What tells the supervisor that its own parent died; not SIGTERM, because the end of a mere thread sends it too.
PARENT_DIED = signal.SIGUSR1
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServerError(Exception):
    """What prevents the servers from running, in one line that says the cure."""


class InterruptedStartError(Exception):
    """A signal asked to stop before everything was started."""


def die_with_parent(signal_number: int) -> Callable[[], None] | None:
    """What a child runs before its program so that the kernel signals it when its parent dies (Linux; else nothing).

    The promise holds for the parent's *thread* that starts the child: start children from the main thread.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def promise() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return promise


def follow_parent() -> None:
    """Asks for ``PARENT_DIED`` when the process that started this one dies (Linux)."""
    if sys.platform == "linux" and os.getppid() != 1:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, PARENT_DIED, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for good: its number alone may be another's tomorrow."""

    pid: int
    started: float
    command: str

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        try:
            process = psutil.Process(pid)
            return cls(pid, process.create_time(), " ".join(process.cmdline()))
        except psutil.Error:
            return None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Signals:
    """The signals that this process receives, read when it waits: no code runs at an arbitrary moment."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._parent = os.getppid()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Signals":
        for number in (*STOPPING, PARENT_DIED, signal.SIGCHLD):
            self._before[number] = signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> int | None:
        """Waits at most so long; returns the signal that asks to stop, if one came. A child's end ends the wait."""
        import select

        select.select([self._reader], [], [], seconds)
        try:
            received = os.read(self._reader, 512)
        except BlockingIOError:
            return None
        for number in received:
            if number in STOPPING:
                return number
            if number == PARENT_DIED and os.getppid() != self._parent:
                return signal.SIGTERM
        return None

    def pause(self, seconds: float) -> None:
        """Waits during a start; a signal that asks to stop raises."""
        if self.wait(seconds) is not None:
            raise InterruptedStartError


class Child:
    """A process in the foreground of this one, in a group of its own unless told."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        account: Account | None = None,
        log: IO[bytes] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        own_group: bool = True,
        cwd: Path | str | None = None,
    ) -> None:
        self.name = name
        self.stop_signal = stop_signal
        self.own_group = own_group
        identity: dict[str, Any] = {}
        if account is not None:
            identity = {"user": account.uid, "group": account.gid, "extra_groups": [], "umask": 0o077}
        self.process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL if own_group else None,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            process_group=0 if own_group else None,
            preexec_fn=die_with_parent(stop_signal),  # runs after the change of user, which would undo it
            cwd=cwd,
            **identity,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """The code that a shell would give, or None while it runs."""
        code = self.process.poll()
        return code if code is None or code >= 0 else 128 - code

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def stop(self, seconds: float, then: signal.Signals = signal.SIGKILL) -> None:
        """Asks the process to stop, waits, then insists on its whole group."""
        if self.process.poll() is None:
            self.send(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        if self.process.poll() is None:
            self.send(then)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        if self.own_group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


def runs(process: psutil.Process) -> bool:
    """It has not ended, even if nobody has read its exit code yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def inside(folder: Path, names: frozenset[str]) -> Iterator[psutil.Process]:
    """The processes of these names whose working directory is ``folder``, whoever started them."""
    wanted = os.path.realpath(folder)
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] in names and process.cwd() == wanted:
                yield process


def end_survivors(folder: Path, names: frozenset[str], number: signal.Signals, seconds: float) -> int:
    """Stops what a killed supervisor left in ``folder`` (the system may be stopping it already); says how many."""
    found = list(inside(folder, names))
    for process in found:
        with contextlib.suppress(psutil.Error):
            if process.parent() is None or process.parent() not in found:
                process.send_signal(number)
    deadline = time.monotonic() + seconds
    while any(runs(process) for process in found) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in found:
        with contextlib.suppress(psutil.Error):
            if runs(process):
                process.kill()
    return len(found)
