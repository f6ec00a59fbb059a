"""Who may see a file and what he may do to it.

One vocabulary serves the list and the single file: a :class:`Relation` is a condition on columns, or an ``EXISTS``
behind an index, that ties an actor to a file. ``visibility`` is the union of an actor's relations; ``standing`` reads
which of them hold for one file, in one query; ``abilities`` is a literal table on top. So
``obj in visible_to(actor)`` and ``Ability.VIEW in abilities(actor, obj)`` can't differ.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigAutoField, Case, Exists, Lookup, OuterRef, Q, Value, When

from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, NATIONAL_ROLES, Actor, Matter, Role
from common.written import A_KEY, Written, kept
from requests.workflow import RULES, Action, Party, State

if TYPE_CHECKING:
    from requests.models import Solicitation, SupportRequest


class Relation(enum.StrEnum):
    """What ties an actor to a file."""

    APPLICANT = "applicant"  # acts for the collectivity that asks
    GROUPING = "grouping"  # its EPCI, by consent (PRACTICE 3.7)
    RECORDER = "recorder"  # filed or recorded it himself
    DESK = "desk"  # desk of the lead department
    OTHER_DESK = "other_desk"  # desk of another department concerned
    SUB_PREFECT = "sub_prefect"
    LIAISON = "liaison"  # the agency's regional officer (CMT)
    REGION = "region"
    AGENCY = "agency"
    OPERATOR = "operator"  # a delegation that was not declined
    OFFICER = "officer"  # follow-up officer or local referent named on the file, of the State's side
    OUTSIDE_OFFICER = "outside_officer"  # the same, working for a provider or a collectivity: reads no internal note
    CONTRACTOR = "contractor"  # holder of the order of the market
    NAMED = "named"  # a guardian row: an explicit exception
    WORKER = "worker"


class Ability(enum.StrEnum):
    """What may be done besides the actions of the workflow."""

    VIEW = "view"
    VIEW_INTERNAL = "view_internal"  # internal notes, assessment, evidence
    VIEW_ASSESSMENT = "view_assessment"
    VIEW_READINGS = "view_readings"
    WRITE_PUBLIC = "write_public"
    WRITE_INTERNAL = "write_internal"
    ATTACH_FILE = "attach_file"
    QUALIFY = "qualify"
    DECIDE = "decide"
    ASSIGN = "assign"
    EDIT_REFERRAL = "edit_referral"
    GIVE_OPINION = "give_opinion"
    ANSWER_PROPOSAL = "answer_proposal"
    CONFIRM_FILING = "confirm_filing"
    ANSWER_DELEGATION = "answer_delegation"
    SIGN_AGREEMENT = "sign_agreement"
    SIGN_FOR_BODY = "sign_for_body"
    COMMIT = "commit"
    LOG_FOLLOW_UP = "log_follow_up"
    PROPOSE_CLOSING = "propose_closing"
    ANSWER_SURVEY = "answer_survey"
    CHASE = "chase"
    MANAGE_SOLICITATIONS = "manage_solicitations"  # remind a provider, ask no more
    RECOMPUTE = "recompute"
    GRANT = "grant"


def _departments(actor: Actor) -> Q:
    return Q(department_id__in=actor.departments)


@BigAutoField.register_lookup
class AnyOf(Lookup):
    """``pk__any_of=ArraySubquery(…)``: PostgreSQL reads the array once, then joins its rows to those of the other
    conditions through indexes. ``EXISTS`` or ``IN`` under an ``OR`` read the whole table (2 s at 200,000 files)."""

    lookup_name = "any_of"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, column_parameters = self.process_lhs(compiler, connection)
        rows, parameters = self.process_rhs(compiler, connection)
        return f"{column} = ANY{rows}", (*column_parameters, *parameters)


def _exists(model: str, key: str = "support_request", **conditions: object) -> Q:
    """For one file: is there a row?"""
    rows = apps.get_model("requests", model)._default_manager.filter(**{key: OuterRef("pk")}, **conditions)
    return Q(Exists(rows))


def _listed(model: str, key: str = "support_request", **conditions: object) -> Q:
    """For a list: the same rows, read from their side."""
    rows = apps.get_model("requests", model)._default_manager.filter(**conditions)
    return Q(pk__any_of=ArraySubquery(rows.order_by().values(f"{key}_id")))


def _relations(actor: Actor, rows: Callable[..., Q] = _exists) -> dict[Relation, Q]:
    """The relations that this actor can have at all, each as a condition on a file; ``rows`` says in which form a
    condition on other tables is written."""
    found: dict[Relation, Q] = {}
    role, person = actor.role, actor.person_id
    if role is Role.SYSTEM:
        return {Relation.WORKER: Q(pk__isnull=False)}
    if person is None or role is Role.ANONYMOUS:
        return found
    if role in COLLECTIVITY_ROLES:
        if actor.collectivity_id is None:
            return found
        own = Q(collectivity_id=actor.collectivity_id)
        # a claimed mandate opens what its holder filed, nothing of what the collectivity filed before (PRACTICE 2.1)
        found[Relation.APPLICANT] = own if actor.mandate_confirmed else own & Q(filed_by_id=person)
        if actor.mandate_confirmed:
            found[Relation.GROUPING] = Q(grouping_id=actor.collectivity_id, shared_with_grouping=True)
        return found
    if not actor.mandate_confirmed:
        return found
    if role in DESK_ROLES:
        found[Relation.DESK] = _departments(actor)
        found[Relation.OTHER_DESK] = rows("ConcernedDepartment", department_id__in=list(actor.departments))
    elif role is Role.SUB_PREFECT:
        found[Relation.SUB_PREFECT] = Q(arrondissement_id__in=actor.arrondissements)
    elif role is Role.CMT:
        found[Relation.LIAISON] = _departments(actor)
    elif role is Role.REGION:
        found[Relation.REGION] = _departments(actor)
    elif role in NATIONAL_ROLES:
        found[Relation.AGENCY] = Q(referred_at__isnull=False)
    elif role is Role.OPERATOR:
        found[Relation.OPERATOR] = rows(
            "Delegation", operator__organisation_id=actor.organisation_id, state__in=["asked", "accepted"]
        )
    elif role is Role.CONTRACTOR:
        found[Relation.CONTRACTOR] = rows("Agreement", contractor_id=actor.organisation_id, cancelled_at__isnull=True)
    elif role is Role.PROJECT_LEADER:
        found[Relation.RECORDER] = Q(filed_by_id=person)
    if role not in {Role.COMMITTEE_MEMBER, Role.ADMINISTRATOR}:
        outside = role in {Role.PROVIDER, Role.PROJECT_LEADER, Role.CONTRACTOR}
        found[Relation.OUTSIDE_OFFICER if outside else Relation.OFFICER] = rows(
            "Assignment", person_id=person, kind__in=["follow_up_officer", "local_referent"], until__isnull=True
        )
        if not outside:
            found[Relation.NAMED] = rows("SupportRequestUserObjectPermission", key="content_object", user_id=person)
    return found


def visibility(actor: Actor) -> Q:
    """The condition of ``SupportRequest.objects.visible_to(actor)``: conditions that indexes answer, each of them."""
    condition = Q(pk__in=[])
    for relation in _relations(actor, _listed).values():
        condition |= relation
    return condition


def solicitation_visibility(actor: Actor) -> Q:
    """Which solicitations an actor may read: those put to his body, and those of the files whose evidence he reads."""
    if actor.role in {Role.PROVIDER, Role.OPERATOR} and actor.organisation_id and actor.mandate_confirmed:
        return Q(provider__organisation_id=actor.organisation_id)
    if actor.role in DESK_ROLES and actor.mandate_confirmed:
        return Q(support_request__department_id__in=actor.departments)
    return Q(pk__in=[])


#: Roles that visit communes: those who answer for a territory.
VISITORS = DESK_ROLES | {Role.SUB_PREFECT}


def silence_scope(actor: Actor, prefix: str = "") -> Q:
    """The communes of which an actor may know that they ask nothing, as a condition on ``Collectivity`` or on what
    ``prefix`` leads from: the State's, each on its own territory (PRACTICE 3.4: never published by commune)."""
    if actor.mandate_confirmed and actor.role in NATIONAL_ROLES:
        return Q()
    if actor.mandate_confirmed and actor.role in DESK_ROLES | {Role.CMT, Role.REGION}:
        return Q(**{f"{prefix}department__in": actor.departments})
    if actor.mandate_confirmed and actor.role is Role.SUB_PREFECT:
        return Q(**{f"{prefix}arrondissement__in": actor.arrondissements})
    return Q(pk__in=[])


def draft_visibility(actor: Actor) -> Q:
    """A draft is read by its author, by those who act, proven, for its collectivity, and by the executive whom the
    author asked, at his address, to send it. Never by the State, and by nobody else while its author is unknown."""
    if actor.person_id is None:
        return Q(pk__in=[])
    condition = Q(person_id=actor.person_id)
    if actor.role in COLLECTIVITY_ROLES and actor.collectivity_id is not None:
        own = Q(collectivity_id=actor.collectivity_id, person__isnull=False)
        if actor.mandate_confirmed:
            condition |= own
        elif actor.role is Role.OFFICIAL:
            address = apps.get_model("accounts", "User")._default_manager.filter(pk=actor.person_id).values("email")
            condition |= own & Q(asked_email__in=address)
    return condition


@dataclass(frozen=True, slots=True)
class Standing:
    """What an actor is to one file: the relations that hold, and the file's state."""

    actor: Actor
    state: State
    relations: frozenset[Relation]

    def party(self, party: Party, matter: Matter | None) -> bool:
        return _PARTIES[party](self, matter)

    def has(self, *relations: Relation) -> bool:
        return not self.relations.isdisjoint(relations)


R, Ab = Relation, Ability

_PARTIES: dict[Party, Callable[[Standing, Matter | None], bool]] = {
    Party.EXECUTIVE: lambda s, m: s.has(R.APPLICANT) and s.actor.role is Role.OFFICIAL,
    Party.PROVEN_EXECUTIVE: lambda s, m: _is_executive(s),
    Party.APPLICANT: lambda s, m: s.has(R.APPLICANT),
    Party.INSTRUCTOR: lambda s, m: s.has(R.DESK),
    Party.DELEGATE: lambda s, m: (
        s.has(R.DESK) and s.actor.role in {Role.DELEGATE, Role.DEPUTY} and m is not None and s.actor.may_sign(m)
    ),
    Party.SIGNATORY: lambda s, m: s.has(R.DESK) and m is not None and s.actor.may_sign(m),
    Party.AGENCY: lambda s, m: s.has(R.AGENCY),
    Party.OPERATOR: lambda s, m: s.has(R.OPERATOR),
    Party.FOLLOW_UP: lambda s, m: s.has(R.OFFICER, R.OUTSIDE_OFFICER),
    Party.WORKER: lambda s, m: s.has(R.WORKER),
}

#: The matter that the actions of a signatory belong to.
MATTERS: dict[Action, Matter] = {
    Action.DESIGNATE: Matter.LOCAL_DECISION,
    Action.REDIRECT: Matter.REDIRECTION,
    Action.REFER: Matter.REFERRAL,
    Action.CLOSE: Matter.CLOSING,
    Action.DROP: Matter.CLOSING,
    Action.REOPEN: Matter.CLOSING,
}

_STATE_SIDE = (R.DESK, R.OTHER_DESK, R.SUB_PREFECT, R.LIAISON, R.AGENCY, R.OPERATOR, R.OFFICER, R.NAMED, R.WORKER)

#: Abilities that hold in every state.
_ALWAYS: dict[Ability, tuple[Relation, ...]] = {
    Ab.VIEW: tuple(Relation),
    Ab.VIEW_INTERNAL: _STATE_SIDE,
    Ab.VIEW_ASSESSMENT: (R.DESK, R.OTHER_DESK, R.SUB_PREFECT, R.LIAISON, R.AGENCY, R.OPERATOR, R.WORKER),
    Ab.VIEW_READINGS: (R.APPLICANT, R.DESK, R.WORKER),
    Ab.WRITE_PUBLIC: (R.APPLICANT, R.GROUPING, R.DESK, R.AGENCY, R.OPERATOR, R.OFFICER, R.OUTSIDE_OFFICER),
    Ab.WRITE_INTERNAL: (R.DESK, R.OTHER_DESK, R.SUB_PREFECT, R.LIAISON, R.AGENCY, R.OPERATOR, R.OFFICER, R.NAMED),
    Ab.ATTACH_FILE: (R.APPLICANT, R.DESK, R.AGENCY, R.OPERATOR, R.OFFICER, R.OUTSIDE_OFFICER),
    Ab.GRANT: (R.DESK,),
}

_LIVE = frozenset(State) - {State.DRAFT, State.ATTACHED, State.CLOSED, State.REDIRECTED, State.WITHDRAWN, State.DROPPED}
_SUPPORT = frozenset({State.LOCAL_SUPPORT, State.NATIONAL_SUPPORT, State.SUSPENDED})


def _is_executive(s: Standing) -> bool:
    """Elected and proven: a claimed mandate files and withdraws, and binds its collectivity to nothing."""
    return s.has(R.APPLICANT) and s.actor.role is Role.OFFICIAL and s.actor.mandate_confirmed


#: Abilities that depend on the state: in which states, and who.
_BY_STATE: dict[Ability, tuple[frozenset[State], Callable[[Standing], bool]]] = {
    Ab.QUALIFY: (
        frozenset({State.QUALIFICATION, State.LOCAL_SEARCH, State.REFERRAL_PREPARATION}),
        lambda s: s.has(R.DESK),
    ),
    Ab.DECIDE: (
        frozenset({State.QUALIFICATION, State.LOCAL_SEARCH}),
        lambda s: s.has(R.DESK) and s.actor.may_sign(Matter.LOCAL_DECISION),
    ),
    Ab.ASSIGN: (_LIVE, lambda s: s.has(R.DESK)),
    Ab.EDIT_REFERRAL: (frozenset({State.REFERRAL_PREPARATION}), lambda s: s.has(R.DESK)),
    Ab.GIVE_OPINION: (
        frozenset({State.REFERRAL_PREPARATION, State.REFERRED, State.NATIONAL_REVIEW}),
        lambda s: s.has(R.LIAISON),
    ),
    Ab.ANSWER_PROPOSAL: (frozenset({State.PROPOSED}), lambda s: _is_executive(s) or s.has(R.DESK)),
    Ab.CONFIRM_FILING: (_LIVE, _is_executive),
    Ab.ANSWER_DELEGATION: (
        frozenset({State.DELEGATED, State.NATIONAL_SUPPORT}),
        lambda s: s.has(R.OPERATOR),
    ),
    Ab.SIGN_AGREEMENT: (
        frozenset({State.CONTRACTING}),
        lambda s: s.has(R.DESK) and s.actor.may_sign(Matter.AGREEMENT),
    ),
    Ab.SIGN_FOR_BODY: (frozenset({State.CONTRACTING}), lambda s: _is_executive(s) or s.has(R.DESK)),
    Ab.COMMIT: (
        frozenset({State.CONTRACTING}),
        lambda s: s.has(R.AGENCY) and s.actor.role is Role.DIRECTOR_GENERAL,
    ),
    Ab.LOG_FOLLOW_UP: (
        _SUPPORT,
        lambda s: s.has(R.OFFICER, R.OUTSIDE_OFFICER, R.DESK, R.OPERATOR, R.AGENCY, R.CONTRACTOR),
    ),
    Ab.PROPOSE_CLOSING: (_SUPPORT, lambda s: s.has(R.OFFICER, R.OUTSIDE_OFFICER, R.DESK, R.OPERATOR, R.AGENCY)),
    Ab.ANSWER_SURVEY: (frozenset({State.CLOSED}), lambda s: s.has(R.APPLICANT)),
    Ab.CHASE: (_LIVE, lambda s: s.has(R.APPLICANT)),
    Ab.MANAGE_SOLICITATIONS: (_LIVE, lambda s: s.has(R.DESK)),
    Ab.RECOMPUTE: (
        frozenset(
            {
                State.SUBMITTED,
                State.INCOMPLETE,
                State.QUALIFICATION,
                State.LOCAL_SEARCH,
                State.REFERRAL_PREPARATION,
            }
        ),
        lambda s: s.has(R.DESK),
    ),
}


def standing(actor: Actor, support_request: "SupportRequest") -> Standing:
    """The relations of ``actor`` to one file: one query, none when the actor can have no relation at all."""
    relations = _relations(actor)
    if not relations:
        return Standing(actor, support_request.step, frozenset())
    (row,) = _held(actor).rows({A_KEY: support_request.pk})
    held = frozenset(name for name, holds in zip(relations, row, strict=True) if holds)
    return Standing(actor, support_request.step, held)


@kept(512)
def _held(actor: Actor) -> Written:
    flags = {
        f"is_{name}": Case(When(q, then=Value(value=True)), default=Value(value=False))
        for name, q in _relations(actor).items()
    }
    rows = apps.get_model("requests", "SupportRequest")._default_manager.filter(pk=A_KEY)
    return Written.of(rows.annotate(**flags).values_list(*flags), A_KEY)


def abilities_of(standing: Standing) -> frozenset[Ability | Action]:
    """Everything that a standing allows: abilities, and the actions that table and party allow in this state."""
    if not standing.relations:
        return frozenset()
    held: set[Ability | Action] = {ability for ability, relations in _ALWAYS.items() if standing.has(*relations)}
    held |= {
        ability
        for ability, (states, condition) in _BY_STATE.items()
        if standing.state in states and condition(standing)
    }
    held |= {
        rule.action
        for rule in RULES.values()
        if standing.state in rule.sources
        and any(standing.party(party, MATTERS.get(rule.action)) for party in rule.parties)
    }
    return frozenset(held)


def abilities(actor: Actor, support_request: "SupportRequest") -> frozenset[Ability | Action]:
    """What ``actor`` may do to this file today (one query)."""
    return abilities_of(standing(actor, support_request))


def possible(actor: Actor, support_request: "SupportRequest") -> frozenset[Ability | Action]:
    """What ``actor`` may do to this file in some state of its life (one query): the act of anybody else is refused
    without saying in what the file stands otherwise."""
    position = standing(actor, support_request)
    return frozenset().union(*(abilities_of(replace(position, state=state)) for state in State))


def may_submit_for(actor: Actor, collectivity_id: int, department_codes: frozenset[str]) -> bool:
    """Who may file in the name of a collectivity: its executive; on its behalf, those who may record."""
    if actor.role is Role.OFFICIAL:
        return actor.collectivity_id == collectivity_id
    return may_record(actor, department_codes)


def may_record(actor: Actor, department_codes: frozenset[str]) -> bool:
    """Who may record a request received otherwise than online (PRACTICE 1.8, 2.2)."""
    if not actor.mandate_confirmed:
        return False
    if actor.role in DESK_ROLES or actor.role is Role.PROJECT_LEADER:
        return not actor.departments.isdisjoint(department_codes)
    # the code of an arrondissement is its department's and one digit
    return actor.role is Role.SUB_PREFECT and any(area[:-1] in department_codes for area in actor.arrondissements)


def may_answer_solicitation(actor: Actor, solicitation: "Solicitation") -> bool:
    """The solicited body answers for itself; the desk may note an answer received otherwise."""
    if actor.role in {Role.PROVIDER, Role.OPERATOR}:
        return actor.mandate_confirmed and solicitation.provider.organisation_id == actor.organisation_id
    return (
        actor.role in DESK_ROLES
        and actor.mandate_confirmed
        and solicitation.support_request.department_id in actor.departments
    )
