"""Signing in by a code sent by mail."""

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts import events, progress
from accounts.models import Mandate, SignInCode, User
from accounts.services import sign_in
from accounts.tasks import purge_sign_in
from common import clock as portal_clock
from common.actor import Role
from common.errors import Invalid
from territories.models import Collectivity
from tests.accounts.conftest import Box, Builder

pytestmark = pytest.mark.django_db

SIGN_IN = "/connexion/"
CODE = "/connexion/code/"
META = sign_in.Meta(network="192.0.2.1")


def ask(client: Client, email: str, **data: Any) -> Any:
    return client.post(SIGN_IN, {"email": email, "way": "code", **data})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_an_official_enters_with_the_code_received(client: Client, box: Box, mayor: Mandate) -> None:
    assert ask(client, "Bruyere@Exemple.fr ").url == CODE
    assert box.of(events.CodeRequested)[0].person_id == mayor.user_id
    response = client.post(CODE, {"code": f"{box.codes[0][:3]} {box.codes[0][3:]}"})
    assert response.url == "/mon-espace/"
    assert client.get("/profil/").context["person"].pk == mayor.user_id


def test_codes_are_stored_as_keyed_hashes(client: Client, box: Box, mayor: Mandate) -> None:
    ask(client, "bruyere@exemple.fr")
    stored = SignInCode.objects.values().get()
    assert box.codes[0] not in "".join(map(str, stored.values()))
    assert len(stored["digest"]) == 64


def test_five_wrong_tries_kill_a_code(box: Box, mayor: Mandate) -> None:
    sign_in.send_code("bruyere@exemple.fr", META)
    for _ in range(4):
        with pytest.raises(Invalid):
            sign_in.verify_code("bruyere@exemple.fr", wrong(box.codes[0]), META)
    assert SignInCode.objects.get().tries == 4
    with pytest.raises(Invalid):
        sign_in.verify_code("bruyere@exemple.fr", wrong(box.codes[0]), META)
    with pytest.raises(Invalid):
        sign_in.verify_code("bruyere@exemple.fr", box.codes[0], META)


def test_the_fifth_try_may_be_the_right_one(box: Box, mayor: Mandate) -> None:
    sign_in.send_code("bruyere@exemple.fr", META)
    for _ in range(4):
        with pytest.raises(Invalid):
            sign_in.verify_code("bruyere@exemple.fr", wrong(box.codes[0]), META)
    assert sign_in.verify_code("bruyere@exemple.fr", box.codes[0], META).user == mayor.user


def test_asking_again_leaves_the_earlier_code_valid(client: Client, box: Box, mayor: Mandate) -> None:
    ask(client, "bruyere@exemple.fr")
    ask(client, "bruyere@exemple.fr")
    assert len(box.codes) == 2
    assert client.post(CODE, {"code": box.codes[0]}).url == "/mon-espace/"


def test_a_code_serves_once_and_takes_the_others_with_it(box: Box, mayor: Mandate) -> None:
    sign_in.send_code("bruyere@exemple.fr", META)
    sign_in.send_code("bruyere@exemple.fr", META)
    sign_in.verify_code("bruyere@exemple.fr", box.codes[1], META)
    for code in box.codes:
        with pytest.raises(Invalid):
            sign_in.verify_code("bruyere@exemple.fr", code, META)


def test_a_code_lives_ten_minutes(box: Box, mayor: Mandate, clock: Any) -> None:
    sign_in.send_code("bruyere@exemple.fr", META)
    clock.shift(minutes=10)
    with pytest.raises(Invalid):
        sign_in.verify_code("bruyere@exemple.fr", box.codes[0], META)
    sign_in.send_code("bruyere@exemple.fr", META)
    clock.shift(minutes=9, seconds=59)
    assert sign_in.verify_code("bruyere@exemple.fr", box.codes[1], META).user == mayor.user


def test_a_code_of_somebody_else_opens_nothing(box: Box, mayor: Mandate, person: Builder) -> None:
    person("tilleul", Role.SECRETARY, collectivity=mayor.collectivity)
    sign_in.send_code("tilleul@exemple.fr", META)
    with pytest.raises(Invalid):
        sign_in.verify_code("bruyere@exemple.fr", box.codes[0], META)


@pytest.mark.parametrize("typed", ["", "abc", "١٢٣٤٥٦", "12345", "1234567"])
def test_what_is_not_a_code_is_refused(client: Client, box: Box, mayor: Mandate, typed: str) -> None:
    ask(client, "bruyere@exemple.fr")
    response = client.post(CODE, {"code": typed})
    assert response.status_code in (200, 400)
    assert "_auth_user_id" not in client.session


def neutral(response: Any, email: str) -> bytes:
    """The page without what differs from one load to the next: the address typed and the CSRF token."""
    body = response.content.replace(email.encode(), b"ADDRESS")
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"CSRF", body)


def test_nothing_tells_whether_an_address_has_an_account(box: Box, mayor: Mandate) -> None:
    pages = []
    for email in ("bruyere@exemple.fr", "inconnue@exemple.fr"):
        client = Client()
        asked = ask(client, email)
        shown = client.get(CODE)
        refused = client.post(CODE, {"code": "1"})
        password = client.post("/connexion/mot-de-passe/", {"email": email, "password": "x" * 12})
        pages.append(
            [(asked.status_code, asked.url)]
            + [(page.status_code, neutral(page, email)) for page in (shown, refused, password)]
        )
    assert pages[0] == pages[1]
    assert len(box.of(events.CodeRequested)) == 2, "both receive a code"


def test_a_known_and_an_unknown_address_cost_the_same_statements(
    box: Box, mayor: Mandate, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for email in ("bruyere@exemple.fr", "inconnue@exemple.fr"):
        with CaptureQueriesContext(connection) as queries:
            sign_in.send_code(email, META)
        counts.append([re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in queries])
    assert counts[0] == counts[1]


def test_an_address_never_seen_makes_a_first_visit_and_a_claimed_mandate(
    client: Client, box: Box, mezel: Collectivity
) -> None:
    ask(client, "nouvelle@exemple.fr", next="/profil/", collectivite="04121", fonction="maire")
    assert client.post(CODE, {"code": box.codes[0]}).url == "/connexion/premiere-visite/"
    page = client.get("/connexion/premiere-visite/")
    assert page.context["form"].initial["collectivity"] == mezel
    assert page.context["form"].initial["function"] == "maire"
    response = client.post(
        "/connexion/premiere-visite/",
        {"first_name": "Rose", "last_name": "Ajonc", "civility": "Mme", "collectivity": "04121", "function": "adjoint"},
    )
    assert response.url == "/profil/"
    mandate = Mandate.objects.get(user__email="nouvelle@exemple.fr")
    assert (mandate.role, mandate.function, mandate.status) == (Role.OFFICIAL, "adjointe au maire", "claimed")
    assert mandate.department_id == "04"
    assert [event.mandate_id for event in box.of(events.MandateClaimed)] == [mandate.pk]
    assert "Déclaré, à confirmer" in client.get("/profil/").content.decode()


def test_the_first_visit_asks_what_is_missing_and_keeps_what_was_typed(client: Client, box: Box) -> None:
    ask(client, "nouvelle@exemple.fr")
    client.post(CODE, {"code": box.codes[0]})
    page = client.post("/connexion/premiere-visite/", {"last_name": "Ajonc"}).content.decode()
    assert 'href="#id_first_name"' in page
    assert "Choisissez votre fonction." in page
    assert 'value="Ajonc"' in page
    assert not User.objects.filter(email="nouvelle@exemple.fr").exists()


@pytest.mark.parametrize("page", ["code/", "premiere-visite/", "qui/", "second-facteur/"])
def test_no_step_is_reached_without_the_earlier_ones(client: Client, page: str, db: None) -> None:
    assert client.get(SIGN_IN + page).url == SIGN_IN
    assert client.post(SIGN_IN + page, {"code": "123456"}).url == SIGN_IN


def test_a_first_visit_is_not_reached_by_asking_a_code_only(client: Client, box: Box) -> None:
    ask(client, "nouvelle@exemple.fr")
    assert client.get("/connexion/premiere-visite/").url == SIGN_IN


def test_the_proof_of_an_address_lapses(client: Client, box: Box, clock: Any) -> None:
    ask(client, "nouvelle@exemple.fr")
    client.post(CODE, {"code": box.codes[0]})
    clock.shift(minutes=31)
    assert client.get("/connexion/premiere-visite/").url == SIGN_IN


def test_a_proof_that_lapses_while_the_code_is_checked_keeps_its_address(
    client: Client, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client, "nouvelle@exemple.fr")
    verify = sign_in.verify_code

    def slowly(*arguments: Any) -> sign_in.Arrival:
        monkeypatch.setattr(progress, "LIFE", dt.timedelta(minutes=-1))
        return verify(*arguments)

    monkeypatch.setattr(sign_in, "verify_code", slowly)
    client.post(CODE, {"code": box.codes[0]})
    assert client.session[progress.SESSION_KEY]["email"] == "nouvelle@exemple.fr"


def test_no_address_is_nobody_s(db: None) -> None:
    with pytest.raises(ValueError, match="no address"):
        sign_in.arrival(" ")


def test_an_address_longer_than_its_column_is_refused_in_the_form(client: Client, db: None) -> None:
    long = f"a@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.fr"
    assert ask(client, long).status_code == 200


def test_a_nul_in_what_is_carried_along_stops_nobody(client: Client, box: Box) -> None:
    ask(client, "nouvelle@exemple.fr", collectivite="04\x00121")
    assert client.post(CODE, {"code": box.codes[0]}).url == "/connexion/premiere-visite/"
    assert client.get("/connexion/premiere-visite/").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example", "javascript:alert(1)", "ailleurs", ""],
)
def test_signing_in_never_leads_to_another_site(client: Client, box: Box, mayor: Mandate, address: str) -> None:
    assert b"ailleurs" not in client.get(SIGN_IN, {"next": address}).content
    ask(client, "bruyere@exemple.fr", next=address)
    assert client.post(CODE, {"code": box.codes[0]}).url == "/mon-espace/"


def test_signing_in_leads_to_the_page_asked(client: Client, box: Box, mayor: Mandate) -> None:
    asked = client.get("/profil/").url
    assert asked == "/connexion/?next=/profil/"
    assert b'name="next" value="/profil/"' in client.get(asked).content
    ask(client, "bruyere@exemple.fr", next="/profil/")
    ask_again = client.get(CODE).content
    assert b'name="next" value="/profil/"' in ask_again
    assert client.post(CODE, {"code": box.codes[0]}).url == "/profil/"


def test_the_session_key_changes_at_sign_in(client: Client, box: Box, mayor: Mandate) -> None:
    ask(client, "bruyere@exemple.fr")
    before = client.session.session_key
    client.post(CODE, {"code": box.codes[0]})
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_signing_out_is_a_post_and_forgets_everything(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    assert client.get("/deconnexion/").status_code == 405
    assert client.post("/deconnexion/").url == "/"
    assert client.get("/profil/").status_code == 302


def test_a_closed_account_does_not_open(client: Client, box: Box, mayor: Mandate) -> None:
    User.objects.filter(pk=mayor.user_id).update(is_active=False)
    ask(client, "bruyere@exemple.fr")
    page = client.post(CODE, {"code": box.codes[0]})
    assert page.status_code == 403
    assert "Ce compte est fermé" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_fields_help_browsers_and_readers(client: Client, box: Box, db: None) -> None:
    page = client.get(SIGN_IN).content.decode()
    assert re.search(r'<input[^>]*name="email"[^>]*autocomplete="email"', page)
    assert re.search(r'<input[^>]*name="password"[^>]*autocomplete="current-password"', page)
    ask(client, "bruyere@exemple.fr")
    code = client.get(CODE).content.decode()
    assert re.search(r'<input[^>]*name="code"[^>]*autocomplete="one-time-code"[^>]*inputmode="numeric"', code)
    for content in (page, code):
        assert content.count("<h1") == 1
        assert "<script>" not in content
        assert "style=" not in content


def test_pages_of_sign_in_are_not_kept(client: Client, db: None) -> None:
    assert "no-store" in client.get(SIGN_IN)["Cache-Control"]


def test_old_codes_are_purged(box: Box, mayor: Mandate, clock: Any) -> None:
    sign_in.send_code("bruyere@exemple.fr", META)
    clock.shift(days=1)
    assert sign_in.purge() == 0
    clock.shift(days=2)
    assert sign_in.purge() > 1
    assert not SignInCode.objects.exists()


def test_sessions_past_their_time_are_purged(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    Session.objects.update(expire_date=portal_clock.now() - dt.timedelta(days=1))
    purge_sign_in()
    assert not Session.objects.exists()


def test_every_address_of_sign_in_is_named(db: None) -> None:
    assert reverse("accounts:sign-in") == SIGN_IN
    assert reverse("accounts:choose-mandate") == "/mandat/"
    assert dt.timedelta(minutes=10) == sign_in.CODE_LIFE
