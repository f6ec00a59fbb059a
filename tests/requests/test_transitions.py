"""The one way a request changes state: what a step writes, what it clears, what it refuses, and in which words."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from common.actor import Actor, Matter, Role, system
from common.errors import Conflict, Invalid, NotAllowed
from notifications.hold import Hold, holding
from requests import deadlines
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import HeldAct, SupportRequest, Transition
from requests.permissions import Standing, standing
from requests.services import followup, held, intake, transitions
from requests.workflow import Action, Holder, State
from tests.requests.journeys import accepted, prepared, reviewed, searched, submitted, supported

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
NOW = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=3)
PUT_ASIDE = dt.date(2026, 12, 24)


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def stepped(case: Case, action: Action, actor: Actor, at: dt.datetime | None = LATER, **given: Any) -> Transition:
    with transitions.begin(case.row.pk, action, actor, at=at) as step:
        made = step.finish(**given)
        assert step.finished
    case.row.refresh_from_db()
    return made


def set_columns(case: Case, **columns: Any) -> None:
    SupportRequest.objects.filter(pk=case.row.pk).update(**columns)
    case.row.refresh_from_db()


def agent(case: Case) -> Actor:
    return case.stage.actor(case.instructor)


# --- a step ----------------------------------------------------------------------------------------------------------


def proposed(stage: Stage) -> Case:
    case = searched(stage, "proposé")
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.propose("2026-11-06", "atd-batiment-04", text="Une aide.", price="Sans frais.")
    return case


def test_a_step_moves_the_file_and_writes_its_history(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    case, told = proposed(stage), []
    number = case.row.transitions.count()
    monkeypatch.setattr(transitions, "emit", told.append)
    who = agent(case)
    made = stepped(case, Action.WITHDRAW_PROPOSAL, who, note="Trop tôt.", note_is_public=True, wanted_by="juin")
    row = case.row
    assert (row.state, row.state_since, row.holder, row.last_activity_at) == ("local_search", LATER, "desk", LATER)
    assert row.due_on == deadlines.due_on(State.LOCAL_SEARCH, dt.date(2026, 11, 23), "04")
    assert row.due_on is not None
    assert row.wanted_by == "juin", "other columns of the act"
    assert row.transitions.last() == made
    assert (made.number, made.action) == (number + 1, "withdraw_proposal")
    assert (made.from_state, made.to_state) == ("proposed", "local_search")
    assert (made.person_id, made.mandate_id, made.role) == (who.person_id, who.mandate_id, "instructor")
    assert (made.body, made.at, made.recorded_at) == (who.body, LATER, NOW)
    assert made.note is not None
    assert (made.note.text, made.note.is_public) == ("Trop tôt.", True)
    (event,) = told
    assert (event.id, event.transition_id, event.action) == (made.id, made.id, "withdraw_proposal")
    assert (event.request_id, event.at) == (row.pk, LATER)


def test_a_step_s_own_holder_day_and_words(stage: Stage) -> None:
    case = proposed(stage)
    with transitions.begin(case.row.pk, Action.WITHDRAW_PROPOSAL, agent(case)) as step:
        assert (step.at, step.note, step.finished) == (NOW, "", False)
        assert step.standing == standing(agent(case), case.row)
        step.note = "Dit en route."
        made = step.finish(holder=Holder.FOLLOW_UP, due_on=PUT_ASIDE)
    case.row.refresh_from_db()
    assert (case.row.holder, case.row.due_on) == ("follow_up", PUT_ASIDE)
    assert made.note is not None
    assert (made.note.text, made.note.is_public) == ("Dit en route.", False)


def test_words_of_the_end_win_and_none_make_no_note(stage: Stage) -> None:
    case = proposed(stage)
    with transitions.begin(case.row.pk, Action.WITHDRAW_PROPOSAL, agent(case)) as step:
        step.note = "Dit en route."
        made = step.finish(note="Dit à la fin.")
    assert made.note is not None
    assert made.note.text == "Dit à la fin."
    assert (
        stepped(
            submitted(stage, "autre"),
            Action.WITHDRAW,
            stage.actor(stage.account("maire")),
            ended_at=NOW,
            outcome="withdrawn",
        ).note
        is None
    )


def test_the_words_of_an_act_prove_it(stage: Stage) -> None:
    case = supported(stage)
    officer = stage.actor(stage.account("suivi"))
    with pytest.raises(Invalid), transitions.begin(case.row.pk, Action.SUSPEND, officer) as step:
        step.finish()
    case.row.refresh_from_db()
    assert case.row.state == "local_support", "nothing half-written"
    assert stepped(case, Action.SUSPEND, officer, note="Étiage.").to_state == "suspended"


def test_a_step_begun_is_finished(stage: Stage) -> None:
    case = submitted(stage)
    with (
        pytest.raises(RuntimeError, match=r"^withdraw was begun and not finished$"),
        transitions.begin(case.row.pk, Action.WITHDRAW, stage.actor(stage.account("maire"))),
    ):
        pass


def test_pauses_remember_where_to_return(stage: Stage) -> None:
    case = supported(stage)
    officer = stage.actor(stage.account("suivi"))
    assert case.row.return_state == ""
    stepped(case, Action.SUSPEND, officer, note="Étiage.")
    assert (case.row.state, case.row.return_state) == ("suspended", "local_support")
    case.propose_closing("2026-11-23 10:00", stage.account("suivi"), "Le plan est fait.")
    case.close("2026-11-23 11:00")
    assert (case.row.state, case.row.return_state) == ("closed", "local_support"), "from a pause to a pause"
    assert case.row.ended_at is not None
    assert case.row.outcome
    stepped(case, Action.REOPEN, stage.actor(case.deputy), note="Une suite.")
    assert (case.row.state, case.row.return_state) == ("local_support", "")
    assert (case.row.ended_at, case.row.outcome) == (None, "")


def test_an_end_keeps_its_outcome(stage: Stage) -> None:
    case = submitted(stage)
    stepped(case, Action.WITHDRAW, stage.actor(stage.account("maire")), ended_at=NOW, outcome="withdrawn")
    assert (case.row.state, case.row.ended_at, case.row.outcome) == ("withdrawn", NOW, "withdrawn")


@pytest.mark.parametrize(("name", "kept"), [("instructeur", True), ("maire", False)])
def test_what_was_put_aside_is_called_back_by_others_than_the_desk(stage: Stage, name: str, kept: bool) -> None:
    case = submitted(stage)
    set_columns(case, hidden_until=PUT_ASIDE)
    stepped(case, Action.WITHDRAW, stage.actor(stage.account(name)), ended_at=NOW, outcome="withdrawn")
    assert case.row.hidden_until == (PUT_ASIDE if kept else None)


def test_nor_do_workers_call_it_back(stage: Stage) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    set_columns(case, hidden_until=PUT_ASIDE)
    assert stepped(case, Action.START_SEARCH, system(NOW.date())).role == "system"
    assert case.row.hidden_until == PUT_ASIDE


@pytest.mark.parametrize(("action", "kept"), [(Action.WITHDRAW, True), (Action.TAKE_BACK, False)])
def test_an_act_that_may_be_taken_back_is_remembered(stage: Stage, action: Action, kept: bool) -> None:
    case = submitted(stage)
    mayor = stage.actor(stage.account("maire"))
    if action is Action.TAKE_BACK:
        case.acknowledge("2026-11-05")
        case.qualify("2026-11-05 11:00")
        case.redirect("2026-11-06", reason="grant", target="La DETR", text="Voyez la DETR.")
    with holding(Hold(until=LATER + dt.timedelta(minutes=1))):
        made = stepped(case, action, mayor, **({"ended_at": NOW, "outcome": "withdrawn"} if kept else {}))
    acts = HeldAct.objects.filter(support_request=case.row)
    assert acts.exists() == kept
    if kept:
        act = acts.get()
        assert (act.transition, act.at, act.person_id) == (made, LATER, mayor.person_id)
        ((label, key, columns),) = act.reverse
        assert (label, key) == ("requests.SupportRequest", case.row.pk)
        assert (columns["state"], columns["holder"]) == ("submitted", "desk")


# --- what is given up ------------------------------------------------------------------------------------------------


def given_up(case: Case) -> None:
    intake.withdraw(case.row, case.stage.actor(case.stage.account("maire")), at=LATER)
    case.row.refresh_from_db()


def test_solicitations_and_proposals_are_given_up(stage: Stage) -> None:
    case = accepted(stage)
    declined = searched(stage, "deux")
    declined.answer("2026-11-05", "atd-batiment-04", accepted=False, reason="workload")
    for one in (case, declined):
        given_up(one)
    assert set(case.row.solicitations.values_list("state", "cancelled_at")) == {("cancelled", LATER)}
    assert set(declined.row.solicitations.values_list("state", "cancelled_at")) == {
        ("declined", None),
        ("cancelled", LATER),
    }
    (solution,) = case.row.solutions.all()
    assert solution.state == "withdrawn"
    assert solution.answered_at == dt.datetime(2026, 11, 9, 9, tzinfo=dt.UTC), "what was accepted keeps its day"
    refused = proposed(stage)
    given_up(refused)
    (solution,) = refused.row.solutions.all()
    assert (solution.state, solution.answered_at, solution.answered_by) == ("withdrawn", LATER, None)


def test_a_referral_in_preparation_is_given_up(stage: Stage) -> None:
    case = prepared(stage)
    given_up(case)
    assert [one.state for one in case.row.referrals.all()] == ["abandoned"]


def test_missions_are_given_up_and_an_answered_referral_stays_so(stage: Stage) -> None:
    case = reviewed(stage)
    case.delegate("2026-11-12", "cerema", "Étude du site.")
    given_up(case)
    assert [(one.state, one.cancelled_at) for one in case.row.delegations.all()] == [("cancelled", LATER)]
    assert [one.state for one in case.row.referrals.all()] == ["answered"]


def test_suspensions_and_closings_end_with_the_file(stage: Stage) -> None:
    case = supported(stage)
    officer, delegate = stage.actor(stage.account("suivi")), stage.actor(stage.account("delegue"))
    followup.suspend(case.row, officer, reason="Étiage.")
    case.propose_closing("2026-11-23 10:00", stage.account("suivi"), "Le plan est fait.")
    stepped(case, Action.DROP, delegate, note="Sans nouvelles.", ended_at=NOW, outcome="dropped")
    assert [one.resumed_at for one in case.row.suspensions.all()] == [LATER]
    assert [one.refused_at for one in case.row.closings.all()] == [LATER]


def test_what_had_ended_before_is_not_dated_again(stage: Stage) -> None:
    case = supported(stage)
    officer, delegate = stage.actor(stage.account("suivi")), stage.actor(stage.account("delegue"))
    followup.suspend(case.row, officer, reason="Étiage.")
    followup.resume(case.row, officer)
    case.propose_closing("2026-11-23 10:00", stage.account("suivi"), "Le plan est fait.")
    followup.refuse_closing(case.row, delegate, reason="Pas encore.")
    stepped(case, Action.DROP, delegate, note="Sans nouvelles.", ended_at=NOW, outcome="dropped")
    assert [one.resumed_at for one in case.row.suspensions.all()] == [NOW]
    assert [one.refused_at for one in case.row.closings.all()] == [NOW]


def test_a_closing_gives_up_nothing(stage: Stage) -> None:
    case = supported(stage)
    case.propose_closing("2026-11-20", stage.account("suivi"), "Le plan est fait.")
    case.close("2026-11-23 11:00")
    assert set(case.row.solicitations.values_list("state", flat=True)) == {"accepted"}


@pytest.mark.parametrize("committed", [True, False])
def test_an_agreement_is_given_up_unless_it_is_committed(committed: bool) -> None:
    rows = SupportRequest.objects.filter(agreements__committed_on__isnull=False, agreements__cancelled_at__isnull=True)
    row = rows.first()
    assert row is not None
    if not committed:
        row.agreements.update(committed_on=None, order_number="", contractor=None)
    with transaction.atomic():
        if committed:
            with pytest.raises(Conflict, match="L’Agence a engagé la mission") as refused:
                transitions._give_up(row, LATER, held.Memory())
            assert refused.value.code == "committed"
        else:
            transitions._give_up(row, LATER, held.Memory())
            assert [one.cancelled_at for one in row.agreements.all()] == [LATER]


# --- what is refused -------------------------------------------------------------------------------------------------


def test_an_act_that_comes_too_late_names_who_was_quicker(stage: Stage) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    with pytest.raises(Conflict) as refused:
        stepped(case, Action.ACKNOWLEDGE, agent(case))
    name = " ".join(case.instructor.user.display_name.split())
    assert " ".join(refused.value.message.split()) == (
        f"La demande est maintenant « En qualification » par {name} : « Accuser réception » n’est plus possible. "
        "Relisez la page avant d’agir."
    )
    assert (refused.value.code, refused.value.status) == ("state_changed", 409)


def test_or_nobody_when_it_was_the_portal(stage: Stage) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    stepped(case, Action.START_SEARCH, system(NOW.date()))
    with pytest.raises(Conflict, match="maintenant «\xa0Recherche locale\xa0»\xa0: "):
        stepped(case, Action.ACKNOWLEDGE, agent(case))


UNCOVERED = "Aucune délégation de signature en vigueur aujourd’hui"
NOT_HIS = "Vous consultez cette demande, mais cet acte ne vous revient pas."


@pytest.mark.parametrize(
    ("role", "signed", "words"),
    [
        (Role.DEPUTY, True, UNCOVERED),
        (Role.INSTRUCTOR, True, UNCOVERED),
        (Role.DELEGATE, True, NOT_HIS),
        (Role.OFFICIAL, True, NOT_HIS),
        (Role.DEPUTY, False, NOT_HIS),
        (Role.INSTRUCTOR, False, NOT_HIS),
    ],
)
def test_why_an_act_is_not_one_s_own(role: Role, signed: bool, words: str) -> None:
    position = Standing(Actor(role=role, on=NOW.date()), State.SUBMITTED, frozenset())
    assert transitions._why_not(position, signed).startswith(words)


@pytest.mark.parametrize(
    ("action", "state", "words"), [(Action.DROP, "submitted", UNCOVERED), (Action.ACKNOWLEDGE, "submitted", NOT_HIS)]
)
def test_whoever_may_not_is_told_why(action: Action, state: str, words: str, stage: Stage) -> None:
    case = submitted(stage)
    who = agent(case) if action is Action.DROP else stage.actor(stage.account("maire"))
    position = standing(replace(who, matters=frozenset()), case.row)
    with pytest.raises(NotAllowed) as refused:
        transitions.check(case.row, action, position)
    assert refused.value.message.startswith(words)
    if action is Action.DROP:
        transitions.check(case.row, action, standing(replace(who, matters=frozenset({Matter.CLOSING})), case.row))


# --- lines of history, and small things ------------------------------------------------------------------------------


def test_a_line_of_history_keeps_what_fits(stage: Stage) -> None:
    row = submitted(stage).row
    who = Actor(role=Role.SYSTEM, on=NOW.date(), body="b" * 300)
    before = row.transitions.count()
    made = transitions.append(row, Action.UNDO, State.PROPOSED, State.LOCAL_SEARCH, who, LATER, "n" * 5000)
    assert (made.number, made.body, made.person_id) == (before + 1, "b" * 200, None)
    assert made.note is not None
    assert (made.note.text, made.note.is_public) == ("n" * 4000, False)
    assert (made.from_state, made.to_state, made.action) == ("proposed", "local_search", "undo")
    bare = transitions.append(row, Action.UNDO, State.PROPOSED, State.LOCAL_SEARCH, who, LATER)
    assert (bare.number, bare.note) == (before + 2, None)


@pytest.mark.parametrize(
    ("text", "at_least", "at_most", "kept"), [("  deux ", 1, 4, "deux"), ("deux", 4, 4, "deux"), ("", 0, 4, "")]
)
def test_a_text_is_stripped(text: str, at_least: int, at_most: int, kept: str) -> None:
    assert transitions.require_text(text, "note", "Écrivez.", at_least=at_least, at_most=at_most) == kept


def test_a_text_too_short_or_too_long_is_refused_beside_its_field() -> None:
    with pytest.raises(Invalid, match=r"^Écrivez\.$") as short:
        transitions.require_text("   ", "note", "Écrivez.")
    assert (short.value.field, short.value.code) == ("note", "invalid")
    with pytest.raises(Invalid, match=r"Ce texte compte 4001 caractères\xa0: 4000 au plus\.$") as long:
        transitions.require_text("x" * 4001, "note", "Écrivez.")
    assert (long.value.field, long.value.code) == ("note", "too_long")
    assert transitions.require_text("x" * 4000, "note", "Écrivez.") == "x" * 4000


def test_the_day_is_that_of_the_territory() -> None:
    evening = dt.datetime(2026, 11, 23, 22, tzinfo=dt.UTC)
    for zone, day in (("Europe/Paris", 23), ("Indian/Reunion", 24), ("America/Cayenne", 23), ("Pacific/Noumea", 24)):
        row: Any = SimpleNamespace(department=SimpleNamespace(time_zone=zone))
        assert transitions.local_date(row, evening) == dt.date(2026, 11, day), zone
