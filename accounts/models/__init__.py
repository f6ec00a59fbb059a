"""People, what they may act as, what they may sign, and how they come in."""

from accounts.models.mandates import Mandate
from accounts.models.people import Organisation, User, normalise_email
from accounts.models.sign_in import AttemptCounter, SignInCode
from accounts.models.signatures import SignatureAct
from accounts.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "AttemptCounter",
    "Mandate",
    "Organisation",
    "SignInCode",
    "SignatureAct",
    "User",
    "normalise_email",
]
