"""Files of the demonstration's own places, brought to where a test begins; every verb is the service of that name."""

from typing import Any

from operators.models import Offer
from requests.demonstration.case import Case, file
from requests.demonstration.stage import Stage
from requests.models import Signature, SupportRequest
from requests.services import referral, triage

#: Long enough for a referral, and about nothing else.
JUSTIFICATION = (
    "La commune n’a aucun agent pour conduire cette étude et le prestataire sollicité répond qu’elle sort de ses "
    "missions. Les offres du département ont été examinées une à une : aucune ne couvre ce besoin, dont l’échéance est "
    "proche et les conséquences sur le village sont connues."
)
AT = "2026-11-02"
#: What the workers would do: mails are not sent, letters are not written.
SETTLED = ("requests.routing", "requests.dispatch")


def submitted(
    stage: Stage, name: str = "un", *, at: str = AT, code: str = "04121", by: Any = None, **given: Any
) -> Case:
    mayor = by or stage.account("maire")
    filled = {"subject": "patrimoine", "title": f"Dossier {name}", "need": f"Besoin du dossier {name}.", **given}
    case = file(stage, f"journey-{name}", at, mayor, code, **filled)
    assert case is not None
    return case


def searched(stage: Stage, name: str = "un", *codes: str) -> Case:
    """Two providers asked, unless told."""
    case = submitted(stage, name)
    case.acknowledge("2026-11-03")
    case.qualify("2026-11-03 11:00")
    case.solicit("2026-11-04", *(codes or ("atd-batiment-04", "caue-bourg-04")), reason="Choix du guichet.")
    return case


def accepted(stage: Stage, name: str = "un") -> Case:
    """Both providers accepted, a proposal of two lines made and accepted by the mayor."""
    case = searched(stage, name)
    case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
    case.answer("2026-11-05 11:00", "caue-bourg-04", text="Accord aussi.")
    case.propose("2026-11-06", "atd-batiment-04", "caue-bourg-04", text="Deux aides.", price="Sans frais.")
    case.accept("2026-11-09", stage.account("maire"))
    return case


def supported(stage: Stage, name: str = "un") -> Case:
    case = accepted(stage, name)
    case.designate("2026-11-10", stage.account("suivi"))
    return case


def prepared(stage: Stage, name: str = "un", justification: str = JUSTIFICATION) -> Case:
    """Both providers declined; the referral is written and waits for its signature."""
    case = searched(stage, name)
    for code in ("atd-batiment-04", "caue-bourg-04"):
        case.answer("2026-11-05", code, accepted=False, reason="out_of_mission", text="Hors mission.")
    with case.on("2026-11-06", case.deputy) as actor:
        triage.decide_refer(case.row, actor, ["complexity"], reason="Aucune offre.")
    with case.on("2026-11-06 11:00", case.instructor) as actor:
        referral.edit(
            case.row,
            actor,
            motives={"complexity": justification},
            referent=case.instructor,
            values={"service_asked": "Étude", "to_sign_by": case.deputy},
        )
    return case


def reviewed(stage: Stage, name: str = "un") -> Case:
    """Signed, sent, taken up by the agency."""
    case = prepared(stage, name)
    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    case.take_up("2026-11-10")
    return case


def offer(code: str) -> Offer:
    return Offer.objects.select_related("provider").get(code=code)


def states(row: SupportRequest) -> list[str]:
    """The way so far, without repeats."""
    found = [one.to_state for one in row.transitions.all()]
    return [state for previous, state in zip(["", *found], found, strict=False) if state != previous]


def signature_of(row: SupportRequest) -> Signature:
    return Signature.objects.get(support_request=row)
