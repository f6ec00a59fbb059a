"""What the official files do not say, and the portal must know: clocks, overseas representatives, merged councils."""

from dataclasses import dataclass

from territories.enums import Liaison

#: Communes, EPCI and department of Mayotte are of another census than the others (DESIGN 10).
MAYOTTE = "976"
MAYOTTE_POPULATION_VINTAGE = 2017

#: EPCI carry two population columns that disagree: three EPCI change side of 15 000 inhabitants. The first is the sum
#: of their communes; the second comes with the perimeters of 2025 and is one vintage older.
EPCI_POPULATION_COLUMNS = {"population": 0, "population_municipale_fichier_epci": -1}

#: Departments that do not keep Paris's time.
TIME_ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}

#: Departments whose usage leaves out the article that the file gives: « préfecture de Loir-et-Cher », « de Vaucluse ».
USAGE_WITHOUT_ARTICLE = ("41", "47", "82", "84")


@dataclass(frozen=True, slots=True)
class Overseas:
    """An overseas collectivity: where its State's representative sits, and the body that may file, if there is one.

    ``commune``: the collectivity exercises the powers of its only commune, whose code it bears in official lists.
    """

    code: str
    time_zone: str
    liaison: Liaison
    representative: str
    chief_town: str
    chief_town_code: str = ""
    body: bool = True
    commune: str = ""


OVERSEAS: tuple[Overseas, ...] = (
    Overseas(
        "975",
        "America/Miquelon",
        Liaison.DE,
        "Préfecture de Saint-Pierre-et-Miquelon",
        "Saint-Pierre",
        "97502",
    ),
    Overseas(
        "977",
        "America/St_Barthelemy",
        Liaison.DE,
        "Préfecture déléguée de Saint-Barthélemy et de Saint-Martin",
        "Gustavia",
        "97701",
        commune="97701",
    ),
    Overseas(
        "978",
        "America/Marigot",
        Liaison.DE,
        "Préfecture déléguée de Saint-Barthélemy et de Saint-Martin",
        "Marigot",
        "97801",
        commune="97801",
    ),
    Overseas(
        "984",
        "Indian/Reunion",  # its administration sits in La Réunion
        Liaison.DES,
        "Administration supérieure des Terres australes et antarctiques françaises",
        "Saint-Pierre (La Réunion)",
    ),
    Overseas(
        "986",
        "Pacific/Wallis",
        Liaison.DE,
        "Administration supérieure des îles Wallis et Futuna",
        "Mata-Utu",
        "98613",
    ),
    Overseas(
        "987",
        "Pacific/Tahiti",
        Liaison.DE_LA,
        "Haut-commissariat de la République en Polynésie française",
        "Papeete",
        "98735",
    ),
    Overseas(
        "988",
        "Pacific/Noumea",
        Liaison.DE_LA,
        "Haut-commissariat de la République en Nouvelle-Calédonie",
        "Nouméa",
        "98818",
    ),
    Overseas(
        "989",
        "Pacific/Tahiti",  # nobody lives there; the high commissioner in French Polynesia administers it
        Liaison.DE_L,
        "Haut-commissariat de la République en Polynésie française",
        "Papeete",
        body=False,
    ),
)

#: Departments without a council of their own: Paris (one body, the commune), Corsica and the two single overseas
#: collectivities (one body, at the region's address), Alsace (one body for 67 and 68).
WITHOUT_DEPARTMENT_COUNCIL = ("75", "2A", "2B", "67", "68", "972", "973")
#: Mayotte's department exercises the powers of a region.
WITHOUT_REGION_COUNCIL = ("06",)
#: Regions whose council is a single collectivity, under its own name.
SINGLE_COLLECTIVITIES = {
    "94": "Collectivité de Corse",
    "02": "Collectivité territoriale de Martinique",
    "03": "Collectivité territoriale de Guyane",
}
#: Code of the official list of councils, name, departments (the lead one first).
ALSACE = ("6AE", "Collectivité européenne d’Alsace", ("67", "68"))
