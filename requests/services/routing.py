"""Routing: the facts of a request, every offer read against them, an explained proposal frozen for good (DESIGN 4).

A decision aid: nothing here decides, and no state changes.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone

from common import clock
from common.events import emit
from operators.catalogue import assess_each
from operators.matching import reasons
from operators.matching.changes import meaning
from operators.matching.evidence import Evidence
from operators.matching.facts import Facts
from operators.matching.recommend import Assessment, Kind
from operators.territory_facts import Row, facts_of, held_of
from requests.enums import DecisionKind, Progress, RoutingCause
from requests.events import RoutingAsked
from requests.models import RoutingAssessment, RoutingJob, SupportRequest

#: What « Où en êtes-vous ? » says of the phase until the desk has qualified the request; an idea says nothing.
PHASES = {
    Progress.IDEA.value: "emergence",
    Progress.TO_SPECIFY.value: "framing",
    Progress.STUDIES.value: "feasibility",
    Progress.WORKS_READY.value: "design",
}


def ask(support_request: SupportRequest, *, at: dt.datetime | None = None, first: bool = False) -> RoutingJob:
    """Asks for an assessment; one undone job a request is enough, whatever the number of changes: put off with the
    catalogue, it waits no longer. One that a worker holds has read what was true before: another is made. In the
    transaction of whoever asks. ``first``: nothing was asked of this request before."""
    at = at or clock.now()
    # whoever asks holds the request, and the worker holds its job while it waits for the request: never wait for it
    free = RoutingJob.objects.undone().select_for_update(skip_locked=True, of=("self",))
    job = None if first else free.filter(support_request=support_request).order_by("pk").first()
    if job is None:
        job = RoutingJob.objects.create(support_request=support_request)
    elif job.cause == RoutingCause.CATALOGUE:
        job.cause, job.not_before = RoutingCause.ASKED.value, None
        job.save(update_fields=["cause", "not_before"])
    emit(RoutingAsked(id=uuid.uuid4(), at=at, request_id=support_request.pk, job_id=job.pk))
    return job


def route(job: RoutingJob) -> None:
    """Performs a job: stores a fresh assessment and shows it on the request."""
    route_all([job])


def route_all(jobs: Sequence[RoutingJob]) -> None:
    """Performs these jobs, all or none, by as many statements as one takes.

    What means the same as the current proposal is not stored again: of a change of the catalogue, most of the requests
    that it may concern keep theirs, and an assessment is 20 kB that nothing ever removes. The job says when it was
    checked.
    """
    rows = SupportRequest.objects.lock_all({job.support_request_id for job in jobs})
    prefetch_related_objects(rows, "collectivity", "subject", "other_subjects", "assessment")
    at = clock.now()
    today = timezone.localdate(at)
    held = held_of({row.collectivity_id for row in rows}, today)
    found, catalogue_at = assess_each([facts_for(row, today, held[row.collectivity_id]) for row in rows])
    changed = []
    for row, assessment in zip(rows, found, strict=True):
        fresh = _frozen(row, assessment, at, catalogue_at)
        if row.assessment is None or meaning(row.assessment.document) != meaning(fresh.document):
            row.assessment = fresh
            changed.append(row)
    RoutingAssessment.objects.bulk_create([row.assessment for row in changed if row.assessment])
    SupportRequest.objects.bulk_update(changed, ["assessment"])


def facts_for(support_request: SupportRequest, on: dt.date, held: Row | None = None) -> Facts:
    """What is known of the request: population as frozen on the file, territory and lists as they are that day."""
    themes = support_request.themes or [theme for theme in (support_request.subject.theme,) if theme]
    subjects = [support_request.subject.code] if support_request.subject.theme else []
    counted = {} if support_request.communes_count is None else {"commune_count": support_request.communes_count}
    return facts_of(
        support_request.collectivity,
        on,
        held,
        **counted,
        partner_count=support_request.partners_count,
        population=support_request.population,
        population_vintage=support_request.population_vintage,
        population_column=support_request.population_column,
        themes=tuple(themes),
        subjects=(*subjects, *(subject.code for subject in support_request.other_subjects.all())),
        services=frozenset(support_request.services),
        engineering_types=frozenset(support_request.engineering_types),
        phase=support_request.phase or PHASES.get(support_request.progress),
        complexity_signs=frozenset(support_request.complexity_signs),
    )


def _frozen(
    support_request: SupportRequest, found: Assessment, at: dt.datetime, catalogue_at: dt.datetime | None
) -> RoutingAssessment:
    return RoutingAssessment(
        support_request=support_request,
        kind=found.recommendation.kind.value,
        summary=reasons.headline(found.recommendation)[:300],
        short=reasons.short_label(found.recommendation)[:160],
        document=found.as_dict(),
        rules_version=found.matching.rules_version,
        catalogue_at=catalogue_at,
        computed_at=at,
    )


# --- reading an assessment -------------------------------------------------------------------------------------------


def differs(assessment: RoutingAssessment | None, kind: DecisionKind, offers: Sequence[str]) -> bool:
    """Whether a decision departs from the proposal: another family, or an offer that is not among its candidates.

    An operator's offer that the proposal recommends is mobilised by the prefect himself: that is following it.
    """
    if assessment is None:
        return False
    if kind == DecisionKind.LOCAL and assessment.kind == Kind.NATIONAL_ESCALATION:
        lines = {line["id"] for line in assessment.document.get("recommendation", {}).get("lines", ())}
        found = assessment.document["matching"]["candidates"]
        return not set(offers) <= {candidate["uuid"] for candidate in found if candidate.get("id") in lines}
    proposed = Kind.NATIONAL_ESCALATION if kind == DecisionKind.REFER else Kind.LOCAL_OFFER
    if assessment.kind != proposed:
        return True
    candidates = {candidate["uuid"] for candidate in assessment.document["matching"]["candidates"]}
    return not set(offers) <= candidates


def certifies_no_provider(assessment: RoutingAssessment | None) -> bool:
    """The certificate « aucun prestataire pour ce sujet sur ce territoire »."""
    if assessment is None:
        return False
    lines = assessment.document["evidence"].get("insufficient_resources", ())
    return any(line["code"] == Evidence.NO_PROVIDER for line in lines)


def motive_facts(assessment: RoutingAssessment | None, motive: str) -> list[dict[str, Any]]:
    """The lines of evidence gathered for a motive, as frozen with the assessment."""
    return list(assessment.document["evidence"].get(motive, ())) if assessment is not None else []


def motive_sentences(
    support_request: SupportRequest, motive: str, names: reasons.Labels | None = None
) -> list[dict[str, Any]]:
    """The same lines in French, each with ``holds`` (true, false, unknown), source and date. ``names``: what codes are
    called (``operators.names``)."""
    kind = support_request.collectivity.kind
    return [
        {
            "text": reasons.evidence_sentence(line["code"], line["args"], kind=kind, labels=names),
            "holds": line["holds"],
            "source": line.get("source", ""),
            "vintage": line.get("vintage", ""),
        }
        for line in motive_facts(support_request.assessment, motive)
    ]
