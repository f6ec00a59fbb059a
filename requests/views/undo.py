"""« Annuler », while the mail waits (SCREENS 5)."""

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from common import clock
from common.actor import COLLECTIVITY_ROLES, Actor
from common.errors import ServiceError
from requests.models import HeldAct, Solicitation, SupportRequest
from requests.services import undo
from requests.views.acts import RequestView, page_of


class UndoView(RequestView):
    """Takes back the act that the form names: its author's, on this file."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        support_request = self.support_request
        if self.actor.role in COLLECTIVITY_ROLES:
            raise PermissionDenied("Cet acte ne vous revient pas.")
        act = self._act()
        if act is None:
            messages.error(request, "Cet acte ne peut plus être annulé.")
        else:
            try:
                undo.undo(act, self.actor)
            except ServiceError as error:
                messages.error(request, error.message)
            else:
                messages.success(request, "Acte annulé : le courriel ne partira pas.")
        return redirect(page_of(self.actor, support_request.reference))

    def _act(self) -> HeldAct | None:
        try:
            key = uuid.UUID(self.request.POST.get("act", ""))
        except ValueError:
            return None
        acts = HeldAct.objects.select_related("decision", "message")
        return acts.filter(pk=key, support_request=self.support_request, person=self.actor.person_id).first()


#: Words taken back come again in their field for so long.
WORDS_KEPT = dt.timedelta(minutes=15)


def latest_of(actor: Actor) -> Subquery:
    """What ``actor`` did last to a file, as a column of the file's own statement."""
    spoken = ~Q(answered_by="") | Q(questioned_at__isnull=False)
    answers = Solicitation.objects.filter(spoken, decision=OuterRef("decision"))
    moves = Q(transition__isnull=False) | Q(solicitation__isnull=False)
    acts = (
        HeldAct.objects.filter(support_request=OuterRef("pk"), person=actor.person_id)
        .annotate(answered=Exists(answers), moves=ExpressionWrapper(moves, BooleanField()))
        .order_by("-told_at")
    )
    row = JSONObject(
        id="id",
        at="at",
        told_at="told_at",
        undone_at="undone_at",
        moves="moves",
        answered="answered",
        text="text",
    )
    return Subquery(acts.values(row=row)[:1])


def still_undoable(act: dict[str, Any] | None, support_request: SupportRequest) -> dict[str, Any] | None:
    """What may still be taken back, with the seconds left; None when it was told, undone, answered, or the file
    has moved."""
    if act is None or act["undone_at"] is not None or act["answered"]:
        return None
    told_at = dt.datetime.fromisoformat(act["told_at"])
    moved_since = act["moves"] and dt.datetime.fromisoformat(act["at"]) != support_request.last_activity_at
    seconds = int((told_at - clock.instant()).total_seconds())
    if seconds <= 0 or moved_since:
        return None
    page = reverse("requests:undo", args=[support_request.reference])
    return {"id": act["id"], "told_at": told_at, "seconds": seconds, "page": page}


def words_back(act: dict[str, Any] | None) -> str:
    """The message that the reader took back last, until he sends another."""
    if act is None or act["undone_at"] is None:
        return ""
    recent = clock.instant() - WORDS_KEPT < dt.datetime.fromisoformat(act["told_at"])
    return act["text"] if recent else ""
