"""Events and kinds of mail of the tests."""

import datetime as dt
import enum
import uuid
from dataclasses import dataclass, field
from decimal import Decimal

from common import clock
from common.events import Event, declare
from notifications.registry import Notification, Recipient


class Colour(enum.StrEnum):
    BLUE = "blue"


@declare
@dataclass(frozen=True, kw_only=True)
class Happened(Event):
    name = "tests.happened"
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    at: dt.datetime = field(default_factory=clock.now)
    place: str = "Mézel"
    emails: tuple[str, ...] = ("maire@mezel.example", "guichet@alpes.example")
    code: str = ""
    number: int | None = None
    amount: Decimal = Decimal("1.50")
    day: dt.date | None = None
    colour: Colour = Colour.BLUE
    codes: frozenset[str] = frozenset()
    extra: dict[str, int] = field(default_factory=dict)


class Told(Notification):
    kind = "told"
    event = Happened
    label = "Essai"
    template = "notifications/mail/accounts/code"

    def recipients(self, event):
        for address in event.emails:
            yield Recipient(address, key=f"address:{address}", name="Élodie Frêne" if "maire" in address else "")

    def subject(self, event, recipient):
        return f"{event.place} : une\r\n nouvelle"

    def context(self, event, recipient):
        return {"code": event.code or "<rien> & l’autre"}

    def object_reference(self, event):
        return "2026-04-00012"

    def reply_to(self, event, recipient):
        return "guichet@alpes.example"


class Broken(Told):
    kind = "broken"

    def subject(self, event, recipient):
        raise KeyError("no such name")


class Secret(Told):
    kind = "secret"
    secret = True
    valid_for = dt.timedelta(minutes=10)
