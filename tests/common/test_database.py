"""The application's role: what it may and may not do, whoever is connected."""

import uuid

import psycopg.errors
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from common import checks, database, perimeter, reconciler
from common.models import AppendOnly, NeverDeleted
from files.models import StoredFile
from notifications.models import OutboxEvent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.db]

PREFIX = "portal_role_test_"


@pytest.fixture
def role():
    """A role of the test's own: roles belong to the whole server."""
    name = PREFIX + uuid.uuid4().hex[:8]
    yield name
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone():
            cursor.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')


@pytest.fixture
def protected(monkeypatch):
    """Two real tables, protected for the test as a model's declaration would."""
    monkeypatch.setattr(StoredFile, "append_only", True, raising=False)
    monkeypatch.setattr(OutboxEvent, "never_deleted", True, raising=False)


def a_file(name="x"):
    return StoredFile.objects.create(name=name, sha256="0" * 64, content_type="text/plain", size=1)


def refused(statement):
    with pytest.raises(ProgrammingError) as caught, connection.cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)


def under(role):
    """Connects as web and workers do."""
    connection.close()
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == role
    perimeter.take(perimeter.EVERYTHING)


def test_append_only_tables_take_rows_and_let_none_change(role, protected, settings):
    assert database.grant(role)
    settings.DATABASE_ROLE = role
    under(role)
    a_file()
    assert StoredFile.objects.count() == 1
    refused("UPDATE files_storedfile SET name = 'y'")
    refused("DELETE FROM files_storedfile")
    refused("TRUNCATE files_storedfile CASCADE")
    refused("DELETE FROM notifications_outboxevent")
    refused("TRUNCATE notifications_outboxevent")
    OutboxEvent.objects.update(event="y")
    refused("ALTER TABLE files_storedfile DISABLE TRIGGER ALL")
    refused("DELETE FROM django_migrations")


def test_the_role_reads_the_reconcilers_sign_of_life(role, settings):
    database.grant(role)
    settings.DATABASE_ROLE = role
    under(role)
    reconciler.beat()
    assert reconciler.age() is not None


def test_other_tables_stay_writable_but_never_truncated(role, settings):
    database.grant(role)
    settings.DATABASE_ROLE = role
    under(role)
    a_file()
    StoredFile.objects.update(name="y")
    assert StoredFile.objects.all().delete()[0] == 1
    refused("TRUNCATE files_storedfile CASCADE")


def test_granting_again_follows_what_is_declared(role, protected, monkeypatch, settings):
    database.grant(role)
    monkeypatch.setattr(StoredFile, "append_only", False)
    database.grant(role)
    settings.DATABASE_ROLE = role
    under(role)
    StoredFile.objects.update(name="y")


def test_migrating_gives_new_tables_their_privileges(role, settings):
    settings.DATABASE_ROLE = role
    call_command("migrate", verbosity=0)
    under(role)
    a_file()


def test_the_command_says_how_many_tables_are_protected(role, protected, capsys):
    call_command("grant_roles", role)
    assert capsys.readouterr().out == f"{role}: {len(database.protected_tables())} protected tables\n"
    with pytest.raises(CommandError, match="DATABASE_ROLE"):
        call_command("grant_roles", "")


def test_a_role_that_does_not_exist_leaves_the_owner_and_a_warning(role, settings):
    settings.DATABASE_ROLE = role
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = session_user")
        assert cursor.fetchone()[0]
    (warning,) = checks.application_role_is_there(None, databases=["default"])
    assert warning.id == "common.W001"
    assert f'CREATE ROLE "{role}"' in warning.hint
    assert checks.application_role_is_there(None, databases=None) == []
    database.grant(role)
    assert checks.application_role_is_there(None, databases=["default"]) == []


@pytest.fixture
def plain_owner(role):
    """A user that owns the tables and may create no role."""
    name = f"{role}_owner"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE ROLE "{name}" NOLOGIN')
        cursor.execute("SELECT current_database()")
        cursor.execute(f'ALTER SCHEMA public OWNER TO "{name}"')
        cursor.execute(
            "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} OWNER TO "{name}"')
        cursor.execute(f'SET ROLE "{name}"')
    yield name
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(f'REASSIGN OWNED BY "{name}" TO CURRENT_USER; DROP OWNED BY "{name}"; DROP ROLE "{name}"')


def test_an_owner_who_may_not_create_roles_is_told_what_to_ask(role, plain_owner):
    assert not database.grant(role)
    with pytest.raises(CommandError, match="CREATE ROLE"):
        call_command("grant_roles", role)


def test_an_owner_who_may_not_create_roles_uses_the_one_he_was_given(role, plain_owner, protected, settings):
    with connection.cursor() as cursor:
        cursor.execute(f'RESET ROLE; CREATE ROLE "{role}" NOLOGIN; SET ROLE "{plain_owner}"')
    assert database.grant(role)
    with connection.cursor() as cursor:
        cursor.execute(f'RESET ROLE; SET ROLE "{role}"')
    a_file()
    refused("DELETE FROM files_storedfile")


def test_a_protected_model_without_its_trigger_is_an_error(monkeypatch, protected):
    found = checks.protected_models_have_their_trigger(None)
    assert {error.obj for error in found} >= {StoredFile, OutboxEvent}
    assert {error.id for error in found} == {"common.E001"}


def test_every_protected_model_has_its_trigger():
    assert checks.protected_models_have_their_trigger(None) == []


def test_the_abstract_models_bear_their_trigger():
    assert [trigger.name for trigger in AppendOnly._meta.triggers] == ["append_only"]
    assert [trigger.name for trigger in NeverDeleted._meta.triggers] == ["never_deleted"]


def test_commands_that_change_the_schema_or_the_reference_data_stay_the_owner(role, settings, monkeypatch):
    database.grant(role)
    settings.DATABASE_ROLE = role
    for command in ("migrate", "seed", "load_territories", "load_zoning", "load_programme"):
        monkeypatch.setattr("sys.argv", ["manage.py", command])
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user = session_user")
            assert cursor.fetchone()[0], command
    monkeypatch.setattr("sys.argv", ["manage.py", "reconcile"])
    under(role)
