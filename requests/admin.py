"""The one setting of the requests: who is fully funded by the agency's market (DOMAIN 4.3).

Nothing else is here, on purpose: a file changes by an act of somebody who has the right to it, never in the settings.
"""

from django.contrib import admin
from django.http import HttpRequest

from requests.models import FundingRule, FundingTest


@admin.register(FundingRule)
class FundingRuleAdmin(admin.ModelAdmin):
    """A rule that a file was tested under keeps its numbers (PRACTICE 3.5): changing them is a new version."""

    list_display = ("version", "applies_from", "decided_on", "commune_below", "grouping_below", "other_share")
    fields = (
        "version",
        "decided_on",
        "applies_from",
        "commune_below",
        "grouping_below",
        "population_column",
        "other_share",
        "text",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: FundingRule | None = None) -> tuple[str, ...]:
        if obj is not None and FundingTest.objects.filter(rule=obj).exists():
            return tuple(name for name in self.fields if name != "text")
        return ()

    def has_delete_permission(self, request: HttpRequest, obj: FundingRule | None = None) -> bool:
        """A rule is followed by another; it is never unsaid."""
        return False
