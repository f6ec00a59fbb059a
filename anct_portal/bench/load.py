"""People at the door: wrk for pages, threads for filings, each with a session or a token and a key of its own."""

import http.client
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Mandate
from accounts.services import tokens
from common.actor import Role

#: What the proxy in front of a server says.
PROXY = {"Host": "localhost", "X-Forwarded-Proto": "https"}
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Pages:
    """What wrk saw: pages, and how many of them were not 200; their rate a second, the 99th percentile in ms."""

    count: int
    refused: int
    rate: float
    p99: float


def wrk_is_here() -> bool:
    return shutil.which("wrk") is not None


def pages(port: int, asked: Sequence[tuple[str, str]], seconds: float, *, connections: int = 4) -> Pages:
    """``asked``: (path, cookie), in turn. Two threads of wrk ask again as soon as they are answered."""
    calls = ",\n".join(
        f'wrk.format("GET", "{path}", {{["Cookie"]="{cookie}", ["Host"]="localhost", ["X-Forwarded-Proto"]="https"}})'
        for path, cookie in asked
    )
    script = f"local calls\nfunction init() calls = {{{calls}}} end\nlocal at = 0\n"
    script += "function request() at = at % #calls + 1; return calls[at] end\n"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        options = ["-t2", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "--latency", "-s", file.name]
        command = ["wrk", *options, f"http://127.0.0.1:{port}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    p99, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", said).groups()  # type: ignore[union-attr]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Pages(
        count=int(re.search(r"(\d+) requests in", said)[1]),  # type: ignore[index]
        refused=int(refused[1]) if refused else 0,
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),  # type: ignore[index]
        p99=float(p99) * _UNITS[unit],
    )


@dataclass(frozen=True, slots=True)
class Filed:
    key: uuid.UUID
    status: int
    seconds: float


class Filers:
    """Mayors all over the country, each with a token."""

    def __init__(self, port: int, many: int = 300) -> None:
        self.port = port
        mandates = Mandate.objects.filter(role=Role.OFFICIAL, collectivity__kind="commune", confirmed_at__isnull=False)
        chosen = mandates.select_related("user", "collectivity").order_by("uuid")[:many]
        self.people = [(tokens.issue(mandate), mandate.collectivity.code) for mandate in chosen if mandate.collectivity]

    def file(self, seconds: float, *, threads: int = 8, rate: float | None = None) -> list[Filed]:
        """For so long: as many as are answered, or ``rate`` a second whatever the answers take."""
        numbers, filed = itertools.count(), list[Filed]()
        started = time.monotonic()

        def work() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            while (now := time.monotonic()) < started + seconds:
                number = next(numbers)
                if rate and (pause := started + number / rate - now) > 0:
                    time.sleep(pause)
                filed.append(self._post(connection, number))
            connection.close()

        crowd = [threading.Thread(target=work) for _ in range(threads)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        return filed

    def _post(self, connection: http.client.HTTPConnection, number: int) -> Filed:
        token, code = self.people[number % len(self.people)]
        key = uuid.uuid4()
        content = {"collectivity": code, "subject": "patrimoine", "progress": "idea"}
        content["need"] = "Le toit de l’école fuit depuis la grêle : par où commencer ?"
        headers = {**PROXY, "Authorization": f"Bearer {token}", "Idempotency-Key": str(key)}
        headers["Content-Type"] = "application/json"
        before = time.monotonic()
        try:
            connection.request("POST", "/api/v1/support-requests/", json.dumps(content), headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        return Filed(key, status, time.monotonic() - before)
