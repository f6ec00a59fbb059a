"""« Où l’aide manque »: a department's page, the nation's, their comparison and their export."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Mandate
from accounts.sessions import signed_in
from common import jobs
from common.french import plural
from operators import coverage
from operators.enums import BodyKind
from operators.matching.vocabulary import Theme
from operators.models import CoverageCell, CoverageJob, Offer, Subject
from requests.demonstration.stage import Stage
from territories.models import Collectivity

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


def computed() -> None:
    """A worker does what was asked."""
    jobs.sweep([coverage.WORK])
    assert not CoverageJob.objects.undone().exists()


def exported(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")), delimiter=";"))


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_desk_reads_its_department(as_: As, hole: CoverageCell, django_assert_max_num_queries: Any) -> None:
    client = as_("instructeur")
    with django_assert_max_num_queries(12):
        page = text(client.get(DESK))
    assert "Alpes-de-Haute-Provence (04)" in page
    for theme in Theme:
        assert theme.label.replace("'", "’") in page
    assert f"{hole.uncovered} sur\N{NO-BREAK SPACE}{hole.bodies}" in page


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
    assert client.post(DESK)["Location"] == f"{DESK}#calcul"
    computed()
    page = text(client.get(DESK, {"depuis": former.isoformat()}))
    assert "(+\N{NO-BREAK SPACE}" in page
    assert "(+" not in text(client.get(DESK, {"depuis": "1999-01-01"})), "a day never computed compares nothing"


@pytest.mark.parametrize(("name", "page"), [("instructeur", DESK), ("anct", NATION)])
def test_nothing_computed_yet_is_said(name: str, page: str, as_: As) -> None:
    CoverageCell.objects.all().delete()
    assert "n’a pas encore été calculée" in text(as_(name).get(page))


def test_the_nation_is_a_map_and_the_same_figures_in_a_table(as_: As, django_assert_max_num_queries: Any) -> None:
    client = as_("anct")
    with django_assert_max_num_queries(12):
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
    rows = exported(answer)
    assert len({row["Département"] for row in rows}) == departments
    for row in rows[:50]:
        codes = row["Codes sans offre locale"].split()
        assert len(codes) == int(row["Sans offre locale"])


def test_the_coverage_of_a_day_adds_up() -> None:
    assert coverage.KINDS
    for cell in CoverageCell.objects.all():
        assert cell.uncovered == len(cell.codes) <= cell.bodies
        assert cell.uncovered_inhabitants <= cell.inhabitants


def test_a_computation_is_asked_once_waited_for_and_shown(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "compute", lambda **given: pytest.fail("computed inside the request"))
    client = as_("instructeur")
    state = {"calcul": ""}
    assert "Recalculer maintenant" in text(client.get(DESK))
    client.post(DESK)
    client.post(DESK)
    assert CoverageJob.objects.undone().count() == 1, "a second click asks nothing more"
    page = text(client.get(DESK))
    assert f'hx-get="{DESK}?calcul="' in page
    assert "Recalculer maintenant" not in page
    assert "est en cours" in text(client.get(DESK, state))
    monkeypatch.undo()
    computed()
    assert "C’est calculé" in text(client.get(DESK, state))
    assert "Recalculer maintenant" in text(client.get(DESK))


def test_the_agency_asks_for_the_nation_or_a_department(as_: As) -> None:
    client = as_("anct")
    client.post(NATION)
    client.post(f"{NATION}?departement=90")
    assert list(CoverageJob.objects.undone().order_by("pk").values_list("place", flat=True)) == ["FR", "90"]
    assert "est en cours" in text(client.get(NATION))
    assert "est en cours" in text(client.get(NATION, {"departement": "04"})), "the nation's is its own too"


def test_who_only_reads_asks_for_nothing(as_: As) -> None:
    client = as_("cmt")
    page = text(client.get(DESK))
    assert "Recalculer" not in page
    assert client.post(DESK).status_code == 403
    assert not CoverageJob.objects.exists()


@pytest.mark.parametrize("theme", ["", "COM"])
def test_a_department_that_leads_no_epci_keeps_its_columns(theme: str, as_: As) -> None:
    page = text(as_("anct").get(NATION, {"departement": "93", "theme": theme}))
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    assert len(rows) == len(Theme)
    for row in rows:
        assert row.count("<td") == 2
        assert "Sans objet" in row


def test_a_sub_prefect_is_where_his_arrondissement_is(as_: As) -> None:
    """His mandate need not name the department."""
    client = as_("sousprefet")
    shown = text(client.get(DESK))
    Mandate.objects.filter(user__email__startswith="sousprefet@").update(department=None)
    assert "Alpes-de-Haute-Provence (04)" in shown
    assert "Alpes-de-Haute-Provence (04)" in text(client.get(DESK))


def test_the_subjects_of_a_theme_are_counted_and_lead_to_their_bodies(
    as_: As, django_assert_max_num_queries: Any
) -> None:
    """Nobody near answers « commerce » in 43 and 23, though others answer the theme (providers.toml)."""
    client = as_("anct")
    with django_assert_max_num_queries(15):
        page = text(client.get(NATION, {"departement": "23", "theme": "COM"}))
    assert "Les sujets de ce thème" in page
    assert "sujet=commerce&amp;departement=23" in page
    communes = Collectivity.objects.current().filter(department="23", kind="commune", fictitious=False)
    count = communes.count()
    assert f"{count} sur\N{NO-BREAK SPACE}{count}" in page.partition("par sujet")[2]
    with django_assert_max_num_queries(15):
        page = text(client.get(NATION, {"departement": "23", "sujet": "commerce"}))
    for commune in communes:
        assert f"?commune={commune.code}" in page
    assert f"Sans offre locale ({count})" in page
    assert "/offres/?commune=" not in text(client.get(NATION, {"departement": "23", "sujet": "xxx"}))


def test_the_communes_of_a_theme_are_dots(as_: As, hole: CoverageCell) -> None:
    page = text(as_("instructeur").get(DESK, {"theme": hole.theme}))
    assert f"Sans offre locale ({hole.uncovered})" in page
    assert f"Avec une offre locale ({hole.bodies - hole.uncovered})" in page
    assert page.partition('<path class="coverage-dot-hole" d="')[2].partition('"')[0].count("M") == hole.uncovered


def test_the_nation_gives_its_counts_with_every_share(as_: As, hole: CoverageCell) -> None:
    page = text(as_("anct").get(NATION, {"theme": hole.theme}))
    nb = "\N{NO-BREAK SPACE}"
    assert f"{hole.uncovered} sur{nb}{hole.bodies}" in page
    assert f"{plural(hole.uncovered, 'commune')} sur{nb}{hole.bodies} sans offre locale" in page, "the map says it too"
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    for cell in table.split("<td")[1:]:
        assert "%" not in cell or ("hab." in cell and " sur" in cell), cell


def test_one_subject_of_the_nation_is_a_table_and_a_map(as_: As, django_assert_max_num_queries: Any) -> None:
    client = as_("anct")
    with django_assert_max_num_queries(15):
        page = text(client.get(NATION, {"sujet": "commerce"}))
    label = Subject.objects.get(code="commerce").label
    assert f'<option value="commerce" selected>{label}' in page.replace("\N{NO-BREAK SPACE}", " ")
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    assert len(rows) == 101
    (creuse,) = [row for row in rows if "(23)" in row]
    assert creuse.count("<td") == 1
    assert "100" in creuse
    assert "departement=23&amp;sujet=commerce" in creuse


def test_two_days_of_the_nation_are_compared(as_: As, django_assert_max_num_queries: Any) -> None:
    client = as_("anct")
    latest = CoverageCell.objects.latest_day()[0].on
    former = latest - dt.timedelta(days=3)
    CoverageCell.objects.update(on=former)
    Offer.objects.filter(provider__department="04").update(status="draft")
    coverage.compute(latest)
    theme = next(
        cell.theme
        for cell in CoverageCell.objects.filter(on=latest, department="04", kind="commune").order_by("-uncovered")
    )
    CoverageCell.objects.filter(on=former, department="90", theme=theme, kind="commune").update(
        uncovered=5, bare=0, codes=["1", "2", "3", "4", "5"]
    )
    cells = CoverageCell.objects.filter(theme=theme, kind="commune", department__in=["04", "90"])
    uncovered = {(cell.department_id, cell.on): cell.uncovered for cell in cells}
    lost, gained = uncovered["04", latest] - uncovered["04", former], 5 - uncovered["90", latest]
    assert lost > 0 < gained
    asked = {"theme": theme, "depuis": former.isoformat()}
    with django_assert_max_num_queries(15):
        page = text(client.get(NATION, asked))
    assert "1\N{NO-BREAK SPACE}département où l’aide a gagné" in page
    assert f"Territoire de Belfort (90)</a> ({gained} de moins)" in page
    assert f"Alpes-de-Haute-Provence (04)</a> ({lost} de plus)" in page
    assert f"(+\N{NO-BREAK SPACE}{lost})" in page
    rows = exported(client.get(NATION, asked | {"format": "csv"}))
    (row,) = [
        row
        for row in rows
        if (row["Département"], row["Nature"]) == ("04", BodyKind.COMMUNE.label) and row["Thème"] == Theme(theme).label
    ]
    assert int(row["Sans offre locale"]) - int(row["Sans offre locale ce jour-là"]) == lost
    assert "a gagné" not in text(client.get(NATION, asked | {"depuis": "1999-01-01"}))


def test_the_export_holds_the_subjects_of_a_theme_shown(as_: As) -> None:
    rows = exported(as_("instructeur").get(DESK, {"format": "csv", "theme": "COM"}))
    subjects = set(Subject.objects.active().filter(theme="COM").values_list("label", flat=True))
    assert {row["Sujet"] for row in rows} == {"", *subjects}


def test_the_export_of_one_subject_is_the_nation(as_: As) -> None:
    rows = exported(as_("anct").get(NATION, {"format": "csv", "sujet": "commerce"}))
    assert {row["Sujet"] for row in rows} == {Subject.objects.get(code="commerce").label}
    assert len({row["Département"] for row in rows}) == 101
