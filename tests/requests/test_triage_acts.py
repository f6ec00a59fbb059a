"""The acts of the desk, each through its page: the whole local way, refusals in words, and two agents at once."""

import html
import io
import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
import zeal
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from accounts.models import Mandate
from common import clock as portal_clock
from common import jobs
from common.actor import Actor
from operators.models import Offer
from requests.addresses.desk import ACTS
from requests.models import Dispatch, Document, SupportRequest
from requests.services import solution, triage
from requests.workflow import State
from tests.requests.journeys import SETTLED
from tests.requests.reading import read_and_post

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, object], Client]
Case = Callable[[str], SupportRequest]


@pytest.fixture(autouse=True)
def _morning(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


@pytest.fixture
def blank_pdf() -> bytes:
    document, written = pikepdf.new(), io.BytesIO()
    document.add_blank_page()
    document.save(written)
    return written.getvalue()


def settle() -> None:
    """What the workers would do."""
    with zeal.zeal_ignore():
        jobs.sweep(SETTLED)


def mandate(name: str) -> str:
    return str(Mandate.objects.get(user__email=f"{name}@demo.example").uuid)


def act(client: Client, row: SupportRequest, slug: str, **posted: Any) -> Any:
    return client.post(f"/guichet/{row.reference}/{slug}/", posted)


def state(row: SupportRequest) -> State:
    row.refresh_from_db()
    return row.step


RECORD = {
    "collectivity": "Simiane-la-Rotonde (04)",
    "channel": "telephone",
    "received_on": "2026-11-19",
    "need": "Le toit de la salle des fêtes fuit. Réparer, ou construire ailleurs ?",
    "subject": "centre-bourg",
    "progress": "idea",
    "contact_name": "Mme Lavande",
    "contact_phone": "04 92 00 00 01",
    "contact_email": "",
}
QUALIFIED = {
    "subject": "participation",
    "themes": ["PAR"],
    "competence": "commune",
    "phase": "framing",
}


@pytest.fixture
def submitted(case: Case) -> SupportRequest:
    return case("04208")


@pytest.fixture
def qualified(client: Client, sign_in: SignIn, submitted: SupportRequest) -> SupportRequest:
    sign_in(client, "instructeur")
    assert act(client, submitted, "accuser-reception", person=mandate("instructeur")).status_code == 302
    assert act(client, submitted, "qualifier", **QUALIFIED).status_code == 302
    settle()
    submitted.refresh_from_db()
    return submitted


def offer() -> Offer:
    return Offer.objects.get(code="caue-concertation-04")


def test_each_reads_whose_turn_it_is_and_what_each_button_needs(
    client: Client, sign_in: SignIn, qualified: SupportRequest
) -> None:
    turn = "le délégué territorial ou son adjoint décide"
    assert turn in client.get(f"/guichet/{qualified.reference}/").text
    sign_in(client, "adjoint")
    assert turn not in client.get(f"/guichet/{qualified.reference}/").text
    page = client.get(f"/guichet/{qualified.reference}/decider/").text
    assert "(pour solliciter)" in page
    assert "(un au moins, pour transmettre)" in page
    assert act(client, qualified, "decider", kind="local", offers=[str(offer().uuid)]).status_code == 422
    assert act(client, qualified, "decider", kind="refer").status_code == 422


def test_the_local_way_from_the_receipt_to_the_end(
    client: Client, sign_in: SignIn, qualified: SupportRequest, actor: Callable[[str], Actor]
) -> None:
    row, chosen = qualified, offer()
    sign_in(client, "adjoint")
    page = client.get(f"/guichet/{row.reference}/decider/")
    assert str(chosen.uuid) in {candidate["row"].uuid for candidate in page.context["candidates"]}
    assert "Ce texte sera lu par le prestataire" in page.text
    decided = act(client, row, "decider", kind="local", offers=[str(chosen.uuid)], message="Trois ateliers.")
    assert decided.status_code == 302
    settle()
    assert state(row) is State.LOCAL_SEARCH
    asked = row.solicitations.get()
    assert asked.message == "Trois ateliers."
    solution.answer_solicitation(asked, actor("instructeur"), accepted=True, channel="telephone")

    sign_in(client, "instructeur")
    proposal = {
        "helpers": [str(chosen.uuid)],
        "pilot": str(chosen.uuid),
        "text": "Trois ateliers.",
        "price": "Sans frais.",
    }
    assert act(client, row, "proposer", **proposal).status_code == 302
    assert state(row) is State.PROPOSED
    accepted = {"accepted": "yes", "channel": "telephone", "note": "Le maire accepte."}
    assert read_and_post(client, f"/guichet/{row.reference}/noter-reponse/", accepted).status_code == 302

    assert client.get(f"/guichet/{row.reference}/designer/").status_code == 403
    sign_in(client, "adjoint")
    assert act(client, row, "designer", person=mandate("suivi")).status_code == 302
    assert state(row) is State.LOCAL_SUPPORT

    sign_in(client, "suivi")
    entry = {"kind": "visit", "on": "2026-11-23", "text": "Visite de la place.", "is_public": "on"}
    assert act(client, row, "noter", **entry).status_code == 302
    assert act(client, row, "suspendre", reason="Neige.", expected_until="2026-12-15").status_code == 302
    assert state(row) is State.SUSPENDED
    assert act(client, row, "reprendre", note="").status_code == 302
    closing = {
        "result": "done",
        "finished_on": "2026-11-23",
        "summary": "Trois ateliers tenus.",
        "recommendations": "- Planter des arbres\n\n• Ralentir les voitures",
    }
    assert act(client, row, "proposer-cloture", **closing).status_code == 302
    assert [each.text for each in row.closings.get().recommendations.all()] == [
        "Planter des arbres",
        "Ralentir les voitures",
    ]
    assert client.get(f"/guichet/{row.reference}/cloturer/").status_code == 403
    sign_in(client, "adjoint")
    assert "Planter des arbres" in client.get(f"/guichet/{row.reference}/cloturer/").text
    assert act(client, row, "refuser-cloture", reason="Il manque le rapport.").status_code == 302
    assert state(row) is State.LOCAL_SUPPORT
    sign_in(client, "suivi")
    assert "Il manque le rapport." in client.get(f"/guichet/{row.reference}/").text
    act(client, row, "proposer-cloture", **closing)
    assert act(sign_in(client, "adjoint"), row, "cloturer").status_code == 302
    assert state(row) is State.CLOSED
    assert act(client, row, "rouvrir", reason="Une suite est demandée.").status_code == 302
    assert state(row) is State.LOCAL_SUPPORT
    assert "Planter des arbres" in client.get(f"/guichet/{row.reference}/").text


def test_what_the_desk_counts_stands_in_the_evidence(
    client: Client, sign_in: SignIn, qualified: SupportRequest
) -> None:
    assert act(client, qualified, "qualifier", **QUALIFIED, communes_count="0").status_code == 422
    counted = {"communes_count": "3", "partners_count": "2"}
    assert act(client, qualified, "qualifier", **QUALIFIED, **counted).status_code == 302
    settle()
    page = sign_in(Client(), "adjoint").get(f"/guichet/{qualified.reference}/decider/").text.replace("\xa0", " ")
    assert "3 communes concernées" in page and "2 organismes concernés" in page
    again = client.get(f"/guichet/{qualified.reference}/qualifier/").context["form"].initial
    assert (again["communes_count"], again["partners_count"]) == (3, 2)


def test_one_candidate_is_asked_from_the_file(client: Client, sign_in: SignIn, qualified: SupportRequest) -> None:
    sign_in(client, "adjoint")
    address = f"/guichet/{qualified.reference}/solliciter/?offre={offer().uuid}"
    assert address in client.get(f"/guichet/{qualified.reference}/").text
    page = client.get(address, follow=True)
    ticked = [row["row"].uuid for row in page.context["candidates"] if row["ticked"]]
    assert ticked == [str(offer().uuid)]
    decision = {"kind": "local", "offers": [str(offer().uuid)], "message": "Trois ateliers.", "reason": "Choix."}
    assert act(client, qualified, "decider", **decision).status_code == 302
    settle()
    assert address not in client.get(f"/guichet/{qualified.reference}/").text


# --- recording -------------------------------------------------------------------------------------------------------


def test_recording_takes_one_page_and_is_done_once(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "instructeur")
    posted = {**RECORD, "key": str(uuid.uuid4())}
    before = SupportRequest.objects.count()
    answers = [client.post("/guichet/enregistrer/", posted) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert SupportRequest.objects.count() == before + 1
    row = SupportRequest.objects.latest("pk")
    assert answers[0]["Location"] == answers[1]["Location"] == f"/guichet/{row.reference}/"
    assert row.submitted_at.date().isoformat() == "2026-11-19", "the day it was received counts"
    assert row.due_on.isoformat() == "2026-12-03"
    assert (row.channel, row.confirmed_at, row.contact_name) == ("telephone", None, "Mme Lavande")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"received_on": "0026-11-10"}, "plus de deux ans"),
        ({"contact_email": f"{'a' * 250}@b.fr"}, "254"),
    ],
)
def test_a_slip_while_recording_is_said_and_takes_no_number(
    client: Client, sign_in: SignIn, changes: dict[str, str], words: str
) -> None:
    before = SupportRequest.objects.count()
    posted = {**RECORD, "key": str(uuid.uuid4()), **changes}
    refused = sign_in(client, "instructeur").post("/guichet/enregistrer/", posted)
    assert refused.status_code == 422
    assert words in refused.text
    assert SupportRequest.objects.count() == before


def test_scans_are_kept_once_even_for_who_attaches_nothing_later(
    client: Client, sign_in: SignIn, blank_pdf: bytes
) -> None:
    """A sub-prefect may not attach files to a file, but keeps what he received."""
    sign_in(client, "sousprefet")
    posted = {**RECORD, "key": str(uuid.uuid4()), "channel": "visit"}
    for _ in range(2):
        scans = [SimpleUploadedFile("courrier.pdf", blank_pdf), SimpleUploadedFile("double.pdf", blank_pdf)]
        response = client.post("/guichet/enregistrer/", {**posted, "scans": scans})
        assert response.status_code == 302
    assert Document.objects.filter(support_request=SupportRequest.objects.latest("pk")).count() == 1


@pytest.mark.parametrize(
    ("name", "place", "status"),
    [
        ("instructeur", "Simiane-la-Rotonde (04)", 302),
        ("chefprojet", "Barrême (04)", 302),
        ("sousprefet", "Giromagny (90)", 403),
        ("instructeur", "Giromagny (90)", 403),
        ("instructeur2", "Simiane-la-Rotonde (04)", 403),
    ],
)
def test_one_records_for_ones_own_territory(
    client: Client, sign_in: SignIn, name: str, place: str, status: int
) -> None:
    posted = {**RECORD, "key": str(uuid.uuid4()), "collectivity": place}
    assert sign_in(client, name).post("/guichet/enregistrer/", posted).status_code == status


@pytest.mark.parametrize("name", ["maire", "suivi", "cmt", "offreur", "anct"])
def test_recording_is_not_for_everybody(client: Client, sign_in: SignIn, name: str) -> None:
    assert sign_in(client, name).get("/guichet/enregistrer/").status_code == 403


def test_a_date_to_come_is_refused_beside_its_field(client: Client, sign_in: SignIn) -> None:
    sign_in(client, "instructeur")
    posted = {**RECORD, "key": str(uuid.uuid4()), "received_on": "2026-12-24"}
    response = client.post("/guichet/enregistrer/", posted)
    assert response.status_code == 422
    assert response.context["form"].errors["received_on"]


# --- refusals in words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", [slug for slug in ACTS if slug not in {"joindre", "noter", "suspendre"}])
def test_a_reader_is_refused_every_act(client: Client, sign_in: SignIn, case: Case, slug: str) -> None:
    """Visible but forbidden: 403 on reading the form and on sending it."""
    row = case("04022")
    sign_in(client, "cmt")
    assert client.get(f"/guichet/{row.reference}/").status_code == 200
    assert client.get(f"/guichet/{row.reference}/{slug}/").status_code == 403
    before = row.transitions.count()
    assert act(client, row, slug, **FILLED.get(slug, {})).status_code in {403, 409, 422}
    assert row.transitions.count() == before


FILLED: dict[str, dict[str, Any]] = {
    "fermer": {"reason": "Sans suite."},
    "retirer-proposition": {"reason": "Erreur."},
    "noter-reponse": {"accepted": "no", "channel": "telephone", "note": "Non."},
    "masquer": {"until": "2026-12-24"},
    "autoriser": {"email": "instructeur2@demo.example"},
    "retirer": {"reason": "Retrait."},
}


@pytest.mark.parametrize("slug", list(FILLED))
def test_a_forbidden_act_is_refused_by_the_service_itself(
    client: Client, sign_in: SignIn, case: Case, slug: str
) -> None:
    assert act(sign_in(client, "cmt"), case("04022"), slug, **FILLED[slug]).status_code == 403


def test_an_act_too_late_says_who_was_quicker(client: Client, sign_in: SignIn, submitted: SupportRequest) -> None:
    act(sign_in(client, "instructeur"), submitted, "accuser-reception", person=mandate("instructeur"))
    late = act(sign_in(client, "adjoint"), submitted, "accuser-reception", person=mandate("instructeur"))
    assert late.status_code == 409
    assert "En qualification" in late.text and "Frêne" in late.text
    assert "Relisez la page avant d’agir." in late.text


def test_a_decision_that_differs_says_why(client: Client, sign_in: SignIn, qualified: SupportRequest) -> None:
    sign_in(client, "adjoint")
    assert qualified.assessment.kind == "LOCAL_OFFER"
    page = client.get(f"/guichet/{qualified.reference}/decider/")
    posted = {"kind": "local", "offers": [page.context["others"][0]["uuid"]], "message": "Un toit à réparer."}
    refused = act(client, qualified, "decider", **posted)
    assert refused.status_code == 422
    assert "dites pourquoi" in refused.text
    assert act(client, qualified, "decider", kind="refer").status_code == 422
    assert act(client, qualified, "decider", kind="local").status_code == 422
    assert not Dispatch.objects.filter(decision__support_request=qualified).exists()
    assert act(client, qualified, "decider", **posted, reason="Trois communes.").status_code == 302
    assert qualified.decisions.get().differs


def test_a_decision_that_no_worker_could_carry_out_is_refused(
    client: Client, sign_in: SignIn, submitted: SupportRequest, qualified: SupportRequest
) -> None:
    """Nothing was looked for locally, and the catalogue has offers: the referral could not open."""
    sign_in(client, "adjoint")
    refused = act(client, qualified, "decider", kind="refer", motives=["complexity"], reason="Trois communes.")
    assert refused.status_code == 422
    assert "Sollicitez au moins un prestataire local" in refused.text
    assert not qualified.decisions.exists()


def test_a_decision_that_was_lost_is_told(
    client: Client, sign_in: SignIn, qualified: SupportRequest, clock: Any
) -> None:
    """Whatever stopped the worker, the file says that nothing has left, and one may decide again."""
    sign_in(client, "adjoint")
    posted = {"kind": "local", "offers": [str(offer().uuid)], "message": "Un toit.", "reason": "Choix."}
    assert act(client, qualified, "decider", **posted).status_code == 302
    lost = "La dernière décision n’a pas pu être acheminée."
    assert lost not in client.get(f"/guichet/{qualified.reference}/").text
    Dispatch.objects.filter(decision__support_request=qualified).update(failed_at=portal_clock.now())
    assert lost in client.get(f"/guichet/{qualified.reference}/").text
    clock.shift(minutes=1)
    assert act(client, qualified, "decider", **posted).status_code == 302
    assert lost not in client.get(f"/guichet/{qualified.reference}/").text


def test_providers_are_told_in_the_desk_s_words(client: Client, sign_in: SignIn, qualified: SupportRequest) -> None:
    """The applicant's text is beside the field, never in it."""
    page = sign_in(client, "adjoint").get(f"/guichet/{qualified.reference}/decider/")
    assert qualified.need[:30] in html.unescape(page.text)
    assert not page.context["form"]["message"].value()
    refused = act(client, qualified, "decider", kind="local", offers=[str(offer().uuid)], reason="Choix.")
    assert refused.status_code == 422
    assert "Décrivez le besoin aux prestataires" in refused.text


def test_offers_are_mobilised_in_the_order_given(client: Client, sign_in: SignIn, qualified: SupportRequest) -> None:
    page = sign_in(client, "adjoint").get(f"/guichet/{qualified.reference}/decider/")
    uuids = [candidate["row"].uuid for candidate in page.context["candidates"]][:2]
    uuids += [other["uuid"] for other in page.context["others"]][: 2 - len(uuids)]
    first, second = uuids
    posted = {
        "kind": "local",
        "offers": [first, second],
        f"rank_{first}": "2",
        f"rank_{second}": "1",
        "message": "Un toit.",
        "reason": "Mieux.",
    }
    assert act(client, qualified, "decider", **posted).status_code == 302
    assert [str(each) for each in qualified.decisions.get().offers] == [second, first]


def test_a_proposal_has_one_pilot(
    client: Client, sign_in: SignIn, qualified: SupportRequest, actor: Callable[[str], Actor]
) -> None:
    chosen = offer()
    triage.decide_local(qualified, actor("adjoint"), [chosen], message="Un toit.", reason="Choix.")
    settle()
    solution.answer_solicitation(qualified.solicitations.get(), actor("instructeur"), accepted=True)
    sign_in(client, "instructeur")
    refused = act(
        client, qualified, "proposer", helpers=[str(chosen.uuid)], text="Trois ateliers.", price="Sans frais."
    )
    assert refused.status_code == 422
    assert "un pilote" in refused.text
    assert "Trois ateliers." in refused.text, "nothing typed is lost"


def test_redirection_is_prefilled_and_still_to_be_sent(
    client: Client, sign_in: SignIn, qualified: SupportRequest
) -> None:
    sign_in(client, "adjoint")
    page = client.get(f"/guichet/{qualified.reference}/reorienter/?vers=couverture-mobile")
    assert page.context["form"].initial["target"] == "Toutes et tous connecté·e·s"
    unknown = client.get(f"/guichet/{qualified.reference}/reorienter/?vers=inconnu")
    assert unknown.context["form"].initial == {"text": ""}
    assert state(qualified) is State.QUALIFICATION
    posted = {
        "reason": "grant",
        "target": "Aides-territoires",
        "url": "",
        "text": "Le guichet ne verse pas de subvention.",
    }
    assert act(client, qualified, "reorienter", **posted).status_code == 302
    assert state(qualified) is State.REDIRECTED
    assert act(client, qualified, "reprendre-demande", reason="Le besoin a changé.").status_code == 302
    assert state(qualified) is State.SUBMITTED


def test_attachment_offers_the_groupings_live_requests_only(
    client: Client, sign_in: SignIn, submitted: SupportRequest, case: Case
) -> None:
    host, other = case("04022"), case("04134")
    SupportRequest.objects.filter(pk=host.pk).update(collectivity=submitted.grouping_id)
    sign_in(client, "instructeur")
    page = client.get(f"/guichet/{submitted.reference}/rattacher/")
    assert list(page.context["form"].fields["host"].queryset) == [host]
    assert act(client, submitted, "rattacher", host=other.reference).status_code == 422
    assert act(client, submitted, "rattacher", host=host.reference, reason="Même place.").status_code == 302
    assert state(submitted) is State.ATTACHED
    assert act(client, submitted, "detacher", person=mandate("instructeur"), reason="").status_code == 302
    assert state(submitted) is State.QUALIFICATION


def test_transfer_offers_the_body_s_other_departments(
    client: Client, sign_in: SignIn, submitted: SupportRequest
) -> None:
    sign_in(client, "instructeur")
    assert "pas d’autre guichet" in client.get(f"/guichet/{submitted.reference}/transmettre-departement/").text
    submitted.concerned_departments.create(department_id="05")
    assert act(client, submitted, "transmettre-departement", department="90", reason="x").status_code == 422
    assert (
        act(client, submitted, "transmettre-departement", department="05", reason="Le projet est là.").status_code
        == 302
    )
    submitted.refresh_from_db()
    assert submitted.department_id == "05"
    assert client.get(f"/guichet/{submitted.reference}/").status_code == 200, "the former desk still sees it"


def test_missing_items_are_asked_and_noted(client: Client, sign_in: SignIn, submitted: SupportRequest) -> None:
    sign_in(client, "instructeur")
    assert act(client, submitted, "demander-elements", items="Le plan.", answer_by="2026-11-20").status_code == 422
    assert act(client, submitted, "demander-elements", items="Le plan.", answer_by="2026-12-18").status_code == 302
    assert state(submitted) is State.INCOMPLETE
    assert act(client, submitted, "completer", text="Plan reçu par courriel.").status_code == 302
    assert state(submitted) is State.SUBMITTED


def test_a_colleague_is_let_in_and_out(client: Client, sign_in: SignIn, submitted: SupportRequest) -> None:
    page = f"/guichet/{submitted.reference}/"
    sign_in(client, "instructeur")
    assert act(client, submitted, "autoriser", email="personne@nulle.part").status_code == 422
    assert act(client, submitted, "autoriser", email="instructeur2@demo.example").status_code == 302
    assert "instructeur2@demo.example" in client.get(f"{page}autoriser/").text
    assert sign_in(client, "instructeur2").get(page).status_code == 200
    sign_in(client, "instructeur")
    assert act(client, submitted, "autoriser", email="instructeur2@demo.example", revoke="on").status_code == 302
    assert sign_in(client, "instructeur2").get(page).status_code == 404


def test_assigning_names_the_contact(client: Client, sign_in: SignIn, submitted: SupportRequest) -> None:
    sign_in(client, "instructeur")
    assert act(client, submitted, "affecter", kind="contact", person=mandate("adjoint")).status_code == 302
    response = client.get(f"/guichet/{submitted.reference}/")
    assert "Charme" in response.context["contact"]["name"]
    assert submitted.reference not in {line.reference for line in client.get("/guichet/?vue=a-moi").context["lines"]}


def test_every_act_page_has_one_title_and_one_way_back(
    client: Client, sign_in: SignIn, submitted: SupportRequest
) -> None:
    sign_in(client, "delegue")
    opened = 0
    for slug in ACTS:
        response = client.get(f"/guichet/{submitted.reference}/{slug}/")
        assert response.status_code in {200, 403}
        if response.status_code == 200:
            opened += 1
            assert response.text.count("<h1") == 1
            assert re.search(rf'href="/guichet/{submitted.reference}/(#[a-z-]+)?"', response.text), slug
    assert opened >= 8


# --- two agents at once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_agents_decide_at_once_and_one_is_told(sign_in: SignIn, case: Case) -> None:
    """One decision is taken; the other agent reads who took it, and nothing is sent twice."""
    row = case("04208")
    desk = sign_in(Client(), "instructeur")
    act(desk, row, "accuser-reception", person=mandate("instructeur"))
    act(desk, row, "qualifier", **QUALIFIED)
    settle()
    chosen = str(offer().uuid)
    clients = {name: sign_in(Client(), name) for name in ("adjoint", "delegue")}
    together, answers = threading.Barrier(2), {}

    def decide(name: str) -> None:
        try:
            together.wait(10)
            answers[name] = act(
                clients[name], row, "decider", kind="local", offers=[chosen], message="Un toit.", reason="Choix."
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=[name]) for name in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.status_code for answer in answers.values()) == [302, 409]
    (loser,) = (answer for answer in answers.values() if answer.status_code == 409)
    (winner,) = (name for name, answer in answers.items() if answer.status_code == 302)
    assert {"adjoint": "Charme", "delegue": "Aubier"}[winner] in loser.text
    assert "vient de décider" in loser.text
    assert row.decisions.count() == 1
    settle()
    assert row.solicitations.count() == 1
