"""``manage.py grant_roles``: creates the application's database role and gives it its privileges."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common import database


class Command(BaseCommand):
    help = "Creates the role of web and workers (DATABASE_ROLE), without UPDATE or DELETE on append-only tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", nargs="?", default=settings.DATABASE_ROLE, help="default: DATABASE_ROLE")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        if not role:
            raise CommandError("name the role, or set DATABASE_ROLE")
        if not database.grant(role):
            raise CommandError(
                f'this user may not create roles; as an administrator: CREATE ROLE "{role}" NOLOGIN; then run it again'
            )
        self.stdout.write(f"{role}: {len(database.protected_tables())} protected tables")
