"""The pages of simulations: asked, followed, read, cancelled, taken up again; bad words sent back with their cure."""

import csv
import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Mandate
from operators.enums import Theme
from operators.matching.criteria import CRITERIA
from operators.models import Offer
from requests.enums import Shift
from requests.models import Replay, SimulatedRequest, Simulation, SupportRequest
from requests.scenario import from_json
from tests.requests.simulating import asked, change, computed, financing, routing, settled

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
LIST, NEW = "/national/simulations/", "/national/simulations/nouvelle/acheminement/"
MONEY = "/national/simulations/nouvelle/financement/"


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


@pytest.fixture
def agent(client: Client, sign_in: Callable[[Client, Mandate | str], Client]) -> Client:
    return sign_in(client, "anct")


def typed(**values: Any) -> dict[str, Any]:
    given = {"key": str(uuid.uuid4()), "title": "Essai", "start": "2020-01-01", "end": "2026-12-31"}
    return {**given, "judged_on": "today", "without_kinds": ["technical_agency"], **values}


def sums(**values: Any) -> dict[str, Any]:
    return {**typed(), "commune_below": "5000", "grouping_below": "10000", **values}


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_from_the_form_to_the_result(agent: Client) -> None:
    assert "Aucune simulation" in words(agent.get(LIST))
    page = agent.get(NEW)
    given = typed(key=str(page.context["form"]["key"].value()))
    sent = agent.post(NEW, given)
    assert agent.post(NEW, given)["Location"] == sent["Location"], "a double click"
    assert Simulation.objects.count() == 1
    waiting = agent.get(sent["Location"])
    assert "En attente" in words(waiting) and 'hx-trigger="every 3s"' in waiting.content.decode()
    fragment = agent.get(f"{sent['Location']}avancement/")
    assert "HX-Refresh" not in fragment
    settled()
    assert agent.get(f"{sent['Location']}avancement/")["HX-Refresh"] == "true"
    done = words(agent.get(sent["Location"]))
    assert "Agence technique départementale" in done and "n’est plus au catalogue" in done
    count = SimulatedRequest.objects.exclude(shift="").count()
    assert f"{count} demandes changent" in done.replace("\N{NO-BREAK SPACE}", " ")
    assert "Terminée" in words(agent.get(LIST))


def test_only_files_that_the_agency_sees_are_named(agent: Client, actor: Callable[..., Any]) -> None:
    found = computed(actor("anct"), routing())
    page = agent.get(f"{LIST}{found.uuid}/?vue=tout")
    named = set(re.findall(r"/national/(\d{4}-\w{2,3}-\d{5})/", page.content.decode()))
    seen = set(SupportRequest.objects.visible_to(actor("anct")).values_list("reference", flat=True))
    assert named and named <= seen
    assert "Non transmise à l’Agence" in words(page)
    text = b"".join(agent.get(f"{LIST}{found.uuid}/resultats.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert len(rows) == found.total
    assert {row["Demande"] for row in rows} == seen | {"non transmise"}
    assert sum(bool(row["Changement"]) for row in rows) == found.summary["all"]["changed"]
    assert {row["Changement"] for row in rows} <= {"", *Shift.labels}
    assert {row["Thème"] for row in rows} <= {"", *Theme.labels}
    assert {row["Critère"] for row in rows} <= {"", *(criterion.label for criterion in CRITERIA)}


def test_what_changes_is_filtered_by_department(agent: Client, actor: Callable[..., Any]) -> None:
    found = computed(actor("anct"), routing())
    rows = SimulatedRequest.objects.filter(simulation=found, department="04")
    page = agent.get(f"{LIST}{found.uuid}/?departement=04")
    assert page.context["page"].paginator.count == rows.exclude(shift="").count() == len(page.context["rows"])
    page = agent.get(f"{LIST}{found.uuid}/?departement=04&vue=tout")
    assert page.context["page"].paginator.count == rows.count()
    for wrong in ("?departement=<b>", "?departement=%00", "?page=zero", "?page=99", "?vue=x&departement=9999"):
        assert agent.get(f"{LIST}{found.uuid}/{wrong}").status_code in (200, 400), wrong


def test_cancelled_and_removed_by_a_button(agent: Client, actor: Callable[..., Any]) -> None:
    found = asked(actor("anct"), routing())
    page = f"{LIST}{found.uuid}/"
    assert "Annuler" in words(agent.get(page))
    for _ in range(2):
        assert agent.post(f"{page}annuler/").status_code == 302
    assert "Annulation en cours" in words(agent.get(page))
    assert "annulez-la d’abord" in words(agent.post(f"{page}supprimer/", follow=True))
    settled()
    assert "Annulée" in words(agent.get(page))
    assert agent.get(f"{page}resultats.csv").status_code == 404
    assert "terminée" not in words(agent.post(f"{page}annuler/", follow=True))
    assert agent.post(f"{page}supprimer/")["Location"] == LIST
    assert agent.get(page).status_code == agent.post(f"{page}supprimer/").status_code == 404
    assert Replay.objects.count() == 2


def test_taken_up_with_other_settings(agent: Client, actor: Callable[..., Any]) -> None:
    code, draft = Offer.objects.published().order_by("code").values_list("code", flat=True)[:2]
    scenario = routing(
        without_providers=("cerema",),
        with_offers=(draft,),
        departments=("04", "2A"),
        judged_on="filing",
        changes=(
            change(code, change_population=True, membership="none", coverage=("commune:04121", "nation:FR")),
            change(draft, change_population=True, population_max=900),
        ),
    )
    found = asked(actor("anct"), scenario, "Un essai")
    form = agent.get(f"{NEW}?comme={found.uuid}").context["form"]
    given = {field.name: value for field in form if (value := field.value()) not in (None, False)}
    sent = agent.post(NEW, given)
    assert sent.status_code == 302
    again = Simulation.objects.latest("pk")
    assert again != found and from_json("routing", again.parameters) == scenario
    assert agent.get(sent["Location"]).status_code == 200
    money = asked(actor("anct"), financing(commune_band_below=7000, commune_band_share=12.5))
    form = agent.get(f"{MONEY}?comme={money.uuid}").context["form"]
    agent.post(MONEY, {field.name: value for field in form if (value := field.value()) is not None})
    money.refresh_from_db()
    assert Simulation.objects.latest("pk").parameters == money.parameters
    assert agent.get(f"{NEW}?comme={money.uuid}").status_code == 200, "another kind gives nothing"
    for wrong in ("x", str(uuid.uuid4())):
        assert agent.get(f"{NEW}?comme={wrong}").status_code == 404
    assert agent.get("/national/simulations/nouvelle/autre/").status_code == 404


@pytest.mark.parametrize(
    ("address", "given", "expected"),
    [
        (NEW, {"without_kinds": []}, "Dites ce qui change"),
        (NEW, {"start": "2027-01-01"}, "La période finit avant d’avoir commencé"),
        (NEW, {"start": "hier"}, "Saisissez une date valide"),
        (NEW, {"departments": "04, 999"}, "« 999 » n’est pas le code d’un département"),
        (NEW, {"departments": "4" * 10_000}, "au plus 600"),
        (NEW, {"title": "T" * 10_000}, "au plus 120"),
        (NEW, {"without_offers": "x" * 10_000}, "au plus 4"),
        (NEW, {"without_offers": "rien de tel"}, "aucune offre ne porte ce nom ni ce code"),
        (NEW, {"without_providers": "rien\x00de tel"}, "caractère nul"),
        (NEW, {"without_providers": "personne"}, "aucun prestataire ne porte ce nom"),
        (NEW, {"offer_1": "personne", "membership_1": "none"}, "aucune offre ne porte ce nom"),
        (NEW, {"membership_2": "none"}, "Dites quelle offre est modifiée"),
        (NEW, {"offer_1": "atd-batiment-04"}, "Dites ce qui change dans cette offre"),
        (NEW, {"offer_1": "atd-batiment-04", "population_min_1": "-1"}, "supérieure ou égale à 0"),
        (
            NEW,
            {"offer_1": "atd-batiment-04", "population_min_1": "9", "population_max_1": "8"},
            "dépasse la population maximale",
        ),
        (
            NEW,
            {"offer_1": "atd-batiment-04", "population_min_1": "9", "population_any_1": "on"},
            "sans condition de population, ou entre deux bornes",
        ),
        (NEW, {"offer_1": "atd-batiment-04", "coverage_1": "04, 99999"}, "n’est le code d’aucun territoire"),
        (NEW, {"offer_1": "atd-batiment-04", "coverage_1": "les voisins"}, "Aucun territoire ne s’appelle"),
        (NEW, {"offer_1": "atd-batiment-04", "coverage_1": "04 sauf 04121"}, "n’exclut aucun territoire"),
        (NEW, {"judged_on": "demain"}, "choix valide"),
        (NEW, {"key": "x"}, "UUID"),
        (MONEY, {"commune_below": "-1"}, "supérieure ou égale à 0"),
        (MONEY, {"commune_below": "beaucoup"}, "nombre entier"),
        (MONEY, {"commune_below": "9" * 400}, "inférieure ou égale"),
        (MONEY, {"other_share": "101"}, "inférieure ou égale à 100"),
        (MONEY, {"other_share": "NaN"}, "nombre"),
        (MONEY, {"commune_band_below": "9000"}, "renseignez les deux, ou aucune"),
    ],
)
def test_bad_words_come_back_with_their_cure(address: str, given: dict[str, Any], expected: str, agent: Client) -> None:
    response = agent.post(address, sums(**given) if address == MONEY else typed(**given))
    assert response.status_code in (400, 422), response.status_code
    assert expected in words(response).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert not Simulation.objects.exists()


def test_offers_are_named_by_code_title_or_address(agent: Client) -> None:
    offer = Offer.objects.published().select_related("provider").get(code="atd-batiment-04")
    address = f"https://exemple.fr{reverse('operators:offer', args=[offer.uuid])}"
    provider = f"https://exemple.fr{reverse('operators:provider', args=[offer.provider.code])}"
    text = "\r\n".join([offer.code, address])
    sent = agent.post(NEW, typed(without_kinds=[], without_offers=text, without_providers=provider))
    assert sent.status_code == 302
    kept = Simulation.objects.get().parameters
    assert (set(kept["without_offers"]), kept["without_providers"]) == ({offer.code}, [offer.provider.code])


def test_the_territories_of_a_changed_offer_are_typed_as_in_the_catalogue(agent: Client) -> None:
    text = "FR, 2a, commune 04121 ; Mézel (04), région 93, 200067437"
    sent = agent.post(NEW, typed(offer_1="atd-batiment-04", coverage_1=text))
    (kept,) = Simulation.objects.get().parameters["changes"]
    assert kept["coverage"] == ["commune:04121", "department:2A", "epci:200067437", "nation:FR", "region:93"]
    assert "couvre commune 04121, département 2A, EPCI 200067437, France entière, région 93" in words(
        agent.get(sent["Location"])
    )


def test_other_thresholds_from_the_form_to_the_result(agent: Client) -> None:
    sent = agent.post(MONEY, sums(departments="04,05", commune_share="25,5"))
    assert sent.status_code == 302, words(sent)
    settled()
    page = agent.get(sent["Location"])
    assert "Les montants reposent sur" in words(page) or "Aucun montant n’est estimé" in words(page)
    text = b"".join(agent.get(f"{sent['Location']}resultats.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert len(rows) == page.context["page"].paginator.count > 0
    assert {row["Département"] for row in rows} <= {"04", "05"}
    assert {row["Nature"] for row in rows} <= {"commune", "intercommunalité"}
    narrowed = agent.get(f"{sent['Location']}?departement=05")
    assert narrowed.context["page"].paginator.count == sum(row["Département"] == "05" for row in rows)


@pytest.mark.parametrize("scenario", [routing(), financing()])
def test_pages_cost_the_same_whatever_they_show(scenario: Any, agent: Client, actor: Callable[..., Any]) -> None:
    found = computed(actor("anct"), scenario)
    counts = []
    for query in ("?vue=tout", "?vue=tout&departement=04", ""):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert agent.get(f"{LIST}{found.uuid}/{query}").status_code == 200
        counts.append(len(seen))
    assert max(counts) <= 14, counts
    with CaptureQueriesContext(connection) as seen:
        agent.get(LIST)
    assert len(seen) <= 8


def test_others_do_not_see_them(
    client: Client, sign_in: Callable[[Client, Mandate | str], Client], actor: Callable[..., Any]
) -> None:
    found = computed(actor("anct"), financing())
    assert client.get(LIST).status_code == 302
    for name in ("instructeur", "delegue", "maire", "cmt", "admin"):
        sign_in(client, name)
        for address in (LIST, NEW, f"{LIST}{found.uuid}/", f"{LIST}{found.uuid}/resultats.csv"):
            assert client.get(address).status_code == 403, (name, address)
        assert client.post(f"{LIST}{found.uuid}/supprimer/").status_code == 403
    assert Simulation.objects.kept().exists()
