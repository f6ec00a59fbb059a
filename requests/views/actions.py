"""Which acts a file offers to whoever reads it: one as the next step, the others folded (SCREENS 5)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from requests.permissions import Ability
from requests.workflow import Action, State

Held = frozenset[Ability | Action]


@dataclass(frozen=True, slots=True)
class Offered:
    """An act that can be done now."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides of the next step beside the state: read once with the file."""

    state: State
    qualified: bool = False
    pending: bool = False  # routing or dispatch under way
    asked: bool = False  # a provider has not answered
    accepted: bool = False  # a provider accepted
    agreed: bool = False  # the collectivity accepted the proposal
    closing: bool = False  # a closing waits for its confirmation
    hidden: bool = False
    prefect_signed: bool = False  # the agreement, as the next two
    body_signed: bool = False
    committed: bool = False
    to_sign: bool = False  # a referral waits for this very person's signature


@dataclass(frozen=True, slots=True)
class Act:
    """One act: the ability it needs, its page, its words, and when it makes sense although the ability is held."""

    needs: Ability | Action
    page: str
    label: str
    when: Callable[[Situation], bool] = lambda situation: True
    folded: bool = False  # never the next step by itself: it ends something, or has no hurry


A, Ab = Action, Ability

#: Every act of the State's side, the most natural next step first. The first one offered is the primary button.
ACTS: tuple[Act, ...] = (
    Act(A.ACKNOWLEDGE, "act-accuser-reception", "Accuser réception"),
    Act(A.COMPLETE, "act-completer", "Noter les éléments reçus"),
    Act(Ab.QUALIFY, "act-qualifier", "Qualifier", lambda s: not s.qualified),
    Act(A.PROPOSE, "act-proposer", "Proposer une aide", lambda s: s.accepted),
    Act(Ab.DECIDE, "act-decider", "Décider", lambda s: s.qualified and not s.pending and not s.asked),
    Act(A.DESIGNATE, "act-designer", "Désigner le chargé de suivi", lambda s: s.agreed),
    Act(Ab.ANSWER_PROPOSAL, "act-noter-reponse", "Noter la réponse de la collectivité", lambda s: not s.agreed),
    Act(A.REFER, "referral-sign", "Signer la saisine", lambda s: s.to_sign),
    Act(Ab.EDIT_REFERRAL, "referral", "Préparer la transmission"),
    Act(A.TAKE_UP, "national-take-up", "Prendre en charge"),
    Act(A.DELEGATE, "national-delegate", "Confier à un opérateur"),
    Act(Ab.SIGN_AGREEMENT, "agreement-sign-prefect", "Signer la convention", lambda s: not s.prefect_signed),
    Act(Ab.COMMIT, "national-commit", "Engager", lambda s: s.prefect_signed and s.body_signed and not s.committed),
    Act(A.START_SUPPORT, "national-start", "Démarrer l’accompagnement", folded=True),
    Act(A.CLOSE, "act-cloturer", "Confirmer la clôture", lambda s: s.closing),
    Act(A.RESUME, "act-reprendre", "Reprendre l’accompagnement"),
    Act(Ab.LOG_FOLLOW_UP, "act-noter", "Noter une étape"),
    Act(
        Ab.DECIDE,
        "act-solliciter",
        "Solliciter d’autres prestataires",
        lambda s: s.state is State.LOCAL_SEARCH and s.qualified and not s.pending,
        folded=True,
    ),
    Act(Ab.DECIDE, "act-decider", "Décider de nouveau", lambda s: s.asked and not s.pending, folded=True),
    Act(Ab.RECOMPUTE, "act-recalculer", "Recalculer la proposition", lambda s: not s.pending, folded=True),
    Act(Ab.QUALIFY, "act-qualifier", "Modifier notre lecture", lambda s: s.qualified, folded=True),
    Act(A.ASK_COMPLETION, "act-demander-elements", "Demander des éléments", folded=True),
    Act(A.WITHDRAW_PROPOSAL, "act-retirer-proposition", "Retirer la proposition", folded=True),
    Act(Ab.PROPOSE_CLOSING, "act-proposer-cloture", "Proposer la clôture", lambda s: not s.closing, folded=True),
    Act(A.CLOSE, "act-refuser-cloture", "Ne pas confirmer la clôture", lambda s: s.closing, folded=True),
    Act(Ab.GIVE_OPINION, "opinion-give", "Donner un avis", folded=True),
    Act(A.ASSIGN_SERVICE, "national-service", "Confier à un service de l’Agence", folded=True),
    Act(A.CONTRACT, "national-contract", "Mobiliser le marché d’ingénierie", folded=True),
    Act(A.SEND_BACK, "national-send-back", "Renvoyer vers une offre locale", folded=True),
    Act(A.ASK_MORE, "national-ask-more", "Demander des compléments", folded=True),
    Act(A.NOT_RETAIN, "national-not-retain", "Ne pas retenir", folded=True),
    Act(
        Ab.SIGN_FOR_BODY,
        "agreement-sign-body",
        "Noter la signature de la collectivité",
        lambda s: not s.body_signed,
        folded=True,
    ),
    Act(A.CANCEL_CONTRACT, "national-cancel", "Annuler la convention", lambda s: not s.committed, folded=True),
    Act(A.RETURN_DELEGATION, "national-return", "Reprendre la demande à l’opérateur", folded=True),
    Act(A.REFER, "referral-paper", "Enregistrer une signature donnée sur papier", folded=True),
    Act(A.ABANDON_REFERRAL, "referral-abandon", "Abandonner la saisine", folded=True),
    Act(A.SUSPEND, "act-suspendre", "Suspendre l’accompagnement", folded=True),
    Act(Ab.ASSIGN, "act-affecter", "Affecter", folded=True),
    Act(A.ATTACH, "act-rattacher", "Rattacher à une autre demande", folded=True),
    Act(A.REDIRECT, "act-reorienter", "Réorienter", folded=True),
    Act(A.TRANSFER, "act-transmettre-departement", "Transmettre à un autre département", folded=True),
    Act(Ab.ASSIGN, "act-masquer", "Masquer jusqu’à une date", lambda s: not s.hidden, folded=True),
    Act(Ab.ASSIGN, "act-masquer", "Ne plus masquer", lambda s: s.hidden, folded=True),
    Act(Ab.ATTACH_FILE, "act-joindre", "Joindre un document", folded=True),
    Act(Ab.GRANT, "act-autoriser", "Autoriser un collègue", folded=True),
    Act(A.DETACH, "act-detacher", "Détacher", folded=True),
    Act(A.REOPEN, "act-rouvrir", "Rouvrir", folded=True),
    Act(A.TAKE_BACK, "act-reprendre-demande", "Reprendre la demande", folded=True),
    Act(A.WITHDRAW, "act-retirer", "Noter un retrait", folded=True),
    Act(A.DROP, "act-fermer", "Fermer sans suite", folded=True),
)


def offered(
    reference: str, held: Held, situation: Situation, acts: tuple[Act, ...] = ACTS
) -> tuple[Offered | None, list[Offered]]:
    """The next step, if there is one, and the other acts."""
    primary: Offered | None = None
    others: list[Offered] = []
    for act in acts:
        if act.needs not in held or not act.when(situation):
            continue
        found = Offered(act.label, reverse(f"requests:{act.page}", args=[reference]))
        if primary is None and not act.folded:
            primary = found
        else:
            others.append(found)
    return primary, others
