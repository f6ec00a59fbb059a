"""``/_courriels/``: the mails that the development sink received. Closed as soon as DEBUG is off."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from notifications import received


def development_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _found(name: str) -> received.ReceivedMail:
    mail = received.read(name)
    if mail is None:
        raise Http404
    return mail


@require_safe
@development_only
def mails(request: HttpRequest) -> HttpResponse:
    """The list, newest first; ``?a=`` keeps one address."""
    address = request.GET.get("a", "").strip()
    context = {"mails": received.newest(address), "address": address, "shown": received.SHOWN}
    return render(request, "notifications/received.html", context)


@require_safe
@csp_update({"frame-src": ["'self'"]})
@development_only
def mail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "notifications/received_mail.html", {"mail": _found(name)})


@require_safe
@xframe_options_sameorigin
@development_only
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part alone, for the frame: its styles may apply, nothing may run, load or leave."""
    response = HttpResponse(_found(name).html)
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return response
