"""« Où l’aide manque »: a department's page, the nation's, their comparison and their export."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.sessions import signed_in
from operators import coverage
from operators.matching.vocabulary import Theme
from operators.models import CoverageCell, Offer
from requests.demonstration.stage import Stage

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
DESK, NATION = "/guichet/couverture/", "/national/couverture/"
As = Callable[[str], Client]


@pytest.fixture
def as_(client: Client) -> As:
    def sign_in(name: str) -> Client:
        client.cookies["sessionid"] = signed_in(Stage().account(name))
        return client

    return sign_in


@pytest.fixture
def hole() -> CoverageCell:
    """No offer of theirs for the bodies of 04 any more: the widest hole of its communes."""
    Offer.objects.filter(provider__department="04").update(status="draft")
    coverage.compute(departments=["04"])
    holes = CoverageCell.objects.latest_day().filter(department="04", kind="commune", uncovered__gt=0)
    return holes.order_by("-uncovered")[0]


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_desk_reads_its_department(as_: As, hole: CoverageCell, django_assert_max_num_queries: Any) -> None:
    client = as_("instructeur")
    with django_assert_max_num_queries(8):
        page = text(client.get(DESK))
    assert "Alpes-de-Haute-Provence (04)" in page
    for theme in Theme:
        assert theme.label.replace("'", "’") in page
    assert f"{hole.uncovered} sur {hole.bodies}" in page


def test_the_bodies_of_a_theme_are_listed_with_their_way_out(as_: As, hole: CoverageCell) -> None:
    client = as_("instructeur")
    page = text(client.get(DESK, {"theme": hole.theme}))
    for code in hole.codes[:3]:
        assert f'href="/offres/?commune={code}"' in page
    assert "/offres/?commune=" not in text(client.get(DESK, {"theme": "XXX"})), "a theme that does not exist"


def test_a_change_is_seen_once_computed_and_compared(as_: As) -> None:
    client = as_("instructeur")
    former = CoverageCell.objects.latest_day()[0].on - dt.timedelta(days=3)
    CoverageCell.objects.filter(department="04").update(on=former)
    Offer.objects.filter(provider__department="04").update(status="draft")
    answer = client.post(DESK)
    assert (answer.status_code, answer["Location"]) == (302, DESK)
    page = text(client.get(DESK, {"depuis": former.isoformat()}))
    assert "(+\N{NO-BREAK SPACE}" in page
    assert "(+" not in text(client.get(DESK, {"depuis": "1999-01-01"})), "a day never computed compares nothing"


@pytest.mark.parametrize(("name", "page"), [("instructeur", DESK), ("anct", NATION)])
def test_nothing_computed_yet_is_said(name: str, page: str, as_: As) -> None:
    CoverageCell.objects.all().delete()
    assert "n’a pas encore été calculée" in text(as_(name).get(page))


def test_the_nation_is_a_map_and_the_same_figures_in_a_table(as_: As, django_assert_max_num_queries: Any) -> None:
    client = as_("anct")
    with django_assert_max_num_queries(8):
        page = text(client.get(NATION, {"theme": "COM", "nature": "commune"}))
    assert page.count("<path") >= 101
    assert page.count('<th scope="row">') == 101
    assert "Alpes-de-Haute-Provence (04)" in page
    assert "Territoire de Belfort" in text(client.get(NATION, {"departement": "90"}))
    assert client.get(NATION, {"departement": "zz"}).status_code == 404


def test_a_desk_sees_no_other_department(as_: As) -> None:
    assert as_("instructeur").get(DESK, {"departement": "90"}).status_code == 404


@pytest.mark.parametrize(("name", "page", "departments"), [("instructeur", DESK, 1), ("anct", NATION, 101)])
def test_the_export_holds_every_cell(name: str, page: str, departments: int, as_: As) -> None:
    answer = as_(name).get(page, {"format": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")), delimiter=";"))
    assert len({row["Département"] for row in rows}) == departments
    for row in rows[:50]:
        codes = row["Codes sans offre locale"].split()
        assert len(codes) == int(row["Sans offre locale"])


def test_the_coverage_of_a_day_adds_up() -> None:
    assert coverage.KINDS
    for cell in CoverageCell.objects.all():
        assert cell.uncovered == len(cell.codes) <= cell.bodies
        assert cell.uncovered_inhabitants <= cell.inhabitants
