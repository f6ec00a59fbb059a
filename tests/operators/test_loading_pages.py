"""The desk's spreadsheet of offers over HTTP and through its worker: shown, then applied once, whole or not at all."""

import io
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook
from zeal import zeal_ignore

from accounts.sessions import signed_in
from common import clock, jobs
from common import events as bus
from files.enums import ScanState
from files.models import StoredFile
from operators.events import OfferCameFromElsewhere
from operators.models import Offer, OfferLoad, OfferRevision
from operators.services import loads
from requests.demonstration.stage import Stage
from tests.operators.test_loading import ALL, line, sheet

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
PAGE = "/guichet/offres/charger/"
TITLE = "Un conseil d’essai"
As = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _many_rows() -> Iterator[None]:
    with zeal_ignore():
        yield


@pytest.fixture
def as_(client: Client) -> As:
    def sign_in(name: str) -> Client:
        client.cookies["sessionid"] = signed_in(Stage().account(name))
        return client

    return sign_in


def give(client: Client, data: bytes, name: str = "carte.csv", key: str = "", department: str = "04") -> Any:
    values = {"file": SimpleUploadedFile(name, data), "key": key or str(uuid.uuid4()), "department": department}
    return client.post(PAGE, values)


def work() -> OfferLoad:
    """The last file given, once its worker has passed."""
    load = OfferLoad.objects.latest("created_at")
    jobs.get(loads.WORK).perform(load.pk)
    load.refresh_from_db()
    return load


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode()).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_a_file_is_shown_then_applied(as_: As, django_assert_max_num_queries: Any) -> None:
    client = as_("instructeur")
    answer = give(client, sheet(line(), line(title="Incomplète", price_label="")))
    load = OfferLoad.objects.get()
    assert answer["Location"] == load.get_absolute_url()
    assert "attend son tour" in text(client.get(answer["Location"]))
    load = work()
    assert load.state == "ready"
    with django_assert_max_num_queries(6):
        page = text(client.get(answer["Location"]))
    assert "2 offres nouvelles, dont 1 en brouillon" in page.replace("<strong>", "").replace("</strong>", "")
    assert "Appliquer ces 2 changements" in page
    assert not Offer.objects.filter(title=TITLE).exists()
    for _ in range(2):  # a double click
        assert client.post(answer["Location"], {"acte": "appliquer", "lu": load.plan["digest"]}).status_code == 302
    assert "Application en cours" in text(client.get(answer["Location"]))
    assert work().state == "applied"
    assert "Appliqué le" in text(client.get(answer["Location"]))
    offer = Offer.objects.get(title=TITLE)
    assert offer.status == "published"
    assert OfferRevision.objects.filter(offer=offer)[0].person is not None
    client.post(answer["Location"], {"acte": "appliquer", "lu": load.plan["digest"]})  # the back button
    work()
    assert Offer.objects.filter(title=TITLE).count() == 1


def test_anomalies_are_listed_and_nothing_can_be_applied(as_: As) -> None:
    client = as_("instructeur")
    address = give(client, sheet(line(themes="Astrologie", population_min="beaucoup")))["Location"]
    load = work()
    page = text(client.get(address))
    assert "2 anomalies" in page
    assert "Ligne 2, colonne D « Thèmes »" in page
    assert "Appliquer" not in page
    client.post(address, {"acte": "appliquer", "lu": load.plan["digest"]})
    load.refresh_from_db()
    assert load.state == "refused"


def test_what_moved_is_shown_again(as_: As) -> None:
    client = as_("instructeur")
    address = give(client, sheet(line()))["Location"]
    digest = work().plan["digest"]
    loads.apply(sheet(line()), "autre.csv", ALL, at=OfferLoad.objects.get().created_at)
    client.post(address, {"acte": "appliquer", "lu": digest})
    load = work()
    assert (load.state, load.changes) == ("ready", 0)
    assert "Le catalogue a changé" in text(client.get(address))


def test_the_desk_of_another_department_is_told_once_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[OfferCameFromElsewhere] = []
    monkeypatch.setitem(bus._subscribers, OfferCameFromElsewhere, [heard.append])
    lines = [line(title=f"{TITLE} {rank}", coverage="département 40") for rank in range(3)]
    data = sheet(line(title=f"{TITLE} ici"), *lines)
    for _ in range(2):
        loads.apply(data, "carte.csv", ALL, at=clock.now())
    first = Offer.objects.get(title=f"{TITLE} 0")
    assert [(event.department, event.offer_id, event.others) for event in heard] == [("40", first.pk, 2)]


def test_a_stale_page_applies_nothing(as_: As) -> None:
    client = as_("instructeur")
    address = give(client, sheet(line()))["Location"]
    work()
    page = client.post(address, {"acte": "appliquer", "lu": "autre chose"}, follow=True)
    assert "Relisez-le" in text(page)
    assert OfferLoad.objects.get().state == "ready"


def test_the_same_form_twice_is_one_file(as_: As) -> None:
    client, key = as_("instructeur"), str(uuid.uuid4())
    assert give(client, sheet(line()), key=key)["Location"] == give(client, sheet(line()), key=key)["Location"]
    assert OfferLoad.objects.count() == 1


def test_an_abandoned_file_does_nothing(as_: As) -> None:
    client = as_("instructeur")
    address = give(client, sheet(line()))["Location"]
    client.post(address, {"acte": "abandonner"})
    assert work().state == "abandoned"
    assert "Rien n’a été écrit" in text(client.get(address))


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "vide.csv", "vide"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 64, "carte.csv", "n’est pas accepté"),
    ],
)
def test_a_file_that_can_not_be_kept_comes_back_at_once(data: bytes, name: str, sentence: str, as_: As) -> None:
    answer = give(as_("instructeur"), data, name)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"nom;prenom\nx;y\n", "aucune ligne de titres"),
        (b"Code;Prestataire\n\x81\x8d;x\n", "illisibles"),
    ],
)
def test_a_file_that_is_no_map_says_so(data: bytes, sentence: str, as_: As) -> None:
    client = as_("instructeur")
    address = give(client, data)["Location"]
    assert work().state == "refused"
    assert sentence in text(client.get(address))


def test_a_file_is_read_once_it_is_scanned(as_: As, settings: Any) -> None:
    client = as_("instructeur")
    address = give(client, sheet(line()))["Location"]
    StoredFile.objects.filter(pk=OfferLoad.objects.get().file_id).update(scan_state=ScanState.PENDING)
    assert work().state == "reading"
    StoredFile.objects.filter(pk=OfferLoad.objects.get().file_id).update(scan_state=ScanState.INFECTED)
    OfferLoad.objects.update(not_before=None)
    assert work().state == "refused"
    assert "antivirus" in text(client.get(address))


def test_a_worker_that_dies_writes_nothing_and_the_next_one_all(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_("instructeur")
    address = give(client, sheet(*(line(title=f"Offre d’essai {place}") for place in range(5))))["Location"]
    digest = work().plan["digest"]
    client.post(address, {"acte": "appliquer", "lu": digest})
    publish, done = loads.offers.publish, []

    def dies(*arguments: Any, **options: Any) -> Any:
        done.append(1)
        if len(done) == 3:
            raise SystemExit
        return publish(*arguments, **options)

    monkeypatch.setattr(loads.offers, "publish", dies)
    load = OfferLoad.objects.get()
    with pytest.raises(SystemExit):
        jobs.get(loads.WORK).perform(load.pk)
    assert not Offer.objects.filter(title__startswith="Offre d’essai").exists()
    OfferLoad.objects.update(not_before=None)
    assert work().state == "applied"
    assert Offer.objects.filter(title__startswith="Offre d’essai", status="published").count() == 5


def test_a_worker_that_never_ends_is_told(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_("instructeur")
    address = give(client, sheet(line()))["Location"]

    def fails(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(loads, "examine", fails)
    for _ in range(3):
        OfferLoad.objects.update(not_before=None)
        load = work()
    assert (load.state, load.failed_at is not None) == ("refused", True)
    assert "Rien n’a été écrit" in text(client.get(address))


def test_a_mandate_that_ended_applies_nothing(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    give(as_("instructeur"), sheet(line()))
    monkeypatch.setattr(loads, "may_load", lambda actor: False)
    assert (work().state, "mandat" in OfferLoad.objects.get().problem) == ("refused", True)


# --- whose -----------------------------------------------------------------------------------------------------------


def test_a_desk_loads_and_sees_its_own_department_only(as_: As) -> None:
    client = as_("instructeur")
    assert give(client, sheet(line()), department="90").status_code == 422
    address = give(client, sheet(line()))["Location"]
    work()
    other = as_("instructeur2")
    assert other.get(address).status_code == 404
    assert other.post(address, {"acte": "abandonner"}).status_code == 404
    assert other.get("/guichet/offres/export.csv", {"departement": "04"}).status_code == 404


@pytest.mark.parametrize("name", ["maire", "offreur", "cerema", "anct", "suivi", "cmt"])
def test_nobody_else_loads(name: str, as_: As) -> None:
    client = as_(name)
    for address in (PAGE, "/guichet/offres/export.csv", "/guichet/offres/modele.xlsx"):
        assert client.get(address).status_code == 403


def test_an_operator_s_offer_is_never_a_desk_s(as_: As) -> None:
    give(as_("instructeur"), sheet(line(provider="cerema", coverage="France entière")))
    load = work()
    assert (load.state, "Cerema n’est pas" in load.plan["faults"][0][1]) == ("refused", True)


def test_the_administrator_loads_any(as_: As) -> None:
    client = as_("admin")
    answer = give(client, sheet(line(provider="cerema", coverage="France entière", title="Nationale")), department="")
    assert answer.status_code == 302, text(answer)
    assert work().state == "ready"


# --- out -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["csv", "xlsx", "ods"])
def test_the_map_goes_out_and_loads_back(extension: str, as_: As, django_assert_max_num_queries: Any) -> None:
    client = as_("instructeur")
    with django_assert_max_num_queries(16):
        answer = client.get(f"/guichet/offres/export.{extension}")
    assert answer.status_code == 200
    assert f"offres-04.{extension}" in answer["Content-Disposition"]
    data = b"".join(answer.streaming_content)
    if extension != "ods":
        give(client, data, f"offres.{extension}")
        load = work()
        local = Offer.objects.filter(provider__department="04").count()
        assert (load.state, load.changes, load.plan["unchanged"]) == ("ready", 0, local)
    assert client.get("/guichet/offres/export.pdf").status_code == 404


def test_the_template_names_the_bodies_of_the_department(as_: As) -> None:
    answer = as_("instructeur").get("/guichet/offres/modele.xlsx")
    lists: Any = load_workbook(io.BytesIO(answer.content))["Listes"]
    assert any("CAUE" in str(cell.value) or "architecture" in str(cell.value) for cell in lists["A"])
