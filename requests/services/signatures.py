"""Signatures: under an act in force on their date, given on the portal or on paper (PRACTICE 2.3)."""

import datetime as dt
from decimal import Decimal

from accounts.enums import Civility
from accounts.models import Mandate, SignatureAct
from common import clock
from common.actor import Actor, Matter, Role
from common.errors import Invalid
from common.french import day
from files.models import StoredFile
from requests.models import Signature, SupportRequest


def signatories(department_code: str, matter: Matter, on: dt.date) -> list[Mandate]:
    """Who may sign this matter for the department on that day: its delegate, and the deputies whose act covers it."""
    deputies = SignatureAct.objects.in_force(department_code, matter, on).values("signatory_id")
    mandates = Mandate.objects.in_force(on).filter(department_id=department_code, confirmed_at__isnull=False)
    found = (mandates.filter(role=Role.DELEGATE) | mandates.filter(role=Role.DEPUTY, pk__in=deputies)).distinct()
    return list(found.select_related("user", "organisation", "department", "collectivity", "arrondissement"))


def sign(
    support_request: SupportRequest,
    matter: Matter,
    signatory: Mandate,
    actor: Actor,
    *,
    signed_on: dt.date,
    on_paper: bool = False,
    scan: StoredFile | None = None,
    amount: Decimal | None = None,
) -> Signature:
    """Records a signature. Called inside a transaction, on a locked request.

    On the portal one signs oneself; on paper, the desk records who signed, when, and under which act. Raises
    ``Invalid`` when somebody signs for another, or when no act in force on that day covers the matter.
    """
    if signed_on > clock.today():
        raise Invalid("Une signature ne peut pas être datée d’un jour à venir.", field="signed_on")
    if not on_paper and signatory.pk != actor.mandate_id:
        raise Invalid("Chacun signe pour soi : enregistrez plutôt une signature donnée sur papier.", field="signatory")
    if signatory.department_id != support_request.department_id:
        raise Invalid("Ce signataire relève d’un autre département.", field="signatory")
    act = covering_act(signatory, matter, signed_on, amount)
    return Signature.objects.create(
        support_request=support_request,
        matter=matter.value,
        act=act,
        mandate=signatory,
        signatory=signatory.user.display_name,
        quality=signatory.title,
        block=_block(signatory, act),
        signed_on=signed_on,
        on_paper=on_paper,
        scan=scan,
        recorded_by_id=actor.author_id,
        recorded_at=clock.now(),
    )


def covering_act(signatory: Mandate, matter: Matter, on: dt.date, amount: Decimal | None = None) -> SignatureAct | None:
    """The act under which this person signs; None for the delegate, who signs by office. Raises ``Invalid``."""
    if signatory.role == Role.DELEGATE and signatory.in_force(on) and signatory.is_confirmed:
        return None
    act = (
        SignatureAct.objects.in_force(signatory.department_id or "", matter, on, amount=amount)
        .filter(signatory=signatory)
        .first()
    )
    if act is None:
        raise Invalid(_dead(signatory, matter, on), field="signatory", code="no_act_in_force")
    return act


def _dead(signatory: Mandate, matter: Matter, on: dt.date) -> str:
    name = signatory.user.display_name
    last = SignatureAct.objects.filter(signatory=signatory, starts_on__lte=on).order_by("-starts_on").first()
    if last is None:
        return f"Aucune délégation de signature n’est enregistrée pour {name}. Choisissez un autre signataire."
    ended = min((day for day in (last.ends_on, last.delegating.ends_on, signatory.ends_on) if day), default=None)
    if ended is not None and ended <= on:
        cause = (
            f"avec le départ {_prefect(last.delegating, 'de la', 'du')} " if last.delegating.ends_on == ended else ""
        )
        return (
            f"La délégation de {name} (arrêté n° {last.number} du {day(last.signed_on)}) a pris fin "
            f"{cause}le {day(ended)}. Choisissez un autre signataire."
        )
    return f"La délégation de {name} (arrêté n° {last.number}) ne couvre pas cet acte. Choisissez un autre signataire."


def _prefect(delegate: Mandate, feminine: str, masculine: str) -> str:
    """The delegate's title after its article: « la préfète », « du préfet »."""
    return f"{feminine} préfète" if delegate.user.civility == Civility.MADAME else f"{masculine} préfet"


def _block(signatory: Mandate, act: SignatureAct | None) -> str:
    """« Pour le préfet et par délégation, / la directrice départementale des territoires, / Prénom NOM »."""
    name = f"{signatory.user.first_name} {signatory.user.last_name.upper()}".strip()
    if act is None:
        interim = " par intérim" if signatory.ad_interim else ""
        return f"{_prefect(signatory, 'La', 'Le')}{interim},\n{name}"
    return f"Pour {_prefect(act.delegating, 'la', 'le')} et par délégation,\n{act.quality_block},\n{name}"
