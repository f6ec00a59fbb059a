"""« Journal » of a file: what was done, by whom, when; acts, decisions, answers, signatures, steps in one statement."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, CharField, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce

from common.actor import Actor, Matter, Role
from common.french import NBSP
from common.written import A_KEY, Written, kept
from requests.enums import ActionChoices, DecisionKind, EntryKind, SolicitationState, SolutionState, StateChoices
from requests.models import (
    Agreement,
    Decision,
    Delegation,
    FollowUpEntry,
    Signature,
    Solicitation,
    Solution,
    SupportRequest,
    Transition,
)

_TRANSITION, _DECISION, _ENTRY, _ANSWER = "transition", "decision", "entry", "answer"
_PUBLIC, _INTERNAL = (Value(read, output_field=BooleanField()) for read in (True, False))
_COLUMNS = (
    "source",
    "happened",
    "rank",
    "what",
    "extra",
    "day",
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
    #: The day of a follow-up step or of a signature, which may be told later.
    on: dt.date | None
    is_public: bool


def journal_of(support_request: SupportRequest, actor: Actor, *, internal: bool) -> list[JournalLine]:
    """The latest first. Without ``internal``: no decision, no provider's answer, no signature, no note and no
    step that the collectivity does not read."""
    rows = _written(actor, internal).rows({A_KEY: support_request.pk})
    return [_line(dict(zip(_COLUMNS, row, strict=True))) for row in rows]


@kept(512)
def _written(actor: Actor, internal: bool) -> Written:
    parts = [_transitions(internal), _entries(internal), _acceptance()]
    if internal:
        parts += [_decisions(), *_answers(actor), *_signatures()]
    return Written.of(parts[0].union(*parts[1:], all=True).order_by("-happened", "-rank"), A_KEY)


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())


def _lines(rows: QuerySet[Any], source: str, *, person: str = "", **columns: Any) -> QuerySet[Any]:
    """The columns of a part: ``happened`` and ``what`` at least; ``person`` is the path of whoever did it."""
    columns = {
        "rank": Value(0),
        "extra": _text(""),
        "day": _text(""),
        "words": Value("", output_field=TextField()),
        "public": _PUBLIC,
        "service": _text(""),
        **{
            name: Coalesce(f"{person}__{name}", _text("")) if person else _text("")
            for name in ("civility", "first_name", "last_name")
        },
        **columns,
    }
    return rows.order_by().annotate(source=_text(source), **columns).values_list(*_COLUMNS)


def _transitions(internal: bool) -> QuerySet[Any]:
    readable = Q(note__isnull=False) if internal else Q(note__is_public=True)
    history = Transition.objects.filter(support_request=A_KEY)
    return _lines(
        history if internal else history.standing(),
        _TRANSITION,
        person="person",
        happened=F("at"),
        rank=F("number"),
        what=F("action"),
        extra=F("to_state"),
        words=Case(When(readable, then=F("note__text")), default=Value(""), output_field=TextField()),
        public=Coalesce(F("note__is_public"), _PUBLIC),
        service=F("body"),
    )


def _entries(internal: bool) -> QuerySet[Any]:
    found = FollowUpEntry.objects.filter(support_request=A_KEY)
    return _lines(
        found if internal else found.filter(is_public=True),
        _ENTRY,
        person="author",
        happened=F("recorded_at"),
        what=F("kind"),
        day=Cast("on", CharField()),
        words=F("text"),
        public=F("is_public"),
    )


def _decisions() -> QuerySet[Any]:
    cancelled = When(dispatch__cancelled_at__isnull=False, then=_text("cancelled"))
    return _lines(
        Decision.objects.filter(support_request=A_KEY),
        _DECISION,
        person="person",
        happened=F("at"),
        what=F("kind"),
        extra=Case(cancelled, default=Cast("differs", CharField())),
        words=Coalesce(F("reason__text"), Value(""), output_field=TextField()),
        public=_INTERNAL,
    )


def _answers(actor: Actor) -> list[QuerySet[Any]]:
    """Of each provider and operator asked: their first acceptance and their last refusal alone move the file. An
    operator reads his own words, never another's (as in ``national_way``)."""
    words: Any = F("answer_text")
    if actor.role is Role.OPERATOR:
        own = When(operator__organisation_id=actor.organisation_id, then=words)
        words = Case(own, default=Value(""), output_field=TextField())
    asked = Solicitation.objects.visible_to(actor).filter(support_request=A_KEY, answered_at__isnull=False)
    asked = asked.exclude(state=SolicitationState.CANCELLED, answered_by="")  # an agreement given beforehand, unasked
    missions = Delegation.objects.filter(support_request=A_KEY, answered_at__isnull=False)
    what = Case(When(decline_reason="", then=_text("accepte")), default=_text("décline"))
    said: dict[str, Any] = {"happened": F("answered_at"), "what": what, "public": _INTERNAL}
    return [
        _lines(asked, _ANSWER, extra=F("provider__name"), words=F("answer"), service=F("answered_by"), **said),
        _lines(missions, _ANSWER, person="answered_by", extra=F("operator__name"), words=words, **said),
    ]


def _acceptance() -> QuerySet[Any]:
    """The collectivity's agreement to what is proposed: the file waits for whoever designates."""
    given = [SolutionState.ACCEPTED, SolutionState.WITHDRAWN]
    return _lines(
        Solution.objects.filter(support_request=A_KEY, state__in=given, answered_by__isnull=False),
        _ANSWER,
        person="answered_by",
        happened=F("answered_at"),
        what=_text("accepte la proposition"),
        extra=_text("La collectivité"),
        words=Coalesce(F("answer_note__text"), Value(""), output_field=TextField()),
    )


def _signatures() -> list[QuerySet[Any]]:
    """The three dates of an agreement, which moves the file only once it starts."""
    agreements = Agreement.objects.filter(support_request=A_KEY)
    return [
        _lines(
            Signature.objects.filter(support_request=A_KEY, matter=Matter.AGREEMENT),
            _ANSWER,
            happened=F("recorded_at"),
            what=_text("signe la convention"),
            extra=_text("L’État"),
            day=Cast("signed_on", CharField()),
            service=F("signatory"),
        ),
        _lines(
            agreements.filter(body_recorded_at__isnull=False),
            _ANSWER,
            happened=F("body_recorded_at"),
            rank=Value(1),
            what=_text("signe la convention"),
            extra=_text("La collectivité"),
            day=Cast("body_signed_on", CharField()),
            service=F("body_signed_by"),
        ),
        _lines(
            agreements.filter(commitment_recorded_at__isnull=False),
            _ANSWER,
            person="committed_by",
            happened=F("commitment_recorded_at"),
            rank=Value(2),
            what=_text("engage la dépense"),
            extra=_text("L’Agence"),
            day=Cast("committed_on", CharField()),
        ),
    ]


def _line(row: dict[str, Any]) -> JournalLine:
    return JournalLine(
        at=row["happened"],
        title=_title(row),
        text=row["words"],
        who=name_of(row) or (row["service"] if row["source"] == _ANSWER else "") or "Le portail",
        body="" if row["source"] == _ANSWER else row["service"],
        on=dt.date.fromisoformat(row["day"]) if row["day"] else None,
        is_public=row["public"],
    )


def _title(row: dict[str, Any]) -> str:
    source, what = row["source"], row["what"]
    if source == _ENTRY:
        return EntryKind(what).label
    if source == _ANSWER:
        return f"{row['extra']} {what}"
    if source == _DECISION:
        label = DecisionKind(what).label
        more = {"true": ", en s’écartant de la proposition", "cancelled": ", annulée avant l’envoi"}
        return f"Décision : {label[0].lower()}{label[1:]}{more.get(row['extra'], '')}"
    return f"{ActionChoices(what).label} → {StateChoices(row['extra']).label}"


def name_of(person: dict[str, Any]) -> str:
    """« Mme Bruyère », from the columns of a person."""
    if person["civility"]:
        return f"{person['civility']}{NBSP}{person['last_name']}"
    return f"{person['first_name']} {person['last_name']}".strip()
