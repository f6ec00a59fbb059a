"""``manage.py load_territories [--source DIR] [--dry-run]``: the official code, loaded or refused as a whole."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.french import number
from territories.loading.faults import RefusedError, report
from territories.loading.load import EPCI_POPULATION_COLUMNS, POPULATION_VINTAGE, Outcome, load

SHOWN = 10


class Command(BaseCommand):
    help = "Charge les territoires de référence. Rien n’est écrit si une seule ligne est fautive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--source",
            type=Path,
            default=settings.BASE_DIR / "fixtures" / "reference",
            help="Dossier des fichiers CSV (par défaut : ceux du projet).",
        )
        parser.add_argument("--dry-run", action="store_true", help="Montre ce qui changerait, sans rien écrire.")
        parser.add_argument(
            "--population-vintage", type=int, default=POPULATION_VINTAGE, help="Année des populations des communes."
        )
        parser.add_argument(
            "--epci-population",
            choices=EPCI_POPULATION_COLUMNS,
            default=EPCI_POPULATION_COLUMNS[0],
            help="Colonne d’epci.csv à retenir : les deux diffèrent.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()

        def progress(step: str) -> None:
            if options["verbosity"]:
                self.stdout.write(f"  {time.monotonic() - started:5.1f} s  {step}…")

        source: Path = options["source"]
        if not source.is_dir():
            raise CommandError(f"{source} n’est pas un dossier.")
        try:
            outcome = load(
                source,
                population_vintage=options["population_vintage"],
                epci_population_column=options["epci_population"],
                dry_run=options["dry_run"],
                progress=progress,
            )
        except RefusedError as refused:
            listed = "\n".join(f"  {line}" for line in report(refused.faults))
            raise CommandError(f"Source refusée, rien n’a été écrit.\n{listed}") from None
        if options["verbosity"]:
            self._tell(outcome, dry_run=options["dry_run"], seconds=time.monotonic() - started)

    def _tell(self, outcome: Outcome, *, dry_run: bool, seconds: float) -> None:
        for note in report(outcome.notes):
            self.stdout.write(f"  À vérifier : {note}")
        for changes in outcome.changes:
            counts = changes.counts
            self.stdout.write(
                f"  {changes.label} : ajouts {number(counts['added'])}, modifications {number(counts['changed'])}, "
                f"retraits {number(counts['removed'])}"
            )
            for sign, labels in (("+", changes.added), ("≠", changes.changed), ("−", changes.removed)):
                if 0 < len(labels) <= SHOWN:
                    for label in labels:
                        self.stdout.write(f"    {sign} {label}")
        verdict = "Rien à changer." if not outcome.wrote else "Rien n’a été écrit (essai)." if dry_run else "Chargé."
        self.stdout.write(f"{verdict} {number(outcome.rows_read)} lignes lues en {number(round(seconds, 1))} s.")
