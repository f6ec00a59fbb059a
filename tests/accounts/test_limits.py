"""Limits are exact, whatever happens at the same instant; tries of a code too."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from accounts.models import AttemptCounter, Mandate, Organisation, SignInCode
from accounts.network import client_address, client_network
from accounts.services import attempts, grants, mandates, people, sign_in, signatures
from accounts.services.sign_in import Meta, TooManyAttemptsError
from common import clock as portal_clock
from common.actor import Role
from common.errors import Invalid, ServiceError
from territories.models import Collectivity, Department
from tests.accounts.conftest import Box, Builder, actor, text

#: Also run against the servers of localhost's standard ports.
pytestmark = pytest.mark.db


THREADS = 30


def together(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Runs ``work`` in as many threads, started at the same instant, each with its own connection."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(20)
            results[index] = work(index)
        except ServiceError as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_a_limit_lets_through_exactly_its_number(committed_db: None) -> None:
    limit = attempts.Limit("essai", 7, sign_in._QUARTER)
    admitted = together(lambda index: attempts.admit(limit, "une adresse"))
    assert admitted.count(True) == 7
    assert admitted.count(False) == THREADS - 7
    assert AttemptCounter.objects.get().count == 7


def test_codes_per_address_are_exact_from_many_networks(committed_db: None, box: Box) -> None:
    answers = together(lambda index: sign_in.send_code("maire@exemple.fr", Meta(f"192.0.2.{index}")))
    refused = [answer for answer in answers if isinstance(answer, TooManyAttemptsError)]
    assert len(refused) == THREADS - sign_in.CODES_PER_ADDRESS.count
    assert SignInCode.objects.count() == sign_in.CODES_PER_ADDRESS.count


def test_a_code_stands_exactly_five_tries_at_once(committed_db: None, box: Box) -> None:
    sign_in.send_code("maire@exemple.fr", Meta("192.0.2.1"))
    code = box.codes[0]
    guesses = [f"{(int(code) + 1 + index) % 1_000_000:06d}" for index in range(THREADS)]
    answers = together(lambda index: sign_in.verify_code("maire@exemple.fr", guesses[index], Meta(f"192.0.2.{index}")))
    assert all(isinstance(answer, Invalid) for answer in answers)
    assert SignInCode.objects.get().tries == sign_in.TRIES_PER_CODE
    with pytest.raises(Invalid):
        sign_in.verify_code("maire@exemple.fr", code, Meta("192.0.2.1"))


def test_a_code_opens_once_for_many_at_once(committed_db: None, box: Box) -> None:
    sign_in.send_code("maire@exemple.fr", Meta("192.0.2.1"))
    code = box.codes[0]
    answers = together(lambda index: sign_in.verify_code("maire@exemple.fr", code, Meta(f"192.0.2.{index}")))
    assert sum(isinstance(answer, sign_in.Arrival) for answer in answers) == 1


def test_a_window_opens_again(db: None, clock: Any) -> None:
    limit = attempts.Limit("essai", 2, sign_in._QUARTER)
    assert [attempts.admit(limit, "a") for _ in range(3)] == [True, True, False]
    assert attempts.admit(limit, "b"), "each key has its own allowance"
    clock.shift(minutes=14, seconds=59)
    assert not attempts.admit(limit, "a")
    clock.shift(seconds=1)
    assert [attempts.admit(limit, "a") for _ in range(3)] == [True, True, False]


def test_what_succeeded_is_given_back_and_never_more(db: None) -> None:
    limit = attempts.Limit("essai", 1, sign_in._QUARTER)
    assert attempts.admit(limit, "a")
    attempts.give_back(limit, "a")
    attempts.give_back(limit, "a")
    assert [attempts.admit(limit, "a") for _ in range(2)] == [True, False]


def test_counters_hold_no_address(db: None, box: Box) -> None:
    sign_in.send_code("maire@exemple.fr", Meta("192.0.2.77"))
    kept = " ".join(AttemptCounter.objects.values_list("key", flat=True))
    assert "maire" not in kept
    assert "192.0.2.77" not in kept


def test_a_network_refused_does_not_exhaust_an_address(db: None, box: Box) -> None:
    network = Meta("192.0.2.1")
    for index in range(sign_in.CODES_PER_NETWORK.count):
        sign_in.send_code(f"a{index}@exemple.fr", network)
    for _ in range(10):
        with pytest.raises(TooManyAttemptsError):
            sign_in.send_code("maire@exemple.fr", network)
    sign_in.send_code("maire@exemple.fr", Meta("198.51.100.1"))


def test_what_a_quarter_of_an_hour_refuses_does_not_count_for_the_day(db: None, box: Box, clock: Any) -> None:
    for index in range(sign_in.CODES_PER_ADDRESS_AND_DAY.count + 1):
        with contextlib.suppress(TooManyAttemptsError):
            sign_in.send_code("maire@exemple.fr", Meta(f"192.0.2.{index}"))
    clock.shift(minutes=15)
    sign_in.send_code("maire@exemple.fr", Meta("198.51.100.1"))


# --- the same form sent twice ----------------------------------------------------------------------------------------


def test_a_first_visit_sent_twice_makes_one_person(committed_db: None, town_hall: Organisation) -> None:
    names = {"first_name": "Odile", "last_name": "Tilleul"}
    at_the_mailbox = together(lambda index: people.register(**names, mailbox=town_hall), 4)
    assert len(set(at_the_mailbox)) == 1
    own = together(lambda index: people.register(**names, email="odile@exemple.fr"), 4)
    assert sorted(type(answer).__name__ for answer in own) == ["Invalid"] * 3 + ["User"]


def test_an_order_sent_twice_is_recorded_once(committed_db: None, delegate: Mandate, deputy: Mandate) -> None:
    who = actor(delegate)
    answers = together(lambda index: signatures.record_act(who, delegating=delegate, signatory=deputy, text=text()), 4)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict"] * 3 + ["SignatureAct"]


def test_a_loan_granted_twice_is_one(committed_db: None, delegate: Mandate, person: Builder) -> None:
    who, helper = actor(delegate), person("aulne", Role.INSTRUCTOR, department="90").user
    here, until = Department.objects.get(pk="04"), portal_clock.today()
    answers = together(lambda index: grants.lend(who, helper, here, until), 4)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict"] * 3 + ["Mandate"]


def test_two_mayors_proven_at_once_are_not_both_believed(
    committed_db: None, mezel: Collectivity, town_hall: Organisation
) -> None:
    persons = [people.register(first_name="A", last_name=str(rank), email=f"a{rank}@exemple.fr") for rank in range(4)]
    together(
        lambda index: mandates.claim(
            persons[index], collectivity=mezel, function="maire", proven_address=town_hall.email
        ),
        4,
    )
    assert Mandate.objects.filter(heads=True, status="confirmed").count() == 1


def test_signing_in_often_is_not_limited(db: None, box: Box) -> None:
    for index in range(12):
        sign_in.send_code("maire@exemple.fr", Meta("192.0.2.1"))
        sign_in.verify_code("maire@exemple.fr", box.codes[index], Meta("192.0.2.1"))


def test_the_page_says_so_whatever_the_address(client: Client, box: Box, db: None) -> None:
    for _ in range(sign_in.CODES_PER_ADDRESS.count):
        client.post("/connexion/", {"email": "inconnue@exemple.fr", "way": "code"})
    page = client.post("/connexion/", {"email": "inconnue@exemple.fr", "way": "code"})
    assert page.status_code == 429
    assert "Attendez un quart d’heure" in page.content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (2, "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_our_proxies_are_believed(settings: Any, proxies: int, forwarded: str, expected: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == expected


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("nothing", "unknown"),
    ],
)
def test_a_subscriber_is_one_network(address: str, network: str) -> None:
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network
