"""``manage.py reconcile``: the process that guarantees that whatever is undone gets done."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from common.reconciler import Reconciler


class Command(BaseCommand):
    help = "Does whatever is left undone in the database, every five seconds, until told to stop."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round over everything, then leave")
        parser.add_argument("--interval", type=float, default=5.0, help="seconds between two rounds")

    def handle(self, *args: Any, once: bool, interval: float, **options: Any) -> None:
        stopped = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopped.set()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
        reconciler = Reconciler(stopped, interval=interval)
        if once:
            self.stdout.write(f"{reconciler.drain()} done")
        else:
            reconciler.run()
