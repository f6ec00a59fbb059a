"""The programmes: what each is, who may enter it, who belongs to it."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from common import clock
from programmes.models import Programme, ProgrammeMember

PAGE_SIZE = 100


@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """One query."""
    return render(request, "programmes/list.html", {"programmes": Programme.objects.with_counts(clock.today())})


@require_safe
def programme(request: HttpRequest, code: str) -> HttpResponse:
    """Three queries: the programme, the number of its members, a page of them. Aliases of lists lead to its own
    address."""
    try:
        found = Programme.objects.by_code(code)
    except Programme.DoesNotExist:
        raise Http404 from None
    if found.code.lower() != code:
        return redirect(found, permanent=True)
    members = (
        ProgrammeMember.objects.in_force(clock.today())
        .filter(programme=found)
        .select_related("collectivity")
        .order_by("collectivity__department_id", "collectivity__normalised_name", "pk")
    )
    page = Paginator(members, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "programme": found,
        "excluded": Programme.objects.filter(code__in=found.excludes) if found.excludes else (),
        "members": page,
        "illustrative": any(member.illustrative for member in page),
    }
    return render(request, "programmes/detail.html", context)
