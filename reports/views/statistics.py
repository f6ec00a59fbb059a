"""The public page of statistics: open to all, the same for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common import clock
from common.readonly import reads_everything
from reports.forms import ScopeForm
from reports.services import readings


@reads_everything("public figures: counts, shares and medians")
@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """Two queries, and one a figure. An address that names no department shows no figure: not those of the nation."""
    form = ScopeForm(request.GET)
    department = form.cleaned_data["departement"] if form.is_valid() else None
    context = {
        "form": form,
        "department": department,
        "groups": readings.public(form.scope) if form.is_valid() else [],
        "as_of": clock.today(),
    }
    return render(request, "reports/statistics.html", context)
