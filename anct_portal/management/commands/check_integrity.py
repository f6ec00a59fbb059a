"""``manage.py check_integrity``: proves the invariants on the live database, and stops at the first breach."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from anct_portal.declarations import declared


class Command(BaseCommand):
    """Each app's ``integrity.py`` declares ``breaches()``: it yields one sentence for each row that breaks a rule.

    Everything is read in one snapshot that cannot write.
    """

    help = "Prouve les invariants sur la base en service ; échoue à la première rupture."

    def handle(self, **options: Any) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for app, integrity in declared("integrity"):
                for breach in integrity.breaches():
                    raise CommandError(f"{app} : {breach}")
                self.stdout.write(f"{app} : rien à signaler")
