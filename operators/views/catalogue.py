"""The public catalogue: what a body may obtain, one offer, one provider. No account needed; nothing is written."""

from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from common import clock
from operators.cards import cards, miss_cards
from operators.catalogue import need_of, records_for
from operators.enums import BodyKind, EngineeringType, Level, Phase, Service, Theme
from operators.forms import OfferSearchForm
from operators.matching.engine import match
from operators.matching.reasons import ZONING_LABELS, interval
from operators.matching.vocabulary import Family
from operators.models import Offer, Provider, Subject
from operators.permissions import offer_abilities, provider_abilities
from operators.territory_facts import facts_of
from programmes.reference import LABELS as PROGRAMME_LABELS
from territories.models import Arrondissement, Collectivity, Department, Region

#: Sections of the answer, in the order of precedence (DOMAIN 4.1).
SECTIONS: tuple[tuple[Family, str], ...] = (
    (Family.LOCAL, "Près de chez vous"),
    (Family.OPERATOR, "Les opérateurs de l’État"),
    (Family.AGENCY, "L’Agence nationale de la cohésion des territoires"),
)


@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """« Que peut obtenir ma commune ? »: at most five queries, whatever the number of offers."""
    subjects = list(Subject.objects.active())
    form = OfferSearchForm(request.GET if "commune" in request.GET else None, subjects=subjects)
    context = {"form": form, "answer": _answer(form) if form.is_bound and form.is_valid() else None}
    return render(request, "operators/offers.html", context)


def _answer(form: OfferSearchForm) -> dict[str, object]:
    body: Collectivity = form.cleaned_data["commune"]
    subject = form.subject
    facts = facts_of(body, clock.today(), **need_of([subject] if subject else []))
    matching = match(facts, records_for(facts))
    labels = {code: each.label for code, each in form.subjects.items()}
    sections = [(title, cards(matching, family, labels=labels)) for family, title in SECTIONS]
    return {
        "body": body,
        "subject": subject if subject and subject.theme else None,
        "count": len(matching.candidates),
        "sections": [(title, found) for title, found in sections if found],
        "misses": miss_cards(matching.misses, kind=facts.kind, labels=labels),
        "facts": facts,
    }


@require_safe
def offer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_object_or_404(
        Offer.objects.visible_to(actor_of(request))
        .select_related("provider", "provider__department")
        .prefetch_related("coverage", "subjects"),
        uuid=uuid,
    )
    context = {
        "offer": found,
        "abilities": offer_abilities(actor_of(request), found),
        "valid": found.is_valid_on(clock.today()),
        "areas": _areas(found),
        "themes": [Theme(value).label for value in found.themes],
        "services": [Service(value).label for value in found.services],
        "engineering_types": [EngineeringType(value).label for value in found.engineering_types],
        "phases": [Phase(value).label for value in found.phases],
        "body_kinds": [BodyKind(value).label for value in found.body_kinds],
        "population": interval(found.population_min, found.population_max)
        if found.population_min is not None or found.population_max is not None
        else "",
        "programmes": [PROGRAMME_LABELS.get(code, code) for code in found.programmes_required],
        "zonings": [ZONING_LABELS.get(token, token) for token in found.zonings_required],
    }
    return render(request, "operators/offer.html", context)


@require_safe
def provider(request: HttpRequest, code: str) -> HttpResponse:
    actor = actor_of(request)
    found = get_object_or_404(
        Provider.objects.visible_to(actor)
        .select_related("department")
        .prefetch_related(
            "framework_agreements",
            Prefetch("offers", queryset=Offer.objects.visible_to(actor).order_by("title"), to_attr="shown_offers"),
        ),
        code=code,
    )
    context = {"provider": found, "abilities": provider_abilities(actor, found), "today": clock.today()}
    return render(request, "operators/provider.html", context)


def _areas(found: Offer) -> dict[str, list[str]]:
    """Names of the areas covered and excluded; one query by level in use, six at most."""
    codes: dict[str, set[str]] = {}
    for line in found.coverage.all():
        codes.setdefault(line.level, set()).add(line.code)
    names: dict[tuple[str, str], str] = {(Level.NATION, "FR"): "France entière"}
    for level, model in (
        (Level.REGION, Region),
        (Level.DEPARTMENT, Department),
        (Level.ARRONDISSEMENT, Arrondissement),
    ):
        if level in codes:
            names |= {(level, area.code): area.label for area in model.objects.filter(code__in=codes[level])}
    bodies = codes.get(Level.EPCI, set()) | codes.get(Level.COMMUNE, set())
    if bodies:
        for body in Collectivity.objects.filter(code__in=bodies):
            names |= {(Level.EPCI, body.code): body.label, (Level.COMMUNE, body.code): body.label}
    areas: dict[str, list[str]] = {"covered": [], "excluded": []}
    for line in found.coverage.all():
        areas["excluded" if line.excluded else "covered"].append(names.get((line.level, line.code), line.code))
    return areas
