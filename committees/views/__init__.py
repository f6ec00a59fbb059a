"""The committee's page: who sits in it, and what it is told. It is informed; the page decides nothing (PRACTICE
3.1)."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from committees.enums import College
from committees.models import Committee, CommitteeMember
from common import clock


@require_safe
@login_required
def committees(request: HttpRequest) -> HttpResponse:
    """The only committee one may see, or the list of them."""
    found = list(Committee.objects.visible_to(actor_of(request)).select_related("department"))
    if len(found) == 1:
        return redirect(found[0])
    return render(request, "committees/list.html", {"committees": found})


@require_safe
@login_required
def committee(request: HttpRequest, department: str) -> HttpResponse:
    """Two queries, and those of the panels."""
    seats = CommitteeMember.objects.in_force(clock.today()).order_by("body_name", "quality")
    found: Any = get_object_or_404(
        Committee.objects.visible_to(actor_of(request))
        .select_related("department")
        .prefetch_related(Prefetch("members", queryset=seats, to_attr="seats")),
        department=department.upper(),
    )
    colleges = [(college.label, [seat for seat in found.seats if seat.college == college]) for college in College]
    context = {"committee": found, "colleges": [(label, held) for label, held in colleges if held]}
    return render(request, "committees/detail.html", context)
