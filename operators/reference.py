"""The subjects a mayor ticks, as a literal table (SCREENS 2): what ``seed`` writes. Staff may add others in the admin.

``keywords`` are the words that mayors write; they feed the search of the list, never a decision.
"""

from dataclasses import dataclass

from operators.matching.vocabulary import UNKNOWN_SUBJECT, SubjectGroup, Theme


@dataclass(frozen=True, slots=True)
class SubjectReference:
    code: str
    label: str
    group: str
    theme: str | None
    keywords: tuple[str, ...] = ()


_S, _A, _L, _E = SubjectGroup.SERVICES, SubjectGroup.ACTIVITY, SubjectGroup.LIVING, SubjectGroup.ENVIRONMENT
# fmt: off
SUBJECTS: tuple[SubjectReference, ...] = (
    SubjectReference("ecole", "École, cantine, périscolaire", _S, Theme.JES,
                     ("école", "classe", "cantine", "garderie", "périscolaire", "regroupement", "élèves", "gymnase")),
    SubjectReference("petite-enfance", "Petite enfance", _S, Theme.JES,
                     ("crèche", "assistante maternelle", "maison d’assistantes maternelles", "bébé", "enfants")),
    SubjectReference("jeunes-sport", "Jeunes, sport, loisirs", _S, Theme.JES,
                     ("stade", "gymnase", "piscine", "city-stade", "ados", "jeunes", "terrain", "sport")),
    SubjectReference("sante", "Médecin, accès aux soins", _S, Theme.NUM,
                     ("médecin", "maison de santé", "soins", "pharmacie", "infirmière", "dentiste", "kiné")),
    SubjectReference("france-services", "France services, poste, accès aux droits", _S, Theme.NUM,
                     ("poste", "france services", "démarches", "guichet", "droits", "permanence")),
    SubjectReference("internet-telephone", "Internet, téléphone", _S, Theme.NUM,
                     ("fibre", "téléphone", "réseau", "mobile", "4g", "antenne", "internet", "zone blanche")),
    SubjectReference("outils-numeriques", "Outils numériques, sécurité informatique de la mairie", _S, Theme.NUM,
                     ("logiciel", "mot de passe", "site internet", "piratage", "cybersécurité", "informatique",
                      "sauvegarde")),
    SubjectReference("vie-associative", "Vie associative, tiers-lieu", _S, Theme.PAR,
                     ("association", "tiers-lieu", "coworking", "salle", "bénévoles", "fête")),
    SubjectReference("participation", "Associer les habitants", _S, Theme.PAR,
                     ("habitants", "concertation", "réunion publique", "consultation", "participation",
                      "conseil citoyen")),
    SubjectReference("commerce", "Commerce, café, marché", _A, Theme.COM,
                     ("épicerie", "café", "boulangerie", "restaurant", "bistrot", "vitrine", "marché", "commerce",
                      "dernier commerce")),
    SubjectReference("artisanat", "Artisans, métiers d’art", _A, Theme.COM,
                     ("artisan", "atelier", "métiers d’art", "potier", "savoir-faire")),
    SubjectReference("zone-activite", "Zone d’activité, entreprises", _A, Theme.DEV,
                     ("zone d’activité", "zone artisanale", "entreprise", "pépinière", "usine", "industrie")),
    SubjectReference("friche", "Friche", _A, Theme.DEV,
                     ("friche", "usine fermée", "ancien atelier", "pollution", "sol", "démolition")),
    SubjectReference("emploi", "Emploi, formation", _A, Theme.DEV,
                     ("emploi", "formation", "chômage", "recrutement", "apprentissage")),
    SubjectReference("agriculture", "Agriculture, alimentation locale", _A, Theme.TER,
                     ("agriculture", "maraîcher", "cantine bio", "circuit court", "abattoir", "éleveur",
                      "alimentation")),
    SubjectReference("tourisme", "Tourisme, randonnée", _A, Theme.CUL,
                     ("tourisme", "gîte", "camping", "sentier", "randonnée", "refuge", "touristes", "saison")),
    SubjectReference("logements-vacants", "Logements vacants, habitat dégradé", _L, Theme.LOG,
                     ("maisons vides", "vacant", "vacance", "insalubre", "péril", "dégradé", "ruine", "copropriété")),
    SubjectReference("logement-aines-actifs", "Logement des aînés, des actifs", _L, Theme.LOG,
                     ("aînés", "personnes âgées", "résidence", "locatif", "saisonniers", "logement à l’année",
                      "jeunes ménages")),
    SubjectReference("centre-bourg", "Centre-bourg, place, traversée", _L, Theme.LOG,
                     ("bourg", "place", "traversée", "centre", "stationnement", "parking", "rue principale")),
    SubjectReference("batiment-communal", "Bâtiment communal à reconvertir", _L, Theme.LOG,
                     ("presbytère", "ancienne école", "bâtiment", "salle des fêtes", "reconversion", "mairie", "toit")),
    SubjectReference("urbanisme", "Urbanisme, foncier", _L, Theme.LOG,
                     ("plu", "carte communale", "permis", "terrain", "foncier", "lotissement", "parcelle", "zan")),
    SubjectReference("quartier-prioritaire", "Quartier prioritaire", _L, Theme.LOG,
                     ("quartier", "qpv", "cité", "rénovation urbaine", "bailleur", "tour")),
    SubjectReference("patrimoine", "Église, patrimoine, musée", _L, Theme.CUL,
                     ("église", "chapelle", "château", "patrimoine", "musée", "clocher", "monument", "lavoir")),
    SubjectReference("culture", "Culture, bibliothèque", _L, Theme.CUL,
                     ("bibliothèque", "médiathèque", "cinéma", "festival", "culture", "théâtre", "micro-folie")),
    SubjectReference("eau", "Eau potable, assainissement", _E, Theme.TER,
                     ("eau", "source", "captage", "assainissement", "station d’épuration", "fuite", "sécheresse")),
    SubjectReference("risques", "Inondation, incendie, érosion", _E, Theme.TER,
                     ("inondation", "crue", "incendie", "feu", "érosion", "littoral", "falaise", "trait de côte",
                      "ruissellement")),
    SubjectReference("energie", "Énergie, rénovation, chauffage", _E, Theme.TER,
                     ("chauffage", "chaudière", "isolation", "énergie", "panneaux solaires", "bois", "rénovation",
                      "facture")),
    SubjectReference("mobilites", "Déplacements, pont, vélo", _E, Theme.TER,
                     ("pont", "vélo", "piste cyclable", "bus", "covoiturage", "route", "gare", "déplacements")),
    SubjectReference("nature", "Nature, arbres, cour d’école", _E, Theme.TER,
                     ("arbres", "cour d’école", "nature", "haie", "ombre", "canicule", "jardin", "biodiversité")),
    SubjectReference("projet-territoire", "Projet de mandat, projet de territoire, contrat", _E, Theme.PDT,
                     ("projet de mandat", "projet de territoire", "contrat", "crte", "stratégie", "feuille de route")),
    SubjectReference("finances-juridique", "Finances, montage juridique, marché public", _E, Theme.PDT,
                     ("marché public", "juridique", "budget", "délibération", "régie", "dsp", "emprunt",
                      "contentieux")),
    SubjectReference(UNKNOWN_SUBJECT, "Je ne sais pas", "", None),
)
# fmt: on

SUBJECT_LABELS: dict[str, str] = {subject.code: subject.label for subject in SUBJECTS}
