"""Codes made of a name, by which the catalogue is written and loaded again."""

from collections.abc import Set

from django.utils.text import slugify

from operators.models import Offer, Provider
from territories.names import normalise


def first_free(stem: str, taken: Set[str]) -> str:
    """« caue-04 », or « caue-04-2 » and so on when it is taken."""
    return next(code for n in range(1, len(taken) + 2) if (code := f"{stem}-{n}" if n > 1 else stem) not in taken)


def free_offer_code(title: str, provider: Provider) -> str:
    """« amo-ecole-atd-04 », numbered when taken."""
    stem = slugify(f"{slugify(normalise(title))[:24]}-{provider.code}")[:52].strip("-")
    taken = set(Offer.objects.filter(code__startswith=stem).values_list("code", flat=True))
    return first_free(stem, taken)
