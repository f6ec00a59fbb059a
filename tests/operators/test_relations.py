"""What SQL says of bodies and offers is what is said of one: the same rows for both executions."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from zeal import zeal_ignore

from common.actor import Actor, Role
from operators import relations
from operators.matching import setwise
from operators.models import Offer, Provider
from operators.services import memberships
from operators.territory_facts import facts_of
from territories.models import Collectivity, ZoningValue
from tests.operators.factories import TODAY

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
#: Bodies of every kind, islands without intercommunalité, overseas, an EPCI over two departments, Mayotte.
PLACES = ("04121", "22016", "29083", "97801", "97608", "200068625", "200067437", "75056", "2A004", "REG-93", "04")


def read(statement: str, **values: Any) -> dict[int, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def as_sets(row: dict[str, Any]) -> dict[str, Any]:
    """Lists in any order, but for the themes and subjects of a need, which say nothing here."""
    return {name: sorted(value) if isinstance(value, list) else value for name, value in row.items()}


def members_of(some: list[Collectivity]) -> None:
    """All are members of one provider; of another one is nobody knows what, the others are not."""
    atd, caue = Provider.objects.filter(code__in=("atd-04", "caue-04")).order_by("code")
    by, at = (
        Actor(role=Role.ADMINISTRATOR, on=TODAY, mandate_confirmed=True),
        dt.datetime(2026, 11, 1, 10, tzinfo=dt.UTC),
    )
    with zeal_ignore():
        for provider, bodies, member in ((atd, some, True), (caue, some, False), (caue, some[:1], None)):
            memberships.say(provider, bodies, by, member=member, at=at)


def test_a_body_is_what_the_engine_knows_of_it() -> None:
    bodies = Collectivity.objects.filter(code__in=PLACES) | Collectivity.objects.filter(department="04")
    keys = [body.pk for body in bodies]
    assert len(keys) > len(PLACES)
    assert ZoningValue.objects.filter(collectivity__in=keys).exists(), "some have a zoning"
    some = [body for body in bodies if body.code in ("04121", "04070", "200067437")]
    members_of(some)
    rows = read(relations.bodies("c.id = ANY(%(keys)s)"), on=TODAY, keys=keys)
    assert set(rows) == set(keys)
    assert sum(row["member_of"] == ["atd-04"] for row in rows.values()) == 3, "and not the communes of the EPCI"
    assert sum(row["not_member_of"] == ["caue-04"] for row in rows.values()) == 2
    for body in bodies.select_related("department"):
        expected = setwise.need_row(body.pk, facts_of(body, TODAY))
        assert as_sets(rows[body.pk]) == as_sets(expected), body.code


def test_an_offer_is_its_record() -> None:
    offer = Offer.objects.published().order_by("pk")[0]
    offer.zonings_required = ["frr=FRR+", "qpv", "acv="]
    offer.save()
    records = Offer.objects.published().as_records()
    rows = read(relations.offers())
    assert set(rows) == {record.id for record in records}
    for record in records:
        assert as_sets(rows[record.id]) == as_sets(setwise.offer_row(record)), record.code
