"""What a guide says, in plain values: the same catalogue gives the same guide, hence the same fingerprint."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from operators.matching.vocabulary import NATION_CODE, LegalMode

#: Mode de recours → by what right, and what the body has to do first (PRACTICE 3.6; CGCT L. 3232-1-1, R. 3232-1 and
#: L. 1531-1; code de la commande publique L. 2511-1; DOMAIN 5.2, 5.3). Total over the modes (tested).
MODES: Mapping[LegalMode, str] = {
    LegalMode.FREE_BY_RIGHT: "Vous vous adressez directement à l’organisme : ni adhésion, ni mise en concurrence, ni "
    "facture pour cette offre.",
    LegalMode.MEMBERSHIP: "Votre conseil vote l’adhésion à l’organisme, et sa cotisation. L’adhérent lui confie "
    "ensuite une mission sans mise en concurrence, dans les conditions de la quasi-régie (article L. 2511-1 du code de "
    "la commande publique). Le Cerema est ouvert ainsi à ses adhérents depuis novembre 2022.",
    LegalMode.SHAREHOLDING: "Votre collectivité détient une part du capital de la société publique locale et lui "
    "confie une mission sans mise en concurrence (article L. 1531-1 du code général des collectivités territoriales).",
    LegalMode.DEPARTMENT_AGREEMENT: "Le département met son assistance technique à la disposition des communes et des "
    "intercommunalités qui n’ont pas de moyens suffisants : assainissement, protection de la ressource en eau, milieux "
    "aquatiques, inondations, voirie, mobilité, aménagement, habitat (article L. 3232-1-1 du code général des "
    "collectivités territoriales). Une convention en fixe le contenu, la durée et la rémunération.",
    LegalMode.TENDER: "L’organisme est un candidat parmi d’autres : votre collectivité consulte avant de choisir, "
    "selon les règles de la commande publique.",
    LegalMode.OPERATOR_AGREEMENT: "L’opérateur, ou l’Agence, signe avec votre collectivité une convention qui dit ce "
    "que chacun fait et paie. Le guichet de votre département vous met en relation.",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One offer. ``subjects`` are those it answers, all those of its themes when it names none; ``reach`` is how many
    communes of how many it covers, when not all; ``covered`` their ranks among the communes of the guide."""

    code: str
    title: str
    url: str
    description: str
    provider: str
    subjects: tuple[str, ...]
    subject_labels: tuple[str, ...]
    theme_labels: tuple[str, ...]
    services: tuple[str, ...]
    price: str
    legal_mode: str
    mode: str
    conditions: str
    delay_days: int | None
    who: tuple[str, ...]
    where: str
    reach: str
    valid_to: dt.date | None
    verified_on: dt.date | None
    is_full: bool
    illustrative: bool
    covered: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A provider, its contact, and its offers."""

    code: str
    name: str
    kind: str
    mission: str
    telephone: str
    email: str
    website: str
    verified_on: dt.date | None
    illustrative: bool
    url: str
    agreements: tuple[str, ...] = ()
    sheets: tuple[Sheet, ...] = ()

    @property
    def has_contact(self) -> bool:
        return bool(self.telephone or self.email or self.website)


@dataclass(frozen=True, slots=True)
class Family:
    """Providers of one family. ``full``: their offers are described; else listed, the operators' document has them."""

    title: str
    full: bool
    bodies: tuple[Body, ...]


@dataclass(frozen=True, slots=True)
class SubjectPart:
    code: str
    label: str
    theme: str
    near: tuple[Sheet, ...]
    far: tuple[Sheet, ...]


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    subjects: tuple[SubjectPart, ...]


@dataclass(frozen=True, slots=True)
class Mode:
    label: str
    text: str
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """A theme, and the communes and inhabitants of the department to which no local offer is open for it."""

    theme: str
    uncovered: int
    communes: int
    inhabitants: int


@dataclass(frozen=True, slots=True)
class DeskPart:
    label: str
    service: str
    address: str
    telephone: str
    email: str
    opening_hours: str
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """Communes drawn alike, in one of four shades: ``path`` is one dot each."""

    shade: int
    words: str
    path: str


@dataclass(frozen=True, slots=True)
class Town:
    name: str
    x: float
    y: float
    to_left: bool


@dataclass(frozen=True, slots=True)
class Map:
    """Communes by their centres. ``text`` says in words what is drawn; ``offers`` what it is drawn for."""

    width: int
    height: int
    dot: float
    layers: tuple[Layer, ...]
    towns: tuple[Town, ...]
    text: str
    offers: tuple[Sheet, ...] = ()


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An arrondissement, beside the map."""

    name: str
    communes: int
    inhabitants: int
    offers: str
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """``code`` is a department's, or the nation's for the operators' document. ``idle`` are its bodies without an open
    offer."""

    code: str
    title: str
    place: str
    of_place: str
    catalogue_on: dt.date | None
    population_vintage: int | None
    desk: DeskPart | None
    groups: tuple[Group, ...] = field(repr=False)
    families: tuple[Family, ...]
    idle: tuple[Body, ...]
    modes: tuple[Mode, ...]
    mute: tuple[tuple[str, str], ...]
    holes: tuple[Hole, ...]
    map: Map | None = None
    lines: tuple[AreaLine, ...] = ()
    partial: tuple[Map, ...] = ()

    @property
    def is_national(self) -> bool:
        return self.code == NATION_CODE

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return tuple(sheet for family in self.families for body in family.bodies for sheet in body.sheets)

    @property
    def near(self) -> tuple[Sheet, ...]:
        """The offers that the guide describes in full."""
        return tuple(
            sheet for family in self.families if family.full for body in family.bodies for sheet in body.sheets
        )

    @property
    def bodies(self) -> int:
        return sum(len(family.bodies) for family in self.families)

    @property
    def illustrative(self) -> bool:
        return any(sheet.illustrative for sheet in self.sheets)

    def fingerprint(self, layout: bytes) -> str:
        """What the document made of it depends upon: this content and its layout. ``groups`` only sorts the sheets, so
        that its labels are enough."""
        labels = [(group.label, [(each.code, each.label) for each in group.subjects]) for group in self.groups]
        return hashlib.sha256(layout + repr((labels, replace(self, groups=()))).encode()).hexdigest()
