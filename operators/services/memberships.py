"""Who is a member of a provider, as itself or the desk of its department says; what the engine reads of it follows."""

import datetime as dt
import re
from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common import clock
from common.actor import Actor
from common.errors import Invalid, NotAllowed
from common.events import emit
from common.french import joined, number, plural
from operators.enums import OfferStatus
from operators.events import OfferChanged
from operators.models import Membership, Provider
from operators.permissions import ProviderAbility, provider_abilities
from territories.models import Collectivity, FormerCode

#: Codes of one list, and those named when they are nobody's.
MOST, NAMED = 5_000, 5
_CODE = re.compile(r"[0-9A-Z]{5}|[0-9]{9}")


def say(
    provider: Provider,
    bodies: Collection[Collectivity],
    actor: Actor,
    *,
    member: bool | None,
    source: str = "",
    at: dt.datetime | None = None,
) -> int:
    """Says that these bodies are members, that they are not, or (None) that it is not known; returns of how many it
    changed. What was said already is verified that day. Raises :class:`NotAllowed`."""
    at = at or clock.now()
    on = timezone.localdate(at)
    asked = {body.pk for body in bodies}
    with transaction.atomic():
        row = Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=provider.pk)
        if ProviderAbility.EDIT not in provider_abilities(actor, row):
            raise NotAllowed("Les adhérents de cet organisme sont tenus par d’autres.")
        standing = Membership.objects.standing().filter(provider=row, collectivity__in=asked)
        same = (
            set(standing.filter(is_member=member).values_list("collectivity", flat=True))
            if member is not None
            else set()
        )
        verified = {"verified_on": on, **({"source": source[:200]} if source else {})}
        standing.filter(collectivity__in=same).update(**verified)
        ended = standing.exclude(collectivity__in=same).update(ends_on=on)
        if member is None:
            changed = ended
        else:
            changed = len(asked - same)
            Membership.objects.bulk_create(
                Membership(
                    provider=row,
                    collectivity_id=pk,
                    is_member=member,
                    starts_on=on,
                    source=source[:200],
                    verified_on=on,
                    person_id=actor.person_id,
                    body=actor.body[:200],
                )
                for pk in sorted(asked - same)
            )
        if changed:
            asking = row.offers.filter(status=OfferStatus.PUBLISHED, membership_required=True).order_by("pk")
            for pk in asking.values_list("pk", flat=True):
                emit(OfferChanged(offer_id=pk, at=at))
    return changed


def bodies_of(text: str) -> list[Collectivity]:
    """The bodies of a pasted list of INSEE or SIREN codes, each once; a former commune is the one it is today. Raises
    :class:`Invalid` when a code is nobody's: a list is taken whole or not at all."""
    codes = _codes(text)
    if not codes:
        raise Invalid("Collez au moins un code : celui d’une commune (Insee) ou un SIREN.", field="codes")
    if len(codes) > MOST:
        raise Invalid(f"Cette liste a {number(len(codes))} codes : {number(MOST)} au plus.", field="codes")
    possible = [code for code in codes if _CODE.fullmatch(code)]
    former = dict(FormerCode.objects.filter(code__in=possible).values_list("code", "collectivity__code"))
    today = {former.get(code, code) for code in possible}
    named = Q(code__in=today) | Q(siren__in=today) | Q(insee_code__in=today)
    found = list(Collectivity.objects.filter(named, is_current=True, fictitious=False).order_by("code"))
    known = {code for body in found for code in (body.code, body.siren, body.insee_code)}
    _refuse_unknown({code: former.get(code, code) for code in codes}, known)
    return found


def _codes(text: str) -> list[str]:
    """« 200 067 437 » is one code, « 04121 04070 » are two, and a spreadsheet takes the first zero off « 4121 ». Of
    another length it is nobody's: « 04 » would be a département."""
    found: list[str] = []
    for part in re.split(r"[;,\t\r\n]+", text.upper()):
        whole = re.sub(r"\s", "", part)
        found += [whole] if re.fullmatch(r"\s*\d{3}\s+\d{3}\s+\d{3}\s*", part) else part.split()
    return list(dict.fromkeys(code.zfill(5) if re.fullmatch(r"\d{4}", code) else code for code in found))


def _refuse_unknown(codes: Mapping[str, str], known: Collection[str | None]) -> None:
    unknown = [code for code, today in codes.items() if today not in known]
    if unknown:
        names = joined([f"« {code[:20]} »" for code in unknown[:NAMED]])
        more = f", et {plural(len(unknown) - NAMED, 'autre')}" if len(unknown) > NAMED else ""
        raise Invalid(f"Aucune collectivité ne porte : {names}{more}. Rien n’est enregistré.", field="codes")
