"""The table itself: total, connected, and exactly what was agreed. No database."""

from collections.abc import Callable
from pathlib import Path

import pytest

from requests.documentation import permissions_page, workflow_page
from requests.enums import OFFICIAL_STATES, ActionChoices, HolderChoices, StateChoices
from requests.services.facts import PROOFS
from requests.workflow import (
    HOLDERS,
    RETURN,
    RULES,
    SUPPORTED,
    TABLE,
    TERMINAL,
    Action,
    Fact,
    ForbiddenError,
    Holder,
    Party,
    State,
    actions_from,
    target,
)

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "draw"), [("workflow.md", workflow_page), ("permissions.md", permissions_page)])
def test_the_tables_are_those_that_were_agreed(name: str, draw: Callable[[], str]) -> None:
    """A cell changed in the code shows in the page that people read: ``manage.py write_docs``, and read it."""
    assert draw() == (DOCS / name).read_text()


def test_each_action_has_exactly_one_rule() -> None:
    assert len(TABLE) == len(RULES) == len(Action)


def test_every_rule_has_sources_parties_and_a_target() -> None:
    for rule in TABLE:
        assert rule.sources, rule.action
        assert rule.parties, rule.action
        assert rule.targets(), rule.action
        assert (rule.target is RETURN) == bool(rule.returns), rule.action


def test_every_state_can_be_reached_and_every_live_state_left() -> None:
    reached = {target for rule in TABLE for target in rule.targets()}
    assert reached == set(State) - {State.DRAFT}
    dead_ends = {state for state in State if not actions_from(state)}
    assert dead_ends == set()


def test_a_terminal_state_is_left_by_a_resumption_only() -> None:
    leaving = {rule.action for rule in TABLE for state in TERMINAL if state in rule.sources}
    assert leaving == {Action.DETACH, Action.REOPEN, Action.TAKE_BACK, Action.UNDO}


def test_support_starts_only_with_its_facts() -> None:
    entries = {rule.action: rule.facts for rule in TABLE if rule.targets() & SUPPORTED and not rule.returns}
    assert entries[Action.DESIGNATE] == {Fact.APPLICANT_AGREEMENT, Fact.OFFICER}
    assert entries[Action.START_SUPPORT] == {Fact.SUPPORT_READY}
    assert entries[Action.ASSIGN_SERVICE] == {Fact.SERVICE}
    assert set(entries) == {Action.DESIGNATE, Action.START_SUPPORT, Action.ASSIGN_SERVICE}


def test_only_a_signed_referral_leads_to_the_agency() -> None:
    before = {State.LOCAL_SEARCH, State.QUALIFICATION, State.REFERRAL_PREPARATION, State.SUBMITTED}
    crossing = {rule.action for rule in TABLE if rule.sources & before and rule.target is State.REFERRED}
    assert crossing == {Action.REFER}
    assert {Fact.SIGNATURE, Fact.MOTIVES, Fact.REFERENT, Fact.LOCAL_EVIDENCE} <= RULES[Action.REFER].facts


def test_the_committee_appears_nowhere() -> None:
    """It is informed of requests and decides none (CGCT L1232-2)."""
    assert not [party for party in Party if "committee" in party.value]


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_words(state: State) -> None:
    assert StateChoices(state.value).label
    assert OFFICIAL_STATES[state]
    assert HolderChoices(HOLDERS[state].value).label


def test_terminal_states_wait_for_nobody() -> None:
    assert {state for state, holder in HOLDERS.items() if holder is Holder.NOBODY} == TERMINAL


def test_actions_have_labels_and_facts_have_proofs() -> None:
    assert {choice.value for choice in ActionChoices} == {action.value for action in Action}
    assert set(PROOFS) == set(Fact)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("state", list(State))
def test_target_follows_the_table_and_nothing_else(action: Action, state: State) -> None:
    rule = RULES[action]
    if state not in rule.sources:
        with pytest.raises(ForbiddenError):
            target(action, state)
    elif rule.target is not RETURN:
        assert target(action, state) is rule.target
    else:
        for back in State:
            if back in rule.returns:
                assert target(action, state, back) is back
            else:
                with pytest.raises(ValueError, match="cannot return"):
                    target(action, state, back)
