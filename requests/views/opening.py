"""Opening a file: it and all that is one row or a few names beside it, in one statement."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.http import Http404

from common.actor import Actor
from common.written import WrittenModels, kept
from requests.enums import RoutingCause
from requests.models import (
    Assignment,
    ConcernedDepartment,
    Decision,
    Referral,
    RoutingAssessment,
    RoutingJob,
    SupportRequest,
)
from requests.services import referral
from requests.views.undo import latest_of

_A_REFERENCE = "a reference"


def open_file(actor: Actor, reference: str) -> SupportRequest:
    """The file as this reader may see it. Raises ``Http404`` when it is hidden."""
    found = _opening(actor).read({_A_REFERENCE: reference})
    if not found:
        raise Http404("Aucune demande ne porte cette référence parmi celles que vous pouvez voir.")
    return found[0]


@kept(128)
def _opening(actor: Actor) -> WrittenModels[SupportRequest]:
    people = Assignment.objects.filter(support_request=OuterRef("pk"), until__isnull=True).values(
        row=JSONObject(
            kind="kind",
            id="person_id",
            civility="person__civility",
            first_name="person__first_name",
            last_name="person__last_name",
            body="body",
            telephone="telephone",
            email="email",
        )
    )
    computed = RoutingJob.objects.filter(support_request=OuterRef("pk"))
    earlier = RoutingAssessment.objects.filter(support_request=OuterRef("pk")).exclude(pk=OuterRef("assessment"))
    latest = Decision.objects.filter(support_request=OuterRef("pk")).order_by("-at")
    decided = Decision.objects.filter(
        support_request=OuterRef("pk"), dispatch__done_at__isnull=True, dispatch__failed_at__isnull=True
    ).values(
        row=JSONObject(
            kind="kind",
            civility="person__civility",
            first_name="person__first_name",
            last_name="person__last_name",
        )
    )
    others = SupportRequest.other_subjects.through.objects.filter(supportrequest=OuterRef("pk"))
    concerned = ConcernedDepartment.objects.filter(support_request=OuterRef("pk")).order_by("department")
    found = (
        SupportRequest.objects.visible_to(actor)
        .select_related(
            "collectivity",
            "department__desk",
            "arrondissement",
            "grouping",
            "subject",
            "assessment",
            "host__collectivity",
        )
        .defer("collectivity__search_terms", "collectivity__other_names")
        .annotate(
            people=ArraySubquery(people),
            routing_pending=Exists(computed.undone().filter(cause=RoutingCause.ASKED)),
            checked_at=Subquery(computed.filter(done_at__isnull=False).order_by("-done_at").values("done_at")[:1]),
            earlier_proposal=Subquery(
                earlier.order_by("-computed_at").values(row=JSONObject(at="computed_at", document="document"))[:1]
            ),
            pending_decision=Subquery(decided[:1]),
            lost_decision=Subquery(latest.values("dispatch__failed_at")[:1]),
            awaits_my_signature=Exists(
                Referral.objects.filter(
                    support_request=OuterRef("pk"), state__in=referral.LIVE, to_sign_by=actor.mandate_id
                )
            ),
            held_act=latest_of(actor),
            other_subject_labels=ArraySubquery(others.values("subject__label")),
            other_departments=ArraySubquery(concerned.values("department__name")),
        )
        .filter(reference=_A_REFERENCE)
    )
    return WrittenModels.of(found, _A_REFERENCE)
