"""The catalogue as the engine reads it: the offers that meet a territory, how many do not, and how fresh it is.

A constant number of queries, whatever the number of offers.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max

from operators.matching.facts import Facts, OfferRecord
from operators.matching.recommend import Assessment, assess
from operators.models import Offer, Subject
from operators.territory_facts import facts_of
from territories.models import Collectivity


def records_for(facts: Facts) -> list[OfferRecord]:
    """Every published offer that covers at least a part of the territory, expired or full ones included. One query."""
    return Offer.objects.published().meeting(facts.areas).as_records()


def assess_facts(facts: Facts) -> Assessment:
    """Examines the whole catalogue for these facts. Two queries."""
    return assess_each([facts])[0][0]


def assess_each(needs: Sequence[Facts]) -> tuple[list[Assessment], dt.datetime | None]:
    """Examines the whole catalogue for each of these, and says when it last changed. Two queries, whatever their
    number."""
    areas: dict[str, set[str]] = {}
    for need in needs:
        for level, codes in need.areas.items():
            areas.setdefault(level, set()).update(codes)
    catalogue = Offer.objects.published().aggregate(count=Count("pk"), at=Max("updated_at"))
    records = Offer.objects.published().meeting(areas).as_records()
    found = []
    for need in needs:
        near = [record for record in records if record.meets(need.areas)]
        found.append(assess(need, near, outside=catalogue["count"] - len(near)))
    return found, catalogue["at"]


def assess_body(collectivity: Collectivity, on: dt.date, **need: Any) -> Assessment:
    """Facts of a body and examination of the catalogue. Five queries; ``need`` as in :class:`Facts`."""
    return assess_facts(facts_of(collectivity, on, **need))


def catalogue_date() -> dt.datetime | None:
    """When the catalogue last changed: « catalogue du 4 mai »."""
    last: dt.datetime | None = Offer.objects.published().aggregate(last=Max("updated_at"))["last"]
    return last


def need_of(subjects: list[Subject]) -> dict[str, tuple[str, ...]]:
    """Subjects ticked, the main one first → themes and subjects of the need. « Je ne sais pas » leaves both unknown."""
    known = [subject for subject in subjects if subject.theme]
    return {
        "themes": tuple(dict.fromkeys(str(subject.theme) for subject in known)),
        "subjects": tuple(subject.code for subject in known),
    }
