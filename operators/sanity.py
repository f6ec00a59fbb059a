"""What is wrong with a catalogue, for those who keep it: offers that nobody can match, offers told twice, bodies that
can't be reached, engagements beyond the places declared. Each finding names the offers and the cure.

Whether an offer can match anybody is asked of the engine itself, set by set: every body of the departments it touches,
whatever its project.
"""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from accounts.models import Mandate
from common.actor import DESK_ROLES, Actor
from common.french import day, joined, plural
from operators import coverage, relations
from operators.enums import OfferStatus
from operators.ground import Ground, touching
from operators.matching import setwise
from operators.matching.criteria import BY_KEY
from operators.models import Offer, Provider
from operators.permissions import OWN_ROLES
from operators.values import Line
from territories.names import normalise

#: Two offers of a department that share this part of their words, or more, are told twice.
ALIKE = 0.8
#: Beyond, each offer of a department is compared with those of its own body only.
MANY = 400
#: Shorter words say nothing of what an offer is.
LETTERS = 4
#: Of each kind in each department, so many of the largest bodies and of the smallest are read first.
SOME = 4
_THERE = "{c}.is_current AND NOT {c}.fictitious AND {c}.department_id = ANY(%(departments)s)"
_SOME = f"""c.id IN (
  SELECT s.id FROM (
    SELECT b.id, row_number() OVER (kin ORDER BY b.population DESC NULLS LAST, b.id) AS large,
           row_number() OVER (kin ORDER BY b.population, b.id) AS small
    FROM territories_collectivity b WHERE {_THERE.format(c="b")} WINDOW kin AS (PARTITION BY b.department_id, b.kind)
  ) s WHERE s.large <= %(some)s OR s.small <= %(some)s
)"""  # noqa: S608
#: Criteria that an offer fails for a time, not for ever.
_PASSING = ("validity", "capacity")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: what it is about, in a sentence that says the cure. ``kept``: its reader keeps the offers."""

    sentence: str
    offers: tuple[Offer, ...] = ()
    providers: tuple[Provider, ...] = ()
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    title: str
    findings: tuple[Finding, ...]


#: Checks that apps above add: the engagements that they know of.
_others: dict[str, Callable[[Sequence[Offer], Actor], Iterable[Finding]]] = {}


def register(title: str, check: Callable[[Sequence[Offer], Actor], Iterable[Finding]]) -> None:
    """Adds a check, under its title, of what its reader may know; a title is used once."""
    if _others.setdefault(title, check) is not check:
        raise ValueError(f"check registered twice: {title}")


def checks_of(offers: Sequence[Offer], providers: Sequence[Provider], actor: Actor) -> list[Check]:
    """Every check on these offers (provider, coverage, subjects loaded) and bodies; queries do not grow with them."""
    live = [offer for offer in offers if offer.status in (OfferStatus.PUBLISHED, OfferStatus.IN_REVIEW)]
    found: dict[str, Iterable[Finding]] = {
        "Offres ouvertes à aucune collectivité": _unreachable(live, actor.on),
        "Sujets hors des thèmes": _lost_subjects(live),
        "Offres sans moment du projet": _without_phase(live),
        "Offres en double": _alike(live),
        "Offres complètes": _full(live),
        "Organismes sans contact": _unreached(providers, actor.on),
        "Offres d’un autre département qui couvrent le vôtre": _from_elsewhere(actor),
        **{title: check(live, actor) for title, check in _others.items()},
    }
    return [Check(title, tuple(findings)) for title, findings in found.items()]


def _unreachable(offers: Sequence[Offer], on: dt.date) -> Iterable[Finding]:
    by_pk = {offer.pk: offer for offer in offers if offer.status == OfferStatus.PUBLISHED and offer.is_valid_on(on)}
    failures = _failures(by_pk, on)
    for pk, offer in by_pk.items():
        reasons = failures.get(pk, {"territory": 1})
        if None in reasons or set(reasons) & set(_PASSING):
            continue
        first = max(reasons, key=lambda key: reasons[key] or 0)
        label = BY_KEY[first or "territory"].label.lower()
        said = f"Aucune collectivité de son territoire ne remplit ses conditions ({label})"
        yield Finding(f"{said} : élargissez-les, ou retirez-la.", (offer,))


def _failures(offers: Collection[int], on: dt.date) -> Mapping[int, Mapping[str | None, int]]:
    """Offer → first criterion failed (none when nothing fails) → how many bodies.

    Nearly every offer is open to one of the largest or smallest bodies of its departments, and is read no further: all
    the bodies are read for the others only. Three statements."""
    if not offers:
        return {}
    reach = coverage.reach(offers)
    with connection.cursor() as cursor:
        cursor.execute(
            _read(f"SELECT DISTINCT p.offer FROM ({setwise.candidates('needs', 'kept')}) p", _SOME),  # noqa: S608
            {"on": on, "departments": _every(reach.values()), "offers": list(offers), "some": SOME},
        )
        found: dict[int, dict[str | None, int]] = {pk: {None: 1} for (pk,) in cursor.fetchall()}
        rest = [pk for pk in offers if pk not in found]
        if rest:
            cursor.execute(
                _read(f"SELECT p.offer, p.failed, count(*) FROM ({setwise.pairs('needs', 'kept')}) p GROUP BY 1, 2"),  # noqa: S608
                {"on": on, "departments": _every(reach.get(pk, ()) for pk in rest), "offers": rest},
            )
            for pk, failed, count in cursor.fetchall():
                found.setdefault(pk, {})[failed] = count
    return found


def _every(departments: Iterable[Iterable[str]]) -> list[str]:
    return sorted({code for codes in departments for code in codes})


def _read(query: str, only: str = "true") -> str:
    """The query, on the bodies of some departments (``needs``) and some offers (``kept``)."""
    needs = relations.bodies(f"{_THERE.format(c='c')} AND {only}")
    return (
        f"WITH needs AS MATERIALIZED ({needs}), "
        f"kept AS MATERIALIZED ({relations.offers('f.id = ANY(%(offers)s)')}) {query}"
    )


def _lost_subjects(offers: Sequence[Offer]) -> Iterable[Finding]:
    for offer in offers:
        lost = [subject.label for subject in offer.subjects.all() if subject.theme not in offer.themes]
        if lost:
            yield Finding(f"Ajoutez le thème de : {joined(lost)}, ou décochez.", (offer,))


def _without_phase(offers: Sequence[Offer]) -> Iterable[Finding]:
    for offer in offers:
        if offer.themes and not offer.phases and not offer.services:
            yield Finding("Ni moment du projet ni service : elle répond à tout, et passe après les autres.", (offer,))


def _alike(offers: Sequence[Offer]) -> Iterable[Finding]:
    """Of one department: the same title from the same body, or nearly the same words."""
    words = {offer.pk: _words(f"{offer.title} {offer.description}") for offer in offers}
    places = Counter(offer.provider.department_id for offer in offers)
    groups: dict[object, list[Offer]] = {}
    for offer in offers:
        crowded = places[offer.provider.department_id] > MANY
        groups.setdefault(offer.provider_id if crowded else offer.provider.department_id, []).append(offer)
    for group in groups.values():
        for one, other in itertools.combinations(group, 2):
            both, either = words[one.pk] & words[other.pk], words[one.pk] | words[other.pk]
            twin = one.provider_id == other.provider_id and normalise(one.title) == normalise(other.title)
            if twin or (either and len(both) >= ALIKE * len(either)):
                yield Finding(
                    "Deux offres presque identiques : gardez-en une, ou dites ce qui les distingue.", (one, other)
                )


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in normalise(text).split() if len(word) >= LETTERS)


def _full(offers: Sequence[Offer]) -> Iterable[Finding]:
    for offer in offers:
        if offer.capacity_left == 0:
            since = f" depuis le {day(offer.verified_on)}" if offer.verified_on else ""
            yield Finding(
                f"Complète{since} : le guichet ne la propose plus. Confirmez-la dès qu’une place se libère.", (offer,)
            )


def _unreached(providers: Sequence[Provider], on: dt.date) -> Iterable[Finding]:
    """Those whom no mail of the portal reaches: no address, and nobody who answers for them here."""
    without = [provider for provider in providers if provider.is_active and not provider.email]
    people = Mandate.objects.in_force(on).proven().filter(role__in=OWN_ROLES)
    asked = {provider.organisation_id for provider in without}
    answering = set(people.filter(organisation__in=asked).values_list("organisation", flat=True))
    for provider in without:
        if provider.organisation_id not in answering:
            sentence = "Ni courriel, ni compte : aucune sollicitation ne l’atteint. Complétez sa fiche."
            yield Finding(sentence, (), (provider,))


def _from_elsewhere(actor: Actor) -> Iterable[Finding]:
    """Published by other desks, and holding in a department of this one's."""
    if actor.role not in DESK_ROLES:
        return
    here = Offer.objects.published().valid_on(actor.on).filter(touching(actor.departments))
    others = here.exclude(provider__department__in=actor.departments).exclude(provider__department=None)
    offers = list(others.select_related("provider__department").prefetch_related("coverage").order_by("title", "pk"))
    lines = {offer.pk: [Line(row.level, row.code, row.excluded) for row in offer.coverage.all()] for offer in offers}
    ground = Ground.of(line for each in lines.values() for line in each)
    for offer in offers:
        home = offer.provider.department
        if home is not None and ground.beyond(lines[offer.pk], home.code) & actor.departments:
            cure = f"demandez au guichet {home.of} de retirer votre département de ses territoires"
            yield Finding(f"Si l’organisme n’intervient pas chez vous, {cure}.", (offer,), kept=False)


def over_capacity(offer: Offer, engaged: int, since: dt.date) -> Finding:
    """What is said of an offer that more bodies were promised than it had places."""
    left = plural(offer.capacity_left or 0, "place")
    return Finding(f"{plural(engaged, 'accord')} depuis le {day(since)} pour {left} : confirmez les places.", (offer,))
