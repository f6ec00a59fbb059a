"""How long a session lasts, and what ends it; limits and discretion of sign-in under many tries at once."""

import datetime as dt
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import AttemptCounter, Mandate, SignatureAct, SignInCode, User
from accounts.services import attempts, mandates, sign_in
from accounts.services.sign_in import Meta, TooManyAttemptsError
from accounts.sessions import SESSION_LIFE
from common import clock as portal_clock
from common.errors import Invalid
from tests.accounts.conftest import Box, Builder, signed_in
from tests.accounts.test_limits import together

pytestmark = pytest.mark.django_db


def is_in(client: Client) -> bool:
    return client.get("/profil/").status_code == 200


# --- limits of time --------------------------------------------------------------------------------------------------


def test_a_session_idle_for_a_day_is_over(client: Client, mayor: Mandate, clock: Any) -> None:
    signed_in(client, mayor)
    clock.shift(hours=23, minutes=59)
    assert is_in(client)
    clock.shift(hours=24)
    assert not is_in(client)
    assert not Session.objects.exists(), "the row went too: the cookie opens nothing any more"


def test_a_session_in_use_lasts_fourteen_days_and_no_more(client: Client, mayor: Mandate, clock: Any) -> None:
    signed_in(client, mayor)
    for _ in range(27):
        clock.shift(hours=12)
        assert is_in(client)
    clock.shift(hours=11, minutes=59)
    assert is_in(client)
    clock.shift(minutes=1)
    assert not is_in(client)


def test_use_is_written_down_now_and_then_only(
    client: Client, mayor: Mandate, clock: Any, django_assert_num_queries: Any
) -> None:
    signed_in(client, mayor)
    before = client.session[SESSION_LIFE]
    clock.shift(minutes=9)
    assert is_in(client)
    assert client.session[SESSION_LIFE] == before
    clock.shift(minutes=1)
    assert is_in(client)
    assert client.session[SESSION_LIFE]["seen"] == portal_clock.now().isoformat()
    assert client.session[SESSION_LIFE]["since"] == before["since"]


# --- rights ----------------------------------------------------------------------------------------------------------


Change = Callable[[Any], Any]
CHANGES: dict[str, Change] = {
    "mandate ended": lambda s: mandates.close(s.deputy, portal_clock.today(), at=portal_clock.now()),
    "delegation of signature ended": lambda s: SignatureAct.objects.filter(signatory=s.deputy).update(
        ends_on=portal_clock.today() - dt.timedelta(days=1)
    ),
    "mandate refused": lambda s: Mandate.objects.filter(pk=s.deputy.pk).update(
        status="refused", confirmed_at=None, proof=""
    ),
    "another department": lambda s: Mandate.objects.filter(pk=s.deputy.pk).update(department_id="05"),
    "one more mandate": lambda s: s.lend(),
    "settings opened": lambda s: User.objects.filter(pk=s.deputy.user_id).update(is_staff=True),
    "account closed": lambda s: User.objects.filter(pk=s.deputy.user_id).update(is_active=False),
    "password changed": lambda s: s.new_password(),
}


class Scene:
    def __init__(self, deputy: Mandate, delegate: Mandate, person: Builder) -> None:
        self.deputy, self.delegate, self.person = deputy, delegate, person

    def lend(self) -> None:
        where = Mandate.objects.filter(pk=self.deputy.pk)
        row = where.get()
        row.pk, row.uuid, row.department_id = None, None, "90"
        row.uuid = type(row)._meta.get_field("uuid").get_default()
        row.save(force_insert=True)

    def new_password(self) -> None:
        user = User.objects.get(pk=self.deputy.user_id)
        user.set_password("une autre phrase secrète")
        user.save()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_rights_ends_every_session(
    change: str, act: SignatureAct, deputy: Mandate, delegate: Mandate, person: Builder
) -> None:
    sessions = [signed_in(Client(), deputy) for _ in range(2)]
    other = signed_in(Client(), delegate)
    assert all(map(is_in, sessions))
    CHANGES[change](Scene(deputy, delegate, person))
    assert not any(map(is_in, sessions))
    assert is_in(other), "nobody else's"


def test_who_changes_his_own_rights_goes_on_under_a_new_key(client: Client, mayor: Mandate) -> None:
    elsewhere = signed_in(Client(), mayor)
    signed_in(client, mayor)
    before = client.session.session_key
    answer = client.post("/profil/mandat/", {"collectivity": "04022", "function": "adjoint", "starts_on": "2026-03-01"})
    assert answer.status_code == 302, answer.content.decode()
    assert is_in(client)
    assert client.session.session_key != before
    assert not is_in(elsewhere)


def test_an_official_confirmed_while_he_writes_goes_on_under_a_new_key(client: Client, mayor: Mandate) -> None:
    rows = Mandate.objects.filter(pk=mayor.pk)
    confirmed = rows.values("status", "confirmed_at", "proof").get()
    rows.update(status="claimed", confirmed_at=None, proof="")
    signed_in(client, mayor)
    before = client.session.session_key
    assert is_in(client)
    assert client.session.session_key == before
    rows.update(**confirmed)
    assert is_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()
    rows.update(status="claimed", confirmed_at=None, proof="")
    assert not is_in(client), "what was confirmed and is no more is a right lost"


def test_a_session_without_its_life_is_over(client: Client, mayor: Mandate) -> None:
    signed_in(client, mayor)
    session = client.session
    del session[SESSION_LIFE]
    session.save()
    assert not is_in(client)


# --- two hundred tries -----------------------------------------------------------------------------------------------

TRIES, AT_ONCE = 200, 40


def tries(work: Callable[[int], Any]) -> list[Any]:
    """Two hundred tries, by forty sessions of the database at the same instant, five each."""

    def five(thread: int) -> list[Any]:
        found = []
        for rank in range(TRIES // AT_ONCE):
            try:
                found.append(work(thread * (TRIES // AT_ONCE) + rank))
            except (TooManyAttemptsError, Invalid) as error:
                found.append(error)
        return found

    return [each for found in together(five, AT_ONCE) for each in found]


def test_a_limit_is_exact_under_two_hundred_tries(committed_db: None) -> None:
    limit = attempts.Limit("essai", 23, dt.timedelta(minutes=15))
    admitted = tries(lambda index: attempts.admit(limit, "une adresse"))
    assert (admitted.count(True), admitted.count(False)) == (23, TRIES - 23)
    assert AttemptCounter.objects.get().count == 23


def test_passwords_are_limited_exactly_under_two_hundred_tries(committed_db: None, mayor: Mandate, rf: Any) -> None:
    answers = tries(
        lambda index: sign_in.check_password(rf.post("/"), "bruyere@exemple.fr", "faux", Meta(f"192.0.2.{index}"))
    )
    wrong = [answer for answer in answers if isinstance(answer, Invalid)]
    refused = [answer for answer in answers if isinstance(answer, TooManyAttemptsError)]
    assert (len(wrong), len(refused)) == (sign_in.PASSWORDS_PER_ADDRESS.count, TRIES - len(wrong))


def test_codes_are_limited_exactly_under_two_hundred_tries(committed_db: None, box: Box) -> None:
    answers = tries(lambda index: sign_in.send_code(f"a{index}@exemple.fr", Meta("192.0.2.1")))
    refused = [answer for answer in answers if isinstance(answer, TooManyAttemptsError)]
    assert TRIES - len(refused) == SignInCode.objects.count() == sign_in.CODES_PER_NETWORK.count


# --- known or unknown ------------------------------------------------------------------------------------------------


def _seconds(work: Callable[[str], Any], rounds: int) -> tuple[float, float]:
    """What a known and an unknown address cost, asked in turns: medians."""
    costs: dict[str, list[float]] = {"bruyere@exemple.fr": [], "inconnue@exemple.fr": []}
    for _ in range(rounds):
        for email, found in costs.items():
            before = time.perf_counter()
            work(email)
            found.append(time.perf_counter() - before)
    known, unknown = map(statistics.median, costs.values())
    return known, unknown


def test_an_unknown_address_takes_the_time_of_a_known_one(mayor: Mandate, settings: Any, box: Box) -> None:
    """A password costs a hash whoever is asked, and a code the same statements (``test_sign_in``)."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    User.objects.filter(pk=mayor.user_id).update(password="")
    mayor.user.set_password("la bonne phrase secrète")
    mayor.user.save()

    def by_password(email: str) -> None:
        AttemptCounter.objects.all().delete()
        Client().post("/connexion/mot-de-passe/", {"email": email, "password": "une mauvaise phrase"})

    def by_code(email: str) -> None:
        AttemptCounter.objects.all().delete()
        Client().post("/connexion/", {"email": email, "way": "code"})

    for way, rounds in ((by_password, 9), (by_code, 25)):
        known, unknown = _seconds(way, rounds)
        assert 0.6 < known / unknown < 1.6, f"{way.__name__}: {known * 1000:.1f} and {unknown * 1000:.1f} ms"


def test_the_proxies_counted_decide_who_is_limited(client: Client, box: Box, settings: Any) -> None:
    """One client who writes another X-Forwarded-For each time is one network."""
    settings.TRUSTED_PROXIES = 1
    for index in range(sign_in.CODES_PER_NETWORK.count + 1):
        forwarded = f"198.51.100.{index}, 203.0.113.9"
        answer = client.post(
            "/connexion/", {"email": f"a{index}@exemple.fr", "way": "code"}, headers={"X-Forwarded-For": forwarded}
        )
    assert answer.status_code == 429
