"""The membership graph: who belongs to which grouping, and the same flattened for queries."""

from django.db import models
from django.db.models import F, Q


class MembershipQuerySet(models.QuerySet["Membership"]):
    def opened(self) -> "MembershipQuerySet":
        return self.filter(until=None)


class Membership(models.Model):
    """One edge: commune → EPCI, commune → EPT, EPCI → PETR… A membership that ends is closed, never deleted."""

    member = models.ForeignKey(
        "territories.Collectivity", models.PROTECT, db_index=False, related_name="memberships", verbose_name="membre"
    )
    grouping = models.ForeignKey(
        "territories.Collectivity", models.PROTECT, related_name="members", verbose_name="groupement"
    )
    since = models.DateField("depuis le", null=True, blank=True)
    until = models.DateField("jusqu’au", null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion"
        constraints = [
            models.UniqueConstraint(
                fields=["member", "grouping"], condition=Q(until=None), name="membership_open_once"
            ),
            models.CheckConstraint(
                name="membership_is_not_of_itself",
                condition=~Q(member=F("grouping")),
                violation_error_message="Un groupement n’est pas membre de lui-même.",
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_begins",
                condition=Q(since=None) | Q(until=None) | Q(until__gte=F("since")),
                violation_error_message="L’adhésion se termine après son début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} → {self.grouping_id}"


class FlatMembership(models.Model):
    """Every grouping above a body, at any height, by the memberships open today; ``services.graph`` alone writes it."""

    member = models.ForeignKey(
        "territories.Collectivity", models.CASCADE, db_index=False, related_name="ancestor_links", verbose_name="membre"
    )
    ancestor = models.ForeignKey(
        "territories.Collectivity", models.CASCADE, related_name="descendant_links", verbose_name="groupement"
    )

    class Meta:
        verbose_name = "appartenance"
        constraints = [models.UniqueConstraint(fields=["member", "ancestor"], name="flat_membership_once")]

    def __str__(self) -> str:
        return f"{self.member_id} ⇒ {self.ancestor_id}"
