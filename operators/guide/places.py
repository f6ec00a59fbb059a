"""The communes of a department, and which of them an offer covers by its territory. Three queries, whatever their
number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common.french import NBSP, joined, number, plural
from operators.enums import BodyKind, Level
from operators.matching.vocabulary import NATION_CODE
from territories.enums import AreaKind
from territories.models import Arrondissement, Collectivity, Department, FlatMembership

Area = tuple[str, str]
#: Names said before « et 12 autres ».
NAMED = 8
WIDE = (Level.NATION, Level.REGION, Level.DEPARTMENT)


@dataclass(frozen=True, slots=True)
class Commune:
    pk: int
    code: str
    name: str
    population: int
    arrondissement: str
    latitude: float | None
    longitude: float | None


class Places:
    """The communes of a department in the order of their codes, and the areas they lie in."""

    def __init__(self, department: Department) -> None:
        self.department = department
        self.arrondissements = {
            each.code: each for each in Arrondissement.objects.filter(department=department, is_current=True)
        }
        self.communes = _communes(department)
        self._names: dict[Area, str] = {
            (Level.ARRONDISSEMENT, each.code): each.label[0].lower() + each.label[1:]
            for each in self.arrondissements.values()
        }
        everybody = frozenset(range(len(self.communes)))
        index: dict[Area, set[int]] = {}
        for rank, commune in enumerate(self.communes):
            self._names[Level.COMMUNE, commune.code] = commune.name
            index[Level.COMMUNE, commune.code] = {rank}
            if commune.arrondissement:
                index.setdefault((Level.ARRONDISSEMENT, commune.arrondissement), set()).add(rank)
        ranks = {commune.pk: rank for rank, commune in enumerate(self.communes)}
        for member, code, name in FlatMembership.objects.filter(
            member__in=ranks, ancestor__kind=BodyKind.EPCI
        ).values_list("member", "ancestor__code", "ancestor__name"):
            self._names[Level.EPCI, code] = name
            index.setdefault((Level.EPCI, code), set()).add(ranks[member])
        self._index: dict[Area, frozenset[int]] = {area: frozenset(found) for area, found in index.items()}
        self._index[Level.NATION, NATION_CODE] = everybody
        self._index[Level.DEPARTMENT, department.code] = everybody
        if department.region_id:
            self._index[Level.REGION, department.region_id] = everybody
        self.everybody = everybody
        self.whole = "Tout le département" if department.kind == AreaKind.DEPARTMENT else "Tout le territoire"

    @property
    def areas(self) -> Mapping[str, list[str]]:
        """Every code that a part of the department lies in, by level: what ``Offer.objects.meeting`` takes."""
        found: dict[str, list[str]] = {}
        for level, code in self._index:
            found.setdefault(str(level), []).append(code)
        return found

    def covered(self, lines: Iterable[Mapping[str, object]]) -> frozenset[int] | None:
        """The ranks of the communes that these lines of coverage cover, as the engine reads them: an exclusion wins.
        None when they name nothing of the department."""
        included: frozenset[int] = frozenset()
        excluded: frozenset[int] = frozenset()
        named = False
        for line in lines:
            found = self._index.get((str(line["level"]), str(line["code"])))
            if found is None:
                continue
            if line["excluded"]:
                excluded |= found
            else:
                named = True
                included |= found
        return included - excluded if named else None

    def where(self, lines: Iterable[Mapping[str, object]], covered: frozenset[int]) -> tuple[str, str]:
        """(« Tout le département, sauf Mézel », « 197 communes sur 198 »); the second is empty for all of them."""
        if covered == self.everybody:
            return self.whole, ""
        known = [line for line in lines if (str(line["level"]), str(line["code"])) in self._index]
        within = [line for line in known if not line["excluded"]]
        wide = any(line["level"] in WIDE for line in within)
        text = self.whole if wide else self._named(within)
        without = [line for line in known if line["excluded"]]
        if without:
            text += f", sauf {self._named(without)}"
        return text[:1].upper() + text[1:], f"{plural(len(covered), 'commune')} sur{NBSP}{number(len(self.everybody))}"

    def _named(self, lines: list[Mapping[str, object]]) -> str:
        found = sorted(
            ((str(line["level"]), str(line["code"])) for line in lines), key=lambda area: (area[0], self._names[area])
        )
        names = [self._names[area] for area in found[:NAMED]]
        if len(found) > NAMED + 1:
            return joined([*names, plural(len(found) - NAMED, "autre territoire")])
        return joined([self._names[area] for area in found])

    @property
    def has_map(self) -> bool:
        """Three communes at least whose place is known: fewer draw nothing."""
        return sum(commune.latitude is not None for commune in self.communes) >= 3


def _communes(department: Department) -> list[Commune]:
    rows = Collectivity.objects.current().municipal().filter(department=department, fictitious=False)
    return [
        Commune(
            pk,
            code,
            name,
            population or 0,
            arrondissement or "",
            float(latitude) if latitude is not None else None,
            float(longitude) if longitude is not None else None,
        )
        for pk, code, name, population, arrondissement, latitude, longitude in rows.order_by("code").values_list(
            "pk", "code", "name", "population", "arrondissement_id", "latitude", "longitude"
        )
    ]
