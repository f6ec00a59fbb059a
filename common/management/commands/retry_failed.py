"""``manage.py retry_failed``: work that was given up is tried again, once its cause has been removed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common import jobs


class Command(BaseCommand):
    help = "Puts back to do the work that was given up; without a name, lists it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("work", nargs="?", help="notifications.mails, files.scan…")

    def handle(self, *args: Any, work: str | None, **options: Any) -> None:
        if work is None:
            for name, count in jobs.failed_count().items():
                self.stdout.write(f"{name}: {count}")
            return
        names = [each.name for each in jobs.works()]
        if work not in names:
            raise CommandError(f"no such work: {work} ({', '.join(names)})")
        self.stdout.write(f"{work}: {jobs.get(work).retry()} to do again")
