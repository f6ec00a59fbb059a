"""The contract: the committed schema is the generated one, and every operation of it answers."""

import io

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from anct_portal.env import BASE_DIR

COMMITTED = BASE_DIR / "docs" / "openapi.yaml"


def test_the_committed_schema_is_the_generated_one() -> None:
    """To write it again: ``manage.py spectacular --file docs/openapi.yaml``."""
    written = io.StringIO()
    call_command("spectacular", stdout=written)
    assert written.getvalue() == COMMITTED.read_text()


@pytest.mark.django_db
def test_the_schema_is_served_to_anybody() -> None:
    served = Client().get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert served.status_code == 200
    assert served.json()["openapi"].startswith("3.1")
    assert served.json()["paths"].keys() == yaml.safe_load(COMMITTED.read_text())["paths"].keys()


@pytest.mark.django_db
def test_the_documentation_names_every_address() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    for address in yaml.safe_load(COMMITTED.read_text())["paths"]:
        assert address in page


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/", "/api/v1/nothing/", "/api/v1/support-requests/2026-04-1/"])
def test_an_unknown_address_answers_as_the_api_does(address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_so_does_one_that_is_posted_to() -> None:
    answer = Client(enforce_csrf_checks=True).post("/api/v1/nothing/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
