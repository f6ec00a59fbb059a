"""Rights: states × standings exhaustively, and the agreement of lists with single files on the demonstration's data."""

from collections.abc import Callable

import pytest

from accounts.actors import actor_for
from accounts.models import Mandate
from common import clock
from common.actor import Actor, Matter, Role, anonymous
from requests.documentation import STANDINGS, standing_of
from requests.models import Draft, Solicitation, SupportRequest
from requests.permissions import Ability, Relation, Standing, abilities, abilities_of
from requests.workflow import Action, State

LIVE = [state for state in State if state is not State.DRAFT]
STATE_SIDE = {
    "instructor", "instructor trusted with local decisions", "other desk", "deputy without an act", "deputy",
    "delegate", "sub-prefect", "CMT", "follow-up officer", "national instructor", "director general", "operator",
    "named colleague",
}  # fmt: skip


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", STANDINGS)
def test_internal_notes_are_read_by_the_state_and_operators_only(name: str, state: State) -> None:
    held = abilities_of(standing_of(name, state))
    assert (Ability.VIEW_INTERNAL in held) == (name in STATE_SIDE)
    assert Ability.VIEW_INTERNAL in held or Ability.WRITE_INTERNAL not in held


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", ["provider", "committee member", "administrator", "anonymous"])
def test_without_relation_nothing_at_all(name: str, state: State) -> None:
    assert abilities_of(standing_of(name, state)) == frozenset()


@pytest.mark.parametrize("state", LIVE)
def test_who_signs_a_referral(state: State) -> None:
    signers = {name for name in STANDINGS if Action.REFER in abilities_of(standing_of(name, state))}
    expected = {"instructor", "instructor trusted with local decisions", "deputy without an act", "deputy", "delegate"}
    # any agent of the desk records a signature given on paper; services.signatures checks the act behind it
    assert signers == (expected if state is State.REFERRAL_PREPARATION else set())


@pytest.mark.parametrize("state", LIVE)
def test_a_deputy_without_an_act_signs_nothing(state: State) -> None:
    held = abilities_of(standing_of("deputy without an act", state))
    signed = {Action.DESIGNATE, Action.REDIRECT, Action.CLOSE, Action.DROP, Action.REOPEN, Ability.DECIDE}
    assert held.isdisjoint(signed)


@pytest.mark.parametrize("state", LIVE)
def test_an_instructor_never_designates_however_trusted(state: State) -> None:
    assert Action.DESIGNATE not in abilities_of(standing_of("instructor trusted with local decisions", state))


@pytest.mark.parametrize("state", LIVE)
def test_the_secretary_neither_withdraws_nor_answers_nor_signs(state: State) -> None:
    held = abilities_of(standing_of("secretary", state))
    assert held.isdisjoint({Action.WITHDRAW, Ability.ANSWER_PROPOSAL, Ability.SIGN_FOR_BODY, Ability.CONFIRM_FILING})


@pytest.mark.parametrize("state", LIVE)
def test_only_the_director_general_commits(state: State) -> None:
    able = {name for name in STANDINGS if Ability.COMMIT in abilities_of(standing_of(name, state))}
    assert able == ({"director general"} if state is State.CONTRACTING else set())


@pytest.mark.parametrize("name", STANDINGS)
def test_an_action_is_held_only_where_the_table_allows_it(name: str) -> None:
    from requests.workflow import RULES

    for state in LIVE:
        for held in abilities_of(standing_of(name, state)):
            if isinstance(held, Action):
                assert state in RULES[held].sources


def test_a_matter_not_covered_gives_nothing() -> None:
    actor = Actor(role=Role.DEPUTY, on=clock.today(), person_id=1, matters=frozenset({Matter.CLOSING}))
    standing = Standing(actor, State.PROPOSED, frozenset({Relation.DESK}))
    assert Action.DESIGNATE not in abilities_of(standing)


# --- on the demonstration's data -------------------------------------------------------------------------------------

ACCOUNTS = [
    "maire", "secretaire", "maire2", "epci", "chefprojet", "offreur", "instructeur", "instructeur2", "sousprefet",
    "adjoint", "delegue", "suivi", "cmt", "anct", "dg", "anah", "anru", "cerema", "bdt", "ademe", "clct", "admin",
]  # fmt: skip


@pytest.mark.demonstration
@pytest.mark.django_db
@pytest.mark.parametrize("name", ACCOUNTS)
def test_lists_and_single_files_agree(name: str, actor: Callable[[str], Actor]) -> None:
    """obj in visible_to(actor) ⇔ VIEW in abilities(actor, obj), for every file of the demonstration."""
    who = actor(name)
    visible = set(SupportRequest.objects.visible_to(who).values_list("pk", flat=True))
    for support_request in SupportRequest.objects.all():
        assert (support_request.pk in visible) == (Ability.VIEW in abilities(who, support_request)), support_request


@pytest.mark.demonstration
@pytest.mark.django_db
def test_each_sees_what_is_his_and_only_that(actor: Callable[[str], Actor]) -> None:
    def places(name: str) -> set[str]:
        found = SupportRequest.objects.visible_to(actor(name))
        return set(found.values_list("collectivity__code", flat=True))

    assert places("maire") == places("secretaire") == {"04121"}
    assert places("maire2") == {"90052"}
    assert places("epci") == set()  # no consent was given
    assert places("instructeur") == {"04121", "04134", "04022", "04208", "200067320"}
    assert places("sousprefet") == {"04134", "04208"}
    assert places("suivi") == {"04121"}
    assert places("cerema") == {"200069060", "12089"}
    assert places("ademe") == {"999000017"}  # its refusal of Decazeville took its sight of the file
    assert places("anah") == {"200070332"}
    assert places("bdt") == places("offreur") == places("clct") == places("admin") == set()
    assert "04121" not in places("anct")
    assert {"200069060", "38061", "71176", "200006930"} <= places("anct")


@pytest.mark.demonstration
@pytest.mark.django_db
def test_drafts_are_seen_by_their_own_side_only(actor: Callable[[str], Actor]) -> None:
    seen = {name for name in ACCOUNTS if Draft.objects.visible_to(actor(name)).exists()}
    assert seen == {"maire", "secretaire"}
    assert not Draft.objects.visible_to(anonymous(clock.today())).exists()


@pytest.mark.demonstration
@pytest.mark.django_db
def test_a_provider_reads_its_own_solicitations_only(actor: Callable[[str], Actor]) -> None:
    rows = Solicitation.objects.visible_to(actor("offreur"))
    assert set(rows.values_list("provider__code", flat=True)) == {"atd-04"}
    assert rows.count() == 2


@pytest.mark.demonstration
@pytest.mark.django_db
def test_a_claimed_mandate_opens_nothing_of_the_past(stage: object) -> None:
    mandate = Mandate.objects.get(user__email="maire@demo.example")
    Mandate.objects.filter(pk=mandate.pk).update(status="claimed", confirmed_at=None, confirmed_by=None, proof="")
    mandate.refresh_from_db()
    who = actor_for(mandate.user, mandate)
    SupportRequest.objects.filter(collectivity__code="04121").update(
        filed_by=Mandate.objects.get(user__email="secretaire@demo.example").user
    )
    assert not SupportRequest.objects.visible_to(who).exists()
    assert Draft.objects.visible_to(who).count() == 1  # his own


@pytest.mark.demonstration
@pytest.mark.django_db
def test_abilities_cost_one_query(
    actor: Callable[[str], Actor], django_assert_num_queries: Callable[[int], object]
) -> None:
    support_request = SupportRequest.objects.get(collectivity__code="04121")
    for name in ACCOUNTS:
        who = actor(name)
        with django_assert_num_queries(1 if name not in {"clct", "admin"} else 0):  # type: ignore[attr-defined]
            abilities(who, support_request)
