"""The list of visits: one open visit a commune, kept by the desk and the sub-prefecture, and what came of each."""

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from accounts.services.people import set_official_address
from common.actor import Actor
from common.errors import Conflict, Invalid, NotAllowed
from requests.demonstration import around
from requests.demonstration.stage import Stage
from requests.models import SupportRequest, Visit
from requests.services import visits
from requests.services.visits import Visited
from territories.models import Collectivity
from tests.requests.counting import statements
from tests.requests.quiet import As, declare, filed, text
from tests.requests.test_services_races import together

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
LIST = "/guichet/silence/visites/"
Acts = Callable[[str], Actor]


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-24 10:00")


@pytest.fixture(autouse=True)
def _no_visit_yet(db: None) -> None:
    """The demonstration has a list of its own."""
    Visit.objects.all().delete()


@pytest.fixture
def visit(actor: Acts, quiet: list[Collectivity]) -> Visit:
    visits.add(actor("instructeur"), [quiet[0].code])
    return Visit.objects.get()


def test_ticked_communes_come_on_the_list_once(as_: As, quiet: list[Collectivity]) -> None:
    client = as_("instructeur")
    codes = [body.code for body in quiet[:2]]
    for sent, said in ((codes, "2\N{NO-BREAK SPACE}communes ajoutées"), ([*codes, quiet[2].code], "y étaient déjà")):
        answer = client.post("/guichet/silence/", {"commune": sent}, follow=True)
        assert answer.redirect_chain == [(LIST, 302)] and said in text(answer)
    assert Visit.objects.count() == 3
    assert {row.service for row in Visit.objects.all()} != {""}
    page = text(client.get(LIST))
    assert all(body.name in page and f"/offres/?commune={body.code}" in page for body in quiet[:3])
    assert "dans la liste des visites" in text(client.get("/guichet/silence/", {"faits": "0"})).casefold()


@pytest.mark.parametrize("codes", [[], ["90010"], ["04999"], ["\0"], ["' OR 1=1"], ["200067437"]])
def test_what_is_not_a_commune_of_the_territory_is_refused_whole(
    codes: list[str],
    as_: As,
    quiet: list[Collectivity],
) -> None:
    sent = [quiet[0].code, *codes] if codes else []
    answer = as_("instructeur").post("/guichet/silence/", {"commune": sent})
    assert answer.status_code == 422 and "À corriger" in answer.content.decode()
    assert not Visit.objects.exists()


def test_who_keeps_the_list(actor: Acts, quiet: list[Collectivity]) -> None:
    for name in ("cmt", "anct", "maire", "offreur", "clct", "cerema", "admin"):
        with pytest.raises(NotAllowed):
            visits.add(actor(name), [quiet[0].code])
    with pytest.raises(Invalid):
        visits.add(actor("instructeur2"), [quiet[0].code])
    assert visits.add(actor("sousprefet"), [quiet[0].code]) == (1, 0)


def test_who_sees_a_visit(actor: Acts, visit: Visit) -> None:
    seen = {
        name: visit in Visit.objects.visible_to(actor(name))
        for name in ("instructeur", "sousprefet", "cmt", "anct", "dg", "instructeur2", "maire", "offreur", "clct")
    }
    assert {name for name, sees in seen.items() if sees} == {"instructeur", "sousprefet", "cmt", "anct", "dg"}


def test_a_visit_of_another_department_does_not_exist(as_: As, visit: Visit) -> None:
    client = as_("instructeur2")
    assert client.get(f"{LIST}{visit.uuid}/").status_code == 404
    assert client.post(f"{LIST}{visit.uuid}/", {"version": 1}).status_code == 404
    assert client.get(f"{LIST}{uuid.uuid4()}/").status_code == 404


def test_a_reader_reads_and_does_not_write(as_: As, visit: Visit) -> None:
    client = as_("cmt")
    page = text(client.get(f"{LIST}{visit.uuid}/"))
    assert "<textarea" not in page and "Sans date prévue" in page
    assert client.post(f"{LIST}{visit.uuid}/", {"version": 1}).status_code == 403


def test_a_visit_is_planned_then_made(as_: As, visit: Visit) -> None:
    client, page = as_("instructeur"), f"{LIST}{visit.uuid}/"
    planned = {"planned_on": "2026-12-03", "visitor": "Mme d’Aubépine", "visited_on": "", "note": "", "version": 1}
    assert client.post(page, planned)["Location"].startswith(LIST)
    shown = text(client.get(LIST))
    assert "jeudi 3\N{NO-BREAK SPACE}décembre 2026" in shown and "par Mme d’Aubépine" in shown
    made = {**planned, "visited_on": "2026-11-23", "note": "Le <b>toit</b> de l’école.", "version": 2}
    assert client.post(page, made).status_code == 302
    shown = text(client.get(LIST))
    assert "Aucune commune à visiter" in shown and "Le &lt;b&gt;toit&lt;/b&gt; de l’école." in shown
    assert "pas de demande depuis" in shown
    commune = visit.commune
    row = next(one for one in text(client.get("/guichet/silence/", {"faits": "0"})).split("<tr") if commune.name in one)
    assert "Visitée le 23\N{NO-BREAK SPACE}novembre 2026" in row


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"visited_on": "2026-11-25"}, "cette date est à venir"),
        ({"visited_on": "31/02/2026"}, "Saisissez une date valide"),
        ({"note": "é" * 1001}, "1000 caractères"),
        ({"visitor": "x" * 121}, "120 caractères"),
        ({"version": ""}, "À corriger"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(changes: dict[str, str], said: str, as_: As, visit: Visit) -> None:
    values = {"planned_on": "2026-12-03", "visitor": "Le sous-préfet", "visited_on": "", "note": "", "version": 1}
    answer = as_("instructeur").post(f"{LIST}{visit.uuid}/", {**values, **changes})
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page.replace("\u202f", "").replace("\N{NO-BREAK SPACE}", " ")
    assert 'value="2026-12-03"' in page
    visit.refresh_from_db()
    assert visit.planned_on is None


def test_two_tabs(as_: As, visit: Visit) -> None:
    client, page = as_("instructeur"), f"{LIST}{visit.uuid}/"
    first = {"planned_on": "2026-12-03", "visitor": "", "visited_on": "", "note": "", "version": 1}
    assert client.post(page, first).status_code == 302
    assert client.post(page, first).status_code == 302, "twice the same click"
    visit.refresh_from_db()
    assert visit.version == 2
    late = client.post(page, {**first, "planned_on": "2026-12-10"})
    assert late.status_code == 409 and "modifiée entre-temps" in late.content.decode()
    assert 'value="2026-12-10"' in late.content.decode()
    for _ in range(2):
        assert client.post(page, {"acte": "retirer"}).status_code == 302
    assert not Visit.objects.exists()
    assert client.post(page, {**first, "version": 2}).status_code == 404


def test_a_visit_made_stays_and_another_may_be_opened(actor: Acts, visit: Visit) -> None:
    me = actor("instructeur")
    visits.record(me, visit.pk, Visited(visited_on=dt.date(2026, 11, 20)), version=1)
    with pytest.raises(Conflict, match="elle reste"):
        visits.remove(me, visit.pk)
    assert visits.add(me, [visit.commune.code]) == (1, 0)
    with pytest.raises(Conflict, match="Une autre visite"):
        visits.record(me, visit.pk, Visited(), version=2)
    with pytest.raises(Conflict, match="n’est plus"):
        visits.record(actor("instructeur2"), visit.pk, Visited(), version=2)


@pytest.mark.parametrize(
    ("at", "followed"), [("2026-11-19 22:30", False), ("2026-11-20 07:00", True), ("2026-11-23 10:00", True)]
)
def test_a_request_filed_afterwards_is_its_result(
    at: str,
    followed: bool,
    as_: As,
    actor: Acts,
    visit: Visit,
) -> None:
    visits.record(actor("instructeur"), visit.pk, Visited(visited_on=dt.date(2026, 11, 20)), version=1)
    row = filed(visit.commune, at)
    page = text(as_("instructeur").get(LIST))
    assert ("demande déposée le" in page) is followed is (f"/guichet/{row.reference}/" in page)
    assert ("dont 1\N{NO-BREAK SPACE}suivie d’une demande" in page) is followed
    page = text(as_("anct").get(LIST, {"departement": "04"}))
    assert ("demande déposée le" in page) is followed
    assert row.reference not in page, "the agency reads the files that were referred to it"


def test_a_visit_older_than_a_year_is_forgotten(as_: As, actor: Acts, visit: Visit) -> None:
    for day, shown in ((dt.date(2025, 11, 24), True), (dt.date(2025, 11, 23), False)):
        Visit.objects.update(visited_on=day)
        assert ("Visitée le" in text(as_("instructeur").get("/guichet/silence/", {"faits": "0"}))) is shown
        assert (visit.commune.name in text(as_("instructeur").get(LIST))) is shown


def test_the_sheet_says_what_to_know_before_going(as_: As, visit: Visit) -> None:
    declare(visit.commune, "frr", "FRR+")
    page = text(as_("instructeur").get(LIST))
    assert "Téléphone de la mairie\N{NO-BREAK SPACE}: non connu" in page
    set_official_address(visit.commune, "mairie@demo.example", telephone="0492000000")
    page = text(as_("instructeur").get(LIST))
    assert "04\N{NO-BREAK SPACE}92\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}00" in page
    assert "FRR+" in page and "Liste d’essai, 2025" in page and "jamais" in page


def test_a_commune_that_merged_stays_on_the_list(as_: As, visit: Visit) -> None:
    Collectivity.objects.filter(pk=visit.commune_id).update(is_current=False)
    assert "a fusionné depuis" in text(as_("instructeur").get(LIST))


def test_the_list_costs_the_same_whatever_its_length(as_: As, actor: Acts, quiet: list[Collectivity]) -> None:
    client, me, costs = as_("instructeur"), actor("instructeur"), []
    for rank in range(6):
        visits.add(me, [quiet[rank].code])
        if rank % 2:
            row = Visit.objects.get(commune=quiet[rank])
            visits.record(me, row.pk, Visited(visited_on=dt.date(2026, 11, 20)), version=1)
            filed(quiet[rank], "2026-11-21 10:00")
        if rank in (1, 5):
            with statements() as sql:
                text(client.get(LIST))
            costs.append(len(sql))
    assert costs[0] == costs[1] <= 15, costs


@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one_visit(quiet: list[Collectivity]) -> None:
    stage = Stage()
    actors = [stage.actor(stage.account(name)) for name in ("instructeur", "sousprefet", "adjoint")]
    codes = [body.code for body in quiet]
    works = [partial(visits.add, me, codes) for me in actors]
    assert sorted(together(*works)) == [(0, 6), (0, 6), (6, 0)]
    assert Visit.objects.count() == 6


def test_the_demonstration_visits_communes_that_never_filed(stage: Stage) -> None:
    for _ in range(2):
        around.visited(stage)
    rows = Visit.objects.select_related("commune")
    assert sorted(bool(row.visited_on) for row in rows) == [False, False, True]
    assert {row.commune.department_id for row in rows} == {"04"}
    assert not SupportRequest.objects.filter(collectivity__in=[row.commune_id for row in rows]).exists()
