"""``load_offers FILE``: reads the engineering map of a department, a CSV or XLSX file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common import clock
from common.actor import Actor, Role
from common.errors import Invalid
from common.french import NBSP, plural
from operators.loading.plan import Plan, Scope, examine
from operators.services.loads import MovedError, apply
from territories.models import Department

#: Changes printed in full; the counts are always whole.
SHOWN = 40


class Command(BaseCommand):
    help = "Charge la carte de l’ingénierie d’un département, vérifiée en entier avant d’écrire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--department", action="append", default=[], metavar="04", help="un ou plusieurs")
        parser.add_argument("--provider", default="", metavar="CODE", help="l’organisme de toutes les lignes")
        parser.add_argument("--dry-run", action="store_true", help="montre ce qui changerait, n’écrit rien")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        departments = {code.upper() for code in options["department"]}
        unknown = departments - set(Department.objects.filter(code__in=departments).values_list("code", flat=True))
        if unknown:
            raise CommandError(f"Département inconnu{NBSP}: {', '.join(sorted(unknown))}.")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}{NBSP}: fichier illisible ({error.strerror}).") from error
        # whoever has the console is the administrator of the portal; nobody is named in the history
        actor = Actor(role=Role.ADMINISTRATOR, on=clock.today(), mandate_confirmed=True)
        scope = Scope(actor, frozenset(departments), options["provider"])
        try:
            if options["dry_run"]:
                plan = examine(data, path.name, scope)
            else:
                plan = apply(data, path.name, scope, at=clock.now())
        except MovedError as refused:
            plan = refused.plan
        except (Invalid, ValueError) as error:
            raise CommandError(str(error)) from error
        self._report(plan)
        if plan.fault_count:
            raise CommandError(f"{plural(plan.fault_count, 'anomalie')}{NBSP}: rien n’est écrit.")
        if options["dry_run"]:
            self.stdout.write("Rien n’est écrit.")

    def _report(self, plan: Plan) -> None:
        for fault in plan.faults:
            self.stderr.write(str(fault))
        for remark in plan.remarks:
            self.stdout.write(remark)
        for item in plan.items[:SHOWN]:
            word = "nouvelle" if item["new"] else "modifiée"
            self.stdout.write(f"Ligne {item['line']}, {word}{NBSP}: {item['title']} ({item['provider']})")
            if not item["new"]:
                for name, before, after in item["fields"]:
                    self.stdout.write(f"  {name}{NBSP}: «{NBSP}{before}{NBSP}» devient «{NBSP}{after}{NBSP}»")
            for gap in item["gaps"]:
                self.stdout.write(f"  brouillon{NBSP}: {gap}")
        if plan.changes > SHOWN:
            self.stdout.write(f"… et {plan.changes - SHOWN} autres.")
        for words in _counts(plan):
            self.stdout.write(words)


def _counts(plan: Plan) -> list[str]:
    """« 3 offres nouvelles »…"""
    return [
        plural(plan.lines, "ligne lue", "lignes lues"),
        plural(plan.created, "offre nouvelle", "offres nouvelles"),
        plural(plan.changed, "offre modifiée", "offres modifiées"),
        plural(plan.unchanged, "offre inchangée", "offres inchangées"),
        plural(plan.published, "entre au catalogue", "entrent au catalogue"),
        plural(plan.drafts, "reste en brouillon", "restent en brouillon"),
    ]
