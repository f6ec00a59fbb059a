"""The life of a mandate, who may answer for it, and succession."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts import events
from accounts.enums import MandateStatus
from accounts.models import Mandate, Organisation, User
from accounts.permissions import Ability, abilities, scope
from accounts.services import grants, mandates, people, sign_in
from accounts.services.sign_in import Meta
from common.actor import DESK_ROLES, Matter, Role
from common.errors import Conflict, Invalid, NotAllowed
from territories.models import Collectivity, Department
from tests.accounts.conftest import Box, Builder, actor

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 3)


@pytest.fixture(autouse=True)
def _stopped(clock: Any) -> None:
    """3 March 2026."""


@pytest.fixture
def newcomer(db: None) -> User:
    return people.register(first_name="Rose", last_name="Ajonc", civility="Mme", email="rose@exemple.fr")


@pytest.fixture
def claimed(newcomer: User, mezel: Collectivity) -> Mandate:
    return mandates.claim(newcomer, collectivity=mezel, function="maire", starts_on=TODAY)


def test_a_claim_is_in_force_and_not_confirmed(claimed: Mandate, box: Box) -> None:
    known = actor(claimed)
    assert (known.role, known.mandate_confirmed, known.collectivity_id) == (
        Role.OFFICIAL,
        False,
        claimed.collectivity_id,
    )
    assert known.departments == frozenset()
    assert claimed.heads
    assert claimed.label == "Mme\N{NO-BREAK SPACE}Ajonc, maire"


def test_claiming_twice_is_claiming_once(claimed: Mandate, newcomer: User, mezel: Collectivity, box: Box) -> None:
    again = mandates.claim(newcomer, collectivity=mezel, function="maire")
    assert again == claimed
    assert Mandate.objects.count() == 1
    assert not box.of(events.MandateClaimed)


@pytest.mark.parametrize(
    ("code", "function"), [("04121", "roi"), ("04121", ""), ("04121", "president"), ("200069193", "maire")]
)
def test_only_functions_of_the_collectivity_are_claimed(newcomer: User, code: str, function: str) -> None:
    with pytest.raises(Invalid) as refusal:
        mandates.claim(newcomer, collectivity=Collectivity.objects.get(code=code), function=function)
    assert refusal.value.field == "function"


def test_a_mandate_does_not_begin_tomorrow(newcomer: User, mezel: Collectivity) -> None:
    with pytest.raises(Invalid):
        mandates.claim(newcomer, collectivity=mezel, function="maire", starts_on=TODAY + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("civility", "words"),
    [("Mme", "adjointe au maire"), ("M.", "adjoint au maire"), ("", "adjointe ou adjoint au maire")],
)
def test_functions_are_worded_by_civility(mezel: Collectivity, civility: str, words: str) -> None:
    user = people.register(first_name="A", last_name="B", civility=civility, email="a@exemple.fr")
    assert mandates.claim(user, collectivity=mezel, function="adjoint").function == words


def test_the_desk_confirms_in_one_click(claimed: Mandate, instructor: Mandate, box: Box) -> None:
    confirmed = mandates.confirm(actor(instructor), claimed, " appelée le 3 mars ")
    assert (confirmed.status, confirmed.proof, confirmed.note) == ("confirmed", "desk", "appelée le 3 mars")
    assert confirmed.confirmed_by_id == instructor.user_id
    assert [event.mandate_id for event in box.of(events.MandateConfirmed)] == [claimed.pk]
    assert actor(claimed).mandate_confirmed


@pytest.mark.parametrize("role", [Role.INSTRUCTOR, Role.DEPUTY, Role.DELEGATE])
def test_every_role_of_the_desk_confirms(claimed: Mandate, person: Builder, desk: Any, role: Role) -> None:
    mandates.confirm(actor(person("agent", role, department="04")), claimed)


@pytest.mark.parametrize("role", sorted(set(Role) - DESK_ROLES - {Role.ANONYMOUS, Role.SYSTEM}))
def test_nobody_else_does(claimed: Mandate, person: Builder, mezel: Collectivity, role: Role) -> None:
    fields: dict[str, Any] = {"department": "04", "arrondissement": "041" if role is Role.SUB_PREFECT else None}
    if role in (Role.OFFICIAL, Role.SECRETARY):
        fields["collectivity"] = mezel
    for act in (lambda who: mandates.confirm(who, claimed), lambda who: mandates.refuse(who, claimed, "non")):
        with pytest.raises(NotAllowed):
            act(actor(person("autre", role, **fields)))


def test_the_desk_next_door_does_not_confirm(claimed: Mandate, person: Builder, desk: Any) -> None:
    neighbour = actor(person("voisin", Role.INSTRUCTOR, department="05"))
    assert abilities(neighbour, claimed) == frozenset()
    with pytest.raises(NotAllowed):
        mandates.confirm(neighbour, claimed)


def test_an_agent_whose_own_mandate_is_not_confirmed_does_not(claimed: Mandate, instructor: Mandate) -> None:
    Mandate.objects.filter(pk=instructor.pk).update(status=MandateStatus.CLAIMED, confirmed_at=None, proof="")
    with pytest.raises(NotAllowed):
        mandates.confirm(actor(instructor), claimed)


def test_nobody_confirms_himself(person: Builder, mezel: Collectivity, desk: Any) -> None:
    agent = person("frene", Role.INSTRUCTOR, department="04")
    own = mandates.claim(agent.user, collectivity=mezel, function="adjoint")
    assert abilities(actor(agent), own) == {Ability.VIEW, Ability.END, Ability.PROVE}
    with pytest.raises(NotAllowed):
        mandates.confirm(actor(agent), own)


def test_a_claim_is_answered_once(claimed: Mandate, instructor: Mandate) -> None:
    mandates.confirm(actor(instructor), claimed)
    with pytest.raises(Conflict):
        mandates.confirm(actor(instructor), claimed)
    with pytest.raises(Conflict):
        mandates.refuse(actor(instructor), claimed, "trop tard")


def test_a_refusal_says_why_and_takes_effect_at_once(claimed: Mandate, instructor: Mandate, box: Box) -> None:
    with pytest.raises(Invalid):
        mandates.refuse(actor(instructor), claimed, " ")
    refused = mandates.refuse(actor(instructor), claimed, "La mairie ne vous connaît pas.")
    assert refused.note == "La mairie ne vous connaît pas."
    assert [event.mandate_id for event in box.of(events.MandateRefused)] == [claimed.pk]
    assert actor(claimed).role is Role.ANONYMOUS
    assert not refused.is_confirmed
    assert not refused.in_force(TODAY)


def test_an_official_address_proves_a_claim(newcomer: User, mezel: Collectivity, town_hall: Organisation) -> None:
    for address in ("", "rose@exemple.fr"):
        assert (
            mandates.claim(newcomer, collectivity=mezel, function="agent", proven_address=address).status == "claimed"
        )
    proven = mandates.claim(newcomer, collectivity=mezel, function="agent", proven_address="MAIRIE@mezel.exemple.fr")
    assert (proven.status, proven.proof) == ("confirmed", "official_address")


def test_a_code_to_the_official_address_confirms_a_claim(claimed: Mandate, town_hall: Organisation, box: Box) -> None:
    meta = Meta("192.0.2.1")
    sign_in.send_proof(claimed, town_hall.email, meta)
    sent = box.of(events.ProofRequested)[0]
    assert (sent.email, sent.mandate_id) == (town_hall.email, claimed.pk)
    with pytest.raises(Invalid):
        sign_in.verify_code(town_hall.email, sent.code, meta)
    sign_in.verify_proof(claimed, town_hall.email, sent.code, meta)
    assert mandates.confirm_by_address(claimed, town_hall.email)
    assert Mandate.objects.get(pk=claimed.pk).proof == "official_address"


def test_the_proof_of_one_claim_is_not_another_s(
    claimed: Mandate, town_hall: Organisation, mezel: Collectivity, box: Box
) -> None:
    other = people.register(first_name="Luc", last_name="Chêne", email="luc@exemple.fr")
    his = mandates.claim(other, collectivity=mezel, function="agent")
    sign_in.send_proof(claimed, town_hall.email, Meta("192.0.2.1"))
    with pytest.raises(Invalid):
        sign_in.verify_proof(his, town_hall.email, box.codes[0], Meta("192.0.2.1"))


def test_an_address_of_another_town_hall_proves_nothing(claimed: Mandate, giromagny: Collectivity) -> None:
    elsewhere = people.set_official_address(giromagny, "mairie@giromagny.exemple.fr")
    assert not mandates.confirm_by_address(claimed, elsewhere.email)
    assert not mandates.confirm_by_address(claimed, "")


# --- succession ------------------------------------------------------------------------------------------------------


@pytest.fixture
def team(person: Builder, mezel: Collectivity) -> dict[str, Mandate]:
    former = dt.date(2020, 5, 28)
    return {
        "mayor": person("ancienne", Role.OFFICIAL, "maire", collectivity=mezel, starts_on=former),
        "deputy": person("adjoint", Role.OFFICIAL, "adjoint au maire", collectivity=mezel, starts_on=former),
        "secretary": person("tilleul", Role.SECRETARY, "secrétaire", collectivity=mezel, starts_on=former),
    }


def states(team: dict[str, Mandate]) -> dict[str, tuple[str, dt.date | None]]:
    return {name: Mandate.objects.values_list("status", "ends_on").get(pk=mandate.pk) for name, mandate in team.items()}


def test_a_new_mayor_ends_the_former_executive_on_the_day_of_the_election(
    team: dict[str, Mandate], newcomer: User, mezel: Collectivity, giromagny: Collectivity, instructor: Mandate,
    person: Builder, box: Box, clock: Any,
) -> None:  # fmt: skip
    elsewhere = person("sureau", Role.OFFICIAL, "maire", collectivity=giromagny)
    clock.move_to("2026-04-10 10:00")
    election = dt.date(2026, 3, 22)
    own_team = person("nouvelle", Role.OFFICIAL, "adjointe au maire", collectivity=mezel, starts_on=election)
    new = mandates.claim(newcomer, collectivity=mezel, function="maire", starts_on=election)
    assert states(team)["mayor"] == ("confirmed", None), "a claim ends nothing"
    mandates.confirm(actor(instructor), new)
    assert states(team) == {
        "mayor": ("ended", election),
        "deputy": ("ended", election),
        "secretary": ("confirmed", None),
    }
    assert states({"a": own_team, "b": elsewhere}) == {"a": ("confirmed", None), "b": ("confirmed", None)}
    ended = {event.mandate_id: event.successor_id for event in box.of(events.MandateEnded)}
    assert ended == {team["mayor"].pk: new.pk, team["deputy"].pk: None}, "the mayor alone has a successor"
    assert not team["mayor"].__class__.objects.get(pk=team["mayor"].pk).in_force(election)
    assert Mandate.objects.get(pk=team["mayor"].pk).in_force(election - dt.timedelta(days=1))


def test_the_election_date_is_asked_where_a_mayor_is_known(
    team: dict[str, Mandate], newcomer: User, mezel: Collectivity
) -> None:
    with pytest.raises(Invalid) as refusal:
        mandates.claim(newcomer, collectivity=mezel, function="maire")
    assert refusal.value.field == "starts_on"


def test_a_deputy_who_becomes_mayor_keeps_one_mandate(
    team: dict[str, Mandate], mezel: Collectivity, instructor: Mandate
) -> None:
    new = mandates.claim(team["deputy"].user, collectivity=mezel, function="maire", starts_on=TODAY)
    mandates.confirm(actor(instructor), new)
    assert states(team)["deputy"] == ("ended", TODAY)
    assert list(Mandate.objects.in_force(TODAY).filter(user=team["deputy"].user)) == [new]


def test_a_claim_confirmed_by_address_waits_for_the_desk_when_a_mayor_is_known(
    team: dict[str, Mandate], newcomer: User, mezel: Collectivity, town_hall: Organisation
) -> None:
    new = mandates.claim(newcomer, collectivity=mezel, function="maire", starts_on=TODAY)
    assert not mandates.confirm_by_address(new, town_hall.email)
    assert states(team)["mayor"] == ("confirmed", None)


def test_a_mayor_who_comes_after_her_deputies_ends_nobody_s_mandate(
    person: Builder, newcomer: User, mezel: Collectivity, town_hall: Organisation
) -> None:
    deputy = person("adjoint", Role.OFFICIAL, "adjoint au maire", collectivity=mezel)
    mandates.claim(newcomer, collectivity=mezel, function="maire", proven_address=town_hall.email)
    assert states({"deputy": deputy}) == {"deputy": ("confirmed", None)}


def test_the_team_of_a_mayor_who_had_left_ends_with_the_next_one(
    team: dict[str, Mandate], newcomer: User, mezel: Collectivity, instructor: Mandate
) -> None:
    """The desk ended the mayor's mandate before it confirmed her successor's: her deputies go all the same."""
    Mandate.objects.filter(pk=team["mayor"].pk).update(status="ended", ends_on=TODAY - dt.timedelta(days=3))
    claimed = mandates.claim(newcomer, collectivity=mezel, function="maire", starts_on=TODAY)
    mandates.confirm(actor(instructor), claimed)
    assert states({"deputy": team["deputy"]})["deputy"][0] == "ended"


def test_an_unconfirmed_mandate_ends_nothing(team: dict[str, Mandate], claimed_mayor: Mandate) -> None:
    assert mandates.end_all_executive_mandates(claimed_mayor.collectivity, TODAY, claimed_mayor) == []
    assert states(team)["mayor"] == ("confirmed", None)


@pytest.fixture
def claimed_mayor(team: dict[str, Mandate], newcomer: User, mezel: Collectivity) -> Mandate:
    return mandates.claim(newcomer, collectivity=mezel, function="maire", starts_on=TODAY)


# --- ends ------------------------------------------------------------------------------------------------------------


def test_a_mandate_ends_on_its_first_day_without_it(mayor: Mandate, instructor: Mandate, box: Box) -> None:
    ended = mandates.end(actor(instructor), mayor, TODAY, "démission")
    assert (ended.status, ended.ends_on, ended.note) == ("ended", TODAY, "démission")
    assert not ended.in_force(TODAY)
    assert ended.in_force(TODAY - dt.timedelta(days=1))
    assert ended.is_confirmed, "it was"
    assert [event.mandate_id for event in box.of(events.MandateEnded)] == [mayor.pk]
    with pytest.raises(Conflict):
        mandates.end(actor(instructor), mayor, TODAY)


def test_an_end_to_come_lets_act_until_then(mayor: Mandate, instructor: Mandate, clock: Any) -> None:
    mandates.end(actor(instructor), mayor, TODAY + dt.timedelta(days=10))
    assert actor(mayor).role is Role.OFFICIAL
    clock.shift(days=10)
    assert actor(mayor).role is Role.ANONYMOUS


def test_one_may_leave_one_s_own_function(mayor: Mandate) -> None:
    assert mandates.end(actor(mayor), mayor).ends_on == TODAY


def test_nobody_ends_what_is_not_his(mayor: Mandate, person: Builder, giromagny: Collectivity, desk: Any) -> None:
    for stranger in (
        person("sureau", Role.OFFICIAL, "maire", collectivity=giromagny),
        person("voisin", Role.DELEGATE, department="05"),
        person("cmt", Role.CMT, departments=["04"]),
    ):
        with pytest.raises(NotAllowed):
            mandates.end(actor(stranger), mayor)


def test_the_administrator_ends_an_agent_s_mandate(instructor: Mandate, administrator: Mandate) -> None:
    assert mandates.end(actor(administrator), instructor).status == "ended"


def test_an_end_does_not_precede_the_start(mayor: Mandate, instructor: Mandate) -> None:
    with pytest.raises(Invalid):
        mandates.end(actor(instructor), mayor, dt.date(2019, 1, 1))


# --- what the database refuses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"role": Role.OFFICIAL.value},
        {"role": Role.INSTRUCTOR.value},
        {"role": Role.SUB_PREFECT.value, "department_id": "04"},
        {"role": Role.OPERATOR.value},
        {"role": Role.NATIONAL.value, "status": "confirmed"},
        {"role": Role.NATIONAL.value, "status": "ended"},
        {"role": Role.NATIONAL.value, "heads": True},
        {"role": Role.NATIONAL.value, "ends_on": dt.date(2019, 1, 1)},
    ],
)
def test_the_database_refuses_a_mandate_that_means_nothing(newcomer: User, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Mandate.objects.create(user=newcomer, function="x", starts_on=dt.date(2020, 1, 1), **fields)


def test_the_same_mandate_is_not_held_twice(mayor: Mandate, mezel: Collectivity) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Mandate.objects.create(user=mayor.user, role="official", function="maire", collectivity=mezel,
                               department_id="04", starts_on=TODAY)  # fmt: skip


# --- scope and reinforcements ----------------------------------------------------------------------------------------


def test_scope_and_abilities_agree(
    claimed: Mandate, mayor: Mandate, instructor: Mandate, deputy: Mandate, delegate: Mandate, administrator: Mandate,
    person: Builder, giromagny: Collectivity,
) -> None:  # fmt: skip
    person("sureau", Role.OFFICIAL, "maire", collectivity=giromagny)
    person("voisin", Role.INSTRUCTOR, department="05")
    everybody = list(Mandate.objects.select_related("user"))
    for holder in everybody:
        who = actor(holder)
        seen = set(Mandate.objects.filter(scope(who)))
        assert seen == {mandate for mandate in everybody if Ability.VIEW in abilities(who, mandate)}, who


def test_an_agent_helps_another_desk_until_a_date(
    delegate: Mandate, instructor: Mandate, person: Builder, claimed: Mandate, clock: Any
) -> None:
    helper = person("aulne", Role.INSTRUCTOR, department="90")
    loan = grants.lend(actor(delegate), helper.user, Department.objects.get(pk="04"), dt.date(2026, 3, 31))
    lent = actor(loan)
    assert (lent.role, lent.departments, lent.matters) == (Role.INSTRUCTOR, frozenset({"04"}), frozenset())
    assert actor(instructor).matters == {Matter.REDIRECTION}, "the desk's own instructors do sign"
    assert Ability.CONFIRM in abilities(lent, claimed)
    clock.move_to("2026-03-31 23:00")
    assert loan.in_force(dt.date(2026, 3, 31))
    clock.move_to("2026-04-01 00:10")
    assert actor(loan).role is Role.ANONYMOUS


def test_a_reinforcement_is_granted_by_the_desk_helped_to_an_agent_of_another(
    delegate: Mandate, instructor: Mandate, person: Builder, mayor: Mandate
) -> None:
    here, until = Department.objects.get(pk="04"), dt.date(2026, 3, 31)
    helper = person("aulne", Role.INSTRUCTOR, department="90")
    for refused in (instructor, helper, mayor):
        with pytest.raises(NotAllowed):
            grants.lend(actor(refused), helper.user, here, until)
    with pytest.raises(NotAllowed):
        grants.lend(actor(delegate), helper.user, Department.objects.get(pk="90"), until)
    for agent, last in ((mayor.user, until), (instructor.user, until), (helper.user, dt.date(2026, 3, 2)),
                        (helper.user, dt.date(2028, 1, 1))):  # fmt: skip
        with pytest.raises(Invalid):
            grants.lend(actor(delegate), agent, here, last)
    grants.lend(actor(delegate), helper.user, here, until)
    with pytest.raises(Conflict):
        grants.lend(actor(delegate), helper.user, here, until)
