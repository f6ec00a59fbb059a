"""The public pages that belong to no app, and the error pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from anct_portal.navigation import home_of
from common import clock
from operators.forms import OfferSearchForm
from operators.models import Redirection
from reports.services import readings
from requests.services import funding
from territories.forms import DeskFinderForm

#: Word of the home page → the redirection that it links to.
HOME_REDIRECTIONS = {"aids": "financements", "mobile": "couverture-mobile", "districts": "politique-de-la-ville"}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "commune": OfferSearchForm(subjects=[])["commune"],
        "desk_form": DeskFinderForm(),
        "readings": readings.home(),
        "funding": funding.rule_on(clock.today()),
        "elsewhere": elsewhere(),
    }
    return render(request, "pages/home.html", context)


def elsewhere() -> dict[str, Redirection | None]:
    """Where to go for what the desk does not do; none for a redirection that is no longer proposed."""
    found = Redirection.objects.active().in_bulk(list(HOME_REDIRECTIONS.values()), field_name="code")
    return {name: found.get(code) for name, code in HOME_REDIRECTIONS.items()}


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """``/mon-espace/``: where somebody begins once signed in, by the role of his mandate."""
    return redirect(home_of(request.actor.role))  # type: ignore[attr-defined]


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/accessibility.html")


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/legal.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/sitemap.html")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What services and views refuse says why, in words meant for the person."""
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return HttpResponse(render_to_string("errors/csrf.html"), status=403)
