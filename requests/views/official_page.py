"""What an official reads of his request: a sentence, what is expected of him, a person, the way (SCREENS 3).

At most fifteen queries, whatever the number of rows. Only what the applicant may read is loaded: public notes, public
messages and documents, of an operator's refusal its public sentence alone (SCENARIOS D08).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet
from django.urls import reverse

from common import clock, perimeter
from common.actor import COLLECTIVITY_ROLES, Actor
from common.calendar import working_days_between
from common.french import NBSP, joined, typo
from common.french import day as printed_day
from operators.matching import reasons
from requests import deadlines
from requests.enums import (
    OFFICIAL_STATES,
    AssignmentKind,
    ConversationChannel,
    DelegationState,
    Motive,
    ReferralState,
    Route,
    SolutionState,
    SurveyMoment,
)
from requests.models import (
    Agreement,
    Assignment,
    Closing,
    Delegation,
    Dispatch,
    Document,
    FollowUpEntry,
    FundingTest,
    Message,
    NationalAnswer,
    ReadingLog,
    Referral,
    ReferralMotive,
    SolutionLine,
    SupportRequest,
    Survey,
    Transition,
)
from requests.permissions import Ability
from requests.services import exchanges
from requests.services.transitions import local_date
from requests.views import official_way
from requests.views.official_way import Milestone
from requests.views.papers import VOTED
from requests.workflow import SUPPORTED, TERMINAL, Action, State

Held = frozenset[Ability | Action]
#: Under so many comparable requests no delay is computed (SCREENS 0).
ENOUGH = 10
LAST_MESSAGES = 30
COLON = f"{NBSP}: "
LAST_DOCUMENTS = 60


@dataclass(frozen=True, slots=True)
class Expected:
    """The one thing that is awaited from the collectivity."""

    text: str
    url: str = ""
    button: str = ""
    by: dt.date | None = None
    precision: str = ""


class Page:
    """The rows of one official's page, each loaded at most once."""

    def __init__(
        self, actor: Actor, support_request: SupportRequest, held: Held, *, all_messages: bool = False
    ) -> None:
        self.actor, self.support_request, self.held = actor, support_request, held
        self.all_messages = all_messages
        self.state = support_request.step
        self.today = local_date(support_request, clock.now())
        row = support_request
        self.transitions = self._transitions()
        self.people = list(
            Assignment.objects.filter(support_request=row, until__isnull=True)
            .select_related("person")
            .order_by("since")
        )
        self.delegations: list[Delegation] = []
        self.agreement: Agreement | None = None
        if row.referred_at is not None:
            self.delegations = list(Delegation.objects.filter(support_request=row).select_related("operator"))
            if self.state is State.CONTRACTING or row.route == Route.MARKET:
                self.agreement = (
                    Agreement.objects.filter(support_request=row, cancelled_at__isnull=True)
                    .select_related("contractor")
                    .first()
                )
        national = self.agreement is not None or any(one.state == DelegationState.ACCEPTED for one in self.delegations)
        self.lines = [] if national else self._lines()
        self.dispatch = None
        if self.state not in TERMINAL | SUPPORTED | {State.SUSPENDED}:
            self.dispatch = Dispatch.objects.filter(decision__support_request=row).order_by("-decision__at").first()
        self.surveys = list(Survey.objects.open().filter(support_request=row)) if self.state is State.CLOSED else []

    def _transitions(self) -> list[Any]:
        """The history; once the request was transmitted, with the motives of its last referral not given up."""
        found = Transition.objects.standing().filter(support_request=self.support_request).select_related("note")
        if self.support_request.referred_at is not None:
            found = found.annotate(motives=ArraySubquery(self._motives(sent=True).values("motive")))
        return list(found)

    def _motives(self, *, sent: bool = False) -> QuerySet[ReferralMotive]:
        """Of the last referral that left, or of the one that is not given up."""
        referrals = Referral.objects.filter(support_request=self.support_request)
        referrals = (
            referrals.filter(sent_at__isnull=False) if sent else referrals.exclude(state=ReferralState.ABANDONED)
        )
        return ReferralMotive.objects.filter(referral__in=referrals.order_by("-opened_at", "-pk").values("pk")[:1])

    def _lines(self) -> list[SolutionLine]:
        if self.state not in {State.PROPOSED, *SUPPORTED, State.SUSPENDED, State.CLOSED}:
            return []
        live = [SolutionState.PROPOSED, SolutionState.ACCEPTED]
        return list(
            SolutionLine.objects.filter(solution__support_request=self.support_request, solution__state__in=live)
            .select_related("solution", "provider", "offer")
            .order_by("part", "pk")
        )

    @property
    def is_pending(self) -> bool:
        """Whether a worker is still to do something of which the page will speak."""
        waits_for_routing = self.support_request.assessment_id is None and self.state in {
            State.SUBMITTED,
            State.QUALIFICATION,
        }
        return waits_for_routing or (self.dispatch is not None and self.dispatch.is_undone)

    # --- state -------------------------------------------------------------------------------------------------------

    def sentence(self) -> str:
        row = self.support_request
        asked = [one.operator.name for one in self.delegations if one.state == DelegationState.ASKED]
        match self.state:
            case State.PROPOSED if self.lines and self.lines[0].solution.state == SolutionState.ACCEPTED:
                return "Vous avez accepté l’aide proposée. La préfecture désigne votre chargé de suivi."
            case State.DELEGATED if asked:
                return f"Confiée à {joined(asked)}, réponse attendue."
            case State.REDIRECTED if row.redirection_target:
                return f"Adressée ailleurs{COLON}{row.redirection_target}."
            case State.ATTACHED if row.host is not None:
                return f"Rattachée à la demande {row.host.reference} de votre intercommunalité."
            case State.SUSPENDED:
                until = f" jusqu’au {printed_day(row.due_on)}" if row.due_on else ""
                why = self._last_note(Action.SUSPEND)
                return f"En pause{until}{COLON}{why}" if why else f"En pause{until}."
        return typo(OFFICIAL_STATES[self.state])

    def signatures(self) -> list[tuple[str, dt.date | None]]:
        """« Convention à signer : préfet ✓, vous, Agence »."""
        found = self.agreement
        if found is None:
            return []
        return [
            ("La préfecture", found.prefect_signed_on),
            ("Vous", found.body_signed_on),
            ("L’Agence", found.committed_on),
        ]

    def since(self) -> dict[str, Any]:
        row = self.support_request
        start = local_date(row, row.state_since)
        counted = self.state not in TERMINAL | SUPPORTED
        days = working_days_between(start, self.today, row.department_id) if counted else None
        return {"day": start, "working_days": days, "ended": self.state in TERMINAL}

    def usual_delay(self) -> dict[str, Any]:
        """The median of the department while it means something, else what the desk promises (SCREENS 0)."""
        if self.state not in {State.SUBMITTED, State.QUALIFICATION, State.LOCAL_SEARCH}:
            return {}
        with perimeter.everything("the usual delay of a department"):
            count, median = SupportRequest.objects.delay_to_support(self.support_request.department_id)
        if count < ENOUGH or median is None:
            return {"commitment": deadlines.COMMITMENT_DAYS}
        return {"median": round(median), "count": count}

    def _last_note(self, action: Action) -> str:
        for step in reversed(self.transitions):
            if step.action == action and step.note is not None and step.note.is_public:
                return step.note.text
        return ""

    def address(self, name: str, *more: object) -> str:
        return reverse(f"requests:{name}", args=[self.support_request.reference, *more])

    # --- what is expected --------------------------------------------------------------------------------------------

    def expected(self) -> Expected | None:
        row = self.support_request
        own = self.actor.role in COLLECTIVITY_ROLES and self.actor.collectivity_id == row.collectivity_id
        if not own:
            return None
        solution = self.lines[0].solution if self.lines else None
        if self.state is State.INCOMPLETE:
            return Expected(
                "Envoyer les éléments demandés",
                self.address("complete"),
                "Compléter la demande",
                by=row.due_on,
                precision=self._last_note(Action.ASK_COMPLETION),
            )
        if self.state is State.PROPOSED and solution is not None and solution.state == SolutionState.PROPOSED:
            after = solution.council_on
            return Expected(
                "Répondre à la proposition",
                "#proposition",
                "Lire la proposition",
                by=solution.answer_by,
                precision=f"Votre conseil se réunit le {printed_day(after)}."
                if after and after <= solution.answer_by
                else "",
            )
        if self.agreement is not None and self.state is State.CONTRACTING and self.agreement.body_signed_on is None:
            return Expected(
                "Faire délibérer votre conseil, puis signer la convention", "#convention", "Voir la convention"
            )
        if row.confirmed_at is None and self.state not in TERMINAL:
            return Expected(
                "Confirmer cette demande, enregistrée en votre nom",
                self.address("confirm-filing") if Ability.CONFIRM_FILING in self.held else "",
                "Confirmer la demande",
                precision="L’étude n’attend pas votre confirmation.",
            )
        if self.surveys and Ability.ANSWER_SURVEY in self.held:
            closing = self.surveys[0].moment == SurveyMoment.CLOSING
            text = "Répondre à deux questions" if closing else "Dire ce que votre projet est devenu"
            return Expected(text, self.address("survey", "fin" if closing else "six-mois"), "Répondre")
        return None

    def way(self) -> list[Milestone]:
        """« Le chemin »."""
        own = self.actor.collectivity_id == self.support_request.collectivity_id
        because = [
            official_way.BECAUSE[motive] for step in self.transitions[-1:] for motive in getattr(step, "motives", ())
        ]
        return official_way.way(
            self.support_request, self.transitions, self.delegations, self.sentence(), because=because, own=own
        )

    # --- people and exchanges ----------------------------------------------------------------------------------------

    def named(self) -> list[tuple[str, Assignment]]:
        """The human beings of the request, each once, with all that he is to it."""
        labels = {
            AssignmentKind.FOLLOW_UP_OFFICER: "votre chargé de suivi",
            AssignmentKind.LOCAL_REFERENT: "votre référent local",
            AssignmentKind.CONTACT: "votre interlocuteur à la préfecture",
        }
        found: dict[int, tuple[list[str], Assignment]] = {}
        for kind, label in labels.items():
            for row in self.people:
                if row.kind == kind:
                    found.setdefault(row.person_id, ([], row))[0].append(label)
        return [(joined(words)[:1].upper() + joined(words)[1:], row) for words, row in found.values()]

    def context(self) -> dict[str, Any]:
        row, held = self.support_request, self.held
        return {
            **self.state_context(),
            "solution": self.lines[0].solution if self.lines else None,
            "lines": self.lines,
            "to_vote": any(line.offer.legal_mode in VOTED for line in self.lines),
            "commitments_close_on": deadlines.commitments_close(self.actor.on)
            if self.state is State.REFERRAL_PREPARATION
            else None,
            "agreement": self.agreement,
            "funding": self._funding(),
            "delegations": [one for one in self.delegations if one.state == DelegationState.ACCEPTED],
            "service": self._service(),
            "situation": self._situation() if self.state is State.REFERRAL_PREPARATION else None,
            "entries": self._entries(),
            "closing": Closing.objects.filter(support_request=row, confirmed_at__isnull=False).first()
            if self.state is State.CLOSED
            else None,
            **self._exchanges(),
            "readers": self._readers(),
            "may_chase": Ability.CHASE in held and exchanges.may_chase(row),
            "may_restart": self.state in {State.WITHDRAWN, State.CLOSED} and self.actor.role in COLLECTIVITY_ROLES,
        }

    def state_context(self) -> dict[str, Any]:
        """The part of the page that a worker may change while it is open."""
        return {
            "support_request": self.support_request,
            "sentence": self.sentence(),
            "signatures": self.signatures() if self.state is State.CONTRACTING else [],
            "since": self.since(),
            "usual": self.usual_delay(),
            "expected": self.expected(),
            "way": self.way(),
            "abilities": self.held,
            "is_own": self.actor.collectivity_id == self.support_request.collectivity_id,
            "named": self.named(),
            "pending": self.is_pending,
            "zone": self.support_request.department.local_time_of,
        }

    def _funding(self) -> FundingTest | None:
        if self.agreement is None:
            return None
        return FundingTest.objects.filter(support_request=self.support_request).select_related("rule").last()

    def _service(self) -> NationalAnswer | None:
        if self.support_request.route != Route.AGENCY_SERVICE or self.lines:
            return None
        return (
            NationalAnswer.objects.filter(support_request=self.support_request, service__isnull=False)
            .select_related("service")
            .last()
        )

    def _situation(self) -> dict[str, Any] | None:
        """What the desk says of fragility, and its facts, read by the mayor before anybody signs (PRACTICE 3.4)."""
        for row in self._motives():
            if row.motive == Motive.FRAGILITY:
                kind = self.support_request.collectivity.kind
                facts = [
                    {
                        "text": reasons.evidence_sentence(line["code"], line["args"], kind=kind),
                        "source": " · ".join(part for part in (line.get("source"), line.get("vintage")) if part),
                    }
                    for line in row.facts
                ]
                return {"facts": facts, "justification": row.justification}
        return None

    def _entries(self) -> list[FollowUpEntry]:
        if self.support_request.supported_at is None:
            return []
        return list(FollowUpEntry.objects.filter(support_request=self.support_request, is_public=True))

    def _exchanges(self) -> dict[str, Any]:
        public = {"support_request": self.support_request, "channel": ConversationChannel.PUBLIC}
        messages = Message.objects.filter(**public).order_by("-at", "-pk")
        documents = Document.objects.filter(**public).select_related("file").order_by("-at", "-pk")
        shown = list(messages if self.all_messages else messages[: LAST_MESSAGES + 1])
        older = not self.all_messages and len(shown) > LAST_MESSAGES
        return {
            "messages_of_request": (shown[:LAST_MESSAGES] if older else shown)[::-1],
            "older_messages": older,
            "documents": list(documents[:LAST_DOCUMENTS]),
        }

    def _readers(self) -> list[dict[str, Any]]:
        """Bodies and dates, never persons (PRACTICE 3.7); the applicant's own readings are left out."""
        if Ability.VIEW_READINGS not in self.held:
            return []
        rows = ReadingLog.objects.filter(support_request=self.support_request).values_list("body", "at")
        return _by_body(rows.exclude(role__in=[role.value for role in COLLECTIVITY_ROLES]).order_by("-at")[:500])


def _by_body(rows: Iterable[tuple[str, dt.datetime]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for body, at in rows:
        one = found.setdefault(body, {"body": body, "last": at, "first": at, "count": 0})
        one["first"] = at
        one["count"] += 1
    return list(found.values())
