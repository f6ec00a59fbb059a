"""What the combobox asks while somebody types. Public, without session, the same for everybody: it may be kept."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from territories.completion import search
from territories.enums import CollectivityKind

MOST = 20


@require_safe
@cache_control(public=True, max_age=600)
def complete(request: HttpRequest) -> HttpResponse:
    """``?q=``, ``kind=commune,epci``, ``limit=``; JSON, or the list as HTML with ``format=html``."""
    text = request.GET.get("q", "")
    kinds = [kind for kind in request.GET.get("kind", "").split(",") if kind in CollectivityKind.values]
    asked = request.GET.get("limit", "")
    limit = min(int(asked), MOST) if asked.isdecimal() and asked.isascii() and int(asked) else 10
    found = search(text, limit, kinds)
    if request.GET.get("format") == "html":
        return render(request, "territories/_completions.html", {"found": found})
    return JsonResponse(
        {
            "query": text,
            "results": [
                {
                    "code": answer.code,
                    "label": answer.label,
                    "detail": answer.detail,
                    "kind": answer.kind,
                    "department": answer.department_code,
                    "population": answer.population,
                    "population_vintage": answer.population_vintage,
                    "url": reverse("territories:detail", args=[answer.code]),
                }
                for answer in found
            ],
        }
    )
