"""The workflow and the rights as pages, drawn from the tables that the code runs on."""

import datetime as dt
from collections.abc import Iterable

from common.actor import Actor, Matter, Role
from requests.enums import ActionChoices, StateChoices
from requests.permissions import MATTERS, Ability, Relation, Standing, abilities_of
from requests.workflow import HOLDERS, TABLE, Action, State

_DAY = dt.date(2026, 1, 1)
#: One standing a line of docs/permissions.md: name → (role, relations, matters).
STANDINGS: dict[str, tuple[Role, frozenset[Relation], frozenset[Matter]]] = {
    "official": (Role.OFFICIAL, frozenset({Relation.APPLICANT}), frozenset()),
    "secretary": (Role.SECRETARY, frozenset({Relation.APPLICANT}), frozenset()),
    "supporting grouping": (Role.OFFICIAL, frozenset({Relation.GROUPING}), frozenset()),
    "instructor": (Role.INSTRUCTOR, frozenset({Relation.DESK}), frozenset()),
    "instructor trusted with local decisions": (
        Role.INSTRUCTOR,
        frozenset({Relation.DESK}),
        frozenset({Matter.LOCAL_DECISION}),
    ),
    "other desk": (Role.INSTRUCTOR, frozenset({Relation.OTHER_DESK}), frozenset()),
    "deputy without an act": (Role.DEPUTY, frozenset({Relation.DESK}), frozenset()),
    "deputy": (Role.DEPUTY, frozenset({Relation.DESK}), frozenset(Matter)),
    "delegate": (Role.DELEGATE, frozenset({Relation.DESK}), frozenset(Matter)),
    "sub-prefect": (Role.SUB_PREFECT, frozenset({Relation.SUB_PREFECT}), frozenset()),
    "CMT": (Role.CMT, frozenset({Relation.LIAISON}), frozenset()),
    "region": (Role.REGION, frozenset({Relation.REGION}), frozenset()),
    "follow-up officer": (Role.FOLLOW_UP_OFFICER, frozenset({Relation.OFFICER}), frozenset()),
    "outside follow-up officer": (Role.PROJECT_LEADER, frozenset({Relation.OUTSIDE_OFFICER}), frozenset()),
    "project leader who recorded it": (Role.PROJECT_LEADER, frozenset({Relation.RECORDER}), frozenset()),
    "national instructor": (Role.NATIONAL, frozenset({Relation.AGENCY}), frozenset()),
    "director general": (Role.DIRECTOR_GENERAL, frozenset({Relation.AGENCY}), frozenset()),
    "operator": (Role.OPERATOR, frozenset({Relation.OPERATOR}), frozenset()),
    "contractor": (Role.CONTRACTOR, frozenset({Relation.CONTRACTOR}), frozenset()),
    "named colleague": (Role.INSTRUCTOR, frozenset({Relation.NAMED}), frozenset()),
    "provider": (Role.PROVIDER, frozenset(), frozenset()),
    "committee member": (Role.COMMITTEE_MEMBER, frozenset(), frozenset()),
    "administrator": (Role.ADMINISTRATOR, frozenset(), frozenset()),
    "anonymous": (Role.ANONYMOUS, frozenset(), frozenset()),
}


def standing_of(name: str, state: State) -> Standing:
    role, relations, matters = STANDINGS[name]
    actor = Actor(role=role, on=_DAY, person_id=None if role is Role.ANONYMOUS else 1, matters=matters)
    return Standing(actor, state, relations)


def _list(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in sorted(map(str, values))) or "—"


def workflow_page() -> str:
    lines = [
        "# The life of a request",
        "",
        "Drawn from `requests/workflow.py` by `manage.py write_docs`; why it is so: `adr/0005-workflow.md`.",
        "",
        "## States",
        "",
        "| state | label | waited for |",
        "|---|---|---|",
        *(f"| `{state}` | {StateChoices(state.value).label} | {HOLDERS[state]} |" for state in State),
        "",
        "## Actions",
        "",
        "| action | label | from | to | who | matter to sign | facts |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| `{rule.action}` | {ActionChoices(rule.action.value).label} | {_list(rule.sources)} | "
            f"{_list(rule.targets())} | {_list(rule.parties)} | {MATTERS.get(rule.action, '—')} | {_list(rule.facts)} |"
            for rule in TABLE
        ),
        "",
        "## Drawing",
        "",
        "```mermaid",
        "stateDiagram-v2",
        *(
            f"    {source} --> {target}: {rule.action}"
            for rule in TABLE
            if rule.action not in {Action.WITHDRAW, Action.DROP}
            for source in sorted(rule.sources)
            for target in sorted(rule.targets())
        ),
        "```",
        "",
        "`withdraw` and `drop`, possible from most states, are left out of the drawing.",
        "",
    ]
    return "\n".join(lines)


def permissions_page() -> str:
    lines = [
        "# Who may do what",
        "",
        "Drawn from `requests/permissions.py` by `manage.py write_docs`. A standing is what ties a person to a file",
        "under one mandate; whoever has none does not see that the file exists.",
        "",
    ]
    for name in STANDINGS:
        always = frozenset.intersection(
            *(abilities_of(standing_of(name, state)) for state in State if state != State.DRAFT)
        )
        lines += [f"## {name}", "", f"In every state: {_list(always)}.", ""]
        rows = []
        for state in State:
            more = abilities_of(standing_of(name, state)) - always
            if state is not State.DRAFT and more:
                acts = sorted(str(one) for one in more if isinstance(one, Action))
                others = sorted(str(one) for one in more if isinstance(one, Ability))
                rows.append(f"| `{state}` | {_list(others)} | {_list(acts)} |")
        if rows:
            lines += ["| state | also | actions |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)
