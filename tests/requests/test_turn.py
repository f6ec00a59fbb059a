"""Whose turn it is, as PostgreSQL keeps it on the request: whatever writes the rows that say so."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from common import clock
from requests import integrity
from requests.demonstration.stage import Stage
from requests.models import Assignment, Closing, Referral, Solicitation, SupportRequest
from requests.models.turn import KEPT, catch_up
from tests.requests.journeys import prepared, searched, supported
from tests.requests.test_services_races import together

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _day(clock: Any) -> None:
    clock.move_to("2026-11-23 10:00")


def turn(row: SupportRequest) -> dict[str, Any]:
    return SupportRequest.objects.filter(pk=row.pk).values(*KEPT).get()


def test_it_follows_a_file_through_its_services(stage: Stage) -> None:
    case = searched(stage)
    asked = Solicitation.objects.filter(support_request=case.row).order_by("expected_on")
    assert turn(case.row)["desk_contact_id"] == case.instructor.user_id
    assert turn(case.row)["provider_due_on"] == asked[0].expected_on is not None
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.answer("2026-11-05 11:00", "caue-bourg-04", text="Accord aussi.")
    assert turn(case.row)["provider_due_on"] is None

    followed = supported(stage, "deux")
    assert turn(followed.row)["follow_up_officer_id"] == stage.account("suivi").user_id
    referred = prepared(stage, "trois")
    assert turn(referred.row)["to_sign_by_id"] == referred.deputy.pk
    Referral.objects.filter(support_request=referred.row).update(state="abandoned")
    assert turn(referred.row)["to_sign_by_id"] is None


def test_a_row_removed_counts_no_longer(stage: Stage) -> None:
    row = supported(stage).row
    closing = Closing.objects.create(
        support_request=row, result="done", summary="Fini.", finished_on="2026-11-20",
        proposed_by=stage.account("suivi").user, proposed_at=clock.now(),
    )  # fmt: skip
    assert turn(row)["closing_waits"] is True
    closing.delete()
    assert turn(row)["closing_waits"] is False


def test_a_request_saved_from_an_old_reading_overwrites_nothing(stage: Stage) -> None:
    row = SupportRequest.objects.get(pk=searched(stage).row.pk)
    Assignment.objects.filter(support_request=row).delete()
    row.title = "Un autre intitulé"
    row.save()
    kept = SupportRequest.objects.get(pk=row.pk)
    assert (kept.title, kept.desk_contact_id) == ("Un autre intitulé", None)


def test_what_triggers_did_not_see_is_caught_up(stage: Stage) -> None:
    row = searched(stage).row
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE requests_assignment DISABLE TRIGGER USER")
        cursor.execute("UPDATE requests_assignment SET until = now() WHERE support_request_id = %s", [row.pk])
        cursor.execute("ALTER TABLE requests_assignment ENABLE TRIGGER USER")
    assert [line for line in integrity.breaches() if "(turn_is_kept)" in line] == [
        line for line in integrity.breaches() if row.reference in line
    ]
    assert catch_up() == 1
    assert list(integrity.breaches()) == []
    assert catch_up() == 0


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_lose_nothing_of_each_other(stage: Stage) -> None:
    """Neither sees what the other has not committed: the second waits, then reads again."""
    row = searched(stage).row
    agent: User = stage.account("adjoint").user
    first_wrote = threading.Event()

    def name() -> None:
        with transaction.atomic():
            Assignment.objects.create(
                support_request=row, kind="follow_up_officer", person=agent, body="DDT", since=clock.now()
            )
            first_wrote.set()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(1)")

    def answer() -> None:
        first_wrote.wait(30)
        Solicitation.objects.filter(support_request=row).update(state="cancelled", cancelled_at=clock.now())

    together(name, answer)
    assert turn(row)["follow_up_officer_id"] == agent.pk
    assert turn(row)["provider_due_on"] is None


@pytest.mark.django_db(transaction=True)
def test_the_last_two_answers_given_at_once_leave_none_awaited(stage: Stage) -> None:
    """Each still sees the other awaited while it writes."""
    row = searched(stage).row
    first, second = Solicitation.objects.filter(support_request=row)
    both = threading.Barrier(2, timeout=30)

    def answer(asked: Solicitation) -> None:
        with transaction.atomic():
            SupportRequest.objects.filter(pk=row.pk).exists()  # the transaction has begun
            both.wait()
            Solicitation.objects.filter(pk=asked.pk).update(state="cancelled", cancelled_at=clock.now())
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.5)")

    together(lambda: answer(first), lambda: answer(second))
    assert turn(row)["provider_due_on"] is None
