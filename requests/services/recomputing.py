"""A proposal computed again: on demand, or because the catalogue changed under requests that are still open."""

import datetime as dt
from typing import Any

from django.db import connection, transaction

from common import clock, perimeter
from common.actor import Actor
from common.errors import NotAllowed
from operators.enums import Level
from operators.matching.vocabulary import NATION_CODE, BodyKind
from requests.enums import RoutingCause
from requests.models import RoutingJob, SupportRequest
from requests.permissions import Ability, abilities
from requests.services import routing
from requests.workflow import State
from territories.models.collectivity import OVERSEAS_COMMUNE

#: Several changes of the catalogue within this are one, and requests filed meanwhile go first.
PUT_OFF = dt.timedelta(minutes=2)
#: Nothing is decided yet; a local search counts while nobody is asked and nobody has accepted.
UNDECIDED = (State.SUBMITTED, State.INCOMPLETE, State.QUALIFICATION)


def ask_again(support_request: SupportRequest, actor: Actor, *, at: dt.datetime | None = None) -> RoutingJob:
    """« Recalculer »: one undone job is enough, whatever the number of clicks."""
    at = at or clock.now()
    with transaction.atomic():
        support_request = SupportRequest.objects.lock(support_request.pk)
        if Ability.RECOMPUTE not in abilities(actor, support_request):
            raise NotAllowed("Seul le guichet du département recalcule la proposition, tant que rien n’est engagé.")
        return routing.ask(support_request, at=at)


#: Open requests of the bodies that a line of the offer's coverage names, and that no undone job already waits for.
#: Exclusions and the rest are the engine's, as when an offer is looked for (``Offer.objects.meeting``).
_AFFECTED = f"""
    WITH covered AS (
        SELECT level, code COLLATE "C" AS code FROM operators_offercoverage WHERE offer_id = %(offer)s AND NOT excluded
    ), bodies AS (
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
    INSERT INTO {RoutingJob._meta.db_table} (support_request_id, cause, queued_at, not_before, attempts, last_error)
    SELECT r.id, '{RoutingCause.CATALOGUE}', %(at)s, %(not_before)s, 0, ''
    FROM requests_supportrequest r
    WHERE r.collectivity_id IN (SELECT id FROM bodies)
      AND (r.state = ANY(%(undecided)s)
           OR r.state = '{State.LOCAL_SEARCH}' AND NOT EXISTS (
               SELECT FROM requests_solicitation s
               WHERE s.support_request_id = r.id AND s.state IN ('asked', 'accepted')))
      AND NOT EXISTS (
          SELECT FROM {RoutingJob._meta.db_table} j
          WHERE j.support_request_id = r.id AND j.done_at IS NULL AND j.failed_at IS NULL)
"""  # noqa: S608


def offer_changed(offer_id: int) -> int:
    """Has the open requests of the offer's territory assessed again, a little later; how many. One statement, in the
    caller's transaction; whatever the role of whoever changed the offer, the requests are those of everybody."""
    at = clock.instant()
    values: dict[str, Any] = {
        "offer": offer_id,
        "at": at,
        "not_before": at + PUT_OFF,
        "undecided": [state.value for state in UNDECIDED],
    }
    with perimeter.everything("nothing: their proposals are computed again"), connection.cursor() as cursor:
        cursor.execute(_AFFECTED, values)
        return int(cursor.rowcount)
