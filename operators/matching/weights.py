"""What ranks one offer before another, as literal points. They order a list; they are never shown as a score.

Order of DOMAIN 4.5: exact territory before department before region; free before membership before paid; verified
recently; quick. Families come first and are not weighed: local, then operators, then the agency (DOMAIN 4.1). Ties go
by code.
"""

from collections.abc import Mapping

from operators.matching.criteria import Reason
from operators.matching.vocabulary import PriceModel

#: Points of a reason. A reason that is absent from the table weighs nothing; one that is *unknown* costs (tested).
REASONS: Mapping[Reason, int] = {
    Reason.COVERS_COMMUNE: 50,
    Reason.COVERS_EPCI: 45,
    Reason.COVERS_ARRONDISSEMENT: 40,
    Reason.COVERS_DEPARTMENT: 30,
    Reason.COVERS_REGION: 20,
    Reason.COVERS_NATION: 10,
    Reason.COVERS_PART: -5,
    Reason.SUBJECT_MET: 12,
    Reason.SERVICE_MET: 6,
    Reason.PROGRAMME_MET: 6,
    Reason.ZONING_MET: 4,
    Reason.MEMBER: 4,
    Reason.THEME_UNKNOWN: -6,
    Reason.SUBJECT_UNKNOWN: -5,
    Reason.BODY_KIND_UNKNOWN: -8,
    Reason.POPULATION_UNKNOWN: -8,
    Reason.PROGRAMME_UNKNOWN: -10,
    Reason.ZONING_UNKNOWN: -10,
    Reason.ENGINEERING_UNKNOWN: -1,
    Reason.SERVICE_UNKNOWN: -1,
    Reason.PHASE_UNKNOWN: -1,
    Reason.MEMBERSHIP_UNKNOWN: -4,
}

#: The main theme of the need is one of the offer's.
MAIN_THEME = 10

PRICE: Mapping[str, int] = {
    PriceModel.FREE: 15,
    PriceModel.MEMBERSHIP: 10,
    PriceModel.COFINANCED: 6,
    PriceModel.PAID: 0,
}

#: Verified at most so many days ago → points; the first line that holds.
FRESHNESS: tuple[tuple[int, int], ...] = ((180, 5), (365, 3))

#: Announced delay of at most so many days → points; the first line that holds. Unknown: none.
DELAY: tuple[tuple[int, int], ...] = ((15, 5), (30, 4), (60, 2))

#: The provider agreed beforehand: no answer to wait for.
AGREED_BEFOREHAND = 3


def step(table: tuple[tuple[int, int], ...], value: int | None) -> int:
    """The points of the first line whose bound holds ``value``; none when it is unknown or beyond all."""
    if value is None:
        return 0
    return next((points for bound, points in table if value <= bound), 0)
