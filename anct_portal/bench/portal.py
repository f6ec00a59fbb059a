"""A whole portal to measure: the processes of ``make run`` on the database in service, with DEBUG off."""

import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import redis
from django.conf import settings

from anct_portal import env
from anct_portal.run.__main__ import free_port
from anct_portal.run.services import Service, Services

READY_SECONDS = 60.0


class Portal:
    """Pages, worker, reconciler and mail sink between ``with`` and its end; Redis is the one in service."""

    def __init__(self) -> None:
        self.port = free_port()
        self.services = Services()
        self.redis = redis.Redis.from_url(settings.CELERY_BROKER_URL.replace("redis+socket:", "unix:"))
        self.environment = {
            **env.everything(),
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(free_port()),
            "PROMETHEUS_MULTIPROC_DIR": str(settings.VAR_DIR / "run" / "metrics"),
        }

    def __enter__(self) -> "Portal":
        counters = settings.VAR_DIR / "run" / "metrics"
        shutil.rmtree(counters, ignore_errors=True)
        counters.mkdir(parents=True)
        (settings.VAR_DIR / "log").mkdir(exist_ok=True)
        self.redis.flushall()
        options = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4", "--keep-alive", "5"]
        self._start("web", "-m", "gunicorn", "--preload", "--no-control-socket", *options, "anct_portal.wsgi")
        self._start("mails", "manage.py", "mail_sink", "--port", self.environment["EMAIL_PORT"])
        self._start("tasks", "-m", "celery", "--app", "anct_portal", "worker", "--concurrency", "2")
        self._start("reconcile", "manage.py", "reconcile")
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.services.stop()
        self.redis.flushall()
        shutil.rmtree(settings.VAR_DIR / "mails", ignore_errors=True)

    def _start(self, name: str, *command: str) -> None:
        log = settings.VAR_DIR / "log" / f"{name}.log"
        self.services.start(Service(name, [sys.executable, *command], self.environment, log))

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.services.watch()
            with suppress(urllib.error.HTTPError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sante/vive", timeout=5).close()
                if self.redis.exists("_kombu.binding.celery"):  # the worker listens
                    return
            time.sleep(0.2)
        raise RuntimeError(f"the portal does not answer: see {settings.VAR_DIR / 'log'}")

    def group(self, name: str) -> list[psutil.Process]:
        """A service and all its children."""
        child = next(service.child for service in self.services.started if service.name == name)
        if child is None:
            raise RuntimeError(f"{name} fell: see {settings.VAR_DIR / 'log'}")
        head = psutil.Process(child.pid)
        return [head, *head.children(recursive=True)]

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """These services stand still meanwhile; « redis » too may be asked."""
        pids = [int(self.redis.info("server")["process_id"])] if "redis" in names else []
        pids += [process.pid for name in names if name != "redis" for process in self.group(name)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def memory(self, name: str = "web") -> int:
        """Bytes held by the workers of the pages, or of another service."""
        return sum(process.memory_info().rss for process in self.group(name)[1:])

    def drained(self, seconds: float = 120.0) -> float:
        """Waits until no message is left, queued or taken; returns how long it took."""
        started = time.monotonic()
        while self.redis.llen("celery") + self.redis.hlen("unacked"):
            if time.monotonic() - started > seconds:
                raise RuntimeError("messages are left in Redis")
            time.sleep(0.005)
        return time.monotonic() - started
