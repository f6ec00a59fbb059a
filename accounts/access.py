"""Who may open a page, before any ability is asked: somebody signed in, and acting under a mandate."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from common.actor import Actor, Role


def mandate_barrier(request: HttpRequest) -> HttpResponse | None:
    """Where to send who can't go on: a visitor to the sign-in page, a person without a chosen mandate to the choice."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not request.mandate:  # type: ignore[attr-defined]
        query = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{reverse('accounts:choose-mandate')}?{query}")
    return None


class MandateRequiredMixin:
    """The page needs a person acting under one mandate in force. For class-based views."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        barrier = mandate_barrier(request)
        return barrier or super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class AdmittedMixin(MandateRequiredMixin):
    """The page is for some mandates only: under another, 403 with ``refusal``. For class-based views."""

    request: HttpRequest
    refusal = ""

    @property
    def actor(self) -> Actor:
        return self.request.actor  # type: ignore[attr-defined]

    def admits(self, actor: Actor) -> bool:
        """Whether the page is for whoever acts as ``actor``."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if request.user.is_authenticated and actor.role is not Role.ANONYMOUS and not self.admits(actor):
            raise PermissionDenied(self.refusal)
        return super().dispatch(request, *args, **kwargs)
