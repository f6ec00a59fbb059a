"""From the catalogue of the day to a guide. A constant number of queries, whatever the number of offers."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from common.french import NBSP, joined, number, plural
from common.french import day as printed_day
from operators.enums import BodyKind, Service, SubjectGroup, Theme
from operators.guide import parts
from operators.guide.drawing import Drawing, counts_of
from operators.guide.places import Places
from operators.matching import vocabulary
from operators.matching.reasons import ZONING_LABELS, interval
from operators.matching.vocabulary import LegalMode
from operators.models import CoverageCell, FrameworkAgreement, Offer, Provider, Subject
from operators.models.offer import OfferQuerySet
from programmes.reference import LABELS as PROGRAMME_LABELS
from territories.models import Department, Desk

#: Title of each family, in the order of precedence (DOMAIN 4.1).
FAMILIES: Mapping[vocabulary.Family, str] = {
    vocabulary.Family.LOCAL: "Les organismes locaux",
    vocabulary.Family.OPERATOR: "Les opérateurs de l’État",
    vocabulary.Family.AGENCY: "Les services de l’Agence nationale de la cohésion des territoires",
}
#: Small maps drawn; beyond, the words of each offer are enough.
PARTIAL_MAPS = 9
Rows = Sequence[tuple[Any, parts.Sheet]]


def of_department(department: Department, on: dt.date) -> parts.Guide:
    """The guide of a department: its local offers in full, those of the nation listed. Published, open that day, and
    covering a commune of it at least. ``department`` comes with its desk."""
    places = Places(department)
    subjects = _subjects()
    rows = [
        (offer, sheet)
        for offer in _offers(Offer.objects.published().valid_on(on).meeting(places.areas))
        if (sheet := _local_sheet(offer, places, subjects)) is not None
    ]
    families = _families(rows, {}, full=(vocabulary.Family.LOCAL,))
    near = [sheet for offer, sheet in rows if offer.family is vocabulary.Family.LOCAL]
    far = [sheet for offer, sheet in rows if offer.family is not vocabulary.Family.LOCAL]
    groups = _groups(subjects, near, far)
    active = {body.code for family in families for body in family.bodies}
    cells = CoverageCell.objects.latest_day().filter(department=department, kind=BodyKind.COMMUNE).defer("codes")
    drawing = Drawing(places) if places.has_map and near else None
    return parts.Guide(
        code=department.code,
        title="Guide départemental de l’ingénierie",
        place=department.label,
        of_place=department.of,
        catalogue_on=_catalogue_on(rows),
        population_vintage=department.population_vintage,
        desk=_desk(department),
        groups=groups,
        families=families,
        idle=tuple(
            _body(each, ()) for each in Provider.objects.of_department(department.code) if each.code not in active
        ),
        modes=_modes(families),
        mute=_mute(groups),
        holes=_holes(cells),
        map=drawing.by_count(near) if drawing else None,
        lines=_lines(places, near) if near else (),
        partial=_partial(drawing, near) if drawing else (),
    )


def of_operators(on: dt.date) -> parts.Guide:
    """The single document: every open offer of the five operators and of the agency, in full."""
    subjects = _subjects()
    national = (
        Offer.objects.published()
        .valid_on(on)
        .filter(provider__in=Provider.objects.operators() | Provider.objects.agency_services())
    )
    rows = [(offer, _sheet(offer, subjects, *_national_reach(offer), ())) for offer in _offers(national)]
    agreements: dict[int, list[str]] = {}
    for agreement in FrameworkAgreement.objects.in_force(on).order_by("starts_on"):
        agreements.setdefault(agreement.provider_id, []).append(_period(agreement))
    families = _families(rows, agreements, full=tuple(FAMILIES))
    groups = _groups(subjects, [sheet for _, sheet in rows], [])
    return parts.Guide(
        code=vocabulary.NATION_CODE,
        title="Document unique des opérateurs",
        place="France entière",
        of_place="de la France",
        catalogue_on=_catalogue_on(rows),
        population_vintage=None,
        desk=None,
        groups=groups,
        families=families,
        idle=(),
        modes=_modes(families),
        mute=_mute(groups),
        holes=(),
    )


# --- reading the catalogue -------------------------------------------------------------------------------------------


def _subjects() -> list[Subject]:
    return [subject for subject in Subject.objects.active() if subject.theme]


def _offers(found: OfferQuerySet) -> list[Any]:
    return list(found.with_coverage().order_by("provider__name", "provider__code", "title", "code"))


def _catalogue_on(rows: Rows) -> dt.date | None:
    return max((timezone.localdate(offer.updated_at) for offer, _ in rows), default=None)


def _local_sheet(offer: Any, places: Places, subjects: Sequence[Subject]) -> parts.Sheet | None:
    """None when the offer excludes the whole department."""
    covered = places.covered(offer.coverage_rows)
    if covered is None or (places.communes and not covered):
        return None
    where, reach = places.where(offer.coverage_rows, covered)
    local = offer.family is vocabulary.Family.LOCAL
    return _sheet(offer, subjects, where, reach, tuple(sorted(covered)) if local else ())


def _national_reach(offer: Any) -> tuple[str, str]:
    lines = [line for line in offer.coverage_rows if not line["excluded"]]
    if any(line["code"] == vocabulary.NATION_CODE for line in lines):
        return "France entière" + (", sauf certains territoires" if len(lines) < len(offer.coverage_rows) else ""), ""
    return f"Une partie de la France ({plural(len(lines), 'territoire')})", ""


def _sheet(offer: Any, subjects: Sequence[Subject], where: str, reach: str, covered: tuple[int, ...]) -> parts.Sheet:
    named = set(offer.subject_codes)
    answered = [each for each in subjects if (each.code in named if named else each.theme in offer.themes)]
    return parts.Sheet(
        code=offer.code,
        title=offer.title,
        url=offer.get_absolute_url(),
        description=offer.description,
        provider=offer.provider.name,
        subjects=tuple(each.code for each in answered),
        subject_labels=tuple(each.label for each in subjects if each.code in named),
        theme_labels=tuple(str(Theme(theme).label) for theme in offer.themes),
        services=tuple(str(Service(service).label) for service in offer.services),
        price=offer.price_label,
        legal_mode=offer.legal_mode,
        mode=LegalMode(offer.legal_mode).label,
        conditions=offer.conditions,
        delay_days=offer.delay_days,
        who=who(offer),
        where=where,
        reach=reach,
        valid_to=offer.valid_to,
        verified_on=offer.verified_on,
        is_full=offer.capacity_left == 0,
        illustrative=offer.illustrative,
        covered=covered,
    )


def who(offer: Any) -> tuple[str, ...]:
    """Whom the offer is open to, condition after condition, in words."""
    kinds = [str(BodyKind(kind).label) for kind in offer.body_kinds]
    kinds = [kinds[0], *(kind[0].lower() + kind[1:] for kind in kinds[1:])] if kinds else ["Toutes les collectivités"]
    found = [joined(kinds)]
    if offer.population_min is not None or offer.population_max is not None:
        found.append(interval(offer.population_min, offer.population_max))
    if offer.membership_required:
        found.append(offer.membership_label)
    if offer.programmes_required:
        programmes = [PROGRAMME_LABELS.get(code, code) for code in offer.programmes_required]
        found.append(f"membres de {joined(programmes, 'ou')}")
    if offer.zonings_required:
        found.append(joined([ZONING_LABELS.get(token, token) for token in offer.zonings_required], "ou"))
    return tuple(found)


# --- arranging it ----------------------------------------------------------------------------------------------------


def _families(
    rows: Rows, agreements: Mapping[int, Sequence[str]], full: Iterable[vocabulary.Family]
) -> tuple[parts.Family, ...]:
    kinds = [kind.value for kind in vocabulary.ProviderKind]
    bodies: dict[vocabulary.Family, dict[int, tuple[Provider, list[parts.Sheet]]]] = {}
    for offer, sheet in rows:
        held = bodies.setdefault(offer.family, {})
        held.setdefault(offer.provider_id, (offer.provider, []))[1].append(sheet)
    found = []
    for family, title in FAMILIES.items():
        ordered = sorted(bodies.get(family, {}).values(), key=lambda each: (kinds.index(each[0].kind), each[0].name))
        if ordered:
            shown = tuple(_body(provider, sheets, agreements.get(provider.pk, ())) for provider, sheets in ordered)
            found.append(parts.Family(title, family in tuple(full), shown))
    return tuple(found)


def _body(provider: Provider, sheets: Iterable[parts.Sheet], agreements: Iterable[str] = ()) -> parts.Body:
    return parts.Body(
        code=provider.code,
        name=provider.name,
        kind=str(provider.get_kind_display()),
        mission=provider.mission,
        telephone=provider.telephone,
        email=provider.email,
        website=provider.website,
        verified_on=provider.verified_on,
        illustrative=provider.illustrative,
        url=provider.get_absolute_url(),
        agreements=tuple(agreements),
        sheets=tuple(sheets),
    )


def _groups(
    subjects: Sequence[Subject], near: Sequence[parts.Sheet], far: Sequence[parts.Sheet]
) -> tuple[parts.Group, ...]:
    """The subjects as mayors say them, in the groups of the filing page, with the offers that answer each."""
    found = []
    for group in SubjectGroup:
        inside = tuple(
            parts.SubjectPart(
                code=subject.code,
                label=subject.label,
                theme=str(Theme(str(subject.theme)).label),
                near=tuple(sheet for sheet in near if subject.code in sheet.subjects),
                far=tuple(sheet for sheet in far if subject.code in sheet.subjects),
            )
            for subject in subjects
            if subject.group == group.value
        )
        if inside:
            found.append(parts.Group(str(group.label), inside))
    return tuple(found)


def _mute(groups: Iterable[parts.Group]) -> tuple[tuple[str, str], ...]:
    """(theme, its subjects without an offer of the first kind)."""
    found: dict[str, list[str]] = {}
    for group in groups:
        for subject in group.subjects:
            if not subject.near:
                found.setdefault(subject.theme, []).append(subject.label)
    return tuple((theme.label, " ; ".join(found[theme.label])) for theme in vocabulary.Theme if theme.label in found)


def _modes(families: Iterable[parts.Family]) -> tuple[parts.Mode, ...]:
    """Every mode de recours and, for those in use, by whom."""
    bodies = [body for family in families for body in family.bodies]
    return tuple(
        parts.Mode(
            mode.label,
            parts.MODES[mode],
            tuple(body.name for body in bodies if any(sheet.legal_mode == mode for sheet in body.sheets)),
        )
        for mode in LegalMode
    )


def _holes(cells: Iterable[CoverageCell]) -> tuple[parts.Hole, ...]:
    by_theme = {cell.theme: cell for cell in cells}
    return tuple(
        parts.Hole(str(theme.label), cell.uncovered, cell.bodies, cell.uncovered_inhabitants)
        for theme in Theme
        if (cell := by_theme.get(theme.value)) is not None and cell.uncovered
    )


def _lines(places: Places, near: Sequence[parts.Sheet]) -> tuple[parts.AreaLine, ...]:
    counts = counts_of(places, near)
    partial = [sheet for sheet in near if sheet.reach]
    found = []
    for code, area in places.arrondissements.items():
        ranks = [rank for rank, commune in enumerate(places.communes) if commune.arrondissement == code]
        if ranks:
            found.append(_line(places, area.name, ranks, counts, partial))
    if not found and places.communes:
        found.append(_line(places, "Tout le département", sorted(places.everybody), counts, partial))
    return tuple(found)


def _line(
    places: Places, name: str, ranks: Sequence[int], counts: Sequence[int], partial: Iterable[parts.Sheet]
) -> parts.AreaLine:
    low, high = min(counts[rank] for rank in ranks), max(counts[rank] for rank in ranks)
    inside = set(ranks)
    return parts.AreaLine(
        name=name,
        communes=len(ranks),
        inhabitants=sum(places.communes[rank].population for rank in ranks),
        offers=number(low) if low == high else f"{number(low)} à{NBSP}{number(high)}",
        own=tuple(sheet.title for sheet in partial if not inside.isdisjoint(sheet.covered)),
    )


def _partial(drawing: Drawing, near: Sequence[parts.Sheet]) -> tuple[parts.Map, ...]:
    """One small map for each different territory that is not the whole department."""
    by_cover: dict[tuple[int, ...], list[parts.Sheet]] = {}
    for sheet in near:
        if sheet.reach:
            by_cover.setdefault(sheet.covered, []).append(sheet)
    shown = sorted(by_cover.items(), key=lambda each: (-len(each[0]), each[1][0].code))[:PARTIAL_MAPS]
    return tuple(drawing.of_some(covered, tuple(sheets)) for covered, sheets in shown)


def _desk(department: Department) -> parts.DeskPart | None:
    desk: Desk | None = getattr(department, "desk", None)
    if desk is None:
        return None
    return parts.DeskPart(
        label=desk.label,
        service=desk.service,
        address=desk.address,
        telephone=desk.telephone,
        email=desk.email,
        opening_hours=desk.opening_hours,
        illustrative=desk.illustrative,
    )


def _period(agreement: FrameworkAgreement) -> str:
    if agreement.day_known:
        return (
            f"Convention-cadre avec l’Agence du {printed_day(agreement.starts_on)} au {printed_day(agreement.ends_on)}"
        )
    start, end = (printed_day(on).partition(NBSP)[2] for on in (agreement.starts_on, agreement.ends_on))
    return f"Convention-cadre avec l’Agence de {start} à {end}"
