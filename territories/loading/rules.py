"""What each line of the sources must satisfy: literal tables, run as SQL on the text staging tables.

A rule is (condition that is true of a *bad* line, what is said of it). Conditions never cast a text that may not be a
number: they are all evaluated on every line. ``s`` is the line.
"""

# ruff: noqa: S608  (no value comes from outside: tables and columns are literal)

from dataclasses import dataclass

_COUNT = "'^(0|[1-9][0-9]{0,8})$'"
_NAME = "'^[A-ZÀ-ÖØ-ÞŒ]'"
_POSTAL = "'^([0-9]{5}([|][0-9]{5})*)?$'"
_COMMUNE = "([0-9]{2}|2[AB])[0-9]{3}"
_DEPARTMENT = "([0-9]{2}|2[AB]|97[0-9])"


@dataclass(frozen=True, slots=True)
class Rule:
    """``shown``: the column whose value is quoted after the reason."""

    broken: str
    reason: str
    shown: str = ""


def _matches(column: str, pattern: str, reason: str) -> Rule:
    return Rule(f"s.{column} !~ {pattern}", reason, column)


def _known(column: str, table: str, key: str, reason: str, *, optional: bool = False) -> Rule:
    absent = f"s.{column} NOT IN (SELECT {key} FROM staged_{table})"
    return Rule(f"s.{column} <> '' AND {absent}" if optional else absent, reason, column)


def _once(table: str, column: str, reason: str) -> Rule:
    twice = f"SELECT {column} FROM staged_{table} GROUP BY {column} HAVING count(*) > 1"
    return Rule(f"s.{column} IN ({twice})", reason, column)


def _luhn(column: str) -> Rule:
    """Nine digits whose sum is a multiple of ten, every second one doubled (less nine when above nine)."""
    doubled = f"translate(s.{column}, '0123456789', '0246813579')"
    terms = [f"ascii(substr(s.{column}, {rank}, 1))" for rank in (1, 3, 5, 7, 9)]
    terms += [f"ascii(substr({doubled}, {rank}, 1))" for rank in (2, 4, 6, 8)]
    key = f"({' + '.join(terms)} - {9 * ord('0')}) % 10 <> 0"
    return Rule(
        f"s.{column} !~ '^[0-9]{{9}}$' OR {key}", "SIREN invalide (neuf chiffres et une clé de contrôle)", column
    )


def _chief_town(*, of_a_department: bool) -> list[Rule]:
    place, key = ("(s.chef_lieu, s.code)", "code, departement") if of_a_department else ("s.chef_lieu", "code")
    named = "(s.chef_lieu, s.chef_lieu_nom) NOT IN (SELECT code, nom FROM staged_communes)"
    return [
        Rule(f"{place} NOT IN (SELECT {key} FROM staged_communes)", "chef-lieu absent de communes.csv", "chef_lieu"),
        Rule(named, "le nom du chef-lieu n’est pas celui de communes.csv", "chef_lieu_nom"),
    ]


NAME = _matches("nom", _NAME, "nom vide ou mal formé")
LIAISON = _matches("type_liaison", "'^[0-8]$'", "type_liaison : un chiffre de 0 à 8 attendu")
POPULATION = _matches("population", _COUNT, "population : un nombre entier attendu")
ZONE = Rule("s.zone NOT IN ('metro', 'drom')", "zone inconnue", "zone")
POSTAL = _matches("codes_postaux", _POSTAL, "codes postaux : cinq chiffres, séparés par |")


def _counts(*columns: str) -> list[Rule]:
    return [_matches(column, _COUNT, f"{column} : un nombre entier attendu") for column in columns]


LINE_RULES: dict[str, list[Rule]] = {
    "regions": [
        _matches("code", "'^[0-9]{2}$'", "code de région mal formé"),
        _once("regions", "code", "code en double"),
        NAME,
        *_chief_town(of_a_department=False),
        ZONE,
        LIAISON,
        POPULATION,
        *_counts("nb_departements", "nb_communes"),
    ],
    "departements": [
        _matches("code", f"'^{_DEPARTMENT}$'", "code de département mal formé"),
        _once("departements", "code", "code en double"),
        NAME,
        _known("region", "regions", "code", "région inconnue"),
        *_chief_town(of_a_department=True),
        ZONE,
        LIAISON,
        POPULATION,
        *_counts("nb_communes", "nb_epci"),
        _known("code", "prefectures", "departement", "sans préfecture dans prefectures.csv"),
    ],
    "arrondissements": [
        _matches("code", f"'^{_DEPARTMENT}[0-9]$'", "code d’arrondissement mal formé"),
        _once("arrondissements", "code", "code en double"),
        NAME,
        Rule("NOT starts_with(s.code, s.departement)", "le code n’est pas de ce département", "departement"),
        Rule(
            "(s.departement, s.region) NOT IN (SELECT code, region FROM staged_departements)",
            "département inconnu ou d’une autre région",
            "departement",
        ),
        Rule(
            "s.chef_lieu <> '' AND NOT starts_with(s.chef_lieu, left(s.departement, 2))",
            "chef-lieu d’un autre département",
            "chef_lieu",
        ),
    ],
    "communes": [
        _matches("code", f"'^{_COMMUNE}$'", "code INSEE mal formé"),
        _once("communes", "code", "code en double"),
        NAME,
        Rule("NOT starts_with(s.code, s.departement)", "le code n’est pas de ce département", "departement"),
        Rule(
            "(s.departement, s.region, s.zone) NOT IN (SELECT code, region, zone FROM staged_departements)",
            "département inconnu, ou d’une autre région ou zone",
            "departement",
        ),
        Rule(
            "(s.arrondissement, s.departement) NOT IN (SELECT code, departement FROM staged_arrondissements)"
            " AND NOT (s.arrondissement = '' AND s.departement = '976')",  # Mayotte has none
            "arrondissement inconnu ou d’un autre département",
            "arrondissement",
        ),
        _known("epci", "epci", "siren", "EPCI inconnu d’epci.csv", optional=True),
        _known("ept", "ept", "siren", "EPT inconnu d’ept.csv", optional=True),
        _luhn("siren"),
        _once("communes", "siren", "SIREN en double"),
        POPULATION,
        _matches("codes_postaux", "'^[0-9]{5}([|][0-9]{5})*$'", "codes postaux : cinq chiffres, séparés par |"),
        LIAISON,
        _matches("rang_chef_lieu", "'^[0-9]$'", "rang_chef_lieu : un chiffre attendu"),
        _matches("anciens_codes", f"'^({_COMMUNE}([|]{_COMMUNE})*)?$'", "anciens codes mal formés"),
    ],
    "epci": [
        _luhn("siren"),
        _once("epci", "siren", "SIREN en double"),
        NAME,
        Rule("s.type NOT IN ('CC', 'CA', 'CU', 'METRO', 'MET69')", "nature d’EPCI inconnue", "type"),
        Rule("s.mode_financement NOT IN ('FPU', 'FA')", "mode de financement inconnu", "mode_financement"),
        Rule(
            "(s.departement_majoritaire, s.region_majoritaire) NOT IN (SELECT code, region FROM staged_departements)",
            "département majoritaire inconnu ou d’une autre région",
            "departement_majoritaire",
        ),
        Rule(
            "NOT string_to_array(s.departements, '|') <@ ARRAY(SELECT code FROM staged_departements)"
            " OR s.departement_majoritaire <> ALL (string_to_array(s.departements, '|'))",
            "départements inconnus, ou sans le majoritaire",
            "departements",
        ),
        Rule(
            "NOT string_to_array(s.regions, '|') <@ ARRAY(SELECT code FROM staged_regions)"
            " OR s.region_majoritaire <> ALL (string_to_array(s.regions, '|'))",
            "régions inconnues, ou sans la majoritaire",
            "regions",
        ),
        POPULATION,
        *_counts("population_municipale_fichier_epci", "nb_communes"),
        Rule("s.siren NOT IN (SELECT epci FROM staged_communes)", "aucune commune n’en est membre", "nom"),
    ],
    "ept": [
        _luhn("siren"),
        _once("ept", "siren", "SIREN en double"),
        Rule("s.siren IN (SELECT siren FROM staged_epci)", "ce SIREN est aussi dans epci.csv", "siren"),
        NAME,
        POPULATION,
        *_counts("nb_communes"),
        Rule("s.siren NOT IN (SELECT ept FROM staged_communes)", "aucune commune n’en est membre", "nom"),
    ],
    "collectivites_outre_mer": [
        _matches("code", "'^9[78][0-9]$'", "code de collectivité mal formé"),
        _once("collectivites_outre_mer", "code", "code en double"),
        Rule("s.code IN (SELECT code FROM staged_departements)", "ce code est celui d’un département", "code"),
        Rule("s.code NOT IN (SELECT code FROM known_overseas)", "collectivité inconnue du portail", "code"),
        NAME,
    ],
    "communes_com": [
        _matches("code", "'^9[78][0-9]{3}$'", "code mal formé"),
        _once("communes_com", "code", "code en double"),
        NAME,
        Rule("NOT starts_with(s.code, s.collectivite)", "le code n’est pas de cette collectivité", "collectivite"),
        _known("collectivite", "collectivites_outre_mer", "code", "collectivité inconnue"),
        _matches("population", "'^(0|[1-9][0-9]{0,8})?$'", "population : un nombre entier attendu"),
        POSTAL,
    ],
    "communes_centroides": [
        _once("communes_centroides", "code", "code en double"),
        _known("code", "communes", "code", "commune inconnue de communes.csv"),
        Rule(
            "CASE WHEN s.latitude !~ '^-?[0-9]{1,2}[.][0-9]{1,8}$' THEN true"
            " WHEN s.code < '97' THEN s.latitude::numeric NOT BETWEEN 41 AND 51.5"
            " ELSE s.latitude::numeric NOT BETWEEN -22 AND 18 END",
            "latitude hors du territoire",
            "latitude",
        ),
        Rule(
            "CASE WHEN s.longitude !~ '^-?[0-9]{1,2}[.][0-9]{1,8}$' THEN true"
            " WHEN s.code < '97' THEN s.longitude::numeric NOT BETWEEN -5.5 AND 9.8"
            " ELSE s.longitude::numeric NOT BETWEEN -62 AND 56 END",
            "longitude hors du territoire",
            "longitude",
        ),
    ],
    "communes_deleguees_associees": [
        _matches("code", f"'^{_COMMUNE}$'", "code INSEE mal formé"),
        _once("communes_deleguees_associees", "code", "code en double"),
        NAME,
        Rule("s.type NOT IN ('commune-deleguee', 'commune-associee')", "type inconnu", "type"),
        _known("commune_actuelle", "communes", "code", "commune actuelle inconnue"),
    ],
    "arrondissements_municipaux": [
        _matches("code", f"'^{_COMMUNE}$'", "code mal formé"),
        _once("arrondissements_municipaux", "code", "code en double"),
        _known("commune", "communes", "code", "commune inconnue"),
        Rule("s.code IN (SELECT code FROM staged_communes)", "ce code est celui d’une commune", "code"),
        NAME,
        POPULATION,
        POSTAL,
    ],
    "prefectures": [
        _known("departement", "departements", "code", "département inconnu"),
        _once("prefectures", "departement", "département en double"),
        _matches("nom", "'^Préfecture '", "nom de préfecture mal formé"),
        Rule(
            "(s.commune, s.commune_nom) NOT IN (SELECT code, nom FROM staged_communes)",
            "commune inconnue ou d’un autre nom",
            "commune_nom",
        ),
        Rule(
            "s.prefecture_de_region NOT IN ('', 'oui')",
            "prefecture_de_region : « oui » ou rien",
            "prefecture_de_region",
        ),
    ],
}


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that says how many lines another one holds for it: a cut made exactly between two lines shows there.

    Beyond ``slack`` plus 5 % the source is refused; a smaller difference is told, since official files of two dates do
    differ by a merger or two.
    """

    table: str
    key: str
    announced: str
    counted: str
    grouped: str
    slack: int


ANNOUNCED: tuple[Announced, ...] = (
    Announced("regions", "code", "nb_communes", "communes", "region", 3),
    Announced("regions", "code", "nb_departements", "departements", "region", 0),
    Announced("departements", "code", "nb_communes", "communes", "departement", 3),
    Announced("epci", "siren", "nb_communes", "communes", "epci", 3),
    Announced("ept", "siren", "nb_communes", "communes", "ept", 1),
)

#: (file, column, column of communes.csv that groups): populations which are sums of their communes'. One that differs
#: is told; more than one in twenty means that a column was exchanged for another, and each such line is refused.
SUMS: tuple[tuple[str, str, str], ...] = (
    ("regions", "code", "region"),
    ("departements", "code", "departement"),
    ("epci", "siren", "epci"),
    ("ept", "siren", "ept"),
)
MOST_SUMS_APART = 20

#: A name that bears its article says its own code. One that differs is told and corrected (the source has « Le
#: Vernet-Chaméane » as without article); many mean that a column was exchanged for another.
ARTICLE_OF_NAME = """CASE substring(s.nom from '^(Le |La |Les |L''|Aux |Las |Los )')
  WHEN 'Le ' THEN '2' WHEN 'La ' THEN '3' WHEN 'Les ' THEN '4' WHEN 'L''' THEN '5' WHEN 'Aux ' THEN '6'
  WHEN 'Las ' THEN '7' WHEN 'Los ' THEN '8' ELSE s.type_liaison END"""
MOST_ARTICLES_APART = 20
