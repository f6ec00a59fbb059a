"""Codes made of a name, by which the catalogue is written and loaded again."""

from collections.abc import Set


def first_free(stem: str, taken: Set[str]) -> str:
    """« caue-04 », or « caue-04-2 » and so on when it is taken."""
    return next(code for n in range(1, len(taken) + 2) if (code := f"{stem}-{n}" if n > 1 else stem) not in taken)
