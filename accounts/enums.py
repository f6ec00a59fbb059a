"""French words for the values of people, mandates and acts. No logic."""

from django.db import models

from common.actor import Matter, Role


class Civility(models.TextChoices):
    MADAME = "Mme", "Mme"
    MONSIEUR = "M.", "M."


class OrganisationKind(models.TextChoices):
    DESK = "desk", "Guichet départemental"
    STATE_SERVICE = "state_service", "Service de l’État"
    AGENCY = "agency", "Agence nationale"
    OPERATOR = "operator", "Opérateur partenaire"
    PROVIDER = "provider", "Acteur local de l’ingénierie"
    COLLECTIVITY = "collectivity", "Collectivité"
    COMMITTEE = "committee", "Membre du comité local"
    CONTRACTOR = "contractor", "Titulaire du marché d’ingénierie"


class MandateRole(models.TextChoices):
    """The roles of ``common.actor.Role`` that a person may hold (neither the anonymous visitor nor the workers)."""

    OFFICIAL = Role.OFFICIAL.value, "Élue ou élu"
    SECRETARY = Role.SECRETARY.value, "Agente ou agent de la collectivité"
    PROVIDER = Role.PROVIDER.value, "Acteur local de l’ingénierie"
    INSTRUCTOR = Role.INSTRUCTOR.value, "Instruction au guichet"
    SUB_PREFECT = Role.SUB_PREFECT.value, "Sous-préfecture d’arrondissement"
    DEPUTY = Role.DEPUTY.value, "Délégation territoriale adjointe"
    DELEGATE = Role.DELEGATE.value, "Délégation territoriale (préfète ou préfet)"
    FOLLOW_UP_OFFICER = Role.FOLLOW_UP_OFFICER.value, "Suivi de projet"
    PROJECT_LEADER = Role.PROJECT_LEADER.value, "Chefferie de projet d’un programme"
    REGION = Role.REGION.value, "Préfecture de région"
    CMT = Role.CMT.value, "Mission territoriale de l’Agence"
    NATIONAL = Role.NATIONAL.value, "Instruction nationale"
    DIRECTOR_GENERAL = Role.DIRECTOR_GENERAL.value, "Direction générale de l’Agence"
    OPERATOR = Role.OPERATOR.value, "Correspondance d’un opérateur"
    CONTRACTOR = Role.CONTRACTOR.value, "Titulaire du marché d’ingénierie"
    COMMITTEE_MEMBER = Role.COMMITTEE_MEMBER.value, "Membre du comité local"
    ADMINISTRATOR = Role.ADMINISTRATOR.value, "Administration fonctionnelle"


class MandateStatus(models.TextChoices):
    CLAIMED = "claimed", "Déclaré, à confirmer"
    CONFIRMED = "confirmed", "Confirmé"
    REFUSED = "refused", "Non confirmé"
    ENDED = "ended", "Terminé"


class Proof(models.TextChoices):
    """Why a mandate is believed (PRACTICE 2.1)."""

    NONE = "", "Aucune"
    OFFICIAL_ADDRESS = "official_address", "Code envoyé à l’adresse officielle de la collectivité"
    DESK = "desk", "Confirmation par le guichet"
    PROCONNECT = "proconnect", "ProConnect"
    APPOINTMENT = "appointment", "Nomination enregistrée par l’administration du portail"
    LOAN = "loan", "Renfort accordé par un autre guichet"


class MatterChoice(models.TextChoices):
    """What a delegation of signature may cover, as the act's text would say it."""

    LOCAL_DECISION = Matter.LOCAL_DECISION.value, "Propositions d’aide locale et désignation du suivi"
    REDIRECTION = Matter.REDIRECTION.value, "Réorientations"
    CLOSING = Matter.CLOSING.value, "Clôtures"
    REFERRAL = Matter.REFERRAL.value, "Saisines de l’Agence nationale"
    AGREEMENT = Matter.AGREEMENT.value, "Conventions d’accompagnement"


class ActEnd(models.TextChoices):
    """Why an act of delegation ceased."""

    NONE = "", "En cours"
    TERM = "term", "Échéance de l’arrêté"
    CHANGE_OF_PREFECT = "change_of_prefect", "Changement de préfet"
    SIGNATORY_LEFT = "signatory_left", "Départ du signataire"
    DELEGATING_LEFT = "delegating_left", "Départ de l’autorité délégante"
    REPLACED = "replaced", "Remplacé par un nouvel arrêté"
    REPEALED = "repealed", "Abrogé"


class CodePurpose(models.TextChoices):
    SIGN_IN = "sign_in", "Connexion"
    SECOND_FACTOR = "second_factor", "Second facteur"
    PASSWORD = "password", "Nouveau mot de passe"
    PROOF = "proof", "Preuve de mandat"
