"""What a simulation changes, as plain values: checked once, kept as JSON, read again by the worker and by the form.

Nothing here reads the database: codes that do not exist are refused by the form.
"""

import datetime as dt
from dataclasses import asdict, dataclass, fields
from typing import Any

from common.errors import Invalid
from operators.matching.vocabulary import Level, ProviderKind
from operators.values import Line

#: Nobody is that numerous: a threshold beyond it is a slip of the hand.
POPULATION_MAX = 100_000_000
#: Membership of a changed offer that keeps its own.
AS_IS = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Requests filed (of financing: referred) from a day to another, both included; no department: all of them."""

    start: dt.date
    end: dt.date
    departments: tuple[str, ...] = ()

    def check(self) -> None:
        if self.start > self.end:
            raise Invalid("La période finit avant d’avoir commencé : corrigez l’une des deux dates.", field="end")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferChange:
    """One offer of the catalogue, changed. ``None`` and empty values leave it as it is.

    ``change_population``: the two bounds replace those of the offer, an empty one being no bound. ``coverage`` replaces
    the offer's, each area written ``level:code``.
    """

    code: str
    change_population: bool = False
    population_min: int | None = None
    population_max: int | None = None
    membership: str = AS_IS  # "required" or "none"
    coverage: tuple[str, ...] = ()

    @property
    def areas(self) -> tuple[Line, ...]:
        """What ``coverage`` says, as an offer's."""
        return tuple(Line(level, code) for level, _, code in (area.partition(":") for area in self.coverage))

    def check(self) -> None:
        for bound in (self.population_min, self.population_max):
            _check_population(bound, "changes")
        low, high = self.population_min, self.population_max
        if low is not None and high is not None and low > high:
            raise Invalid(
                f"Offre {self.code} : la population minimale dépasse la population maximale.", field="changes"
            )
        if self.membership not in (AS_IS, "required", "none"):
            raise Invalid(f"Offre {self.code} : l’adhésion demandée n’est pas lisible.", field="changes")

    def applied(self, record: dict[str, Any]) -> dict[str, Any]:
        """The columns of ``setwise.OFFER_COLUMNS`` once changed."""
        found = dict(record)
        if self.change_population:
            found |= {"population_min": self.population_min, "population_max": self.population_max}
        if self.membership != AS_IS:
            found["membership_required"] = self.membership == "required"
        if self.coverage:
            for level in Level:
                codes = [line.code for line in self.areas if line.level == level]
                found |= {f"covers_{level.value}": sorted(codes), f"except_{level.value}": []}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingScenario(Scope):
    """The present catalogue, less these providers, kinds and offers, more offers that are not published, and changed:
    all those of a status, and some by their codes.

    ``judged_on``: the rules are applied as of today, or of the day on which each request was filed.
    """

    without_kinds: tuple[str, ...] = ()
    without_providers: tuple[str, ...] = ()
    without_offers: tuple[str, ...] = ()
    with_statuses: tuple[str, ...] = ()
    with_offers: tuple[str, ...] = ()
    changes: tuple[OfferChange, ...] = ()
    judged_on: str = "today"  # or "filing"

    def check(self) -> None:
        Scope.check(self)
        unknown = set(self.without_kinds) - {kind.value for kind in ProviderKind}
        if unknown or self.judged_on not in ("today", "filing"):
            raise Invalid("Un des réglages ne fait pas partie des choix proposés.")
        for code in set(self.with_offers) & set(self.without_offers):
            message = f"L’offre {code} est à la fois retirée et ajoutée : choisissez."
            raise Invalid(message, field="with_offers")
        codes = [change.code for change in self.changes]
        for code in codes:
            if code in self.without_offers:
                raise Invalid(f"L’offre {code} est à la fois retirée et modifiée : choisissez.", field="changes")
            if codes.count(code) > 1:
                raise Invalid(f"L’offre {code} est modifiée deux fois : gardez une ligne.", field="changes")
        for change in self.changes:
            change.check()

    @property
    def changes_something(self) -> bool:
        without = self.without_kinds or self.without_providers or self.without_offers
        return bool(without or self.with_statuses or self.with_offers or self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Bodies of a kind of fewer inhabitants than ``below`` (None: all the others), and the agency's share in percent;
    no share: decided case by case."""

    below: int | None
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancingScenario(Scope):
    """Who is fully funded, and the share of the others. « De moins de » is strict: 3,500 is not below 3,500.

    ``band_below`` opens a band of partial funding between full funding and the others.
    """

    commune_below: int
    grouping_below: int
    commune_band_below: int | None = None
    commune_band_share: float | None = None
    grouping_band_below: int | None = None
    grouping_band_share: float | None = None
    commune_share: float | None = None
    grouping_share: float | None = None
    other_share: float | None = None

    def check(self) -> None:
        Scope.check(self)
        for name in ("commune_below", "grouping_below", "commune_band_below", "grouping_band_below"):
            _check_population(getattr(self, name), name)
        for kind in ("commune", "grouping"):
            full, band = getattr(self, f"{kind}_below"), getattr(self, f"{kind}_band_below")
            share = getattr(self, f"{kind}_band_share")
            if (band is None) != (share is None):
                message = "Une tranche intermédiaire a une limite et une part : renseignez les deux, ou aucune."
                raise Invalid(message, field=f"{kind}_band_below")
            if band is not None and band <= full:
                message = "La tranche intermédiaire finit au-delà du seuil de prise en charge totale."
                raise Invalid(message, field=f"{kind}_band_below")
        for name in ("commune_band_share", "grouping_band_share", "commune_share", "grouping_share", "other_share"):
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 100:
                raise Invalid("Une part va de 0 à 100 %.", field=name)

    def bands(self, kind: str) -> tuple[Band, ...]:
        """The bands of « commune » or « grouping », the first that holds being the right one."""
        below, share = getattr(self, f"{kind}_band_below"), getattr(self, f"{kind}_band_share")
        middle = (Band(below=below, share=share),) if below is not None else ()
        last = Band(below=None, share=getattr(self, f"{kind}_share"))
        return (Band(below=getattr(self, f"{kind}_below"), share=100.0), *middle, last)


Scenario = RoutingScenario | FinancingScenario
KINDS: dict[str, type[RoutingScenario] | type[FinancingScenario]] = {
    "routing": RoutingScenario,
    "financing": FinancingScenario,
}


def as_json(scenario: Scenario) -> dict[str, Any]:
    found = asdict(scenario)
    return {**found, "start": scenario.start.isoformat(), "end": scenario.end.isoformat()}


def from_json(kind: str, values: dict[str, Any]) -> Scenario:
    """The scenario kept; what a later version has forgotten is left out."""
    known = {each.name for each in fields(KINDS[kind])}
    given: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in values.items()}
    given |= {name: dt.date.fromisoformat(values[name]) for name in ("start", "end")}
    if "changes" in given:
        given["changes"] = tuple(
            OfferChange(**{**change, "coverage": tuple(change["coverage"])}) for change in given["changes"]
        )
    return KINDS[kind](**{name: value for name, value in given.items() if name in known})


def _check_population(value: int | None, name: str) -> None:
    if value is not None and not 0 <= value <= POPULATION_MAX:
        raise Invalid("Une population est un nombre positif d’habitants.", field=name)
