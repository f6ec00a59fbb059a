"""French labels of the values that files carry; no logic."""

from django.db import models

from requests.workflow import Action, Holder, State


class StateChoices(models.TextChoices):
    """Labels for agents; the official reads ``OFFICIAL_STATES``."""

    DRAFT = State.DRAFT.value, "Brouillon"
    SUBMITTED = State.SUBMITTED.value, "Déposée"
    INCOMPLETE = State.INCOMPLETE.value, "À compléter"
    QUALIFICATION = State.QUALIFICATION.value, "En qualification"
    LOCAL_SEARCH = State.LOCAL_SEARCH.value, "Recherche locale"
    PROPOSED = State.PROPOSED.value, "Aide proposée"
    LOCAL_SUPPORT = State.LOCAL_SUPPORT.value, "Suivi local"
    REFERRAL_PREPARATION = State.REFERRAL_PREPARATION.value, "Saisine en préparation"
    REFERRED = State.REFERRED.value, "ANCT saisie"
    NATIONAL_REVIEW = State.NATIONAL_REVIEW.value, "Instruction nationale"
    DELEGATED = State.DELEGATED.value, "Déléguée à un opérateur"
    CONTRACTING = State.CONTRACTING.value, "Conventionnement"
    NATIONAL_SUPPORT = State.NATIONAL_SUPPORT.value, "Accompagnement national"
    SUSPENDED = State.SUSPENDED.value, "Suspendue"
    ATTACHED = State.ATTACHED.value, "Rattachée"
    CLOSED = State.CLOSED.value, "Clôturée"
    REDIRECTED = State.REDIRECTED.value, "Réorientée"
    WITHDRAWN = State.WITHDRAWN.value, "Retirée"
    DROPPED = State.DROPPED.value, "Sans suite"


#: What the official reads as the sentence of state (SCREENS 3).
OFFICIAL_STATES: dict[State, str] = {
    State.DRAFT: "Pas encore envoyée.",
    State.SUBMITTED: "Envoyée, pas encore lue.",
    State.INCOMPLETE: "Il nous manque des éléments.",
    State.QUALIFICATION: "Lue, à l’étude.",
    State.LOCAL_SEARCH: "La préfecture cherche une aide près de chez vous.",
    State.PROPOSED: "Une aide vous est proposée.",
    State.LOCAL_SUPPORT: "Accompagnement en cours.",
    State.REFERRAL_PREPARATION: "La préfecture prépare la transmission à l’Agence nationale.",
    State.REFERRED: "Transmise à l’Agence nationale.",
    State.NATIONAL_REVIEW: "À l’étude à l’Agence nationale.",
    State.DELEGATED: "Confiée à un opérateur de l’État.",
    State.CONTRACTING: "Convention à signer.",
    State.NATIONAL_SUPPORT: "Accompagnement en cours.",
    State.SUSPENDED: "En pause.",
    State.ATTACHED: "Rattachée à la demande de votre intercommunalité.",
    State.CLOSED: "Terminée.",
    State.REDIRECTED: "Adressée ailleurs.",
    State.WITHDRAWN: "Retirée par vous.",
    State.DROPPED: "Fermée sans suite.",
}


class ActionChoices(models.TextChoices):
    """Labels of actions, as an agent reads them on a button or in the journal."""

    SUBMIT = Action.SUBMIT.value, "Déposer la demande"
    TRANSFER = Action.TRANSFER.value, "Transmettre à un autre département"
    ACKNOWLEDGE = Action.ACKNOWLEDGE.value, "Accuser réception"
    ASK_COMPLETION = Action.ASK_COMPLETION.value, "Demander des éléments"
    COMPLETE = Action.COMPLETE.value, "Compléter la demande"
    START_SEARCH = Action.START_SEARCH.value, "Lancer la recherche locale"
    ATTACH = Action.ATTACH.value, "Rattacher à une autre demande"
    DETACH = Action.DETACH.value, "Détacher"
    REDIRECT = Action.REDIRECT.value, "Réorienter"
    PROPOSE = Action.PROPOSE.value, "Proposer une aide"
    WITHDRAW_PROPOSAL = Action.WITHDRAW_PROPOSAL.value, "Retirer la proposition"
    DECLINE_PROPOSAL = Action.DECLINE_PROPOSAL.value, "Refuser la proposition"
    DESIGNATE = Action.DESIGNATE.value, "Désigner le chargé de suivi"
    PREPARE_REFERRAL = Action.PREPARE_REFERRAL.value, "Préparer la transmission"
    ABANDON_REFERRAL = Action.ABANDON_REFERRAL.value, "Abandonner la transmission"
    REFER = Action.REFER.value, "Transmettre à l’Agence (saisine)"
    TAKE_UP = Action.TAKE_UP.value, "Prendre en charge"
    ASK_MORE = Action.ASK_MORE.value, "Demander des compléments"
    SEND_BACK = Action.SEND_BACK.value, "Renvoyer vers une offre locale"
    NOT_RETAIN = Action.NOT_RETAIN.value, "Ne pas retenir"
    DELEGATE = Action.DELEGATE.value, "Confier à un opérateur"
    RETURN_DELEGATION = Action.RETURN_DELEGATION.value, "Retour à l’Agence"
    ASSIGN_SERVICE = Action.ASSIGN_SERVICE.value, "Confier à un service de l’Agence"
    CONTRACT = Action.CONTRACT.value, "Mobiliser le marché d’ingénierie"
    CANCEL_CONTRACT = Action.CANCEL_CONTRACT.value, "Annuler la convention"
    START_SUPPORT = Action.START_SUPPORT.value, "Démarrer l’accompagnement"
    SUSPEND = Action.SUSPEND.value, "Suspendre"
    RESUME = Action.RESUME.value, "Reprendre l’accompagnement"
    CLOSE = Action.CLOSE.value, "Clôturer"
    REOPEN = Action.REOPEN.value, "Rouvrir"
    WITHDRAW = Action.WITHDRAW.value, "Retirer la demande"
    DROP = Action.DROP.value, "Fermer sans suite"
    TAKE_BACK = Action.TAKE_BACK.value, "Reprendre la demande"
    UNDO = Action.UNDO.value, "Annuler l’acte précédent, avant l’envoi du courriel"


class HolderChoices(models.TextChoices):
    DESK = Holder.DESK.value, "le guichet"
    APPLICANT = Holder.APPLICANT.value, "la collectivité"
    PROVIDER = Holder.PROVIDER.value, "un prestataire"
    AGENCY = Holder.AGENCY.value, "l’Agence nationale"
    OPERATOR = Holder.OPERATOR.value, "l’opérateur"
    FOLLOW_UP = Holder.FOLLOW_UP.value, "le chargé de suivi"
    NOBODY = Holder.NOBODY.value, "personne"


class Channel(models.TextChoices):
    """The door a request came through (PRACTICE 1.8)."""

    WEB = "web", "En ligne"
    LETTER = "letter", "Courrier"
    MAIL = "mail", "Courriel"
    TELEPHONE = "telephone", "Téléphone"
    VISIT = "visit", "Visite"
    MEETING = "meeting", "Réunion"
    API = "api", "Échange entre systèmes"


class Progress(models.TextChoices):
    """« Où en êtes-vous ? » (SCREENS 2)."""

    IDEA = "idea", "Une idée"
    TO_SPECIFY = "to_specify", "Un projet à préciser"
    STUDIES = "studies", "Des études existent"
    WORKS_READY = "works_ready", "Les travaux sont prêts à commencer"


class ProjectLead(models.TextChoices):
    """« Qui suit le projet chez vous ? »."""

    MAYOR = "mayor", "Le ou la maire"
    SECRETARY = "secretary", "La secrétaire générale ou le secrétaire général de mairie"
    AGENT = "agent", "Un agent"
    GROUPING = "grouping", "L’intercommunalité"


class Competence(models.TextChoices):
    """Whose matter it is (PRACTICE 1.7)."""

    COMMUNE = "commune", "Commune"
    GROUPING = "grouping", "Intercommunalité"
    SYNDICATE = "syndicate", "Syndicat"
    TO_CHECK = "to_check", "À vérifier"


class AssignmentKind(models.TextChoices):
    """The named human beings of a file (PRACTICE 1.4)."""

    CONTACT = "contact", "Interlocuteur"
    FOLLOW_UP_OFFICER = "follow_up_officer", "Chargé de suivi"
    LOCAL_REFERENT = "local_referent", "Référent local"
    NATIONAL_INSTRUCTOR = "national_instructor", "Instructeur national"


class DecisionKind(models.TextChoices):
    LOCAL = "local", "Mobiliser une aide"
    REFER = "refer", "Transmettre à l’Agence"


class SolicitationState(models.TextChoices):
    ASKED = "asked", "En attente de réponse"
    ACCEPTED = "accepted", "Acceptée"
    DECLINED = "declined", "Déclinée"
    CANCELLED = "cancelled", "Annulée"


#: A provider who is asked, or who has agreed.
LIVE_SOLICITATIONS = (SolicitationState.ASKED, SolicitationState.ACCEPTED)


class ReminderKind(models.TextChoices):
    BEFORE = "before", "Avant la date attendue"
    AFTER = "after", "Après la date attendue"
    MANUAL = "manual", "Par le guichet"


class AnswerChannel(models.TextChoices):
    PORTAL = "portal", "Sur le portail"
    TELEPHONE = "telephone", "Par téléphone"
    MAIL = "mail", "Par courriel"
    MEETING = "meeting", "En réunion"


class DeclineReason(models.TextChoices):
    """Why a provider or an operator cannot help."""

    WORKLOAD = "workload", "Plan de charge complet"
    OUT_OF_MISSION = "out_of_mission", "Hors de ses missions"
    NOT_ELIGIBLE = "not_eligible", "Collectivité non éligible"
    PARTIAL = "partial", "Ne répond qu’à une partie"
    CALENDAR = "calendar", "Calendrier incompatible"
    OTHER = "other", "Autre motif"


class RoutingCause(models.TextChoices):
    """Why a proposal is computed again: who waits for it, or nobody."""

    ASKED = "asked", "Demandé"
    CATALOGUE = "catalogue", "Catalogue modifié"


class SolutionState(models.TextChoices):
    PROPOSED = "proposed", "Proposée"
    ACCEPTED = "accepted", "Acceptée"
    DECLINED = "declined", "Refusée"
    WITHDRAWN = "withdrawn", "Retirée"


class Part(models.TextChoices):
    """The part a helper plays in a solution (PRACTICE 1.1)."""

    PILOT = "pilot", "Pilote"
    SUPPORT = "support", "Appui"


class Route(models.TextChoices):
    """By which way help came; computed from the pilot of the solution or from the national answer."""

    LOCAL = "local", "Solution locale"
    OPERATOR_DIRECT = "operator_direct", "Opérateur mobilisé par le préfet"
    OPERATOR = "operator", "Opérateur délégué par l’Agence"
    AGENCY_SERVICE = "agency_service", "Service de l’Agence"
    MARKET = "market", "Marché d’ingénierie de l’Agence"


class Outcome(models.TextChoices):
    """The one outcome of an ended request."""

    LOCAL = "local", "Solution locale"
    OPERATOR_DIRECT = "operator_direct", "Opérateur mobilisé par le préfet"
    OPERATOR = "operator", "Opérateur délégué par l’Agence"
    AGENCY_SERVICE = "agency_service", "Service de l’Agence"
    MARKET = "market", "Marché d’ingénierie de l’Agence"
    REDIRECTED = "redirected", "Réorientation"
    WITHDRAWN = "withdrawn", "Retrait"
    DROPPED = "dropped", "Sans suite"
    ATTACHED = "attached", "Rattachement"


class Motive(models.TextChoices):
    """The three motives of a referral (S0)."""

    INSUFFICIENT_RESOURCES = "insufficient_resources", "Insuffisance des ressources locales"
    COMPLEXITY = "complexity", "Complexité du projet"
    FRAGILITY = "fragility", "Fragilité de la collectivité"


class Circuit(models.TextChoices):
    """Who instructs a referral (R1232-12)."""

    NATIONAL = "national", "Instruction nationale"
    DECONCENTRATED = "deconcentrated", "Instruction déconcentrée (R. 1232-12)"


class Opinion(models.TextChoices):
    NOT_ASKED = "not_asked", "Non demandé"
    ASKED = "asked", "Demandé"
    FAVOURABLE = "favourable", "Favorable"
    RESERVED = "reserved", "Réservé"
    UNFAVOURABLE = "unfavourable", "Défavorable"


class ReferralState(models.TextChoices):
    PREPARATION = "preparation", "En préparation"
    SENT = "sent", "Transmise"
    MORE_ASKED = "more_asked", "Compléments demandés"
    ANSWERED = "answered", "Réponse donnée"
    ABANDONED = "abandoned", "Abandonnée"


class NationalAnswerKind(models.TextChoices):
    """The five answers of the agency (PRACTICE 1.3)."""

    OPERATORS = "operators", "Un ou plusieurs opérateurs"
    AGENCY_SERVICE = "agency_service", "Un service de l’Agence"
    MARKET = "market", "Le marché d’ingénierie"
    NOT_RETAINED = "not_retained", "Demande non retenue"
    SENT_BACK = "sent_back", "Une offre locale existe"


class NotRetainedReason(models.TextChoices):
    BUDGET = "budget", "Crédits épuisés"
    OUT_OF_ENGINEERING = "out_of_engineering", "Hors ingénierie amont"
    MATURITY = "maturity", "Maturité insuffisante"
    YEAR_CLOSED = "year_closed", "Exercice clos"


class DelegationState(models.TextChoices):
    ASKED = "asked", "Réponse attendue"
    ACCEPTED = "accepted", "Acceptée"
    DECLINED = "declined", "Déclinée"
    CANCELLED = "cancelled", "Sans objet"


#: An operator who is asked, or at work.
LIVE_DELEGATIONS = (DelegationState.ASKED, DelegationState.ACCEPTED)


class FundingMoment(models.TextChoices):
    FILING = "filing", "Au dépôt"
    REFERRAL = "referral", "À la transmission"
    COMMITMENT = "commitment", "À l’engagement"


class EntryKind(models.TextChoices):
    STEP = "step", "Étape"
    VISIT = "visit", "Visite"
    MEETING = "meeting", "Réunion"
    CALL = "call", "Appel"
    DELIVERABLE = "deliverable", "Livrable"
    RISK = "risk", "Point de vigilance"


class Result(models.TextChoices):
    DONE = "done", "Réalisé"
    PARTIAL = "partial", "Partiel"
    ABANDONED = "abandoned", "Abandonné"


class ConversationChannel(models.TextChoices):
    PUBLIC = "public", "Échanges avec la collectivité"
    INTERNAL = "internal", "Notes internes"
    SOLICITATION = "solicitation", "Échanges avec le prestataire"


class DocumentKind(models.TextChoices):
    ATTACHMENT = "attachment", "Pièce jointe"
    RECEIPT = "receipt", "Accusé de réception"
    PROPOSAL = "proposal", "Proposition d’aide"
    REFERRAL = "referral", "Lettre de saisine"
    DESIGNATION = "designation", "Désignation du chargé de suivi"
    SIGNED_PAPER = "signed_paper", "Acte signé hors du portail"
    DELIVERABLE = "deliverable", "Livrable"


class SurveyMoment(models.TextChoices):
    CLOSING = "closing", "À la clôture"
    SIX_MONTHS = "six_months", "Six mois après"


class SimulationKind(models.TextChoices):
    ROUTING = "routing", "Acheminement"
    FINANCING = "financing", "Financement"


class Shift(models.TextChoices):
    """The first reason why a simulated request is no longer proposed the same."""

    REMOVED = "removed", "offre retirée du catalogue"
    LOST = "lost", "offre qui n’est plus ouverte à la demande"
    ADDED = "added", "offre ajoutée au catalogue"
    GAINED = "gained", "offre qui devient ouverte à la demande"
    RANKED = "ranked", "autre ordre des offres"
