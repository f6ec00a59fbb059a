"""``manage.py write_docs [--check]``: draws docs/workflow.md and docs/permissions.md from the code."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests.documentation import permissions_page, workflow_page

PAGES = {"workflow.md": workflow_page, "permissions.md": permissions_page}


class Command(BaseCommand):
    help = "Écrit docs/workflow.md et docs/permissions.md d’après le code ; --check dit s’ils sont à jour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *, check: bool, **options: Any) -> None:
        for name, page in PAGES.items():
            path = Path(settings.BASE_DIR) / "docs" / name
            text = page()
            if check:
                if not path.exists() or path.read_text(encoding="utf-8") != text:
                    raise CommandError(f"docs/{name} n’est plus à jour : lancez manage.py write_docs.")
            else:
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"docs/{name}")
