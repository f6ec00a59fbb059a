"""Mails about signing in, mandates and delegations of signature."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from accounts import events
from accounts.models import Mandate, SignatureAct, User
from common import clock
from common.french import NBSP, at_place
from notifications.registry import Notification, Recipient, register
from territories.models import Department, Desk


def salutation(user: User) -> str:
    """« Madame », « Monsieur », or both when the civility is not known."""
    return {"Mme": "Madame", "M.": "Monsieur"}.get(user.civility, "Madame, Monsieur")


def _desk(department: Department | None) -> Desk | None:
    return getattr(department, "desk", None)


def _holder(mandate: Mandate) -> Recipient:
    return Recipient(
        mandate.contact_email, key=f"user:{mandate.user_id}", name=mandate.user.full_name, user_id=mandate.user_id
    )


def _desk_recipients(mandate: Mandate) -> Iterable[Recipient]:
    """The desk's mailbox, else each of its agents: a mailbox is read when an agent is on leave."""
    desk, code = _desk(mandate.department), mandate.department_id or ""
    if desk is not None and desk.email:
        yield Recipient(desk.email, key=f"desk:{code}", name=desk.label)
        return
    agents = Mandate.objects.for_desk(code).in_force(clock.today()).proven()
    for agent in agents.select_related("user__mailbox", "organisation"):
        yield _holder(agent)


def _place(mandate: Mandate) -> str:
    """What a subject line starts with: the commune (SCREENS 9), else the body."""
    return mandate.collectivity.name if mandate.collectivity else mandate.body or "Guichet"


class _Code(Notification):
    """A code, sent at once; worth nothing once it has expired."""

    secret = True
    valid_for = dt.timedelta(minutes=10)

    def context(self, event: Any, recipient: Recipient) -> Mapping[str, Any]:
        half = len(event.code) // 2
        return {"code": f"{event.code[:half]}{NBSP}{event.code[half:]}"}


@register
class SignInCode(_Code):
    kind = "sign_in_code"
    event = events.CodeRequested
    label = "Code de connexion"
    template = "notifications/mail/accounts/code"

    def recipients(self, event: events.CodeRequested) -> Iterable[Recipient]:
        yield Recipient(event.email, key=f"address:{event.email}"[:100], user_id=event.person_id)

    def subject(self, event: events.CodeRequested, recipient: Recipient) -> str:
        return "Votre code de connexion"


class _PersonalCode(_Code):
    """To a person who is known already."""

    words = ""

    def recipients(self, event: Any) -> Iterable[Recipient]:
        yield Recipient(event.email, key=f"user:{event.person_id}", user_id=event.person_id)

    def subject(self, event: Any, recipient: Recipient) -> str:
        return self.words


@register
class SecondFactorCode(_PersonalCode):
    kind = "second_factor_code"
    event = events.SecondFactorRequested
    label = "Code de vérification"
    template = "notifications/mail/accounts/second_factor"
    words = "Votre code de vérification"


@register
class PasswordCode(_PersonalCode):
    kind = "password_code"
    event = events.PasswordCodeRequested
    label = "Code pour un mot de passe"
    template = "notifications/mail/accounts/password_code"
    words = "Votre code pour choisir un mot de passe"


@register
class PasswordChanged(Notification):
    kind = "password_changed"
    event = events.PasswordChanged
    label = "Mot de passe changé"
    template = "notifications/mail/accounts/password_changed"

    def load(self, event: events.PasswordChanged) -> User:
        return User.objects.select_related("mailbox").get(pk=event.person_id)

    def recipients(self, event: events.PasswordChanged) -> Iterable[Recipient]:
        user = self.about(event)
        yield Recipient(user.contact_email, key=f"user:{user.pk}", name=user.full_name, user_id=user.pk)

    def subject(self, event: events.PasswordChanged, recipient: Recipient) -> str:
        return "Votre mot de passe a changé"

    def context(self, event: events.PasswordChanged, recipient: Recipient) -> Mapping[str, Any]:
        return {"salutation": salutation(self.about(event))}


class _AboutMandate(Notification):
    """Tells the holder, unless a subclass tells others."""

    ending = ""

    def load(self, event: Any) -> Mandate:
        return Mandate.objects.select_related(
            "user__mailbox", "organisation", "collectivity", "department__desk", "arrondissement"
        ).get(pk=event.mandate_id)

    def recipients(self, event: Any) -> Iterable[Recipient]:
        yield _holder(self.about(event))

    def subject(self, event: Any, recipient: Recipient) -> str:
        return f"{_place(self.about(event))}{NBSP}: {self.ending}"

    def context(self, event: Any, recipient: Recipient) -> Mapping[str, Any]:
        mandate = self.about(event)
        return {
            "mandate": mandate,
            "salutation": salutation(mandate.user),
            "person": mandate.user.full_name,
            "address": mandate.contact_email,
            "telephone": mandate.user.telephone,
            "desk": _desk(mandate.department) or {"telephone": "", "email": ""},
        }

    def reply_to(self, event: Any, recipient: Recipient) -> str:
        desk = _desk(self.about(event).department)
        return desk.email if desk and desk.email != recipient.email else ""


@register
class ProofCode(_Code, _AboutMandate):
    kind = "mandate_proof_code"
    event = events.ProofRequested
    label = "Code pour la mairie"
    template = "notifications/mail/accounts/proof"
    ending = "code pour confirmer un mandat"

    def recipients(self, event: events.ProofRequested) -> Iterable[Recipient]:
        yield Recipient(event.email, key=f"address:{event.email}"[:100])

    def context(self, event: events.ProofRequested, recipient: Recipient) -> Mapping[str, Any]:
        place = self.about(event).collectivity
        return {
            **_AboutMandate.context(self, event, recipient),
            **_Code.context(self, event, recipient),
            "of_place": at_place(place.name, place.liaison) if place else "",
        }

    def reply_to(self, event: events.ProofRequested, recipient: Recipient) -> str:
        return _AboutMandate.reply_to(self, event, recipient)


@register
class MandateClaimed(_AboutMandate):
    kind = "mandate_claimed"
    event = events.MandateClaimed
    label = "Mandat à confirmer"
    template = "notifications/mail/accounts/mandate_claimed"
    ending = "un mandat à confirmer"

    def recipients(self, event: events.MandateClaimed) -> Iterable[Recipient]:
        yield from _desk_recipients(self.about(event))


@register
class MandateConfirmed(_AboutMandate):
    kind = "mandate_confirmed"
    event = events.MandateConfirmed
    label = "Mandat confirmé"
    template = "notifications/mail/accounts/mandate_confirmed"
    ending = "votre mandat est confirmé"


@register
class MandateRefused(_AboutMandate):
    kind = "mandate_refused"
    event = events.MandateRefused
    label = "Mandat non confirmé"
    template = "notifications/mail/accounts/mandate_refused"
    ending = "votre mandat n’est pas confirmé"


@register
class MandateEnded(_AboutMandate):
    kind = "mandate_ended"
    event = events.MandateEnded
    label = "Fin de mandat"
    template = "notifications/mail/accounts/mandate_ended"
    ending = "votre mandat a pris fin sur le portail"

    def context(self, event: events.MandateEnded, recipient: Recipient) -> Mapping[str, Any]:
        successor = (
            Mandate.objects.filter(pk=event.successor_id).select_related("user").first() if event.successor_id else None
        )
        name = successor.user.display_name if successor else ""
        return {**super().context(event, recipient), "successor": name}


@register
class SignatureActEnded(Notification):
    kind = "signature_act_ended"
    event = events.SignatureActEnded
    label = "Fin d’une délégation de signature"
    template = "notifications/mail/accounts/act_ended"

    def load(self, event: events.SignatureActEnded) -> SignatureAct:
        return SignatureAct.objects.select_related(
            "department", "signatory__user__mailbox", "signatory__organisation"
        ).get(pk=event.act_id)

    def recipients(self, event: events.SignatureActEnded) -> Iterable[Recipient]:
        yield _holder(self.about(event).signatory)

    def subject(self, event: events.SignatureActEnded, recipient: Recipient) -> str:
        return f"{self.about(event).department.label}{NBSP}: votre délégation de signature a pris fin"

    def context(self, event: events.SignatureActEnded, recipient: Recipient) -> Mapping[str, Any]:
        act = self.about(event)
        return {
            "act": act,
            "reason": act.get_ended_reason_display(),
            "salutation": salutation(act.signatory.user),
        }


@register
class PrefectChanged(_AboutMandate):
    kind = "prefect_changed"
    event = events.PrefectChanged
    label = "Changement de préfet"
    template = "notifications/mail/accounts/prefect_changed"
    ending = "délégations de signature à renouveler"

    def recipients(self, event: events.PrefectChanged) -> Iterable[Recipient]:
        yield from _desk_recipients(self.about(event))
