"""Where the desk sends what it can't answer, as a literal table (DOMAIN 4.6): what ``seed`` writes. Staff may change it
and add others in the admin.
"""

from dataclasses import dataclass

from operators.enums import RedirectionReason


@dataclass(frozen=True, slots=True)
class RedirectionReference:
    """Nobody has verified it yet: whoever does writes the day."""

    code: str
    reason: str
    label: str
    target: str
    url: str
    text: str


REDIRECTIONS: tuple[RedirectionReference, ...] = (
    RedirectionReference(
        "couverture-mobile",
        RedirectionReason.OTHER_SERVICE,
        "Couverture mobile",
        "Toutes et tous connecté·e·s",
        "https://toutesettousconnectes.anct.gouv.fr",
        "Le guichet ne traite pas la couverture mobile. La plateforme Toutes et tous connecté·e·s recueille le "
        "signalement des élus ; l’équipe-projet du département le vérifie.",
    ),
    RedirectionReference(
        "politique-de-la-ville",
        RedirectionReason.GRANT,
        "Subvention d’un projet en quartier prioritaire",
        "Dauphin",
        "https://usager-dauphin.cget.gouv.fr",
        "Le guichet ne verse pas de subvention. Les crédits de la politique de la ville se demandent sur Dauphin.",
    ),
    RedirectionReference(
        "financements",
        RedirectionReason.GRANT,
        "Recherche de financements",
        "Aides-territoires",
        "https://aides-territoires.beta.gouv.fr/aides/?text={sujet}",
        "Le guichet ne verse pas de subvention. Aides-territoires recense les aides ouvertes à votre collectivité.",
    ),
    RedirectionReference(
        "dotations",
        RedirectionReason.GRANT,
        "DETR, DSIL, DSID, Fonds vert",
        "les formulaires de la préfecture",
        "https://www.demarches-simplifiees.fr",
        "Le guichet ne verse pas de subvention. La dotation se demande à la préfecture, par son formulaire en ligne.",
    ),
    RedirectionReference(
        "volontaire",
        RedirectionReason.OTHER_SERVICE,
        "Recrutement d’un volontaire",
        "le volontariat territorial en administration",
        "https://vta.anct.gouv.fr",
        "Le recrutement d’un volontaire territorial passe par la plateforme de l’Agence, avec une aide de l’État.",
    ),
    RedirectionReference(
        "conseiller-numerique",
        RedirectionReason.OTHER_SERVICE,
        "Conseiller numérique",
        "le dispositif Conseiller numérique",
        "https://www.conseiller-numerique.gouv.fr",
        "La demande se fait en ligne ; la préfecture donne un avis motivé, un comité de l’Agence attribue le poste.",
    ),
    RedirectionReference(
        "commerce-rural",
        RedirectionReason.GRANT,
        "Commerce rural",
        "le Fonds de soutien au commerce rural",
        "https://agence-cohesion-territoires.gouv.fr",
        "L’investissement dans un commerce rural peut être aidé par le Fonds de soutien au commerce rural.",
    ),
    RedirectionReference(
        "diagnostic-numerique",
        RedirectionReason.OTHER_SERVICE,
        "Diagnostic numérique",
        "l’Incubateur des territoires",
        "https://incubateur.anct.gouv.fr",
        "L’Incubateur des territoires propose un diagnostic des outils numériques de la commune.",
    ),
)
