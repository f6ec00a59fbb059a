"""Invariants of the files, proven on the live database (``manage.py check_integrity``).

Most are also held by a constraint, a trigger or the one service that changes states: here they are stated again, set by
set, so that a row written past all of these is named. The states and moves come from the workflow's own table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.enums import MandateStatus
from common.actor import Matter, Role
from operators.matching.vocabulary import OPERATORS
from requests.models.intake import NATIONAL
from requests.models.turn import columns
from requests.services.letters import LETTERS
from requests.workflow import TABLE, TERMINAL, State


@dataclass(frozen=True, slots=True)
class Invariant:
    """``sql`` gives the name of each row at fault; ``says`` is what is wrong with it."""

    code: str
    says: str
    sql: str


PARAMETERS: dict[str, Any] = {
    "terminal": sorted(state.value for state in TERMINAL),
    "national": sorted(state.value for state in NATIONAL),
    "own_outcome": [State.ATTACHED.value, State.REDIRECTED.value, State.WITHDRAWN.value, State.DROPPED.value],
    "moves": [
        f"{source} {rule.action} {target}" for rule in TABLE for source in rule.sources for target in rule.targets()
    ],
    "operators": sorted(OPERATORS),
    "letters": sorted(f"{kind} {channel}" for kind, (_, _, channel) in LETTERS.items()),
    "letter_kinds": sorted(LETTERS),
    "delegate": Role.DELEGATE.value,
    "deputy": Role.DEPUTY.value,
    "refused": MandateStatus.REFUSED.value,
    "referral": Matter.REFERRAL.value,
    "agreement": Matter.AGREEMENT.value,
}


def _one_live(table: str, condition: str) -> str:
    return f"""
        SELECT 'demande ' || r.reference FROM requests_supportrequest r JOIN {table} x ON x.support_request_id = r.id
        WHERE {condition} GROUP BY r.reference HAVING count(*) > 1
    """  # noqa: S608  (literals of this module)


def _thread(table: str) -> str:
    return f"""
        SELECT 'demande ' || r.reference FROM {table} x JOIN requests_supportrequest r ON r.id = x.support_request_id
        LEFT JOIN requests_solicitation s ON s.id = x.solicitation_id
        WHERE (x.channel = 'solicitation') <> (s.id IS NOT NULL) OR s.support_request_id <> x.support_request_id
    """  # noqa: S608  (literals of this module)


def _in_office(person: str, role: str) -> str:
    """Whether a mandate held its office on the day of the signature; an end is the first day out of office."""
    return f"""{person}.role = %({role})s AND {person}.status <> %(refused)s AND {person}.confirmed_at IS NOT NULL
        AND {person}.department_id = r.department_id AND {person}.starts_on <= s.signed_on
        AND ({person}.ends_on IS NULL OR {person}.ends_on > s.signed_on)"""


INVARIANTS: tuple[Invariant, ...] = (
    # --- states and history
    Invariant(
        "ended_with_one_outcome",
        "finie sans date ni issue, ou avec une issue sans être finie",
        """
        SELECT 'demande ' || reference FROM requests_supportrequest
        WHERE (state = ANY(%(terminal)s)) <> (outcome <> '') OR (state = ANY(%(terminal)s)) <> (ended_at IS NOT NULL)
        """,
    ),
    Invariant(
        "outcome_fits_the_end",
        "l’issue ne correspond pas à la façon dont elle a fini",
        """
        SELECT 'demande ' || reference FROM requests_supportrequest
        WHERE (state = 'closed' AND outcome <> route) OR (state = ANY(%(own_outcome)s) AND outcome <> state)
        """,
    ),
    Invariant(
        "no_draft_filed",
        "un brouillon porte une référence, ou a survécu à son dépôt",
        """
        SELECT 'demande ' || r.reference FROM requests_supportrequest r
        LEFT JOIN requests_draft d ON d.id = r.submission_key
          AND (d.person_id = r.filed_by_id OR d.collectivity_id = r.collectivity_id)
        WHERE r.state = 'draft' OR d.id IS NOT NULL
        """,
    ),
    Invariant(
        "state_is_the_last_of_the_history",
        "l’état n’est pas celui de la dernière étape de l’historique",
        """
        SELECT 'demande ' || r.reference FROM requests_supportrequest r LEFT JOIN (
          SELECT DISTINCT ON (support_request_id) support_request_id, to_state FROM requests_transition
          ORDER BY support_request_id, number DESC
        ) t ON t.support_request_id = r.id WHERE t.to_state IS DISTINCT FROM r.state
        """,
    ),
    Invariant(
        "history_is_continuous",
        "une étape de l’historique ne part pas de l’état où la précédente a mené",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM (
          SELECT support_request_id, from_state, lag(to_state, 1, 'draft') OVER (
            PARTITION BY support_request_id ORDER BY number) AS before FROM requests_transition
        ) t JOIN requests_supportrequest r ON r.id = t.support_request_id WHERE t.from_state <> t.before
        """,
    ),
    Invariant(
        "history_is_allowed",
        "une étape de l’historique n’est pas dans la table des transitions",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM requests_transition t
        JOIN requests_supportrequest r ON r.id = t.support_request_id
        WHERE t.from_state || ' ' || t.action || ' ' || t.to_state <> ALL(%(moves)s)
        """,
    ),
    Invariant(
        "undo_leads_back",
        "un acte annulé n’a pas ramené la demande d’où il l’avait fait partir",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM (
          SELECT support_request_id, action, to_state, lag(from_state) OVER (
            PARTITION BY support_request_id ORDER BY number) AS before FROM requests_transition
        ) t JOIN requests_supportrequest r ON r.id = t.support_request_id
        WHERE t.action = 'undo' AND t.to_state IS DISTINCT FROM t.before
        """,
    ),
    Invariant(
        "turn_is_kept",
        "ce que la file compare (interlocuteur, suivi, signature, réponse attendue) n’est pas ce que disent les lignes",
        f"""
        SELECT 'demande ' || r.reference FROM requests_supportrequest r JOIN requests_turn t ON t.id = r.id
        WHERE ({columns("r")}) IS DISTINCT FROM ({columns("t")})
        """,  # noqa: S608  (literals of this module)
    ),
    # --- references
    Invariant(
        "reference_well_formed",
        "la référence n’a pas la forme AAAA-DD-NNNNN",
        """
        SELECT 'demande ' || reference FROM requests_supportrequest
        WHERE reference !~ '^[0-9]{4}-([0-9][0-9AB]|[0-9]{3})-[0-9]{5,}$'
        """,
    ),
    Invariant(
        "reference_unique",
        "plusieurs demandes portent cette référence",
        """
        SELECT 'référence ' || reference FROM requests_supportrequest GROUP BY reference HAVING count(*) > 1
        """,
    ),
    Invariant(
        "counter_ahead_of_references",
        "le compteur des références est en retard sur les numéros donnés",
        """
        SELECT 'compteur ' || given.year || '-' || given.department FROM (
          SELECT split_part(reference, '-', 1) AS year, split_part(reference, '-', 2) AS department,
            max(split_part(reference, '-', 3)::bigint) AS number
          FROM requests_supportrequest WHERE reference ~ '^[0-9]{4}-[0-9AB]+-[0-9]+$' GROUP BY 1, 2
        ) given LEFT JOIN requests_referencecounter c
          ON c.department_id = given.department AND c.year::text = given.year
        WHERE coalesce(c.last, 0) < given.number
        """,
    ),
    # --- decisions, people, ways
    Invariant(
        "decision_has_a_dispatch",
        "une décision n’a pas d’acheminement à exécuter : personne ne la mettra en œuvre",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM requests_decision d
        JOIN requests_supportrequest r ON r.id = d.support_request_id
        LEFT JOIN requests_dispatch j ON j.decision_id = d.id WHERE j.id IS NULL
        """,
    ),
    Invariant(
        "local_support_has_an_officer",
        "en suivi local sans chargé de suivi",
        """
        SELECT 'demande ' || r.reference FROM requests_supportrequest r
        WHERE (r.state = 'local_support' OR (r.state = 'suspended' AND r.return_state = 'local_support'))
        AND NOT EXISTS (SELECT FROM requests_assignment a
          WHERE a.support_request_id = r.id AND a.kind = 'follow_up_officer' AND a.until IS NULL)
        """,
    ),
    Invariant(
        "national_way_has_a_signed_referral",
        "sur la voie nationale sans saisine signée",
        """
        SELECT 'demande ' || r.reference FROM requests_supportrequest r
        WHERE (r.state = ANY(%(national)s) OR (r.state = 'suspended' AND r.return_state = 'national_support'))
        AND NOT EXISTS (SELECT FROM requests_referral f JOIN requests_signature s ON s.id = f.signature_id
          WHERE f.support_request_id = r.id AND f.sent_at IS NOT NULL AND s.support_request_id = r.id
          AND s.matter = %(referral)s)
        """,
    ),
    Invariant(
        "delegations_to_the_five",
        "confiée à un organisme qui n’est pas l’un des cinq opérateurs",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM requests_delegation d
        JOIN requests_supportrequest r ON r.id = d.support_request_id
        JOIN operators_provider p ON p.id = d.operator_id
        WHERE p.kind <> 'operator' OR p.code <> ALL(%(operators)s)
        """,
    ),
    Invariant(
        "one_live_solution",
        "plusieurs propositions en cours",
        _one_live("requests_solution", "x.state IN ('proposed', 'accepted')"),
    ),
    Invariant(
        "one_live_referral",
        "plusieurs saisines en cours",
        _one_live("requests_referral", "x.state IN ('preparation', 'sent', 'more_asked')"),
    ),
    Invariant(
        "one_live_agreement",
        "plusieurs conventions en cours",
        _one_live("requests_agreement", "x.cancelled_at IS NULL"),
    ),
    # --- conversations
    Invariant(
        "document_in_its_conversation",
        "un document n’est pas dans la conversation de sa sollicitation",
        _thread("requests_document"),
    ),
    Invariant(
        "message_in_its_conversation",
        "un message n’est pas dans la conversation de sa sollicitation",
        _thread("requests_message"),
    ),
    Invariant(
        "letter_in_its_conversation",
        "un courrier n’est pas dans la conversation de ceux qui doivent le lire",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM requests_document d
        JOIN requests_supportrequest r ON r.id = d.support_request_id
        WHERE d.kind = ANY(%(letter_kinds)s) AND d.source_key <> ''
        AND d.kind || ' ' || d.channel <> ALL(%(letters)s)
        """,
    ),
    # --- signatures
    Invariant(
        "signature_under_an_act_in_force",
        "signée sans délégation de signature en vigueur ce jour-là pour cette matière",
        f"""
        SELECT DISTINCT 'demande ' || r.reference FROM requests_signature s
        JOIN requests_supportrequest r ON r.id = s.support_request_id
        JOIN accounts_mandate signatory ON signatory.id = s.mandate_id
        LEFT JOIN accounts_signatureact act ON act.id = s.act_id
        LEFT JOIN accounts_mandate delegating ON delegating.id = act.delegating_id
        WHERE NOT coalesce(CASE WHEN act.id IS NULL THEN {_in_office("signatory", "delegate")} ELSE
          act.signatory_id = signatory.id AND act.department_id = r.department_id AND s.matter = ANY(act.matters)
          AND act.starts_on <= s.signed_on AND (act.ends_on IS NULL OR act.ends_on > s.signed_on)
          AND {_in_office("signatory", "deputy")} AND {_in_office("delegating", "delegate")} END, false)
        """,  # noqa: S608  (literals of this module)
    ),
    Invariant(
        "signature_within_its_ceiling",
        "signée au-delà du plafond de la délégation de signature",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM requests_signature s
        JOIN requests_supportrequest r ON r.id = s.support_request_id
        JOIN accounts_signatureact act ON act.id = s.act_id
        JOIN requests_agreement g ON g.prefect_signature_id = s.id WHERE g.amount_excl_tax > act.amount_ceiling
        """,
    ),
    Invariant(
        "signature_of_this_file",
        "porte une signature donnée pour une autre demande ou une autre matière",
        """
        SELECT DISTINCT 'demande ' || r.reference FROM (
          SELECT support_request_id, signature_id, %(referral)s AS matter FROM requests_referral
          UNION ALL SELECT support_request_id, prefect_signature_id, %(agreement)s FROM requests_agreement
        ) x JOIN requests_signature s ON s.id = x.signature_id
        JOIN requests_supportrequest r ON r.id = x.support_request_id
        WHERE s.support_request_id <> x.support_request_id OR s.matter <> x.matter
        """,
    ),
)


def breaches() -> Iterator[str]:
    """One sentence for each row that breaks a rule, in the order of the table."""
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(f"{invariant.sql} ORDER BY 1", PARAMETERS)
            for (name,) in cursor.fetchall():
                yield f"{name} : {invariant.says} ({invariant.code})"
