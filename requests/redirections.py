"""Where the desk sends what it can’t answer (DOMAIN 4.6): a literal table of suggestions."""

from collections.abc import Mapping
from dataclasses import dataclass

from requests.enums import RedirectionReason


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the desk sends what it can't answer (DOMAIN 4.6)."""

    reason: str
    when: str
    target: str
    url: str
    text: str


#: Suggestions of « Réorienter »; one click fills the form, which stays to be read and sent.
ELSEWHERE: Mapping[str, Elsewhere] = {
    "couverture-mobile": Elsewhere(
        RedirectionReason.OTHER_SERVICE,
        "Couverture mobile",
        "Toutes et tous connecté·e·s",
        "https://toutesettousconnectes.gouv.fr",
        "Le guichet ne traite pas la couverture mobile. La plateforme Toutes et tous connecté·e·s recueille le "
        "signalement des élus ; l’équipe-projet du département le vérifie.",
    ),
    "politique-de-la-ville": Elsewhere(
        RedirectionReason.GRANT,
        "Subvention d’un projet en quartier prioritaire",
        "Dauphin",
        "https://usager-dauphin.cget.gouv.fr",
        "Le guichet ne verse pas de subvention. Les crédits de la politique de la ville se demandent sur Dauphin.",
    ),
    "financements": Elsewhere(
        RedirectionReason.GRANT,
        "Recherche de financements",
        "Aides-territoires",
        "https://aides-territoires.beta.gouv.fr",
        "Le guichet ne verse pas de subvention. Aides-territoires recense les aides ouvertes à votre collectivité.",
    ),
    "dotations": Elsewhere(
        RedirectionReason.GRANT,
        "DETR, DSIL, DSID, Fonds vert",
        "les formulaires de la préfecture",
        "https://www.demarches-simplifiees.fr",
        "Le guichet ne verse pas de subvention. La dotation se demande à la préfecture, par son formulaire en ligne.",
    ),
    "volontaire": Elsewhere(
        RedirectionReason.OTHER_SERVICE,
        "Recrutement d’un volontaire",
        "le volontariat territorial en administration",
        "https://vta.anct.gouv.fr",
        "Le recrutement d’un volontaire territorial passe par la plateforme de l’Agence, avec une aide de l’État.",
    ),
    "conseiller-numerique": Elsewhere(
        RedirectionReason.OTHER_SERVICE,
        "Conseiller numérique",
        "le dispositif Conseiller numérique",
        "https://www.conseiller-numerique.gouv.fr",
        "La demande se fait en ligne ; la préfecture donne un avis motivé, un comité de l’Agence attribue le poste.",
    ),
    "commerce-rural": Elsewhere(
        RedirectionReason.GRANT,
        "Commerce rural",
        "le Fonds de soutien au commerce rural",
        "https://agence-cohesion-territoires.gouv.fr",
        "L’investissement dans un commerce rural peut être aidé par le Fonds de soutien au commerce rural.",
    ),
    "diagnostic-numerique": Elsewhere(
        RedirectionReason.OTHER_SERVICE,
        "Diagnostic numérique",
        "l’Incubateur des territoires",
        "https://incubateur.anct.gouv.fr",
        "L’Incubateur des territoires propose un diagnostic des outils numériques de la commune.",
    ),
}
