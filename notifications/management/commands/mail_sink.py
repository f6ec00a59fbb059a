"""``manage.py mail_sink``: an SMTP server that keeps what it receives in ``var/mails`` (development and tests only)."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from notifications import received


class Command(BaseCommand):
    help = "Receives mails on EMAIL_PORT and writes each to var/mails; they are read at /_courriels/."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.EMAIL_PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        asyncio.run(self.serve(host, port))

    async def serve(self, host: str, port: int) -> None:
        from aiosmtpd.smtp import SMTP  # a development dependency: absent in production

        class Sink:
            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
                try:
                    received.keep(envelope.original_content)
                except OSError as error:  # aiosmtpd would answer 500, which is for good
                    return f"452 not kept: {error.strerror}"
                return "250 kept"

        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        server = await loop.create_server(
            lambda: SMTP(Sink(), enable_SMTPUTF8=True, data_size_limit=50 * 1024 * 1024, ident="portal"), host, port
        )
        self.stdout.write(f"mail sink on {host}:{port}, writing to {received.directory()}")
        self.stdout.flush()
        async with server:
            await stopped.wait()
