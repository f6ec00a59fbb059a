"""What an act changed, remembered while its mails wait: ``services.undo`` sets it back.

Nothing is remembered, and nothing waits, unless the page that applies the act holds its mails
(:mod:`notifications.hold`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

from common import clock
from notifications import hold
from requests.models import Decision, HeldAct, SupportRequest
from requests.models.turn import KEPT

#: The request's own columns that an undo leaves alone.
_OWN = KEPT | {"id", "last_activity_at", "hidden_until"}


def snapshot(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


class Memory:
    """What one act does to rows, in its order."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, Any, dict[str, Any] | None]] = []

    def made(self, *rows: Model) -> None:
        """These rows go with the act."""
        self._entries += [(row._meta.label, row.pk, None) for row in rows]

    def set_back(self, row: Model, **columns: Any) -> None:
        """If the act is undone, the row takes these values."""
        self._entries.append((row._meta.label, row.pk, columns))

    def change(self, rows: QuerySet[Any], **columns: Any) -> None:
        """Updates rows, and remembers what they were."""
        if hold.current() is not None:
            for row in rows:
                self.set_back(row, **{name: getattr(row, name) for name in columns})
        rows.update(**columns)

    def changed(self, row: SupportRequest, before: Mapping[str, Any]) -> None:
        """The request itself, saved: ``before`` is its :func:`snapshot`."""
        now = snapshot(row)
        self.set_back(row, **{name: was for name, was in before.items() if name not in _OWN and was != now[name]})

    def rewritten(self, row: Model, before: Mapping[str, Any]) -> None:
        """A row other than the request, saved: ``before`` is its :func:`snapshot`."""
        now = snapshot(row)
        self.set_back(row, **{name: was for name, was in before.items() if was != now[name]})

    def entries(self) -> list[tuple[str, Any, dict[str, Any] | None]]:
        return self._entries


def keep(support_request: SupportRequest, person_id: int | None, memory: Memory | None = None, **about: Any) -> None:
    """Writes the act down if its mails are held; ``about`` is its transition, message, decision or
    solicitation, and ``at``."""
    held = hold.current()
    if held is not None and person_id is not None:
        HeldAct.objects.create(
            id=held.id,
            support_request=support_request,
            person_id=person_id,
            told_at=held.until,
            reverse=memory.entries() if memory else [],
            **about,
        )


def of_decision(decision: Decision) -> hold.Hold | None:
    """What keeps the mails of a decision back, while it lasts."""
    act = HeldAct.objects.filter(decision=decision, told_at__gt=clock.instant()).first()
    return hold.Hold(until=act.told_at, id=act.pk) if act else None


def set_back(entries: Iterable[tuple[str, Any, dict[str, Any] | None]]) -> None:
    """Undoes what was remembered, the last first."""
    for label, key, columns in reversed(list(entries)):
        model = apps.get_model(label)
        rows = model._default_manager.filter(pk=key)
        if columns is None:
            for row in rows:
                row.delete()
        elif columns:
            fields = {field.attname: field for field in model._meta.concrete_fields}
            rows.update(**{name: fields[name].to_python(value) for name, value in columns.items()})
