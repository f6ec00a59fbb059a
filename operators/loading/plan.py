"""What a file would do to the catalogue: each line read, compared with the offer that it names, and judged.

Nothing is written here. Lines are taken by batches, each of a constant number of queries; what is kept in memory does
not grow with them, but for the keys that tell two lines of one offer.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import Q

from common.actor import Actor
from common.french import NBSP, joined, number, plural
from common.tabular import Fault, Table, open_table
from operators.enums import Level, OfferStatus
from operators.ground import Ground
from operators.loading.columns import KNOWN, SHEET
from operators.loading.providers import Providers
from operators.loading.rows import Given, Reader
from operators.loading.words import vocabulary
from operators.models import Offer, Provider
from operators.places import Gazetteer, UnknownPlaceError
from operators.services.faults import Known, faults_of, gaps_of
from operators.values import Difference, Line, OfferValues
from operators.wording import changes_in_words
from territories.models import FormerCode

#: Lines read, compared and written together.
BATCH = 500
#: Faults told, and changes shown in full; the others are counted.
FAULTS, ITEMS = 500, 300
#: Lines named that leave their department.
LEAVING = 10
#: Characters of a value shown.
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Change:
    """One line that changes something: a new offer when ``offer`` is None. ``gaps``: why it stays a draft;
    ``publishes``: it enters the catalogue."""

    line: int
    provider: Provider
    offer: Offer | None
    values: OfferValues
    differences: Sequence[Difference]
    gaps: Sequence[tuple[str, str]]
    publishes: bool

    @property
    def held(self) -> tuple[Line, ...]:
        """The lines on which the offer was matched before the file."""
        if self.offer is None or self.offer.status != OfferStatus.PUBLISHED:
            return ()
        return OfferValues.of(self.offer).coverage


@dataclass(slots=True)
class Plan:
    """What was found, counted; plain values, so that it can be kept and shown later."""

    lines: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    published: int = 0
    drafts: int = 0
    examples: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    digest: str = ""

    @property
    def changes(self) -> int:
        return self.created + self.changed

    def blame(self, faults: Sequence[Fault]) -> None:
        self.fault_count += len(faults)
        self.faults += faults[: max(0, FAULTS - len(self.faults))]

    def as_json(self) -> dict[str, Any]:
        plain = dataclasses.asdict(self)
        plain["faults"] = [[fault.place, fault.reason] for fault in sorted(self.faults, key=lambda one: one.line)]
        return plain


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose behalf a file is read, and for which departments (none: all that he keeps). ``provider``: whose every
    line is, when the file does not say."""

    actor: Actor
    departments: frozenset[str] = frozenset()
    provider: str = ""


Consume = Callable[[Sequence[Change], Known], None]
Progress = Callable[[int, int], None]


def examine(
    data: bytes,
    name: str,
    scope: Scope,
    *,
    consume: Consume = lambda changes, known: None,
    progress: Progress = lambda done, total: None,
) -> Plan:
    """Reads the whole file. ``consume`` is given the changes of each batch while no line was at fault. Raises
    :class:`common.tabular.faults.Unreadable` when the file is no table, ``ValueError`` for an unknown provider of the
    scope."""
    table = open_table(data, name, KNOWN, sheet=SHEET)
    return _Examination(table, scope).run(consume, progress)


class _Examination:
    def __init__(self, table: Table, scope: Scope) -> None:
        self.table, self.plan, self.on = table, Plan(), scope.actor.on
        self.reader = Reader(table, vocabulary())
        self.providers = Providers(scope.actor, scope.departments, default=scope.provider)
        self.shown: list[Change] = []
        self.seen: dict[tuple[Any, ...], int] = {}
        self.digest = hashlib.sha256()
        self.leaving: list[int] = []

    def run(self, consume: Consume, progress: Progress) -> Plan:
        plan, table = self.plan, self.table
        plan.blame(self.reader.faults)
        told = 0
        batches = iter(lambda: list(islice(table.lines, BATCH)), [])
        for batch in batches if not self.reader.faults else ():
            given = [one for line in batch if (one := self.reader.read(line)) is not None]
            plan.examples += len(batch) - len(given)
            plan.lines += len(given)
            changes, known = self._changes(given)
            plan.blame(table.faults[told:])
            told = len(table.faults)
            if not plan.fault_count:
                consume(changes, known)
            progress(batch[-1].number, max(table.expected, batch[-1].number))
        plan.blame(table.faults[told:])
        plan.remarks = [*table.remarks, *self.reader.remarks, *self._leaving()]
        if not plan.lines and not plan.fault_count:
            plan.blame([Fault(0, "ce fichier ne contient aucune offre sous sa ligne de titres.")])
        plan.items = _items(self.shown)
        plan.digest = self.digest.hexdigest()
        return plan

    def _changes(self, given: Sequence[Given]) -> tuple[list[Change], Known]:
        """The changes of a batch; its faults go to the plan."""
        owners = [(one, self._owner(one)) for one in given]
        self._locate(owners)
        held = _Held([one for one in owners if one[1] is not None])
        judged = [(one, *self._values(one, owner, held)) for one, owner in owners]
        known = Known.of([values for _, _, _, values in judged if values is not None])
        changes = [change for each in judged if (change := self._change(*each, held, known)) is not None]
        for one in given:
            self.plan.blame(one.faults)
        ground = Ground.of(line for change in changes for line in change.values.coverage)
        self.leaving += [
            change.line
            for change in changes
            if any(difference.field == "coverage" for difference in change.differences)
            and ground.beyond(change.values.coverage, change.provider.department_id)
        ]
        return changes, known

    def _leaving(self) -> Iterator[str]:
        """The lines that cover another department than their body's: not a fault, and soon a slip."""
        if count := len(self.leaving):
            shown = [number(line) for line in self.leaving[:LEAVING]]
            lines = joined([*shown, plural(count - LEAVING, "autre")] if count > LEAVING else shown)
            which = f"ligne{'s' if count > 1 else ''} {lines}"
            yield (
                f"{plural(count, 'offre couvre', 'offres couvrent')} un autre département que celui de l’organisme "
                f"({which}) : vérifiez ses territoires. Les guichets de ces départements seront avertis."
            )

    def _locate(self, owners: Sequence[tuple[Given, Provider | None]]) -> None:
        """The territories typed. Five queries at most, whatever the number of lines."""
        gazetteer = Gazetteer.of(typed for one, _ in owners for typed in one.places or ())
        found: list[tuple[Given, list[Line]]] = []
        for one, owner in owners:
            if one.places is None:
                continue
            try:
                home = owner.department_id if owner else None
                found.append((one, [gazetteer.line(typed, home) for typed in one.places]))
            except UnknownPlaceError as error:
                one.faults.append(self.reader.fault(one.line, "coverage", str(error)))
        lines = [_whole(line) for _, each in found for line in each]
        codes = {line.code for line in lines if line.level == Level.COMMUNE}
        today = dict(FormerCode.objects.filter(code__in=codes).values_list("code", "collectivity__code"))
        for one, each in found:
            whole = [_whole(line) for line in each]
            one.values["coverage"] = tuple(line._replace(code=today.get(line.code, line.code)) for line in whole)

    def _owner(self, given: Given) -> Provider | None:
        if not given.provider and self.providers.default is None:
            return None  # told already, or the column is missing
        try:
            found = self.providers.find(given.provider) if given.provider else self.providers.default
        except ValueError as error:
            given.faults.append(self.reader.fault(given.line, "provider", str(error)))
            return None
        if self.providers.default is not None and found != self.providers.default:
            reason = f"ce fichier est celui de {self.providers.default}. Retirez la ligne."
            given.faults.append(self.reader.fault(given.line, "provider", reason))
        return found

    def _values(
        self, given: Given, owner: Provider | None, held: "_Held"
    ) -> tuple[Provider | None, Offer | None, OfferValues | None]:
        """The offer named and what it would become; no values when the line can't be understood."""
        offer = None
        try:
            offer = held.offer(given, owner)
        except ValueError as error:
            given.faults.append(self.reader.fault(given.line, "code", str(error)))
        self._once(given, owner, offer)
        if given.faults or owner is None:
            return owner, offer, None
        if offer is None:
            return owner, None, OfferValues(**given.values)
        before = held.values[offer.pk]
        changes = {**given.values}
        if before.verified_on:  # never goes back
            changes["verified_on"] = max(before.verified_on, changes.get("verified_on") or before.verified_on)
        return owner, offer, dataclasses.replace(before, **changes)

    def _once(self, given: Given, owner: Provider | None, offer: Offer | None) -> None:
        """Two lines of one offer: the second is at fault, whether or not the first has made it meanwhile."""
        keys: list[tuple[Any, ...]] = [(offer.pk,)] if offer else []
        if not given.code:
            keys.append((owner and owner.pk, given.values.get("title")))
        first = min(self.seen.setdefault(key, given.line) for key in keys) if keys else given.line
        if first != given.line and owner is not None:
            name = "code" if given.code else "title"
            reason = f"cette offre est déjà à la ligne {first}. Gardez une seule des deux lignes."
            given.faults.append(self.reader.fault(given.line, name, reason))

    def _change(
        self,
        given: Given,
        owner: Provider | None,
        offer: Offer | None,
        values: OfferValues | None,
        held: "_Held",
        known: Known,
    ) -> Change | None:
        if values is None or owner is None:
            return None
        illustrative = offer.illustrative if offer else owner.illustrative
        gaps = gaps_of(values)
        published = offer is not None and offer.status == OfferStatus.PUBLISHED
        found = faults_of(values, owner, illustrative=illustrative, known=known) or (gaps if published else [])
        given.faults += [self.reader.fault(given.line, name, reason) for name, reason in found]
        if found:
            return None
        if values.valid_to is not None and values.valid_to < self.on and not published:
            gaps = [*gaps, ("valid_to", "Elle est arrivée à son terme.")]
        before = held.values[offer.pk] if offer else None
        if values == before:
            self.plan.unchanged += 1
            return None
        differences = values.differences(before or OfferValues(title=""))
        change = Change(
            line=given.line,
            provider=owner,
            offer=offer,
            values=values,
            differences=differences,
            gaps=gaps,
            publishes=not gaps and (offer is None or offer.status == OfferStatus.DRAFT),
        )
        self._count(change)
        return change

    def _count(self, change: Change) -> None:
        plan = self.plan
        plan.created += change.offer is None
        plan.changed += change.offer is not None
        plan.published += change.publishes
        plan.drafts += change.offer is None and not change.publishes
        mark = [change.line, change.provider.code, change.offer and change.offer.mark, change.differences]
        self.digest.update(json.dumps(mark, ensure_ascii=False).encode())
        if len(self.shown) < ITEMS:
            self.shown.append(change)


#: Length of the codes of each level, whose first zero a spreadsheet takes off.
_LENGTHS = {Level.REGION: 2, Level.DEPARTMENT: 2, Level.ARRONDISSEMENT: 3, Level.COMMUNE: 5}


def _whole(line: Line) -> Line:
    return line._replace(code=line.code.zfill(_LENGTHS.get(Level(line.level), 0)))


def _items(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """What is shown of these changes, in words. Five queries at most."""
    words = iter(changes_in_words(difference for change in changes for difference in change.differences))
    return [
        {
            "line": change.line,
            "new": change.offer is None,
            "title": change.values.title,
            "provider": change.provider.name,
            "publishes": change.publishes,
            "gaps": [sentence for _, sentence in change.gaps],
            "fields": [
                [label, _short(before), _short(after)]
                for label, before, after in islice(words, len(change.differences))
            ],
        }
        for change in changes
    ]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class _Held:
    """The offers that a batch of lines may name, with their values. Three queries."""

    def __init__(self, given: Sequence[tuple[Given, Provider | None]]) -> None:
        codes = {one.code for one, _ in given if one.code}
        titled = Q(
            provider__in={owner.pk for one, owner in given if owner and not one.code},
            title__in={one.values.get("title", "") for one, _ in given if not one.code},
        )
        offers = list(
            Offer.objects.filter(Q(code__in=codes) | titled)
            .select_related("provider")
            .prefetch_related("subjects", "coverage")
            .order_by("pk")
        )
        self.values = {offer.pk: OfferValues.of(offer) for offer in offers}
        self._by_code = {offer.code: offer for offer in offers}
        self._by_title: dict[tuple[int, str], list[Offer]] = {}
        for offer in offers:
            self._by_title.setdefault((offer.provider_id, offer.title), []).append(offer)

    def offer(self, given: Given, owner: Provider | None) -> Offer | None:
        """The one that the line names by its code or, without code, by its title. Raises ``ValueError``."""
        if not given.code:
            titled = self._by_title.get((owner.pk, given.values.get("title", "")), []) if owner else []
            if len(titled) > 1:
                raise ValueError("plusieurs offres de cet organisme portent cet intitulé. Écrivez le code de l’une.")
            return titled[0] if titled else None
        found = self._by_code.get(given.code)
        if found is None:
            raise ValueError(
                f"aucune offre ne porte le code «{NBSP}{given.code[:60]}{NBSP}». Laissez la cellule vide pour une "
                "offre nouvelle."
            )
        if owner is not None and found.provider_id != owner.pk:
            raise ValueError(
                f"cette offre est celle de {found.provider}. Une offre ne change pas d’organisme{NBSP}: videz le code."
            )
        return found


def offers_of(scope: Scope) -> Iterator[list[Offer]]:
    """The offers that the actor keeps, all states, by batches of a constant number of queries."""
    offers = Offer.objects.kept_by(scope.actor).select_related("provider").prefetch_related("subjects", "coverage")
    if scope.departments:
        offers = offers.filter(provider__department__in=scope.departments)
    last, whole = "", 2 * BATCH
    while batch := list(offers.filter(code__gt=last).order_by("code")[:whole]):
        yield batch
        if len(batch) < whole:
            return
        last = batch[-1].code
