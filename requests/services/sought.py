"""What was looked for locally: the assessment, whom the desk asked, what each answered and after how long.

Frozen with a referral, as evidence of a local offer that falls short; what is frozen is read for good, in sentences.
Facts only: the words of a provider, and those of the desk to him, stay in his thread (docs/adr/0008).
"""

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from typing import Any

from common.calendar import working_days_between
from common.french import NBSP, THIN, day, joined, plural
from operators.matching.vocabulary import Family
from requests.enums import AnswerChannel, SolicitationState
from requests.models import RoutingAssessment, Solicitation, SupportRequest
from requests.services.routing import certifies_no_provider

#: The state of an offer whose provider agreed once for all: nobody answered.
BEFOREHAND = "Accord donné d’avance"
#: Days of a solicitation, frozen as text.
DAYS = ("asked_on", "expected_on", "answered_on", "cancelled_on")


def evidence(support_request: SupportRequest) -> dict[str, Any]:
    """The assessment, each solicitation with its answer, and the local offers that fit and that nobody asked."""
    assessment = support_request.assessment
    asked = support_request.solicitations.exclude(decision__dispatch__cancelled_at__isnull=False)  # nobody was told
    rows = list(asked.select_related("provider", "offer").prefetch_related("reminders"))
    live = {row.offer_id for row in rows if row.state != SolicitationState.CANCELLED}
    zone, department = zoneinfo.ZoneInfo(support_request.department.time_zone), support_request.department_id
    return {
        "assessment": str(assessment.pk) if assessment else None,
        "summary": assessment.summary if assessment else "",
        "examined": assessment.document["recommendation"]["examined_local"] if assessment else None,
        "no_provider": certifies_no_provider(assessment),
        "solicitations": [_frozen(row, zone, department) for row in rows],
        "not_asked": _not_asked(assessment, live),
    }


def _frozen(row: Solicitation, zone: zoneinfo.ZoneInfo, department: str) -> dict[str, Any]:
    def local(at: dt.datetime | None) -> dt.date | None:
        return at.astimezone(zone).date() if at else None

    beforehand = row.state == SolicitationState.ACCEPTED and not row.answered_by
    asked = row.asked_at.astimezone(zone).date()
    answered = local(row.answered_at) if row.answered_by else None
    by_hand = row.answer_channel and row.answer_channel != AnswerChannel.PORTAL
    found = {
        "asked_on": asked,
        "expected_on": row.expected_on,
        "answered_on": answered,
        "cancelled_on": local(row.cancelled_at) if row.state == SolicitationState.CANCELLED else None,
    }
    return {
        "provider": row.provider.name,
        "offer": row.offer.title,
        **{name: value.isoformat() if value else None for name, value in found.items()},
        "reminded_on": [reminder.on.isoformat() for reminder in row.reminders.all()],
        "state": BEFOREHAND if beforehand else row.get_state_display(),
        "working_days": working_days_between(asked, answered, department) if answered else None,
        "channel": row.get_answer_channel_display() if by_hand else "",
        "reason": row.get_decline_reason_display() if row.decline_reason else "",
        "delay_days": row.offer.delay_days,
        "capacity_left": row.offer.capacity_left,
    }


def _not_asked(assessment: RoutingAssessment | None, asked: set[int]) -> list[dict[str, str]]:
    """Local offers that the proposal kept and that no solicitation names."""
    found = assessment.document["matching"]["candidates"] if assessment else ()
    return [
        {"provider": row["provider"]["name"], "offer": row["title"]}
        for row in found
        if row["family"] == Family.LOCAL and row["id"] not in asked
    ]


# --- reading what was frozen -----------------------------------------------------------------------------------------


def readable(frozen: Mapping[str, Any]) -> dict[str, Any]:
    """Frozen evidence with its days as dates and each solicitation in a sentence (``told``), for a page or a letter.
    What an older referral did not freeze is not said."""
    dated = [
        {**row, **{name: dt.date.fromisoformat(row[name]) for name in DAYS if row.get(name)}}
        for row in frozen.get("solicitations", ())
    ]
    return {
        **frozen,
        "solicitations": [{**row, "told": sentence(row)} for row in dated],
        "not_asked": [f"{row['provider']} ({row['offer']})" for row in frozen.get("not_asked", ())],
    }


def lines(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The solicitations of readable evidence as lines of the motive « insuffisance des ressources locales »: what
    supports it, what does not, what is not known yet."""
    agreed = dict.fromkeys((SolicitationState.ACCEPTED.label, BEFOREHAND), False)
    holds = {SolicitationState.DECLINED.label: True, **agreed}
    found = [(row["told"], holds.get(row["state"])) for row in evidence["solicitations"]]
    found += [(f"{name}{NBSP}: offre qui convient, non sollicitée", False) for name in evidence["not_asked"]]
    return [{"text": text, "holds": supports, "source": "", "vintage": ""} for text, supports in found]


def sentence(row: Mapping[str, Any]) -> str:
    """« IT04 (Étude) : sollicitation du 7 mai 2026, déclinée le 21 mai 2026 (9 jours ouvrés) : hors mission »."""
    told = [f"sollicitation du {day(row['asked_on'])}"]
    if row.get("expected_on"):
        told.append(f"réponse attendue le {day(row['expected_on'])}")
    if reminded := [f"le {day(dt.date.fromisoformat(on))}" for on in row.get("reminded_on", ())]:
        told.append(f"relance {joined(reminded)}")
    told.append(_end(row))
    text = f"{row['provider']} ({row['offer']}){NBSP}: {', '.join(told)}"
    if row.get("reason"):
        text += f"{NBSP}: {row['reason'][:1].lower()}{row['reason'][1:]}"
    if announced := _announced(row):
        text += f"{THIN}; {announced}"
    return text


def _end(row: Mapping[str, Any]) -> str:
    """« déclinée le 21 mai 2026 (9 jours ouvrés, par téléphone) », « en attente de réponse »."""
    on = row.get("answered_on") or row.get("cancelled_on")
    after = [plural(row["working_days"], "jour ouvré", "jours ouvrés")] if row.get("working_days") is not None else []
    after += [row["channel"].lower()] if row.get("channel") else []
    words = f"{row['state'].lower()} le {day(on)}" if on else row["state"].lower()
    return f"{words} ({', '.join(after)})" if after else words


def _announced(row: Mapping[str, Any]) -> str:
    """What the offer says of its delay and of its capacity."""
    words = []
    if row.get("delay_days") is not None:
        words.append(f"délai annoncé de {plural(row['delay_days'], 'jour')}")
    if row.get("capacity_left") is not None:
        left = row["capacity_left"]
        one, several = "intervention encore possible", "interventions encore possibles"
        words.append(plural(left, one, several) if left else f"aucune {one}")
    return ", ".join(words)
