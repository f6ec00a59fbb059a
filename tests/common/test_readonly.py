"""GET and HEAD cannot write; PostgreSQL says so, and the log names the view."""

import pytest
from django.db import InternalError, connection
from django.test import Client
from structlog.testing import capture_logs

from common import readonly
from files.models import StoredFile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.common.urls")]


@pytest.mark.parametrize("path", ["/write", "/refused-class", "/lazy"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_write_is_refused_by_postgresql(client, path, method):
    with capture_logs() as logs, pytest.raises(InternalError, match="read-only transaction"):
        getattr(client, method)(path)
    (entry,) = [log for log in logs if log["event"] == "write_refused_on_get"]
    assert entry["path"] == path
    assert entry["view"] in (
        "tests.common.urls.write",
        "tests.common.urls.RefusedClass",
        "tests.common.urls.lazy",
    )
    assert not StoredFile.objects.exists()


def test_the_reader_gets_an_error_page():
    response = Client(raise_request_exception=False).get("/write")
    assert response.status_code == 500


@pytest.mark.parametrize("path", ["/allowed", "/allowed-class"])
def test_a_marked_view_writes(client, path):
    assert client.get(path).status_code == 200
    assert StoredFile.objects.count() == 1


def test_each_mark_has_its_reason():
    assert readonly.WRITES["tests.common.urls.allowed"] == "the test says so"
    assert readonly.WRITES["tests.common.urls.AllowedClass"] == "the test says so, of a class"
    with pytest.raises(ValueError, match="why"):
        readonly.writes(" ")


def test_post_writes(client):
    assert client.post("/write").status_code == 200
    assert StoredFile.objects.count() == 1


def test_a_stream_reads_but_does_not_write(client):
    assert b"".join(client.get("/stream-reads").streaming_content) == b"0"
    with pytest.raises(InternalError, match="read-only transaction"):
        b"".join(client.get("/stream").streaming_content)
    assert not StoredFile.objects.exists()


def test_a_swallowed_refusal_writes_nothing(client):
    assert client.get("/swallows").content == b"swallowed"
    assert not StoredFile.objects.exists()


def test_the_connection_writes_again_afterwards(client):
    assert client.get("/state").content == b"on"
    assert client.post("/state").content == b"off"


@pytest.mark.django_db
def test_inside_the_transaction_of_a_test_too(client):
    with pytest.raises(InternalError):
        client.get("/write")
    assert client.post("/write").status_code == 200


def test_a_view_without_database_is_held_to_it(client):
    with pytest.raises(RuntimeError, match="without database"):
        client.get("/forgets")
    connection.close()
