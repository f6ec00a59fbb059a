"""Every error of the API has one shape, and pages go by cursor."""

import base64
import datetime as dt

import pytest
from django.test import Client

from common import clock as portal_clock
from common.api import JsonParser, TooLargeError
from files.models import StoredFile

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.common.urls")]


@pytest.mark.parametrize(
    ("which", "status", "code", "detail"),
    [
        ("invalid", 400, "invalid", "La commune est obligatoire."),
        ("not-allowed", 403, "not_allowed", "Seul le guichet peut qualifier."),
        ("conflict", 409, "already_decided", "Un collègue a déjà décidé."),
        ("missing", 404, "not_found", None),
        ("too-big", 413, "too_large", None),
        ("denied", 403, "permission_denied", None),
        ("validation", 400, "invalid", "Trop long."),
        ("fields", 400, "invalid", "Plusieurs champs sont à corriger."),
        ("throttled", 429, "throttled", None),
        ("anonymous", 403, "not_authenticated", None),
    ],
)
def test_errors_are_problem_documents(client, which, status, code, detail):
    response = client.get(f"/api/raises/{which}")
    body = response.json()
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["instance"] == f"/api/raises/{which}"
    assert body["title"]
    if detail:
        assert body["detail"] == detail


def test_fields_are_named_by_their_path(client):
    assert client.get("/api/raises/invalid").json()["errors"] == [
        {"field": "collectivity", "message": "La commune est obligatoire.", "code": "invalid"}
    ]
    assert [error["field"] for error in client.get("/api/raises/fields").json()["errors"]] == ["lines.1.offer", ""]


def test_a_bug_says_nothing_to_the_client_and_everything_to_the_tests(client):
    response = Client(raise_request_exception=False).get("/api/raises/bug")
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert b"secret" not in response.content
    with pytest.raises(ZeroDivisionError):
        client.get("/api/raises/bug")


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(client, settings):
    settings.REQUEST_MAX_BYTES = 0
    length = {"CONTENT_LENGTH": str(2 * 1024**2)}
    answer = client.post("/api/files", {}, content_type="application/json", **length)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.urls("anct_portal.urls")
def test_so_is_one_of_a_form_in_words_for_a_person(client, settings):
    settings.REQUEST_MAX_BYTES = 0
    page = client.post("/connexion/", CONTENT_LENGTH=str(2 * 1024**2))
    assert page.status_code == 413
    assert "joignez-les en plusieurs fois" in page.content.decode()


def test_a_json_body_beyond_memory_is_refused(rf, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    request = rf.post("/api/files", {"name": "x" * 20}, content_type="application/json")
    with pytest.raises(TooLargeError):
        JsonParser().parse(request, parser_context={"request": request})


def test_throttling_says_when_to_come_back(client):
    assert client.get("/api/raises/throttled")["Retry-After"] == "12"


@pytest.mark.parametrize(
    ("method", "path", "kwargs", "status"),
    [
        ("delete", "/api/files", {}, 405),
        ("post", "/api/files", {"data": "a=1", "content_type": "application/x-www-form-urlencoded"}, 200),
        ("post", "/api/files", {"data": "{", "content_type": "application/json"}, 200),
        ("get", "/api/files", {"headers": {"accept": "text/html"}}, 406),
        ("get", "/api/files?cursor=broken", {}, 404),
        ("get", "/api/nowhere", {}, 404),
    ],
)
def test_errors_of_the_framework_too(client, method, path, kwargs, status):
    response = getattr(client, method)(path, **kwargs)
    assert response.status_code == status
    if status != 200:
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["status"] == status


def test_pages_go_by_cursor_newest_first(client):
    start = portal_clock.now()
    StoredFile.objects.bulk_create(
        StoredFile(
            name=f"f{n:03d}", sha256="0" * 64, content_type="x/y", size=1, created_at=start + dt.timedelta(seconds=n)
        )
        for n in range(120)
    )
    names, address = [], "/api/files"
    while address:
        page = client.get(address).json()
        assert len(page["results"]) <= 50
        names += [row["name"] for row in page["results"]]
        address = page["next"]
    assert names == [f"f{n:03d}" for n in reversed(range(120))]
    for unreadable in (b"p=\x00", b"p=%00", b"o=x"):
        cursor = base64.b64encode(unreadable).decode()
        assert client.get(f"/api/files?cursor={cursor}").status_code == 404
    assert len(client.get("/api/files?page_size=1000").json()["results"]) == 120
    assert len(client.get("/api/files?page_size=7").json()["results"]) == 7
