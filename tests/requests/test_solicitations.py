"""A solicitation between its question and its answer: what each provider is asked, reminders, the provider's own
question, giving it up, absences, and what its answers show of an offer."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mandate
from common import clock as portal_clock
from common import jobs
from common.errors import Conflict, Invalid, NotAllowed
from notifications import outbox
from notifications.hold import Hold, holding
from notifications.models import Mail, OutboxEvent
from operators.models import Offer, Provider, ProviderAbsence
from operators.services import absences
from requests import observed
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import HeldAct, Solicitation, SupportRequest
from requests.services import exchanges, solicitations, solution, triage, undo
from requests.services.solicitations import kind_due
from territories.models import DeskClosing
from tests.requests.journeys import SETTLED, offer, searched, submitted

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
SignIn = Callable[[Client, Mandate | str], Client]
ATD, CAUE = "atd-batiment-04", "caue-bourg-04"


@pytest.fixture(autouse=True)
def _day(db: None, clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")
    OutboxEvent.objects.all().delete()  # what the demonstration told is not at stake
    Mail.objects.all().delete()
    ProviderAbsence.objects.all().delete()


def asked(case: Case, code: str = ATD) -> Solicitation:
    return case.row.solicitations.select_related("provider", "offer").get(offer__code=code)


def holder(case: Case) -> str:
    return SupportRequest.objects.get(pk=case.row.pk).holder


def qualified(stage: Stage, name: str = "un") -> Case:
    case = submitted(stage, name)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    return case


def decide(stage: Stage, case: Case, *codes: str, **given: Any) -> None:
    actor = stage.actor(case.deputy)
    triage.decide_local(case.row, actor, [offer(code) for code in codes], message="Un toit.", reason="Choix.", **given)
    jobs.sweep(SETTLED)


def ask_back(stage: Stage, row: Solicitation, text: str = "Quelle surface ?", by: str = "offreur") -> Any:
    return exchanges.post(
        row.support_request, stage.actor(stage.account(by)), channel="solicitation", text=text, solicitation=row,
        key=uuid.uuid4(),
    )  # fmt: skip


def mails(kind: str) -> dict[str, str]:
    jobs.sweep([outbox.WORK])
    return dict(Mail.objects.filter(kind=kind).values_list("to_email", "text"))


# --- what each is asked ----------------------------------------------------------------------------------------------


def test_each_is_asked_his_own_question_for_the_day_chosen(stage: Stage) -> None:
    case = qualified(stage)
    key = str(offer(ATD).uuid)
    day = dt.date(2026, 12, 4)
    decide(stage, case, ATD, CAUE, questions={key: " Pouvez-vous venir ? ", str(uuid.uuid4()): "?"}, expected_on=day)
    first, second = asked(case), asked(case, CAUE)
    assert (first.question, second.question) == ("Pouvez-vous venir ?", "")
    assert (first.expected_on, second.expected_on) == (day, day)
    told = mails("solicited")
    assert [text for text in told.values() if "Pouvez-vous venir" in text]
    assert [text for text in told.values() if "Pouvez-vous venir" not in text], "his alone"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (dt.date(2026, 11, 23), "à venir"),
        (dt.date(2026, 11, 20), "à venir"),
        (dt.date(2026, 11, 28), "n’est pas un jour ouvré"),
        (dt.date(2026, 12, 25), "n’est pas un jour ouvré"),
        (dt.date(2027, 11, 23), "vérifiez le mois et l’année"),
    ],
)
def test_a_day_that_cannot_be_is_refused_beside_its_field(stage: Stage, day: dt.date, words: str) -> None:
    case = qualified(stage)
    with pytest.raises(Invalid, match=words) as refused:
        decide(stage, case, ATD, expected_on=day)
    assert refused.value.field == "expected_on"
    assert not case.row.decisions.exists()


def test_a_further_provider_while_others_are_still_asked(client: Client, sign_in: SignIn, stage: Stage) -> None:
    case = searched(stage, "un", ATD)
    page = reverse("requests:act-solliciter", args=[case.row.reference])
    sign_in(client, case.deputy)
    text = client.get(page).text
    assert "Transmettre à l’Agence" not in text and str(offer(ATD).uuid) not in text, "neither referral nor those asked"
    assert asked(case).message in text
    key = str(offer(CAUE).uuid)
    given = {"offers": [key], "message": "Un toit.", "kind": "local", "reason": "Mieux.", f"question_{key}": "Quand ?"}
    assert client.post(page, {**given, "expected_on": "2026-11-29"}).status_code == 422
    assert client.post(page, {**given, "expected_on": "2026-12-01"}).status_code == 302
    jobs.sweep(SETTLED)
    assert (asked(case, CAUE).question, asked(case).state) == ("Quand ?", "asked")
    again = client.post(page, {**given, "expected_on": "2026-12-01"})
    assert again.status_code == 409, "a double click asks nobody twice"
    assert case.row.solicitations.count() == case.row.decisions.count() == 2
    assert (
        client.get(reverse("requests:act-solliciter", args=[qualified(stage, "deux").row.reference])).status_code == 302
    )


# --- whose turn ------------------------------------------------------------------------------------------------------


def test_the_desk_has_something_to_do_as_soon_as_one_accepts(stage: Stage) -> None:
    case = searched(stage)
    assert holder(case) == "provider"
    case.answer("2026-11-23 10:01", CAUE, accepted=False, reason="workload")
    assert holder(case) == "provider"
    other = searched(stage, "deux")
    other.answer("2026-11-23 10:02", ATD, text="Oui.")
    assert holder(other) == "desk", "the other is still asked"
    other.propose("2026-11-23 11:00", ATD, text="Une aide.", price="Sans frais.")
    with other.on("2026-11-23 12:00", stage.account("maire")) as actor:
        solution.decline_proposal(other.row, actor, reason="Non.")
    solution.await_providers(other.row)
    assert holder(other) == "provider", "what the applicant declined is nothing to propose"


def test_a_provider_who_asks_waits_for_the_desk(stage: Stage) -> None:
    case = searched(stage)
    row = asked(case)
    before = row.expected_on
    ask_back(stage, row)
    row.refresh_from_db()
    assert row.awaits_desk and holder(case) == "desk"
    case.row.refresh_from_db()
    assert case.row.provider_due_on == asked(case, CAUE).expected_on, "the other one only"
    ask_back(stage, row, "Et quel budget ?")
    with pytest.raises(Conflict, match="attend votre réponse"):
        solicitations.remind(row, stage.actor(case.instructor))
    solicitations.remind_due(at=portal_clock.now() - dt.timedelta(days=5))
    assert asked(case, CAUE).reminders.exists() and not row.reminders.exists()
    with holding(Hold(until=portal_clock.instant() + dt.timedelta(minutes=1))):
        ask_back(stage, row, "Cent mètres carrés.", by="instructeur")
    row.refresh_from_db()
    assert (row.questioned_at, holder(case)) == (None, "provider")
    assert row.expected_on == dt.date(2026, 11, 26) > before, "three working days to answer"
    undo.undo(HeldAct.objects.get(support_request=case.row, message__isnull=False), stage.actor(case.instructor))
    row.refresh_from_db()
    assert row.awaits_desk and row.expected_on == before and holder(case) == "desk", "the answer was taken back"
    solution.answer_solicitation(row, stage.actor(stage.account("offreur")), accepted=False, reason="calendar")
    row.refresh_from_db()
    assert row.questioned_at is None and holder(case) == "provider"


def test_a_decision_is_not_taken_back_from_under_a_question(stage: Stage) -> None:
    case = qualified(stage)
    with holding(Hold(until=portal_clock.instant() + dt.timedelta(minutes=1))):
        triage.decide_local(case.row, stage.actor(case.deputy), [offer(ATD)], message="Un toit.", reason="Choix.")
    jobs.sweep(SETTLED)
    ask_back(stage, asked(case))
    with pytest.raises(Conflict, match="déjà répondu"):
        undo.undo(HeldAct.objects.get(decision__isnull=False, support_request=case.row), stage.actor(case.deputy))


# --- reminders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-11-11", None),  # Armistice, although within two working days
        ("2026-11-12", "before"),
        ("2026-11-13", "before"),
        ("2026-11-14", None),
        ("2026-11-16", "before"),
        ("2026-11-17", None),
        ("2026-11-18", "after"),
        ("2026-12-14", "after"),
        ("2026-12-15", None),
    ],
)
def test_days_of_reminders_are_working_days(day: str, kind: str | None) -> None:
    assert kind_due(dt.date(2026, 11, 16), dt.date.fromisoformat(day), "04") == kind


def test_the_day_of_a_reminder_is_the_territorys() -> None:
    """Abolition of slavery in La Réunion, on 20 December: a Monday in 2027."""
    expected = dt.date(2027, 12, 22)
    assert kind_due(expected, dt.date(2027, 12, 20), "04") == "before"
    assert kind_due(expected, dt.date(2027, 12, 20), "974") is None


def test_each_reminder_leaves_once(stage: Stage, clock: Any) -> None:
    case = searched(stage)
    Solicitation.objects.exclude(support_request=case.row).update(expected_on=None)
    for code in (ATD, CAUE):
        assert asked(case, code).expected_on == dt.date(2026, 11, 19)
    OutboxEvent.objects.all().delete()
    Mail.objects.all().delete()
    clock.move_to("2026-11-17 08:00")
    assert [solicitations.remind_due() for _ in range(2)] == [2, 0]
    clock.move_to("2026-11-18 08:00")
    assert solicitations.remind_due() == 0
    case.answer("2026-11-19", CAUE, text="Oui.")
    clock.move_to("2026-11-23 08:00")
    assert [solicitations.remind_due() for _ in range(2)] == [1, 0]
    row = asked(case)
    assert list(row.reminders.values_list("kind", flat=True)) == ["before", "after"]
    assert row.reminded_at == portal_clock.now()
    clock.move_to("2026-11-25 08:00")
    assert solicitations.remind_due() == 0
    told = mails("solicitation_reminded")
    assert row.provider.email in told and "19\u00a0novembre" in told[row.provider.email]


def test_no_reminder_after_an_answer_even_when_its_mail_waits(stage: Stage, clock: Any) -> None:
    case = searched(stage)
    clock.move_to("2026-11-17 08:00")
    OutboxEvent.objects.all().delete()
    assert solicitations.remind_due() >= 2
    case.answer("2026-11-17 09:00", CAUE, text="Oui.")
    assert asked(case, CAUE).provider.email not in mails("solicitation_reminded")


def test_nothing_leaves_while_the_desk_is_closed_or_the_provider_away(stage: Stage, clock: Any) -> None:
    case = searched(stage)
    clock.move_to("2026-11-17 08:00")
    closing = DeskClosing.objects.create(
        desk=case.row.department.desk, first_day="2026-11-17", last_day="2026-11-17", reason="Inventaire"
    )
    row = asked(case)
    solicitations.remind_due()
    assert not row.reminders.exists()
    closing.delete()
    away = absence(stage, row.provider, last_day=dt.date(2026, 11, 17))
    solicitations.remind_due()
    assert not row.reminders.exists() and asked(case, CAUE).reminders.exists()
    absences.end(away, stage.actor(stage.account("offreur")))
    solicitations.remind_due()
    assert row.reminders.count() == 1


def test_the_desk_reminds_once_a_day(client: Client, sign_in: SignIn, stage: Stage, clock: Any) -> None:
    case = searched(stage)
    row = asked(case)
    page = reverse("requests:solicitation-remind", args=[case.row.reference, row.uuid])
    sign_in(client, "instructeur")
    assert row.provider.name in client.get(page).text
    assert client.post(page).status_code == 302
    again = client.post(page)
    assert (again.status_code, "déjà été relancé aujourd’hui" in again.text) == (409, True)
    assert row.reminders.count() == 1
    assert "relancé le 23" in client.get(reverse("requests:file", args=[case.row.reference])).text
    assert "Relance" in sign_in(Client(), "offreur").get(reverse("requests:solicitation", args=[row.uuid])).text
    for name in ("offreur", "maire", "sousprefet", "instructeur2", "cmt"):
        with pytest.raises(NotAllowed):
            solicitations.remind(row, stage.actor(stage.account(name)))
    fresh = qualified(stage, "deux")
    decide(stage, fresh, ATD)
    with pytest.raises(Conflict, match="sollicité d’aujourd’hui"):
        solicitations.remind(asked(fresh), stage.actor(case.instructor))


# --- giving it up ----------------------------------------------------------------------------------------------------


def test_the_provider_is_told_that_he_is_asked_no_more(client: Client, sign_in: SignIn, stage: Stage) -> None:
    case = searched(stage)
    row = asked(case)
    OutboxEvent.objects.all().delete()
    page = reverse("requests:solicitation-cancel", args=[case.row.reference, row.uuid])
    sign_in(client, "instructeur")
    assert client.post(page, {"reason": " "}).status_code == 422
    assert client.post(page, {"reason": "La commune a trouvé."}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.cancel_reason) == ("cancelled", "La commune a trouvé.")
    assert "La commune a trouvé." in mails("solicitation_cancelled")[row.provider.email]
    assert client.post(page, {"reason": "Encore."}).status_code == 409
    provider = sign_in(Client(), "offreur")
    assert "La commune a trouvé." in provider.get(reverse("requests:solicitation", args=[row.uuid])).text
    with pytest.raises(Conflict):
        solution.answer_solicitation(row, stage.actor(stage.account("offreur")), accepted=True)
    solicitations.cancel(asked(case, CAUE), stage.actor(case.instructor), reason="Non plus.")
    assert holder(case) == "desk"
    with pytest.raises(NotAllowed):
        solicitations.cancel(asked(searched(stage, "deux")), stage.actor(stage.account("offreur")), reason="Moi.")
    decide(stage, case, ATD)
    assert case.row.solicitations.filter(offer__code=ATD, state="asked").count() == 1, "he may be asked again"


# --- absences --------------------------------------------------------------------------------------------------------


def absence(stage: Stage, provider: Provider, **given: Any) -> ProviderAbsence:
    values = {"first_day": portal_clock.today(), "last_day": dt.date(2026, 12, 11)}
    return absences.declare(provider, stage.actor(stage.account("offreur")), **{**values, **given})


def test_whoever_is_away_is_expected_after_his_return_and_his_deputy_is_told(stage: Stage) -> None:
    provider = offer(ATD).provider
    deputy = f"suppleante@{provider.email.rpartition('@')[2]}"
    away = absence(stage, provider, deputy_name="Mme Cyprès", deputy_email=deputy, note="Fermé.")
    assert absence(stage, provider, deputy_name="Mme Cyprès", deputy_email=deputy, note="Fermé.") == away, (
        "twice is once"
    )
    case = qualified(stage)
    decide(stage, case, ATD, CAUE)
    assert asked(case).expected_on == dt.date(2026, 12, 16), "three working days after 11 December"
    assert asked(case, CAUE).expected_on == dt.date(2026, 12, 7)
    assert {deputy, provider.email} <= set(mails("solicited"))
    absences.end(away, stage.actor(stage.account("offreur")))
    absences.end(away, stage.actor(stage.account("offreur")))
    other = qualified(stage, "deux")
    decide(stage, other, ATD)
    assert asked(other).expected_on == dt.date(2026, 12, 7)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"last_day": dt.date(2026, 11, 22)}, "last_day"),
        ({"first_day": dt.date(2026, 11, 2), "last_day": dt.date(2026, 11, 20)}, "last_day"),
        ({"last_day": dt.date(2028, 1, 1)}, "last_day"),
        ({"deputy_email": "quelqu.un@orange.fr", "deputy_name": "Quelqu’un"}, "deputy_email"),
        ({"deputy_email": "offreur@demo.example"}, "deputy_name"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_beside_its_field(stage: Stage, given: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        absence(stage, offer(ATD).provider, **given)
    assert refused.value.field == field
    assert not ProviderAbsence.objects.exists()


def test_the_provider_declares_it_on_its_page_and_the_desk_sees_it(
    client: Client, sign_in: SignIn, stage: Stage
) -> None:
    case = searched(stage)
    provider = offer(ATD).provider
    page = reverse("operators:absences", args=[provider.code])
    own = sign_in(client, "offreur")
    assert page in own.get("/sollicitations/").text
    wrong = own.post(page, {"first_day": "2026-11-25", "last_day": "2026-11-24"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["last_day"])
    given = {"first_day": "2026-11-23", "last_day": "2026-11-27", "deputy_name": "Mme Cyprès"}
    assert own.post(page, given).status_code == 302
    assert own.post(page, {**given, "last_day": "2026-11-30"}).status_code == 409
    desk = sign_in(Client(), case.deputy)
    for name in ("file", "act-decider"):
        text = desk.get(reverse(f"requests:{name}", args=[case.row.reference])).text
        assert "suppléance : Mme Cyprès" in text.replace("\u00a0", " "), name
    (row,) = ProviderAbsence.objects.all()
    assert own.post(page, {"fin": str(row.pk)}).status_code == 302
    row.refresh_from_db()
    assert row.ended_at is not None
    assert "Mme Cyprès" not in Client().get(provider.get_absolute_url()).text
    for name, status in (("maire", 403), ("anct", 403), ("cmt", 403), ("instructeur2", 403), ("instructeur", 200)):
        assert sign_in(Client(), name).get(page).status_code == status, name


# --- what answers show -----------------------------------------------------------------------------------------------


def _answered(stage: Stage) -> Offer:
    for number, day in enumerate(("2026-11-05", "2026-11-06", "2026-11-12")):
        case = searched(stage, f"dossier-{number}", ATD)
        case.answer(day, ATD, accepted=number > 0, reason="workload" if number == 0 else "")
    return offer(ATD)


def test_delays_and_refusals_are_for_the_desk_and_that_provider_only(stage: Stage) -> None:
    Solicitation.objects.all().update(answered_at=None, state="cancelled", cancelled_at=portal_clock.now())
    wanted = _answered(stage)
    for name in ("instructeur", "adjoint", "offreur"):
        (seen,) = [observed.of_offers(stage.actor(stage.account(name)))[wanted.pk]]
        assert (seen.answers, seen.median, seen.refusals) == (3, 2, 1), name
        assert seen.reasons == [("Plan de charge complet", 1)]
    found = {name: observed.of_offers(stage.actor(stage.account(name))) for name in stage_names()}
    assert {name for name, seen in found.items() if wanted.pk in seen} <= {
        "instructeur", "adjoint", "delegue", "offreur",
    }  # fmt: skip


def stage_names() -> list[str]:
    state = "instructeur instructeur2 sousprefet adjoint delegue suivi cmt anct dg"
    others = "maire secretaire epci chefprojet offreur anah anru cerema bdt ademe clct admin"
    return f"{state} {others}".split()


def test_no_page_nor_api_shows_them_to_anybody_else(client: Client, sign_in: SignIn, stage: Stage) -> None:
    Solicitation.objects.all().update(answered_at=None, state="cancelled", cancelled_at=portal_clock.now())
    wanted = _answered(stage)
    case = qualified(stage, "autre")
    public = (wanted.get_absolute_url(), wanted.provider.get_absolute_url(), f"/api/v1/offers/{wanted.uuid}/")
    words = ("Réponses observées", "Vos réponses depuis", "médiane")
    for name in ("maire", "sousprefet", "cmt", "anct", "instructeur2", "clct", "epci"):
        person = sign_in(Client(), name)
        pages = (
            *public,
            "/sollicitations/",
            f"/guichet/{case.row.reference}/",
            f"/guichet/{case.row.reference}/decider/",
        )
        for page in pages:
            text = person.get(page).content.decode()
            assert not [word for word in words if word in text], (name, page)
    assert not [word for page in public for word in words if word in Client().get(page).content.decode()]
    assert "Réponses observées" in sign_in(Client(), case.deputy).get(f"/guichet/{case.row.reference}/decider/").text
    assert "Vos réponses depuis" in sign_in(Client(), "offreur").get("/sollicitations/").text


def test_an_offer_declined_twice_within_a_year_is_asked_again(stage: Stage) -> None:
    row = offer(ATD)
    Offer.objects.filter(pk=row.pk).update(asked_at=None, answered_at=None)
    Solicitation.objects.filter(offer=row, state="declined").update(
        answered_at=portal_clock.now() - dt.timedelta(days=400)
    )
    for number, expected in enumerate((None, "declined")):
        case = searched(stage, f"refus-{number}", ATD)
        case.answer("2026-11-20", ATD, accepted=False, reason="workload")
        assert [solicitations.question_declined() for _ in range(2)] == [bool(expected), 0]
        row.refresh_from_db()
        assert (row.asked_reason or None if row.asked_at else None) == expected
