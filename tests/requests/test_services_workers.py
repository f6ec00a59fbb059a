"""What workers carry out: done once, whole or not at all, whatever dies half-way."""

import datetime as dt
import io

import pikepdf
import pypdfium2
import pytest
from django.template.loader import render_to_string

from common import jobs
from common.errors import Conflict
from common.pdf import PdfError
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import Dispatch, Document, RoutingJob, SupportRequest
from requests.services import dispatch, letters, national, referral, routing, solution, sought, triage
from tests.requests.journeys import offer, prepared, reviewed, searched, submitted, supported

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-23 10:00")


@pytest.fixture
def decided(stage: Stage) -> Case:
    """A decision for two offers, not carried out yet."""
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    actor = stage.actor(case.deputy)
    triage.decide_local(
        case.row, actor, [offer("atd-batiment-04"), offer("caue-bourg-04")], message="Un toit.", reason="Choix."
    )
    return case


class Killed(Exception):  # noqa: N818
    """Stands for the end of a worker in the middle of its work."""


@pytest.mark.parametrize("moment", ["first_solicitation", "second_solicitation", "at_the_end"])
def test_a_dispatch_cut_short_leaves_nothing_and_is_done_by_the_next_try(
    moment: str, decided: Case, monkeypatch: pytest.MonkeyPatch, clock
) -> None:
    calls, solicit, wait = [], solution.solicit, solution.await_providers

    def cut(*arguments, **options):
        calls.append(arguments)
        if moment == "first_solicitation" or len(calls) == 2:
            raise Killed
        return solicit(*arguments, **options)

    def stop(*arguments):
        raise Killed

    if moment == "at_the_end":
        monkeypatch.setattr(solution, "await_providers", stop)
    else:
        monkeypatch.setattr(solution, "solicit", cut)
    jobs.sweep(["requests.dispatch"])
    decided.row.refresh_from_db()
    assert decided.row.state == "qualification"
    assert not decided.row.solicitations.exists()
    assert not decided.row.transitions.filter(action="start_search").exists()
    job = Dispatch.objects.get(decision__support_request=decided.row)
    assert (job.attempts, job.done_at) == (1, None)
    assert "Killed" in job.last_error

    monkeypatch.setattr(solution, "solicit", solicit)
    monkeypatch.setattr(solution, "await_providers", wait)
    jobs.sweep(["requests.dispatch"])  # too soon: nothing is tried again at once
    assert not decided.row.solicitations.exists()
    clock.shift(seconds=10)
    jobs.sweep(["requests.dispatch"])
    jobs.sweep(["requests.dispatch"])
    decided.row.refresh_from_db()
    assert decided.row.state == "local_search"
    assert decided.row.solicitations.count() == 2
    assert decided.row.transitions.filter(action="start_search").count() == 1


def test_a_dispatch_run_twice_asks_once(decided: Case) -> None:
    jobs.sweep(["requests.dispatch"])
    dispatch.dispatch(Dispatch.objects.get(decision__support_request=decided.row))
    assert decided.row.solicitations.count() == 2


def test_a_decision_sent_again_once_carried_out_is_no_other_decision(decided: Case, stage: Stage) -> None:
    """A second click comes when the worker has already been quick; a further search asks for another offer."""
    jobs.sweep(["requests.dispatch"])
    actor, same = stage.actor(decided.deputy), offer("atd-batiment-04")
    with pytest.raises(Conflict, match="Charme a déjà décidé de solliciter"):
        triage.decide_local(decided.row, actor, [same], message="Un toit.", reason="Choix.")
    assert decided.row.decisions.count() == 1
    triage.decide_local(decided.row, actor, [same, offer("caue-concertation-04")], message="Un toit.", reason="Choix.")
    assert decided.row.decisions.count() == 2


def test_a_decision_on_a_request_that_moved_away_is_given_up(decided: Case, stage: Stage) -> None:
    triage.drop(decided.row, stage.actor(decided.deputy), reason="Sans suite.")
    jobs.sweep(["requests.dispatch"])
    job = Dispatch.objects.get(decision__support_request=decided.row)
    assert job.failed_at is not None
    assert "Sans suite" in job.last_error
    assert not decided.row.solicitations.exists()


def test_one_assessment_a_change_however_many_are_asked(stage: Stage) -> None:
    row = submitted(stage).row
    before = row.assessments.count()
    for phase in ("framing", "design", "works"):
        SupportRequest.objects.filter(pk=row.pk).update(phase=phase)
        routing.ask(row)
    assert RoutingJob.objects.undone().filter(support_request=row).count() == 1
    jobs.sweep(["requests.routing"])
    jobs.sweep(["requests.routing"])
    assert row.assessments.count() == before + 1


# --- letters ---------------------------------------------------------------------------------------------------------


def _pdf(document: Document) -> bytes:
    assert document.file is not None
    return bytes(document.file.content.data)


def _words(content: bytes) -> str:
    pages = pypdfium2.PdfDocument(content)
    return " ".join(page.get_textpage().get_text_range() for page in pages)


def test_a_receipt_is_written_once_tagged_and_names_the_reference(stage: Stage) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    (letter,) = case.row.documents.filter(kind="receipt")
    assert letter.file_id is None
    Document.objects.undone().exclude(pk=letter.pk).update(done_at=letter.at)  # those of the demonstration
    jobs.sweep(["requests.letters"])
    letter.refresh_from_db()
    first = letter.file_id
    assert letter.done_at is not None
    jobs.sweep(["requests.letters"])
    letters.write(letter)
    letter.refresh_from_db()
    assert letter.file_id == first
    content = _pdf(letter)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "fr"
        assert "/StructTreeRoot" in pdf.Root
    words = _words(content)
    assert case.row.reference in words
    assert "Mézel" in words
    assert "Frêne" in words  # the contact is named


def test_each_act_has_its_letter_and_only_one(stage: Stage) -> None:
    case = supported(stage)
    kinds = list(case.row.documents.values_list("kind", flat=True))
    assert sorted(kinds) == ["designation", "proposal", "receipt"]
    assert case.row.documents.filter(channel="public").count() == 3


def test_the_referral_s_letter_stays_on_the_state_s_side(stage: Stage) -> None:
    case = prepared(stage)
    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    assert case.row.documents.get(kind="referral").channel == "internal"


def test_a_letter_is_dated_as_its_territory_is(stage: Stage) -> None:
    """Filed at half past eight in Martinique: in Paris it is tomorrow."""
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.row.department.__class__.objects.filter(pk=case.row.department_id).update(time_zone="America/Martinique")
    late = dt.datetime(2026, 11, 21, 0, 30, tzinfo=dt.UTC)
    type(case.row).objects.filter(pk=case.row.pk).update(submitted_at=late)
    letter = Document.objects.get(support_request=case.row, kind="receipt")
    letters.write(letter)
    assert "reçue le 20 novembre 2026" in " ".join(_words(_pdf(letter)).split())
    solicited = searched(stage, "deux").row
    solicited.solicitations.update(asked_at=late)
    solicited.department.refresh_from_db()
    assert {row["asked_on"] for row in sought.evidence(solicited)["solicitations"]} == {"2026-11-20"}


def test_the_preview_is_written_with_the_evidence_of_now(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """After complements were asked, the evidence frozen at the first signature is not what will leave."""
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.ask_more(case.row, actor, text="Précisez.")
    case.row.solicitations.update(answer="", decline_reason="workload")
    pages: list[str] = []
    monkeypatch.setattr(letters, "render_pdf", lambda html: pages.append(html) or b"")
    letters.preview_referral(case.row, case.row.referrals.get())
    assert "hors de ses missions" not in pages[0].lower()
    assert "madame, monsieur," in pages[0].lower()
    assert case.row.solicitations.first().get_decline_reason_display().lower() in pages[0].lower()


def test_letters_say_parts_in_words_a_mayor_understands(stage: Stage) -> None:
    case = supported(stage)
    for kind in ("proposal", "designation"):
        page = render_to_string(f"requests/letters/{kind}.html", letters.context(case.row.documents.get(kind=kind)))
        assert "(chef de file)" in page
        assert "(en appui)" in page


def test_a_letter_that_cannot_be_made_is_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch, clock) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    (letter,) = case.row.documents.filter(kind="receipt")
    Document.objects.undone().exclude(pk=letter.pk).update(done_at=letter.at)

    def broken(html: str) -> bytes:
        raise PdfError("the engine stopped")

    monkeypatch.setattr(letters, "render_pdf", broken)
    jobs.sweep(["requests.letters"])
    letter.refresh_from_db()
    assert (letter.attempts, letter.file_id) == (1, None)
    monkeypatch.undo()
    clock.shift(seconds=10)
    jobs.sweep(["requests.letters"])
    letter.refresh_from_db()
    assert letter.file_id is not None


def test_searched_files_have_no_letter_but_the_receipt(stage: Stage) -> None:
    assert list(searched(stage).row.documents.values_list("kind", flat=True)) == ["receipt"]
