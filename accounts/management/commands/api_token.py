"""``manage.py api_token E-MAIL``: a fresh, expiring API token, shown this once."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Mandate, normalise_email
from accounts.services import tokens
from common import clock
from common.errors import ServiceError


class Command(BaseCommand):
    help = "Prints an API token that acts under one mandate of the person, and expires."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="address of the person's account")
        parser.add_argument("--days", type=int, default=30, help="days before it expires (30)")
        parser.add_argument("--mandate", type=UUID, help="uuid of the mandate, when the person has several")
        parser.add_argument("--label", default="", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        mandates = list(
            Mandate.objects.in_force(clock.today())
            .filter(user__email=normalise_email(options["email"]), user__is_active=True)
            .select_related("user", "collectivity", "organisation", "department", "arrondissement")
        )
        if options["mandate"]:
            mandates = [mandate for mandate in mandates if mandate.uuid == options["mandate"]]
        if not mandates:
            raise CommandError(f"{options['email']} holds no such mandate in force")
        if len(mandates) > 1:
            listed = "\n".join(f"  --mandate {mandate.uuid}  {mandate}" for mandate in mandates)
            raise CommandError(f"{options['email']} holds several mandates; choose one:\n{listed}")
        try:
            secret = tokens.issue(mandates[0], days=options["days"], label=options["label"])
        except ServiceError as error:
            raise CommandError(error.message) from error
        self.stdout.write(secret)
