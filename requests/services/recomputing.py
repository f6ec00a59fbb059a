"""A proposal computed again: on demand, or because the catalogue changed under requests that are still open."""

import datetime as dt
import json
from typing import Any

from django.db import connection, transaction

from common import clock, perimeter
from common.actor import Actor
from common.errors import NotAllowed
from operators import relations as offer_relations
from operators.enums import Level, OfferStatus, ProviderKind
from operators.matching import setwise
from operators.matching.engine import MAX_MISSES
from operators.matching.vocabulary import NATION_CODE, BodyKind
from requests import relations
from requests.enums import RoutingCause
from requests.models import RoutingJob, SupportRequest
from requests.permissions import Ability, abilities
from requests.services import routing
from requests.workflow import State
from territories.models.collectivity import OVERSEAS_COMMUNE

#: Several changes of the catalogue within this are one, and requests filed meanwhile go first.
PUT_OFF = dt.timedelta(minutes=2)
#: Nothing is decided yet, or what was found wanting is being written; a local search counts while nobody is asked and
#: nobody has accepted.
UNDECIDED = (State.SUBMITTED, State.INCOMPLETE, State.QUALIFICATION, State.REFERRAL_PREPARATION)


def ask_again(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> RoutingJob:
    """« Recalculer »: one undone job is enough, whatever the number of clicks."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.RECOMPUTE not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département recalcule la proposition, tant que rien n’est engagé.")
        return routing.ask(support_request, at=at)


_JOBS = RoutingJob._meta.db_table
#: Open requests ``r``, by key, that no job put off already waits for.
#: A job that somebody began may have read what was true before: it counts for nothing. One that nobody began is kept
#: from beginning until this transaction ends, else it would read the catalogue without what changes here.
_OPEN = f"""
    candidates AS MATERIALIZED (
        SELECT r.id, r.assessment_id FROM requests_supportrequest r
        WHERE (r.state = ANY(%(undecided)s)
               OR r.state = '{State.LOCAL_SEARCH}' AND NOT EXISTS (
                   SELECT FROM requests_solicitation s
                   WHERE s.support_request_id = r.id AND s.state IN ('asked', 'accepted')))
          AND ({{condition}})
    ), waiting AS MATERIALIZED (
        SELECT j.support_request_id FROM {_JOBS} j
        WHERE j.cause = '{RoutingCause.CATALOGUE}'
          AND j.done_at IS NULL AND j.failed_at IS NULL AND j.claimed_at IS NULL
          AND j.support_request_id IN (SELECT id FROM candidates)
        FOR SHARE SKIP LOCKED
    ), undecided AS MATERIALIZED (
        SELECT id, assessment_id FROM candidates WHERE id NOT IN (SELECT support_request_id FROM waiting)
    )
"""  # noqa: S608
_ASK = f"""
    INSERT INTO {_JOBS} (support_request_id, cause, queued_at, not_before, attempts, last_error)
    SELECT u.id, '{RoutingCause.CATALOGUE}', %(at)s, %(not_before)s, 0, '' FROM undecided u
"""  # noqa: S608
#: Bodies that a line of the offer's coverage names. Exclusions and the rest are the engine's, as when an offer is
#: looked for (``Offer.objects.meeting``).
_COVERED = f"""
    covered AS (
        SELECT level, code COLLATE "C" AS code FROM operators_offercoverage WHERE offer_id = %(offer)s AND NOT excluded
    ), bodies AS MATERIALIZED (
        SELECT c.id FROM territories_collectivity c
        WHERE EXISTS (SELECT FROM covered WHERE level = '{Level.NATION}' AND code = '{NATION_CODE}')
           OR c.code COLLATE "C" IN (SELECT code FROM covered WHERE level = '{Level.COMMUNE}')
              AND (c.kind = '{BodyKind.COMMUNE}' OR c.legal_form = '{OVERSEAS_COMMUNE}')
           OR c.code COLLATE "C" IN (SELECT code FROM covered WHERE level = '{Level.EPCI}')
              AND c.kind = '{BodyKind.EPCI}'
           OR c.arrondissement_id COLLATE "C" IN (SELECT code FROM covered WHERE level = '{Level.ARRONDISSEMENT}')
           OR c.department_id COLLATE "C" IN (SELECT code FROM covered WHERE level = '{Level.DEPARTMENT}')
           OR c.id IN (
                SELECT l.collectivity_id FROM territories_collectivitydepartment l
                JOIN territories_department d ON d.code = l.department_id
                WHERE l.department_id COLLATE "C" IN (SELECT code FROM covered WHERE level = '{Level.DEPARTMENT}')
                   OR d.region_id COLLATE "C" IN (SELECT code FROM covered WHERE level = '{Level.REGION}'))
           OR c.id IN (
                SELECT f.member_id FROM territories_flatmembership f
                JOIN territories_collectivity g ON g.id = f.ancestor_id
                WHERE g.kind = '{BodyKind.EPCI}'
                  AND g.code COLLATE "C" IN (SELECT code FROM covered WHERE level = '{Level.EPCI}'))
    )
"""  # noqa: S608
#: What the current proposal says of the offer, as it was: kept, or set aside for reasons that it names; or it does not
#: name all that it counts: candidates, local offers on the subject, local offers of the territory.
_NAMED = f"""
    SELECT a.id FROM requests_routingassessment a
    CROSS JOIN LATERAL (SELECT a.document -> 'matching' AS matching, a.document -> 'recommendation' AS said) d
    CROSS JOIN (
        SELECT f.status <> '{OfferStatus.PUBLISHED}' AS gone,
               p.kind NOT IN ('{ProviderKind.OPERATOR}', '{ProviderKind.AGENCY}') AS local
        FROM operators_offer f JOIN operators_provider p ON p.id = f.provider_id WHERE f.id = %(offer)s
    ) c
    WHERE a.id IN (SELECT assessment_id FROM undecided WHERE id NOT IN (SELECT need FROM met))
      AND (d.matching -> 'candidates' @> %(named)s::jsonb
           OR d.matching -> 'misses' @> %(named)s::jsonb
           OR (d.matching ->> 'candidates_omitted')::int > 0
           OR c.local AND ((d.said ->> 'examined_local')::int = 0
                           OR (d.matching ->> 'local_on_theme')::int = 1
                           OR c.gone AND (d.matching ->> 'local_on_theme')::int > 0
                              AND jsonb_array_length(d.matching -> 'misses') >= {MAX_MISSES}))
"""  # noqa: S608
#: Requests whose proposal the offer changes: those of its territory that it suits, or to whose theme and subject it
#: answers, as it is; and those whose proposal names it, as it was. Of the others, only the offers on other subjects
#: that are set aside, and their number, may be others: they are those of the day of the proposal.
_CHANGED = f"""
    WITH {_COVERED}, {_OPEN.format(condition="r.collectivity_id IN (SELECT id FROM bodies)")},
    needs AS MATERIALIZED ({relations.needs("s.id IN (SELECT id FROM undecided)")}),
    offers AS MATERIALIZED ({offer_relations.offers("f.id = %(offer)s")}),
    met AS MATERIALIZED (SELECT need FROM ({setwise.pairs("needs", "offers")}) p WHERE p.on_theme)
    {_ASK}
    WHERE u.assessment_id IS NULL OR u.id IN (SELECT need FROM met) OR u.assessment_id IN ({_NAMED})
"""  # noqa: S608


def offer_changed(offer_id: int) -> int:
    """Has the open requests whose proposal the offer changes assessed again, a little later; how many. One statement,
    in the caller's transaction; whatever the role of whoever changed the offer, the requests are those of everybody."""
    named = json.dumps([{"id": offer_id}])
    return _ask_later(_CHANGED, offer=offer_id, named=named, on=clock.today())


def facts_changed() -> int:
    """The same of every open request: what lists say of bodies changed. What means the same is not stored again."""
    return _ask_later(f"WITH {_OPEN.format(condition='true')} {_ASK}")


def solicitation_ended(request_id: int) -> int:
    """The same of one request, once nobody is asked and nobody has accepted: what changed while somebody was asked
    changed nothing then."""
    return _ask_later(f"WITH {_OPEN.format(condition='r.id = %(request)s')} {_ASK}", request=request_id)


def _ask_later(statement: str, **values: Any) -> int:
    at = clock.instant()
    values |= {"at": at, "not_before": at + PUT_OFF, "undecided": [state.value for state in UNDECIDED]}
    with perimeter.everything("nothing: their proposals are computed again"), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
