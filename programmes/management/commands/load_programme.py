"""``load_programme CODE FILE.csv``: reads the list of members of a national programme."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common import clock
from common.errors import Invalid
from programmes.models import Programme, ProgrammeMember
from programmes.seeds import seed_reference
from programmes.services.members import Outcome, load

#: Names printed for each kind of change; the counts are always whole.
SHOWN = 10


class Command(BaseCommand):
    help = "Charge la liste des membres d’un programme, vérifiée en entier avant d’écrire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="ACV, PVD, VA, TI, CRTE, FS, CE, FDT, ou le code qu’emploie la liste")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="montre ce qui changerait, n’écrit rien")
        parser.add_argument("--skip-invalid", action="store_true", help="écrit les lignes bonnes malgré les mauvaises")

    def handle(self, *args: Any, **options: Any) -> None:
        seed_reference()
        try:
            programme = Programme.objects.by_code(options["code"])
        except Programme.DoesNotExist:
            codes = ", ".join(Programme.objects.values_list("code", flat=True))
            raise CommandError(f"Programme « {options['code']} » inconnu. Codes : {codes}.") from None
        try:
            outcome = load(
                programme,
                options["file"],
                on=clock.today(),
                dry_run=options["dry_run"],
                skip_invalid=options["skip_invalid"],
            )
        except Invalid as error:
            raise CommandError(error.message) from error
        self._report(outcome)
        if outcome.faults and not options["skip_invalid"]:
            raise CommandError(f"{len(outcome.faults)} ligne(s) fausse(s) : rien n’est écrit.")

    def _report(self, outcome: Outcome) -> None:
        for fault in outcome.faults:
            self.stderr.write(str(fault))
        left_out = f"{outcome.left_out} d’autres programmes laissées"
        self.stdout.write(f"{outcome.programme} : {outcome.lines} ligne(s) lues, {left_out}.")
        if outcome.former_codes:
            self.stdout.write(f"{outcome.former_codes} ancien(s) code(s) de commune remplacé(s).")
        self._changes("ajoutés", outcome.added)
        self._changes("modifiés", outcome.changed)
        self._changes("retirés", outcome.removed)
        self._changes("illustrations retirées", outcome.withdrawn)
        self.stdout.write(f"inchangés : {outcome.unchanged}")
        if not outcome.written:
            self.stdout.write("Rien n’est écrit.")

    def _changes(self, label: str, rows: Iterable[ProgrammeMember]) -> None:
        names = [row.collectivity.label for row in rows]
        shown = f" ({', '.join(names[:SHOWN])}{'…' if len(names) > SHOWN else ''})" if names else ""
        self.stdout.write(f"{label} : {len(names)}{shown}")
