"""The demonstration accounts: one per role, with what to try (DESIGN 7; persons of SCENARIOS 1.1).

Plain values, so that ``make run`` prints them without a database.
"""

from dataclasses import dataclass

PASSWORD = "demonstration"  # noqa: S105  (printed by make run; refused when DEBUG is off)
DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    person: str
    try_this: str

    @property
    def email(self) -> str:
        return f"{self.name}@{DOMAIN}"


ACCOUNTS: tuple[Account, ...] = (
    Account(
        "maire",
        "Mme Bruyère, maire de Mézel",
        "Décrivez un besoin, relisez-le sur une page, puis suivez votre demande jusqu’à la réponse.",
    ),
    Account(
        "secretaire",
        "Mme Tilleul, secrétaire générale de mairie de Mézel",
        "Préparez une demande que la maire enverra.",
    ),
    Account(
        "maire2",
        "M. Sureau, maire de Giromagny",
        "Vérifiez que vous ne voyez rien de Mézel : un autre département, d’autres demandes.",
    ),
    Account(
        "epci",
        "Mme Vigne, présidente de Provence-Alpes-Agglomération",
        "Déposez au nom de l’intercommunalité ; voyez ce qu’une commune accepte de vous montrer.",
    ),
    Account(
        "chefprojet",
        "Mme Sorbier, cheffe de projet Villages d’avenir",
        "Suivez les communes du programme et notez une visite.",
    ),
    Account(
        "offreur",
        "M. Micocoulier, agence technique départementale",
        "Répondez à une sollicitation du guichet : acceptez, ou dites pourquoi vous ne pouvez pas.",
    ),
    Account(
        "instructeur",
        "M. Frêne, guichet des Alpes-de-Haute-Provence",
        "Ouvrez la file du matin, accusez réception, qualifiez, puis préparez une proposition.",
    ),
    Account(
        "instructeur2",
        "Mme Aulne, guichet du Territoire de Belfort",
        "Essayez d’ouvrir une demande des Alpes-de-Haute-Provence : elle vous reste invisible.",
    ),
    Account(
        "sousprefet",
        "M. Cormier, sous-préfet de Forcalquier",
        "Enregistrez en deux minutes une demande entendue en visite.",
    ),
    Account(
        "adjoint",
        "Mme Charme, déléguée territoriale adjointe",
        "Signez une saisine sous l’arrêté du 14 septembre 2026 ; l’ancien ne permet plus rien.",
    ),
    Account(
        "delegue",
        "M. Aubier, délégué territorial (préfet)",
        "Décidez d’une proposition, désignez un chargé de suivi, enregistrez un arrêté de délégation.",
    ),
    Account(
        "suivi",
        "M. Noyer, chargé de suivi",
        "Notez une étape sur un projet qui vous est confié, puis proposez sa clôture.",
    ),
    Account(
        "cmt",
        "Mme Érable, chargée de mission territoriale",
        "Donnez votre avis sur une saisine en préparation, de Nice à Bastia.",
    ),
    Account(
        "anct",
        "M. Mélèze, Agence nationale de la cohésion des territoires",
        "Accusez réception d’une saisine, puis confiez-la à un opérateur ou au marché d’ingénierie.",
    ),
    Account(
        "dg",
        "Mme Cyprès, directrice générale de l’Agence",
        "Engagez une mission du marché avant la clôture de l’exercice.",
    ),
    Account("anah", "Mme Buis, Agence nationale de l’habitat", "Acceptez une demande confiée à l’Anah."),
    Account("anru", "M. Genêt, Agence nationale pour la rénovation urbaine", "Suivez la demande de Sedan."),
    Account("cerema", "M. Alisier, Cerema", "Retrouvez le rapport rendu aux Vosges du Sud."),
    Account("bdt", "Mme Saule, Banque des Territoires", "Voyez une offre mobilisée par un préfet à Langeac."),
    Account("ademe", "M. Orme, Agence de la transition écologique", "Refusez une demande, avec son motif et sa date."),
    Account(
        "clct",
        "M. Houx, membre du comité local des Alpes-de-Haute-Provence",
        "Lisez les papiers du comité : il est informé, il ne décide pas.",
    ),
    Account(
        "admin",
        "Mme Laurier, administration fonctionnelle",
        "Créez un mandat, enregistrez un changement de préfet, révoquez un jeton.",
    ),
)

#: The shared address of the town hall: a code asked for it leads to « Qui êtes-vous ? ».
SHARED_MAILBOX = f"mairie-mezel@{DOMAIN}"
