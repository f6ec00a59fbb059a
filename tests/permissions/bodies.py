"""What is posted to each route: a body that the person who may act would send, so that only the right decides."""

import uuid
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from requests.models import SupportRequest
from requests.services import shown
from requests.services.referral import live_referral
from requests.services.solution import live_solution
from requests.views.national import live_agreement
from tests.permissions.cast import COMMUNE, JUSTIFICATION

TEXT = "Un texte qui dit pourquoi."
#: What a published offer may not lack.
OFFER = {
    "description": TEXT,
    "themes": ["COM"],
    "coverage": "département 04",
    "legal_mode": "free_by_right",
    "price_model": "free",
    "price_label": "Sans frais pour vous",
}

#: Routes whose page says which text was read → the mark of that text, from the row of the file that it shows.
READ_FIRST: dict[str, Callable[[SupportRequest], str]] = {
    **dict.fromkeys(
        ("requests:accept-proposal", "requests:act-noter-reponse"),
        lambda row: shown.of_proposal(found) if (found := live_solution(row)) else "",
    ),
    **dict.fromkeys(
        ("requests:referral-sign", "requests:referral-paper"),
        lambda row: shown.of_referral(found) if (found := live_referral(row)) else "",
    ),
    **dict.fromkeys(
        ("requests:sign-for-body", "requests:agreement-sign-body", "requests:agreement-sign-prefect"),
        lambda row: shown.of_agreement(found) if (found := live_agreement(row)) else "",
    ),
}


def _pdf() -> SimpleUploadedFile:
    return SimpleUploadedFile("plan.txt", "Le plan du bâtiment.".encode(), "text/plain")


def bodies(keys: dict[str, str], references: dict[str, str]) -> dict[str, Any]:
    """Route → body; a route that is not here is posted an empty one."""
    offer = keys["offer"]
    application = {
        "collectivity": COMMUNE,
        "subject": "patrimoine",
        "need": "Réparer le toit de la halle.",
        "progress": "idea",
    }
    return {
        # desk
        "requests:silence": {"commune": [COMMUNE]},
        "requests:visit": {"version": 1, "note": TEXT},
        "requests:record": {
            **application,
            "collectivity": COMMUNE,
            "key": str(uuid.uuid4()),
            "channel": "letter",
            "received_on": "2026-11-20",
        },
        "requests:file-message": {"key": str(uuid.uuid4()), "channel": "public", "text": TEXT},
        "requests:act-accuser-reception": {"person": keys["instructor"]},
        "requests:act-demander-elements": {"items": TEXT},
        "requests:act-completer": {"text": TEXT},
        "requests:act-qualifier": {
            "subject": "patrimoine",
            "themes": ["CUL"],
            "competence": "commune",
            "phase": "framing",
        },
        "requests:act-decider": {"kind": "local", "offers": [offer], "message": TEXT, "reason": TEXT},
        "requests:act-solliciter": {
            "kind": "local",
            "offers": [keys["other_offer"]],
            "message": TEXT,
            "reason": TEXT,
        },
        "requests:solicitation-cancel": {"reason": TEXT},
        "operators:new-provider": {"name": "Centre de gestion d’essai", "kind": "other_public", "department": "04"},
        "operators:edit-provider": {"name": "Agence technique d’essai"},
        "operators:members": {"acte": "ajouter", "collectivity": "04121", "member": "oui"},
        "operators:kept-offer": {"acte": "confirmer"},
        "operators:edit-offer": {"title": "Un autre intitulé", **OFFER},
        "operators:absences": {"first_day": "2026-12-01", "last_day": "2026-12-04"},
        "requests:act-reorienter": {"reason": "grant", "target": "La préfecture", "text": TEXT},
        "requests:act-rattacher": {"host": keys["host"], "reason": TEXT},
        "requests:act-detacher": {"person": keys["instructor"], "reason": TEXT},
        "requests:act-transmettre-departement": {"department": "05", "reason": TEXT},
        "requests:act-fermer": {"reason": TEXT},
        "requests:act-retirer": {"reason": TEXT},
        "requests:act-reprendre-demande": {"reason": TEXT},
        "requests:act-masquer": {"until": "2026-12-15"},
        "requests:act-affecter": {"kind": "contact", "person": keys["instructor"]},
        "requests:act-autoriser": {"email": "instructeur2@demo.example"},
        "requests:act-proposer": {"text": TEXT, "price": "Sans frais.", "helpers": [offer], "pilot": offer},
        "requests:act-retirer-proposition": {"reason": TEXT},
        "requests:act-noter-reponse": {"accepted": "yes", "channel": "telephone", "note": TEXT},
        "requests:act-designer": {"person": keys["suivi"]},
        "requests:act-noter": {"kind": "step", "on": "2026-11-20", "text": TEXT, "is_public": "on"},
        "requests:act-suspendre": {"reason": TEXT},
        "requests:act-proposer-cloture": {"result": "done", "finished_on": "2026-11-20", "summary": TEXT},
        "requests:act-refuser-cloture": {"reason": TEXT},
        "requests:act-rouvrir": {"reason": TEXT},
        "requests:act-joindre": lambda: {"channel": "public", "file": _pdf()},
        "requests:simulation-new": {
            "key": str(uuid.uuid4()),
            "title": "Essai",
            "start": "2026-01-01",
            "end": "2026-11-20",
            "without_kinds": ["caue"],
            "judged_on": "today",
        },
        # referral, agreement
        "requests:referral": {
            "motives": ["complexity"],
            "justification_complexity": JUSTIFICATION,
            "service_asked": "Étude",
            "circuit": "national",
            "referent": keys["instructor"],
        },
        "requests:referral-sign": {"read": "on"},
        "requests:referral-paper": {"signatory": keys["deputy"], "signed_on": "2026-11-20"},
        "requests:referral-abandon": {"text": TEXT},
        "requests:opinion-give": {"opinion": "favourable", "text": TEXT},
        "requests:agreement-sign-prefect": {"signatory": keys["deputy"], "signed_on": "2026-11-20", "on_paper": "on"},
        "requests:agreement-sign-body": {
            "deliberated_on": "2026-11-13",
            "signed_on": "2026-11-20",
            "signed_by": "Mme Solange Lavande",
        },
        # agency
        "requests:national-take-up": {"person": keys["agent"]},
        "requests:national-ask-more": {"text": TEXT},
        "requests:national-send-back": {"offer": keys["local_offer"], "text": TEXT},
        "requests:national-not-retain": {"reason": "budget", "text": TEXT},
        "requests:national-delegate": {"operator_cerema": "on", "mission_cerema": TEXT},
        "requests:national-return": {"text": TEXT},
        "requests:national-service": {"service": keys["agency_service"], "text": TEXT},
        "requests:national-contract": {
            "lot": "Lot 3",
            "outside_reason": TEXT,
            "amount_excl_tax": "12000",
            "agency_share": "100",
        },
        "requests:national-cancel": {"text": TEXT},
        "requests:national-commit": {"committed_on": "2026-11-23"},
        "requests:national-order": {"number": "BC-1", "contractor": keys["contractor"]},
        # partners
        "requests:delegation": {"accepted": "oui"},
        "requests:solicitation": {"accepted": "oui", "channel": "telephone", "answered_by": "Le directeur"},
        # official
        "requests:new": {"collectivity": COMMUNE},
        "requests:draft-save": {"need": TEXT},
        "requests:draft": application,
        "requests:message": {"key": str(uuid.uuid4()), "channel": "public", "text": TEXT},
        "requests:attach": lambda: {"channel": "public", "files": _pdf()},
        "requests:accept-proposal": {"note": TEXT},
        "requests:ask-precision": {"key": str(uuid.uuid4()), "channel": "public", "text": TEXT},
        "requests:decline-proposal": {"reason": TEXT},
        "requests:complete": {"text": TEXT},
        "requests:sign-for-body": {"deliberated_on": "2026-11-13", "authorised": "on"},
        "requests:withdraw": {"reason": TEXT},
        "requests:take-back": {"reason": TEXT},
        "requests:survey": {"useful": "yes", "quick": "yes"},
        # accounts
        "accounts:choose-mandate": {"mandate": keys["own"]},
        "accounts:refuse": {"reason": TEXT},
        "accounts:end": {"on": "2026-11-24", "note": TEXT},
        "accounts:end-own": {"on": "2026-11-24"},
        "accounts:end-act": {"on": "2026-11-24", "reason": "repealed"},
        "accounts:lend": {"email": "instructeur2@demo.example", "until": "2026-12-31"},
        # API
        "api:support-request-list": application,
        "api:support-request-transitions": {"action": "drop", "reason": TEXT},
        "api:support-request-decisions": {"kind": "local", "offers": [offer], "message": TEXT, "reason": TEXT},
        "api:support-request-messages": {"channel": "public", "text": TEXT},
    }
