"""What happens to persons and mandates, for the apps above. Mails are written by ``notifications``."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from common import clock
from common.events import Event, declare


@dataclass(frozen=True, kw_only=True)
class AccountEvent(Event):
    """Dated and identified by itself unless told."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    at: dt.datetime = field(default_factory=clock.now)


@dataclass(frozen=True, kw_only=True)
class _CodeSent(AccountEvent):
    """A code is on its way. ``code`` is in clear and worth something for ten minutes only: whoever stores this event or
    the mail made of it erases it afterwards."""

    email: str
    code: str


@declare
@dataclass(frozen=True, kw_only=True)
class CodeRequested(_CodeSent):
    """Somebody signs in with this address. ``person_id`` is None for an address never seen, or shared by several."""

    name = "accounts.code_requested"
    person_id: int | None = None


@declare
@dataclass(frozen=True, kw_only=True)
class SecondFactorRequested(_CodeSent):
    """The password was right; the code is the second factor."""

    name = "accounts.second_factor_requested"
    person_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class PasswordCodeRequested(_CodeSent):
    """Somebody signed in wants a new password; the code proves that he is the person."""

    name = "accounts.password_code_requested"
    person_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class PasswordChanged(AccountEvent):
    name = "accounts.password_changed"
    person_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class ProofRequested(_CodeSent):
    """A person proves his claimed mandate by the town hall's official address, which is ``email``."""

    name = "accounts.proof_requested"
    mandate_id: int


@dataclass(frozen=True, kw_only=True)
class _MandateEvent(AccountEvent):
    mandate_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class MandateClaimed(_MandateEvent):
    """A person says he holds a mandate; the desk of the department is to answer."""

    name = "accounts.mandate_claimed"


@declare
@dataclass(frozen=True, kw_only=True)
class MandateConfirmed(_MandateEvent):
    name = "accounts.mandate_confirmed"


@declare
@dataclass(frozen=True, kw_only=True)
class MandateRefused(_MandateEvent):
    """The reason stands in ``Mandate.note``."""

    name = "accounts.mandate_refused"


@declare
@dataclass(frozen=True, kw_only=True)
class MandateEnded(_MandateEvent):
    """``successor_id``: the mandate whose confirmation ended this one, when there is one."""

    name = "accounts.mandate_ended"
    successor_id: int | None = None


@declare
@dataclass(frozen=True, kw_only=True)
class SignatureActEnded(AccountEvent):
    name = "accounts.signature_act_ended"
    act_id: int


@declare
@dataclass(frozen=True, kw_only=True)
class PrefectChanged(AccountEvent):
    """A new prefect took office: every act of the department is closed, a new order is awaited."""

    name = "accounts.prefect_changed"
    department_code: str
    mandate_id: int
    on: dt.date
