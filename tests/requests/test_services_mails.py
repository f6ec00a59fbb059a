"""Who is told what: one mail a (event, recipient, kind) whatever runs twice, and no word of another conversation."""

from collections import Counter
from uuid import uuid4

import pytest

from accounts.models import Mandate
from common import jobs
from common.errors import Conflict
from notifications import delivery, outbox
from notifications.enums import MailState
from notifications.models import Mail, OutboxEvent
from operators.models import Provider
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import SupportRequest
from requests.services import agreement, exchanges, intake, national, solution, triage
from tests.requests.journeys import accepted, prepared, reviewed, searched, submitted, supported

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
NEED = "phrase-du-maire-et-de-lui-seul"
TITLE = "intitule-de-la-commune"
NOTE = "note-interne-entre-agents"


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-23 10:00")


def told(case: Case) -> Counter[tuple[str, str]]:
    """Expands the outbox, then again from the start: (kind, address) → how many mails."""
    for _ in range(2):
        jobs.sweep([outbox.WORK])
        OutboxEvent.objects.update(done_at=None, attempts=0, not_before=None, claimed_at=None)
    jobs.sweep([outbox.WORK])
    failed = OutboxEvent.objects.exclude(last_error="")
    assert not failed.exists(), failed.values_list("event", "last_error")
    mails = Mail.objects.filter(object_reference=case.row.reference)
    return Counter(mails.values_list("kind", "to_email"))


@pytest.fixture(autouse=True)
def _nothing_before(db: None) -> None:
    """What the demonstration told is not at stake."""
    OutboxEvent.objects.all().delete()
    Mail.objects.all().delete()


def test_the_local_way_tells_each_once(stage: Stage) -> None:
    case = supported(stage)
    case.propose_closing("2026-11-16", stage.account("suivi"), "Étude remise.")
    case.close("2026-11-17")
    found = told(case)
    assert set(found.values()) == {1} or _twice(found) <= {"provider_answered", "solicited"}
    kinds = {kind for kind, _ in found}
    assert {"registered", "received", "acknowledged", "solicited", "provider_answered", "proposed"} <= kinds
    assert {"applicant_answered", "officer_named", "officer_told", "closing_proposed", "closed"} <= kinds
    mayor = {kind for kind, address in found if address == "maire@demo.example"}
    assert mayor == {"registered", "acknowledged", "proposed", "officer_named", "closed"}
    named = Mail.objects.get(kind="officer_named", to_email="maire@demo.example")
    assert "assure le suivi de votre projet" in named.text
    deputy = {kind for kind, address in found if address == "adjoint@demo.example"}
    assert deputy == {"applicant_answered", "closing_proposed"}, "whoever may sign is told that a signature is awaited"
    assert "delegue@demo.example" not in {address for _, address in found}, "his deputy's act covers it"
    provider = {kind for kind, address in found if address == "offreur@demo.example"}
    assert provider == {"solicited"}


def _twice(found: Counter[tuple[str, str]]) -> set[str]:
    """Kinds told twice to somebody: two solicitations are two events."""
    return {kind for (kind, _), times in found.items() if times > 1}


def test_each_mail_is_written_once_an_event(stage: Stage) -> None:
    case = accepted(stage)
    told(case)
    rows = Mail.objects.values_list("event_id", "recipient_key", "kind")
    assert len(rows) == len(set(rows)) > 10
    assert Mail.objects.values("message_id").distinct().count() == len(rows)


def test_the_national_way_tells_each_once(stage: Stage) -> None:
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.delegate(case.row, actor, [national.Mission(operator=Provider.objects.get(code="cerema"), text="x")])
    case.operator("2026-11-16", "cerema", text="Équipe prête.")
    found = told(case)
    mayor = {kind for kind, address in found if address == "maire@demo.example"}
    assert mayor == {"registered", "acknowledged", "referred", "entrusted", "support_started"}
    assert ("operator_asked", "cerema@demo.example") in found
    assert ("operator_answered", "anct@demo.example") in found
    assert max(found.values()) <= 5  # one « agency_answered » a step, to the desk


def test_an_operator_that_declines_is_told_to_the_mayor_in_its_public_sentence_only(stage: Stage) -> None:
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.delegate(case.row, actor, [national.Mission(operator=Provider.objects.get(code="ademe"), text="x")])
    case.operator(
        "2026-11-16",
        "ademe",
        accepted=False,
        reason="calendar",
        text=NOTE,
        public_answer="L’Ademe ne peut pas intervenir avant février.",
    )
    told(case)
    mails = Mail.objects.filter(to_email="maire@demo.example")
    assert mails.filter(kind="operator_declined").count() == 1
    assert "avant février" in mails.get(kind="operator_declined").text
    assert not [mail for mail in mails if NOTE in mail.text + mail.html + mail.subject]


def test_no_mail_carries_another_conversation(stage: Stage) -> None:
    """The need never reaches a provider, an internal note never reaches the town hall or a provider."""
    case = submitted(stage, need=NEED, title=TITLE, public_title="Toit de la halle")
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    with case.on("2026-11-04", case.deputy) as actor:
        from tests.requests.journeys import offer

        triage.decide_local(case.row, actor, [offer("atd-batiment-04")], message="Un toit à réparer.", reason="Choix.")
    case.note("2026-11-04 11:00", case.instructor, NOTE)
    asked = case.row.solicitations.get()
    with case.on("2026-11-05", case.instructor) as actor:
        exchanges.post(
            case.row, actor, channel="solicitation", text="fil-du-prestataire", solicitation=asked, key=uuid4()
        )
    case.answer("2026-11-06", "atd-batiment-04", accepted=False, reason="workload", text="reponse-du-prestataire")
    told(case)
    everything = {
        mail.to_email: " ".join(
            one.text + one.html + one.subject for one in Mail.objects.filter(to_email=mail.to_email)
        )
        for mail in Mail.objects.all()
    }
    for provider in ("offreur@demo.example", asked.provider.email):
        if provider in everything:
            assert NEED not in everything[provider]
            assert TITLE not in everything[provider]
            assert NOTE not in everything[provider]
    assert "Un toit à réparer." in everything["offreur@demo.example"]
    for town in ("maire@demo.example", "secretaire@demo.example"):
        assert NOTE not in everything[town]
        assert "fil-du-prestataire" not in everything[town]
        assert "reponse-du-prestataire" not in everything[town]


def test_a_referral_reaches_the_agency_even_without_a_mailbox(stage: Stage) -> None:
    from requests.services import referral

    case = prepared(stage)
    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    found = told(case)
    assert found[("referral_arrived", "anct@demo.example")] == 1


def test_what_is_refused_tells_nobody(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    before = OutboxEvent.objects.count()
    asked = case.row.solicitations.get(offer__code="atd-batiment-04")
    with case.on("2026-11-06", case.instructor) as actor, pytest.raises(Conflict, match="n’attend plus de réponse"):
        solution.answer_solicitation(asked, actor, accepted=False, reason="workload")
    assert OutboxEvent.objects.count() == before
    asked.refresh_from_db()
    assert asked.state == "accepted"


def test_a_mail_that_waited_does_not_reach_who_has_left(stage: Stage, clock, mailoutbox) -> None:
    """A right withdrawn is withdrawn from the queue too."""
    supported(stage)
    jobs.sweep([outbox.WORK])
    officer = stage.account("suivi")
    queued = Mail.objects.filter(user=officer.user)
    assert queued.filter(state=MailState.WAITING).exists()
    Mandate.objects.filter(pk=officer.pk).update(status="ended", ends_on="2026-11-22")
    clock.shift(minutes=2)
    jobs.sweep([delivery.WORK])
    told = " ".join(to for message in mailoutbox for to in message.to)
    assert "maire@demo.example" in told
    assert officer.user.email not in told
    assert set(queued.values_list("state", flat=True)) == {MailState.FAILED}


def test_both_parties_are_told_of_an_attachment(stage: Stage) -> None:
    host, guest = submitted(stage, "hôte", code="04121"), submitted(stage)
    guest.acknowledge("2026-11-03")
    SupportRequest.objects.filter(pk=host.row.pk).update(
        collectivity=guest.row.grouping_id, contact_email="intercommunalite@demo.example"
    )
    with guest.on("2026-11-04", guest.instructor) as actor:
        triage.attach(guest.row, actor, host=SupportRequest.objects.get(pk=host.row.pk), reason="Une seule étude.")
    found = told(guest)
    assert found[("attached", "maire@demo.example")] == 1
    assert found[("attached_host", "intercommunalite@demo.example")] == 1
    mail = Mail.objects.get(kind="attached_host", to_email="intercommunalite@demo.example")
    assert f"/demandes/{host.row.reference}/" in mail.text
    assert "Une seule étude." in mail.text


def test_what_ends_is_told_to_whoever_is_still_asked(stage: Stage) -> None:
    case = searched(stage)
    case.answer("2026-11-05", "caue-bourg-04", accepted=False, reason="workload", text="Non.")
    with case.on("2026-11-06", stage.account("maire")) as actor:
        intake.withdraw(case.row, actor, reason="Le projet est abandonné.")
    found = told(case)
    asked = case.row.solicitations.select_related("provider").get(state="cancelled")
    declined = case.row.solicitations.select_related("provider").get(state="declined")
    ended = {address for kind, address in found if kind == "ended_provider"}
    assert "offreur@demo.example" in ended or asked.provider.email in ended
    assert declined.provider.email not in ended
    assert not [kind for kind, _ in found if kind == "ended_agency"]


def test_what_ends_at_the_agency_is_told_to_it_and_its_operators(stage: Stage) -> None:
    case = reviewed(stage)
    with case.on("2026-11-12", stage.account("anct")) as actor:
        national.delegate(case.row, actor, [national.Mission(operator=Provider.objects.get(code="cerema"), text="x")])
    with case.on("2026-11-13", stage.account("maire")) as actor:
        intake.withdraw(case.row, actor)
    found = told(case)
    assert found[("ended_agency", "anct@demo.example")] == 1
    assert found[("ended_operator", "cerema@demo.example")] == 1
    entrusted = Mail.objects.get(kind="entrusted", to_email="maire@demo.example").text
    assert "Cerema. Réponse attendue." in entrusted, "the name stays when the answer has come before the mail"


def test_a_cancelled_agreement_is_told_to_both(stage: Stage) -> None:
    row = SupportRequest.objects.filter(state="contracting", collectivity__department="04").first()
    row = row or SupportRequest.objects.filter(state="contracting").earliest("pk")
    agreement.cancel_contract(row, stage.actor(stage.account("anct")), reason="Le prestataire se retire.")
    jobs.sweep([outbox.WORK])
    kinds = set(Mail.objects.filter(object_reference=row.reference).values_list("kind", flat=True))
    assert {"contract_cancelled", "agency_answered"} <= kinds
    desk = Mail.objects.filter(object_reference=row.reference, kind="agency_answered").first()
    assert "convention abandonnée" in desk.subject


def test_chasing_goes_over_one_head(stage: Stage, clock) -> None:
    case = submitted(stage)
    OutboxEvent.objects.all().delete()
    clock.move_to("2026-11-25 10:00")
    with case.on("2026-11-25", stage.account("maire")) as actor:
        exchanges.chase(case.row, actor)
    assert told(case)[("chased", case.deputy.contact_email)] == 1


def test_one_s_own_message_does_not_come_back_by_mail(stage: Stage) -> None:
    case = submitted(stage, contact_email="maire@demo.example")
    with case.on("2026-11-04", stage.account("maire")) as actor:
        exchanges.post(case.row, actor, channel="public", text="Où en est-on ?", key=uuid4())
    found = told(case)
    assert ("public_message_applicant", "maire@demo.example") not in found
    assert [address for kind, address in found if kind == "public_message_desk"]


def test_a_redirection_names_where_to_go(stage: Stage) -> None:
    case = submitted(stage)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    with case.on("2026-11-04", case.deputy) as actor:
        triage.redirect(
            case.row, actor, reason="grant", target="Dauphin et Aides-territoires", text="Pas de subvention ici."
        )
    told(case)
    mail = Mail.objects.get(kind="redirected", to_email="maire@demo.example")
    assert "Adressez-vous à\N{NO-BREAK SPACE}: Dauphin et Aides-territoires." in mail.text
