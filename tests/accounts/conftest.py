"""Persons of the stories, and the letter box where codes are read."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.actors import actor_for
from accounts.enums import OrganisationKind
from accounts.events import AccountEvent
from accounts.models import Mandate, Organisation, User
from accounts.services import people, signatures
from common.actor import Actor, Matter, Role
from common.events import subscribe
from territories.models import Collectivity, Department, Desk

_received: list[Any] = []
subscribe(AccountEvent, _received.append)


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``); a test that calls a service twice is not a loop."""


class Box:
    """What happened, and the codes that were sent."""

    @property
    def events(self) -> list[Any]:
        return list(_received)

    def of(self, kind: type) -> list[Any]:
        return [event for event in _received if isinstance(event, kind)]

    @property
    def codes(self) -> list[str]:
        return [event.code for event in _received if hasattr(event, "code")]

    def clear(self) -> None:
        _received.clear()


@pytest.fixture
def box() -> Iterator[Box]:
    _received.clear()
    yield Box()
    _received.clear()


@pytest.fixture
def mezel(db: None) -> Collectivity:
    return Collectivity.objects.get(code="04121")


@pytest.fixture
def giromagny(db: None) -> Collectivity:
    return Collectivity.objects.get(code="90052")


@pytest.fixture
def desk(db: None) -> Desk:
    return _desk("04")


def _desk(code: str) -> Desk:
    found, _ = Desk.objects.update_or_create(
        department=Department.objects.get(pk=code),
        defaults={"service_name": "Direction départementale des territoires", "service_acronym": "DDT",
                  "instructor_matters": [Matter.REDIRECTION.value]},
    )  # fmt: skip
    return found


Builder = Callable[..., Mandate]


@pytest.fixture
def person(db: None) -> Builder:
    """``person("delegue", Role.DELEGATE, department="04")``: a confirmed mandate since 2020."""

    def build(name: str, role: Role, function: str = "", **fields: Any) -> Mandate:
        fields.setdefault("starts_on", dt.date(2020, 6, 1))
        fields.setdefault("civility", "Mme")
        fields.setdefault("first_name", "Anne")
        fields.setdefault("last_name", name.capitalize())
        if role in (Role.PROVIDER, Role.OPERATOR, Role.CONTRACTOR):
            fields.setdefault("organisation", organisation(f"corps-{name}"))
        return people.ensure_person(
            role=role, function=function or role.value, email=fields.pop("email", f"{name}@exemple.fr"), **fields
        )

    return build


def organisation(code: str, kind: OrganisationKind = OrganisationKind.PROVIDER) -> Organisation:
    return people.ensure_organisation(code, kind, f"Organisme {code}")


@pytest.fixture
def mayor(person: Builder, mezel: Collectivity) -> Mandate:
    return person("bruyere", Role.OFFICIAL, "maire", collectivity=mezel)


@pytest.fixture
def town_hall(mezel: Collectivity) -> Organisation:
    return people.set_official_address(mezel, "mairie@mezel.exemple.fr")


@pytest.fixture
def delegate(person: Builder, desk: Desk) -> Mandate:
    return person("aubier", Role.DELEGATE, "préfet", civility="M.", department="04")


@pytest.fixture
def deputy(person: Builder, desk: Desk) -> Mandate:
    return person("charme", Role.DEPUTY, "directrice départementale des territoires", department="04")


@pytest.fixture
def instructor(person: Builder, desk: Desk) -> Mandate:
    return person("frene", Role.INSTRUCTOR, "instructeur", civility="M.", department="04")


@pytest.fixture
def administrator(person: Builder) -> Mandate:
    mandate = person("laurier", Role.ADMINISTRATOR, "administratrice")
    User.objects.filter(pk=mandate.user_id).update(is_staff=True, is_superuser=True)
    mandate.user.refresh_from_db()
    return mandate


def actor(mandate: Mandate, on: dt.date | None = None) -> Actor:
    return actor_for(mandate.user, Mandate.objects.get(pk=mandate.pk), on)


def text(**changes: Any) -> signatures.ActText:
    day = changes.pop("day", dt.date(2025, 1, 6))
    values: dict[str, Any] = {
        "number": "2025-006-001", "gazette": "RAA n° 04-2025-003", "signed_on": day, "published_on": day,
        "starts_on": day, "quality_block": "la directrice départementale des territoires",
        "matters": (Matter.REFERRAL, Matter.CLOSING),
    }  # fmt: skip
    return signatures.ActText(**(values | changes))


@pytest.fixture
def act(delegate: Mandate, deputy: Mandate) -> Any:
    return signatures.ensure_act(delegating=delegate, signatory=deputy, text=text())


def signed_in(client: Client, mandate: Mandate) -> Client:
    """A session of this person, under this mandate."""
    client.force_login(mandate.user)
    session = client.session
    session["mandate"] = str(mandate.uuid)
    session.save()
    return client
