"""The dashboard of a desk (SCREENS 4): counters, filters, one line a request; and the door for what comes otherwise."""

import functools
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString

from accounts.access import AdmittedMixin
from common import clock
from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, Actor, Role
from common.errors import NotAllowed, ServiceError
from common.french import NBSP, day, plural
from operators.matching.reasons import BODIES
from requests.enums import Channel, HolderChoices, StateChoices
from requests.filters import QueueFilter
from requests.forms.desk import RecordForm
from requests.models import SupportRequest
from requests.queue import COUNTERS, PAGE_SIZE, Bounded, Row, counts_of, rows_of, usual_rows
from requests.services import exchanges, intake
from requests.views.acts import SignedInView, parse_moment
from requests.views.journal import name_of
from requests.workflow import TERMINAL, Holder, State

#: Roles that have no queue: officials have pages of their own, a committee reads no file.
_ELSEWHERE = COLLECTIVITY_ROLES | {Role.COMMITTEE_MEMBER, Role.ADMINISTRATOR, Role.ANONYMOUS}
_MAY_RECORD = DESK_ROLES | {Role.SUB_PREFECT, Role.PROJECT_LEADER}


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    count: Bounded
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue, in words: all that its drawing depends on."""

    reference: str
    is_unread: bool
    body: str
    population: int | None
    title: str
    subject: str
    state: str
    since: str
    overdue: str
    proposal: str
    waiting_for: str
    channel: Channel

    @property
    def html(self) -> SafeString:
        return _drawn(self)


@functools.lru_cache(maxsize=8192)
def _drawn(line: Line) -> SafeString:
    """The same words are drawn once: a template costs more than the statement that reads a page."""
    return render_to_string("requests/desk/_line.html", {"line": line})


@dataclass(frozen=True, slots=True)
class Select:
    """One filter of the queue: all that its drawing depends on. An intercommunality list has 200 lines in places."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    value: str
    is_wrong: bool

    @property
    def html(self) -> SafeString:
        return _drawn_select(self)


@functools.lru_cache(maxsize=2048)
def _drawn_select(select: Select) -> SafeString:
    return render_to_string("requests/desk/_select.html", {"select": select})


def selects_of(filtering: QueueFilter) -> list[Select]:
    return [
        Select(
            name=field.name,
            label=str(field.label),
            choices=tuple((value or "", str(label)) for value, label in field.field.choices),
            value=str(field.value() or ""),
            is_wrong=bool(field.errors),
        )
        for field in filtering.form
        if field.name != "q"
    ]


def line_of(row: Row, actor: Actor) -> Line:
    days = max(0, (actor.on - row.state_since.date()).days)
    live = State(row.state) not in TERMINAL
    late = (actor.on - row.due_on).days if row.due_on and live else 0
    return Line(
        reference=row.reference,
        is_unread=row.is_unread,
        body=row.collectivity__name,
        population=row.population,
        title=row.title,
        subject=row.subject__label,
        state=str(StateChoices(row.state).label),
        since=f"{days}{NBSP}j" if days else "aujourd’hui",
        overdue=f"{late}{NBSP}j de retard" if late > 0 else "",
        proposal=row.assessment__short or ("Acheminement en cours" if live else ""),
        waiting_for=waiting_for(row, actor),
        channel=Channel(row.channel),
    )


def waiting_for(row: Row, actor: Actor) -> str:
    """« En attente de »: oneself, a signatory's act, or the body by its name where the queue knows it."""
    if row.awaits:
        return row.awaits
    match Holder(row.holder):
        case Holder.DESK if actor.role in DESK_ROLES and row.department_id in actor.departments:
            if row.desk_contact_id is None or row.desk_contact_id == actor.person_id:
                return "moi"
            return name_of(row.person("desk_contact"))
        case Holder.APPLICANT:
            return BODIES[row.collectivity__kind][0]
        case Holder.PROVIDER if row.asked_providers:
            return ", ".join(row.asked_providers)
        case Holder.FOLLOW_UP if row.follow_up_officer_id is not None:
            return "moi" if row.follow_up_officer_id == actor.person_id else name_of(row.person("follow_up_officer"))
        case holder:
            return str(HolderChoices(holder.value).label)


class DeskView(SignedInView):
    """The queue of whoever may see files: what he sees, and nothing more, in the order in which he must act."""

    template_name = "requests/desk/queue.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.actor.role in _ELSEWHERE:
            raise PermissionDenied("Le tableau de bord est celui des services de l’État. Choisissez un autre mandat.")
        visible = SupportRequest.objects.visible_to(self.actor)
        filtering = QueueFilter(request.GET, visible, self.actor, self.departments)
        listed = filtering.qs if filtering.is_valid() else visible.none()
        tags = filtering.tags()
        narrowed = not filtering.is_valid() or bool(tags)
        number = self.page_number()
        counts = counts_of(self.actor, listed if narrowed else None)
        if narrowed:
            rows = rows_of(listed, filtering.order, number, self.actor)
        else:
            rows = usual_rows(filtering.order, number, self.actor)
        if not rows and number > 1:  # the list has shrunk since
            return HttpResponseRedirect(self.page_address(1))
        context = {
            "filtering": filtering,
            "selects": selects_of(filtering),
            "tags": tags,
            "tiles": self.tiles(counts),
            "counts": counts,
            "ended": not rows and not narrowed and visible.exists(),
            "lines": [line_of(row, self.actor) for row in rows[:PAGE_SIZE]],
            "count_label": self.count_label(counts["listed"]),
            "nothing_to_do": self.nothing_to_do(filtering, counts),
            "page": number,
            "previous_page": self.page_address(number - 1) if number > 1 else "",
            "next_page": self.page_address(number + 1) if len(rows) > PAGE_SIZE else "",
            "may_record": self.actor.role in _MAY_RECORD and self.actor.mandate_confirmed,
            "department": self.department,
            "unconfirmed": not self.actor.mandate_confirmed,
            "preparations": self.preparations(),
            "by_desk": self.actor.role in DESK_ROLES,
        }
        return render(request, self.template_name, context)

    @cached_property
    def department(self) -> Any:
        """The one department of the mandate, its desk loaded; none for those who have several."""
        mandate = self.request.mandate  # type: ignore[attr-defined]
        return mandate.department if mandate and mandate.department_id else None

    @cached_property
    def departments(self) -> frozenset[str]:
        """Where choices of filters are taken from; rights never come from here."""
        if self.actor.departments:
            return self.actor.departments
        return frozenset({self.department.code}) if self.department else frozenset()

    def page_number(self) -> int:
        given = self.request.GET.get("page", "1")
        return min(max(int(given), 1), 1000) if given.isdecimal() and len(given) < 5 else 1

    def page_address(self, number: int) -> str:
        kept = self.request.GET.copy()
        kept["page"] = str(number)
        return f"?{kept.urlencode()}"

    def tiles(self, counts: dict[str, Bounded]) -> list[Tile]:
        """Counters of files, then those of the desk itself; one that is at zero is absent, except « À lire »."""
        desk = reverse("requests:desk")
        tiles = [
            Tile(counter.label, counts[counter.key], f"{desk}?vue={counter.key}")
            for counter in COUNTERS
            if counter.always or counts[counter.key]
        ]
        for key, label, page in (
            ("acts", "Délégations qui expirent", reverse("accounts:acts")),
            ("reviews", "Offres à relire", f"{reverse('operators:catalogue')}?etat=a-relire"),
            ("offers", "Offres à vérifier", f"{reverse('operators:catalogue')}?etat=a-verifier"),
            ("mandates", "Mandats à confirmer", reverse("accounts:mandates")),
        ):
            if counts.get(key):
                tiles.append(Tile(label, counts[key], page))
        return tiles

    def preparations(self) -> list[tuple[str, str]]:
        """« Trois choses à faire avant la première demande »."""
        if self.actor.role not in DESK_ROLES or self.department is None:
            return []
        return [
            ("l’équipe", reverse("accounts:mandates")),
            ("les offres", reverse("operators:catalogue")),
            ("l’adresse du guichet", reverse("territories:detail", args=[self.department.code])),
        ]

    def count_label(self, count: Bounded) -> str:
        return f"{count} demandes" if count.is_more else plural(count.value, "demande")

    def nothing_to_do(self, filtering: QueueFilter, counts: dict[str, Bounded]) -> str:
        if (
            counts["a-moi"]
            or not counts["live"]
            or any(value for key, value in filtering.data.items() if key != "ordre")
        ):
            return ""
        live = counts["live"]
        if live.is_more:
            return f"Rien ne vous attend. {str(live).capitalize()} demandes attendent une réponse extérieure."
        waiting = "attend" if live.value == 1 else "attendent"
        return f"Rien ne vous attend. {plural(live.value, 'demande')} {waiting} une réponse extérieure."


class RecordView(AdmittedMixin, SignedInView):
    """« Enregistrer une demande reçue » otherwise than online: one page, ninety seconds (PRACTICE 1.8)."""

    template_name = "requests/desk/record.html"

    refusal = "L’enregistrement est ouvert au guichet, aux sous-préfectures et aux chefs de projet."

    def admits(self, actor: Actor) -> bool:
        return actor.role in _MAY_RECORD

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(RecordForm(initial={"key": uuid.uuid4(), "received_on": self.actor.on}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RecordForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.page(form, 422)
        try:
            support_request = self.record(form)
        except ServiceError as error:
            field = "collectivity" if isinstance(error, NotAllowed) else {"file": "scans"}.get(error.field, error.field)
            form.add_error(field if field in form.fields else None, error.message)
            return self.page(form, error.status if error.status in (403, 409) else 422)
        messages.success(
            request,
            f"Demande {support_request.reference} enregistrée, reçue le {day(form.cleaned_data['received_on'])}. "
            "L’exécutif de la collectivité est invité à la confirmer ; vous pouvez commencer sans attendre.",
        )
        if SupportRequest.objects.visible_to(self.actor).filter(pk=support_request.pk).exists():
            return redirect("requests:file", support_request.reference)
        return redirect("requests:desk")

    @transaction.atomic
    def record(self, form: RecordForm) -> SupportRequest:
        body = form.cleaned_data["collectivity"]
        now, zone = clock.now(), body.department.zone_info
        received = parse_moment(form.cleaned_data["received_on"], zone)
        if received.date() == now.astimezone(zone).date():
            received = min(received, now)  # before noon, today's noon is still to come
        support_request = intake.record(
            form.application(),
            self.actor,
            key=form.cleaned_data["key"],
            channel=form.cleaned_data["channel"],
            received_at=received,
        )
        scans = [(scan.name, scan) for scan in form.cleaned_data["scans"]]
        if scans:
            exchanges.keep_scans(support_request, self.actor, scans)
        return support_request

    def page(self, form: RecordForm, status: int = 200) -> HttpResponse:
        return render(self.request, self.template_name, {"form": form}, status=status)
