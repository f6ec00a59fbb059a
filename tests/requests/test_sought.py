"""What was looked for locally, frozen with a referral and read back in sentences."""

import datetime as dt
import html
from typing import Any

import pytest
from django.test import Client

from requests.demonstration.stage import Stage
from requests.models import Dispatch, Document, Reminder, Solicitation
from requests.services import letters, routing, sought
from tests.requests.journeys import prepared, searched, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
AT = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def test_the_evidence_tells_each_provider_asked_and_his_answer(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", accepted=False, reason="out_of_mission", text="Hors mission.")
    asked = case.row.solicitations.get(offer__code="atd-batiment-04")
    waiting = case.row.solicitations.exclude(pk=asked.pk).get()
    Solicitation.objects.filter(pk=waiting.pk).update(asked_at=AT - dt.timedelta(days=18))
    late = dt.datetime(2026, 11, 4, 23, 30, tzinfo=dt.UTC)  # the fifth, in the department
    Solicitation.objects.filter(pk=asked.pk).update(asked_at=late, answered_at=late + dt.timedelta(days=2))
    Reminder.objects.create(solicitation=asked, kind="before", on=dt.date(2026, 11, 6), at=late)
    case.row.refresh_from_db()
    found = sought.evidence(case.row)
    assert found["assessment"] == str(case.row.assessment.pk)
    assert found["summary"] == case.row.assessment.summary
    assert found["summary"]
    assert found["examined"] == case.row.assessment.document["recommendation"]["examined_local"]
    assert found["no_provider"] is routing.certifies_no_provider(case.row.assessment)
    assert sorted(found["solicitations"], key=lambda told: told["state"]) == [
        {
            "provider": asked.provider.name,
            "offer": asked.offer.title,
            "asked_on": "2026-11-05",
            "expected_on": asked.expected_on.isoformat(),
            "reminded_on": ["2026-11-06"],
            "state": "Déclinée",
            "answered_on": "2026-11-07",
            "cancelled_on": None,
            "working_days": 1,
            "channel": "Par courriel",
            "reason": asked.get_decline_reason_display(),
            "delay_days": asked.offer.delay_days,
            "capacity_left": asked.offer.capacity_left,
        },
        {
            "provider": waiting.provider.name,
            "offer": waiting.offer.title,
            "asked_on": "2026-11-05",
            "expected_on": waiting.expected_on.isoformat(),
            "reminded_on": [],
            "state": "En attente de réponse",
            "answered_on": None,
            "cancelled_on": None,
            "working_days": None,
            "channel": "",
            "reason": "",
            "delay_days": waiting.offer.delay_days,
            "capacity_left": waiting.offer.capacity_left,
        },
    ]
    assert set(found) == {"assessment", "summary", "examined", "no_provider", "solicitations", "not_asked"}


def test_what_was_taken_back_was_never_sought(stage: Stage) -> None:
    row = searched(stage).row
    told = len(sought.evidence(row)["solicitations"])
    first = row.solicitations.all()[0]
    Dispatch.objects.filter(decision=first.decision).update(cancelled_at=AT)
    first.decision.solicitations.update(state="cancelled", cancelled_at=AT)
    assert told == 2 and sought.evidence(row)["solicitations"] == []
    names = {one["offer"] for one in sought.evidence(row)["not_asked"]}
    local = [one for one in row.assessment.document["matching"]["candidates"] if one["family"] == "local"]
    assert names == {one["title"] for one in local}


def test_an_agreement_given_beforehand_is_nobody_s_answer(stage: Stage) -> None:
    row = searched(stage, "un", "atd-batiment-04").row
    row.solicitations.update(state="accepted", answered_at=AT, answer="Accord donné d’avance par le prestataire.")
    (one,) = sought.readable(sought.evidence(row))["solicitations"]
    assert one["told"].endswith("accord donné d’avance") or ", accord donné d’avance\u202f;" in one["told"]
    assert "jour ouvré" not in one["told"]


def test_a_local_offer_that_fits_and_that_nobody_asked_is_told(stage: Stage) -> None:
    row = searched(stage, "un", "atd-batiment-04").row
    assert row.assessment is not None
    kept = [one for one in row.assessment.document["matching"]["candidates"] if one["family"] == "local"]
    asked, *others = kept
    assert others, "else the test would compare nothing"
    row.solicitations.update(offer=asked["id"])
    assert sought.evidence(row)["not_asked"] == [
        {"provider": one["provider"]["name"], "offer": one["title"]} for one in others
    ]


def test_without_assessment_the_evidence_says_so(stage: Stage) -> None:
    row = submitted(stage).row
    row.assessment = None
    assert sought.evidence(row) == {
        "assessment": None,
        "summary": "",
        "examined": None,
        "no_provider": False,
        "solicitations": [],
        "not_asked": [],
    }


FULL = {
    "provider": "IT04",
    "offer": "Étude",
    "asked_on": "2026-05-07",
    "expected_on": "2026-05-25",
    "reminded_on": ["2026-05-18", "2026-05-20"],
    "state": "Déclinée",
    "answered_on": "2026-05-21",
    "cancelled_on": None,
    "working_days": 9,
    "channel": "Par téléphone",
    "reason": "Plan de charge complet",
    "delay_days": 30,
    "capacity_left": 0,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            ("IT04 (Étude) : sollicitation du 7_mai 2026, réponse attendue le 25_mai 2026, relance le 18_mai 2026 et "
            "le 20_mai 2026, déclinée le 21_mai 2026 (9_jours ouvrés, par téléphone) : plan de charge complet ; délai "
            "annoncé de 30_jours, aucune intervention encore possible"),
        ),
        (
            {"state": "Acceptée", "reason": "", "channel": "", "delay_days": None, "capacity_left": 2,
             "reminded_on": []},
            ("IT04 (Étude) : sollicitation du 7_mai 2026, réponse attendue le 25_mai 2026, acceptée le 21_mai 2026 "
            "(9_jours ouvrés) ; 2_interventions encore possibles"),
        ),
        (
            {"state": "Annulée", "answered_on": None, "working_days": None, "cancelled_on": "2026-05-12", "channel": "",
             "reason": "", "delay_days": None, "capacity_left": None, "expected_on": None, "reminded_on": []},
            "IT04 (Étude) : sollicitation du 7_mai 2026, annulée le 12_mai 2026",
        ),
    ],
)  # fmt: skip
def test_a_solicitation_in_one_sentence(changes: dict[str, Any], expected: str) -> None:
    (row,) = sought.readable({"solicitations": [{**FULL, **changes}]})["solicitations"]
    assert row["told"] == expected.replace(" :", "\u00a0:").replace(" ;", "\u202f;").replace("_", "\u00a0")


def test_what_an_older_referral_did_not_freeze_is_not_said() -> None:
    old = {"provider": "IT04", "offer": "Étude", "asked_on": "2026-05-07", "state": "En attente de réponse",
           "answered_on": None, "reason": "", "answer": ""}  # fmt: skip
    found = sought.readable({"solicitations": [old]})
    (row,) = found["solicitations"]
    assert row["asked_on"] == dt.date(2026, 5, 7) and old["asked_on"] == "2026-05-07", "what is frozen stays"
    assert row["told"] == "IT04 (Étude)\u00a0: sollicitation du 7\u00a0mai 2026, en attente de réponse"
    assert found["not_asked"] == []
    assert sought.readable({"summary": ""}) == {"summary": "", "solicitations": [], "not_asked": []}


def test_a_refusal_supports_the_motive_and_an_agreement_does_not() -> None:
    rows = [{**FULL, "state": state} for state in ("Déclinée", "Acceptée", "En attente de réponse", "Annulée")]
    found = sought.readable({"solicitations": rows, "not_asked": [{"provider": "CAUE", "offer": "Conseil"}]})
    lines = sought.lines(found)
    assert [line["holds"] for line in lines] == [True, False, None, None, False]
    assert lines[-1]["text"] == "CAUE (Conseil)\u00a0: offre qui convient, non sollicitée"


def test_facts_of_the_form_and_the_letter_hold_each_answer(stage: Stage, client: Client, sign_in: Any) -> None:
    """« Insérer les faits » inserts the refusals; the letter says when each provider answered, never in what words."""
    row = prepared(stage).row
    row.solicitations.update(answer="Mme Untel est débordée.", condition="Après son congé.")
    text = sign_in(client, "instructeur").get(f"/guichet/{row.reference}/saisine/").text
    facts = text[text.index('id="faits-insufficient_resources"') :]
    assert "déclinée le" in facts[: facts.index("</ul>")]
    source = f"referral:{row.referrals.get().pk}"
    letter = letters._html(Document(support_request=row, kind="referral", source_key=source, at=AT))
    for one in sought.readable(sought.evidence(row))["solicitations"]:
        assert one["answered_on"] and html.escape(one["told"]) in text and html.escape(one["told"]) in letter
    assert "Mme Untel" not in text and "Mme Untel" not in letter and "Après son congé" not in letter
