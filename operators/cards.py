"""An offer as it is shown to the person who asks: what, by whom, at what price, why it fits, what remains to be
checked."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from operators.matching.criteria import Concern, Reason, Verdict
from operators.matching.engine import Candidate, Matching, Miss
from operators.matching.reasons import Labels, Voice, sentence
from operators.matching.vocabulary import Family, LegalMode

#: Where one describes his need: the address of a page that stands above this app.
FILING = "/demandes/nouvelle/"
#: Met criteria worth a word on a card, in the order in which they are said.
SAID: tuple[str, ...] = ("territory", "subject", "programme", "zoning", "membership")


@dataclass(frozen=True, slots=True)
class Card:
    """``why``: « couvre votre commune, sujet commerce »; ``questions``: noun phrases for « À vérifier »."""

    title: str
    url: str
    provider: str
    provider_url: str
    price: str
    legal_mode: str
    telephone: str
    email: str
    website: str
    why: tuple[str, ...]
    questions: tuple[str, ...]
    delay_days: int | None
    valid_to: dt.date | None
    verified_on: dt.date | None
    illustrative: bool


@dataclass(frozen=True, slots=True)
class MissCard:
    """A near miss: what it is, and why it does not fit, so that one may know what to change."""

    title: str
    url: str
    provider: str
    why_not: tuple[str, ...]
    illustrative: bool


def asked_by(commune: str = "", sujet: str = "") -> str:
    """« ?commune=04121&sujet=commerce »: what a link carries of the question, or nothing."""
    given = {name: value for name, value in (("commune", commune), ("sujet", sujet)) if value}
    return f"?{urlencode(given)}" if given else ""


def filing_for(commune: str, sujet: str = "") -> str:
    """Where the need of this body, on this subject, is described."""
    return f"{FILING}?{urlencode({'collectivite': commune, **({'sujet': sujet} if sujet else {})})}"


def card(
    candidate: Candidate, *, kind: str, voice: Voice = Voice.YOURS, labels: Labels | None = None, asked: str = ""
) -> Card:
    """``asked``: what the links carry of the question (:func:`asked_by`)."""
    offer = candidate.offer
    met = {reading.criterion: reading for reading in candidate.of(Verdict.MET)}
    said = [met[key] for key in SAID if key in met]
    if "subject" not in met and "theme" in met:
        said.append(met["theme"])
    return Card(
        title=offer.title,
        url=reverse("operators:offer", args=[offer.uuid]) + asked,
        provider=offer.provider_name,
        provider_url=reverse("operators:provider", args=[offer.provider_code]),
        price=offer.price_label,
        legal_mode=LegalMode(offer.legal_mode).label,
        telephone=offer.provider_telephone,
        email=offer.provider_email,
        website=offer.provider_website,
        why=tuple(sentence(reading.reason, reading.args, kind=kind, voice=voice, labels=labels) for reading in said),
        questions=tuple(
            sentence(reading.reason, reading.args, kind=kind, voice=voice, labels=labels)
            for reading in candidate.questions
        ),
        delay_days=offer.delay_days,
        valid_to=offer.valid_to,
        verified_on=offer.verified_on,
        illustrative=offer.illustrative,
    )


def cards(
    matching: Matching, family: Family, *, labels: Labels | None = None, limit: int | None = None, asked: str = ""
) -> list[Card]:
    """The candidates of a family, best first."""
    kind = matching.facts.kind
    return [card(found, kind=kind, labels=labels, asked=asked) for found in matching.of(family)[:limit]]


def miss_cards(misses: Iterable[Miss], *, kind: str, labels: Labels | None = None, asked: str = "") -> list[MissCard]:
    """Near misses for reasons that concern the body or the offer; another theme or subject is no near miss."""
    return [
        MissCard(
            title=miss.offer.title,
            url=reverse("operators:offer", args=[miss.offer.uuid]) + asked,
            provider=miss.offer.provider_name,
            why_not=tuple(
                sentence(reading.reason, reading.args, kind=kind, voice=Voice.YOURS, labels=labels)
                for reading in miss.failed
            ),
            illustrative=miss.offer.illustrative,
        )
        for miss in misses
        if all(
            reading.concern is not Concern.NEED and reading.reason is not Reason.NOT_PUBLISHED
            for reading in miss.failed
        )
    ]
