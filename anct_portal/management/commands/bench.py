"""``manage.py bench``: every app's measures, on the database in service (``make bench`` makes one of volume)."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from anct_portal.bench import live
from anct_portal.bench.page import RULE, keep, row
from anct_portal.declarations import declared
from common.bench import Measure, Result, run


class Command(BaseCommand):
    """Each app's ``bench.py`` declares ``measures()``. Writes: never on a database that matters."""

    help = "Mesure le portail à côté de son plancher, sur une base jetable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", default="", help="les mesures dont le nom contient ce texte")
        parser.add_argument("--pairs", type=int, default=0, help="paires de chaque mesure (100)")
        parser.add_argument("--label", default="", help="ce que contient la base")
        parser.add_argument("--json", type=Path, help="fichier auquel ajouter une ligne JSON par mesure")
        parser.add_argument("--live", action="store_true", help="un portail entier et ses processus, par HTTP")
        parser.add_argument("--full", action="store_true", help="avec --live : la longue durée")

    def handle(self, **options: Any) -> None:
        self.stdout.write(RULE)
        found = live.results(options["only"], full=options["full"]) if options["live"] else self.in_process(options)
        for result in found:
            self.stdout.write(row(result))
            self.stdout.flush()
            keep(result, options["label"], options["json"])

    def in_process(self, options: dict[str, Any]) -> Iterator[Result]:
        for measure in (measure for _, module in declared("bench") for measure in self.declared_by(module)):
            if options["only"] not in measure.name:
                continue
            if isinstance(measure, Result):
                yield measure
            else:
                yield run(dataclasses.replace(measure, pairs=options["pairs"] or measure.pairs))

    def declared_by(self, module: Any) -> Iterator[Measure | Result]:
        """What is to be measured, or was already."""
        yield from getattr(module, "measures", lambda: iter(()))()
