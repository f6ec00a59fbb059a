"""The free-of-charge test of the agency's market: computed, stored with its vintage, shown (board of 10 March 2021)."""

import datetime as dt

from common.written import WrittenModels, kept
from requests.enums import FundingMoment
from requests.models import FundingRule, FundingTest, SupportRequest
from territories.enums import CollectivityKind


def rule_on(day: dt.date) -> FundingRule | None:
    return next(iter(_rules(day).read({})), None)


@kept(16)
def _rules(day: dt.date) -> WrittenModels[FundingRule]:
    return WrittenModels.of(FundingRule.objects.filter(applies_from__lte=day).order_by("-applies_from")[:1])


def threshold(rule: FundingRule, kind: str) -> int | None:
    """Population below which a body of this kind is fully funded; None where the rule says nothing of it."""
    if kind == CollectivityKind.COMMUNE:
        return rule.commune_below
    if kind == CollectivityKind.EPCI:
        return rule.grouping_below
    return None


def test(support_request: SupportRequest, moment: FundingMoment, *, at: dt.datetime) -> FundingTest | None:
    """Stores the test of that moment: at filing the population frozen on the file, later the one in force.

    « De moins de » is strict: 3,499 is fully funded, 3,500 is not. None when no rule applies on that day.
    """
    rule = rule_on(at.date())
    if rule is None:
        return None
    source = support_request if moment == FundingMoment.FILING else support_request.collectivity
    limit = threshold(rule, support_request.collectivity.kind)
    return FundingTest.objects.create(
        support_request=support_request,
        moment=moment,
        rule=rule,
        population=source.population,
        population_vintage=source.population_vintage,
        population_column=source.population_column,
        threshold=limit,
        fully_funded=None if limit is None or source.population is None else source.population < limit,
        at=at,
    )
