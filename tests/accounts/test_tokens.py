"""API tokens: bound to one mandate, expiring, shown once."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiToken, Mandate, User
from accounts.services import tokens
from common.actor import Role
from common.errors import Invalid, NotAllowed
from territories.models import Collectivity
from tests.accounts.conftest import Builder, signed_in

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 3)


class WhoAmI(APIView):
    """What the API knows of its caller."""

    def get(self, request: Request) -> Response:
        actor = request.actor  # type: ignore[attr-defined]
        return Response({"role": actor.role, "mandate": actor.mandate_id, "user": request.user.pk})

    def post(self, request: Request) -> Response:
        return Response(status=204)


urlpatterns = [path("api/v1/moi/", WhoAmI.as_view())]


@pytest.fixture(autouse=True)
def _here(clock: Any) -> Any:
    with override_settings(ROOT_URLCONF="tests.accounts.test_tokens"):
        yield


def call(secret: str, scheme: str = "Bearer") -> Any:
    return Client().get("/api/v1/moi/", headers={"Authorization": f"{scheme} {secret}"})


def test_a_token_acts_under_its_mandate(mayor: Mandate, person: Builder) -> None:
    person("bruyere", Role.OFFICIAL, "présidente", collectivity=Collectivity.objects.get(code="200067437"))
    answer = call(tokens.issue(mayor))
    assert answer.json() == {"role": "official", "mandate": mayor.pk, "user": mayor.user_id}


def test_a_token_costs_one_query(mayor: Mandate, django_assert_num_queries: Any) -> None:
    secret = tokens.issue(mayor)
    with django_assert_num_queries(1):
        assert tokens.mandate_for(secret) == mayor


def test_only_a_hash_is_kept(mayor: Mandate) -> None:
    secret = tokens.issue(mayor)
    kept = ApiToken.objects.get()
    assert secret.startswith("guichet_")
    assert secret not in str(vars(kept))
    assert len(kept.digest) == 64


def test_without_a_token_the_answer_is_401_as_a_problem(db: None) -> None:
    for answer in (Client().get("/api/v1/moi/"), call("guichet_faux"), call("", "Bearer"), call("a b", "Bearer")):
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["status"] == 401


def test_a_token_expires(mayor: Mandate, clock: Any) -> None:
    secret = tokens.issue(mayor, days=30)
    clock.shift(days=29, hours=23)
    assert call(secret).status_code == 200
    clock.shift(hours=2)
    assert call(secret).status_code == 401


def test_a_token_revoked_or_whose_mandate_ended_is_refused(mayor: Mandate, instructor: Mandate) -> None:
    first, second, third = tokens.issue(mayor), tokens.issue(instructor), tokens.issue(instructor)
    tokens.revoke(ApiToken.objects.get(digest=tokens.digest(third)))
    assert call(third).status_code == 401
    assert call(second).status_code == 200
    Mandate.objects.filter(pk=mayor.pk).update(ends_on=TODAY, status="ended")
    assert call(first).status_code == 401
    User.objects.filter(pk=instructor.user_id).update(is_active=False)
    assert call(second).status_code == 401


def test_a_mandate_refused_since_carries_no_token(mayor: Mandate) -> None:
    secret = tokens.issue(mayor)
    Mandate.objects.filter(pk=mayor.pk).update(status="refused")
    assert call(secret).status_code == 401


@pytest.mark.parametrize("days", [0, -1, 400])
def test_a_token_lives_a_year_at_most(mayor: Mandate, days: int) -> None:
    with pytest.raises(Invalid):
        tokens.issue(mayor, days=days)


def test_no_token_for_a_mandate_not_in_force(mayor: Mandate) -> None:
    mayor.ends_on = TODAY
    with pytest.raises(NotAllowed):
        tokens.issue(mayor)


def test_the_session_serves_too_under_the_mandate_chosen(mayor: Mandate, person: Builder) -> None:
    president = person("bruyere", Role.OFFICIAL, "présidente", collectivity=Collectivity.objects.get(code="200067437"))
    client = signed_in(Client(), president)
    assert client.get("/api/v1/moi/").json()["mandate"] == president.pk


def test_the_session_needs_the_csrf_token_and_a_token_does_not(mayor: Mandate) -> None:
    client = signed_in(Client(enforce_csrf_checks=True), mayor)
    assert client.post("/api/v1/moi/").status_code == 403
    bare = Client(enforce_csrf_checks=True)
    authorization = {"Authorization": f"Bearer {tokens.issue(mayor)}"}
    assert bare.post("/api/v1/moi/", headers=authorization).status_code == 204


def test_a_token_wins_over_a_session(mayor: Mandate, instructor: Mandate) -> None:
    client = signed_in(Client(), mayor)
    answer = client.get("/api/v1/moi/", headers={"Authorization": f"Bearer {tokens.issue(instructor)}"})
    assert answer.json()["mandate"] == instructor.pk


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("api_token", *arguments, stdout=out)
    return out.getvalue().strip()


def test_the_command_prints_a_token_that_works(mayor: Mandate) -> None:
    secret = command("BRUYERE@exemple.fr", "--days", "2")
    assert call(secret).status_code == 200
    assert ApiToken.objects.get().expires_at.date() == dt.date(2026, 3, 5)
    assert command("bruyere@exemple.fr") != secret


def test_the_command_asks_which_mandate(mayor: Mandate, person: Builder) -> None:
    president = person("bruyere", Role.OFFICIAL, "présidente", collectivity=Collectivity.objects.get(code="200067437"))
    with pytest.raises(CommandError, match=str(president.uuid)):
        command("bruyere@exemple.fr")
    assert call(command("bruyere@exemple.fr", "--mandate", str(president.uuid))).json()["mandate"] == president.pk


@pytest.mark.parametrize("arguments", [("inconnue@exemple.fr",), ("bruyere@exemple.fr", "--days", "0")])
def test_the_command_says_what_is_wrong(mayor: Mandate, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        command(*arguments)
