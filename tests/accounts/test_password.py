"""Passwords, and the second factor of those who sign or decide."""

from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.test import Client, override_settings

from accounts import events
from accounts.models import Mandate, User
from accounts.services import sign_in
from accounts.services.sign_in import SECOND_FACTOR_ROLES, Meta, TooManyAttemptsError
from anct_portal import settings as base
from common.actor import Role
from common.errors import Invalid
from tests.accounts.conftest import Box, Builder

pytestmark = pytest.mark.django_db
SECRET = "un long mot de passe"
PAGE = "/connexion/mot-de-passe/"
FACTOR = "/connexion/second-facteur/"


@pytest.fixture
def with_password(person: Builder, desk: Any) -> Any:
    def build(name: str, role: Role, **fields: Any) -> Mandate:
        return person(name, role, password=SECRET, **fields)

    return build


def test_passwords_are_hashed_by_argon2() -> None:
    assert base.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS):
        assert identify_hasher(make_password("x")).algorithm == "argon2"


def test_an_instructor_enters_with_his_password_alone(client: Client, box: Box, with_password: Any) -> None:
    frene = with_password("frene", Role.INSTRUCTOR, department="04")
    response = client.post(PAGE, {"email": "FRENE@exemple.fr", "password": SECRET, "next": "/profil/"})
    assert response.url == "/profil/"
    assert client.get("/profil/").context["person"].pk == frene.user_id
    assert not box.codes


def test_one_form_serves_both_ways(client: Client, box: Box, with_password: Any) -> None:
    with_password("frene", Role.INSTRUCTOR, department="04")
    assert client.post("/connexion/", {"email": "frene@exemple.fr", "password": SECRET}).url == "/mon-espace/"


@pytest.mark.parametrize("role", sorted(SECOND_FACTOR_ROLES))
def test_who_signs_or_decides_also_gives_a_code(client: Client, box: Box, with_password: Any, role: Role) -> None:
    mandate = with_password("charme", role, department="04")
    assert client.post(PAGE, {"email": "charme@exemple.fr", "password": SECRET}).url == FACTOR
    assert "_auth_user_id" not in client.session
    sent = box.of(events.SecondFactorRequested)[0]
    assert (sent.person_id, sent.email) == (mandate.user_id, "charme@exemple.fr")
    assert client.post(FACTOR, {"code": "000000" if sent.code != "000000" else "000001"}).status_code == 400
    assert client.post(FACTOR, {"code": sent.code}).url == "/mon-espace/"
    assert client.session["_auth_user_id"] == str(mandate.user_id)


def test_the_settings_need_the_second_factor_whatever_the_mandate(box: Box, with_password: Any) -> None:
    mandate = with_password("frene", Role.INSTRUCTOR, department="04")
    assert not sign_in.needs_second_factor(mandate.user)
    mandate.user.is_staff = True
    assert sign_in.needs_second_factor(mandate.user)


def test_a_sign_in_code_is_no_second_factor(client: Client, box: Box, with_password: Any) -> None:
    with_password("charme", Role.DEPUTY, department="04")
    client.post(PAGE, {"email": "charme@exemple.fr", "password": SECRET})
    sign_in.send_code("charme@exemple.fr", Meta("192.0.2.9"))
    assert client.post(FACTOR, {"code": box.codes[1]}).status_code == 400


def test_a_second_factor_is_no_sign_in_code(client: Client, box: Box, with_password: Any) -> None:
    with_password("charme", Role.DEPUTY, department="04")
    client.post(PAGE, {"email": "charme@exemple.fr", "password": SECRET})
    with pytest.raises(Invalid):
        sign_in.verify_code("charme@exemple.fr", box.codes[0], Meta("192.0.2.9"))


def test_another_code_may_be_asked(client: Client, box: Box, with_password: Any) -> None:
    with_password("charme", Role.DEPUTY, department="04")
    client.post(PAGE, {"email": "charme@exemple.fr", "password": SECRET})
    assert client.post(FACTOR, {"again": "1"}).url == FACTOR
    assert client.post(FACTOR, {"code": box.codes[0]}).url == "/mon-espace/"


@override_settings(DEBUG=True, DEMONSTRATION_CODE="424242")
def test_the_demonstration_code_serves_in_development(client: Client, box: Box, with_password: Any) -> None:
    with_password("aubier", Role.DELEGATE, department="04")
    client.post(PAGE, {"email": "aubier@exemple.fr", "password": SECRET})
    assert "424242" in client.get(FACTOR).content.decode()
    assert client.post(FACTOR, {"code": "424242"}).url == "/mon-espace/"


@override_settings(DEBUG=False, DEMONSTRATION_CODE="424242")
def test_the_demonstration_code_is_nothing_in_production(client: Client, box: Box, with_password: Any) -> None:
    with_password("aubier", Role.DELEGATE, department="04")
    client.post(PAGE, {"email": "aubier@exemple.fr", "password": SECRET})
    assert "424242" not in client.get(FACTOR).content.decode()
    assert client.post(FACTOR, {"code": "424242"}).status_code == 400
    assert "_auth_user_id" not in client.session


@override_settings(DEBUG=True, DEMONSTRATION_CODE="424242")
def test_the_demonstration_code_is_no_sign_in_code(client: Client, box: Box, with_password: Any) -> None:
    with_password("aubier", Role.DELEGATE, department="04")
    sign_in.send_code("aubier@exemple.fr", Meta("192.0.2.9"))
    with pytest.raises(Invalid):
        sign_in.verify_code("aubier@exemple.fr", "424242", Meta("192.0.2.9"))


@override_settings(DEBUG=True, DEMONSTRATION_CODE="")
def test_no_demonstration_code_is_not_the_empty_one(client: Client, box: Box, with_password: Any) -> None:
    with_password("aubier", Role.DELEGATE, department="04")
    client.post(PAGE, {"email": "aubier@exemple.fr", "password": SECRET})
    assert client.post(FACTOR, {"code": ""}).status_code == 200
    assert client.post(FACTOR, {"code": " "}).status_code in (200, 400)
    assert "_auth_user_id" not in client.session


def test_passwords_are_limited_and_success_is_not(box: Box, with_password: Any, rf: Any) -> None:
    with_password("frene", Role.INSTRUCTOR, department="04")
    for index in range(sign_in.PASSWORDS_PER_ADDRESS.count):
        sign_in.check_password(rf.get("/"), "frene@exemple.fr", SECRET, Meta(f"192.0.2.{index}"))
        with pytest.raises(Invalid):
            sign_in.check_password(rf.get("/"), "frene@exemple.fr", "faux", Meta(f"192.0.2.{index}"))
    with pytest.raises(TooManyAttemptsError):
        sign_in.check_password(rf.get("/"), "frene@exemple.fr", SECRET, Meta("192.0.2.200"))


def test_whoever_has_no_password_can_not_use_one(client: Client, mayor: Mandate) -> None:
    assert not User.objects.get(pk=mayor.user_id).has_usable_password()
    for password in ("", "!", mayor.user.password):
        page = client.post(PAGE, {"email": "bruyere@exemple.fr", "password": password})
        assert page.status_code in (200, 400)
    assert "_auth_user_id" not in client.session


def test_a_closed_account_does_not_open_by_password(client: Client, with_password: Any) -> None:
    frene = with_password("frene", Role.INSTRUCTOR, department="04")
    User.objects.filter(pk=frene.user_id).update(is_active=False)
    assert client.post(PAGE, {"email": "frene@exemple.fr", "password": SECRET}).status_code == 400


def test_a_password_may_be_chosen_and_closes_other_sessions(client: Client, mayor: Mandate, box: Any) -> None:
    other = Client()
    other.force_login(mayor.user)
    client.force_login(mayor.user)
    page = "/profil/mot-de-passe/"
    assert client.post(page, {"send": "1"}).url == page
    code = box.of(events.PasswordCodeRequested)[0].code
    assert client.post(page, {"code": code, "new_password1": "court", "new_password2": "court"}).status_code == 200
    response = client.post(page, {"code": code, "new_password1": SECRET, "new_password2": SECRET})
    assert response.url == "/profil/"
    assert [told.person_id for told in box.of(events.PasswordChanged)] == [mayor.user_id]
    assert client.get("/profil/").status_code == 200
    assert other.get("/profil/").status_code == 302


def test_an_open_session_is_not_enough_to_choose_a_password(client: Client, mayor: Mandate, box: Any) -> None:
    client.force_login(mayor.user)
    client.post("/profil/mot-de-passe/", {"send": "1"})
    before = User.objects.get(pk=mayor.user_id).password
    for code in ("", "000000"):
        page = client.post("/profil/mot-de-passe/", {"code": code, "new_password1": SECRET, "new_password2": SECRET})
        assert page.status_code in (200, 400)
        assert User.objects.get(pk=mayor.user_id).password == before
    assert box.of(events.PasswordChanged) == []


def test_the_settings_have_no_sign_in_of_their_own(client: Client, instructor: Mandate, administrator: Mandate) -> None:
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/login/").url.startswith("/connexion/?next=")
    posted = client.post("/admin/login/", {"username": "laurier@exemple.fr", "password": SECRET})
    assert posted.url.startswith("/connexion/")
    client.force_login(instructor.user)
    assert client.get("/admin/login/").status_code == 403
    client.force_login(administrator.user)
    assert client.get("/admin/login/").url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_demonstration_code_comes_from_the_environment_in_development_only() -> None:
    assert base.DEBUG or not base.DEMONSTRATION_CODE
