"""The queue of a desk: whose turn it is, what each counter counts, in which orders a list is read, and the one bounded
count that counters and lists share (SCREENS 4).

Every condition here narrows ``SupportRequest.objects.visible_to(actor)``: none widens it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from accounts.models import Mandate, SignatureAct
from common.actor import DESK_ROLES, Actor, Role
from common.french import NBSP, number
from common.written import Written, kept
from operators.models import Offer
from requests import deadlines
from requests.enums import Opinion, SolicitationState
from requests.models import ReadingLog, Referral, Solicitation, SupportRequest
from requests.models.intake import ENDED
from requests.services.referral import LIVE
from requests.workflow import SUPPORTED, Holder, State

#: A delegation « expires » within so many days.
EXPIRING_ACT_DAYS = 60

#: Beyond, a list and its counters say « plus de 1 000 » (DESIGN 8).
MOST = 1000

_SIGNERS = frozenset({Role.DEPUTY, Role.DELEGATE})
_SENT_TO_SIGN = Q(to_sign_by__isnull=False)


# --- counting --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bounded:
    """A count that stops at :data:`MOST`."""

    value: int

    @property
    def is_more(self) -> bool:
        return self.value > MOST

    def __bool__(self) -> bool:
        return self.value > 0

    def __str__(self) -> str:
        return f"plus de{NBSP}{number(MOST)}" if self.is_more else number(self.value)


@dataclass(frozen=True, slots=True)
class Flagged:
    """Rows that bear flags, read once to count them all."""

    rows: Written
    flags: tuple[str, ...]


NO_LINES = Flagged(Written("", ()), ())


def _bounded(rows: QuerySet[Any]) -> Written:
    return Written.of(rows.order_by().values("pk")[: MOST + 1])


def _counts(wanted: Mapping[str, Written], lines: Flagged = NO_LINES) -> dict[str, Bounded]:
    """How many rows each one holds, and how many of ``lines`` bear each of their flags. One statement."""
    possible = {name: rows for name, rows in wanted.items() if rows.statement}
    found = {name: Bounded(0) for name in (*wanted, *lines.flags)}
    parts = [f"(SELECT count(*) FROM ({rows.statement}) rows_{at})" for at, rows in enumerate(possible.values())]  # noqa: S608
    parameters = [one for rows in possible.values() for one in rows.parameters]
    names, source = [*possible], ""
    if lines.rows.statement:
        names += lines.flags
        parts += [f'count(*) FILTER (WHERE lines."{flag}")' for flag in lines.flags]
        source = f"FROM ({lines.rows.statement}) lines"
        parameters += lines.rows.parameters
    statement = f"SELECT {', '.join(parts)} {source}" if parts else ""
    for values in Written(statement, tuple(parameters)).rows():
        found |= {name: Bounded(min(value, MOST + 1)) for name, value in zip(names, values, strict=True)}
    return found


def bounded_counts(wanted: Mapping[str, QuerySet[Any]]) -> dict[str, Bounded]:
    """How many rows each one holds, of which at most :data:`MOST` + 1 are read. One statement."""
    return _counts({name: _bounded(rows) for name, rows in wanted.items()})


# --- whose turn ------------------------------------------------------------------------------------------------------


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False))  # noqa: FBT003


def current(queryset: QuerySet[SupportRequest], on: dt.date) -> QuerySet[SupportRequest]:
    """What a queue shows unless asked otherwise: neither ended, nor hidden until a later day."""
    return queryset.exclude(ENDED).filter(Q(hidden_until__isnull=True) | Q(hidden_until__lte=on))


def late(on: dt.date) -> Q:
    return Q(due_on__lt=on)


def unread(actor: Actor) -> Q:
    """Something happened since this person last opened the file, or he never did."""
    seen = ReadingLog.objects.filter(
        support_request=OuterRef("pk"), person_id=actor.person_id, at__gte=OuterRef("last_activity_at")
    )
    return ~Q(Exists(seen))


def to_sign(actor: Actor) -> Q:
    """What waits for a signatory of the desk; for a deputy or a delegate, referrals only when sent to him."""
    asked = Q(to_sign_by=actor.mandate_id) if actor.role in _SIGNERS else _SENT_TO_SIGN
    return Q(department_id__in=actor.departments) & awaits_signature(asked)


def awaits_signature(asked: Q = _SENT_TO_SIGN) -> Q:
    """A signatory's act comes next; ``asked`` narrows referrals by whom they were sent to."""
    return (
        Q(state=State.PROPOSED.value, holder=Holder.DESK.value)
        | Q(state__in=[*sorted(state.value for state in SUPPORTED), State.SUSPENDED.value], closing_waits=True)
        | (Q(state=State.REFERRAL_PREPARATION.value) & asked)
        | Q(state=State.CONTRACTING.value, agreement_waits=True)
    )


#: Qualified: what comes next is decided by whoever may sign.
AWAITS_DECISION = Q(state=State.QUALIFICATION.value, qualified_at__isnull=False)


def my_turn(actor: Actor) -> Q:
    """« À moi de jouer »: what waits for this person, rather than for somebody else of his body."""
    if actor.person_id is None:
        return Q(pk__in=[])
    turn = Q(holder=Holder.FOLLOW_UP.value, follow_up_officer=actor.person_id)
    if actor.role is Role.CMT:
        opinions = Referral.objects.filter(support_request=OuterRef("pk"), cmt_opinion=Opinion.ASKED, state__in=LIVE)
        turn |= Q(department_id__in=actor.departments) & Q(Exists(opinions))
    if actor.role not in DESK_ROLES:
        return turn
    held = Q(holder=Holder.DESK.value, department_id__in=actor.departments)
    mine = Q(desk_contact=actor.person_id)
    if actor.role in _SIGNERS:
        return turn | to_sign(actor) | (held & (mine | AWAITS_DECISION))
    return turn | (held & (mine | Q(desk_contact__isnull=True)) & ~to_sign(actor) & ~AWAITS_DECISION)


# --- counters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counter:
    """One tile of the dashboard: its address, its words, what it counts, and whether it stands at zero."""

    key: str
    label: str
    condition: Callable[[Actor], Q]
    always: bool = False


def _overdue_provider(actor: Actor) -> Q:
    return Q(provider_due_on__lt=actor.on)


def _sent_back(actor: Actor) -> Q:
    return Q(state=State.LOCAL_SEARCH.value, sent_back=True) | Q(
        state=State.REFERRAL_PREPARATION.value, more_asked=True
    )


def _silent(actor: Actor) -> Q:
    since = dt.datetime.combine(actor.on, dt.time(), tzinfo=dt.UTC) - dt.timedelta(days=deadlines.SILENT_FOLLOW_UP_DAYS)
    return Q(state__in=[state.value for state in SUPPORTED], last_activity_at__lt=since)


COUNTERS: tuple[Counter, ...] = (
    Counter("a-lire", "À lire", unread, always=True),
    Counter("a-moi", "À moi de jouer", my_turn),
    Counter("en-retard", "En retard", lambda actor: late(actor.on)),
    Counter("collectivite", "Attendent la collectivité", lambda actor: Q(holder=Holder.APPLICANT.value)),
    Counter("prestataire", "Sans réponse d’un prestataire", _overdue_provider),
    Counter("a-signer", "À signer", to_sign),
    Counter("renvoyees", "Renvoyées par l’Agence", _sent_back),
    Counter(
        "suivis-muets",
        f"Suivis muets depuis {deadlines.SILENT_FOLLOW_UP_DAYS} jours",
        _silent,
    ),
)
COUNTERS_BY_KEY: Mapping[str, Counter] = {counter.key: counter for counter in COUNTERS}


@kept(512)
def _flagged(actor: Actor) -> Flagged:
    """The live files of this person today, each flagged with « live » and the tiles that it counts in."""
    flags = {"live": Q(pk__isnull=False)} | {counter.key: counter.condition(actor) for counter in COUNTERS}
    columns = {key: _flag(condition) for key, condition in flags.items()}
    rows = current(SupportRequest.objects.visible_to(actor), actor.on).order_by().annotate(**columns).values(*flags)
    return Flagged(Written.of(rows), tuple(flags))


@kept(512)
def _beside(actor: Actor) -> Mapping[str, Written]:
    """What a desk must look after beside its files."""
    if actor.role not in DESK_ROLES:
        return {}
    until = actor.on + dt.timedelta(days=EXPIRING_ACT_DAYS)
    acts = SignatureAct.objects.alive(actor.on).filter(department_id__in=actor.departments, ends_on__lte=until)
    kept = Offer.objects.kept_by(actor)
    mandates = Mandate.objects.to_confirm(actor.departments)
    return {
        "acts": _bounded(acts),
        "reviews": _bounded(kept.to_review()),
        "offers": _bounded(kept.to_verify(actor.on)),
        "mandates": _bounded(mandates),
    }


def counts_of(actor: Actor, listed: QuerySet[SupportRequest] | None = None) -> dict[str, Bounded]:
    """Every counter of the dashboard, « live », and « listed » unless that is all that is live. One statement."""
    narrowed = {} if listed is None else {"listed": _bounded(listed)}
    found = _counts({**_beside(actor), **narrowed}, _flagged(actor))
    return {"listed": found["live"], **found}


# --- orders ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    key: str
    label: str
    by: Callable[[Actor], tuple[Any, ...]]


def _first(condition: Q) -> Case:
    return Case(When(condition, then=Value(0)), default=Value(1))


#: The closed list of orders; the first one is the default.
ORDERS: tuple[Order, ...] = (
    Order(
        "a-faire",
        "Ce que je dois faire d’abord",
        lambda actor: (_first(my_turn(actor)), _first(late(actor.on)), "state_since", "pk"),
    ),
    Order("echeance", "Échéance la plus proche", lambda actor: (F("due_on").asc(nulls_last=True), "pk")),
    Order("recentes", "Déposées récemment", lambda actor: ("-submitted_at", "-pk")),
    Order("anciennes", "Déposées depuis longtemps", lambda actor: ("submitted_at", "pk")),
    Order("collectivite", "Collectivité", lambda actor: ("collectivity__normalised_name", "-submitted_at", "-pk")),
)
ORDERS_BY_KEY: Mapping[str, Order] = {order.key: order for order in ORDERS}


# --- lines -----------------------------------------------------------------------------------------------------------

PAGE_SIZE = 50


class Row(NamedTuple):
    """What a line of the queue is drawn from. Fields are the ORM's own names."""

    reference: str
    title: str
    state: str
    state_since: dt.datetime
    due_on: dt.date | None
    channel: str
    population: int | None
    holder: str
    department_id: str
    collectivity__name: str
    collectivity__kind: str
    subject__label: str
    assessment__short: str | None
    desk_contact_id: int | None
    desk_contact__civility: str | None
    desk_contact__first_name: str | None
    desk_contact__last_name: str | None
    follow_up_officer_id: int | None
    follow_up_officer__civility: str | None
    follow_up_officer__first_name: str | None
    follow_up_officer__last_name: str | None
    is_unread: bool
    #: « moi », « une décision », « une signature », or nothing: the holder tells.
    awaits: str
    asked_providers: list[str]

    def person(self, who: str) -> dict[str, Any]:
        """Names of ``desk_contact`` or ``follow_up_officer``."""
        return {name: getattr(self, f"{who}__{name}") for name in ("civility", "first_name", "last_name")}


def rows_of(listed: QuerySet[SupportRequest], order: Order, page: int, actor: Actor) -> list[Row]:
    """The rows of a page (from 1) in their order, and one more when another page follows. One statement."""
    return _rows(_lines(listed, order, page, actor).rows())


def usual_rows(order: Order, page: int, actor: Actor) -> list[Row]:
    """The same of all that is live and that this person sees, by a statement that is written once."""
    return _rows(_usual(order, page, actor).rows())


@kept(512)
def _usual(order: Order, page: int, actor: Actor) -> Written:
    return _lines(current(SupportRequest.objects.visible_to(actor), actor.on), order, page, actor)


def _rows(rows: list[tuple[Any, ...]]) -> list[Row]:
    return [Row(*values) for values in rows]


def _lines(listed: QuerySet[SupportRequest], order: Order, page: int, actor: Actor) -> Written:
    """Chosen first, then joined to what is shown of them."""
    by = order.by(actor)
    chosen = listed.order_by(*by).values("pk")[(page - 1) * PAGE_SIZE : page * PAGE_SIZE + 1]
    asked = Solicitation.objects.filter(support_request=OuterRef("pk"), state=SolicitationState.ASKED)
    to_decide = Q(department_id__in=actor.departments) & AWAITS_DECISION
    mine = to_sign(actor) | to_decide if actor.role in _SIGNERS else Q(pk__in=[])
    rows = SupportRequest.objects.filter(pk__any_of=ArraySubquery(chosen)).annotate(
        is_unread=_flag(unread(actor)),
        awaits=Case(
            When(mine, then=Value("moi")),
            When(AWAITS_DECISION, then=Value("une décision")),
            When(awaits_signature(), then=Value("une signature")),
            default=Value(""),
        ),
        asked_providers=ArraySubquery(
            asked.order_by("asked_at").values(
                name=Coalesce(NullIf("provider__short_name", Value("")), "provider__name")
            )
        ),
    )
    return Written.of(rows.order_by(*by).values_list(*Row._fields))
