"""Random lives: anybody tries anything, at any hour of any time zone. Whatever is refused is refused in words, and what
is done leaves no forbidden state, no orphan, no two owners."""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import Mandate
from common import clock, jobs
from common.actor import Actor, Role
from common.errors import ServiceError
from notifications.hold import Hold, holding
from operators.models import Offer, Provider, Subject
from operators.territory_facts import areas_of
from requests import integrity
from requests.demonstration.case import file
from requests.demonstration.stage import Stage
from requests.enums import AssignmentKind, DelegationState, SolicitationState
from requests.models import HeldAct, SupportRequest
from requests.permissions import Ability, abilities
from requests.services import (
    agreement,
    assignments,
    exchanges,
    followup,
    intake,
    national,
    referral,
    solution,
    triage,
    undo,
)
from requests.workflow import TABLE, State
from tests.requests.journeys import JUSTIFICATION, SETTLED
from tests.requests.test_undo import held

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

#: Commune → a day before its clocks change, or an ordinary one. Five overseas time zones and Paris.
PLACES = {
    "04121": "2026-03-28 20:00",
    "97222": "2026-10-24 21:00",
    "97353": "2026-06-09 23:30",
    "97421": "2026-03-28 23:00",
    "97608": "2026-10-24 01:00",
}
OPERATORS = ("anah", "anru", "cerema", "bdt", "ademe")
EVERYBODY = ("mayor", "secretary", "instructor", "deputy", "prefect", "officer", "anct", "dg", "stranger", *OPERATORS)

#: Between two acts.
HOURS = (0, 0, 1, 5, 24, 24 * 9)
KEPT_BACK = 0.5

Verb = Callable[["Life", Actor], Any]


def _first(rows: Any) -> Any:
    found = rows.first()
    if found is None:
        raise Nothing
    return found


class Nothing(Exception):  # noqa: N818
    """There is nothing to apply this verb to."""


def _offers(life: "Life") -> list[Offer]:
    found = list(Offer.objects.published().meeting(areas_of(life.row.collectivity)).select_related("provider")[:2])
    if not found:
        raise Nothing
    return found


def _qualify(life: "Life", actor: Actor) -> Any:
    read = triage.Qualification(
        subject=Subject.objects.get(code="patrimoine"), themes=("COM",), competence="commune", phase="framing"
    )
    return triage.qualify(life.row, actor, read)


def _answer(life: "Life", actor: Actor, *, accepted: bool) -> Any:
    row = _first(life.row.solicitations.filter(state=SolicitationState.ASKED))
    return solution.answer_solicitation(row, actor, accepted=accepted, reason="out_of_mission", channel="mail")


def _propose(life: "Life", actor: Actor) -> Any:
    lines = [
        solution.Line(offer=helper.offer, solicitation=helper.solicitation, part="support" if rank else "pilot")
        for rank, helper in enumerate(solution.helpers(life.row))
    ]
    return solution.propose(life.row, actor, lines=lines, text="Une aide.", price="Sans frais.")


def _refer(life: "Life", actor: Actor) -> Any:
    return referral.send(life.row, actor, signatory=life.mandates["deputy"])


def _edit(life: "Life", actor: Actor) -> Any:
    return referral.edit(
        life.row,
        actor,
        motives={"complexity": JUSTIFICATION},
        referent=life.mandates["instructor"],
        values={"service_asked": "Étude", "to_sign_by": life.mandates["deputy"]},
    )


def _contract(life: "Life", actor: Actor) -> Any:
    market = agreement.Market(
        lot="Lot 3", outside_reason="Personne.", amount_excl_tax=Decimal(12000), agency_share=Decimal(100)
    )
    return agreement.contract(life.row, actor, market)


def _delegate(life: "Life", actor: Actor) -> Any:
    missions = [national.Mission(operator=Provider.objects.get(code=code), text="Étude.") for code in ("cerema", "bdt")]
    return national.delegate(life.row, actor, missions)


def _operator(life: "Life", actor: Actor, *, accepted: bool) -> Any:
    row = _first(life.row.delegations.filter(state=DelegationState.ASKED))
    own = life.actor(row.operator.code) if actor.role is Role.OPERATOR else actor
    return national.answer_delegation(row, own, accepted=accepted, reason="out_of_mission", text="Réponse.")


def _undo(life: "Life", actor: Actor) -> Any:
    return undo.undo(_first(HeldAct.objects.filter(support_request=life.row).order_by("-told_at")), actor)


def _closing(life: "Life", actor: Actor) -> Any:
    return followup.propose_closing(life.row, actor, result="done", summary="Fait.", finished_on=life.now.date())


def _survey(life: "Life", actor: Actor) -> Any:
    followup.ask_due_surveys()
    return followup.answer_survey(_first(life.row.surveys.filter(answered_at=None)), actor, useful=True)


REDIRECTION = {"reason": "grant", "target": "La DETR", "text": "Voyez la DETR."}
#: Verb → (whose it is, what it does).
VERBS: dict[str, tuple[str, Verb]] = {
    "acknowledge": ("instructor", lambda x, a: triage.acknowledge(x.row, a, contact=x.mandates["instructor"])),
    "ask_completion": ("instructor", lambda x, a: triage.ask_completion(x.row, a, items="Le plan.")),
    "complete": ("mayor", lambda x, a: intake.complete(x.row, a, text="Voici.")),
    "qualify": ("instructor", _qualify),
    "decide_local": (
        "deputy",
        lambda x, a: triage.decide_local(x.row, a, _offers(x), message="Besoin.", reason="Choix."),
    ),
    "decide_refer": ("deputy", lambda x, a: triage.decide_refer(x.row, a, ["complexity"], reason="Rien.")),
    "carry_out": ("instructor", lambda x, a: jobs.sweep(SETTLED)),
    "provider_accepts": ("instructor", lambda x, a: _answer(x, a, accepted=True)),
    "provider_declines": ("instructor", lambda x, a: _answer(x, a, accepted=False)),
    "propose": ("instructor", _propose),
    "withdraw_proposal": ("instructor", lambda x, a: solution.withdraw_proposal(x.row, a, reason="Erreur.")),
    "accept": ("mayor", lambda x, a: solution.accept_proposal(x.row, a)),
    "decline": ("mayor", lambda x, a: solution.decline_proposal(x.row, a, reason="Non.")),
    "designate": ("deputy", lambda x, a: solution.designate(x.row, a, officer=x.mandates["officer"])),
    "redirect": ("deputy", lambda x, a: triage.redirect(x.row, a, **REDIRECTION)),
    "drop": ("prefect", lambda x, a: triage.drop(x.row, a, reason="Sans nouvelles.")),
    "withdraw": ("mayor", lambda x, a: intake.withdraw(x.row, a, reason="Non.")),
    "take_back": ("mayor", lambda x, a: intake.take_back(x.row, a, reason="Si.")),
    "edit_referral": ("instructor", _edit),
    "abandon_referral": ("instructor", lambda x, a: referral.abandon(x.row, a, reason="Non.")),
    "refer": ("deputy", _refer),
    "take_up": ("anct", lambda x, a: national.take_up(x.row, a, instructor=x.mandates["anct"])),
    "ask_more": ("anct", lambda x, a: national.ask_more(x.row, a, text="Le plan.")),
    "not_retain": ("anct", lambda x, a: national.not_retain(x.row, a, reason="maturity", text="Non.")),
    "send_back": ("anct", lambda x, a: national.send_back(x.row, a, offer=_offers(x)[0])),
    "delegate": ("anct", _delegate),
    "operator_accepts": ("cerema", lambda x, a: _operator(x, a, accepted=True)),
    "operator_declines": ("cerema", lambda x, a: _operator(x, a, accepted=False)),
    "return_delegation": ("anct", lambda x, a: national.take_back_delegation(x.row, a, reason="Silence.")),
    "assign_service": (
        "anct",
        lambda x, a: national.assign_service(x.row, a, service=_first(Provider.objects.filter(kind="agency"))),
    ),
    "contract": ("anct", _contract),
    "cancel_contract": ("anct", lambda x, a: agreement.cancel_contract(x.row, a, reason="Non.")),
    "sign_prefect": ("deputy", lambda x, a: agreement.sign_for_prefect(x.row, a, signatory=x.mandates["deputy"])),
    "sign_body": ("mayor", lambda x, a: agreement.sign_for_body(x.row, a, deliberated_on=x.now.date())),
    "commit": ("dg", lambda x, a: agreement.commit(x.row, a)),
    "start": ("anct", lambda x, a: national.start_support(x.row, a)),
    "suspend": ("instructor", lambda x, a: followup.suspend(x.row, a, reason="Étiage.")),
    "resume": ("instructor", lambda x, a: followup.resume(x.row, a)),
    "propose_closing": ("instructor", _closing),
    "refuse_closing": ("deputy", lambda x, a: followup.refuse_closing(x.row, a, reason="Non.")),
    "close": ("deputy", lambda x, a: followup.close(x.row, a)),
    "reopen": ("deputy", lambda x, a: followup.reopen(x.row, a, reason="Si.")),
    "survey": ("mayor", _survey),
    "assign": ("deputy", lambda x, a: assignments.assign(x.row, AssignmentKind.CONTACT, x.mandates["deputy"], a)),
    "write": ("mayor", lambda x, a: exchanges.post(x.row, a, channel="public", text="Bonjour.")),
    "chase": ("mayor", lambda x, a: exchanges.chase(x.row, a)),
    "undo": ("instructor", _undo),
}
#: What naturally comes next: a walk that only tries anything never leaves the desk.
NEXT: dict[State, tuple[str, ...]] = {
    State.SUBMITTED: ("acknowledge",),
    State.INCOMPLETE: ("complete",),
    State.QUALIFICATION: ("qualify", "decide_local", "decide_refer", "carry_out"),
    State.LOCAL_SEARCH: ("carry_out", "provider_accepts", "provider_declines", "propose", "decide_refer"),
    State.PROPOSED: ("accept", "designate"),
    State.LOCAL_SUPPORT: ("propose_closing", "close", "suspend"),
    State.REFERRAL_PREPARATION: ("edit_referral", "refer"),
    State.REFERRED: ("take_up",),
    State.NATIONAL_REVIEW: ("delegate", "contract", "assign_service", "not_retain", "send_back", "ask_more"),
    State.DELEGATED: ("operator_accepts", "operator_declines", "start"),
    State.CONTRACTING: ("sign_prefect", "sign_body", "commit", "start"),
    State.NATIONAL_SUPPORT: ("propose_closing", "close", "suspend"),
    State.SUSPENDED: ("resume", "close"),
    State.CLOSED: ("survey", "reopen"),
    State.REDIRECTED: ("take_back",),
    State.DROPPED: ("take_back",),
}
MOVES = {(source, rule.action, target) for rule in TABLE for source in rule.sources for target in rule.targets()}


class Life(RuleBasedStateMachine):
    """One request, from its filing."""

    row: SupportRequest
    done: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self._world = transaction.atomic()
        self._world.__enter__()

    @initialize(code=st.sampled_from(sorted(PLACES)))
    def file(self, code: str) -> None:
        stage = Stage()
        self.stage, self.now = stage, dt.datetime.fromisoformat(PLACES[code])
        known = code == "04121"
        mayor = stage.account("maire") if known else stage.official(code, "Mme Iris Roseau-Neuf", suffix="-vie")
        words = {"subject": "patrimoine", "title": "La halle", "need": "La halle prend l’eau."}
        case = file(stage, f"life-{code}", PLACES[code], mayor, code, **words)
        assert case is not None
        self.row = case.row
        self.zone = ZoneInfo(self.row.department.time_zone)
        self.now = self.now.replace(tzinfo=self.zone)
        instructor, deputy = stage.desk(self.row.department_id)
        prefect = Mandate.objects.filter(role=Role.DELEGATE, department=self.row.department_id).latest("pk")
        kin = {"secretary": "secretaire", "officer": "suivi", "anct": "anct", "dg": "dg", "stranger": "instructeur2"}
        self.mandates = {
            "mayor": mayor,
            "instructor": instructor,
            "deputy": deputy,
            "prefect": prefect,
            **{name: stage.account(account) for name, account in kin.items()},
            **{name: stage.account(name) for name in OPERATORS},
        }
        if not known:
            self.mandates["officer"] = instructor

    def actor(self, name: str) -> Actor:
        return self.stage.actor(self.mandates[name])

    @rule(seed=st.integers(0, 2**32))
    def a_while(self, seed: int) -> None:
        """Eight acts: drawn one by one by hypothesis, walks stay near their start."""
        chance = random.Random(seed)
        for _ in range(8):
            self.now = (self.now.astimezone(dt.UTC) + dt.timedelta(hours=chance.choice(HOURS))).astimezone(self.zone)
            how = chance.choice(("next", "next", "possible", "possible", "anything"))
            verb = chance.choice((how == "next" and NEXT.get(self.row.step)) or sorted(VERBS))
            who = chance.choice(EVERYBODY) if how == "anything" else VERBS[verb][0]
            note(f"{self.now:%Y-%m-%d %H:%M} {self.row.state}: {who} {verb}")
            self.act(verb, who, held() if chance.random() < KEPT_BACK else None)

    def act(self, verb: str, who: str, hold: Hold | None) -> None:
        before = self.row.state
        with clock.at(self.now):
            try:
                with transaction.atomic(), holding(hold):
                    VERBS[verb][1](self, self.actor(who))
            except (ServiceError, Nothing):
                SupportRequest.objects.get(pk=self.row.pk, state=before)  # a refusal changes nothing
            else:
                self.row = SupportRequest.objects.select_related("department", "collectivity").get(pk=self.row.pk)
                self.done.add(verb)

    @invariant()
    def history_tells_the_state(self) -> None:
        if hasattr(self, "row"):
            history = list(self.row.transitions.all())
            assert history[-1].to_state == self.row.state
            assert {(one.from_state, one.action, one.to_state) for one in history} <= MOVES

    @invariant()
    def who_sees_may_view(self) -> None:
        if hasattr(self, "row"):
            with clock.at(self.now):
                for name in ("mayor", "stranger", "cerema", "officer"):
                    actor = self.actor(name)
                    seen = SupportRequest.objects.visible_to(actor).filter(pk=self.row.pk).exists()
                    assert seen == (Ability.VIEW in abilities(actor, self.row))

    def teardown(self) -> None:
        try:
            if hasattr(self, "row"):
                assert list(integrity.breaches()) == []
        finally:
            transaction.set_rollback(True)
            self._world.__exit__(None, None, None)


def test_no_life_breaks_a_rule() -> None:
    Life.done.clear()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=20,
            stateful_step_count=8,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(Life.done) >= 25, sorted(set(VERBS) - Life.done)  # the walks do go far
