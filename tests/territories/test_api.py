"""Territories through the API: the views themselves; their addresses belong to the portal."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.models import User
from territories.api.views import CollectivityViewSet, DepartmentViewSet
from territories.services.desks import open_missing_desks

pytestmark = pytest.mark.django_db


def ask(viewset: Any, parameters: dict[str, Any] | None = None, **route: str) -> Any:
    request = APIRequestFactory().get("/", parameters or {})
    force_authenticate(request, user=User(email="agent@demo.example"))
    action = {"get": "retrieve"} if route else {"get": "list"}
    response = viewset.as_view(action)(request, **route)
    response.render() if hasattr(response, "render") else None
    return response


def test_one_body() -> None:
    body = ask(CollectivityViewSet, code="04121").data
    assert body["name"] == "Mézel" and body["population"] == 611 and body["population_vintage"] == 2023
    assert body["department"] == "04" and body["departments"] == ["04"] and body["arrondissement"] == "043"
    assert [grouping["code"] for grouping in body["groupings"]] == ["200067437"]


@pytest.mark.parametrize(("code", "status"), [("01340", 200), ("210401212", 200), ("99999", 404)])
def test_codes(code: str, status: int) -> None:
    assert ask(CollectivityViewSet, code=code).status_code == status


@pytest.mark.parametrize(
    ("parameters", "first"),
    [
        ({"q": "mezel"}, "04121"),
        ({"kind": "ept"}, "200057867"),
        ({"department": "2a", "kind": "commune"}, "2A001"),
        ({"siren": "200069193"}, "200069193"),
        ({"member_of": "200069193"}, "01001"),
        ({"population_min": "2000000", "kind": "commune"}, "75056"),
        ({"insee_code": "42218"}, "42218"),
    ],
)
def test_filters(parameters: dict[str, str], first: str) -> None:
    assert ask(CollectivityViewSet, parameters).data["results"][0]["code"] == first


def test_the_same_number_of_queries_for_one_row_and_for_fifty() -> None:
    def cost(**parameters: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            ask(CollectivityViewSet, {"kind": "commune", **parameters})
        return len(queries)

    assert cost(page_size="1") == cost(page_size="50") <= 8


def test_departments_with_their_desk() -> None:
    open_missing_desks()
    department = ask(DepartmentViewSet, code="2a").data
    assert department["code"] == "2A" and department["region"] == "94"
    assert department["desk"]["service_acronym"] == "DDTM"
    with CaptureQueriesContext(connection) as queries:
        rows = ask(DepartmentViewSet, {"kind": "department", "page_size": "200"}).data["results"]
    assert len(rows) == 101 and len(queries) <= 8


def test_an_overseas_collectivity_is_a_department_of_another_kind() -> None:
    assert ask(DepartmentViewSet, code="988").data["kind"] == "overseas_collectivity"
    assert ask(DepartmentViewSet, {"kind": "overseas_collectivity"}).data["results"][0]["code"] == "975"


def test_nobody_reads_it_unknown() -> None:
    response = CollectivityViewSet.as_view({"get": "list"})(APIRequestFactory().get("/"))
    assert response.status_code == 401
