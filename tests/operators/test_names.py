"""Names of codes, as the portal holds them today."""

from typing import Any

import pytest

from operators.matching.engine import match
from operators.matching.facts import Area
from operators.models import Subject
from operators.names import labels, names_for, names_in
from programmes.models import Programme
from territories.models import Collectivity, Zoning
from tests.operators.factories import AREAS, facts, record

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


def test_what_staff_keeps_is_one_query(django_assert_num_queries: Any) -> None:
    Subject.objects.create(code="cimetiere", label="Cimetière", theme="LOG", group="living", order=99)
    with django_assert_num_queries(1):
        found = labels()
    assert found["cimetiere"] == "Cimetière"
    assert set(found) >= set(Programme.objects.values_list("code", flat=True))
    assert set(found) >= set(Zoning.objects.values_list("code", flat=True))


def test_areas_quoted_anywhere_are_named_by_one_query_a_level(django_assert_num_queries: Any) -> None:
    mezel = Collectivity.objects.get(code="04121")
    part = {"level": "commune", "codes": ["04121", "99999"]}
    document = {"candidates": [{"readings": [["territory", "covers_part", part], ["status", "published"]]}]}
    with django_assert_num_queries(1):
        found = names_in(document, {"areas": {"commune": ["04134"]}})
    assert found["commune:04121"] == mezel.label
    assert not {key for key in found if "99999" in key or "04134" in key}


def test_nothing_is_asked_of_what_the_portal_names_by_itself(django_assert_num_queries: Any) -> None:
    Subject.objects.create(code="cimetiere", label="Cimetière", theme="LOG", group="living", order=99)
    own = {"facts": {"subjects": ["commerce"], "programmes": ["PVD"]}, "readings": [{"values": ["COM", "frr=FRR+"]}]}
    with django_assert_num_queries(0):
        assert names_in(own) == {}
    with django_assert_num_queries(1):
        assert names_in(own, {"facts": {"subjects": ["cimetiere"]}})["cimetiere"] == "Cimetière"


def test_a_fresh_matching_is_named_as_a_frozen_one() -> None:
    body = facts(kind="epci", areas={**AREAS, "department": frozenset({"04", "05"})})
    matching = match(body, [record(coverage=(Area("department", "05"),))])
    assert names_for(matching)["department:05"] == "Hautes-Alpes (05)"
    assert names_for(matching) == names_in(matching.as_dict())
