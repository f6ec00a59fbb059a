"""« Trouver mon guichet »: one select, one answer, by GET."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from territories.forms import DeskFinderForm


@require_safe
def finder(request: HttpRequest) -> HttpResponse:
    asked = "departement" in request.GET
    form = DeskFinderForm(request.GET if asked else None)
    department = form.cleaned_data["departement"] if asked and form.is_valid() else None
    return render(
        request,
        "territories/desk_finder.html",
        {"form": form, "department": department, "unanswered": asked and department is None},
    )
