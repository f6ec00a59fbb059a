"""Reference data and demonstration members. Both may run any number of times."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import transaction

from programmes.models import Programme, ProgrammeMember
from programmes.reference import PROGRAMMES
from territories.loading.zonings import KNOWN, Known
from territories.models import Collectivity, Zoning, ZoningValue


def reference(report: Callable[[str], None] = print) -> None:
    seed_reference()
    report(f"{len(PROGRAMMES)} programmes")


def demo(report: Callable[[str], None] = print) -> None:
    report(f"{seed_demo()} membres de démonstration ajoutés")


def seed_reference() -> None:
    """The eight programmes. What staff changed in a name or a text is kept: only missing programmes are written."""
    held = set(Programme.objects.values_list("code", flat=True))
    Programme.objects.bulk_create(
        Programme(
            **{name: value for name, value in asdict(reference).items() if name != "aliases"},
            aliases=list(reference.aliases),
            order=10 * rank,
        )
        for rank, reference in enumerate(PROGRAMMES, start=1)
        if reference.code not in held
    )


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A demonstration member. ``stated`` when a source document or the scenarios name it; the rest is illustrative."""

    programme: str
    code: str
    stated: bool
    signed_on: dt.date | None = None
    group: str = ""


#: Bodies that the source documents and the scenarios name, and a few others so that each screen has its case.
DEMO_MEMBERS: tuple[DemoMember, ...] = (
    DemoMember("PVD", "43112", stated=True, signed_on=dt.date(2021, 6, 10)),
    DemoMember("PVD", "12089", stated=True, signed_on=dt.date(2021, 8, 6)),
    DemoMember("PVD", "97421", stated=True, signed_on=dt.date(2021, 10, 4)),
    DemoMember("PVD", "58145", stated=True, signed_on=dt.date(2021, 7, 23)),
    DemoMember("PVD", "71176", stated=True, signed_on=dt.date(2021, 10, 15)),
    DemoMember("PVD", "23030", stated=True, signed_on=dt.date(2021, 8, 24)),
    DemoMember("PVD", "67434", stated=True),
    DemoMember("PVD", "09160", stated=True, signed_on=dt.date(2021, 8, 4)),
    DemoMember("ACV", "08409", stated=True, signed_on=dt.date(2024, 1, 2)),
    DemoMember("VA", "70526", stated=True, signed_on=dt.date(2023, 12, 21)),
    DemoMember("VA", "04134", stated=True, signed_on=dt.date(2023, 12, 21), group="La Motte-du-Caire et ses voisines"),
    DemoMember("VA", "15117", stated=True, signed_on=dt.date(2023, 12, 21)),
    DemoMember("VA", "04022", stated=True, signed_on=dt.date(2023, 12, 21)),
    DemoMember("VA", "90003", stated=True, signed_on=dt.date(2023, 12, 21)),
    DemoMember("VA", "04046", stated=False, signed_on=dt.date(2023, 12, 21), group="La Motte-du-Caire et ses voisines"),
    DemoMember("VA", "04050", stated=False, signed_on=dt.date(2023, 12, 21), group="La Motte-du-Caire et ses voisines"),
)
#: Bodies of which the intercommunalité is a « territoire d’industrie »: the member is the grouping.
DEMO_GROUPING_MEMBERS: tuple[tuple[str, str], ...] = (("TI", "38061"), ("TI", "12089"), ("TI", "09160"))

SCENARIO_SOURCE = "Démonstration : appartenance citée par les documents de référence"
ILLUSTRATIVE_SOURCE = "Démonstration : appartenance illustrative"


@transaction.atomic
def seed_demo() -> int:
    """Members for the demonstration. A real list loaded before is left alone: it knows better. Returns how many it
    added."""
    seed_reference()
    codes = {member.code for member in DEMO_MEMBERS} | {code for _, code in DEMO_GROUPING_MEMBERS}
    bodies = {body.code: body for body in Collectivity.objects.filter(code__in=codes).with_epci()}
    held = set(ProgrammeMember.objects.values_list("programme_id", "collectivity_id"))
    loaded = set(
        ProgrammeMember.objects.exclude(source__startswith="Démonstration").values_list("programme_id", flat=True)
    )
    rows = [
        ProgrammeMember(
            programme_id=member.programme,
            collectivity=bodies[member.code],
            group_label=member.group,
            signed_on=member.signed_on,
            starts_on=member.signed_on,
            source=SCENARIO_SOURCE if member.stated else ILLUSTRATIVE_SOURCE,
            illustrative=not member.stated,
        )
        for member in DEMO_MEMBERS
        if member.code in bodies
    ]
    rows += [
        ProgrammeMember(
            programme_id=programme, collectivity=epci, starts_on=dt.date(2023, 11, 9), source=SCENARIO_SOURCE
        )
        for programme, code in DEMO_GROUPING_MEMBERS
        if code in bodies and (epci := bodies[code].epci) is not None
    ]
    rows = [
        row for row in rows if row.programme_id not in loaded and (row.programme_id, row.collectivity_id) not in held
    ]
    ProgrammeMember.objects.bulk_create(rows)
    _seed_zonings()
    return len(rows)


#: Facts that the scenarios name: zoning, commune, value. Written only where no list has been loaded.
DEMO_ZONINGS: tuple[tuple[str, str, str], ...] = (
    ("frr", "04121", "FRR+"),
    ("frr", "12089", "FRR+"),
    ("frr", "58145", "FRR+"),
    ("frr", "36207", "FRR+"),
    ("frr", "70526", "FRR+"),
    ("frr", "23030", "FRR+"),
    ("frr", "43112", "FRR socle"),
    ("frr", "15117", "FRR socle"),
    ("revenu_median", "12089", "19440"),
    ("chomage", "12089", "7.0"),
    ("qpv", "08409", "oui"),
)
#: The lists that ``load_zoning`` does not know yet.
OTHER_ZONINGS = {"qpv": Known("Quartier prioritaire de la politique de la ville", (), SCENARIO_SOURCE, "2024")}


def _seed_zonings() -> None:
    zonings = {code: (KNOWN | OTHER_ZONINGS)[code] for code, _, _ in DEMO_ZONINGS}
    Zoning.objects.bulk_create(
        (
            Zoning(code=code, label=known.label, source=known.source, unit=known.unit, is_numeric=known.is_numeric)
            for code, known in zonings.items()
        ),
        ignore_conflicts=True,
    )
    bodies = dict(Collectivity.objects.filter(code__in={row[1] for row in DEMO_ZONINGS}).values_list("code", "pk"))
    ZoningValue.objects.bulk_create(
        (
            ZoningValue(
                zoning_id=zoning,
                collectivity_id=bodies[code],
                value=value,
                number=Decimal(value) if zonings[zoning].is_numeric else None,
                vintage=zonings[zoning].vintage,
            )
            for zoning, code, value in DEMO_ZONINGS
            if code in bodies
        ),
        ignore_conflicts=True,
    )
