"""``manage.py load_zoning CODE FILE.csv``: a list of (commune, value) becomes facts of the territories."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.french import number
from territories.loading.faults import RefusedError, report
from territories.loading.zonings import KNOWN, load_zoning


class Command(BaseCommand):
    help = f"Charge un zonage. Codes connus : {', '.join(KNOWN)}. Une cellule vide est « non connu », jamais zéro."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="Code du zonage, majuscules ou minuscules.")
        parser.add_argument(
            "file", type=Path, help="Fichier CSV en UTF-8 : une colonne de code, une colonne de valeur."
        )
        parser.add_argument("--column", default="", help="Colonne de la valeur, si le fichier en a plusieurs.")
        parser.add_argument("--label", default="", help="Intitulé d’un zonage nouveau.")
        parser.add_argument("--vintage", default="", help="Millésime à afficher.")
        parser.add_argument("--numeric", action="store_true", help="Zonage nouveau dont les valeurs sont des nombres.")
        parser.add_argument("--dry-run", action="store_true", help="Montre ce qui changerait, sans rien écrire.")
        parser.add_argument("--skip-invalid", action="store_true", help="Laisse de côté les lignes fautives.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = load_zoning(
                options["code"],
                options["file"],
                column=options["column"],
                label=options["label"],
                vintage=options["vintage"],
                numeric=options["numeric"],
                dry_run=options["dry_run"],
                skip_invalid=options["skip_invalid"],
                progress=lambda step: self.stdout.write(f"  {step}…") if options["verbosity"] else None,
            )
        except RefusedError as refused:
            listed = "\n".join(f"  {line}" for line in report(refused.faults))
            raise CommandError(f"Fichier refusé, rien n’a été écrit.\n{listed}") from None
        for line in report(outcome.skipped):
            self.stdout.write(f"  Laissée de côté : {line}")
        self.stdout.write(
            f"  Ajouts {number(outcome.added)}, modifications {number(outcome.changed)}, "
            f"retraits {number(outcome.removed)}, valeurs non connues {number(outcome.unknown)}, "
            f"anciens codes ramenés à la commune actuelle {number(outcome.mapped)}."
        )
        verdict = (
            "Rien à changer."
            if not outcome.wrote
            else "Rien n’a été écrit (essai)."
            if options["dry_run"]
            else "Chargé."
        )
        self.stdout.write(verdict)
