"""From text staging tables to typed rows as they should be: a ``wanted_…`` temporary table for each of the portal's."""

# ruff: noqa: S608  (names of tables and columns come from the literal tables of this package)
from typing import Any

from django.db.backends.utils import CursorWrapper

from common.french import with_article
from territories.enums import AreaKind, CollectivityKind, FormerCodeKind, Liaison, Zone
from territories.loading import constants
from territories.loading.rules import ARTICLE_OF_NAME
from territories.models.collectivity import OVERSEAS_COMMUNE

TABLES = (
    *("known_overseas", "known_time_zones", "articled", "wanted_region", "wanted_department", "wanted_arrondissement"),
    *("wanted_collectivity", "wanted_department_link", "wanted_membership", "wanted_former_code"),
)

#: Names are kept with their typographic apostrophe: every page shows them, none repairs them.
_NAME = "replace(s.nom, '''', '’')"

_AREAS = f"""
CREATE TEMPORARY TABLE wanted_region ON COMMIT DROP AS
SELECT s.code, {_NAME} AS name, s.type_liaison::smallint AS liaison, s.zone, s.chef_lieu AS chief_town_code,
       replace(s.chef_lieu_nom, '''', '’') AS chief_town, s.population::integer AS population, true AS is_current
FROM staged_regions s;

CREATE TEMPORARY TABLE wanted_department ON COMMIT DROP AS
SELECT s.code, {_NAME} AS name, s.region AS region_id, '{AreaKind.DEPARTMENT}' AS kind, s.zone,
       CASE WHEN s.code = ANY (%(without_article)s) THEN 0 ELSE s.type_liaison::smallint END::smallint AS liaison,
       coalesce(z.time_zone, 'Europe/Paris') AS time_zone,
       CASE WHEN s.code = ANY (%(without_article)s) THEN regexp_replace(p.nom, '^Préfecture du ', 'Préfecture de ')
            ELSE replace(p.nom, '''', '’') END AS prefecture_name,
       s.chef_lieu AS chief_town_code, replace(s.chef_lieu_nom, '''', '’') AS chief_town,
       s.population::integer AS population,
       (CASE WHEN s.code = %(mayotte)s THEN %(mayotte_vintage)s ELSE %(vintage)s END)::smallint AS population_vintage,
       true AS is_current
FROM staged_departements s
JOIN staged_prefectures p ON p.departement = s.code
LEFT JOIN known_time_zones z ON z.code = s.code
UNION ALL
SELECT s.code, {_NAME}, NULL, '{AreaKind.OVERSEAS_COLLECTIVITY}', '{Zone.OVERSEAS_COLLECTIVITY}', o.liaison,
       o.time_zone, o.representative, o.chief_town_code, o.chief_town, c.population, NULL, true
FROM staged_collectivites_outre_mer s
JOIN known_overseas o ON o.code = s.code
LEFT JOIN (SELECT collectivite, sum(nullif(population, '')::integer)::integer AS population
           FROM staged_communes_com GROUP BY collectivite) c ON c.collectivite = s.code;

CREATE TEMPORARY TABLE wanted_arrondissement ON COMMIT DROP AS
SELECT s.code, {_NAME} AS name, s.departement AS department_id, s.chef_lieu AS chief_town_code, true AS is_current
FROM staged_arrondissements s;
"""

#: « CC », « CA », « CU », « Métropole … » are feminine; the others follow their first letter.
_GROUPING_LIAISON = f"""(CASE WHEN s.nom ~ '^(CC|CA|CU|Métropole|Communauté) ' THEN {Liaison.DE_LA}
  WHEN s.nom ~ '^Eurométropole ' THEN {Liaison.DE_L} WHEN s.nom ~ '^[AEÉÈIÎOŒUY]' THEN {Liaison.D}
  ELSE {Liaison.DE} END)::smallint"""
_EPCI_FORM = """CASE s.type WHEN 'CC' THEN 'Communauté de communes' WHEN 'CA' THEN 'Communauté d’agglomération'
  WHEN 'CU' THEN 'Communauté urbaine' WHEN 'MET69' THEN 'Métropole de Lyon' ELSE 'Métropole' END"""

_COLLECTIVITIES = f"""
CREATE TEMPORARY TABLE wanted_collectivity (
  kind text, code text, name text, other_names text, liaison smallint, legal_form text, insee_code text, siren text,
  population integer, population_vintage smallint, population_column text, populations jsonb, department_id text,
  arrondissement_id text, postal_codes varchar(5)[], latitude numeric(8, 5), longitude numeric(8, 5), is_current boolean
) ON COMMIT DROP;

INSERT INTO wanted_collectivity
SELECT '{CollectivityKind.COMMUNE}', s.code, {_NAME}, coalesce(d.names, ''), ({ARTICLE_OF_NAME})::smallint, 'Commune',
       s.code, s.siren, s.population::integer, v.vintage, 'population', '{{}}'::jsonb, s.departement,
       nullif(s.arrondissement, ''), string_to_array(s.codes_postaux, '|'), c.latitude::numeric, c.longitude::numeric,
       true
FROM staged_communes s
LEFT JOIN staged_communes_centroides c ON c.code = s.code
LEFT JOIN (SELECT commune_actuelle, string_agg(DISTINCT replace(nom, '''', '’'), ', ') AS names
           FROM staged_communes_deleguees_associees d
           WHERE (commune_actuelle, nom) NOT IN (SELECT code, nom FROM staged_communes)
           GROUP BY commune_actuelle) d ON d.commune_actuelle = s.code
CROSS JOIN LATERAL (SELECT (CASE WHEN s.departement = %(mayotte)s THEN %(mayotte_vintage)s
                                 ELSE %(vintage)s END)::smallint AS vintage) v
UNION ALL
SELECT '{CollectivityKind.EPCI}', s.siren, {_NAME}, '', {_GROUPING_LIAISON}, {_EPCI_FORM}, NULL, s.siren,
       CASE %(column)s WHEN 'population' THEN s.population ELSE s.population_municipale_fichier_epci END::integer,
       v.vintage, %(column)s,
       jsonb_build_object('population', s.population::integer,
                          'population_municipale_fichier_epci', s.population_municipale_fichier_epci::integer),
       s.departement_majoritaire, NULL, '{{}}'::text[], NULL, NULL, true
FROM staged_epci s
CROSS JOIN LATERAL (SELECT (CASE WHEN s.departement_majoritaire = %(mayotte)s THEN %(mayotte_vintage)s
                                 ELSE %(vintage)s + %(shift)s END)::smallint AS vintage) v
UNION ALL
SELECT '{CollectivityKind.EPT}', s.siren, {_NAME}, '', {_GROUPING_LIAISON}, 'Établissement public territorial', NULL,
       s.siren, s.population::integer, %(vintage)s::smallint, 'population', '{{}}'::jsonb,
       (SELECT c.departement FROM staged_communes c WHERE c.ept = s.siren
        GROUP BY c.departement ORDER BY sum(c.population::integer) DESC, c.departement LIMIT 1),
       NULL, '{{}}'::text[], NULL, NULL, true
FROM staged_ept s
UNION ALL
SELECT '{CollectivityKind.DEPARTMENT}', w.code, 'Département ' || f.of_name, '', {Liaison.DU}::smallint,
       'Département', NULL, NULL, w.population, w.population_vintage, 'population', '{{}}'::jsonb, w.code,
       NULL, '{{}}'::text[], NULL, NULL, true
FROM wanted_department w JOIN articled f ON f.kind = 'department' AND f.code = w.code
WHERE w.kind = '{AreaKind.DEPARTMENT}' AND w.code <> ALL (%(no_department_council)s)
UNION ALL
SELECT '{CollectivityKind.DEPARTMENT}', %(alsace_code)s, %(alsace_name)s, '', {Liaison.DE_LA}::smallint,
       'Collectivité à statut particulier', NULL, NULL, sum(w.population)::integer, %(vintage)s::smallint, 'population',
       '{{}}'::jsonb, %(alsace_lead)s, NULL, '{{}}'::text[], NULL, NULL, true
FROM wanted_department w WHERE w.code = ANY (%(alsace_departments)s) HAVING count(*) > 0
UNION ALL
SELECT '{CollectivityKind.REGION}', 'REG-' || w.code, coalesce(f.own_name, 'Région ' || w.name), '',
       {Liaison.DE_LA}::smallint, CASE WHEN f.own_name IS NULL THEN 'Région' ELSE 'Collectivité unique' END, NULL, NULL,
       w.population, %(vintage)s::smallint, 'population', '{{}}'::jsonb,
       (SELECT d.code FROM wanted_department d WHERE d.region_id = w.code
        ORDER BY d.chief_town_code = w.chief_town_code DESC, d.code LIMIT 1),
       NULL, '{{}}'::text[], NULL, NULL, true
FROM wanted_region w JOIN articled f ON f.kind = 'region' AND f.code = w.code
WHERE w.code <> ALL (%(no_region_council)s)
UNION ALL
SELECT '{CollectivityKind.OVERSEAS}', coalesce(nullif(o.commune, ''), w.code), w.name, '', w.liaison,
       'Collectivité d’outre-mer', nullif(o.commune, ''), NULL, w.population, NULL,
       CASE WHEN w.population IS NULL THEN '' ELSE 'population' END, '{{}}'::jsonb, w.code, NULL,
       coalesce((SELECT string_to_array(c.codes_postaux, '|') FROM staged_communes_com c WHERE c.code = o.commune),
                '{{}}'), NULL, NULL, true
FROM wanted_department w JOIN known_overseas o ON o.code = w.code AND o.body
UNION ALL
-- the districts of the southern lands and Clipperton, which have no population, are no local authorities
SELECT '{CollectivityKind.OVERSEAS}', s.code, {_NAME}, '', {_GROUPING_LIAISON}, '{OVERSEAS_COMMUNE}', s.code, NULL,
       s.population::integer, NULL, 'population', '{{}}'::jsonb, s.collectivite, NULL,
       coalesce(string_to_array(nullif(s.codes_postaux, ''), '|'), '{{}}'), NULL, NULL, true
FROM staged_communes_com s
WHERE s.population <> '' AND s.code NOT IN (SELECT commune FROM known_overseas);
ANALYZE wanted_collectivity;
"""

_LINKS = f"""
CREATE TEMPORARY TABLE wanted_department_link ON COMMIT DROP AS
SELECT code, department_id, true AS is_lead FROM wanted_collectivity
UNION ALL
SELECT s.siren, d.code, false FROM staged_epci s
CROSS JOIN LATERAL unnest(string_to_array(s.departements, '|')) d (code)
WHERE d.code <> s.departement_majoritaire
UNION ALL
SELECT DISTINCT w.code, c.departement, false FROM staged_communes c
JOIN wanted_collectivity w ON w.code = c.ept AND w.department_id <> c.departement
UNION ALL
SELECT w.code, d.code, false FROM wanted_collectivity w JOIN wanted_department d ON 'REG-' || d.region_id = w.code
WHERE w.kind = '{CollectivityKind.REGION}' AND d.code <> w.department_id
UNION ALL
SELECT w.code, d.code, false FROM wanted_collectivity w
CROSS JOIN LATERAL unnest(%(alsace_departments)s::text[]) d (code)
WHERE w.code = %(alsace_code)s AND d.code <> w.department_id;

CREATE TEMPORARY TABLE wanted_membership ON COMMIT DROP AS
SELECT code AS member, epci AS grouping FROM staged_communes WHERE epci <> ''
UNION ALL
SELECT code, ept FROM staged_communes WHERE ept <> ''
UNION ALL
SELECT DISTINCT ept, epci FROM staged_communes WHERE ept <> '' AND epci <> '';

-- a code of the history of communes.csv wins over the same code in the list of delegated communes
CREATE TEMPORARY TABLE wanted_former_code ON COMMIT DROP AS
SELECT DISTINCT ON (code) code, current_code, name, kind FROM (
  SELECT f.code, s.code AS current_code, replace(coalesce(d.nom, ''), '''', '’') AS name,
         CASE d.type WHEN 'commune-deleguee' THEN '{FormerCodeKind.DELEGATED}'
                     WHEN 'commune-associee' THEN '{FormerCodeKind.ASSOCIATED}'
                     ELSE '{FormerCodeKind.FORMER}' END AS kind,
         1 AS rank
  FROM staged_communes s CROSS JOIN LATERAL unnest(string_to_array(s.anciens_codes, '|')) f (code)
  LEFT JOIN staged_communes_deleguees_associees d ON d.code = f.code
  WHERE s.anciens_codes <> ''
  UNION ALL
  SELECT d.code, d.commune_actuelle, replace(d.nom, '''', '’'),
         CASE d.type WHEN 'commune-deleguee' THEN '{FormerCodeKind.DELEGATED}' ELSE '{FormerCodeKind.ASSOCIATED}' END, 2
  FROM staged_communes_deleguees_associees d
  UNION ALL
  SELECT m.code, m.commune, m.nom, '{FormerCodeKind.MUNICIPAL_ARRONDISSEMENT}', 3
  FROM staged_arrondissements_municipaux m
) every
WHERE code NOT IN (SELECT code FROM wanted_collectivity)
ORDER BY code, rank, current_code;
ANALYZE wanted_department_link;
ANALYZE wanted_membership;
ANALYZE wanted_former_code;
"""


def declare_constants(cursor: CursorWrapper) -> None:
    """The constants of the portal as tables; the rules on the sources read them too."""
    cursor.execute(
        """
        CREATE TEMPORARY TABLE known_overseas (code text, time_zone text, liaison smallint, representative text,
          chief_town text, chief_town_code text, body boolean, commune text) ON COMMIT DROP;
        CREATE TEMPORARY TABLE known_time_zones (code text, time_zone text) ON COMMIT DROP;
        CREATE TEMPORARY TABLE articled (kind text, code text, of_name text, own_name text) ON COMMIT DROP;
        """
    )
    cursor.executemany(
        "INSERT INTO known_overseas VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                area.code,
                area.time_zone,
                int(area.liaison),
                area.representative,
                area.chief_town,
                area.chief_town_code,
                area.body,
                area.commune,
            )
            for area in constants.OVERSEAS
        ],
    )
    cursor.executemany("INSERT INTO known_time_zones VALUES (%s, %s)", list(constants.TIME_ZONES.items()))


def build(cursor: CursorWrapper, *, vintage: int, epci_population_column: str) -> None:
    """Fills the ``wanted_…`` tables from the staged files, which must have passed every rule."""
    alsace_code, alsace_name, alsace_departments = constants.ALSACE
    parameters: dict[str, Any] = {
        "vintage": vintage,
        "mayotte": constants.MAYOTTE,
        "mayotte_vintage": constants.MAYOTTE_POPULATION_VINTAGE,
        "column": epci_population_column,
        "shift": constants.EPCI_POPULATION_COLUMNS[epci_population_column],
        "without_article": list(constants.USAGE_WITHOUT_ARTICLE),
        "no_department_council": list(constants.WITHOUT_DEPARTMENT_COUNCIL),
        "no_region_council": list(constants.WITHOUT_REGION_COUNCIL),
        "alsace_code": alsace_code,
        "alsace_name": alsace_name,
        "alsace_lead": alsace_departments[0],
        "alsace_departments": list(alsace_departments),
    }
    _execute_each(cursor, _AREAS, parameters)
    _articles(cursor)
    _execute_each(cursor, _COLLECTIVITIES, parameters)
    _execute_each(cursor, _LINKS, parameters)


def _articles(cursor: CursorWrapper) -> None:
    cursor.execute("SELECT code, name, liaison FROM wanted_department")
    departments: list[tuple[str, str, str, str | None]] = [
        ("department", code, with_article(name, liaison), None) for code, name, liaison in cursor.fetchall()
    ]
    cursor.execute("SELECT code FROM wanted_region")
    regions = [("region", code, "", constants.SINGLE_COLLECTIVITIES.get(code)) for (code,) in cursor.fetchall()]
    cursor.executemany("INSERT INTO articled VALUES (%s, %s, %s, %s)", departments + regions)


def _execute_each(cursor: CursorWrapper, script: str, parameters: dict[str, Any]) -> None:
    """Statement by statement: a text with parameters may hold one statement only."""
    for statement in script.split(";\n"):
        if statement.strip():
            cursor.execute(statement, parameters)
