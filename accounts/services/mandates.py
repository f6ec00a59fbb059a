"""The life of a mandate: claimed, then confirmed by proof or by the desk, or refused; ended by hand or by a succession.

Every writer locks the mandate, checks, writes and emits its event in one transaction; nothing is sent from here.
"""

import datetime as dt

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest

from accounts import events
from accounts.enums import ActEnd, MandateStatus, OrganisationKind, Proof
from accounts.functions import FUNCTIONS, Function
from accounts.models import Mandate, Organisation, SignatureAct, User, normalise_email
from accounts.permissions import Ability, abilities
from common import clock
from common.actor import Actor, Role
from common.errors import Conflict, Invalid, NotAllowed
from common.events import emit
from territories.models import Collectivity


def official_address(collectivity: Collectivity) -> str:
    """The official address of a collectivity, control of which proves a mandate; empty when not known."""
    return (
        Organisation.objects.filter(kind=OrganisationKind.COLLECTIVITY, collectivity=collectivity)
        .values_list("email", flat=True)
        .first()
        or ""
    )


def _other_head(collectivity: Collectivity, user_id: int, on: dt.date) -> Mandate | None:
    """The confirmed mayor or president of that day, if known and somebody else. The collectivity must be locked."""
    return (
        Mandate.objects.of_collectivity(collectivity.pk)
        .in_force(on)
        .filter(heads=True, status=MandateStatus.CONFIRMED)
        .exclude(user_id=user_id)
        .select_related("user")
        .first()
    )


@transaction.atomic
def claim(
    user: User,
    *,
    collectivity: Collectivity,
    function: str,
    starts_on: dt.date | None = None,
    proven_address: str = "",
    succeeds: bool = False,
    at: dt.datetime | None = None,
) -> Mandate:
    """Records that ``user`` says he holds ``function`` (a code of ``accounts.functions``) in ``collectivity``.

    ``proven_address`` is an address whose code he has just given: when it is the official one of the collectivity, the
    mandate is confirmed at once. Claiming twice returns the mandate already open. Whoever takes the head of a
    collectivity where another is known says since when, and by mailbox alone also that the former has left
    (``succeeds``).
    """
    now = at or clock.now()
    today = clock.today()
    chosen = FUNCTIONS.get(function)
    if chosen is None or collectivity.kind not in chosen.kinds:
        raise Invalid(
            "Cette fonction n’existe pas dans cette collectivité : choisissez-en une autre.", field="function"
        )
    if starts_on is not None and starts_on > today:
        raise Invalid("La date de début ne peut pas être dans le futur.", field="starts_on")
    proven = bool(proven_address) and normalise_email(proven_address) == official_address(collectivity)
    _lock_body(collectivity.pk)
    if chosen.heads:
        _check_succession(user, collectivity, today, starts_on, proven=proven, succeeds=succeeds)
    mandate = _open_mandate(user, collectivity, chosen, today)
    if mandate is None:
        mandate = Mandate.objects.create(
            user=user,
            role=chosen.role.value,
            collectivity=collectivity,
            department_id=collectivity.department_id,
            function=chosen.wording(user.civility),
            heads=chosen.heads,
            declared_name=user.full_name if user.mailbox_id else "",
            starts_on=starts_on or today,
            created_at=now,
        )
        if not proven:
            emit(events.MandateClaimed(mandate_id=mandate.pk, at=now))
    if proven and mandate.status == MandateStatus.CLAIMED:
        _confirm(mandate, Proof.OFFICIAL_ADDRESS, by=None, note="", at=now)
    return mandate


def _open_mandate(user: User, collectivity: Collectivity, function: Function, on: dt.date) -> Mandate | None:
    wordings = {function.feminine, function.masculine, function.wording("")}
    return (
        Mandate.objects.of_collectivity(collectivity.pk)
        .filter(user=user, role=function.role.value, function__in=wordings, ends_on__isnull=True)
        .filter(status__in=[MandateStatus.CLAIMED, MandateStatus.CONFIRMED])
        .first()
    )


def _check_succession(
    user: User, collectivity: Collectivity, on: dt.date, starts_on: dt.date | None, *, proven: bool, succeeds: bool
) -> None:
    former = _other_head(collectivity, user.pk, on)
    if former is None:
        return
    if proven and not succeeds:
        raise Invalid(
            f"{former.label} est déjà connue du portail. Confirmez que ce mandat a pris fin."
            if former.user.civility == "Mme"
            else f"{former.label} est déjà connu du portail. Confirmez que ce mandat a pris fin.",
            field="succeeds",
            code="head_known",
        )
    if starts_on is None:
        raise Invalid("Indiquez la date de votre élection.", field="starts_on", code="election_date")


@transaction.atomic
def confirm(actor: Actor, mandate: Mandate, note: str = "", *, at: dt.datetime | None = None) -> Mandate:
    """The desk believes the claim, in one click, after a telephone call for instance."""
    mandate = _locked(mandate)
    if mandate.status != MandateStatus.CLAIMED:
        raise Conflict("Ce mandat a déjà reçu une réponse.")
    if Ability.CONFIRM not in abilities(actor, mandate):
        raise NotAllowed("Seul le guichet du département confirme ce mandat.")
    return _confirm(mandate, Proof.DESK, by=actor.person_id, note=note, at=at or clock.now())


@transaction.atomic
def confirm_by_address(mandate: Mandate, proven_address: str, *, at: dt.datetime | None = None) -> bool:
    """Confirms a claimed mandate when the address just proven is the official one; says whether it is confirmed now.

    A claim to the head of a collectivity where another is known waits for the desk.
    """
    mandate = _locked(mandate)
    if mandate.status == MandateStatus.CONFIRMED:
        return True
    if mandate.status != MandateStatus.CLAIMED or mandate.collectivity is None:
        return False
    address = official_address(mandate.collectivity)
    if not address or address != normalise_email(proven_address):
        return False
    if mandate.heads and _other_head(mandate.collectivity, mandate.user_id, clock.today()):
        return False
    _confirm(mandate, Proof.OFFICIAL_ADDRESS, by=None, note="", at=at or clock.now())
    return True


def _confirm(mandate: Mandate, proof: Proof, *, by: int | None, note: str, at: dt.datetime) -> Mandate:
    mandate.status = MandateStatus.CONFIRMED
    mandate.proof = proof
    mandate.confirmed_by_id = by
    mandate.confirmed_at = at
    mandate.note = note.strip()
    mandate.save(update_fields=["status", "proof", "confirmed_by", "confirmed_at", "note"])
    emit(events.MandateConfirmed(mandate_id=mandate.pk, at=at))
    body = mandate.collectivity
    # a mayor who signs in first is no succession: the deputies known before her are her own
    if mandate.heads and body is not None and _former_heads(body, mandate).exists():
        end_all_executive_mandates(body, mandate.starts_on, mandate, at=at)
    return mandate


def _former_heads(body: Collectivity, mandate: Mandate) -> QuerySet[Mandate]:
    """The mayors or presidents known before this one, in office or not any longer."""
    proven = Mandate.objects.of_collectivity(body.pk).filter(heads=True, confirmed_at__isnull=False)
    return proven.filter(starts_on__lt=mandate.starts_on).exclude(user_id=mandate.user_id)


@transaction.atomic
def refuse(actor: Actor, mandate: Mandate, reason: str, *, at: dt.datetime | None = None) -> Mandate:
    """The desk does not believe the claim; the reason is told to the person."""
    mandate = _locked(mandate)
    if mandate.status != MandateStatus.CLAIMED:
        raise Conflict("Ce mandat a déjà reçu une réponse.")
    if Ability.REFUSE not in abilities(actor, mandate):
        raise NotAllowed("Seul le guichet du département répond à cette déclaration.")
    if not reason.strip():
        raise Invalid("Indiquez pourquoi ce mandat n’est pas confirmé.", field="reason")
    mandate.status = MandateStatus.REFUSED
    mandate.confirmed_by_id = actor.person_id
    mandate.note = reason.strip()
    mandate.save(update_fields=["status", "confirmed_by", "note"])
    emit(events.MandateRefused(mandate_id=mandate.pk, at=at or clock.now()))
    return mandate


@transaction.atomic
def end(
    actor: Actor, mandate: Mandate, on: dt.date | None = None, note: str = "", *, at: dt.datetime | None = None
) -> Mandate:
    """Ends a mandate: ``on`` (today unless told) is the first day without it. Its files stay; its acts die with it."""
    mandate = _locked(mandate)
    if mandate.ends_on is not None or mandate.status in (MandateStatus.REFUSED, MandateStatus.ENDED):
        raise Conflict("Ce mandat a déjà une date de fin.")
    if Ability.END not in abilities(actor, mandate):
        raise NotAllowed("Vous ne pouvez pas mettre fin à ce mandat.")
    day = on or clock.today()
    if day < mandate.starts_on:
        raise Invalid("La fin du mandat précède son début.", field="on")
    close(mandate, day, note=note, at=at or clock.now())
    return mandate


def close(mandate: Mandate, on: dt.date, *, note: str = "", at: dt.datetime, successor: Mandate | None = None) -> None:
    """Writes the end of a locked mandate, closes the acts that rest on it, and tells. For services; checks no right."""
    mandate.ends_on = max(on, mandate.starts_on)
    if mandate.ends_on <= clock.today():
        mandate.status = MandateStatus.ENDED
    if note.strip():
        mandate.note = note.strip()
    mandate.save(update_fields=["ends_on", "status", "note"])
    close_acts(Q(signatory=mandate), mandate.ends_on, ActEnd.SIGNATORY_LEFT, at=at)
    close_acts(Q(delegating=mandate), mandate.ends_on, ActEnd.DELEGATING_LEFT, at=at)
    emit(events.MandateEnded(mandate_id=mandate.pk, successor_id=successor.pk if successor else None, at=at))


def close_acts(which: Q, on: dt.date, reason: ActEnd, *, at: dt.datetime) -> list[SignatureAct]:
    """Closes on that day the acts selected that go further, and tells. For services; checks no right."""
    acts = list(
        SignatureAct.objects.select_for_update(of=("self",))
        .filter(which)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=Greatest(Value(on), F("starts_on"))))
        .order_by("pk")
    )
    for act in acts:
        act.ends_on = max(on, act.starts_on)
        act.ended_reason = reason
        act.save(update_fields=["ends_on", "ended_reason"])
        emit(events.SignatureActEnded(act_id=act.pk, at=at))
    return acts


@transaction.atomic
def end_all_executive_mandates(
    collectivity: Collectivity, on: dt.date, new_mandate: Mandate, *, at: dt.datetime | None = None
) -> list[Mandate]:
    """Ends every elected mandate of the collectivity that began before ``on``, the day its new mayor was elected
    (PRACTICE 2.1). Those of the new team, begun that day or later, and the agents' mandates stay; so do the files.

    Called by the confirmation of a mayor or president who succeeds another; does nothing while ``new_mandate`` is not
    confirmed.
    """
    if not new_mandate.is_confirmed:
        return []
    former = list(
        Mandate.objects.select_for_update(of=("self",))
        .of_collectivity(collectivity.pk)
        .filter(role=Role.OFFICIAL, starts_on__lt=on, status__in=[MandateStatus.CLAIMED, MandateStatus.CONFIRMED])
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=on))
        .exclude(pk=new_mandate.pk)
        .order_by("pk")
    )
    for mandate in former:
        close(mandate, on, at=at or clock.now(), successor=new_mandate if mandate.heads else None)
    return former


def _lock_body(collectivity_id: int) -> None:
    """Before any mandate of it: two heads confirmed at once would not see each other."""
    Collectivity.objects.select_for_update().only("pk").get(pk=collectivity_id)


def _locked(mandate: Mandate) -> Mandate:
    if mandate.collectivity_id is not None:
        _lock_body(mandate.collectivity_id)
    return Mandate.objects.select_for_update(of=("self",)).select_related("user", "collectivity").get(pk=mandate.pk)
