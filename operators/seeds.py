"""Reference data and the demonstration catalogue. Both may run any number of times: what exists is kept as staff left
it.

The demonstration catalogue is what ``demonstration`` reads of its fixtures; every offer is illustrative, shown so, and
bears no price in euros.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict

from django.db import transaction

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from operators import coverage, demonstration
from operators.demonstration import Entry, Planned
from operators.enums import OfferStatus, ProviderKind
from operators.matching.vocabulary import AGENCY_SERVICES, OPERATORS
from operators.models import FrameworkAgreement, Offer, OfferCoverage, Provider, Redirection, Subject
from operators.redirections import REDIRECTIONS
from operators.reference import SUBJECTS

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
#: One redirection was not verified for more than a year.
STALE, STALE_ON = "diagnostic-numerique", dt.date(2025, 3, 17)
#: Since when the demonstration's catalogue is as it is: before its first request, whose proposal quotes that date.
CATALOGUE_AT = dt.datetime(2023, 11, 13, 9, tzinfo=dt.UTC)
#: Identifiers of the demonstration's offers do not change from one installation to the next.
NAMESPACE = uuid.UUID("6f0c3f0e-4b1d-5e0a-9d52-0d7a3f2c1b90")


def reference(report: Report = print) -> None:
    seed_reference()
    report(
        f"{len(SUBJECTS)} sujets, {len(REDIRECTIONS)} réorientations courantes, {len(OPERATORS)} opérateurs, "
        f"{len(AGENCY_SERVICES)} services de l’Agence"
    )


def demo(report: Report = print) -> None:
    providers, offers = seed_demo()
    report(f"{providers} prestataires et {offers} offres d’illustration ajoutés")
    if offers:
        report(f"couverture : {coverage.compute_nation()} cases")


@transaction.atomic
def seed_reference() -> None:
    """Subjects, redirections, the five operators with their organisations and agreements, the agency's services."""
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
    Redirection.objects.bulk_create(
        (Redirection(**asdict(row), order=10 * rank) for rank, row in enumerate(REDIRECTIONS, start=1)),
        ignore_conflicts=True,
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


@transaction.atomic
def seed_demo() -> tuple[int, int]:
    """The demonstration catalogue; returns how many providers and offers it added."""
    seed_reference()
    wanted = demonstration.entries()
    Redirection.objects.filter(verified_on=None, code=STALE).update(verified_on=STALE_ON)
    Redirection.objects.filter(verified_on=None).update(verified_on=demonstration.VERIFIED_ON)
    held = set(Provider.objects.values_list("code", flat=True))
    new = [entry for entry in wanted if entry.code not in held]
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
            email=entry.email,
            source=entry.source,
            illustrative=True,
            verified_on=entry.verified_on,
        )
        for entry in new
    )
    return len(new), _add_offers(wanted)


def _add_offers(entries: Iterable[Entry]) -> int:
    providers = dict(Provider.objects.values_list("code", "pk"))
    subjects = dict(Subject.objects.values_list("code", "pk"))
    held = set(Offer.objects.values_list("code", flat=True))
    wanted = [(entry, planned) for entry in entries for planned in entry.offers if planned.code not in held]
    offers = Offer.objects.bulk_create(_offer(entry, planned, providers[entry.code]) for entry, planned in wanted)
    Offer.objects.filter(pk__in=[offer.pk for offer in offers]).update(updated_at=CATALOGUE_AT)
    OfferCoverage.objects.bulk_create(
        OfferCoverage(offer=offer, level=level, code=area, excluded=excluded)
        for offer, (_, planned) in zip(offers, wanted, strict=True)
        for level, area, excluded in planned.coverage
    )
    through = Offer.subjects.through
    through.objects.bulk_create(
        through(offer_id=offer.pk, subject_id=subjects[subject])
        for offer, (_, planned) in zip(offers, wanted, strict=True)
        for subject in planned.text.get("subjects", ())
    )
    return len(offers)


def _offer(entry: Entry, planned: Planned, provider: int) -> Offer:
    text = planned.text
    membership = text.get("membership", False)
    return Offer(
        uuid=uuid.uuid5(NAMESPACE, planned.code),
        code=planned.code,
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
        membership_label=(entry.membership or f"adhésion : {entry.name}") if membership else "",
        programmes_required=text.get("programmes", []),
        zonings_required=text.get("zonings", []),
        legal_mode=text["legal_mode"],
        price_model=text["price_model"],
        price_label=text["price_label"],
        conditions=text.get("conditions", ""),
        delay_days=text.get("delay_days"),
        capacity_left=text.get("capacity_left"),
        valid_from=text.get("valid_from"),
        valid_to=text.get("valid_to"),
        verified_on=text.get("verified_on", entry.verified_on),
        status=text.get("status", OfferStatus.PUBLISHED.value),
        illustrative=True,
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
