"""Reference data and the demonstration catalogue. Both may run any number of times: what exists is kept as staff left
it.

The demonstration catalogue stands in ``fixtures/demo/offers.toml`` (texts) and ``providers.toml`` (who offers what,
where); every offer is illustrative, shown so, and bears no price in euros.
"""

import datetime as dt
import tomllib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from common.french import with_article
from operators import coverage
from operators.enums import Level, OfferStatus, ProviderKind
from operators.matching.vocabulary import AGENCY_SERVICES, NATION_CODE, OPERATORS
from operators.models import FrameworkAgreement, Offer, OfferCoverage, Provider, Subject
from operators.reference import SUBJECTS
from territories.models import Department, Desk

Report = Callable[[str], None]

#: Framework agreements were renewed for four years in November 2023; the day is not in any source (DOMAIN 1.1).
AGREEMENT = (dt.date(2023, 11, 1), dt.date(2027, 10, 31))
AGREEMENT_SOURCE = "Rapport annuel 2023 de l’Agence : conventions renouvelées pour quatre ans, novembre 2023"
MISSIONS: Mapping[str, str] = {
    "anah": "Amélioration de l’habitat privé.",
    "anru": "Renouvellement urbain des quartiers prioritaires.",
    "cerema": "Expertise technique : aménagement, bâtiment, mobilités, ouvrages, risques, mer et littoral.",
    "bdt": "Crédits d’ingénierie, prêts et investissement de la Caisse des Dépôts.",
    "ademe": "Énergie, climat, économie circulaire.",
    "incubateur-territoires": "Outils et accompagnement numériques des collectivités.",
    "immobilier-commercial": "Restructuration de locaux commerciaux, l’Agence pouvant être maître d’ouvrage.",
    "fabrique-prospective": "Ingénierie collective : quatre à huit territoires autour d’une question d’avenir.",
    "programme-agence": "Chefs de projet et appuis propres aux programmes nationaux.",
}
#: The catalogue of the demonstration was last checked on this day, unless a provider says otherwise.
VERIFIED_ON = dt.date(2026, 5, 4)
#: Since when the demonstration's catalogue is as it is: before its first request, whose proposal quotes that date.
CATALOGUE_AT = dt.datetime(2023, 11, 13, 9, tzinfo=dt.UTC)
#: Identifiers of the demonstration's offers do not change from one installation to the next.
NAMESPACE = uuid.UUID("6f0c3f0e-4b1d-5e0a-9d52-0d7a3f2c1b90")


def reference(report: Report = print) -> None:
    seed_reference()
    report(f"{len(SUBJECTS)} sujets, {len(OPERATORS)} opérateurs, {len(AGENCY_SERVICES)} services de l’Agence")


def demo(report: Report = print) -> None:
    providers, offers = seed_demo()
    report(f"{providers} prestataires et {offers} offres d’illustration ajoutés")
    if offers:
        report(f"couverture : {coverage.compute()} cases")


@transaction.atomic
def seed_reference() -> None:
    """Subjects, the five operators with their organisations and agreements, the agency's services."""
    held = set(Subject.objects.values_list("code", flat=True))
    Subject.objects.bulk_create(
        Subject(
            code=subject.code,
            label=subject.label,
            group=subject.group,
            theme=subject.theme,
            order=10 * rank,
            keywords=list(subject.keywords),
        )
        for rank, subject in enumerate(SUBJECTS, start=1)
        if subject.code not in held
    )
    organisations = _organisations(
        {code: (OrganisationKind.OPERATOR, name, None, "") for code, name in OPERATORS.items()}
    )
    known = set(Provider.objects.values_list("code", flat=True))
    Provider.objects.bulk_create(
        Provider(
            code=code,
            kind=ProviderKind.OPERATOR if code in OPERATORS else ProviderKind.AGENCY,
            name=name,
            mission=MISSIONS[code],
            organisation=organisations.get(code),
        )
        for code, name in {**OPERATORS, **AGENCY_SERVICES}.items()
        if code not in known
    )
    FrameworkAgreement.objects.bulk_create(
        FrameworkAgreement(
            provider=provider,
            starts_on=AGREEMENT[0],
            ends_on=AGREEMENT[1],
            day_known=False,
            source=AGREEMENT_SOURCE,
        )
        for provider in Provider.objects.operators().filter(framework_agreements__isnull=True)
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider of the demonstration, its texts, and where they hold."""

    code: str
    kind: str
    name: str
    short_name: str
    department: str | None
    texts: tuple[str, ...]
    coverage: tuple[tuple[str, str], ...]
    membership: str = ""
    source: str = ""
    verified_on: dt.date = VERIFIED_ON
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    organised: bool = True


@transaction.atomic
def seed_demo() -> tuple[int, int]:
    """The demonstration catalogue; returns how many providers and offers it added."""
    seed_reference()
    texts = {text["key"]: text for text in _fixture("offers.toml")["text"]}
    entries = list(_entries(_fixture("providers.toml")))
    held = set(Provider.objects.values_list("code", flat=True))
    new = [entry for entry in entries if entry.code not in held]
    organisations = _organisations(
        {
            entry.code: (OrganisationKind.PROVIDER, entry.name, entry.department, entry.short_name)
            for entry in new
            if entry.organised
        }
    )
    Provider.objects.bulk_create(
        Provider(
            code=entry.code,
            kind=entry.kind,
            name=entry.name,
            short_name=entry.short_name,
            department_id=entry.department,
            organisation=organisations.get(entry.code),
            email=f"{entry.code}@demo.example",
            source=entry.source,
            illustrative=True,
            verified_on=entry.verified_on,
        )
        for entry in new
    )
    return len(new), _add_offers(entries, texts)


def _add_offers(entries: Iterable[Entry], texts: Mapping[str, Mapping[str, Any]]) -> int:
    providers = dict(Provider.objects.values_list("code", "pk"))
    subjects = dict(Subject.objects.values_list("code", "pk"))
    held = set(Offer.objects.values_list("code", flat=True))
    wanted = [
        (entry, {**texts[key], **entry.overrides.get(key, {})}, code)
        for entry in entries
        for key in entry.texts
        if (code := _offer_code(entry, key)) not in held
    ]
    offers = Offer.objects.bulk_create(_offer(entry, text, code, providers[entry.code]) for entry, text, code in wanted)
    Offer.objects.filter(pk__in=[offer.pk for offer in offers]).update(updated_at=CATALOGUE_AT)
    OfferCoverage.objects.bulk_create(
        OfferCoverage(offer=offer, level=level, code=area)
        for offer, (entry, _, _) in zip(offers, wanted, strict=True)
        for level, area in entry.coverage
    )
    through = Offer.subjects.through
    through.objects.bulk_create(
        through(offer_id=offer.pk, subject_id=subjects[subject])
        for offer, (_, text, _) in zip(offers, wanted, strict=True)
        for subject in text.get("subjects", ())
    )
    return len(offers)


def _offer_code(entry: Entry, key: str) -> str:
    """« atd-batiment-04 »; the text's own name for national offers."""
    return f"{key}-{entry.code.rpartition('-')[2]}" if entry.department else key


def _offer(entry: Entry, text: Mapping[str, Any], code: str, provider: int) -> Offer:
    membership = text.get("membership", False)
    return Offer(
        uuid=uuid.uuid5(NAMESPACE, code),
        code=code,
        title=text["title"],
        provider_id=provider,
        description=text["description"],
        themes=text["themes"],
        engineering_types=text.get("engineering_types", []),
        services=text.get("services", []),
        phases=text.get("phases", []),
        body_kinds=text.get("body_kinds", []),
        population_min=text.get("population_min"),
        population_max=text.get("population_max"),
        membership_required=membership,
        membership_label=(entry.membership or f"adhésion : {entry.name}") if membership else "",
        programmes_required=text.get("programmes", []),
        zonings_required=text.get("zonings", []),
        legal_mode=text["legal_mode"],
        price_model=text["price_model"],
        price_label=text["price_label"],
        conditions=text.get("conditions", ""),
        delay_days=text.get("delay_days"),
        valid_from=text.get("valid_from"),
        valid_to=text.get("valid_to"),
        verified_on=text.get("verified_on", entry.verified_on),
        status=OfferStatus.PUBLISHED,
        illustrative=True,
    )


def _entries(data: Mapping[str, Any]) -> Iterator[Entry]:
    departments = {department.code: department for department in Department.objects.filter(is_current=True)}
    yield from _state_services(data, departments)
    for row in data["provider"]:
        department = departments.get(row["department"])
        if department is None:
            continue
        kind = data["kinds"][row["kind"]]
        regions = row.get("regions", ())
        yield Entry(
            code=f"{row.get('slug', kind['slug'])}-{department.code.lower()}",
            kind=row["kind"],
            name=row.get("name", kind["name"]).format(of=department.of),
            short_name=row.get("short", kind["short"]),
            department=department.code,
            texts=tuple(row["offers"]),
            coverage=tuple((Level.REGION, region) for region in regions) or ((Level.DEPARTMENT, department.code),),
            membership=row.get("membership", kind["membership"]),
            source=row.get("source", ""),
            verified_on=row.get("verified_on", VERIFIED_ON),
            overrides=row.get("overrides", {}),
        )
    for row in data["arrondissement"]:
        if row["department"] in departments:
            yield Entry(
                code=f"sous-prefecture-{row['code'].lower()}",
                kind=ProviderKind.STATE_SERVICE,
                name=row["name"],
                short_name="Sous-préfecture",
                department=row["department"],
                texts=(row["text"],),
                coverage=((Level.ARRONDISSEMENT, row["code"]),),
                organised=False,
            )
    for code, keys in data["national"].items():
        yield Entry(
            code=code,
            kind="",
            name=OPERATORS.get(code) or AGENCY_SERVICES[code],
            short_name="",
            department=None,
            texts=tuple(keys),
            coverage=((Level.NATION, NATION_CODE),),
            membership="adhésion au Cerema" if code == "cerema" else "",
        )


def _state_services(data: Mapping[str, Any], departments: Mapping[str, Department]) -> Iterator[Entry]:
    """The service that runs each desk, under its own name (PRACTICE 2.4), with one or two offers."""
    desks = {desk.department_id: desk for desk in Desk.objects.all()}
    state = data["state"]
    for code, department in departments.items():
        desk = desks.get(code)
        keys = (*state["fewer"].get(code, state["texts"]), *state["more"].get(code, ()))
        prefecture = department.prefecture_name or f"Préfecture {with_article(department.name, department.liaison)}"
        service = desk.service_name if desk and desk.service_name else prefecture
        yield Entry(
            code=f"etat-{code.lower()}",
            kind=ProviderKind.STATE_SERVICE,
            name=service if department.name in service else f"{service} ({code})",
            short_name=(desk.service_acronym if desk else "") or "Service de l’État",
            department=code,
            texts=tuple(keys),
            coverage=((Level.DEPARTMENT, code),),
            organised=False,
        )


def _organisations(
    wanted: Mapping[str, tuple[OrganisationKind, str, str | None, str]],
) -> dict[str, Organisation]:
    """The organisations of these codes, created where missing: a mandate of a provider's agent needs one."""
    held = set(Organisation.objects.filter(code__in=wanted).values_list("code", flat=True))
    Organisation.objects.bulk_create(
        Organisation(code=code, kind=kind, name=name, department_id=department, short_name=short_name)
        for code, (kind, name, department, short_name) in wanted.items()
        if code not in held
    )
    return {str(found.code): found for found in Organisation.objects.filter(code__in=wanted)}


def _fixture(name: str) -> dict[str, Any]:
    with (settings.BASE_DIR / "fixtures" / "demo" / name).open("rb") as stream:
        return tomllib.load(stream)
