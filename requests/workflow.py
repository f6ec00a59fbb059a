"""The state machine of a support request: a literal table, pure, without Django.

``TABLE`` says for each action from which states it may be applied, to which state it leads, which parties may apply
it and which facts must be present (docs/adr/0005-workflow.md says why). ``docs/workflow.md`` is drawn from it.
"""

import enum
from dataclasses import dataclass


class State(enum.StrEnum):
    """Where a request stands. Values are an API contract."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    INCOMPLETE = "incomplete"
    QUALIFICATION = "qualification"
    LOCAL_SEARCH = "local_search"
    PROPOSED = "proposed"
    LOCAL_SUPPORT = "local_support"
    REFERRAL_PREPARATION = "referral_preparation"
    REFERRED = "referred"
    NATIONAL_REVIEW = "national_review"
    DELEGATED = "delegated"
    CONTRACTING = "contracting"
    NATIONAL_SUPPORT = "national_support"
    SUSPENDED = "suspended"
    ATTACHED = "attached"
    CLOSED = "closed"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"


class Action(enum.StrEnum):
    """What may be done to a request. Values are an API contract."""

    SUBMIT = "submit"
    TRANSFER = "transfer"
    ACKNOWLEDGE = "acknowledge"
    ASK_COMPLETION = "ask_completion"
    COMPLETE = "complete"
    START_SEARCH = "start_search"
    ATTACH = "attach"
    DETACH = "detach"
    REDIRECT = "redirect"
    PROPOSE = "propose"
    WITHDRAW_PROPOSAL = "withdraw_proposal"
    DECLINE_PROPOSAL = "decline_proposal"
    DESIGNATE = "designate"
    PREPARE_REFERRAL = "prepare_referral"
    ABANDON_REFERRAL = "abandon_referral"
    REFER = "refer"
    TAKE_UP = "take_up"
    ASK_MORE = "ask_more"
    SEND_BACK = "send_back"
    NOT_RETAIN = "not_retain"
    DELEGATE = "delegate"
    RETURN_DELEGATION = "return_delegation"
    ASSIGN_SERVICE = "assign_service"
    CONTRACT = "contract"
    CANCEL_CONTRACT = "cancel_contract"
    START_SUPPORT = "start_support"
    SUSPEND = "suspend"
    RESUME = "resume"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    DROP = "drop"
    TAKE_BACK = "take_back"
    UNDO = "undo"


class Party(enum.StrEnum):
    """Who may apply an action, as ``permissions`` resolves it for a person and a file."""

    EXECUTIVE = "executive"  # mayor or president of the applicant
    PROVEN_EXECUTIVE = "proven_executive"  # whose mandate is confirmed
    APPLICANT = "applicant"  # anyone acting for the applicant
    INSTRUCTOR = "instructor"  # the lead department's desk, any role
    DELEGATE = "delegate"  # the delegate, or a deputy whose act in force covers the action's matter
    SIGNATORY = "signatory"  # the same, or an instructor to whom the desk gives this matter
    AGENCY = "agency"  # national instructor or director general
    OPERATOR = "operator"  # holder of a live delegation
    FOLLOW_UP = "follow_up"  # the follow-up officer designated on the file
    WORKER = "worker"  # the portal itself, carrying a decision out


class Fact(enum.StrEnum):
    """What must be on the file before the transition (``services.facts`` proves each one from rows)."""

    APPLICATION = "application"  # every mandatory answer, by an eligible body
    CONTACT = "contact"  # a named human being (PRACTICE 1.4)
    MISSING_ITEMS = "missing_items"  # what is missing, and until when
    QUALIFICATION = "qualification"  # the qualification sheet, competence included
    HOST = "host"  # the grouping's file this one joins
    REDIRECTION = "redirection"  # reason, text and target
    ACCEPTED_LINE = "accepted_line"  # at least one line whose provider accepted
    APPLICANT_AGREEMENT = "applicant_agreement"  # the applicant accepted the proposal
    OFFICER = "officer"  # follow-up officer
    LOCAL_EVIDENCE = "local_evidence"  # a solicitation, or the certificate that no provider exists
    MOTIVES = "motives"  # at least one of the three, each with its justification
    REFERENT = "referent"  # local referent (PRACTICE 1.4)
    SIGNATURE = "signature"  # under an act in force on its date
    NATIONAL_INSTRUCTOR = "national_instructor"
    REASON = "reason"
    LOCAL_OFFER = "local_offer"  # the offer that the agency sends back to
    OPERATOR_ASKED = "operator_asked"  # at least one of the five
    ALL_DECLINED = "all_declined"
    SERVICE = "service"  # one of the agency's closed list
    MARKET = "market"  # lot, amounts, why an outside service
    SUPPORT_READY = "support_ready"  # an accepted delegation, or the agreement's three dates
    RESULT = "result"  # closing proposed: result and date
    RECENT = "recent"  # closed for less than 12 months


#: Marks a target that depends on the file: ``SupportRequest.return_state`` holds it, among the rule's ``returns``.
RETURN = None


@dataclass(frozen=True, slots=True)
class Rule:
    action: Action
    sources: frozenset[State]
    target: State | None
    parties: frozenset[Party]
    facts: frozenset[Fact] = frozenset()
    returns: frozenset[State] = frozenset()

    def targets(self) -> frozenset[State]:
        return self.returns if self.target is RETURN else frozenset({self.target})


def _rule(
    action: Action,
    sources: set[State],
    target: State | None,
    parties: set[Party],
    facts: set[Fact] | None = None,
    returns: set[State] | None = None,
) -> Rule:
    return Rule(
        action, frozenset(sources), target, frozenset(parties), frozenset(facts or ()), frozenset(returns or ())
    )


S, A, P, F = State, Action, Party, Fact

#: States in which support is going on.
#: In the agency's hands.
NATIONAL = frozenset(
    {S.REFERRED, S.NATIONAL_REVIEW, S.DELEGATED, S.CONTRACTING, S.NATIONAL_SUPPORT},
)
SUPPORTED = frozenset({S.LOCAL_SUPPORT, S.NATIONAL_SUPPORT})
#: States that nothing leaves but a resumption.
TERMINAL = frozenset({S.ATTACHED, S.CLOSED, S.REDIRECTED, S.WITHDRAWN, S.DROPPED})
#: States before any support, in which the applicant may still withdraw.
BEFORE_SUPPORT = frozenset(set(State) - TERMINAL - SUPPORTED - {S.DRAFT, S.SUSPENDED})

_RULES: tuple[Rule, ...] = (
    # intake
    _rule(A.SUBMIT, {S.DRAFT}, S.SUBMITTED, {P.EXECUTIVE, P.INSTRUCTOR}, {F.APPLICATION}),
    _rule(A.TRANSFER, {S.SUBMITTED}, S.SUBMITTED, {P.INSTRUCTOR}, {F.REASON}),
    _rule(A.ACKNOWLEDGE, {S.SUBMITTED}, S.QUALIFICATION, {P.INSTRUCTOR}, {F.CONTACT}),
    _rule(A.ASK_COMPLETION, {S.SUBMITTED, S.QUALIFICATION}, S.INCOMPLETE, {P.INSTRUCTOR}, {F.MISSING_ITEMS}),
    _rule(A.COMPLETE, {S.INCOMPLETE}, RETURN, {P.APPLICANT, P.INSTRUCTOR}, returns={S.SUBMITTED, S.QUALIFICATION}),
    # triage
    _rule(A.START_SEARCH, {S.QUALIFICATION}, S.LOCAL_SEARCH, {P.INSTRUCTOR, P.WORKER}, {F.QUALIFICATION}),
    _rule(A.ATTACH, {S.SUBMITTED, S.QUALIFICATION, S.LOCAL_SEARCH}, S.ATTACHED, {P.INSTRUCTOR}, {F.HOST}),
    _rule(A.DETACH, {S.ATTACHED}, S.QUALIFICATION, {P.INSTRUCTOR}, {F.CONTACT}),
    _rule(A.REDIRECT, {S.QUALIFICATION, S.LOCAL_SEARCH}, S.REDIRECTED, {P.SIGNATORY}, {F.REDIRECTION}),
    # solution
    _rule(A.PROPOSE, {S.LOCAL_SEARCH}, S.PROPOSED, {P.INSTRUCTOR}, {F.ACCEPTED_LINE, F.CONTACT}),
    _rule(A.WITHDRAW_PROPOSAL, {S.PROPOSED}, S.LOCAL_SEARCH, {P.INSTRUCTOR}, {F.REASON}),
    _rule(A.DECLINE_PROPOSAL, {S.PROPOSED}, S.LOCAL_SEARCH, {P.PROVEN_EXECUTIVE, P.INSTRUCTOR}, {F.REASON}),
    _rule(A.DESIGNATE, {S.PROPOSED}, S.LOCAL_SUPPORT, {P.DELEGATE}, {F.APPLICANT_AGREEMENT, F.OFFICER}),
    # referral
    _rule(
        A.PREPARE_REFERRAL,
        {S.LOCAL_SEARCH, S.QUALIFICATION},
        S.REFERRAL_PREPARATION,
        {P.INSTRUCTOR, P.WORKER},
        {F.QUALIFICATION, F.LOCAL_EVIDENCE},
    ),
    _rule(A.ABANDON_REFERRAL, {S.REFERRAL_PREPARATION}, S.LOCAL_SEARCH, {P.INSTRUCTOR}, {F.REASON}),
    _rule(
        A.REFER,
        {S.REFERRAL_PREPARATION},
        S.REFERRED,
        {P.DELEGATE, P.INSTRUCTOR},  # an instructor only records a signature given on paper
        {F.LOCAL_EVIDENCE, F.MOTIVES, F.REFERENT, F.SIGNATURE},
    ),
    _rule(A.TAKE_UP, {S.REFERRED}, S.NATIONAL_REVIEW, {P.AGENCY}, {F.NATIONAL_INSTRUCTOR}),
    _rule(A.ASK_MORE, {S.NATIONAL_REVIEW}, S.REFERRAL_PREPARATION, {P.AGENCY}, {F.REASON}),
    _rule(A.SEND_BACK, {S.NATIONAL_REVIEW}, S.LOCAL_SEARCH, {P.AGENCY}, {F.LOCAL_OFFER}),
    _rule(A.NOT_RETAIN, {S.NATIONAL_REVIEW}, S.LOCAL_SEARCH, {P.AGENCY}, {F.REASON}),
    _rule(A.DELEGATE, {S.NATIONAL_REVIEW}, S.DELEGATED, {P.AGENCY}, {F.OPERATOR_ASKED}),
    _rule(A.RETURN_DELEGATION, {S.DELEGATED}, S.NATIONAL_REVIEW, {P.OPERATOR, P.AGENCY}, {F.ALL_DECLINED}),
    _rule(A.ASSIGN_SERVICE, {S.NATIONAL_REVIEW}, S.NATIONAL_SUPPORT, {P.AGENCY}, {F.SERVICE}),
    _rule(A.CONTRACT, {S.NATIONAL_REVIEW}, S.CONTRACTING, {P.AGENCY}, {F.MARKET}),
    _rule(A.CANCEL_CONTRACT, {S.CONTRACTING}, S.NATIONAL_REVIEW, {P.AGENCY}, {F.REASON}),
    _rule(A.START_SUPPORT, {S.DELEGATED, S.CONTRACTING}, S.NATIONAL_SUPPORT, {P.OPERATOR, P.AGENCY}, {F.SUPPORT_READY}),
    # follow-up
    _rule(
        A.SUSPEND,
        set(SUPPORTED),
        S.SUSPENDED,
        {P.FOLLOW_UP, P.INSTRUCTOR, P.AGENCY, P.OPERATOR},
        {F.REASON},
    ),
    _rule(A.RESUME, {S.SUSPENDED}, RETURN, {P.FOLLOW_UP, P.INSTRUCTOR, P.AGENCY, P.OPERATOR}, returns=set(SUPPORTED)),
    _rule(A.CLOSE, {*SUPPORTED, S.SUSPENDED}, S.CLOSED, {P.SIGNATORY}, {F.RESULT}),
    _rule(A.REOPEN, {S.CLOSED}, RETURN, {P.SIGNATORY}, {F.REASON, F.RECENT}, returns=set(SUPPORTED)),
    # ends before support, and back
    _rule(A.WITHDRAW, set(BEFORE_SUPPORT), S.WITHDRAWN, {P.EXECUTIVE, P.INSTRUCTOR}),
    _rule(A.DROP, {*BEFORE_SUPPORT, *SUPPORTED, S.SUSPENDED}, S.DROPPED, {P.SIGNATORY}, {F.REASON}),
    _rule(A.TAKE_BACK, {S.REDIRECTED, S.DROPPED}, S.SUBMITTED, {P.EXECUTIVE, P.APPLICANT, P.INSTRUCTOR}),
)

#: Acts that whoever did them may take back, until the mails that tell of them leave. A signature is never taken back.
UNDOABLE = frozenset(
    {
        A.ACKNOWLEDGE,
        A.ASK_COMPLETION,
        A.ATTACH,
        A.DETACH,
        A.REDIRECT,
        A.PROPOSE,
        A.WITHDRAW_PROPOSAL,
        A.DESIGNATE,
        A.SUSPEND,
        A.RESUME,
        A.CLOSE,
        A.WITHDRAW,
        A.DROP,
    }
)

TABLE: tuple[Rule, ...] = (
    *_RULES,
    _rule(  # back to where the last act left from, whoever else's state that is
        A.UNDO,
        {target for rule in _RULES if rule.action in UNDOABLE for target in rule.targets()},
        RETURN,
        {P.INSTRUCTOR, P.FOLLOW_UP, P.AGENCY, P.OPERATOR},
        returns={source for rule in _RULES if rule.action in UNDOABLE for source in rule.sources},
    ),
)

RULES: dict[Action, Rule] = {rule.action: rule for rule in TABLE}


class Holder(enum.StrEnum):
    """Who is waited for (« En attente de »)."""

    DESK = "desk"
    APPLICANT = "applicant"
    PROVIDER = "provider"
    AGENCY = "agency"
    OPERATOR = "operator"
    FOLLOW_UP = "follow_up"
    NOBODY = "nobody"


HOLDERS: dict[State, Holder] = {
    S.DRAFT: Holder.APPLICANT,
    S.SUBMITTED: Holder.DESK,
    S.INCOMPLETE: Holder.APPLICANT,
    S.QUALIFICATION: Holder.DESK,
    S.LOCAL_SEARCH: Holder.DESK,
    S.PROPOSED: Holder.APPLICANT,
    S.LOCAL_SUPPORT: Holder.FOLLOW_UP,
    S.REFERRAL_PREPARATION: Holder.DESK,
    S.REFERRED: Holder.AGENCY,
    S.NATIONAL_REVIEW: Holder.AGENCY,
    S.DELEGATED: Holder.OPERATOR,
    S.CONTRACTING: Holder.AGENCY,
    S.NATIONAL_SUPPORT: Holder.FOLLOW_UP,
    S.SUSPENDED: Holder.FOLLOW_UP,
    S.ATTACHED: Holder.NOBODY,
    S.CLOSED: Holder.NOBODY,
    S.REDIRECTED: Holder.NOBODY,
    S.WITHDRAWN: Holder.NOBODY,
    S.DROPPED: Holder.NOBODY,
}


class ForbiddenError(Exception):
    """The table does not allow this action from this state."""

    def __init__(self, action: Action, state: State) -> None:
        super().__init__(f"{action} is not allowed from {state}")
        self.action = action
        self.state = state


def target(action: Action, state: State, return_state: State | None = None) -> State:
    """The state that ``action`` leads to from ``state``.

    Raises :class:`ForbiddenError` when the table does not allow it, ``ValueError`` when the rule returns to an earlier
    state and ``return_state`` is not one it may return to.
    """
    rule = RULES[action]
    if state not in rule.sources:
        raise ForbiddenError(action, state)
    if rule.target is not RETURN:
        return rule.target
    if return_state not in rule.returns:
        raise ValueError(f"{action} cannot return to {return_state}")
    return return_state


def actions_from(state: State) -> tuple[Rule, ...]:
    return tuple(rule for rule in TABLE if state in rule.sources)
