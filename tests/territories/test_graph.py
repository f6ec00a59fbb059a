"""Memberships by hand, bodies created by staff, and the keys of their SIREN."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from common.errors import Conflict, Invalid
from territories import siren
from territories.completion import search
from territories.models import Collectivity, FlatMembership, Membership
from territories.services import bodies, graph

pytestmark = pytest.mark.django_db


def petr(number: int, name: str = "PETR d’essai") -> Collectivity:
    return bodies.save(
        Collectivity(kind="petr", name=name, siren=f"99900000{number}", fictitious=True, department_id="04")
    )


@pytest.fixture
def agglomeration() -> Collectivity:
    return Collectivity.objects.get(name="CA Provence-Alpes-Agglomération")


def ancestors(code: str) -> set[str]:
    return set(FlatMembership.objects.filter(member__code=code).values_list("ancestor__name", flat=True))


def test_a_commune_reaches_the_petr_of_its_epci(agglomeration: Collectivity) -> None:
    graph.join(agglomeration, petr(1), dt.date(2026, 1, 1))
    assert ancestors("04121") == {"CA Provence-Alpes-Agglomération", "PETR d’essai"}


def test_leaving_closes_and_keeps(agglomeration: Collectivity) -> None:
    membership = graph.join(agglomeration, petr(1), dt.date(2026, 1, 1))
    graph.leave(membership, dt.date(2026, 3, 1))
    assert ancestors("04121") == {"CA Provence-Alpes-Agglomération"}
    kept = Membership.objects.get(pk=membership.pk)
    assert kept.until == dt.date(2026, 3, 1)
    with pytest.raises(Conflict):
        graph.leave(membership)


def test_leaving_before_joining(agglomeration: Collectivity) -> None:
    membership = graph.join(agglomeration, petr(1), dt.date(2026, 1, 1))
    with pytest.raises(Invalid):
        graph.leave(membership, dt.date(2025, 1, 1))


def test_no_circle_however_long(agglomeration: Collectivity) -> None:
    first, second = petr(1, "Premier"), petr(2, "Deuxième")
    graph.join(agglomeration, first)
    graph.join(first, second)
    with pytest.raises(Invalid, match="boucle"):
        graph.join(second, agglomeration)
    with pytest.raises(Invalid, match="lui-même"):
        graph.join(first, first)


def test_no_membership_twice(agglomeration: Collectivity) -> None:
    grouping = petr(1)
    graph.join(agglomeration, grouping)
    with pytest.raises(Invalid, match="déjà membre"):
        graph.join(agglomeration, grouping)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(member=agglomeration, grouping=grouping)


def test_refreshing_twice_writes_nothing() -> None:
    with connection.cursor() as cursor:
        assert graph.refresh(cursor) == (0, 0)


def test_a_body_of_staff_has_its_siren_for_address() -> None:
    body = petr(1)
    assert body.code == "999000001"
    assert [link.department_id for link in body.department_links.all()] == ["04"]
    body.department_id = "05"
    bodies.save(body)
    assert [(link.department_id, link.is_lead) for link in body.department_links.all()] == [("05", True)]
    assert [found.pk for found in search("petr d essai")] == [body.pk]


@pytest.mark.parametrize(
    ("kind", "number", "fictitious", "message"),
    [
        ("commune", "999000001", True, "code officiel géographique"),
        ("syndicate", None, False, "Indiquez le SIREN"),
        ("syndicate", "12345678", False, "neuf chiffres"),
        ("syndicate", "200069194", False, "clé de contrôle"),
        ("syndicate", "999000001", False, "réservés aux organismes fictifs"),
    ],
)
def test_bodies_that_are_refused(kind: str, number: str | None, fictitious: bool, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        bodies.save(Collectivity(kind=kind, name="X", siren=number, fictitious=fictitious, department_id="04"))


@pytest.mark.parametrize(
    ("number", "good"),
    [("200069193", True), ("200069194", False), ("356000000", True), ("210401212", True), ("000000001", False)],
)
def test_the_key_of_a_siren(number: str, good: bool) -> None:
    assert siren.has_luhn_key(number) is good
    assert (siren.fault(number, fictitious=False) == "") is good


def test_the_model_checks_it_too() -> None:
    body = Collectivity(kind="syndicate", name="X", code="200069194", siren="200069194", department_id="04")
    with pytest.raises(ValidationError) as caught:
        body.full_clean()
    assert "siren" in caught.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        Collectivity.objects.filter(code="04121").update(siren="12")
