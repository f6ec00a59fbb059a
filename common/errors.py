"""Refusals that services raise and that pages and the API turn into words: nothing else crosses that border.

``message`` is French, complete, and says the cure. ``field`` names the form field it belongs to, ``code`` is a stable
English identifier for API clients.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.forms import BaseForm


class ServiceError(Exception):
    """A service refused. Never raised as is where a more precise class fits."""

    status = 400
    code = "refused"

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code or type(self).code


class Invalid(ServiceError):  # noqa: N818
    """What was given can't be accepted (400)."""

    status = 400
    code = "invalid"


class NotAllowed(ServiceError):  # noqa: N818
    """The object is visible, the act is not the actor's (403)."""

    status = 403
    code = "not_allowed"


class Conflict(ServiceError):  # noqa: N818
    """The object is no longer in the state that the act supposes: somebody was quicker, or it is done (409)."""

    status = 409
    code = "conflict"


def refuse(form: "BaseForm", error: ServiceError) -> int:
    """Puts a refusal of a service beside its field, with what was typed; returns the status of the page."""
    form.add_error(error.field if error.field in form.fields else None, error.message)
    return error.status if isinstance(error, NotAllowed | Conflict) else 422
