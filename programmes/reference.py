"""The national programmes, as a literal table: what ``seed`` writes, and the names that other literal tables use.

Figures and dates are those of the source documents (DOMAIN 6). ``counts_in_coverage`` reproduces the published 63 %,
54 M and 88 % on the real lists, with groupings expanded and without CRTE (PRACTICE 3.11): « périmètre à confirmer ».
"""

import datetime as dt
from dataclasses import dataclass

#: Levels at which a programme names its members, told again by ``programmes.enums.MemberLevel``: no Django here.
COMMUNE, EPCI, PLACE = "commune", "epci", "place"


@dataclass(frozen=True, slots=True)
class Reference:
    code: str
    label: str
    level: str
    aliases: tuple[str, ...]
    counts_in_coverage: bool
    summary: str
    selection_rule: str
    dates_label: str
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    source: str = ""


PROGRAMMES: tuple[Reference, ...] = (
    Reference(
        "ACV",
        "Action cœur de ville",
        COMMUNE,
        ("action_coeur_de_ville",),
        counts_in_coverage=True,
        summary="Redonner de l’attrait aux centres des villes moyennes.",
        selection_rule=(
            "Liste arrêtée par l’État, sans candidature : villes de 20 000 à 100 000 habitants exerçant "
            "une centralité, à la date de la sélection. Ni Petites villes de demain ni Villages d’avenir."
        ),
        dates_label="2018 ; deuxième phase de 2023 à 2026",
        starts_on=dt.date(2018, 1, 1),
        ends_on=dt.date(2026, 12, 31),
        source="Rapport annuel 2023 de l’Agence : 244 communes",
    ),
    Reference(
        "PVD",
        "Petites villes de demain",
        COMMUNE,
        ("petites_villes_de_demain",),
        counts_in_coverage=True,
        summary="Aider les petites villes qui jouent un rôle de centre à conduire leur projet.",
        selection_rule=(
            "Communes de moins de 20 000 habitants exerçant une centralité et présentant des signes de fragilité, "
            "choisies par le préfet, à la date de la sélection. Ni Action cœur de ville ni Villages d’avenir."
        ),
        dates_label="depuis le 1ᵉʳ octobre 2020, jusqu’en 2026",
        starts_on=dt.date(2020, 10, 1),
        ends_on=dt.date(2026, 12, 31),
        source="Présentation du programme, 2020",
    ),
    Reference(
        "VA",
        "Villages d’avenir",
        COMMUNE,
        ("villages_d_avenir", "villages_davenir"),
        counts_in_coverage=True,
        summary="Donner aux communes rurales un chef de projet pour faire aboutir ce qu’elles ont en tête.",
        selection_rule=(
            "Groupes de deux à huit communes de moins de 3 500 habitants chacune, ou une seule commune exerçant une "
            "centralité, avec une lettre de soutien de son intercommunalité. Ni Action cœur de ville ni Petites villes "
            "de demain."
        ),
        dates_label="depuis le 21 décembre 2023, pour trois ans",
        starts_on=dt.date(2023, 12, 21),
        ends_on=dt.date(2026, 12, 31),
        source="Rapport annuel 2023 de l’Agence : 2 458 communes",
    ),
    Reference(
        "TI",
        "Territoires d’industrie",
        EPCI,
        ("territoires_industrie", "territoires_d_industrie"),
        counts_in_coverage=True,
        summary="Faire travailler ensemble élus et industriels d’un même bassin d’emploi.",
        selection_rule=(
            "Groupes d’intercommunalités formant un bassin d’emploi industriel, avec un chef de projet et un binôme "
            "formé d’un élu et d’un industriel."
        ),
        dates_label="2018 ; deuxième phase de 2023 à 2027",
        starts_on=dt.date(2018, 11, 22),
        ends_on=dt.date(2027, 12, 31),
        source="Rapport annuel 2023 de l’Agence : 183 territoires, 630 intercommunalités",
    ),
    Reference(
        "CRTE",
        "Contrats pour la réussite de la transition écologique",
        EPCI,
        ("crte",),
        counts_in_coverage=False,
        summary="Un contrat de six ans entre l’État et un territoire, qui rassemble ses projets.",
        selection_rule="Périmètre au moins intercommunal et au plus départemental ; signature du préfet et des élus.",
        dates_label="depuis la circulaire du 20 novembre 2020",
        starts_on=dt.date(2020, 11, 20),
        source="Rapport annuel 2023 de l’Agence : 848 contrats signés sur 853 périmètres",
    ),
    Reference(
        "FS",
        "France services",
        PLACE,
        ("france_services",),
        counts_in_coverage=True,
        summary="Un accueil de proximité pour les démarches administratives, à moins de trente minutes.",
        selection_rule="Label accordé aux structures qui respectent le référentiel national.",
        dates_label="depuis janvier 2020",
        starts_on=dt.date(2020, 1, 1),
        source="Rapport annuel 2023 de l’Agence : 2 700 France services, dont 160 bus",
    ),
    Reference(
        "CE",
        "Cités éducatives",
        PLACE,
        ("cites_educatives",),
        counts_in_coverage=True,
        summary="Réunir autour de l’école ceux qui accompagnent les jeunes des quartiers prioritaires.",
        selection_rule="Territoires comptant au moins un quartier prioritaire et un collège chef de file.",
        dates_label="depuis 2019",
        starts_on=dt.date(2019, 9, 1),
        source="Rapport annuel 2023 de l’Agence : 208 cités",
    ),
    Reference(
        "FDT",
        "Fabriques de territoire",
        PLACE,
        ("fabriques_territoire", "fabriques_de_territoire"),
        counts_in_coverage=True,
        summary="Soutenir des tiers-lieux qui en aident d’autres à naître.",
        selection_rule="Tiers-lieux retenus à la suite d’un appel à manifestation d’intérêt.",
        dates_label="depuis juillet 2019",
        starts_on=dt.date(2019, 7, 1),
        source="Rapport annuel 2023 de l’Agence : 384 fabriques (ou 382, selon les pages)",
    ),
)

#: Code → name, for texts built from literal tables.
LABELS: dict[str, str] = {reference.code: reference.label for reference in PROGRAMMES}
