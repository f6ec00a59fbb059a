"""What ties an actor to a file, condition by condition: each relation with the nearest case that must not give it."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import Organisation, User
from common.actor import Actor, Matter, Role
from requests.models import Agreement, Assignment, ConcernedDepartment, Delegation, Draft, Solicitation, SupportRequest
from requests.models import SupportRequestUserObjectPermission as Named
from requests.permissions import (
    Ability,
    Relation,
    abilities,
    may_answer_solicitation,
    may_record,
    may_submit_for,
    possible,
    standing,
)
from requests.workflow import Action, State

R = Relation
DAY = dt.date(2026, 11, 21)
NOBODY = 2_000_000_000  # the key of no person, body or organisation
ON_A_FILE = {"follow_up_officer", "local_referent"}


def who(role: Role, **changes: Any) -> Actor:
    """A proven mandate of somebody who has nothing to do with any file."""
    return Actor(**{"role": role, "on": DAY, "person_id": NOBODY, "mandate_confirmed": True, **changes})


def ties(actor: Actor, row: SupportRequest) -> set[Relation]:
    """What ``standing`` says of one file, once the list has said the same."""
    found = standing(actor, row)
    assert (found.actor, found.state) == (actor, row.step)
    assert SupportRequest.objects.visible_to(actor).filter(pk=row.pk).exists() == bool(found.relations)
    return set(found.relations)


@pytest.fixture
def mezel(db: None) -> SupportRequest:
    """Mézel's file: the department 04, at the desk."""
    return SupportRequest.objects.filter(collectivity__code="04121").latest("pk")


def an_organisation() -> int:
    return Organisation.objects.earliest("pk").pk


pytestmark = pytest.mark.demonstration
database = pytest.mark.django_db


@database
@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.SECRETARY])
def test_the_collectivity_that_asks(role: Role, mezel: SupportRequest) -> None:
    own, author = mezel.collectivity_id, mezel.filed_by_id
    assert ties(who(role, collectivity_id=own), mezel) == {R.APPLICANT}
    assert ties(who(role, collectivity_id=NOBODY), mezel) == set()
    assert ties(who(role, collectivity_id=None), mezel) == set()
    claimed = {"mandate_confirmed": False, "collectivity_id": own}
    assert ties(who(role, **claimed), mezel) == set()
    assert ties(who(role, **claimed, person_id=author), mezel) == {R.APPLICANT}
    assert ties(who(role, mandate_confirmed=False, collectivity_id=NOBODY, person_id=author), mezel) == set()
    assert ties(who(role, **claimed, person_id=None), mezel) == set()


@database
def test_its_grouping_by_consent(mezel: SupportRequest) -> None:
    grouping = mezel.collectivity_id + 1  # any body but the applicant
    files = SupportRequest.objects.filter(pk=mezel.pk)
    files.update(grouping_id=grouping, shared_with_grouping=True)
    assert ties(who(Role.OFFICIAL, collectivity_id=grouping), mezel) == {R.GROUPING}
    assert ties(who(Role.OFFICIAL, collectivity_id=grouping, mandate_confirmed=False), mezel) == set()
    assert ties(who(Role.INSTRUCTOR, collectivity_id=grouping), mezel) == set()
    files.update(shared_with_grouping=False)
    assert ties(who(Role.OFFICIAL, collectivity_id=grouping), mezel) == set()


@database
@pytest.mark.parametrize(
    ("role", "relation"),
    [
        (Role.INSTRUCTOR, R.DESK),
        (Role.DEPUTY, R.DESK),
        (Role.DELEGATE, R.DESK),
        (Role.CMT, R.LIAISON),
        (Role.REGION, R.REGION),
    ],
)
def test_those_of_the_department(role: Role, relation: Relation, mezel: SupportRequest) -> None:
    here, there = frozenset({"04", "05"}), frozenset({"05"})
    assert ties(who(role, departments=here), mezel) == {relation}
    assert ties(who(role, departments=here, mandate_confirmed=False), mezel) == set()
    assert ties(who(role, departments=there), mezel) == set()
    assert ties(who(role, arrondissements=frozenset({mezel.arrondissement_id})), mezel) == set()
    ConcernedDepartment.objects.create(support_request=mezel, department_id="05")
    assert ties(who(role, departments=there), mezel) == ({R.OTHER_DESK} if relation is R.DESK else set())
    assert ties(who(role, departments=frozenset({"13"})), mezel) == set()


@database
def test_the_sub_prefect_of_the_arrondissement(mezel: SupportRequest) -> None:
    arrondissement = mezel.arrondissement_id
    assert ties(who(Role.SUB_PREFECT, arrondissements=frozenset({arrondissement})), mezel) == {R.SUB_PREFECT}
    assert ties(who(Role.SUB_PREFECT, arrondissements=frozenset({"041"})), mezel) == set()
    assert ties(who(Role.SUB_PREFECT, departments=frozenset({"04"})), mezel) == set()


@database
@pytest.mark.parametrize("role", [Role.NATIONAL, Role.DIRECTOR_GENERAL])
def test_the_agency_once_referred(role: Role, mezel: SupportRequest) -> None:
    assert mezel.referred_at is None and ties(who(role), mezel) == set()
    referred = SupportRequest.objects.filter(referred_at__isnull=False).earliest("pk")
    assert ties(who(role), referred) == {R.AGENCY}
    assert ties(who(role, mandate_confirmed=False), referred) == set()
    assert ties(who(Role.ADMINISTRATOR), referred) == set()


@database
@pytest.mark.parametrize("state", ["asked", "accepted", "declined", "cancelled"])
def test_an_operator_while_its_delegation_lives(state: str) -> None:
    delegation = Delegation.objects.filter(answered_at__isnull=False).exclude(decline_reason="").earliest("pk")
    Delegation.objects.filter(pk=delegation.pk).update(state=state)
    row, own = delegation.support_request, delegation.operator.organisation_id
    assert ties(who(Role.OPERATOR, organisation_id=own), row) == (
        {R.OPERATOR} if state in {"asked", "accepted"} else set()
    )
    assert ties(who(Role.OPERATOR, organisation_id=NOBODY), row) == set()
    assert ties(who(Role.PROVIDER, organisation_id=own), row) == set()
    assert ties(who(Role.OPERATOR, organisation_id=own, mandate_confirmed=False), row) == set()


@database
def test_the_contractor_of_a_live_order() -> None:
    agreement = Agreement.objects.filter(committed_on__isnull=False).earliest("pk")
    row, own = agreement.support_request, an_organisation()
    Agreement.objects.filter(pk=agreement.pk).update(contractor=own, cancelled_at=None)
    assert ties(who(Role.CONTRACTOR, organisation_id=own), row) == {R.CONTRACTOR}
    assert ties(who(Role.CONTRACTOR, organisation_id=NOBODY), row) == set()
    assert ties(who(Role.PROVIDER, organisation_id=own), row) == set()
    Agreement.objects.filter(pk=agreement.pk).update(cancelled_at=agreement.answer.at)
    assert ties(who(Role.CONTRACTOR, organisation_id=own), row) == set()


@database
def test_whoever_recorded_it(mezel: SupportRequest) -> None:
    author = mezel.filed_by_id
    assert ties(who(Role.PROJECT_LEADER, person_id=author), mezel) == {R.RECORDER}
    assert ties(who(Role.PROJECT_LEADER), mezel) == set()
    assert ties(who(Role.CMT, person_id=author), mezel) == set()


INSIDE = [
    Role.FOLLOW_UP_OFFICER, Role.INSTRUCTOR, Role.SUB_PREFECT, Role.CMT, Role.REGION, Role.NATIONAL, Role.OPERATOR
]  # fmt: skip
OUTSIDE = [Role.PROVIDER, Role.PROJECT_LEADER, Role.CONTRACTOR]
NEVER = [Role.COMMITTEE_MEMBER, Role.ADMINISTRATOR, Role.ANONYMOUS, Role.OFFICIAL, Role.SECRETARY]


@database
@pytest.mark.parametrize("role", [*INSIDE, *OUTSIDE, *NEVER])
def test_those_named_on_the_file(role: Role, mezel: SupportRequest) -> None:
    """An officer or a referent, while he is; colleagues of the State by a row of their own."""
    person = User.objects.exclude(pk=mezel.filed_by_id).latest("pk").pk
    mezel.assignments.update(until=mezel.submitted_at)
    actor = who(role, person_id=person, collectivity_id=NOBODY)
    named = {R.OUTSIDE_OFFICER} if role in OUTSIDE else {R.OFFICER} if role in INSIDE else set()
    assignment = Assignment.objects.create(
        support_request=mezel, kind="instructor", person_id=person, body="Service", since=mezel.submitted_at
    )
    assert ties(actor, mezel) == set()
    for kind in ON_A_FILE:
        Assignment.objects.filter(pk=assignment.pk).update(kind=kind, until=None)
        assert ties(actor, mezel) == named
        assert ties(who(role), mezel) == ties(who(role, person_id=person, mandate_confirmed=False), mezel) == set()
        Assignment.objects.filter(pk=assignment.pk).update(until=mezel.submitted_at)
        assert ties(actor, mezel) == set()
    view = Named._meta.get_field("permission").related_model._default_manager.filter(
        content_type__model="supportrequest", content_type__app_label="requests"
    )[0]
    Named.objects.create(permission=view, user_id=person, content_object=mezel)
    assert ties(actor, mezel) == ({R.NAMED} if role in INSIDE else set())
    assert ties(who(role), mezel) == set()


@database
def test_the_workers_read_everything_and_nobody_reads_nothing(mezel: SupportRequest) -> None:
    assert ties(Actor(role=Role.SYSTEM, on=DAY), mezel) == {R.WORKER}
    assert ties(Actor(role=Role.ANONYMOUS, on=DAY), mezel) == set()
    assert ties(who(Role.INSTRUCTOR, person_id=None, departments=frozenset({"04"})), mezel) == set()


@database
def test_what_is_possible_some_day_is_more_than_today(mezel: SupportRequest) -> None:
    """All that the desk may ever do, and nothing of what is others'."""
    actor = who(Role.DEPUTY, departments=frozenset({"04"}), matters=frozenset({Matter.LOCAL_DECISION}))
    mezel.state = State.QUALIFICATION.value
    today, some_day = abilities(actor, mezel), possible(actor, mezel)
    assert today < some_day
    assert {Action.START_SEARCH, Ability.DECIDE} <= today
    assert {Action.ACKNOWLEDGE, Action.DESIGNATE, Action.RESUME} <= some_day - today
    assert some_day.isdisjoint({Action.CLOSE, Action.TAKE_UP, Ability.COMMIT, Ability.CHASE, Ability.SIGN_AGREEMENT})
    assert possible(who(Role.DEPUTY, departments=frozenset({"05"})), mezel) == frozenset()


@database
def test_solicitations_are_read_by_the_body_asked_and_the_desk() -> None:
    asked = Solicitation.objects.exclude(provider__organisation=None).earliest("pk")
    own, department = asked.provider.organisation_id, asked.support_request.department_id

    def reads(role: Role, **changes: Any) -> bool:
        return Solicitation.objects.visible_to(who(role, **changes)).filter(pk=asked.pk).exists()

    for role in (Role.PROVIDER, Role.OPERATOR):
        assert reads(role, organisation_id=own)
        assert not reads(role, organisation_id=NOBODY)
        assert not reads(role, organisation_id=own, mandate_confirmed=False)
    for role in (Role.INSTRUCTOR, Role.DEPUTY, Role.DELEGATE):
        assert reads(role, departments=frozenset({department}))
        assert not reads(role, departments=frozenset({"75"}))
        assert not reads(role, departments=frozenset({department}), mandate_confirmed=False)
        assert not reads(role, organisation_id=own)
    assert not reads(Role.CMT, departments=frozenset({department}), organisation_id=own)
    assert not reads(Role.PROVIDER, departments=frozenset({department}))


@database
def test_a_provider_without_organisation_reads_no_solicitation_of_bodies_without_one() -> None:
    asked = Solicitation.objects.earliest("pk")
    type(asked.provider).objects.filter(pk=asked.provider_id).update(organisation=None)
    assert not Solicitation.objects.visible_to(who(Role.PROVIDER, organisation_id=None)).exists()


@database
def test_drafts() -> None:
    author, other = User.objects.order_by("pk")[:2]
    at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    body = SupportRequest.objects.earliest("pk").collectivity_id
    Draft.objects.all().delete()
    draft = Draft.objects.create(
        person=author, collectivity_id=body, asked_email=other.email, created_at=at, updated_at=at
    )

    def read_by(role: Role, **changes: Any) -> bool:
        return Draft.objects.visible_to(who(role, **changes)).exists()

    assert read_by(Role.OFFICIAL, person_id=author.pk)
    assert read_by(Role.CMT, person_id=author.pk)
    assert not read_by(Role.OFFICIAL, person_id=None, collectivity_id=body)
    for role in (Role.OFFICIAL, Role.SECRETARY):
        assert read_by(role, collectivity_id=body)
        assert not read_by(role, collectivity_id=NOBODY)
        assert not read_by(role, collectivity_id=body, mandate_confirmed=False)
        # the executive whom the author asked, at his address: his, and for this body
        claimed = {"person_id": other.pk, "mandate_confirmed": False}
        assert read_by(role, collectivity_id=body, **claimed) == (role is Role.OFFICIAL)
        assert not read_by(role, collectivity_id=NOBODY, **claimed)
    assert not read_by(Role.INSTRUCTOR, collectivity_id=body)
    Draft.objects.filter(pk=draft.pk).update(person=None, browser_key="k" * 64)
    assert not read_by(Role.OFFICIAL, collectivity_id=body)
    assert not read_by(Role.OFFICIAL, collectivity_id=body, person_id=other.pk, mandate_confirmed=False)
    Draft.objects.filter(pk=draft.pk).update(collectivity=None, person=author)
    assert not read_by(Role.OFFICIAL, collectivity_id=None)


# --- without the database --------------------------------------------------------------------------------------------

HERE, BOTH, THERE = frozenset({"04"}), frozenset({"04", "05"}), frozenset({"05"})


@pytest.mark.parametrize(
    ("actor", "submits", "records"),
    [
        (who(Role.OFFICIAL, collectivity_id=7), True, False),
        (who(Role.OFFICIAL, collectivity_id=7, mandate_confirmed=False), True, False),
        (who(Role.OFFICIAL, collectivity_id=8, departments=HERE), False, False),
        (who(Role.SECRETARY, collectivity_id=7), False, False),
        (who(Role.INSTRUCTOR, departments=BOTH), True, True),
        (who(Role.INSTRUCTOR, departments=BOTH, mandate_confirmed=False), False, False),
        (who(Role.INSTRUCTOR, departments=THERE), False, False),
        (who(Role.DEPUTY, departments=HERE), True, True),
        (who(Role.DELEGATE, departments=HERE), True, True),
        (who(Role.PROJECT_LEADER, departments=HERE), True, True),
        (who(Role.PROJECT_LEADER, departments=THERE), False, False),
        (who(Role.SUB_PREFECT, arrondissements=frozenset({"041", "053"})), True, True),
        (who(Role.SUB_PREFECT, arrondissements=frozenset({"053"})), False, False),
        (who(Role.SUB_PREFECT, arrondissements=frozenset({"041"}), mandate_confirmed=False), False, False),
        (who(Role.SUB_PREFECT, departments=HERE), False, False),
        (who(Role.CMT, departments=HERE, arrondissements=frozenset({"041"})), False, False),
        (who(Role.REGION, departments=HERE), False, False),
        (who(Role.NATIONAL, departments=HERE), False, False),
    ],
)  # fmt: skip
def test_who_may_file_or_record_for_a_body_of_the_department(actor: Actor, submits: bool, records: bool) -> None:
    assert may_submit_for(actor, 7, frozenset({"04", "06"})) is submits
    assert may_record(actor, frozenset({"04", "06"})) is records


def test_the_arrondissement_of_an_overseas_department_has_four_characters() -> None:
    """9721 is of 972; the metropolitan 972 would be of no department."""
    assert may_record(who(Role.SUB_PREFECT, arrondissements=frozenset({"9721"})), frozenset({"972"}))
    assert not may_record(who(Role.SUB_PREFECT, arrondissements=frozenset({"9721"})), frozenset({"97"}))


@pytest.mark.parametrize(
    ("actor", "answers"),
    [
        (who(Role.PROVIDER, organisation_id=5), True),
        (who(Role.OPERATOR, organisation_id=5), True),
        (who(Role.PROVIDER, organisation_id=6), False),
        (who(Role.PROVIDER, organisation_id=6, departments=HERE), False),
        (who(Role.PROVIDER, organisation_id=5, mandate_confirmed=False), False),
        (who(Role.INSTRUCTOR, departments=BOTH), True),
        (who(Role.DELEGATE, departments=HERE), True),
        (who(Role.INSTRUCTOR, departments=HERE, mandate_confirmed=False), False),
        (who(Role.INSTRUCTOR, departments=THERE, organisation_id=5), False),
        (who(Role.CMT, departments=HERE), False),
    ],
)
def test_who_answers_a_solicitation(actor: Actor, answers: bool) -> None:
    asked: Any = SimpleNamespace(
        provider=SimpleNamespace(organisation_id=5), support_request=SimpleNamespace(department_id="04")
    )
    assert may_answer_solicitation(actor, asked) is answers
