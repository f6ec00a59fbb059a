"""Delegations of signature: in force, dead, uncovered; change of prefect (PRACTICE 2.3)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts import events
from accounts.enums import ActEnd
from accounts.models import Mandate, SignatureAct, User
from accounts.services import mandates, people, signatures
from common.actor import Matter, Role
from common.errors import Conflict, Invalid, NotAllowed
from territories.models import Department
from tests.accounts.conftest import Box, Builder, actor, text

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 3)


@pytest.fixture(autouse=True)
def _stopped(clock: Any) -> None:
    """3 March 2026."""


def matters(mandate: Mandate, on: dt.date = TODAY) -> set[Matter]:
    return set(actor(mandate, on).matters)


def test_a_deputy_signs_what_her_act_covers_while_it_lasts(act: SignatureAct, deputy: Mandate) -> None:
    assert matters(deputy) == {Matter.REFERRAL, Matter.CLOSING}
    assert matters(deputy, dt.date(2025, 1, 5)) == set()
    assert matters(deputy, dt.date(2025, 1, 6)) == {Matter.REFERRAL, Matter.CLOSING}


def test_two_acts_add_up(act: SignatureAct, delegate: Mandate, deputy: Mandate) -> None:
    signatures.ensure_act(
        delegating=delegate, signatory=deputy, text=text(number="2", matters=(Matter.AGREEMENT, Matter.CLOSING))
    )
    assert matters(deputy) == {Matter.REFERRAL, Matter.CLOSING, Matter.AGREEMENT}


def test_the_delegate_signs_by_office(delegate: Mandate) -> None:
    assert matters(delegate) == set(Matter)


def test_an_act_gives_nothing_to_who_is_not_its_signatory(
    act: SignatureAct, person: Builder, instructor: Mandate
) -> None:
    assert matters(person("autre", Role.DEPUTY, department="04")) == set()
    assert matters(person("voisine", Role.DEPUTY, department="05")) == set()
    assert matters(instructor) == {Matter.REDIRECTION}


def test_an_act_dies_on_the_day_the_prefect_leaves(act: SignatureAct, delegate: Mandate, deputy: Mandate) -> None:
    Mandate.objects.filter(pk=delegate.pk).update(ends_on=TODAY, status="ended")
    assert matters(deputy) == set()
    assert not act.in_force(TODAY)
    assert act.in_force(TODAY - dt.timedelta(days=1)), "letters signed before stay good"


def test_an_act_dies_on_the_day_the_signatory_leaves(act: SignatureAct, deputy: Mandate) -> None:
    Mandate.objects.filter(pk=deputy.pk).update(ends_on=TODAY, status="ended")
    assert not act.in_force(TODAY)
    assert matters(deputy) == set()


def test_an_act_ended_lets_nobody_sign_that_day(
    act: SignatureAct, delegate: Mandate, deputy: Mandate, box: Box
) -> None:
    signatures.end_act(actor(delegate), act, TODAY)
    assert matters(deputy) == set()
    assert [event.act_id for event in box.of(events.SignatureActEnded)] == [act.pk]
    with pytest.raises(Conflict):
        signatures.end_act(actor(delegate), act, TODAY)


def test_an_unconfirmed_or_refused_mandate_carries_no_act(act: SignatureAct, deputy: Mandate) -> None:
    Mandate.objects.filter(pk=deputy.pk).update(status="refused")
    assert not act.in_force(TODAY)
    Mandate.objects.filter(pk=deputy.pk).update(status="claimed", confirmed_at=None, proof="")
    assert not act.in_force(TODAY)
    assert matters(deputy) == set()


def test_an_act_is_found_by_department_matter_day_and_amount(act: SignatureAct) -> None:
    SignatureAct.objects.filter(pk=act.pk).update(amount_ceiling=Decimal(40000))
    found = SignatureAct.objects.in_force
    assert found("04", Matter.REFERRAL, TODAY).get() == act
    assert not found("05", Matter.REFERRAL, TODAY).exists()
    assert not found("04", Matter.AGREEMENT, TODAY).exists()
    assert not found("04", Matter.REFERRAL, dt.date(2024, 12, 31)).exists()
    assert found("04", Matter.REFERRAL, TODAY, amount=Decimal("40000.00")).exists()
    assert not found("04", Matter.REFERRAL, TODAY, amount=Decimal("40000.01")).exists()


def test_ending_a_mandate_closes_its_acts(act: SignatureAct, deputy: Mandate, administrator: Mandate, box: Box) -> None:
    mandates.end(actor(administrator), deputy, TODAY)
    act.refresh_from_db()
    assert (act.ends_on, act.ended_reason) == (TODAY, ActEnd.SIGNATORY_LEFT)
    assert len(box.of(events.SignatureActEnded)) == 1


# --- recording -------------------------------------------------------------------------------------------------------


def test_an_order_is_recorded_by_the_delegate_or_the_administrator(
    delegate: Mandate, deputy: Mandate, administrator: Mandate
) -> None:
    for number, who in (("1", delegate), ("2", administrator)):
        act = signatures.record_act(actor(who), delegating=delegate, signatory=deputy, text=text(number=number))
        assert act.recorded_by_id == who.user_id


def test_nobody_else_records_an_order(
    delegate: Mandate, deputy: Mandate, instructor: Mandate, person: Builder, mayor: Mandate
) -> None:
    for who in (deputy, instructor, mayor, person("voisin", Role.DELEGATE, department="05")):
        with pytest.raises(NotAllowed):
            signatures.record_act(actor(who), delegating=delegate, signatory=deputy, text=text())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"published_on": dt.date(2025, 1, 5)}, "published_on"),
        ({"starts_on": dt.date(2025, 1, 5)}, "starts_on"),
        ({"ends_on": dt.date(2025, 1, 6)}, "ends_on"),
        ({"matters": ()}, "matters"),
        ({"day": dt.date(2019, 1, 1)}, "delegating"),
    ],
)
def test_an_order_that_does_not_hold_is_refused(
    delegate: Mandate, deputy: Mandate, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        signatures.record_act(actor(delegate), delegating=delegate, signatory=deputy, text=text(**changes))
    assert refusal.value.field == field


def test_an_order_is_between_a_prefect_and_a_deputy_of_the_same_department(
    delegate: Mandate, deputy: Mandate, instructor: Mandate, person: Builder
) -> None:
    elsewhere = person("voisine", Role.DEPUTY, department="05")
    for signatory in (instructor, elsewhere, delegate):
        with pytest.raises(Invalid):
            signatures.record_act(actor(delegate), delegating=delegate, signatory=signatory, text=text())


def test_an_order_is_recorded_once(act: SignatureAct, delegate: Mandate, deputy: Mandate) -> None:
    with pytest.raises(Conflict):
        signatures.record_act(actor(delegate), delegating=delegate, signatory=deputy, text=text())
    assert signatures.ensure_act(delegating=delegate, signatory=deputy, text=text()) == act


def test_the_database_keeps_the_order_of_dates(act: SignatureAct) -> None:
    for broken in ({"published_on": dt.date(2024, 1, 1)}, {"ends_on": dt.date(2024, 1, 1)}, {"matters": []},
                   {"ended_reason": "repealed"}):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            SignatureAct.objects.filter(pk=act.pk).update(**broken)


# --- change of prefect -----------------------------------------------------------------------------------------------


@pytest.fixture
def new_prefect(db: None) -> User:
    return people.ensure_unaddressed("Mme", "Louise", "Cade")


def change(who: Mandate, prefect: User, on: dt.date = TODAY, **options: Any) -> signatures.ChangeOfPrefect:
    return signatures.change_of_prefect(actor(who), Department.objects.get(pk="04"), prefect, on, **options)


def test_a_new_prefect_voids_every_delegation(
    act: SignatureAct, delegate: Mandate, deputy: Mandate, administrator: Mandate, new_prefect: User, person: Builder,
    box: Box,
) -> None:  # fmt: skip
    neighbour = person("voisin", Role.DELEGATE, department="05")
    done = change(administrator, new_prefect, function="préfète")
    assert (len(done.acts_closed), done.deputies_without_act) == (1, 1)
    act.refresh_from_db()
    assert (act.ends_on, act.ended_reason) == (TODAY, ActEnd.CHANGE_OF_PREFECT)
    assert matters(deputy) == set()
    assert matters(delegate) == set()
    assert matters(done.mandate) == set(Matter)
    assert matters(neighbour) == set(Matter)
    told = box.of(events.PrefectChanged)[0]
    assert (told.department_code, told.mandate_id, told.on) == ("04", done.mandate.pk, TODAY)
    signatures.record_act(
        actor(done.mandate), delegating=done.mandate, signatory=deputy, text=text(number="n", day=TODAY)
    )
    assert matters(deputy) == {Matter.REFERRAL, Matter.CLOSING}


def test_an_act_of_an_earlier_prefect_that_nobody_closed_dies_too(
    delegate: Mandate, deputy: Mandate, administrator: Mandate, person: Builder, new_prefect: User
) -> None:
    older = person("vieux", Role.DELEGATE, "préfet", department="04", ends_on=dt.date(2030, 1, 1))
    forgotten = signatures.ensure_act(delegating=older, signatory=deputy, text=text(number="vieux"))
    assert change(administrator, new_prefect).acts_closed == (forgotten,)
    assert matters(deputy) == set()


def test_an_act_to_come_is_closed_and_told_once(
    delegate: Mandate, deputy: Mandate, administrator: Mandate, new_prefect: User, box: Box
) -> None:
    signatures.ensure_act(delegating=delegate, signatory=deputy, text=text(day=TODAY + dt.timedelta(days=10)))
    change(administrator, new_prefect)
    assert len(box.of(events.SignatureActEnded)) == 1


def test_a_vacancy_is_held_ad_interim(
    act: SignatureAct, delegate: Mandate, deputy: Mandate, administrator: Mandate, new_prefect: User
) -> None:
    interim = change(administrator, new_prefect, function="secrétaire générale", ad_interim=True).mandate
    assert interim.title == "secrétaire générale par intérim"
    assert matters(interim) == set(Matter)
    held = signatures.ensure_act(
        delegating=interim, signatory=deputy, text=text(number="i", day=TODAY, ad_interim=True)
    )
    assert held.block.splitlines() == [
        "Pour le préfet par intérim et par délégation,",
        "la directrice départementale des territoires par intérim,",
        "Anne CHARME",
    ]


def test_the_block_of_a_letter(act: SignatureAct, delegate: Mandate) -> None:
    assert act.block == (
        "Pour le préfet et par délégation,\nla directrice départementale des territoires,\nAnne CHARME"
    )
    act.delegating.function = "préfète"
    assert act.block.startswith("Pour la préfète et par délégation,")


def test_who_records_a_change_of_prefect(
    delegate: Mandate, deputy: Mandate, instructor: Mandate, person: Builder, new_prefect: User
) -> None:
    for who in (deputy, instructor, person("voisin", Role.DELEGATE, department="05")):
        with pytest.raises(NotAllowed):
            change(who, new_prefect)
    change(delegate, new_prefect)


def test_the_same_prefect_is_not_appointed_twice(delegate: Mandate, administrator: Mandate) -> None:
    with pytest.raises(Conflict):
        change(administrator, delegate.user)


def test_a_prefect_does_not_arrive_before_the_one_in_office(
    delegate: Mandate, administrator: Mandate, new_prefect: User
) -> None:
    with pytest.raises(Invalid):
        change(administrator, new_prefect, dt.date(2020, 1, 1))
    assert matters(delegate) == set(Matter)
