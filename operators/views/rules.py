"""« Comment une demande est orientée »: the literal tables of the engine, shown to everyone (PRACTICE 3.3)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from operators.rules_page import rules


@require_safe
def how_requests_are_routed(request: HttpRequest) -> HttpResponse:
    return render(request, "operators/rules.html", rules())
