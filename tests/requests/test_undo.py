"""An act is taken back whole while its mails wait: the file is as it was, nobody is told, the history keeps both."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from common import jobs
from common.errors import Conflict, NotAllowed
from notifications.hold import Hold, holding
from notifications.models import Mail, OutboxEvent
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import Document, HeldAct, Message, Reminder, Solicitation, SupportRequest, Transition
from requests.services import exchanges, followup, intake, letters, solicitations, solution, triage, undo
from requests.views.journal import journal_of
from tests.requests.journeys import SETTLED, accepted, offer, searched, submitted, supported

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

#: What an undone act may leave behind: the history, its words, what was told to whom.
LEFT = {"transition", "note", "heldact", "routingjob", "readinglog"}


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def held(seconds: int = 60) -> Hold:
    return Hold(until=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds))


def rows_of(row: SupportRequest) -> dict[str, Any]:
    """Everything that hangs on a file, as it stands."""
    found: dict[str, Any] = {}
    for relation in SupportRequest._meta.related_objects:
        model = relation.related_model
        if model._meta.model_name not in LEFT:
            columns = [field.attname for field in model._meta.concrete_fields]
            found[model._meta.label] = list(
                model._default_manager.filter(**{relation.field.name: row}).order_by("pk").values(*columns)
            )
    found["reminders"] = list(Reminder.objects.filter(solicitation__support_request=row).order_by("pk").values())
    (own,) = SupportRequest.objects.filter(pk=row.pk).values()
    found["request"] = {name: value for name, value in own.items() if name not in {"last_activity_at", "hidden_until"}}
    return found


def received(stage: Stage) -> Case:
    return submitted(stage)


def qualified(stage: Stage) -> Case:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    return case


def answered(stage: Stage) -> Case:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    return case


def proposed(stage: Stage) -> Case:
    case = answered(stage)
    case.propose("2026-11-06", "atd-batiment-04", text="Une aide.", price="Sans frais.")
    return case


def suspended(stage: Stage) -> Case:
    case = supported(stage)
    followup.suspend(case.row, stage.actor(stage.account("suivi")), reason="Étiage.")
    return case


def closing(stage: Stage) -> Case:
    case = suspended(stage)
    case.propose_closing("2026-11-20", stage.account("suivi"), "Le plan est fait.")
    return case


def to_propose(case: Case, actor: Any) -> None:
    (helper,) = solution.helpers(case.row)
    lines = [solution.Line(offer=helper.offer, solicitation=helper.solicitation, part="pilot")]
    solution.propose(case.row, actor, lines=lines, text="Une aide.", price="Sans frais.")


REDIRECTION = {"reason": "grant", "target": "La DETR", "text": "Voyez la DETR."}
#: Act → (where it begins, who does it, the service).
ACTS: dict[str, tuple[Callable[[Stage], Case], str, Callable[[Case, Any], Any]]] = {
    "acknowledge": (received, "instructeur", lambda c, a: triage.acknowledge(c.row, a, contact=c.instructor)),
    "ask_completion": (received, "instructeur", lambda c, a: triage.ask_completion(c.row, a, items="Le plan.")),
    "redirect": (searched, "adjoint", lambda c, a: triage.redirect(c.row, a, **REDIRECTION)),
    "drop": (accepted, "delegue", lambda c, a: triage.drop(c.row, a, reason="Sans nouvelles.")),
    "withdraw": (accepted, "instructeur", lambda c, a: intake.withdraw(c.row, a, reason="Il renonce.")),
    "propose": (answered, "instructeur", to_propose),
    "withdraw_proposal": (proposed, "instructeur", lambda c, a: solution.withdraw_proposal(c.row, a, reason="Erreur")),
    "designate": (accepted, "adjoint", lambda c, a: solution.designate(c.row, a, officer=c.stage.account("suivi"))),
    "suspend": (supported, "suivi", lambda c, a: followup.suspend(c.row, a, reason="Étiage.")),
    "resume": (suspended, "suivi", lambda c, a: followup.resume(c.row, a)),
    "close": (closing, "adjoint", lambda c, a: followup.close(c.row, a)),
}


def settle_mails() -> None:
    while jobs.sweep(["notifications.outbox"]):
        pass


@pytest.mark.parametrize("action", ACTS)
def test_an_act_taken_back_leaves_the_file_as_it_was(stage: Stage, action: str, clock: Any) -> None:
    begin, who, do = ACTS[action]
    case = begin(stage)
    case.row.refresh_from_db()
    actor = stage.actor(stage.account(who))
    settle_mails()
    before, mails = rows_of(case.row), Mail.objects.count()
    with holding(held()):
        do(case, actor)
    assert rows_of(case.row) != before
    act = HeldAct.objects.get(support_request=case.row)
    assert act.transition.action == action
    known = [document["id"] for document in before["requests.Document"]]
    for document in Document.objects.filter(support_request=case.row).exclude(pk__in=known):
        letters.write(document)  # a worker wrote the letter meanwhile
    undo.undo(act, actor)
    undo.undo(act, actor)  # a second click
    after = rows_of(case.row)
    if action == "propose":  # kept as withdrawn, for its words
        assert after["requests.Solution"].pop()["state"] == "withdrawn"
    assert after == before
    last, undone = case.row.transitions.order_by("-number")[:2]
    assert (undone.action, last.action, last.to_state) == (action, "undo", undone.from_state)
    assert not case.row.transitions.standing().filter(number__gte=undone.number).exists()
    clock.move_to("2026-11-23 10:02")
    settle_mails()
    assert Mail.objects.count() == mails


def _asked(case: Case) -> Solicitation:
    return case.row.solicitations.get(offer__code="atd-batiment-04")


#: What the desk does of one solicitation.
OF_ONE: dict[str, Callable[[Case, Any], Any]] = {
    "remind": lambda c, a: solicitations.remind(_asked(c), a),
    "cancel": lambda c, a: solicitations.cancel(_asked(c), a, reason="Trouvé ailleurs."),
    "decline": lambda c, a: solution.answer_solicitation(
        _asked(c), a, accepted=False, reason="workload", channel="telephone"
    ),
    "accept": lambda c, a: solution.answer_solicitation(_asked(c), a, accepted=True, channel="telephone"),
}


@pytest.mark.parametrize("do", OF_ONE.values(), ids=OF_ONE)
def test_what_the_desk_did_of_a_solicitation_is_taken_back(
    stage: Stage, do: Callable[[Case, Any], Any], clock: Any, client: Client, sign_in: Any
) -> None:
    case = searched(stage)
    case.row.refresh_from_db()
    settle_mails()
    before, mails, page = rows_of(case.row), Mail.objects.count(), f"/guichet/{case.row.reference}/"
    with holding(held()):
        do(case, case_actor(case))
    assert rows_of(case.row) != before
    act = HeldAct.objects.get(support_request=case.row)
    assert f'action="{page}annuler/"' in sign_in(client, "instructeur").get(page).text
    undo.undo(act, case_actor(case))
    undo.undo(act, case_actor(case))  # a second click
    assert rows_of(case.row) == before
    clock.move_to("2026-11-23 10:02")
    settle_mails()
    assert Mail.objects.count() == mails


def test_an_answer_that_was_used_is_not_taken_back(stage: Stage, client: Client, sign_in: Any, clock: Any) -> None:
    case = searched(stage)
    with holding(held()):
        solution.answer_solicitation(_asked(case), case_actor(case), accepted=True, channel="telephone")
    clock.move_to("2026-11-23 10:00:20")
    to_propose(case, case_actor(case))
    page = f"/guichet/{case.row.reference}/"
    assert f'action="{page}annuler/"' not in sign_in(client, "instructeur").get(page).text
    with pytest.raises(Conflict, match="a avancé depuis"):
        undo.undo(HeldAct.objects.get(support_request=case.row), case_actor(case))


def test_a_mail_that_was_held_leaves_at_its_hour(stage: Stage, clock: Any) -> None:
    case = received(stage)
    settle_mails()
    with holding(held()):
        triage.ask_completion(case.row, stage.actor(stage.account("instructeur")), items="Le plan.")
    settle_mails()
    assert not Mail.objects.filter(kind="completion_asked", object_reference=case.row.reference).exists()
    clock.move_to("2026-11-23 10:02")
    settle_mails()
    assert Mail.objects.filter(kind="completion_asked", object_reference=case.row.reference).exists()
    act = HeldAct.objects.get(support_request=case.row)
    with pytest.raises(Conflict, match="Le courriel est parti"):
        undo.undo(act, stage.actor(stage.account("instructeur")))


def test_what_a_provider_was_asked_is_taken_back_with_the_decision(stage: Stage, clock: Any) -> None:
    case = qualified(stage)
    actor = stage.actor(stage.account("adjoint"))
    settle_mails()
    mails = Mail.objects.count()
    with holding(held()):
        triage.decide_local(case.row, actor, [offer("caue-bourg-04")], message="Besoin.", reason="Choix.")
    jobs.sweep(SETTLED)
    settle_mails()
    assert case.row.solicitations.get().state == "asked"
    undo.undo(HeldAct.objects.get(support_request=case.row), actor)
    clock.move_to("2026-11-23 10:02")
    jobs.sweep(SETTLED)
    settle_mails()
    assert case.row.solicitations.get().state == "cancelled"
    assert Mail.objects.count() == mails
    assert "Décision : mobiliser une aide, annulée avant l’envoi" in [
        line.title.replace("\xa0", " ") for line in journal_of(case.row, case_actor(case), internal=True)
    ]
    triage.decide_local(case.row, actor, [offer("caue-bourg-04")], message="Besoin.", reason="Choix.")
    jobs.sweep(SETTLED)
    assert case.row.solicitations.filter(state="asked").count() == 1


def test_a_decision_taken_back_before_its_worker_is_never_carried_out(stage: Stage) -> None:
    case = qualified(stage)
    actor = stage.actor(stage.account("adjoint"))
    with holding(held()):
        triage.decide_local(case.row, actor, [offer("caue-bourg-04")], message="Besoin.", reason="Choix.")
    undo.undo(HeldAct.objects.get(support_request=case.row), actor)
    jobs.sweep(SETTLED)
    assert not case.row.solicitations.exists()
    case.row.refresh_from_db()
    assert case.row.state == "qualification"


def test_a_provider_that_answered_is_not_unasked(stage: Stage, client: Client, sign_in: Any) -> None:
    case = qualified(stage)
    deputy = sign_in(client, "adjoint")
    page = f"/guichet/{case.row.reference}/"
    actor = stage.actor(stage.account("adjoint"))
    with holding(held()):
        triage.decide_local(case.row, actor, [offer("caue-bourg-04")], message="Besoin.", reason="Choix.")
    jobs.sweep(SETTLED)
    assert f'action="{page}annuler/"' in deputy.get(page).text
    solution.answer_solicitation(case.row.solicitations.get(), case_actor(case), accepted=True, channel="mail")
    assert f'action="{page}annuler/"' not in deputy.get(page).text
    with pytest.raises(Conflict, match="déjà répondu"):
        undo.undo(HeldAct.objects.get(support_request=case.row), actor)


def case_actor(case: Case) -> Any:
    return case.stage.actor(case.instructor)


def test_a_closing_that_was_answered_is_not_taken_back(stage: Stage, client: Client, sign_in: Any) -> None:
    case = supported(stage)
    case.propose_closing("2026-11-16", stage.account("suivi"), "Étude remise.")
    deputy, mayor = stage.actor(stage.account("adjoint")), stage.actor(stage.account("maire"))
    with holding(held()):
        followup.close(case.row, deputy)
    case.row.refresh_from_db()
    survey, page = case.row.surveys.get(moment="closing"), f"/guichet/{case.row.reference}/"
    assert "annuler/" in sign_in(client, "adjoint").get(page).text
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=10)
    followup.answer_survey(survey, mayor, useful=True, at=soon)
    assert "annuler/" not in client.get(page).text
    with pytest.raises(Conflict, match="a avancé depuis"):
        undo.undo(HeldAct.objects.latest("pk"), deputy)
    survey.refresh_from_db()
    assert survey.useful is True


def test_questions_taken_back_with_the_closing_are_answered_by_a_clear_refusal(
    stage: Stage, client: Client, sign_in: Any
) -> None:
    case = supported(stage)
    case.propose_closing("2026-11-16", stage.account("suivi"), "Étude remise.")
    deputy, mayor = stage.actor(stage.account("adjoint")), stage.actor(stage.account("maire"))
    with holding(held()):
        followup.close(case.row, deputy)
    survey = case.row.surveys.get(moment="closing")
    undo.undo(HeldAct.objects.latest("pk"), deputy)
    with pytest.raises(Conflict, match="vient de rouvrir"):
        followup.answer_survey(survey, mayor, useful=True)
    answer = sign_in(client, "maire").post(
        f"/demandes/{case.row.reference}/questions/fin/", {"useful": "1"}, follow=True
    )
    assert "vient de rouvrir" in answer.text
    assert answer.status_code == 200


def test_a_proposal_taken_back_is_no_longer_accepted_in_words_that_say_so(stage: Stage) -> None:
    case, mayor = answered(stage), stage.actor(stage.account("maire"))
    with holding(held()):
        to_propose(case, case_actor(case))
    undo.undo(HeldAct.objects.latest("pk"), case_actor(case))
    with pytest.raises(Conflict, match="n’attend plus de réponse"):
        solution.accept_proposal(case.row, mayor)


def test_only_its_author_takes_an_act_back(stage: Stage) -> None:
    case = received(stage)
    with holding(held()):
        triage.ask_completion(case.row, case_actor(case), items="Le plan.")
    with pytest.raises(NotAllowed):
        undo.undo(HeldAct.objects.get(support_request=case.row), stage.actor(stage.account("adjoint")))


def test_a_file_that_moved_since_is_not_moved_back(stage: Stage) -> None:
    case = received(stage)
    with holding(held()):
        triage.ask_completion(case.row, case_actor(case), items="Le plan.")
    intake.complete(case.row, stage.actor(stage.account("maire")), text="Voici le plan.")
    with pytest.raises(Conflict, match="a avancé depuis"):
        undo.undo(HeldAct.objects.get(support_request=case.row), case_actor(case))
    case.row.refresh_from_db()
    assert case.row.state == "submitted"


def test_the_agency_reads_the_lines_taken_back_and_the_applicant_does_not(stage: Stage) -> None:
    case = received(stage)
    with holding(held()):
        triage.ask_completion(case.row, case_actor(case), items="Le plan.")
    undo.undo(HeldAct.objects.get(support_request=case.row), case_actor(case))
    own = [line.title for line in journal_of(case.row, case_actor(case), internal=False)]
    assert len(own) == 1
    assert len(journal_of(case.row, case_actor(case), internal=True)) == len(own) + 2


def test_held_acts_are_forgotten_after_a_day(stage: Stage, clock: Any) -> None:
    case = received(stage)
    with holding(held()):
        triage.ask_completion(case.row, case_actor(case), items="Le plan.")
    undo.purge()
    assert HeldAct.objects.exists()
    clock.move_to("2026-11-25 10:00")
    undo.purge()
    assert not HeldAct.objects.exists()


# --- by the pages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def _a_minute(settings: Any) -> None:
    settings.UNDO_SECONDS = 60


@pytest.mark.usefixtures("_a_minute")
def test_the_page_offers_to_take_back_and_gives_the_words_again(stage: Stage, client: Client, sign_in: Any) -> None:
    case = received(stage)
    sign_in(client, "instructeur")
    page = f"/guichet/{case.row.reference}/"
    client.post(f"{page}demander-elements/", {"items": "Le plan des parcelles."})
    shown = client.get(page).content.decode()
    assert re.search(r"Ce courriel partira à 10\xa0h\xa001\.", shown)
    assert re.search(r"Annuler&nbsp;<span data-undo-left>\((60|59)\xa0s\)", shown)
    act = HeldAct.objects.get(support_request=case.row)
    assert str(act.pk) in shown
    answer = client.post(f"{page}annuler/", {"act": str(act.pk)}, follow=True)
    assert "Acte annulé : le courriel ne partira pas." in answer.content.decode().replace("\xa0", " ")
    assert "Ce courriel partira" not in answer.content.decode()
    assert "Le plan des parcelles." in client.get(f"{page}demander-elements/").content.decode()


@pytest.mark.usefixtures("_a_minute")
def test_a_message_taken_back_returns_to_its_field(stage: Stage, client: Client, sign_in: Any, clock: Any) -> None:
    case = received(stage)
    sign_in(client, "instructeur")
    page = f"/guichet/{case.row.reference}/"
    posted = {"channel": "public", "text": "Bonjour, une coquille.", "key": str(uuid.uuid4())}
    client.post(f"{page}message/", posted)
    act = HeldAct.objects.get(support_request=case.row)
    client.post(f"{page}annuler/", {"act": str(act.pk)})
    assert not Message.objects.filter(support_request=case.row).exists()
    assert "Bonjour, une coquille.</textarea>" in client.get(page).content.decode()
    clock.move_to("2026-11-23 10:00:30")
    client.post(f"{page}message/", {**posted, "text": "Bonjour.", "key": str(uuid.uuid4())})
    assert "coquille" not in client.get(page).content.decode()
    assert Message.objects.get(support_request=case.row).text == "Bonjour."


@pytest.mark.usefixtures("_a_minute")
def test_an_internal_note_and_the_mayor_s_act_wait_for_nothing(stage: Stage, client: Client, sign_in: Any) -> None:
    case = received(stage)
    sign_in(client, "instructeur")
    note = {"channel": "internal", "text": "Entre nous.", "key": str(uuid.uuid4())}
    client.post(f"/guichet/{case.row.reference}/message/", note)
    sign_in(client, "maire")
    client.post(f"/demandes/{case.row.reference}/retirer/", {"reason": "Nous renonçons."})
    case.row.refresh_from_db()
    assert case.row.state == "withdrawn"
    assert not HeldAct.objects.exists()


@pytest.mark.parametrize("given", ["", "n’importe quoi", "6f0c5a0e-3d2b-4c55-9a51-0d3f4f1c2b7a"])
def test_taking_back_what_is_not_there_says_so(stage: Stage, client: Client, sign_in: Any, given: str) -> None:
    case = received(stage)
    sign_in(client, "instructeur")
    answer = client.post(f"/guichet/{case.row.reference}/annuler/", {"act": given}, follow=True)
    assert "Cet acte ne peut plus être annulé." in answer.content.decode()
    assert Transition.objects.filter(support_request=case.row).count() == 1


@pytest.mark.usefixtures("_a_minute")
def test_a_message_to_a_provider_is_held_too(stage: Stage, client: Client, sign_in: Any) -> None:
    case = searched(stage)
    sign_in(client, "instructeur")
    row = case.row.solicitations.first()
    assert row is not None
    posted = {"channel": "solicitation", "solicitation": str(row.uuid), "text": "Quand ?", "key": str(uuid.uuid4())}
    client.post(f"/demandes/{case.row.reference}/messages/", posted)
    assert HeldAct.objects.get(support_request=case.row).message.text == "Quand ?"
    assert OutboxEvent.objects.undone().filter(hold__isnull=False).count() == 1


def test_nothing_waits_outside_a_page(stage: Stage) -> None:
    case = received(stage)
    exchanges.post(case.row, case_actor(case), channel="public", text="Par l’API.")
    triage.ask_completion(case.row, case_actor(case), items="Le plan.")
    assert not HeldAct.objects.exists()
