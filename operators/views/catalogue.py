"""The public catalogue: what a body may obtain, one offer, one provider. No account needed; nothing is written."""

from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from common import clock
from operators.cards import asked_by, cards, filing_for, miss_cards
from operators.catalogue import need_of, records_for
from operators.enums import BodyKind, EngineeringType, Level, OfferStatus, Phase, Service, Theme
from operators.forms import OfferSearchForm
from operators.matching.engine import match
from operators.matching.reasons import ZONING_LABELS, interval
from operators.matching.vocabulary import Family
from operators.models import Offer, Provider, Redirection, Subject
from operators.names import names_for
from operators.permissions import provider_abilities
from operators.territory_facts import facts_of
from operators.values import Line
from operators.wording import area_names
from programmes.reference import LABELS as PROGRAMME_LABELS
from territories.models import Collectivity

#: Sections of the answer, in the order of precedence (DOMAIN 4.1).
SECTIONS: tuple[tuple[Family, str], ...] = (
    (Family.LOCAL, "Près de chez vous"),
    (Family.OPERATOR, "Les opérateurs de l’État"),
    (Family.AGENCY, "L’Agence nationale de la cohésion des territoires"),
)


@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """« Que peut obtenir ma commune ? »: at most six queries, whatever the number of offers."""
    subjects = list(Subject.objects.active())
    form = OfferSearchForm(request.GET if "commune" in request.GET else None, subjects=subjects)
    answer = _answer(form) if form.is_bound and form.is_valid() else None
    body, subject = (form.cleaned_data["commune"], form.subject) if answer else (None, None)
    elsewhere = [(row, row.address(body, subject)) for row in Redirection.objects.active()]
    context = {"form": form, "answer": answer, "elsewhere": elsewhere}
    return render(request, "operators/offers.html", context)


def _answer(form: OfferSearchForm) -> dict[str, object]:
    body: Collectivity = form.cleaned_data["commune"]
    subject = form.subject
    facts = facts_of(body, clock.today(), **need_of([subject] if subject else []))
    matching = match(facts, records_for(facts))
    labels = {**names_for(matching), **{code: each.label for code, each in form.subjects.items()}}
    sujet = subject.code if subject else ""
    asked = asked_by(body.code, sujet)
    sections = [(title, cards(matching, family, labels=labels, asked=asked)) for family, title in SECTIONS]
    return {
        "body": body,
        "subject": subject if subject and subject.theme else None,
        "count": len(matching.candidates),
        "sections": [(title, found) for title, found in sections if found],
        "misses": miss_cards(matching.misses, kind=facts.kind, labels=labels, asked=asked),
        "facts": facts,
        "on": facts.on,
        "filing": filing_for(body.code, sujet),
    }


def _fit(found: Offer, code: str, sujet: str) -> dict[str, object] | None:
    """Whether an offer is open to the body that the address names, why or why not. Two queries more, and those of
    ``names_for``."""
    body = Collectivity.objects.by_code(code[:9]) if code else None
    if body is None or not found.is_public:
        return None
    facts = facts_of(body, clock.today())
    coverage = [{"level": line.level, "code": line.code, "excluded": line.excluded} for line in found.coverage.all()]
    matching = match(facts, [found.as_record(coverage, [each.code for each in found.subjects.all()])])
    labels = names_for(matching)
    shown = cards(matching, found.family, labels=labels)
    misses = miss_cards(matching.misses, kind=facts.kind, labels=labels)
    return {
        "body": body,
        "card": shown[0] if shown else None,
        "why_not": [reason for miss in misses for reason in miss.why_not],
        "back": reverse("operators:offers") + asked_by(body.code, sujet),
        "filing": filing_for(body.code, sujet),
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
        "fit": _fit(found, request.GET.get("commune", ""), request.GET.get("sujet", "").replace("\x00", "")[:40]),
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
            Prefetch(
                "offers",
                queryset=Offer.objects.visible_to(actor).order_by("title").prefetch_related("coverage"),
                to_attr="shown_offers",
            ),
        ),
        code=code,
    )
    context = {
        "provider": found,
        "areas": _served(found),
        "abilities": provider_abilities(actor, found),
        "today": clock.today(),
    }
    return render(request, "operators/provider.html", context)


def _served(found: Provider) -> list[str]:
    """Names of the areas that its published offers cover, the widest first: a body's coverage is that of its offers."""
    published = [offer for offer in found.shown_offers if offer.status == OfferStatus.PUBLISHED]  # type: ignore[attr-defined]
    lines = {Line(row.level, row.code) for offer in published for row in offer.coverage.all() if not row.excluded}
    names = area_names(lines)
    widest = sorted(lines, key=lambda line: (Level.values.index(line.level), line.code))
    return [names.get((line.level, line.code), line.code) for line in widest]


def _areas(found: Offer) -> dict[str, list[str]]:
    """Names of the areas covered and excluded; one query by level in use, four at most."""
    lines = [Line(row.level, row.code, row.excluded) for row in found.coverage.all()]
    names = area_names(lines)
    areas: dict[str, list[str]] = {"covered": [], "excluded": []}
    for line in lines:
        areas["excluded" if line.excluded else "covered"].append(names.get((line.level, line.code), line.code))
    return areas
