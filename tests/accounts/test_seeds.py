"""The demonstration accounts, and the organisations that exist by rule."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from accounts import seeds
from accounts.demonstration import ACCOUNTS, PASSWORD, SHARED_MAILBOX
from accounts.models import Mandate, Organisation, SignatureAct, User
from common.actor import Matter, Role
from territories.models import Department, Desk
from tests.accounts.conftest import actor

pytestmark = pytest.mark.django_db

#: DESIGN 7.
# fmt: off
NAMES = [
    "maire", "secretaire", "maire2", "epci", "chefprojet", "offreur", "instructeur", "instructeur2", "sousprefet",
    "adjoint", "delegue", "suivi", "cmt", "anct", "dg", "anah", "anru", "cerema", "bdt", "ademe", "clct", "admin",
]
# fmt: on


@pytest.fixture
def demonstration(clock: Any) -> None:
    clock.move_to("2026-11-21 10:00")
    for department in Department.objects.filter(desk__isnull=True):
        Desk.objects.create(department=department, service_name="Préfecture")
    with override_settings(DEBUG=True):
        seeds.reference(lambda line: None)
        seeds.demo(lambda line: None)


def test_every_account_of_the_contract_exists_with_its_sentence(demonstration: None) -> None:
    assert [account.name for account in ACCOUNTS] == NAMES
    assert all(account.try_this.endswith(".") for account in ACCOUNTS)
    for name in NAMES:
        user = User.objects.get(email=f"{name}@demo.example")
        assert user.check_password(PASSWORD)
        (mandate,) = Mandate.objects.in_force(dt.date(2026, 11, 21)).filter(user=user)
        assert mandate.is_confirmed
        shown = next(account.person for account in ACCOUNTS if account.name == name)
        assert shown.startswith(user.display_name.replace("\N{NO-BREAK SPACE}", " "))


def test_each_account_has_its_role(demonstration: None) -> None:
    roles = {account.name: Mandate.objects.get(user__email=account.email).role for account in ACCOUNTS}
    assert set(roles.values()) == {role.value for role in Role} - {"anonymous", "system", "region", "contractor"}


def test_a_second_seed_writes_nothing(demonstration: None) -> None:
    with override_settings(DEBUG=True), CaptureQueriesContext(connection) as queries:
        seeds.reference(lambda line: None)
        seeds.demo(lambda line: None)
    written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []


def test_the_demonstration_is_refused_in_production(db: None) -> None:
    with pytest.raises(RuntimeError, match="DEBUG"):
        seeds.demo(lambda line: None)


def test_the_former_order_is_dead_and_the_new_one_signs(demonstration: None) -> None:
    deputy = Mandate.objects.get(user__email="adjoint@demo.example")
    days = {
        dt.date(2026, 9, 1): 1, dt.date(2026, 9, 2): 0, dt.date(2026, 9, 13): 0, dt.date(2026, 9, 14): 1,
    }  # fmt: skip
    for day, expected in days.items():
        assert SignatureAct.objects.in_force("04", Matter.REFERRAL, day).count() == expected, day
        assert actor(deputy, day).may_sign(Matter.REFERRAL) is bool(expected), day


def test_the_shared_mailbox_names_two_persons(demonstration: None) -> None:
    assert Organisation.objects.get(email=SHARED_MAILBOX).collectivity.code == "04121"  # type: ignore[union-attr]


def test_there_is_an_organisation_for_each_desk(demonstration: None) -> None:
    assert Organisation.objects.filter(kind="desk").count() == Desk.objects.count() > 100
    assert Organisation.objects.filter(kind="operator").count() == 5


@override_settings(DEBUG=True, DEMONSTRATION_CODE="424242")
def test_each_account_signs_in_by_its_password(demonstration: None) -> None:
    for account in ACCOUNTS:
        client = Client()
        given = {"email": account.email, "password": PASSWORD}
        answer = client.post("/connexion/", given)
        if answer.url != "/mon-espace/":
            assert answer.url == "/connexion/second-facteur/"
            assert client.post(answer.url, {"code": "424242"}).url == "/mon-espace/"
        assert client.get("/profil/").status_code == 200, account.name
