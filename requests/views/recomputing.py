"""The proposals of a file: computing one again, the former ones, and what changed from one to another."""

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from operators.matching.changes import Changes, compare
from operators.names import names_in
from requests.models import RoutingAssessment
from requests.permissions import Ability
from requests.services import recomputing
from requests.views.acts import ActView, RequestView, page_of

#: Former proposals listed at most, the latest first.
SHOWN = 50


class Recompute(ActView):
    ability = Ability.RECOMPUTE
    title = "Recalculer la proposition"
    lead = (
        "Le catalogue et les faits du jour sont relus. Les propositions précédentes restent, et la demande dit ce qui "
        "a changé ; si rien ne change, la proposition reste celle d’aujourd’hui."
    )
    submit = "Recalculer"
    done = "La proposition est recalculée."

    def perform(self, form: Any) -> None:
        recomputing.ask_again(self.support_request, self.actor)

    def get_success_url(self) -> str:
        return f"{super().get_success_url()}#proposition"


class Proposals(RequestView):
    """``propositions/``: the current one and the former ones. ``?de=`` and ``?a=`` choose the two to compare; else the
    current one and the one before it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        support_request = self.support_request
        if Ability.VIEW_ASSESSMENT not in self.abilities:
            raise PermissionDenied("La proposition est réservée aux services qui instruisent la demande.")
        rows = list(support_request.assessments.defer("document")[:SHOWN])
        chosen = self._chosen(rows)
        context = {
            "support_request": support_request,
            "back": page_of(self.actor, support_request.reference),
            "rows": rows,
            "chosen": chosen,
            "changes": self._changes(*chosen) if chosen else None,
        }
        return render(request, "requests/file/proposals.html", context)

    def _chosen(self, rows: list[RoutingAssessment]) -> tuple[RoutingAssessment, RoutingAssessment] | None:
        """The earlier of the two, then the later."""
        if len(rows) < 2:
            return None
        wanted = [self._named(name, rows) for name in ("de", "a")]
        before, after = wanted[0] or rows[1], wanted[1] or rows[0]
        return (before, after) if before.computed_at <= after.computed_at else (after, before)

    def _named(self, name: str, rows: list[RoutingAssessment]) -> RoutingAssessment | None:
        given = self.request.GET.get(name, "")
        if not given:
            return None
        try:
            key = uuid.UUID(given)
        except ValueError:
            key = None
        found = next((row for row in rows if row.pk == key), None)
        if found is None:
            raise Http404("Cette proposition n’est pas de celles de cette demande.")
        return found

    def _changes(self, before: RoutingAssessment, after: RoutingAssessment) -> Changes:
        documents = dict(RoutingAssessment.objects.filter(pk__in=[before.pk, after.pk]).values_list("pk", "document"))
        pair = documents[before.pk], documents[after.pk]
        return compare(*pair, names_in(*pair))
