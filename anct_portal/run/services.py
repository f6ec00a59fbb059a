"""The long-running processes of the portal: started in order, restarted when they fall, stopped in reverse."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anct_portal.embedded.processes import Child

#: A process that falls this often within a minute will not get better by itself.
TOO_OFTEN = 5
WINDOW_SECONDS = 60.0
LONGEST_PAUSE = 30.0


class ServiceError(Exception):
    """A process that does not stay up, in one line."""


@dataclass
class Service:
    """One process: its command, its log, and how often it fell."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    stop_seconds: float = 15.0
    child: Child | None = None
    falls: list[float] = field(default_factory=list)
    again_at: float = 0.0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = Child(self.name, self.command, environment=self.environment, log=log)

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(self.stop_seconds)
            self.child = None

    def watch(self, now: float) -> str | None:
        """Restarts the process when its pause is over; returns a line to show when it has just fallen."""
        if self.child is None:
            if now >= self.again_at:
                self.start()
            return None
        code = self.child.exit_code
        if code is None:
            return None
        self.child.stop(0)  # what its group left behind
        self.child = None
        self.falls = [moment for moment in self.falls if now - moment < WINDOW_SECONDS] + [now]
        if len(self.falls) >= TOO_OFTEN:
            raise ServiceError(f"{self.name} s’arrête sans cesse (code {code}) : voir {self.log}.")
        pause = min(2.0 ** (len(self.falls) - 1), LONGEST_PAUSE)
        self.again_at = now + pause
        return f"{self.name} s’est arrêté (code {code}) : nouvel essai dans {pause:.0f} s (journal : {self.log})."


class Services:
    """All of them."""

    def __init__(self) -> None:
        self.started: list[Service] = []

    def start(self, service: Service) -> None:
        self.started.append(service)
        service.start()

    def watch(self) -> list[str]:
        now = time.monotonic()
        return [line for service in self.started if (line := service.watch(now))]

    def stop(self) -> None:
        """Asks all of them at once, then waits for each."""
        for service in self.started:
            if service.child is not None:
                service.child.send(service.child.stop_signal)
        while self.started:
            self.started.pop().stop()
