"""Shares that the generated lives keep (SCENARIOS 1.5, 1.6 and 1.8), and the way of keeping them: whoever is furthest
behind comes next, so that every department has its part of each."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from requests.enums import Motive, Outcome

T = TypeVar("T")

#: Generated requests a department; with those told by hand, SCENARIOS 1.8.
VOLUMES: Mapping[str, int] = {
    "04": 224, "90": 107, "48": 69,
    "12": 20, "15": 18, "23": 15, "29": 18, "38": 17, "43": 16, "52": 15, "56": 17, "58": 15, "08": 14, "31": 18,
    "36": 13, "70": 15, "71": 18,
    "971": 7, "972": 5, "973": 5, "974": 8, "976": 5, "2B": 7, "67": 7, "05": 8, "09": 7,
}  # fmt: skip

KINDS: Mapping[str, float] = {"commune": 0.71, "epci": 0.22, "syndicate": 0.04, "department": 0.03}
#: Upper bound of a stratum of communes (inhabitants) → its share.
STRATA: Mapping[int, float] = {499: 0.34, 999: 0.22, 1999: 0.20, 3499: 0.12, 10**9: 0.12}

#: Outcomes of ended requests; 90 stands below the target of local answers, 48 above, none at a hundred per cent.
OUTCOMES: Mapping[str, float] = {
    Outcome.LOCAL: 0.71, Outcome.OPERATOR_DIRECT: 0.06, Outcome.MARKET: 0.04, Outcome.OPERATOR: 0.03,
    Outcome.AGENCY_SERVICE: 0.01, Outcome.REDIRECTED: 0.09, Outcome.WITHDRAWN: 0.03, Outcome.DROPPED: 0.03,
}  # fmt: skip
OUTCOMES_OF: Mapping[str, Mapping[str, float]] = {
    "90": {
        **OUTCOMES,
        Outcome.LOCAL: 0.62,
        Outcome.OPERATOR_DIRECT: 0.09,
        Outcome.MARKET: 0.07,
        Outcome.OPERATOR: 0.05,
    },
    "48": {
        **OUTCOMES,
        Outcome.LOCAL: 0.75,
        Outcome.OPERATOR_DIRECT: 0.07,
        Outcome.MARKET: 0.02,
        Outcome.OPERATOR: 0.02,
    },
}
NATIONAL = frozenset({Outcome.MARKET, Outcome.OPERATOR, Outcome.AGENCY_SERVICE})

#: Motives of a referral, out of twenty: insufficiency 11, complexity 8, fragility 7, several may be ticked.
_I, _C, _F = Motive.INSUFFICIENT_RESOURCES.value, Motive.COMPLEXITY.value, Motive.FRAGILITY.value
MOTIVES: Mapping[tuple[str, ...], float] = {
    (_I,): 0.35, (_C,): 0.20, (_F,): 0.15, (_I, _C): 0.10, (_I, _F): 0.10, (_C, _F): 0.10,
}  # fmt: skip


class Quota(Generic[T]):
    """Gives values so that the shares hold at any moment, within one."""

    def __init__(self, shares: Mapping[T, float]) -> None:
        self.shares = shares
        self.given: Counter[T] = Counter()

    def ranked(self, among: Collection[T] | None = None) -> list[T]:
        """The values, the furthest behind its share first."""
        total = self.given.total() + 1
        values = [value for value in self.shares if among is None or value in among]
        return sorted(values, key=lambda value: self.given[value] - self.shares[value] * total)

    def take(self, value: T) -> T:
        self.given[value] += 1
        return value

    def next(self, among: Collection[T] | None = None) -> T:
        return self.take(self.ranked(among)[0])
