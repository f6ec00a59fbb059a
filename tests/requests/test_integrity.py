"""Each invariant of the files is broken in turn, past every constraint and trigger, and is named."""

# ruff: noqa: S608, ISC004  (statements made of literal parts, in a table)

import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from requests import integrity
from requests.models import Agreement, Draft, Referral, Solution, SupportRequest

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


def execute(statement: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.rowcount


@pytest.fixture
def unprotected(db: None) -> None:
    """What a row written past everything meets: neither check, nor uniqueness, nor trigger, until the test ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT format('ALTER TABLE %%s DISABLE TRIGGER USER', c.oid::regclass) FROM pg_class c
            WHERE c.relkind = 'r' AND c.relname LIKE %(ours)s
            UNION ALL
            SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', k.conrelid::regclass, k.conname)
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            WHERE k.contype IN ('c', 'u') AND c.relname LIKE %(ours)s
            UNION ALL
            SELECT format('DROP INDEX %%s', i.indexrelid::regclass)
            FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
            WHERE i.indisunique AND NOT i.indisprimary AND c.relname LIKE %(ours)s
            AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
            """,
            {"ours": "requests\\_%"},
        )
        statements = [statement for (statement,) in cursor.fetchall()]
        assert len(statements) > 40
        for statement in statements:
            cursor.execute(statement)


def pick(where: str) -> SupportRequest:
    """The first file that answers a condition on its columns."""
    row = SupportRequest.objects.extra(where=[where]).order_by("reference").first()  # noqa: S610
    assert row is not None, where
    return row


def found() -> set[tuple[str, str]]:
    """Name of each row at fault, code of the invariant."""
    return {
        (line.split("\N{NO-BREAK SPACE}: ")[0], line.rsplit("(", 1)[1].rstrip(")")) for line in integrity.breaches()
    }


def test_the_demonstration_holds() -> None:
    assert list(integrity.breaches()) == []


def has(table: str, condition: str = "true") -> str:
    return f"EXISTS (SELECT FROM {table} x WHERE x.support_request_id = requests_supportrequest.id AND {condition})"


FILE = "UPDATE requests_supportrequest SET {} WHERE id = %(id)s"
OFFICER_LEAVES = (
    "UPDATE requests_assignment SET until = now() WHERE support_request_id = %(id)s AND kind = 'follow_up_officer'"
)
ACT_OF_THE_FILE = "id IN (SELECT act_id FROM requests_signature WHERE support_request_id = %(id)s)"
SIGNATORY = "id IN (SELECT mandate_id FROM requests_signature WHERE support_request_id = %(id)s)"
PREFECT = f"id IN (SELECT delegating_id FROM accounts_signatureact WHERE {ACT_OF_THE_FILE})"

#: Invariant, which file, what breaks it there.
BROKEN: list[tuple[str, str, str]] = [
    ("ended_with_one_outcome", "state = 'closed'", FILE.format("outcome = ''")),
    ("ended_with_one_outcome", "state = 'closed'", FILE.format("ended_at = NULL")),
    ("ended_with_one_outcome", "state = 'proposed'", FILE.format("outcome = 'local'")),
    ("ended_with_one_outcome", "state = 'proposed'", FILE.format("ended_at = now()")),
    ("outcome_fits_the_end", "state = 'closed' AND route = 'local'", FILE.format("outcome = 'market'")),
    ("outcome_fits_the_end", "state = 'redirected'", FILE.format("outcome = 'withdrawn'")),
    ("no_draft_filed", "state = 'submitted'", FILE.format("state = 'draft'")),
    ("state_is_the_last_of_the_history", "state = 'submitted'", FILE.format("state = 'qualification'")),
    (
        "state_is_the_last_of_the_history",
        "state = 'submitted'",
        "DELETE FROM requests_transition WHERE support_request_id = %(id)s",
    ),
    ("turn_is_kept", "state = 'local_support'", OFFICER_LEAVES),
    ("turn_is_kept", "state = 'local_search'", FILE.format("provider_due_on = '2020-01-01'")),
    ("turn_is_kept", "state = 'submitted'", FILE.format("closing_waits = true")),
    (
        "history_is_continuous",
        "state = 'closed'",
        "DELETE FROM requests_transition WHERE support_request_id = %(id)s AND action = 'acknowledge'",
    ),
    (
        "history_is_continuous",
        "state = 'closed'",
        "DELETE FROM requests_transition WHERE support_request_id = %(id)s AND action = 'submit'",
    ),
    (
        "history_is_continuous",
        "state = 'closed'",
        "UPDATE requests_transition SET number = 99 WHERE support_request_id = %(id)s AND action = 'acknowledge'",
    ),
    (
        "history_is_allowed",
        "state = 'closed'",
        "UPDATE requests_transition SET action = 'close' WHERE support_request_id = %(id)s AND action = 'acknowledge'",
    ),
    (
        "history_is_allowed",
        "state = 'closed'",
        "UPDATE requests_transition SET to_state = 'national_support'"
        " WHERE support_request_id = %(id)s AND action = 'acknowledge'",
    ),
    (
        "undo_leads_back",
        "state = 'closed'",
        "UPDATE requests_transition SET action = 'undo', to_state = 'closed'"
        " WHERE support_request_id = %(id)s AND action = 'acknowledge'",
    ),
    (
        "decision_has_a_dispatch",
        has("requests_decision"),
        "DELETE FROM requests_dispatch WHERE decision_id IN"
        " (SELECT id FROM requests_decision WHERE support_request_id = %(id)s)",
    ),
    ("local_support_has_an_officer", "state = 'local_support'", OFFICER_LEAVES),
    (
        "national_way_has_a_signed_referral",
        "state = 'national_support'",
        "UPDATE requests_referral SET signature_id = NULL WHERE support_request_id = %(id)s",
    ),
    (
        "national_way_has_a_signed_referral",
        "state = 'contracting'",
        "UPDATE requests_referral SET sent_at = NULL WHERE support_request_id = %(id)s",
    ),
    (
        "delegations_to_the_five",
        has("requests_delegation"),
        "UPDATE requests_delegation SET operator_id = (SELECT min(id) FROM operators_provider WHERE kind <> 'operator')"
        " WHERE support_request_id = %(id)s",
    ),
    (
        "document_in_its_conversation",
        has("requests_document"),
        "UPDATE requests_document SET channel = 'solicitation' WHERE support_request_id = %(id)s",
    ),
    (
        "document_in_its_conversation",
        has("requests_document"),
        "UPDATE requests_document SET channel = 'solicitation', solicitation_id ="
        " (SELECT min(id) FROM requests_solicitation WHERE support_request_id <> %(id)s)"
        " WHERE support_request_id = %(id)s",
    ),
    (
        "message_in_its_conversation",
        has("requests_message", "x.channel = 'public'"),
        "UPDATE requests_message SET channel = 'solicitation' WHERE support_request_id = %(id)s",
    ),
    (
        "message_in_its_conversation",
        has("requests_message", "x.channel = 'public'"),
        "UPDATE requests_message SET solicitation_id = (SELECT min(id) FROM requests_solicitation)"
        " WHERE support_request_id = %(id)s",
    ),
    (
        "letter_in_its_conversation",
        has("requests_document", "x.kind = 'referral'"),
        "UPDATE requests_document SET channel = 'public' WHERE support_request_id = %(id)s",
    ),
    *(
        ("signature_under_an_act_in_force", has("requests_signature", "x.matter = 'referral'"), statement)
        for statement in (
            "UPDATE requests_signature SET signed_on = '2019-01-02' WHERE support_request_id = %(id)s",
            "UPDATE requests_signature SET matter = 'closing_of_accounts' WHERE support_request_id = %(id)s",
            "UPDATE requests_signature SET act_id = NULL WHERE support_request_id = %(id)s",
            "UPDATE requests_signature SET mandate_id = (SELECT min(id) FROM accounts_mandate"
            " WHERE role = 'instructor') WHERE support_request_id = %(id)s",
            f"UPDATE accounts_signatureact SET ends_on = starts_on WHERE {ACT_OF_THE_FILE}",
            f"UPDATE accounts_signatureact SET matters = '{{agreement}}' WHERE {ACT_OF_THE_FILE}",
            f"UPDATE accounts_mandate SET ends_on = starts_on WHERE {SIGNATORY}",
            f"UPDATE accounts_mandate SET status = 'refused' WHERE {SIGNATORY}",
            f"UPDATE accounts_mandate SET ends_on = starts_on WHERE {PREFECT}",
            f"UPDATE accounts_mandate SET department_id = '75' WHERE {PREFECT}",
        )
    ),
    (
        "signature_within_its_ceiling",
        has("requests_agreement", "x.prefect_signature_id IS NOT NULL"),
        f"UPDATE accounts_signatureact SET amount_ceiling = 1 WHERE {ACT_OF_THE_FILE}",
    ),
    (
        "signature_of_this_file",
        has("requests_referral", "x.signature_id IS NOT NULL"),
        "UPDATE requests_referral SET signature_id = (SELECT id FROM requests_signature"
        " WHERE support_request_id <> %(id)s LIMIT 1) WHERE support_request_id = %(id)s",
    ),
    (
        "signature_of_this_file",
        has("requests_agreement", "x.prefect_signature_id IS NOT NULL"),
        "UPDATE requests_signature SET matter = 'referral' WHERE support_request_id = %(id)s AND matter = 'agreement'",
    ),
]


@pytest.mark.usefixtures("unprotected")
@pytest.mark.parametrize(("code", "where", "statement"), BROKEN)
def test_a_breach_is_named(code: str, where: str, statement: str) -> None:
    row = pick(where)
    assert execute(statement, id=row.pk) > 0
    assert (f"demande {row.reference}", code) in found()


@pytest.mark.usefixtures("unprotected")
def test_a_suspended_support_keeps_its_officer_and_its_referral() -> None:
    local, national = pick("state = 'local_support'"), pick("state = 'national_support'")
    for row in (local, national):
        SupportRequest.objects.filter(pk=row.pk).update(state="suspended", return_state=row.state)
    before = {code for _, code in found()}
    assert before == {"state_is_the_last_of_the_history"}
    execute(OFFICER_LEAVES, id=local.pk)
    execute("UPDATE requests_referral SET signature_id = NULL WHERE support_request_id = %(id)s", id=national.pk)
    assert {
        (f"demande {local.reference}", "local_support_has_an_officer"),
        (f"demande {national.reference}", "national_way_has_a_signed_referral"),
    } <= found()


@pytest.mark.usefixtures("unprotected")
def test_a_draft_that_outlived_its_filing() -> None:
    row = pick("state = 'submitted'")
    Draft.objects.create(
        id=row.submission_key, person_id=row.filed_by_id, created_at=row.submitted_at, updated_at=row.submitted_at
    )
    assert found() == {(f"demande {row.reference}", "no_draft_filed")}


@pytest.mark.usefixtures("unprotected")
@pytest.mark.parametrize(
    "reference", ["2026-04-1", "26-04-00001", "2026-4-00001", "2026-04-00001 ", "2026-2C-00001", ""]
)
def test_a_reference_badly_formed(reference: str) -> None:
    SupportRequest.objects.filter(pk=pick("state = 'submitted'").pk).update(reference=reference)
    assert (f"demande {reference}", "reference_well_formed") in found()


@pytest.mark.usefixtures("unprotected")
def test_a_reference_given_twice() -> None:
    first, second = SupportRequest.objects.order_by("reference")[:2]
    SupportRequest.objects.filter(pk=second.pk).update(reference=first.reference)
    assert (f"référence {first.reference}", "reference_unique") in found()


@pytest.mark.usefixtures("unprotected")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE requests_referencecounter SET last = last - 1 WHERE department_id = '04' AND year = 2026",
        "DELETE FROM requests_referencecounter WHERE department_id = '04' AND year = 2026",
    ],
)
def test_a_counter_that_would_give_a_number_again(statement: str) -> None:
    execute(statement)
    assert found() == {("compteur 2026-04", "counter_ahead_of_references")}


@pytest.mark.usefixtures("unprotected")
@pytest.mark.parametrize(
    ("model", "code", "fields"),
    [
        (Solution, "one_live_solution", {"state": "accepted"}),
        (Referral, "one_live_referral", {"state": "sent", "decision": None}),
        (Agreement, "one_live_agreement", {"cancelled_at": None}),
    ],
)
def test_two_live_rows_of_one_kind(model: Any, code: str, fields: dict[str, Any]) -> None:
    row = model.objects.select_related("support_request").first()
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    assert code not in {found_code for _, found_code in found()}
    row.pk, row.uuid, row._state.adding = None, uuid.uuid4(), True
    row.save()
    assert (f"demande {row.support_request.reference}", code) in found()


def test_every_invariant_is_broken_by_a_test() -> None:
    here = {code for code, _, _ in BROKEN} | {
        "reference_well_formed", "reference_unique", "counter_ahead_of_references",
        "one_live_solution", "one_live_referral", "one_live_agreement",
    }  # fmt: skip
    codes = [invariant.code for invariant in integrity.INVARIANTS]
    assert set(codes) == here and len(codes) == len(set(codes))


@pytest.mark.django_db(transaction=True)
def test_the_command_names_the_first_breach(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_integrity")
    assert "requests : rien à signaler" in capsys.readouterr().out
    row = pick("state = 'local_support'")
    execute(OFFICER_LEAVES, id=row.pk)
    with pytest.raises(CommandError) as refused:
        call_command("check_integrity")
    assert str(refused.value).startswith(f"requests : demande {row.reference} : en suivi local sans chargé de suivi")
