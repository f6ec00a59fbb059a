"""The check on a SIREN number: nine digits, Luhn's key. Numbers in 999… are kept for fictitious bodies."""

import re

FICTITIOUS_PREFIX = "999"
_NINE_DIGITS = re.compile(r"[0-9]{9}")


def has_luhn_key(digits: str) -> bool:
    total = 0
    for rank, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + rank % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def fault(siren: str, *, fictitious: bool) -> str:
    """Why this number cannot be accepted, in French; empty when it can."""
    if not _NINE_DIGITS.fullmatch(siren):
        return "Le SIREN compte neuf chiffres."
    if siren.startswith(FICTITIOUS_PREFIX):
        return "" if fictitious else "Les numéros commençant par 999 sont réservés aux organismes fictifs."
    return (
        ""
        if has_luhn_key(siren)
        else "Ce numéro SIREN comporte une erreur de frappe : sa clé de contrôle ne correspond pas."
    )
