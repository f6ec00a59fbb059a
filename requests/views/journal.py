"""« Journal » of a file: what was done, by whom, when; transitions, decisions and follow-up in one statement."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, CharField, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce

from common.french import NBSP
from requests.enums import ActionChoices, DecisionKind, EntryKind, StateChoices
from requests.models import Decision, FollowUpEntry, SupportRequest, Transition

_TRANSITION, _DECISION, _ENTRY = "transition", "decision", "entry"
_COLUMNS = (
    "source",
    "happened",
    "rank",
    "what",
    "extra",
    "words",
    "public",
    "civility",
    "first_name",
    "last_name",
    "service",
)


@dataclass(frozen=True, slots=True)
class JournalLine:
    at: dt.datetime
    title: str
    text: str
    who: str
    body: str
    #: The day of a follow-up step, which may be told later.
    on: dt.date | None
    is_public: bool
    kind: str


def journal_of(support_request: SupportRequest, *, internal: bool) -> list[JournalLine]:
    """The latest first. Without ``internal``: no decision, no note and no step that the collectivity does not read."""
    parts = [_transitions(support_request, internal), _entries(support_request, internal)]
    if internal:
        parts.append(_decisions(support_request))
    rows = parts[0].union(*parts[1:], all=True).order_by("-happened", "-rank")
    return [_line(dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())


def _person(path: str) -> dict[str, Any]:
    return {
        name: Coalesce(f"{path}__{column}", _text(""))
        for name, column in (("civility", "civility"), ("first_name", "first_name"), ("last_name", "last_name"))
    }


def _transitions(support_request: SupportRequest, internal: bool) -> QuerySet[Any]:
    readable = Q(note__isnull=False) if internal else Q(note__is_public=True)
    history = Transition.objects.filter(support_request=support_request)
    return (
        (history if internal else history.standing())
        .order_by()
        .annotate(
            source=_text(_TRANSITION),
            happened=F("at"),
            rank=F("number"),
            what=F("action"),
            extra=F("to_state"),
            words=Case(When(readable, then=F("note__text")), default=Value(""), output_field=TextField()),
            public=Coalesce(F("note__is_public"), Value(True), output_field=BooleanField()),  # noqa: FBT003
            service=F("body"),
            **_person("person"),
        )
        .values_list(*_COLUMNS)
    )


def _entries(support_request: SupportRequest, internal: bool) -> QuerySet[Any]:
    found = FollowUpEntry.objects.filter(support_request=support_request)
    return (
        (found if internal else found.filter(is_public=True))
        .order_by()
        .annotate(
            source=_text(_ENTRY),
            happened=F("recorded_at"),
            rank=Value(0),
            what=F("kind"),
            extra=Cast("on", CharField()),
            words=F("text"),
            public=F("is_public"),
            service=_text(""),
            **_person("author"),
        )
        .values_list(*_COLUMNS)
    )


def _decisions(support_request: SupportRequest) -> QuerySet[Any]:
    return (
        Decision.objects.filter(support_request=support_request)
        .order_by()
        .annotate(
            source=_text(_DECISION),
            happened=F("at"),
            rank=Value(0),
            what=F("kind"),
            extra=Case(
                When(dispatch__cancelled_at__isnull=False, then=_text("cancelled")),
                default=Cast("differs", CharField()),
            ),
            words=Coalesce(F("reason__text"), Value(""), output_field=TextField()),
            public=Value(False, output_field=BooleanField()),  # noqa: FBT003
            service=_text(""),
            **_person("person"),
        )
        .values_list(*_COLUMNS)
    )


def _line(row: dict[str, Any]) -> JournalLine:
    on = None
    match row["source"]:
        case source if source == _ENTRY:
            title = EntryKind(row["what"]).label
            on = dt.date.fromisoformat(row["extra"])
        case source if source == _DECISION:
            label = DecisionKind(row["what"]).label
            title = f"Décision : {label[0].lower()}{label[1:]}"
            if row["extra"] == "true":
                title += ", en s’écartant de la proposition"
            elif row["extra"] == "cancelled":
                title += ", annulée avant l’envoi"
        case _:
            title = f"{ActionChoices(row['what']).label} → {StateChoices(row['extra']).label}"
    return JournalLine(
        at=row["happened"],
        title=title,
        text=row["words"],
        who=name_of(row) or "Le portail",
        body=row["service"],
        on=on,
        is_public=row["public"],
        kind=row["source"],
    )


def name_of(person: dict[str, Any]) -> str:
    """« Mme Bruyère », from the columns of a person."""
    if person["civility"]:
        return f"{person['civility']}{NBSP}{person['last_name']}"
    return f"{person['first_name']} {person['last_name']}".strip()
