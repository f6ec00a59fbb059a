"""The main journeys, each act through its page: a process that ends after any statement leaves nothing of it, or all
of it; sent again, it is done once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from operators.models import Provider
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.services import national
from tests.faults.cutting import changed, cut, fingerprint
from tests.files import samples
from tests.requests.journeys import offer, prepared, reviewed, searched, submitted
from tests.requests.reading import hidden

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
SignIn = Callable[..., Client]
Rows = dict[str, int]

KEY = "6f0a1c6e-61f5-4c0e-9d2b-3a7c1f0e7a10"
NEW = f"/demandes/nouvelle/{KEY}"
NEED = {
    "collectivity": "Mézel (04)",
    "collectivity_code": "04121",
    "subject": "commerce",
    "need": "Le café ferme. Que faire du bâtiment d’en face ?",
    "progress": "idea",
    "version": "0",
}
WHO = {"contact_name": "Jeanne Bruyère", "contact_phone": "04 92 00 00 00", "contact_email": "maire@demo.example"}


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-12 10:00")


@dataclass
class Act:
    """A form ready to be sent: whose browser, where, with what (made anew each time: a file is read once)."""

    client: Client
    address: str
    data: Callable[[], dict[str, Any]]

    def send(self) -> Any:
        return self.client.post(self.address, self.data())


def plan() -> SimpleUploadedFile:
    return SimpleUploadedFile("plan.png", samples.PNG)


def at_desk(case: Case, slug: str) -> str:
    return f"/guichet/{case.row.reference}/{slug}/"


def person(stage: Stage, name: str) -> str:
    return str(stage.account(name).uuid)


# --- the acts --------------------------------------------------------------------------------------------------------


def file(stage: Stage, sign_in: SignIn) -> Act:
    mayor = sign_in("maire")
    assert mayor.post(f"{NEW}/besoin/", NEED).status_code == 302
    assert mayor.post(f"{NEW}/deja/", {"files": [plan()]}).status_code == 302
    assert mayor.post(f"{NEW}/vous/", {**WHO, "public_title": "Un commerce"}).status_code == 302
    return Act(mayor, f"{NEW}/verifier/", lambda: {"notice": "on", "accurate": "on", "action": "envoyer"})


def record(stage: Stage, sign_in: SignIn) -> Act:
    given = {
        "collectivity": "Simiane-la-Rotonde (04)",
        "channel": "letter",
        "received_on": "2026-11-10",
        "need": "Le toit de la salle des fêtes fuit.",
        "subject": "centre-bourg",
        "progress": "idea",
        "contact_name": "Mme Lavande",
        "key": KEY,
    }
    return Act(sign_in("instructeur"), "/guichet/enregistrer/", lambda: {**given, "scans": [plan()]})


def acknowledge(stage: Stage, sign_in: SignIn) -> Act:
    contact = person(stage, "instructeur")
    return Act(sign_in("instructeur"), at_desk(submitted(stage), "accuser-reception"), lambda: {"person": contact})


def ask_completion(stage: Stage, sign_in: SignIn) -> Act:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    return Act(sign_in("instructeur"), at_desk(case, "demander-elements"), lambda: {"items": "Le plan cadastral."})


def complete(stage: Stage, sign_in: SignIn) -> Act:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.ask_completion("2026-11-04", "Le plan cadastral.")
    address = f"/demandes/{case.row.reference}/completer/"
    return Act(sign_in("maire"), address, lambda: {"text": "Le voici.", "files": [plan()]})


def qualify(stage: Stage, sign_in: SignIn) -> Act:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    given = {"subject": "participation", "themes": ["PAR"], "competence": "commune", "phase": "framing"}
    return Act(sign_in("instructeur"), at_desk(case, "qualifier"), lambda: given)


def decide(stage: Stage, sign_in: SignIn) -> Act:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    offers = [str(offer(code).uuid) for code in ("atd-batiment-04", "caue-bourg-04")]
    given = {"kind": "local", "offers": offers, "message": "Un toit.", "reason": "Choix du guichet."}
    return Act(sign_in("adjoint"), at_desk(case, "decider"), lambda: given)


def provider_answers(stage: Stage, sign_in: SignIn) -> Act:
    asked = searched(stage).row.solicitations.get(offer__code="atd-batiment-04")
    return Act(sign_in("offreur"), reverse("requests:solicitation", args=[asked.uuid]), lambda: {"accepted": "oui"})


def _answered(stage: Stage) -> Case:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.answer("2026-11-05 11:00", "caue-bourg-04", text="Accord aussi.")
    return case


def propose(stage: Stage, sign_in: SignIn) -> Act:
    offers = [str(offer(code).uuid) for code in ("atd-batiment-04", "caue-bourg-04")]
    given = {"helpers": offers, "pilot": offers[0], "text": "Deux aides.", "price": "Sans frais."}
    return Act(sign_in("instructeur"), at_desk(_answered(stage), "proposer"), lambda: given)


def accept(stage: Stage, sign_in: SignIn) -> Act:
    case = _answered(stage)
    case.propose("2026-11-06", "atd-batiment-04", "caue-bourg-04", text="Deux aides.", price="Sans frais.")
    mayor, address = sign_in("maire"), f"/demandes/{case.row.reference}/accepter/"
    seen = hidden(mayor, address)
    return Act(mayor, address, lambda: {**seen, "note": "Voté."})


def designate(stage: Stage, sign_in: SignIn) -> Act:
    case = _answered(stage)
    case.propose("2026-11-06", "atd-batiment-04", "caue-bourg-04", text="Deux aides.", price="Sans frais.")
    case.accept("2026-11-09", stage.account("maire"))
    officer = person(stage, "suivi")
    return Act(sign_in("adjoint"), at_desk(case, "designer"), lambda: {"person": officer})


def sign_referral(stage: Stage, sign_in: SignIn) -> Act:
    deputy, address = sign_in("adjoint"), reverse("requests:referral-sign", args=[prepared(stage).row.reference])
    seen = hidden(deputy, address)
    return Act(deputy, address, lambda: {**seen, "read": "on"})


def delegate(stage: Stage, sign_in: SignIn) -> Act:
    address = reverse("requests:national-delegate", args=[reviewed(stage).row.reference])
    given = {"operator_cerema": "on", "mission_cerema": "Une étude.", "operator_anah": "on", "mission_anah": "Un avis."}
    return Act(sign_in("anct"), address, lambda: given)


def operator_answers(stage: Stage, sign_in: SignIn) -> Act:
    case = reviewed(stage)
    with case.on("2026-11-11", stage.account("anct")) as actor:
        national.delegate(
            case.row, actor, [national.Mission(operator=Provider.objects.get(code="cerema"), text="Étude")]
        )
    address = reverse("requests:delegation", args=[case.row.delegations.get().uuid])
    return Act(sign_in("cerema"), address, lambda: {"accepted": "oui", "contact": "Mme Lise"})


ACTS: tuple[Callable[[Stage, SignIn], Act], ...] = (
    file,
    record,
    acknowledge,
    ask_completion,
    complete,
    qualify,
    decide,
    provider_answers,
    propose,
    accept,
    designate,
    sign_referral,
    delegate,
    operator_answers,
)


# --- the test --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prepare", ACTS, ids=lambda act: act.__name__)
def test_ended_after_any_statement(prepare: Callable[[Stage, SignIn], Act], stage: Stage, sign_in: SignIn) -> None:
    act = prepare(stage, sign_in)
    before = fingerprint()
    whole: list[tuple[int, Rows]] = []  # where it was done all the same, and what stood there after it was sent again
    number, ended = 0, False
    while not ended:
        number += 1
        point = transaction.savepoint()
        ended, answer = cut(act.send, number)
        if not ended:
            if changed(before, fingerprint()):
                assert act.send().status_code in (302, 409)
                whole.append((number, changed(before, fingerprint())))
            transaction.savepoint_rollback(point)
    once = changed(before, fingerprint())
    assert answer.status_code == 302
    assert once, "the act does nothing"
    assert [after for after, rows in whole if rows != once] == []
    assert whole[0][0] > 10, "where are its statements?"
    assert len(whole) <= 3, "what counts is written in one transaction, the last but for what ends the request"
