"""What the committee and the readers of a territory's page learn of requests: nothing more, at a fixed price."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory

from committees.models import Committee
from common.actor import Actor, Role, anonymous
from common.french import NBSP
from common.panels import Panel, panels_of
from requests import panels
from requests.demonstration.stage import Stage
from requests.enums import Outcome
from requests.models import SupportRequest
from requests.workflow import State
from tests.requests.counting import multiply, statements

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, str], Client]
Case = Callable[[str], SupportRequest]


def panel_of(slot: str) -> Panel:
    (found,) = [each for each in panels_of(slot) if each.template.startswith("requests/")]
    return found


Ask = Callable[..., Any]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What a panel says to any actor, even one that no account is: ``ask(panels.committee_requests, actor, obj)``."""

    def panel(context: Callable[[Any, Any], Any], actor: Actor, obj: Any, **parameters: str) -> Any:
        monkeypatch.setattr(panels, "actor_of", lambda request: actor)
        return context(RequestFactory().get("/", parameters), obj)

    return panel


@pytest.fixture
def committee() -> Committee:
    return Committee.objects.select_related("department").get(department="04")


# --- the committee ---------------------------------------------------------------------------------------------------


def test_the_committee_reads_public_titles(client: Client, sign_in: SignIn, case: Case) -> None:
    content = sign_in(client, "clct").get("/clct/04/").content.decode()
    assert content.count('<tr><th scope="row">') == SupportRequest.objects.filter(department_id="04").count() >= 4
    assert "Mézel" in content and case("04121").public_title in content
    assert "Le comité est informé des demandes\N{NARROW NO-BREAK SPACE}; il ne se prononce pas" in content or (
        "Le comité est informé des demandes ; il ne se prononce pas" in content
    )


def test_the_committee_reads_nothing_else(
    client: Client, sign_in: SignIn, committee: Committee, actor: Callable[[str], Actor], ask: Ask
) -> None:
    """Each text of each file is replaced by a word of its own: only one of them may be on the page."""
    hidden = {"title": "KTITREK", "need": "KBESOINK", "tried_answer": "KREPONSEK", "filed_as": "KQUALITEK"}
    hidden |= {"contact_name": "KNOMK", "contact_phone": "0102030405", "wanted_by": "KECHEANCEK"}
    SupportRequest.objects.update(**hidden, contact_email="k@k.example", public_title="Intitulé communicable")
    rows = SupportRequest.objects.filter(department_id="04").select_related("filed_by")
    content = sign_in(client, "clct").get("/clct/04/").content.decode().split("<main")[1].split("</main>")[0]
    assert content.count("Intitulé communicable") == rows.count()
    for row in rows:
        assert row.reference not in content and row.filed_by.last_name not in content
    assert not [word for word in (*hidden.values(), "k@k.example") if word in content]
    for line in ask(panels.committee_requests, actor("clct"), committee)["lines"]:
        assert {field.name for field in dataclasses.fields(line)} == {
            "submitted_at", "collectivity", "public_title", "subject", "state", "outcome",
        }  # fmt: skip


def test_nobody_is_said_to_decide() -> None:
    said = " ".join([*panels.COMMITTEE_STATES.values(), *Outcome.labels]).casefold()
    assert not any(word in said for word in ("valid", "refus", "rejet", "décid", "avis", "comité"))
    assert set(panels.COMMITTEE_STATES) == set(State) - {State.DRAFT}


def test_only_this_department(committee: Committee, actor: Callable[[str], Actor], ask: Ask) -> None:
    found = ask(panels.committee_requests, actor("clct"), committee)
    assert found is not None
    others = SupportRequest.objects.exclude(department_id="04").values_list("public_title", flat=True)
    assert not {line.public_title for line in found["lines"]} & set(others)


@pytest.mark.parametrize("role", list(Role))
def test_who_is_informed(committee: Committee, actor: Callable[[str], Actor], ask: Ask, role: Role) -> None:
    """The page's own readers, once proven; not the administrator of settings."""
    base = dataclasses.replace(actor("clct"), role=role)
    expected = role in {
        Role.COMMITTEE_MEMBER, Role.INSTRUCTOR, Role.DEPUTY, Role.DELEGATE, Role.SUB_PREFECT, Role.CMT, Role.REGION,
        Role.NATIONAL, Role.DIRECTOR_GENERAL, Role.SYSTEM,
    }  # fmt: skip
    assert (ask(panels.committee_requests, base, committee) is not None) is expected
    unproven = dataclasses.replace(base, mandate_confirmed=False)
    assert ask(panels.committee_requests, unproven, committee) is None
    elsewhere = dataclasses.replace(base, departments=frozenset({"90"}))
    everywhere = role in {Role.NATIONAL, Role.DIRECTOR_GENERAL, Role.SYSTEM}
    assert (ask(panels.committee_requests, elsewhere, committee) is not None) is everywhere


def test_dates_are_local_and_an_ended_file_says_how(client: Client, sign_in: SignIn, case: Case) -> None:
    content = sign_in(client, "clct").get("/clct/04/").content.decode()
    assert f"<td>Terminée</td><td>Solution locale</td><td>5{NBSP}mai 2026</td>" in content
    assert "<td>Pas encore</td>" in content


def test_pages_of_the_committee(client: Client, sign_in: SignIn, case: Case) -> None:
    multiply(case("04121"), 60)
    sign_in(client, "clct")
    first = client.get("/clct/04/").content.decode()
    assert 'href="?demandes=2"' in first and first.count('<tr><th scope="row">') == panels.PAGE_SIZE
    second = client.get("/clct/04/?demandes=2").content.decode()
    assert 'href="?demandes=1"' in second and 'href="?demandes=3"' not in second
    assert "page 2" in second and "64 demandes reçues" in second
    for wrong in ("0", "-1", "x", "²", "99999", ""):
        assert client.get("/clct/04/", {"demandes": wrong}).content.decode().count('<tr><th scope="row">') == 50
    assert "Il n’y a pas de demande à cette page." in client.get("/clct/04/?demandes=9").content.decode()


def test_a_department_without_requests(committee: Committee, actor: Callable[[str], Actor], ask: Ask) -> None:
    committee.department_id = "75"
    found = ask(panels.committee_requests, dataclasses.replace(actor("clct"), departments=frozenset({"75"})), committee)
    assert found is not None and found["lines"] == [] and not found["count"]


def test_the_committee_costs_the_same_for_one_ten_and_a_hundred_rows(
    committee: Committee, actor: Callable[[str], Actor], case: Case, ask: Ask
) -> None:
    reader, row, panel = actor("clct"), case("04121"), panel_of("committee")
    for added in (0, 10, 90):
        multiply(row, added)
        with statements() as sql:
            ask(panel.context, reader, committee)
        assert len(sql) == panel.budget == 2


def test_the_committees_page_costs_the_same_for_one_ten_and_a_hundred_rows(
    client: Client, sign_in: SignIn, case: Case
) -> None:
    sign_in(client, "clct")
    costs = set()
    for added in (0, 10, 90):
        multiply(case("04121"), added)
        with statements() as sql:
            client.get("/clct/04/")
        costs.add(len(sql))
    assert len(costs) == 1 and costs.pop() <= 8


# --- a territory -----------------------------------------------------------------------------------------------------


def territory(client: Client, code: str) -> str:
    return client.get(f"/territoires/{code}/").content.decode()


@pytest.mark.parametrize(
    ("account", "address"),
    [("maire", "/demandes/"), ("instructeur", "/guichet/?q=M%C3%A9zel&amp;etat=toutes"), ("secretaire", "/demandes/")],
)
def test_who_may_open_a_file_is_told_how_many(client: Client, sign_in: SignIn, account: str, address: str) -> None:
    content = territory(sign_in(client, account), "04121")
    assert "Vous pouvez ouvrir 1 demande de Mézel." in content and f'href="{address}"' in content
    assert client.get(address.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("account", ["maire2", "instructeur2", "clct", "admin", "anct", "epci", ""])
def test_others_see_no_trace(client: Client, sign_in: SignIn, account: str) -> None:
    if account:
        sign_in(client, account)
    content = territory(client, "04121")
    assert "Vous pouvez ouvrir" not in content and "panneau-territory-0" not in content


def test_a_grouping_sees_its_communes_by_consent(client: Client, sign_in: SignIn, case: Case, stage: Stage) -> None:
    row, grouping = case("04121"), stage.account("epci").collectivity
    SupportRequest.objects.filter(pk=row.pk).update(grouping=grouping, shared_with_grouping=False)
    sign_in(client, "epci")
    assert "Vous pouvez ouvrir" not in territory(client, "04121")
    SupportRequest.objects.filter(pk=row.pk).update(shared_with_grouping=True)
    assert "Vous pouvez ouvrir 1 demande de Mézel." in territory(client, "04121")


def test_the_count_is_that_of_the_list(actor: Callable[[str], Actor], case: Case, ask: Ask) -> None:
    reader, body = actor("instructeur"), case("04121").collectivity
    multiply(case("04121"), 4)
    found = ask(panels.territory_requests, reader, body)
    assert found is not None
    assert found["count"].value == SupportRequest.objects.visible_to(reader).filter(collectivity=body).count() == 5


def test_areas_that_file_nothing_have_no_panel(actor: Callable[[str], Actor], case: Case, ask: Ask) -> None:
    department = case("04121").department
    assert ask(panels.territory_requests, actor("instructeur"), department) is None


def test_a_territory_costs_one_query_and_a_visitor_none(actor: Callable[[str], Actor], case: Case, ask: Ask) -> None:
    row, panel = case("04121"), panel_of("territory")
    reader, body = actor("instructeur"), row.collectivity
    for added in (0, 10, 90):
        multiply(row, added)
        with statements() as sql:
            ask(panel.context, reader, body)
        assert len(sql) == panel.budget == 1
    with statements() as sql:
        assert ask(panel.context, anonymous(reader.on), body) is None
    assert sql == []
