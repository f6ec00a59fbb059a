"""On whose ground an offer holds: a local body is of one department, and some rightly go beyond it (parks, land
establishments, syndicates). Nothing forbids it; whoever writes it says so, and the desks of the others are told."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from django.db.models import Exists, OuterRef, Q

from operators.enums import Level
from operators.models import OfferCoverage
from operators.values import Line
from territories.models import Arrondissement, Collectivity, Department

#: Areas that hold departments: they leave a department as soon as they name another.
_WHOLE = (Level.REGION, Level.DEPARTMENT)


@dataclass(frozen=True, slots=True)
class Ground:
    """In which departments the areas quoted lie. Three queries at most, whatever their number; none for departments."""

    departments: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Self:
        codes: dict[str, set[str]] = {}
        for line in lines:
            codes.setdefault(line.level, set()).add(line.code)
        found = {(Level.DEPARTMENT.value, code): {code} for code in codes.get(Level.DEPARTMENT, ())}
        pairs: list[tuple[str, str, str | None]] = []
        if asked := codes.get(Level.REGION):
            rows = Department.objects.filter(is_current=True, region__in=asked).values_list("region", "code")
            pairs += [(Level.REGION, region, code) for region, code in rows]
        if asked := codes.get(Level.ARRONDISSEMENT):
            places = Arrondissement.objects.filter(code__in=asked).values_list("code", "department")
            pairs += [(Level.ARRONDISSEMENT, code, department) for code, department in places]
        if asked := codes.get(Level.EPCI, set()) | codes.get(Level.COMMUNE, set()):
            bodies = Collectivity.objects.filter(is_current=True, code__in=asked)
            for code, *both in bodies.values_list("code", "department_id", "department_links__department_id"):
                pairs += [(level, code, place) for level in (Level.EPCI, Level.COMMUNE) for place in both]
        for level, code, department in pairs:
            if department is not None:
                found.setdefault((str(level), code), set()).add(department)
        return cls({area: frozenset(places) for area, places in found.items()})

    def beyond(self, lines: Iterable[Line], home: str | None) -> frozenset[str]:
        """The departments other than ``home`` where these lines hold; none for who is of no department. An area that
        lies partly at home is not beyond it; a region is, but for what is excluded whole."""
        reached: set[str] = set()
        left: set[str] = set()
        for line in lines if home is not None else ():
            places = self.departments.get((line.level, line.code), frozenset())
            if not line.excluded and (line.level in _WHOLE or home not in places):
                reached |= places
            elif line.excluded and line.level in _WHOLE:
                left |= places
        return frozenset(reached - left - {home})


def touching(departments: Collection[str]) -> Exists:
    """A condition on offers: one line, not an exclusion, names these departments, what holds them or what they hold."""
    mine = Department.objects.filter(code__in=departments)
    bodies = Collectivity.objects.filter(
        Q(department__in=departments) | Q(department_links__department__in=departments), is_current=True
    )
    named = (
        Q(level=Level.REGION, code__in=mine.filter(region__isnull=False).values("region"))
        | Q(level=Level.DEPARTMENT, code__in=departments)
        | Q(level=Level.ARRONDISSEMENT, code__in=Arrondissement.objects.filter(department__in=mine).values("code"))
        | Q(level__in=(Level.EPCI, Level.COMMUNE), code__in=bodies.values("code"))
    )
    return Exists(OfferCoverage.objects.filter(named, offer=OuterRef("pk"), excluded=False))


def beyond(lines: Iterable[Line], home: str | None) -> frozenset[str]:
    """:meth:`Ground.beyond` for one coverage."""
    lines = list(lines)
    return Ground.of(lines).beyond(lines, home) if home is not None else frozenset()
