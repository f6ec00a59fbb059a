"""The file on one page, for every reader on the State’s side (SCREENS 5): fifteen statements at most.

``file_context`` is what the pages of the desk, of the agency and of an operator have in common: a section is there when
the reader's abilities open it.
"""

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from common.actor import COLLECTIVITY_ROLES, Actor
from common.french import number
from common.readonly import writes
from operators.enums import EngineeringType, Phase, Service, Theme
from operators.matching.changes import compare
from operators.matching.evidence import COMPLEXITY_SIGNS
from operators.matching.reasons import Labels
from operators.matching.vocabulary import UNKNOWN_SUBJECT
from operators.models import ProviderAbsence
from operators.names import names_in
from requests.enums import (
    LIVE_SOLICITATIONS,
    AssignmentKind,
    ConversationChannel,
    DocumentKind,
    SolicitationState,
    SolutionState,
)
from requests.forms.desk import DocumentForm
from requests.forms.exchanges import MessageForm
from requests.models import (
    Closing,
    Document,
    Message,
    ReadingLog,
    Recommendation,
    Solicitation,
    SolutionLine,
    SupportRequest,
)
from requests.permissions import Ability
from requests.services import exchanges, triage
from requests.views.actions import ACTS, Act, Held, Situation, offered
from requests.views.acts import ActView, RequestView
from requests.views.journal import journal_of, name_of
from requests.views.national_way import national_way
from requests.views.opening import open_file
from requests.views.proposal import facts_of, proposal_of
from requests.views.undo import still_undoable, words_back
from requests.workflow import SUPPORTED, State

#: « Demandes semblables » shown at most, and messages shown before the older ones are folded.
SIMILAR, RECENT_MESSAGES = 5, 10
LETTERS = frozenset({DocumentKind.RECEIPT, DocumentKind.PROPOSAL, DocumentKind.REFERRAL, DocumentKind.DESIGNATION})
_CLOSABLE = SUPPORTED | {State.SUSPENDED, State.CLOSED}


def file_context(actor: Actor, support_request: Any, held: Held, acts: tuple[Act, ...] = ACTS) -> dict[str, Any]:
    """What the page shows. ``support_request`` comes from :func:`open_file`; ``held`` are the reader's abilities."""
    internal = Ability.VIEW_INTERNAL in held
    solicitations = list(
        Solicitation.objects.visible_to(actor)
        .filter(support_request=support_request)
        .select_related("provider", "offer")
        .annotate(away=_away(actor))
    )
    messages = _messages(support_request, internal, solicitations)
    documents = _documents(support_request, internal, solicitations)
    solution = _solution(support_request)
    closing = _closing(support_request)
    way = national_way(support_request, actor) if internal else None
    agreement = way["agreement"] if way else None
    situation = Situation(
        state=support_request.step,
        qualified=support_request.qualified_at is not None,
        pending=support_request.pending_decision is not None,
        asked=any(row.state == SolicitationState.ASKED for row in solicitations),
        accepted=any(row.state == SolicitationState.ACCEPTED for row in solicitations),
        agreed=solution is not None and solution["row"].state == SolutionState.ACCEPTED,
        closing=closing is not None and closing.confirmed_at is None and closing.refused_at is None,
        prefect_signed=agreement is not None and agreement.prefect_signed_on is not None,
        body_signed=agreement is not None and agreement.body_signed_on is not None,
        committed=agreement is not None and agreement.committed_on is not None,
        to_sign=support_request.awaits_my_signature,
        hidden=support_request.hidden_until is not None and support_request.hidden_until > actor.on,
    )
    primary, others = offered(support_request.reference, held, situation, acts)
    names = _names(support_request)
    people = {row["kind"]: {**row, "name": name_of(row)} for row in support_request.people}
    return {
        "support_request": support_request,
        "abilities": {ability.value for ability in held},
        "situation": situation,
        "primary": primary,
        "other_acts": others,
        "contact": people.get(AssignmentKind.CONTACT),
        "officer": people.get(AssignmentKind.FOLLOW_UP_OFFICER),
        "referent": people.get(AssignmentKind.LOCAL_REFERENT),
        "late_days": _late_days(support_request, actor),
        "facts": facts_of(support_request, names),
        "reading": _reading(support_request),
        "proposal": proposal_of(support_request.assessment, names) if Ability.VIEW_ASSESSMENT in held else None,
        "shows_proposal": Ability.VIEW_ASSESSMENT in held,
        **_changes(support_request, held, names),
        "decision_pending": _pending(support_request),
        "undo": still_undoable(support_request.held_act, support_request),
        "solution": solution,
        "closing": closing,
        "way": way,
        "solicitations": [_solicitation(row, messages) for row in solicitations],
        "live_offers": {str(row.offer.uuid) for row in solicitations if row.state in LIVE_SOLICITATIONS},
        "public_thread": _thread(messages, ConversationChannel.PUBLIC),
        "words_back": words_back(support_request.held_act),
        "internal_thread": _thread(messages, ConversationChannel.INTERNAL) if internal else None,
        "message_page": reverse("requests:file-message", args=[support_request.reference]),
        "similar": _similar(actor, support_request) if internal else [],
        "documents": [row for row in documents if row["row"].kind not in LETTERS],
        "letters": [row for row in documents if row["row"].kind in LETTERS],
        "journal": journal_of(support_request, actor, internal=internal),
        "readings": _readings(support_request) if Ability.VIEW_READINGS in held else None,
    }


def _names(support_request: Any) -> Labels:
    """What the codes of its current proposal, and of the one before it, are called."""
    earlier = support_request.earlier_proposal
    documents = [earlier["document"]] if earlier else []
    if support_request.assessment is not None:
        documents.append(support_request.assessment.document)
    return names_in(*documents) if documents else {}


def _changes(support_request: Any, held: Held, names: Labels) -> dict[str, Any]:
    """What the current proposal changed of the one before it."""
    earlier = support_request.earlier_proposal
    if Ability.VIEW_ASSESSMENT not in held or support_request.assessment is None or not earlier:
        return {"changes": None, "changed_since": None}
    since = dt.datetime.fromisoformat(earlier["at"])
    changes = compare(earlier["document"], support_request.assessment.document, names)
    return {"changes": changes, "changed_since": since}


def _late_days(support_request: SupportRequest, actor: Actor) -> int:
    due = support_request.due_on
    return max(0, (actor.on - due).days) if due is not None and not support_request.is_ended else 0


def _pending(support_request: Any) -> str:
    """« M. Frêne a décidé » while the decision is being carried out."""
    decided = support_request.pending_decision
    return name_of(decided) if decided else ""


def _messages(support_request: SupportRequest, internal: bool, solicitations: Sequence[Solicitation]) -> list[Message]:
    """The three conversations, each only for those who may read it."""
    readable = Q(channel=ConversationChannel.PUBLIC)
    if internal:
        readable |= Q(channel=ConversationChannel.INTERNAL)
    if solicitations:
        readable |= Q(solicitation__in=solicitations)
    return list(Message.objects.filter(readable, support_request=support_request))


def _thread(messages: list[Message], channel: str) -> dict[str, Any]:
    found = [message for message in messages if message.channel == channel]
    return {
        "older": found[:-RECENT_MESSAGES],
        "recent": found[-RECENT_MESSAGES:],
        "count": len(found),
        "key": uuid.uuid4(),
    }


def _documents(
    support_request: SupportRequest, internal: bool, solicitations: Sequence[Solicitation]
) -> list[dict[str, Any]]:
    readable = Q(channel=ConversationChannel.PUBLIC)
    if internal:
        readable |= Q(channel=ConversationChannel.INTERNAL)
    if solicitations:
        readable |= Q(solicitation__in=solicitations)
    rows = Document.objects.filter(readable, support_request=support_request).select_related("file")
    return [
        {
            "row": row,
            "page": reverse("requests:document", args=[support_request.reference, row.uuid]) if row.file_id else "",
        }
        for row in rows
    ]


def _solution(support_request: SupportRequest) -> dict[str, Any] | None:
    """The latest proposal and its lines, the pilot first."""
    latest = support_request.solutions.order_by("-proposed_at", "-pk").values("pk")[:1]
    lines = list(
        SolutionLine.objects.filter(solution=latest)
        .select_related("solution__answer_note", "provider", "offer")
        .order_by(Case(When(part="pilot", then=Value(0)), default=Value(1)), "pk")
    )
    return {"row": lines[0].solution, "lines": lines} if lines else None


def _closing(support_request: SupportRequest) -> Any:
    if support_request.step not in _CLOSABLE:
        return None
    texts = Recommendation.objects.filter(closing=OuterRef("pk")).order_by("pk").values("text")
    rows = Closing.objects.filter(support_request=support_request).annotate(recommended=ArraySubquery(texts))
    return rows.select_related("proposed_by", "refusal").first()


def _away(actor: Actor) -> Subquery:
    """The absence of the day of a solicited provider, as a column of the statement that reads what he was asked."""
    absences = ProviderAbsence.objects.visible_to(actor).on(actor.on).filter(provider=OuterRef("provider"))
    row = JSONObject(last_day="last_day", deputy_name="deputy_name", note="note")
    return Subquery(absences.values(row=row)[:1])


def _solicitation(row: Any, messages: list[Message]) -> dict[str, Any]:
    away = row.away if row.state == SolicitationState.ASKED else None
    return {
        "row": row,
        "page": reverse("requests:solicitation", args=[row.uuid]),
        "thread": [message for message in messages if message.solicitation_id == row.pk],
        "away": {**away, "last_day": dt.date.fromisoformat(away["last_day"])} if away else None,
    }


def _reading(support_request: SupportRequest) -> list[tuple[str, list[str]]]:
    """« Notre lecture », in words."""
    row = support_request

    def labels(choices: Any, values: list[str]) -> list[str]:
        return [choices(value).label if value in choices.values else value for value in values]

    return [
        ("Thèmes", labels(Theme, row.themes)),
        ("Services attendus", labels(Service, row.services)),
        ("Types d’ingénierie", labels(EngineeringType, row.engineering_types)),
        ("Avancement", labels(Phase, [row.phase] if row.phase else [])),
        ("Compétence", [row.get_competence_display()] if row.competence else []),
        ("Signes de complexité", [COMPLEXITY_SIGNS.get(sign, sign).capitalize() for sign in row.complexity_signs]),
        ("Communes concernées", [number(row.communes_count)] if row.communes_count else []),
        ("Partenaires associés", [number(row.partners_count)] if row.partners_count is not None else []),
    ]


def _similar(actor: Actor, support_request: SupportRequest) -> QuerySet[SupportRequest]:
    """The same body's other requests, then those of the department on the same subject."""
    alike = Q(collectivity=support_request.collectivity_id)
    if support_request.subject.code != UNKNOWN_SUBJECT:
        alike |= Q(subject=support_request.subject_id, department=support_request.department_id)
    same_body = Case(When(collectivity=support_request.collectivity_id, then=Value(0)), default=Value(1))
    return (
        SupportRequest.objects.visible_to(actor)
        .filter(alike)
        .exclude(pk=support_request.pk)
        .select_related("collectivity")
        .only("reference", "title", "state", "submitted_at", "collectivity__name", "collectivity__department_id")
        .order_by(same_body, "-submitted_at", "-pk")[:SIMILAR]
    )


def _readings(support_request: SupportRequest) -> QuerySet[Any]:
    rows = ReadingLog.objects.filter(support_request=support_request)
    return rows.values("body").annotate(last=Max("at"), times=Count("pk")).order_by("-last")


@writes("access log of a file, written before its page is built")
class FileView(RequestView):
    """Pages of other readers derive from it: ``origin``, its label and ``acts`` are theirs."""

    template_name = "requests/file/page.html"
    origin, origin_label = "requests:desk", "Tableau de bord"
    acts: tuple[Act, ...] = ACTS

    @cached_property
    def support_request(self) -> SupportRequest:
        return open_file(self.actor, self.kwargs["reference"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.actor.role in COLLECTIVITY_ROLES:
            return redirect("requests:detail", self.support_request.reference)
        triage.log_reading(self.support_request, self.actor)
        return render(request, self.template_name, self.get_context())

    def get_context(self) -> dict[str, Any]:
        return {
            **file_context(self.actor, self.support_request, self.abilities, self.acts),
            "home": (reverse(self.origin), self.origin_label),
        }


class ProposalFragment(RequestView):
    """« La proposition » alone, asked again while a worker computes it or carries a decision out."""

    @cached_property
    def support_request(self) -> SupportRequest:
        return open_file(self.actor, self.kwargs["reference"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if Ability.VIEW_ASSESSMENT not in self.abilities:
            raise PermissionDenied("La proposition est réservée aux services qui instruisent la demande.")
        row: Any = self.support_request
        names = _names(row)
        context = {
            "support_request": row,
            "abilities": {ability.value for ability in self.abilities},
            "proposal": proposal_of(row.assessment, names),
            "decision_pending": _pending(row),
            **_changes(row, self.abilities, names),
        }
        if not (row.routing_pending or row.pending_decision):  # done: the head says what comes next
            context |= {**file_context(self.actor, row, self.abilities), "refreshed": True}
        with timezone.override(zoneinfo.ZoneInfo(row.department.time_zone)):
            return render(request, "requests/file/_proposal.html", context)


class MessageView(ActView):
    """Posts a message to the collectivity, or an internal note. The channel stands in the form that was filled."""

    http_method_names = ["post"]  # it is written from the file's page
    form_class = MessageForm
    title = "Écrire"

    @property
    def channel(self) -> str:
        return self.request.POST.get("channel", "")

    @property
    def ability(self) -> Ability:  # type: ignore[override]
        return Ability.WRITE_INTERNAL if self.channel == ConversationChannel.INTERNAL else Ability.WRITE_PUBLIC

    def is_undoable(self) -> bool:
        return self.channel == ConversationChannel.PUBLIC

    def get_context(self) -> dict[str, Any]:
        internal = self.channel == ConversationChannel.INTERNAL
        return {"submit": "Ajouter la note interne" if internal else "Envoyer à la collectivité"}

    def perform(self, form: MessageForm) -> None:
        answers = form.cleaned_data
        exchanges.post(
            self.support_request, self.actor, channel=answers["channel"], text=answers["text"], key=answers["key"]
        )
        self.done = "Note interne ajoutée." if answers["channel"] == "internal" else "Message envoyé à la collectivité."

    def get_success_url(self) -> str:
        anchor = "notes-internes" if self.channel == ConversationChannel.INTERNAL else "echanges"
        return f"{super().get_success_url()}#{anchor}"


class AttachFilesView(ActView):
    ability = Ability.ATTACH_FILE
    form_class = DocumentForm
    title = "Joindre un document"
    submit = "Joindre"
    done = "Document joint."

    def build_form(self, *, bound: bool) -> Any:
        form = super().build_form(bound=bound)
        if not bound and Ability.WRITE_INTERNAL not in self.abilities:
            (only,) = form.fields["channel"].choices = form.fields["channel"].choices[:1]  # type: ignore[attr-defined]
            form.initial["channel"] = only[0]
        return form

    def perform(self, form: DocumentForm) -> None:
        given = form.cleaned_data["file"]
        exchanges.attach_file(
            self.support_request, self.actor, name=given.name, stream=given, channel=form.cleaned_data["channel"]
        )
