"""What ties somebody to one file, relation by relation, each beside its near misses; and the single-line rights."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from accounts.enums import OrganisationKind
from accounts.models import User
from accounts.services.people import ensure_organisation
from common import clock
from common.actor import DESK_ROLES, Actor, Matter, Role, system
from requests.models import (
    Agreement,
    Assignment,
    ConcernedDepartment,
    Delegation,
    Draft,
    Solicitation,
    SupportRequest,
    SupportRequestUserObjectPermission,
)
from requests.permissions import (
    Ability,
    Relation,
    Standing,
    abilities_of,
    may_answer_solicitation,
    may_record,
    may_submit_for,
    possible,
    standing,
)
from requests.workflow import RETURN, RULES, Action, ForbiddenError, State, target

ON = dt.date(2026, 11, 23)
ELSEWHERE = 10**9
EVERYBODY = sorted(set(Role) - {Role.SYSTEM, Role.ANONYMOUS})
pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _day(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("clock").move_to("2026-11-23 10:00")


@pytest.fixture
def stranger() -> User:
    return User.objects.create_user("stranger@demo.example", first_name="Nul", last_name="Parent")


@pytest.fixture
def row(case: Any) -> SupportRequest:
    """A file of Mézel, cleared of whoever is named on it."""
    found: SupportRequest = case("04121")
    Assignment.objects.filter(support_request=found).update(until=clock.now())
    SupportRequest.objects.filter(pk=found.pk).update(referred_at=None, shared_with_grouping=False)
    return SupportRequest.objects.get(pk=found.pk)


@pytest.fixture
def somebody(stranger: User) -> Any:
    """``somebody(Role.CMT, departments={"04"})``: a proven actor with no other tie."""

    def make(role: Role, **given: Any) -> Actor:
        for name in ("departments", "arrondissements", "matters"):
            given[name] = frozenset(given.get(name, ()))
        return Actor(**{"role": role, "on": ON, "person_id": stranger.pk, "mandate_confirmed": True, **given})

    return make


def held(actor: Actor, row: SupportRequest) -> set[Relation]:
    """His relations; the list agrees."""
    found = set(standing(actor, row).relations)
    assert SupportRequest.objects.visible_to(actor).filter(pk=row.pk).exists() == bool(found)
    return found


@pytest.mark.parametrize("role", EVERYBODY)
def test_nobody_is_tied_by_his_role_alone(role: Role, row: SupportRequest, somebody: Any) -> None:
    """Nor by bodies and places that are not the file's."""
    far = somebody(
        role,
        collectivity_id=ELSEWHERE,
        organisation_id=ELSEWHERE,
        departments={"90"},
        arrondissements={"901"},
    )
    assert held(far, row) == set()


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.SECRETARY])
def test_who_acts_for_the_applicant(role: Role, row: SupportRequest, somebody: Any, stranger: User) -> None:
    own = {"collectivity_id": row.collectivity_id}
    assert held(somebody(role, **own), row) == {Relation.APPLICANT}
    assert held(somebody(role, **own, mandate_confirmed=False), row) == set(), "a claim opens nothing of the past"
    SupportRequest.objects.filter(pk=row.pk).update(filed_by=stranger)
    assert held(somebody(role, **own, mandate_confirmed=False), row) == {Relation.APPLICANT}
    assert held(somebody(role, collectivity_id=ELSEWHERE, mandate_confirmed=False), row) == set()
    assert held(somebody(role), row) == set()


def test_a_grouping_reads_by_consent(row: SupportRequest, somebody: Any) -> None:
    president = {"collectivity_id": row.grouping_id}
    assert held(somebody(Role.OFFICIAL, **president), row) == set()
    SupportRequest.objects.filter(pk=row.pk).update(shared_with_grouping=True)
    assert held(somebody(Role.OFFICIAL, **president), row) == {Relation.GROUPING}
    assert held(somebody(Role.OFFICIAL, **president, mandate_confirmed=False), row) == set()
    assert held(somebody(Role.OFFICIAL, collectivity_id=ELSEWHERE), row) == set()


@pytest.mark.parametrize(
    ("role", "relation"),
    [
        *((role, Relation.DESK) for role in sorted(DESK_ROLES)),
        (Role.CMT, Relation.LIAISON),
        (Role.REGION, Relation.REGION),
    ],
)
def test_departments(role: Role, relation: Relation, row: SupportRequest, somebody: Any) -> None:
    assert held(somebody(role, departments={"04", "90"}), row) == {relation}
    assert held(somebody(role, departments={"04"}, mandate_confirmed=False), row) == set()
    assert held(somebody(role, departments={"05"}), row) == set()
    ConcernedDepartment.objects.create(support_request=row, department_id="05")
    concerned = {Relation.OTHER_DESK} if role in DESK_ROLES else set()
    assert held(somebody(role, departments={"05"}), row) == concerned
    assert held(somebody(role, departments={"06"}), row) == set()


def test_a_sub_prefect_has_his_arrondissement(row: SupportRequest, somebody: Any) -> None:
    own = {"arrondissements": {row.arrondissement_id}}
    assert held(somebody(Role.SUB_PREFECT, **own), row) == {Relation.SUB_PREFECT}
    assert held(somebody(Role.SUB_PREFECT, **own, mandate_confirmed=False), row) == set()
    assert held(somebody(Role.SUB_PREFECT, arrondissements={"042"}, departments={"04"}), row) == set()


@pytest.mark.parametrize("role", [Role.NATIONAL, Role.DIRECTOR_GENERAL])
def test_the_agency_has_what_was_referred(role: Role, row: SupportRequest, somebody: Any) -> None:
    assert held(somebody(role), row) == set()
    SupportRequest.objects.filter(pk=row.pk).update(referred_at=row.submitted_at)
    assert held(somebody(role), row) == {Relation.AGENCY}
    assert held(somebody(role, mandate_confirmed=False), row) == set()


@pytest.mark.parametrize(
    ("state", "ties"), [("asked", True), ("accepted", True), ("declined", False), ("cancelled", False)]
)
def test_an_operator_has_the_missions_that_he_has_not_left(state: str, ties: bool, somebody: Any) -> None:
    mission = Delegation.objects.filter(state="accepted").select_related("support_request", "operator").first()
    assert mission is not None
    body = {"organisation_id": mission.operator.organisation_id}
    Delegation.objects.filter(pk=mission.pk).update(state=state, decline_reason="other")
    file = SupportRequest.objects.get(pk=mission.support_request_id)
    assert held(somebody(Role.OPERATOR, **body), file) == ({Relation.OPERATOR} if ties else set())
    assert held(somebody(Role.OPERATOR, **body, mandate_confirmed=False), file) == set()
    assert held(somebody(Role.OPERATOR, organisation_id=ELSEWHERE), file) == set()
    assert held(somebody(Role.PROVIDER, **body), file) == set()


def test_a_contractor_has_the_order_in_force(somebody: Any) -> None:
    holder = ensure_organisation("bureau", OrganisationKind.CONTRACTOR, "Bureau d’études")
    agreement = Agreement.objects.filter(committed_on__isnull=False, cancelled_at__isnull=True).first()
    assert agreement is not None
    Agreement.objects.filter(pk=agreement.pk).update(contractor=holder, order_number="BC-1")
    file, own = agreement.support_request, {"organisation_id": holder.pk}
    assert held(somebody(Role.CONTRACTOR, **own), file) == {Relation.CONTRACTOR}
    assert held(somebody(Role.CONTRACTOR, organisation_id=ELSEWHERE), file) == set()
    assert held(somebody(Role.CONTRACTOR, **own, mandate_confirmed=False), file) == set()
    assert held(somebody(Role.OPERATOR, **own), file) == set()
    Agreement.objects.filter(pk=agreement.pk).update(cancelled_at=file.submitted_at)
    assert held(somebody(Role.CONTRACTOR, **own), file) == set()


OUTSIDE = {Role.PROVIDER, Role.PROJECT_LEADER, Role.CONTRACTOR}
NEVER_NAMED = {Role.OFFICIAL, Role.SECRETARY, Role.COMMITTEE_MEMBER, Role.ADMINISTRATOR}


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("kind", ["follow_up_officer", "local_referent", "contact"])
def test_whoever_is_named_on_the_file(
    role: Role, kind: str, row: SupportRequest, somebody: Any, stranger: User, stage: Any
) -> None:
    other = stage.account("adjoint").user
    Assignment.objects.filter(support_request=row).delete()
    named = Assignment.objects.create(support_request=row, kind=kind, person=stranger, since=row.submitted_at)
    tie = Relation.OUTSIDE_OFFICER if role in OUTSIDE else Relation.OFFICER
    expected = set() if kind == "contact" or role in NEVER_NAMED else {tie}
    assert held(somebody(role), row) == expected
    assert held(somebody(role, mandate_confirmed=False), row) == set()
    assert held(somebody(role, person_id=other.pk), row) == set()
    Assignment.objects.filter(pk=named.pk).update(until=clock.now())
    assert held(somebody(role), row) == set()


@pytest.mark.parametrize("role", EVERYBODY)
def test_a_named_exception(role: Role, row: SupportRequest, somebody: Any, stranger: User) -> None:
    permission = Permission.objects.filter(content_type__model="supportrequest").first()
    assert permission is not None
    SupportRequestUserObjectPermission.objects.create(user=stranger, content_object=row, permission=permission)
    expected = set() if role in OUTSIDE | NEVER_NAMED else {Relation.NAMED}
    assert held(somebody(role), row) == expected
    assert held(somebody(role, person_id=ELSEWHERE), row) == set()
    assert held(somebody(role, mandate_confirmed=False), row) == set()


def test_a_project_leader_has_what_he_recorded(row: SupportRequest, somebody: Any, stranger: User) -> None:
    assert held(somebody(Role.PROJECT_LEADER, departments={"04"}), row) == set()
    SupportRequest.objects.filter(pk=row.pk).update(filed_by=stranger)
    assert held(somebody(Role.PROJECT_LEADER), row) == {Relation.RECORDER}
    assert held(somebody(Role.PROJECT_LEADER, mandate_confirmed=False), row) == set()
    assert held(somebody(Role.INSTRUCTOR), row) == set()


def test_workers_have_every_file_and_visitors_none(row: SupportRequest, somebody: Any) -> None:
    assert held(system(ON), row) == {Relation.WORKER}
    assert held(somebody(Role.ANONYMOUS, departments={"04"}), row) == set()
    assert held(somebody(Role.INSTRUCTOR, departments={"04"}, person_id=None), row) == set()


# --- what may be done ------------------------------------------------------------------------------------------------


def test_a_standing_reads_the_state_of_the_file(row: SupportRequest, somebody: Any) -> None:
    agent = somebody(Role.INSTRUCTOR, departments={"04"})
    assert standing(agent, row) == Standing(agent, row.step, frozenset({Relation.DESK}))
    nobody = somebody(Role.COMMITTEE_MEMBER)
    assert standing(nobody, row) == Standing(nobody, row.step, frozenset())


def test_what_is_possible_in_some_state(row: SupportRequest, somebody: Any) -> None:
    agent = somebody(Role.DEPUTY, departments={"04"}, matters={Matter.LOCAL_DECISION})
    ever = possible(agent, row)
    assert {Ability.DECIDE, Action.DESIGNATE, Action.ACKNOWLEDGE, Ability.VIEW} <= ever
    assert ever == frozenset().union(
        *(abilities_of(Standing(agent, state, frozenset({Relation.DESK}))) for state in State)
    )
    assert Ability.COMMIT not in ever
    assert possible(somebody(Role.COMMITTEE_MEMBER), row) == frozenset()


def test_what_binds_the_collectivity_is_its_proven_executives(row: SupportRequest, somebody: Any) -> None:
    def able(role: Role, relation: Relation, **given: Any) -> bool:
        position = Standing(somebody(role, **given), State.PROPOSED, frozenset({relation}))
        return Ability.ANSWER_PROPOSAL in abilities_of(position)

    assert able(Role.OFFICIAL, Relation.APPLICANT)
    assert not able(Role.OFFICIAL, Relation.APPLICANT, mandate_confirmed=False)
    assert not able(Role.SECRETARY, Relation.APPLICANT)
    assert not able(Role.OFFICIAL, Relation.GROUPING)


def test_who_files_for_a_collectivity(somebody: Any) -> None:
    assert may_submit_for(somebody(Role.OFFICIAL, collectivity_id=7), 7, frozenset({"04"}))
    assert may_submit_for(somebody(Role.OFFICIAL, collectivity_id=7, mandate_confirmed=False), 7, frozenset())
    assert not may_submit_for(somebody(Role.OFFICIAL, collectivity_id=8, departments={"04"}), 7, frozenset({"04"}))
    assert not may_submit_for(somebody(Role.SECRETARY, collectivity_id=7), 7, frozenset({"04"}))
    assert may_submit_for(somebody(Role.INSTRUCTOR, departments={"04"}), 7, frozenset({"04", "05"}))
    assert not may_submit_for(somebody(Role.INSTRUCTOR, departments={"06"}), 7, frozenset({"04", "05"}))


@pytest.mark.parametrize("role", EVERYBODY)
def test_who_records_a_request_received_otherwise(role: Role, somebody: Any) -> None:
    here = frozenset({"04", "05"})
    by_department = role in DESK_ROLES | {Role.PROJECT_LEADER}
    assert may_record(somebody(role, departments={"04"}), here) == by_department
    assert not may_record(somebody(role, departments={"04"}, mandate_confirmed=False), here)
    assert not may_record(somebody(role, departments={"06"}), here)
    assert may_record(somebody(role, arrondissements={"062", "041"}), here) == (role is Role.SUB_PREFECT)
    assert not may_record(somebody(role, arrondissements={"041"}, mandate_confirmed=False), here)
    assert not may_record(somebody(role, arrondissements={"062"}), here)


def test_who_reads_and_answers_a_solicitation(somebody: Any) -> None:
    asked = Solicitation.objects.filter(support_request__department="04").select_related("support_request").first()
    assert asked is not None
    body = asked.provider.organisation_id
    assert body is not None

    def may(actor: Actor) -> bool:
        answers = may_answer_solicitation(actor, asked)
        assert Solicitation.objects.visible_to(actor).filter(pk=asked.pk).exists() == answers
        return answers

    for role in (Role.PROVIDER, Role.OPERATOR):
        assert may(somebody(role, organisation_id=body))
        assert not may(somebody(role, organisation_id=body, mandate_confirmed=False))
        assert not may(somebody(role, organisation_id=ELSEWHERE, departments={"04"}))
        assert not may(somebody(role, departments={"04"}))
    for role in DESK_ROLES:
        assert may(somebody(role, departments={"04"}))
        assert not may(somebody(role, departments={"04"}, mandate_confirmed=False))
        assert not may(somebody(role, departments={"05"}, organisation_id=body))
    for role in set(EVERYBODY) - DESK_ROLES - {Role.PROVIDER, Role.OPERATOR}:
        assert not may(somebody(role, departments={"04"}, organisation_id=body))


@pytest.mark.parametrize("role", EVERYBODY)
def test_who_reads_a_draft(role: Role, somebody: Any, stranger: User, stage: Any) -> None:
    author = stage.account("maire").user
    town = stage.account("maire").collectivity_id
    draft = Draft.objects.create(person=author, collectivity_id=town, created_at=clock.now(), updated_at=clock.now())

    def reads(**given: Any) -> bool:
        return Draft.objects.visible_to(somebody(role, **given)).filter(pk=draft.pk).exists()

    acts = role in {Role.OFFICIAL, Role.SECRETARY}
    assert reads(person_id=author.pk), "its author, whatever he is now"
    assert reads(collectivity_id=town) == acts
    assert not reads(collectivity_id=town, mandate_confirmed=False)
    assert not reads(collectivity_id=ELSEWHERE)
    assert not reads(departments={"04"})
    assert not reads(collectivity_id=town, person_id=None)
    Draft.objects.filter(pk=draft.pk).update(asked_email=stranger.email)
    assert reads(collectivity_id=town, mandate_confirmed=False) == (role is Role.OFFICIAL), "asked at his address"
    assert not reads(collectivity_id=ELSEWHERE, mandate_confirmed=False)
    Draft.objects.filter(pk=draft.pk).update(person=None, browser_key="k" * 64)
    assert not reads(collectivity_id=town), "nobody else while its author is unknown"


# --- the table -------------------------------------------------------------------------------------------------------


def test_what_the_table_forbids_is_named() -> None:
    with pytest.raises(ForbiddenError, match=r"^refer is not allowed from submitted$") as refused:
        target(Action.REFER, State.SUBMITTED)
    assert (refused.value.action, refused.value.state) == (Action.REFER, State.SUBMITTED)
    (rule,) = [rule for rule in RULES.values() if rule.action is Action.COMPLETE]
    assert rule.target is RETURN
    with pytest.raises(ValueError, match=r"^complete cannot return to None$"):
        target(Action.COMPLETE, State.INCOMPLETE)
