"""What the engine knows: the facts of a territory and a need, and the record of an offer.

An absent fact is *unknown*, never false (PRACTICE 1.12): ``None`` for a single value, an empty collection for what the
need did not say. Offers are the reverse: an empty collection means « no restriction ».
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from operators.matching.vocabulary import FAMILY, Family, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoningFact:
    """A statistical or regulatory fact about a territory, with its source and its date.

    ``holds`` says whether the territory is inside the zoning (``None``: unknown, or a measure rather than a zone).
    """

    code: str
    label: str
    value: str = ""
    number: float | None = None
    holds: bool | None = None
    source: str = ""
    vintage: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.value) or self.number is not None or self.holds is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One body, its need, one day.

    ``areas`` gives, by level (``operators.matching.vocabulary.Level``), every code the body lies in: an EPCI over two
    departments has two codes at the level ``department``. ``themes`` and ``subjects`` are ordered, the main one first.
    """

    on: dt.date
    kind: str
    code: str
    name: str
    areas: Mapping[str, frozenset[str]]
    population: int | None = None
    population_vintage: int | None = None
    population_column: str = ""
    programmes: frozenset[str] = frozenset()
    #: Programmes whose membership is not known for this body: asked, never taken as « not a member ».
    programmes_unknown: frozenset[str] = frozenset()
    zonings: Mapping[str, ZoningFact] = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()
    engineering_types: frozenset[str] = frozenset()
    phase: str | None = None
    #: Codes of providers the body belongs to, and of those it is known not to belong to. In neither: unknown.
    member_of: frozenset[str] = frozenset()
    not_member_of: frozenset[str] = frozenset()
    #: Signs of complexity: how many communes and partners the project concerns, and flags of the qualification.
    commune_count: int | None = None
    partner_count: int | None = None
    complexity_signs: frozenset[str] = frozenset()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, sorted: what is frozen with an assessment."""
        return {
            "on": self.on.isoformat(),
            "kind": self.kind,
            "code": self.code,
            "name": self.name,
            "areas": {level: sorted(codes) for level, codes in sorted(self.areas.items())},
            "population": self.population,
            "population_vintage": self.population_vintage,
            "population_column": self.population_column,
            "programmes": sorted(self.programmes),
            "programmes_unknown": sorted(self.programmes_unknown),
            "zonings": [
                {
                    "code": zoning.code,
                    "label": zoning.label,
                    "value": zoning.value,
                    "number": zoning.number,
                    "holds": zoning.holds,
                    "source": zoning.source,
                    "vintage": zoning.vintage,
                }
                for _, zoning in sorted(self.zonings.items())
            ],
            "themes": list(self.themes),
            "subjects": list(self.subjects),
            "services": sorted(self.services),
            "engineering_types": sorted(self.engineering_types),
            "phase": self.phase,
            "member_of": sorted(self.member_of),
            "not_member_of": sorted(self.not_member_of),
            "commune_count": self.commune_count,
            "partner_count": self.partner_count,
            "complexity_signs": sorted(self.complexity_signs),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Facts":
        """The reverse of :meth:`as_dict`: a frozen assessment can be computed again, years later."""
        return cls(
            on=dt.date.fromisoformat(values["on"]),
            kind=values["kind"],
            code=values["code"],
            name=values["name"],
            areas={level: frozenset(codes) for level, codes in values["areas"].items()},
            population=values["population"],
            population_vintage=values["population_vintage"],
            population_column=values["population_column"],
            programmes=frozenset(values["programmes"]),
            programmes_unknown=frozenset(values["programmes_unknown"]),
            zonings={zoning["code"]: ZoningFact(**zoning) for zoning in values["zonings"]},
            themes=tuple(values["themes"]),
            subjects=tuple(values["subjects"]),
            services=frozenset(values["services"]),
            engineering_types=frozenset(values["engineering_types"]),
            phase=values["phase"],
            member_of=frozenset(values["member_of"]),
            not_member_of=frozenset(values["not_member_of"]),
            commune_count=values["commune_count"],
            partner_count=values["partner_count"],
            complexity_signs=frozenset(values["complexity_signs"]),
        )


@dataclass(frozen=True, slots=True)
class Area:
    """One line of an offer's coverage."""

    level: str
    code: str
    excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRecord:
    """An offer as the engine reads it. Empty restrictions restrict nothing."""

    id: int
    uuid: str
    code: str
    title: str
    provider_code: str
    provider_name: str
    provider_kind: str
    coverage: tuple[Area, ...]
    themes: frozenset[str]
    status: str
    price_model: str
    legal_mode: str = ""
    price_label: str = ""
    subjects: frozenset[str] = frozenset()
    engineering_types: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    phases: frozenset[str] = frozenset()
    body_kinds: frozenset[str] = frozenset()
    population_min: int | None = None
    population_max: int | None = None
    membership_required: bool = False
    membership_label: str = ""
    programmes_required: frozenset[str] = frozenset()
    zonings_required: frozenset[str] = frozenset()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    capacity_left: int | None = None
    delay_days: int | None = None
    verified_on: dt.date | None = None
    agreed_beforehand: bool = False
    illustrative: bool = False
    provider_telephone: str = ""
    provider_email: str = ""
    provider_website: str = ""

    @property
    def family(self) -> Family:
        return FAMILY[self.provider_kind]

    def meets(self, areas: Mapping[str, Collection[str]]) -> bool:
        """Whether a line of its coverage, not an exclusion, names one of these areas (by level)."""
        return any(
            not line.excluded and (line.level == Level.NATION or line.code in areas.get(line.level, ()))
            for line in self.coverage
        )
