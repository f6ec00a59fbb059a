"""What keepers and reviewers of offers are told by mail."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.urls import reverse

from common.french import day, plural
from notifications.registry import Notification, Recipient, register
from operators import events, recipients
from operators.enums import OfferStatus
from operators.models import Offer

#: Of a change that was not accepted.
KEPT = "Ce que vous aviez écrit est gardé : reprenez-le, ou abandonnez-le."


class OfferMail(Notification):
    """One offer, a few sentences, the page where it is kept."""

    template = "operators/mail/offer"
    title: ClassVar[str]
    button: ClassVar[str] = "Ouvrir l’offre"
    #: Why this person receives it.
    reason: ClassVar[str] = "vous répondez pour l’organisme qui tient cette offre"

    def load(self, event: Any) -> Offer:
        return Offer.objects.select_related("provider").get(pk=event.offer_id)

    def recipients(self, event: Any) -> Iterable[Recipient]:
        offer: Offer = self.about(event)
        return recipients.of_provider(offer.provider)

    def subject(self, event: Any, recipient: Recipient) -> str:
        offer: Offer = self.about(event)
        return f"{offer.provider.display_name} : {self.title} ({offer.title})"

    def context(self, event: Any, recipient: Recipient) -> Mapping[str, Any]:
        offer: Offer = self.about(event)
        return {
            "offer": offer,
            "paragraphs": [text for text in self.paragraphs(offer) if text],
            "path": self.path(offer),
            "button": self.button,
            "reason": self.reason,
        }

    def path(self, offer: Offer) -> str:
        return reverse("operators:kept-offer", args=[offer.uuid])

    def paragraphs(self, offer: Offer) -> Iterable[str]:
        raise NotImplementedError


@register
class ToReview(OfferMail):
    kind = "offer_to_review"
    event = events.OfferToReview
    label = "Offre à relire"
    title = "une offre est à relire"
    button = "Relire l’offre"
    reason = "vous relisez les offres de cet organisme"

    def recipients(self, event: Any) -> Iterable[Recipient]:
        offer: Offer = self.about(event)
        return recipients.reviewers_of(offer.provider)

    def paragraphs(self, offer: Offer) -> Iterable[str]:
        what = "une modification de son offre" if offer.pending is not None else "une offre"
        yield f"{offer.provider.name} vous envoie {what} « {offer.title} »."
        yield "Elle n’entre au catalogue qu’après votre relecture."


@register
class Reviewed(OfferMail):
    kind = "offer_reviewed"
    event = events.OfferReviewed
    label = "Offre relue"
    title = "votre offre a été relue"

    def paragraphs(self, offer: Offer) -> Iterable[str]:
        if offer.review_note:
            yield f"Votre offre « {offer.title} » vous est renvoyée avec ce mot :"
            yield offer.review_note
            if offer.status == OfferStatus.PUBLISHED:
                yield "En attendant, l’offre reste au catalogue telle qu’elle était."
            if offer.returned is not None:
                yield KEPT
        else:
            yield f"Votre offre « {offer.title} » est au catalogue."


@register
class Questioned(OfferMail):
    kind = "offer_questioned"
    event = events.OfferQuestioned
    label = "Offre à confirmer"
    title = "votre offre vaut-elle toujours ?"
    button = "Confirmer ou modifier l’offre"

    def paragraphs(self, offer: Offer) -> Iterable[str]:
        yield f"Votre offre « {offer.title} » est au catalogue ; {offer.get_asked_reason_display()}."
        if offer.valid_to is not None:
            yield f"Elle prend fin le {day(offer.valid_to)}."
        yield "Dites en un clic qu’elle vaut toujours, et combien de collectivités vous pouvez encore accompagner."


@register
class Withdrawn(OfferMail):
    kind = "offer_withdrawn"
    event = events.OfferWithdrawn
    label = "Offre retirée"
    title = "votre offre a été retirée"

    def paragraphs(self, offer: Offer) -> Iterable[str]:
        yield f"Votre offre « {offer.title} » a été retirée, avec ce mot :"
        yield offer.review_note
        yield KEPT if offer.returned is not None else ""
        yield "Vous pouvez la modifier, puis la renvoyer à la relecture. Les demandes en cours n’en sont pas changées."


@register
class FromElsewhere(OfferMail):
    kind = "offer_from_elsewhere"
    event = events.OfferCameFromElsewhere
    label = "Offre d’un autre département"
    title = "une offre vaut aussi dans votre département"
    button = "Voir l’offre"
    reason = "vous travaillez au guichet d’un département où cette offre vaut aussi"

    def recipients(self, event: Any) -> Iterable[Recipient]:
        return recipients.of_desk(event.department)

    def path(self, offer: Offer) -> str:
        return offer.get_absolute_url()

    def context(self, event: Any, recipient: Recipient) -> Mapping[str, Any]:
        context = super().context(event, recipient)
        if not event.others:
            return context
        more = plural(event.others, "autre offre du même fichier vaut", "autres offres du même fichier valent")
        seen = f"{more} aussi chez vous : la page des contrôles de votre catalogue les montre."
        return {**context, "paragraphs": [*context["paragraphs"], seen]}

    def paragraphs(self, offer: Offer) -> Iterable[str]:
        yield f"{offer.provider.name} propose « {offer.title} » à des collectivités de votre département aussi."
        yield "Elle est au catalogue, et vos propositions en tiennent compte."
        yield "Si l’organisme n’intervient pas chez vous, demandez au guichet du sien de changer ses territoires."


@register
class Expired(OfferMail):
    kind = "offer_expired"
    event = events.OfferExpired
    label = "Offre arrivée à son terme"
    title = "votre offre a pris fin"

    def paragraphs(self, offer: Offer) -> Iterable[str]:
        yield f"Votre offre « {offer.title} » est arrivée à son terme ; elle n’est plus proposée aux collectivités."
        yield KEPT if offer.returned is not None else ""
        yield "Pour la reprendre, changez sa date de fin et renvoyez-la à la relecture."
