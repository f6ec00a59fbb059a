"""Addresses of other services, with places left for who asks and about what. Pure functions on text.

``https://service.example/aides?texte={sujet}&insee={commune}``: a part of the query whose place can't be filled is left
out; an address whose path can't be filled leads to the service's first page.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from common.french import NBSP, joined

#: What may stand between braces → what it is filled with.
PLACES: Mapping[str, str] = {
    "commune": "le code Insee de la commune",
    "departement": "le code du département",
    "sujet": "le sujet de la demande",
}
#: Longest address that a file keeps (``SupportRequest.redirection_url``); of a template, before its places are filled.
LONGEST, LONGEST_TEMPLATE = 200, 150
_PLACE = re.compile(r"\{([^{}]*)\}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:\d{1,5})?", re.IGNORECASE)


def fault(template: str) -> str:
    """Why this address can't be kept, in a sentence that says the cure; nothing when it can."""
    unknown = [name for name in _PLACE.findall(template) if name not in PLACES]
    if unknown:
        allowed = joined([f"{{{name}}} ({meaning})" for name, meaning in PLACES.items()])
        return f"«{NBSP}{{{unknown[0]}}}{NBSP}» n’est pas remplacé. Vous pouvez écrire {allowed}."
    if "{" in _PLACE.sub("", template) or "}" in _PLACE.sub("", template):
        return "Une accolade n’est pas fermée ou n’est pas ouverte. Écrivez par exemple {commune}."
    try:
        parts = urlsplit(template)
    except ValueError:
        return "Cette adresse n’est pas lisible. Copiez-la depuis la barre d’adresse du navigateur."
    if parts.scheme.lower() not in ("http", "https"):
        return "L’adresse commence par https:// ou http://."
    if not _HOST.fullmatch(parts.netloc):
        return "Le nom du site n’est pas valable. Il s’écrit sans accolade, par exemple https://www.exemple.fr."
    if re.search(r"[\s\"'<>\\^`|]", template):
        return "L’adresse ne contient ni espace, ni guillemet, ni apostrophe. Copiez-la depuis le navigateur."
    return ""


def filled(template: str, values: Mapping[str, str]) -> str:
    """The address for these values, each escaped; an absent or empty one is unknown. Never longer than a file keeps:
    the subject, the only free text, is left out first."""
    parts = urlsplit(template)
    path = _put(parts.path, values)
    if path is None:
        return f"{parts.scheme}://{parts.netloc}/"
    query = "&".join(found for part in parts.query.split("&") if (found := _put(part, values)))
    fragment = _put(parts.fragment, values)
    address = f"{parts.scheme}://{parts.netloc}{path}" + (f"?{query}" if query else "")
    address += f"#{fragment}" if fragment else ""
    if len(address) > LONGEST and values.get("sujet"):
        return filled(template, {**values, "sujet": ""})
    return address


def _put(part: str, values: Mapping[str, str]) -> str | None:
    if not all(values.get(name) for name in _PLACE.findall(part)):
        return None
    return _PLACE.sub(lambda match: quote(values[match[1]], safe=""), part)
