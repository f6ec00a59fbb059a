"""The demonstration's catalogue as its fixtures say it: ``fixtures/demo/offers.toml`` (texts) and ``providers.toml``
(who offers which, where, and the holes that are meant). Reads, writes nothing.
"""

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from common.french import with_article
from operators.enums import Level, ProviderKind, Theme
from operators.matching.vocabulary import AGENCY_SERVICES, NATION_CODE, OPERATORS
from territories.models import Department, Desk

#: The catalogue of the demonstration was last checked on this day, unless its fixture says otherwise.
VERIFIED_ON = dt.date(2026, 5, 4)
#: Words of a row of the fixture → level of the areas that it names.
AREAS: Mapping[str, Level] = {
    "regions": Level.REGION,
    "departments": Level.DEPARTMENT,
    "arrondissements": Level.ARRONDISSEMENT,
    "epci": Level.EPCI,
    "communes": Level.COMMUNE,
}
Fields = Mapping[str, Any]
#: Level, code, whether it is excluded.
Line = tuple[Level, str, bool]


@dataclass(frozen=True, slots=True)
class Planned:
    """An offer: a text, as this provider says it, and where it holds."""

    code: str
    text: Fields
    coverage: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider of the demonstration and what it offers."""

    code: str
    kind: str
    name: str
    short_name: str
    department: str | None
    membership: str = ""
    source: str = ""
    email: str = ""
    verified_on: dt.date = VERIFIED_ON
    organised: bool = True
    offers: list[Planned] = field(default_factory=list)


def fixture(name: str) -> dict[str, Any]:
    with (settings.BASE_DIR / "fixtures" / "demo" / name).open("rb") as stream:
        return tomllib.load(stream)


def texts() -> dict[str, Fields]:
    """Every text, whole: what its mode says, then what it says itself."""
    data = fixture("offers.toml")
    return {text["key"]: {**data["modes"].get(text.get("mode"), {}), **text} for text in data["text"]}


def holes() -> dict[str, tuple[list[str], list[str]]]:
    """Theme or subject → departments where nobody answers it, on purpose: (whole themes, single subjects)."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for key, codes in fixture("providers.toml")["holes"].items():
        for code in codes.split():
            found.setdefault(code, ([], []))[0 if key in Theme.values else 1].append(key)
    return found


def entries() -> list[Entry]:
    """Every provider with its offers. Raises ``KeyError`` when a row names a text or a kind that does not exist."""
    return list(_Catalogue(fixture("providers.toml"), texts()).entries())


class _Catalogue:
    """The rows of the fixture put together, provider by provider."""

    def __init__(self, data: Fields, texts: Mapping[str, Fields]) -> None:
        self.data, self.texts = data, texts
        self.departments = {row.code: row for row in Department.objects.filter(is_current=True)}
        self.desks = {desk.department_id: desk for desk in Desk.objects.all()}
        self.found: dict[str, Entry] = {}
        self.verified = {
            code: dt.date.fromisoformat(day) for day, codes in data["verified"].items() for code in codes.split()
        }
        self.variants: dict[tuple[str, str], dict[str, Any]] = {}
        for row in data["variant"]:
            for code in row["in"].split():
                self.variants.setdefault((row["text"], code), {}).update(row["set"])
        self.excluded: dict[tuple[str, str], list[Line]] = {}
        for row in data["exclusion"]:
            lines = _lines(row, excluded=True)
            for key in row["text"].split():
                for code in row["in"].split():
                    self.excluded.setdefault((key, code), []).extend(lines)

    def entries(self) -> Iterator[Entry]:
        for kind, rows in self.data["where"].items():
            for key, codes in rows.items():
                for code in codes.split():
                    self._add(self._provider(kind, code), key, [(Level.DEPARTMENT, code, False)])
        for row in self.data["perimeter"]:
            entry = self._provider(row["kind"], row["department"], row.get("name", ""), row.get("tag", ""))
            lines = _lines(row) or [(Level.DEPARTMENT, row["department"], False)]
            lines += [(Level.DEPARTMENT, code, True) for code in row.get("without", "").split()]
            for key in row["offers"].split():
                self._add(entry, key, lines, row.get("tag", ""))
        for row in self.data["subprefectures"]["offices"]:
            self._subprefecture(row["code"], row["name"], row["department"])
        for row in self.data["check"]:
            entry = self.found[row["provider"]]
            text = {**self.texts[row["text"]], **row["set"]}
            lines = [(Level.DEPARTMENT, str(entry.department), False)]
            code = row.get("code", f"{row['text']}-{str(entry.department).lower()}")
            entry.offers.append(Planned(code, text, tuple(lines)))
        yield from self.found.values()
        for code, keys in self.data["national"].items():
            entry = Entry(code=code, kind="", name=OPERATORS.get(code) or AGENCY_SERVICES[code], short_name="",
                          department=None, membership="adhésion au Cerema" if code == "cerema" else "")  # fmt: skip
            nation = ((Level.NATION, NATION_CODE, False),)
            entry.offers.extend(Planned(key, self.texts[key], nation) for key in keys)
            yield entry

    def _provider(self, kind: str, department: str, name: str = "", tag: str = "") -> Entry:
        row = self.data["kinds"][kind]
        code = "-".join(filter(None, (row["slug"], tag, department.lower())))
        if code not in self.found:
            place = self.departments[department]
            named = self.data["named"].get(code, {})
            self.found[code] = Entry(
                code=code,
                kind=row.get("kind", kind),
                name=named.get("name") or name or row["name"].format(of=place.of) or self._state_service(place),
                short_name=named.get("short") or self._short(row, department),
                department=department,
                membership=named.get("membership") or row.get("membership", ""),
                source=named.get("source", ""),
                email=named.get("email", f"{code}@demo.example"),
                verified_on=named.get("verified_on") or self.verified.get(department, VERIFIED_ON),
                organised=row.get("organised", True),
            )
        return self.found[code]

    def _short(self, row: Fields, department: str) -> str:
        desk = self.desks.get(department) if not row["name"] else None
        return (desk.service_acronym if desk else "") or str(row["short"])

    def _state_service(self, department: Department) -> str:
        """The service that runs the desk, under its own name (PRACTICE 2.4)."""
        desk = self.desks.get(department.code)
        prefecture = department.prefecture_name or f"Préfecture {with_article(department.name, department.liaison)}"
        service = desk.service_name if desk and desk.service_name else prefecture
        return service if department.name in service else f"{service} ({department.code})"

    def _subprefecture(self, arrondissement: str, name: str, department: str) -> None:
        key = self.data["subprefectures"]["text"]
        code = f"sous-prefecture-{arrondissement.lower()}"
        self.found[code] = Entry(code=code, kind=ProviderKind.STATE_SERVICE, name=name, short_name="Sous-préfecture",
                                 department=department, email=f"{code}@demo.example", organised=False)  # fmt: skip
        lines = ((Level.ARRONDISSEMENT, arrondissement, False),)
        self.found[code].offers.append(Planned(f"{key}-{arrondissement.lower()}", self.texts[key], lines))

    def _add(self, entry: Entry, key: str, lines: list[Line], tag: str = "") -> None:
        department = str(entry.department)
        text = {**self.texts[key], **self.variants.get((key, department), {})}
        coverage = (*lines, *self.excluded.get((key, department), ()))
        code = "-".join(filter(None, (key, tag, department.lower())))
        entry.offers.append(Planned(code, text, tuple(coverage)))


def _lines(row: Fields, *, excluded: bool = False) -> list[Line]:
    return [(level, code, excluded) for word, level in AREAS.items() for code in row.get(word, "").split()]
