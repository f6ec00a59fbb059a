"""``manage.py seed [--demo]``: the reference data of every app, then the demonstration; as often as one likes."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from anct_portal import volume as templates
from anct_portal.declarations import declared

#: What ``--demo`` takes → the declarations that are called, in order, each over all the apps.
STEPS = {
    None: ("reference",),
    "all": ("reference", "demo", "lives"),
    "stories": ("reference", "demo"),
    "lives": ("lives",),
}


class Command(BaseCommand):
    """Each app's ``seeds.py`` declares ``reference(report)`` and, for the demonstration, ``demo(report)`` (people,
    catalogue, the files told one by one) and ``lives(report)`` (the others, beside a portal that runs already).

    All may run again on what they made: they then change nothing. ``report`` takes a line of progress.
    """

    help = "Charge les données de référence, et avec --demo celles de la démonstration. Peut être relancée."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            nargs="?",
            const="all",
            choices=[name for name in STEPS if name],
            help="les données de démonstration en plus : toutes, ou seulement les demandes racontées une à une "
            "(stories), ou seulement les autres (lives)",
        )

        parser.add_argument(
            "--volume",
            type=int,
            metavar="N",
            help="une base à part, de N demandes et cinquante mille personnes, gardée comme modèle pour les mesures",
        )

    def handle(self, *, demo: str | None = None, volume: int | None = None, **options: Any) -> None:
        if (demo or volume) and not settings.DEBUG:
            raise CommandError("La démonstration ouvre des comptes à mot de passe connu : elle demande DEBUG=True.")
        if volume is not None:
            templates.keep(volume, lambda line: self.stdout.write(f"    {line}"))
            return
        for step in STEPS[demo]:
            for app, seeds in declared("seeds"):
                if declaration := getattr(seeds, step, None):
                    name = apps.get_app_config(app).verbose_name
                    declaration(lambda line, name=name: self.stdout.write(f"    {name} : {line}"))
