"""What the portal says of a territory: each fact with its year and its source, « non connu » where these are silent."""

from dataclasses import dataclass

from common.french import joined, number, plural
from territories.addresses import Territory
from territories.enums import CollectivityKind
from territories.models import Arrondissement, Collectivity, Department, Region, Zoning

UNKNOWN = "Non connu"
_CODE = "Code officiel géographique"
_INSEE = "Insee, population municipale"
_COLUMN_LABELS = {
    "population": "somme des populations municipales des communes",
    "population_municipale_fichier_epci": "population du fichier des périmètres",
}


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    source: str = ""
    known: bool = True


def facts_of(territory: Territory) -> list[Fact]:
    if isinstance(territory, Collectivity):
        return [*_identity(territory), *_population_of(territory), *_places(territory), *_zonings(territory)]
    if isinstance(territory, Department):
        return [
            Fact("Code", territory.code, _CODE),
            population_fact(territory.population, territory.population_vintage),
            Fact("Chef-lieu", territory.chief_town or UNKNOWN, _CODE, known=bool(territory.chief_town)),
            Fact("Représentant de l’État", territory.prefecture_name),
            *([Fact("Heure locale", territory.local_time_label)] if territory.local_time_label else []),
        ]
    if isinstance(territory, Region):
        return [
            Fact("Code", territory.code, _CODE),
            population_fact(territory.population, None),
            Fact("Chef-lieu", territory.chief_town, _CODE),
        ]
    assert isinstance(territory, Arrondissement)
    return [Fact("Code", territory.code, _CODE), Fact("Département", territory.department.label, _CODE)]


def population_fact(population: int | None, vintage: int | None, detail: str = "") -> Fact:
    if population is None:
        return Fact("Population", UNKNOWN, known=False)
    source = f"{_INSEE} {vintage}" if vintage else "Année non précisée par la source"
    return Fact("Population", plural(population, "habitant"), f"{source}, {detail}" if detail else source)


def _identity(body: Collectivity) -> list[Fact]:
    facts = [Fact("Nature", body.legal_form or str(CollectivityKind(body.kind).label).capitalize())]
    if body.insee_code:
        facts.append(Fact("Code INSEE", body.insee_code, _CODE))
    if body.siren:
        facts.append(
            Fact("SIREN", "\u00a0".join((body.siren[:3], body.siren[3:6], body.siren[6:])), "Répertoire Sirene")
        )
    if body.other_names:
        facts.append(Fact("Communes déléguées ou associées", body.other_names, _CODE))
    return facts


def _population_of(body: Collectivity) -> list[Fact]:
    detail = _COLUMN_LABELS.get(body.population_column, "") if body.kind == CollectivityKind.EPCI else ""
    facts = [population_fact(body.population, body.population_vintage, detail)]
    for column, value in sorted(body.populations.items()):
        if column != body.population_column and value != body.population:
            facts.append(
                Fact(
                    "Autre population publiée",
                    plural(value, "habitant"),
                    _COLUMN_LABELS.get(column, column).capitalize(),
                )
            )
    return facts


def _places(body: Collectivity) -> list[Fact]:
    facts = []
    if body.postal_codes:
        label = "Codes postaux" if len(body.postal_codes) > 1 else "Code postal"
        facts.append(Fact(label, joined(list(body.postal_codes)), "La Poste"))
    others = [
        link.department.label
        for link in body.department_links.select_related("department").order_by("-is_lead", "department_id")
    ]
    label = "Départements" if len(others) > 1 else "Département"
    facts.append(Fact(label, joined(others) or body.department.label, _CODE))
    return facts


def _zonings(body: Collectivity) -> list[Fact]:
    """Of communes: every zoning that the portal holds, the silent ones included. Measures of their inhabitants (income,
    unemployment) are not for this page, which is public: the desk reads them on a file (PRACTICE 3.4)."""
    if not body.is_municipal:
        return []
    values = {value.zoning_id: value for value in body.zonings.all()}
    facts = []
    for zoning in Zoning.objects.filter(is_numeric=False):
        value = values.get(zoning.code)
        if value is None:
            facts.append(Fact(zoning.label, UNKNOWN, zoning.source, known=False))
            continue
        shown = (
            f"{number(value.number)}\u00a0{zoning.unit}".strip("\u00a0") if value.number is not None else value.value
        )
        source = ", ".join(part for part in (zoning.source, value.vintage) if part)
        facts.append(Fact(zoning.label, shown, source))
    return facts
