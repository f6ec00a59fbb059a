"""Signing in by a code sent by mail, or by password with a code as second factor (PRACTICE 2.1, 5).

What is guaranteed: a code lives ten minutes and stands five tries; asking again leaves the earlier ones valid; limits
are exact under any concurrency; nothing here, by word or by time, tells whether an address has an account; codes are
stored as keyed hashes. Callers must not wrap these functions in a transaction that may roll back: a try counts.
"""

import datetime as dt
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import events
from accounts.enums import CodePurpose, OrganisationKind
from accounts.models import Mandate, Organisation, SignInCode, User, normalise_email
from accounts.services import attempts
from accounts.services.attempts import Limit
from common import clock
from common.actor import COLLECTIVITY_ROLES, Role
from common.errors import Invalid, ServiceError
from common.events import emit

CODE_LIFE = dt.timedelta(minutes=10)
TRIES_PER_CODE = 5
DIGITS = 6

_QUARTER = dt.timedelta(minutes=15)
CODES_PER_ADDRESS = Limit("codes per address", 5, _QUARTER)
CODES_PER_ADDRESS_AND_DAY = Limit("codes per address and day", 30, dt.timedelta(days=1))
CODES_PER_NETWORK = Limit("codes per network", 60, _QUARTER)
TRIES_PER_NETWORK = Limit("tries per network", 150, _QUARTER)
PASSWORDS_PER_ADDRESS = Limit("passwords per address", 10, _QUARTER)
PASSWORDS_PER_NETWORK = Limit("passwords per network", 100, _QUARTER)

#: Roles whose password alone is not enough.
SECOND_FACTOR_ROLES = frozenset({Role.DELEGATE, Role.DEPUTY, Role.NATIONAL, Role.DIRECTOR_GENERAL, Role.ADMINISTRATOR})

WRONG_CODE = "Ce code n’est pas le bon, ou il n’est plus valable. Un code vaut dix minutes et cinq essais."
WRONG_PASSWORD = "Adresse ou mot de passe incorrects. Vous pouvez aussi demander un code."  # noqa: S105


class TooManyAttemptsError(ServiceError):
    """A limit was reached; the same words whatever the address."""

    status = 429
    code = "too_many_attempts"

    def __init__(self) -> None:
        super().__init__("Trop de tentatives. Attendez un quart d’heure, puis recommencez.")


@dataclass(frozen=True, slots=True)
class Meta:
    """Where an attempt comes from."""

    network: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who may be behind an address that has just been proven.

    ``user``: the one person it belongs to. ``mailbox``: the collectivities whose official address it is, with the
    ``persons`` known there. Neither: an address never seen.
    """

    email: str
    user: User | None = None
    mailbox: tuple[Organisation, ...] = ()
    persons: tuple[User, ...] = ()

    @property
    def is_shared(self) -> bool:
        return bool(self.mailbox)


def send_code(email: str, meta: Meta, *, at: dt.datetime | None = None) -> None:
    """Sends a sign-in code to any address, known or not, the same way."""
    address = normalise_email(email)
    _admit_code(address, meta, at)
    user = User.objects.filter(email=address).only("pk").first()
    _issue(address, CodePurpose.SIGN_IN, user=user, at=at)


def verify_code(email: str, code: str, meta: Meta, *, at: dt.datetime | None = None) -> Arrival:
    """Accepts a code sent to the address and says who may be behind it; raises :class:`Invalid` otherwise."""
    address = normalise_email(email)
    _verify(address, code, CodePurpose.SIGN_IN, meta, at=at)
    return arrival(address)


def arrival(email: str) -> Arrival:
    """Who may be behind this address. Its control must have been proven."""
    address = normalise_email(email)
    if not address:  # it would be that of every organisation without one
        raise ValueError("no address was proven")
    mailbox = tuple(
        Organisation.objects.filter(kind=OrganisationKind.COLLECTIVITY, email=address)
        .select_related("collectivity")
        .order_by("name", "pk")
    )
    if mailbox:
        return Arrival(address, mailbox=mailbox, persons=tuple(_persons(mailbox)))
    return Arrival(address, user=User.objects.filter(email=address).first())


def _persons(mailbox: tuple[Organisation, ...]) -> list[User]:
    """Persons who hold a mandate of these collectivities today, claimed or confirmed.

    Never somebody who reaches the settings: a shared mailbox is no key to them.
    """
    today = clock.today()
    holders = (
        Mandate.objects.in_force(today)
        .filter(role__in=COLLECTIVITY_ROLES, collectivity__in=[body.collectivity_id for body in mailbox])
        .values("user_id")
    )
    return list(
        User.objects.filter(is_active=True, is_staff=False, is_superuser=False, pk__in=holders).order_by(
            "last_name", "first_name", "pk"
        )
    )


def check_password(
    request: HttpRequest, email: str, password: str, meta: Meta, *, at: dt.datetime | None = None
) -> User:
    """The person whose address and password these are; :class:`Invalid` otherwise, in the same time for any address."""
    address = normalise_email(email)
    if not attempts.admit(PASSWORDS_PER_NETWORK, meta.network, at=at):
        raise TooManyAttemptsError
    if not attempts.admit(PASSWORDS_PER_ADDRESS, address, at=at):
        raise TooManyAttemptsError
    user = authenticate(request, username=address, password=password)
    if not isinstance(user, User):
        raise Invalid(WRONG_PASSWORD, field="password")
    attempts.give_back(PASSWORDS_PER_NETWORK, meta.network)
    attempts.give_back(PASSWORDS_PER_ADDRESS, address)
    return user


def needs_second_factor(user: User) -> bool:
    """After a password: those who sign, decide nationally, or reach the settings."""
    if user.is_staff or user.is_superuser:
        return True
    return Mandate.objects.in_force(clock.today()).filter(user=user, role__in=SECOND_FACTOR_ROLES).exists()


def send_second_factor(user: User, meta: Meta, *, at: dt.datetime | None = None) -> None:
    address = user.contact_email
    _admit_code(address, meta, at)
    _issue(address, CodePurpose.SECOND_FACTOR, user=user, at=at)


def verify_second_factor(user: User, code: str, meta: Meta, *, at: dt.datetime | None = None) -> None:
    _accept(user, code, CodePurpose.SECOND_FACTOR, meta, at)


def send_password_code(user: User, meta: Meta, *, at: dt.datetime | None = None) -> None:
    """Before a new password: an open session is not enough, a computer may be left by whoever opened it."""
    address = user.contact_email
    if not address:
        raise Invalid("Votre compte n’a pas d’adresse électronique : écrivez au guichet de votre préfecture.")
    _admit_code(address, meta, at)
    _issue(address, CodePurpose.PASSWORD, user=user, at=at)


def verify_password_code(user: User, code: str, meta: Meta, *, at: dt.datetime | None = None) -> None:
    _accept(user, code, CodePurpose.PASSWORD, meta, at)


def send_proof(mandate: Mandate, official_address: str, meta: Meta, *, at: dt.datetime | None = None) -> None:
    """Sends a code to the official address of the collectivity whose mandate is claimed."""
    _admit_code(official_address, meta, at)
    _issue(official_address, CodePurpose.PROOF, user=mandate.user, mandate=mandate, at=at)


def verify_proof(
    mandate: Mandate, official_address: str, code: str, meta: Meta, *, at: dt.datetime | None = None
) -> None:
    _verify(official_address, code, CodePurpose.PROOF, meta, mandate=mandate, at=at)


def purge(*, at: dt.datetime | None = None) -> int:
    """Deletes codes and counters more than a day old; says how many rows went."""
    before = (at or clock.now()) - dt.timedelta(days=1)
    codes = SignInCode.objects.filter(expires_at__lt=before).delete()[0]
    return codes + attempts.purge(before - dt.timedelta(days=1))


# --- codes -----------------------------------------------------------------------------------------------------------


def _admit_code(address: str, meta: Meta, at: dt.datetime | None) -> None:
    """The network first: whoever is refused by it must not exhaust the allowance of somebody else's address; then the
    quarter of an hour: what it refuses does not count for the day."""
    for limit, key in (
        (CODES_PER_NETWORK, meta.network),
        (CODES_PER_ADDRESS, address),
        (CODES_PER_ADDRESS_AND_DAY, address),
    ):
        if not attempts.admit(limit, key, at=at):
            raise TooManyAttemptsError


def _forgive(address: str, meta: Meta) -> None:
    """An attempt that succeeded does not weigh on the next ones."""
    attempts.give_back(CODES_PER_NETWORK, meta.network)
    attempts.give_back(CODES_PER_ADDRESS, address)
    attempts.give_back(CODES_PER_ADDRESS_AND_DAY, address)


@transaction.atomic
def _issue(
    address: str,
    purpose: CodePurpose,
    *,
    user: User | None = None,
    mandate: Mandate | None = None,
    at: dt.datetime | None = None,
) -> None:
    """Writes a code and the event that carries it, together."""
    now = at or clock.now()
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    row = SignInCode(
        email=address, purpose=purpose, user=user, mandate=mandate, created_at=now, expires_at=now + CODE_LIFE
    )
    row.digest = _digest(row, code)
    row.save(force_insert=True)
    if purpose == CodePurpose.PROOF and mandate is not None:
        emit(events.ProofRequested(email=address, code=code, mandate_id=mandate.pk, at=now))
    elif purpose == CodePurpose.SECOND_FACTOR and user is not None:
        emit(events.SecondFactorRequested(email=address, code=code, person_id=user.pk, at=now))
    elif purpose == CodePurpose.PASSWORD and user is not None:
        emit(events.PasswordCodeRequested(email=address, code=code, person_id=user.pk, at=now))
    else:
        emit(events.CodeRequested(email=address, code=code, person_id=user.pk if user else None, at=now))


def _verify(
    address: str,
    code: str,
    purpose: CodePurpose,
    meta: Meta,
    *,
    user: User | None = None,
    mandate: Mandate | None = None,
    at: dt.datetime | None = None,
) -> None:
    """Uses up the code. A wrong one costs a try to each code alive: it is committed even though this raises."""
    now = at or clock.now()
    if not attempts.admit(TRIES_PER_NETWORK, meta.network, at=at):
        raise TooManyAttemptsError
    typed = "".join(character for character in code if character.isdecimal() and character.isascii())
    if not _spend_try(address, typed, purpose, user=user, mandate=mandate, now=now):
        raise Invalid(WRONG_CODE, field="code", code="wrong_code")
    attempts.give_back(TRIES_PER_NETWORK, meta.network)
    _forgive(address, meta)


def _accept(user: User, code: str, purpose: CodePurpose, meta: Meta, at: dt.datetime | None) -> None:
    """The code sent to this person, or in development the one that ``make run`` prints."""
    if _is_demonstration_code(code):
        _forgive(user.contact_email, meta)
        return
    _verify(user.contact_email, code, purpose, meta, user=user, at=at)


@transaction.atomic
def _spend_try(
    address: str, typed: str, purpose: CodePurpose, *, user: User | None, mandate: Mandate | None, now: dt.datetime
) -> bool:
    alive = SignInCode.objects.select_for_update().filter(
        email=address, purpose=purpose, used_at__isnull=True, expires_at__gt=now, tries__lt=TRIES_PER_CODE
    )
    if user is not None:
        alive = alive.filter(user=user)
    if mandate is not None:
        alive = alive.filter(mandate=mandate)
    rows = list(alive.order_by("pk"))
    found = False
    for row in rows:
        found |= constant_time_compare(row.digest, _digest(row, typed))
    for row in rows:
        if found:
            row.used_at = now
        else:
            row.tries += 1
    SignInCode.objects.bulk_update(rows, ["used_at", "tries"])
    return found


def _digest(row: SignInCode, code: str) -> str:
    """Six digits are guessed back from a plain hash at once: this one is keyed by the portal's secret."""
    return salted_hmac(
        "accounts.sign_in", f"{row.uuid}:{row.purpose}:{row.email}:{code}", algorithm="sha256"
    ).hexdigest()


def _is_demonstration_code(code: str) -> bool:
    expected = settings.DEMONSTRATION_CODE if settings.DEBUG else ""
    return bool(expected) and constant_time_compare(code.strip(), expected)
