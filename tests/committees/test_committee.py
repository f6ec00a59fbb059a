"""The committee's page: who may read it, what it says, and that it decides nothing."""

import dataclasses
import re

import pytest
from django.db import IntegrityError, transaction
from django.template.loader import get_template

from committees import seeds
from committees.models import Committee, CommitteeMember
from committees.permissions import CommitteeAbility, abilities
from common.actor import Actor, Role, anonymous
from tests.operators.factories import TODAY

pytestmark = pytest.mark.django_db

READERS = {
    Role.COMMITTEE_MEMBER,
    Role.INSTRUCTOR,
    Role.DEPUTY,
    Role.DELEGATE,
    Role.SUB_PREFECT,
    Role.CMT,
    Role.REGION,
    Role.NATIONAL,
    Role.DIRECTOR_GENERAL,
    Role.ADMINISTRATOR,
    Role.SYSTEM,
}
EVERYWHERE = {Role.NATIONAL, Role.DIRECTOR_GENERAL, Role.ADMINISTRATOR, Role.SYSTEM}


@pytest.fixture
def committee() -> Committee:
    seeds.seed_demo()
    return Committee.objects.get(department="04")


@pytest.mark.parametrize("role", list(Role))
def test_who_reads(committee: Committee, role: Role) -> None:
    actor = Actor(role=role, on=TODAY, person_id=1, departments=frozenset({"04"}))
    sibling = dataclasses.replace(actor, departments=frozenset({"05"}))
    for each, expected in ((actor, role in READERS), (sibling, role in EVERYWHERE)):
        assert (committee in Committee.objects.visible_to(each)) is expected
        assert (CommitteeAbility.VIEW in abilities(each, committee)) is expected


def test_a_sub_prefect_reads_the_committee_of_his_department(committee: Committee) -> None:
    """He works in an arrondissement; the committee sits in its department."""
    actor = Actor(role=Role.SUB_PREFECT, on=TODAY, person_id=1, arrondissements=frozenset({"044"}))
    for each, expected in ((actor, True), (dataclasses.replace(actor, arrondissements=frozenset({"901"})), False)):
        assert (committee in Committee.objects.visible_to(each)) is expected
        assert (CommitteeAbility.VIEW in abilities(each, committee)) is expected


def test_reading_is_all_there_is(committee: Committee) -> None:
    assert set(CommitteeAbility) == {CommitteeAbility.VIEW}


def test_a_visitor_is_asked_to_sign_in(client, committee: Committee) -> None:
    assert client.get("/clct/").status_code == 302
    assert client.get("/clct/04/").status_code == 302
    assert not Committee.objects.visible_to(anonymous(TODAY)).exists()


def test_seats_are_functions_and_bodies(committee: Committee) -> None:
    seats = CommitteeMember.objects.filter(committee=committee)
    assert {seat.college for seat in seats} == {"state", "operators", "collectivities", "engineering", "parliament"}
    assert {"Ademe", "Anah", "ANRU", "Banque des Territoires", "Cerema"} <= {seat.body_name for seat in seats}
    assert seeds.seed_demo() == 0


def test_no_word_of_decision_on_the_pages() -> None:
    for name in ("committees/list.html", "committees/detail.html"):
        source = get_template(name).template.source.lower()  # type: ignore[attr-defined]
        assert "il ne se prononce pas sur les dossiers individuels" in source
        assert not re.search(r"valid|décid|décision|approuv|avis|<form|<button type=\"submit", source)


def test_one_committee_for_a_department() -> None:
    Committee.objects.create(department_id="48")
    with pytest.raises(IntegrityError), transaction.atomic():
        Committee.objects.create(department_id="48")
