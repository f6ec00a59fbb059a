"""The plan of the generated lives: some seven hundred requests over three years, so that the demonstration has the
texture of a service at work. Pure and deterministic: the same bodies, offers, words and seed give the same plan.

A life is a list of dated steps; ``played`` plays them through the services. It stops at the demonstration's Friday
(``rhythm.TODAY``): what was to come after is not made, and the file is open.
"""

import datetime as dt
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from requests.demonstration import quotas, rhythm
from requests.demonstration.quotas import NATIONAL, Quota
from requests.demonstration.steps import PHASES, Course, Plot, Step
from requests.demonstration.words import Need, Words
from requests.enums import Outcome

SEED = 1232
#: Departments with snow, torrents and saisonniers.
MOUNTAINS = frozenset({"04", "05", "09", "15", "2B", "38", "43", "48", "23"})
OVERSEAS = frozenset({"971", "972", "973", "974", "976"})
#: Departments whose desk forgot a file (silent for more than sixty days), and has one late.
NEGLIGENT = ("04", "90")

#: Communes of the stories told by hand: their own pages stay theirs.
TOLD = frozenset({
    "04022", "04121", "04134", "04208", "08409", "09160", "12089", "15117", "23030", "2B341", "29155", "36207", "38061",
    "43112", "56058", "58145", "67434", "70526", "71176", "90003", "90052", "97219", "97353", "97421", "97606",
})  # fmt: skip

#: Fewest inhabitants of a commune that asks about the subject: a village of ninety has no school to repair.
LEAST: Mapping[str, int] = {
    "ecole": 250, "petite-enfance": 400, "sante": 500, "jeunes-sport": 400, "vie-associative": 250, "culture": 300,
    "commerce": 150, "artisanat": 150, "friche": 400, "logement-aines-actifs": 200, "participation": 150,
}  # fmt: skip

#: Days since filing → how likely the request is ended by now; the first line that holds.
ENDED: tuple[tuple[int, float], ...] = (
    (400, 1.0),
    (330, 0.93),
    (240, 0.8),
    (150, 0.45),
    (45, 0.2),
    (12, 0.12),
    (0, 0.0),
)
#: How many days an outcome takes at least.
NEEDS_DAYS: Mapping[str, int] = {
    Outcome.LOCAL: 150, Outcome.OPERATOR_DIRECT: 150, Outcome.MARKET: 330, Outcome.OPERATOR: 330,
    Outcome.AGENCY_SERVICE: 330, Outcome.REDIRECTED: 12, Outcome.WITHDRAWN: 30, Outcome.DROPPED: 90,
}  # fmt: skip
#: Operator → subjects that the agency entrusts to it; none that makes an expert smile (SCENARIOS 1.10).
MISSIONS: Mapping[str, tuple[str, ...]] = {
    "cerema": ("risques", "friche", "mobilites"),
    "anah": ("logements-vacants",),
    "ademe": ("energie",),
    "bdt": ("tourisme", "zone-activite", "commerce"),
}
#: Subjects that the agency's market studies, and its service for shops.
MARKET = frozenset({
    "ecole", "centre-bourg", "batiment-communal", "tourisme", "friche", "urbanisme", "eau", "zone-activite",
    "agriculture", "patrimoine", "jeunes-sport", "culture",
})  # fmt: skip
SERVICE = frozenset({"commerce"})
#: A referral follows the refusal of at most so many local offers; beyond, somebody would have said yes.
FEW = 2


@dataclass(frozen=True, slots=True)
class Body:
    """Somebody who may file."""

    code: str
    kind: str
    department: str
    name: str
    population: int
    #: (level, code) of every area it lies in.
    areas: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offered:
    """What the plan reads of an offer of the catalogue."""

    code: str
    provider: str
    #: By an operator, for the whole country.
    national: bool
    subjects: frozenset[str]
    kinds: frozenset[str]
    phases: frozenset[str]
    covers: frozenset[tuple[str, str]]
    excepts: frozenset[tuple[str, str]]
    least: int = 0
    most: int = 10**9
    #: False: full, of another day, for a programme's or a zoning's members only. It exists all the same.
    is_open: bool = True

    def reaches(self, body: Body) -> bool:
        return self.national or not self.covers.isdisjoint(body.areas)

    def _shuts_out(self, body: Body) -> bool:
        """Whether every area of one of its levels is excluded."""
        levels = {level for level, _ in self.excepts & body.areas}
        return any({area for area in body.areas if area[0] == level} <= self.excepts for level in levels)

    def fits(self, body: Body) -> bool:
        return (
            self.is_open
            and (not self.kinds or body.kind in self.kinds)
            and self.least <= body.population <= self.most
            and self.reaches(body)
            and not self._shuts_out(body)
        )


@dataclass(frozen=True, slots=True)
class Life:
    """One generated request, from its filing to where it stands."""

    key: str
    body: Body
    need: Need
    #: How it is meant to end; ``is_ended`` says whether it has.
    outcome: str
    mayor: str
    since: dt.date
    steps: tuple[Step, ...]
    is_ended: bool

    @property
    def department(self) -> str:
        return self.body.department

    @property
    def filed_at(self) -> dt.datetime:
        return self.steps[0].at


@dataclass
class _Draft:
    department: str
    filed: dt.datetime
    ended: bool = False
    mood: str = ""

    @property
    def age(self) -> int:
        return (rhythm.TODAY - self.filed.date()).days


@dataclass
class _Casting:
    """Who asks what: quotas of kinds and strata, and what was already said in each department."""

    bodies: Sequence[Body]
    offers: Sequence[Offered]
    words: Words
    rng: random.Random
    kinds: Quota[str] = field(default_factory=lambda: Quota(quotas.KINDS))
    strata: Quota[int] = field(default_factory=lambda: Quota(quotas.STRATA))
    files_of: Counter[str] = field(default_factory=Counter)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    said_anywhere: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.by_place: dict[tuple[str, str], list[Body]] = defaultdict(list)
        self.answers: dict[tuple[str | None, str], list[Offered]] = defaultdict(list)
        places: dict[tuple[str, str], set[str | None]] = defaultdict(set)
        for body in self.bodies:
            for area in body.areas:
                places[area].add(body.department)
        for offer in self.offers:
            found = {None} if offer.national else set[str | None]().union(*(places[area] for area in offer.covers))
            for department, subject in itertools.product(found, offer.subjects):
                self.answers[department, subject].append(offer)
        for body in sorted(self.bodies, key=lambda body: body.code):
            self.by_place[body.department, body.kind].append(body)

    def choose(self, department: str, outcome: str) -> tuple[Body, Need, tuple[Offered, ...]] | None:
        """A body and its need, with the offers that answer it; None when nobody there can end so."""
        for kind in self.kinds.ranked():
            for body, stratum in self._bodies(department, kind):
                found = self._need(outcome, body)
                if found is not None:
                    self.kinds.take(kind)
                    if stratum:
                        self.strata.take(stratum)
                    need, offers = found
                    self.files_of[body.code] += 1
                    self.said[department, need.title] += 1
                    self.said_anywhere[need.title] += 1
                    return body, need, offers
        return None

    def _bodies(self, department: str, kind: str) -> Iterable[tuple[Body, int]]:
        """The bodies of that kind, the stratum furthest behind first, then whoever filed least."""
        found = self.by_place[department, kind]
        if kind != "commune":
            yield from ((body, 0) for body in sorted(found, key=lambda body: self.files_of[body.code]))
            return
        for bound in self.strata.ranked():
            within = [body for body in found if stratum(body.population) == bound]
            self.rng.shuffle(within)
            yield from ((body, bound) for body in sorted(within, key=lambda body: self.files_of[body.code])[:3])

    def _need(self, outcome: str, body: Body) -> tuple[Need, tuple[Offered, ...]] | None:
        found = [
            (self.said[body.department, need.title], self.said_anywhere[need.title], self.rng.random(), need, offers)
            for need in self.words.needs
            if bool(need.elsewhere) == (outcome == Outcome.REDIRECTED)
            and sayable(need, body)
            and (offers := self._offers(outcome, need.subject, body)) is not None
        ]
        if not found:
            return None
        *_, need, offers = min(found, key=lambda line: line[:3])
        return need, offers

    def _offers(self, outcome: str, subject: str, body: Body) -> tuple[Offered, ...] | None:
        """What may be solicited for that outcome, an offer a provider; None when it cannot be had with this subject
        there. The agency is asked where few could answer, or where none exists: never beside a choice of offers."""
        if outcome == Outcome.REDIRECTED:
            return ()
        if outcome == Outcome.OPERATOR_DIRECT:
            return self._fitting(None, subject, body) or None
        local = self._fitting(body.department, subject, body)
        allowed = {
            Outcome.MARKET: subject in MARKET,
            Outcome.AGENCY_SERVICE: subject in SERVICE,
            Outcome.OPERATOR: operator_of(subject, body) != "",
        }
        if not allowed.get(Outcome(outcome), True):
            return None
        if outcome in {Outcome.WITHDRAWN, Outcome.DROPPED}:
            return local
        if outcome in NATIONAL:
            alone = not any(offer.reaches(body) for offer in self.answers[body.department, subject])
            return local if alone or 0 < len(local) <= FEW else None
        return local or None

    def _fitting(self, department: str | None, subject: str, body: Body) -> tuple[Offered, ...]:
        found: dict[str, Offered] = {}
        for offer in self.answers[department, subject]:
            if offer.fits(body):
                found.setdefault(offer.provider, offer)
        return tuple(found.values())


def stratum(population: int) -> int:
    return next(bound for bound in quotas.STRATA if population <= bound)


def sayable(need: Need, body: Body) -> bool:
    """Whether these words fit that place: its kind, its size, its climate."""
    sizes = {"": True, "tiny": body.population < 900, "small": body.population < 3500, "town": body.population >= 3500}
    if need.body != body.kind:
        return False
    if body.kind == "commune" and not (sizes[need.size] and body.population >= LEAST.get(need.subject, 0)):
        return False
    if need.where == "mountain":
        return body.department in MOUNTAINS
    return not need.where or body.department not in OVERSEAS


def operator_of(subject: str, body: Body) -> str:
    """The operator that takes this subject up for this body; empty when none would."""
    for operator, subjects in MISSIONS.items():
        if subject in subjects:
            grouping = operator in {"anah", "ademe"}
            return "" if (grouping and body.kind == "commune") or body.kind == "department" else operator
    return ""


def phases_of(offers: Iterable[Offered]) -> tuple[str, ...]:
    """The phases, among those that the lives tell, in which all of these offers are open."""
    return tuple(phase for phase in PHASES if all(not offer.phases or phase in offer.phases for offer in offers)) or (
        PHASES[0],
    )


def _drafts(rng: random.Random) -> list[_Draft]:
    """When and where requests were filed, and which are ended by now."""
    drafts = [
        _Draft(department, filed)
        for department, volume in quotas.VOLUMES.items()
        for filed in rhythm.filings(volume, rng)
    ]
    for draft in drafts:
        draft.ended = rng.random() < next(likely for age, likely in ENDED if draft.age >= age)
    for department in NEGLIGENT:
        _neglect(drafts, department)
    return drafts


def _neglect(drafts: Sequence[_Draft], department: str) -> None:
    """One file forgotten in its follow-up, and one late in its triage."""
    own = [draft for draft in drafts if draft.department == department]
    forgotten = min(own, key=lambda draft: abs(draft.filed.date() - dt.date(2026, 3, 3)))
    forgotten.mood, forgotten.ended = "forgotten", False
    late = min(own, key=lambda draft: abs(draft.filed.date() - dt.date(2026, 10, 1)))
    late.mood, late.ended = "late", False


def _fate(draft: _Draft, shares: Quota[str], casting: _Casting) -> tuple[str, tuple[Body, Need, tuple[Offered, ...]]]:
    """How the request ends, or is to end, and who asks what so that it may."""
    if draft.ended:
        possible = shares.ranked([outcome for outcome, days in NEEDS_DAYS.items() if draft.age >= days])
    else:
        national = not draft.mood and draft.age > 100 and casting.rng.random() < 0.12
        possible = [Outcome.OPERATOR, Outcome.LOCAL] if national else [Outcome.LOCAL]
    for outcome in possible:
        found = casting.choose(draft.department, outcome)
        if found is not None:
            if draft.ended:
                shares.take(outcome)
            return outcome, found
    raise ValueError(f"nobody in {draft.department} for {possible}")


def plan(bodies: Sequence[Body], offers: Sequence[Offered], words: Words, *, seed: int = SEED) -> list[Life]:
    """Every life, department by department, in the order of filings."""
    rng = random.Random(seed)  # noqa: S311  (a demonstration)
    drafts = _drafts(rng)
    casting = _Casting(bodies, offers, words, rng)
    motives = Quota(quotas.MOTIVES)
    numbers: Counter[str] = Counter()
    first_filed: dict[str, dt.date] = {}
    outcomes: dict[str, Quota[str]] = {"": Quota(quotas.OUTCOMES)}
    outcomes |= {department: Quota(shares) for department, shares in quotas.OUTCOMES_OF.items()}
    quick = False
    lives = []
    for draft in drafts:
        shares = outcomes.get(draft.department, outcomes[""])
        outcome, (body, need, found) = _fate(draft, shares, casting)
        if outcome == Outcome.REDIRECTED and not quick:
            draft.mood, quick = "quick", True  # one file answered in two days
        numbers[draft.department] += 1
        key = f"L-{draft.department}-{numbers[draft.department]:03}"
        first = first_filed.setdefault(body.code, draft.filed.date())
        operator = operator_of(need.subject, body) or "cerema"
        plot = Plot(
            department=draft.department,
            kind=body.kind,
            small=body.population < (3500 if body.kind == "commune" else 15000),
            need=need,
            outcome=outcome,
            offers=tuple(offer.code for offer in found),
            phases=phases_of(found),
            operator=operator,
            motives=motives.next() if outcome in NATIONAL else (),
            ended=draft.ended,
            mood=draft.mood,
        )
        steps = Course(plot, words, random.Random(f"{seed}{key}")).steps(draft.filed)  # noqa: S311
        lives.append(
            Life(
                key=key,
                body=body,
                need=need,
                outcome=outcome,
                mayor=words.person(f"{seed}{body.code}"),
                since=_since(body, first, f"{seed}{body.code}"),
                steps=steps,
                is_ended=draft.ended,
            )
        )
    return lives


def _since(body: Body, first: dt.date, seed: str) -> dt.date:
    """Since when the executive is in office: many of those who wrote first after March 2026 are new."""
    if body.kind == "department":
        return dt.date(2021, 7, 1)
    new = first > dt.date(2026, 4, 20) and random.Random(seed).random() < 0.45  # noqa: S311
    if body.kind == "commune":
        return dt.date(2026, 3, 22) if new else dt.date(2020, 5, 28)
    return dt.date(2026, 4, 15) if new else dt.date(2020, 7, 10)
