"""``manage.py seed [--demo]``: the reference data of every app, then the demonstration; as often as one likes."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from anct_portal.declarations import declared


class Command(BaseCommand):
    """Each app's ``seeds.py`` declares ``reference(report)`` and, for the demonstration, ``demo(report)``.

    Both may run again on what they made: they then change nothing. ``report`` takes a line of progress.
    """

    help = "Charge les données de référence, et avec --demo celles de la démonstration. Peut être relancée."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="les comptes et les demandes de démonstration en plus")

    def handle(self, *, demo: bool, **options: Any) -> None:
        if demo and not settings.DEBUG:
            raise CommandError("La démonstration ouvre des comptes à mot de passe connu : elle demande DEBUG=True.")
        for step in ("reference", "demo") if demo else ("reference",):
            for app, seeds in declared("seeds"):
                if declaration := getattr(seeds, step, None):
                    name = apps.get_app_config(app).verbose_name
                    declaration(lambda line, name=name: self.stdout.write(f"    {name} : {line}"))
