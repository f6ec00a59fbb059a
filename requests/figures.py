"""What is counted in the requests' own tables. Public: closed files only, no motive, no body (PRACTICE 3.7).

Three shares are published, so that every local rate says on which side an operator mobilised by the prefect stands
(PRACTICE 1.2). Below :data:`FEWEST` files neither a share nor a delay is given (SCREENS 0). Days are those of the
territory's own time zone (PRACTICE 1.11).
"""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Count, DateField, DurationField, F, Func, Min, OuterRef, Q, QuerySet, Subquery

from common.figures import Figure, Period, Scope, ScopeLevel, Value, register
from requests import deadlines
from requests.enums import Outcome
from requests.models import SupportRequest, Transition
from requests.workflow import Action

#: Fewer files than this say nothing of a share or of a delay.
FEWEST = 10

LOCAL = (Outcome.LOCAL,)
OPERATOR_DIRECT = (Outcome.OPERATOR_DIRECT,)
NATIONAL = (Outcome.OPERATOR, Outcome.AGENCY_SERVICE, Outcome.MARKET)
#: Outcomes of a request that help was brought to: the denominator of the three shares.
HELPED = (*LOCAL, *OPERATOR_DIRECT, *NATIONAL)
#: Outcomes that answer the need: withdrawals, files without follow-up and attached files are no answer.
ANSWERED = (*HELPED, Outcome.REDIRECTED)
#: The first of these acts answers a request; a receipt acknowledges it only.
FIRST_ANSWERS = (Action.PROPOSE, Action.REDIRECT, Action.REFER)

SOURCE = "Demandes déposées au guichet"
TOO_FEW_FOR_A_SHARE = "Pas encore assez de demandes terminées pour calculer une part."
TOO_FEW_FOR_A_DELAY = (
    "Pas encore assez de demandes pour calculer un délai. "
    f"Le guichet s’engage à vous répondre sous {deadlines.COMMITMENT_DAYS} jours ouvrés."
)


class LocalDate(Func):
    """The date of an instant in the time zone of the request's department, found at ``zone``."""

    template = "(%(expressions)s)::date"
    arg_joiner = " AT TIME ZONE "
    output_field = DateField()

    def __init__(self, instant: Any, zone: str = "department__time_zone") -> None:
        super().__init__(instant, F(zone))


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def _values(words: Iterable[Any]) -> list[str]:
    return [word.value for word in words]


def requests_of(scope: Scope, period: Period, instant: str) -> QuerySet[SupportRequest]:
    """The requests of a scope whose ``instant`` falls within the period, in local days."""
    found = SupportRequest.objects.order_by()
    if scope.level is ScopeLevel.DEPARTMENT:
        found = found.filter(department_id=scope.code)
    elif scope.level is ScopeLevel.REGION:
        found = found.filter(department__region_id=scope.code)
    bounds = {f"on__{bound}": day for bound, day in (("gte", period.start), ("lte", period.end)) if day}
    return found.annotate(on=LocalDate(F(instant))).filter(**bounds) if bounds else found


def requests_filed(scope: Scope, period: Period) -> Value:
    return Value(requests_of(scope, period, "submitted_at").count())


def answers_given(scope: Scope, period: Period) -> Value:
    answered = requests_of(scope, period, "ended_at").filter(outcome__in=_values(ANSWERED))
    return Value(answered.count())


def share(outcomes: Iterable[Outcome]) -> Callable[[Scope, Period], Value]:
    """The share of these outcomes among the requests that help was brought to. Under :data:`FEWEST` its part is not
    given either: of a single file, it would tell what became of it."""
    wanted = _values(outcomes)

    def compute(scope: Scope, period: Period) -> Value:
        helped = requests_of(scope, period, "ended_at").filter(outcome__in=_values(HELPED))
        counts = helped.aggregate(whole=Count("pk"), part=Count("pk", filter=Q(outcome__in=wanted)))
        whole, part = counts["whole"], counts["part"]
        if whole < FEWEST:
            return Value(None, whole=whole, note=TOO_FEW_FOR_A_SHARE)
        return Value(Decimal(part) / whole, part=part, whole=whole)

    return compute


def first_answer_delay(scope: Scope, period: Period) -> Value:
    """In calendar days, as a median; the period is that of the files' ends."""
    first = (
        Transition.objects.standing()
        .filter(support_request=OuterRef("pk"), action__in=_values(FIRST_ANSWERS))
        .order_by()
        .values("support_request")
        .annotate(first=Min("at"))
        .values("first")
    )
    delays = (
        requests_of(scope, period, "ended_at")
        .filter(outcome__in=_values(ANSWERED))
        .annotate(answered_at=Subquery(first))
        .filter(answered_at__isnull=False)
        .annotate(answered_on=LocalDate(F("answered_at")), filed_on=LocalDate(F("submitted_at")))
        .annotate(delay=F("answered_on") - F("filed_on"))
        .aggregate(median=Median("delay"), whole=Count("pk"))
    )
    whole = delays["whole"]
    if whole < FEWEST:
        return Value(None, whole=whole, note=TOO_FEW_FOR_A_DELAY)
    return Value(Decimal(delays["median"] / dt.timedelta(days=1)).quantize(Decimal("0.1")), whole=whole)


_OF_THE_HELPED = (
    " Rapportée aux demandes terminées par un accompagnement, quelle qu’en soit la voie ; les demandes réorientées, "
    "retirées, rattachées ou fermées sans suite n’y sont pas."
)

register(
    Figure(
        code="requests_filed",
        label="Demandes déposées",
        unit="demandes",
        definition=(
            "Demandes d’aide déposées au guichet, en ligne ou autrement, à leur date de réception, quelle que soit "
            "leur suite. Un brouillon n’est pas une demande."
        ),
        source=SOURCE,
        compute=requests_filed,
        counted="demande",
    )
)
register(
    Figure(
        code="answers_given",
        label="Réponses données",
        unit="demandes",
        definition=(
            "Demandes terminées qui ont reçu une réponse : un accompagnement mené à son terme, ou l’adresse du service "
            "qui peut répondre. Les demandes en cours, retirées, rattachées ou fermées sans suite ne sont pas comptées."
        ),
        source=SOURCE,
        compute=answers_given,
        counted="demande",
    )
)
register(
    Figure(
        code="local_share",
        label="Part des solutions locales",
        unit="%",
        definition=(
            "Demandes dont l’accompagnement était piloté par un organisme local. Un opérateur de l’État mobilisé par "
            "le préfet n’est pas compté comme local : il l’est à part." + _OF_THE_HELPED
        ),
        source=SOURCE,
        compute=share(LOCAL),
        counted="demande",
    )
)
register(
    Figure(
        code="operator_direct_share",
        label="Part des opérateurs mobilisés par le préfet",
        unit="%",
        definition=(
            "Demandes dont l’accompagnement était piloté par un opérateur de l’État que le préfet a mobilisé lui-même, "
            "sans transmission à l’Agence nationale." + _OF_THE_HELPED
        ),
        source=SOURCE,
        compute=share(OPERATOR_DIRECT),
        counted="demande",
    )
)
register(
    Figure(
        code="national_share",
        label="Part des solutions nationales",
        unit="%",
        definition=(
            "Demandes transmises à l’Agence nationale et accompagnées par un opérateur qu’elle a choisi, par un de ses "
            "services ou par son marché d’ingénierie." + _OF_THE_HELPED
        ),
        source=SOURCE,
        compute=share(NATIONAL),
        counted="demande",
    )
)
register(
    Figure(
        code="first_answer_delay",
        label="Délai de la première réponse",
        unit="jours",
        definition=(
            "Médiane des jours, tous comptés, entre la réception d’une demande et la première réponse au besoin : une "
            "aide proposée, une transmission à l’Agence nationale ou l’adresse d’un autre service. L’accusé de "
            "réception n’est pas une réponse. Calculée sur les demandes terminées qui ont reçu une réponse."
        ),
        source=SOURCE,
        compute=first_answer_delay,
        counted="demande",
    )
)
