"""Whose turn it is, written on the request itself: a queue compares columns, and joins nothing."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import connection, models


class Turn(models.Model):
    """What other rows say of a request and a queue asks of each of its lines.

    PostgreSQL keeps these columns (``requests_keep_turn``) whenever one of those rows changes; ``requests_turn`` is the
    view that defines them, and ``check_integrity`` compares both. Nothing is written to them from here. No index:
    nobody looks for a request by them alone.
    """

    desk_contact = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )
    follow_up_officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )
    #: Who was asked to sign the referral that is being prepared.
    to_sign_by = models.ForeignKey(
        "accounts.Mandate", models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )
    #: The agency asked for more about the referral.
    more_asked = models.BooleanField(db_default=False, editable=False)
    #: The agency once answered that the help is local, or that it does not intervene.
    sent_back = models.BooleanField(db_default=False, editable=False)
    closing_waits = models.BooleanField(db_default=False, editable=False)
    #: The agreement lacks the prefect's signature.
    agreement_waits = models.BooleanField(db_default=False, editable=False)
    #: The earliest answer expected of a provider who has not given one and waits for none of the desk.
    provider_due_on = models.DateField(null=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """An update leaves these columns as PostgreSQL keeps them, whatever was read before."""
        if update_fields is None and not self._state.adding:
            absent = self.get_deferred_fields()
            update_fields = [
                field.name
                for field in self._meta.concrete_fields
                if not (field.primary_key or field.generated or field.attname in absent or field.attname in KEPT)
            ]
        super().save(*args, update_fields=update_fields, **kwargs)


KEPT = frozenset(field.attname for field in Turn._meta.local_concrete_fields)


def columns(row: str) -> str:
    """These columns of a row, in SQL, always in the same order."""
    return ", ".join(f"{row}.{name}" for name in sorted(KEPT))


def catch_up() -> int:
    """Sets the columns of every request right, as after rows written with triggers disabled; how many were wrong."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE requests_supportrequest r SET ({', '.join(sorted(KEPT))}) = ROW ({columns('t')})"  # noqa: S608
            f" FROM requests_turn t WHERE t.id = r.id AND ({columns('r')}) IS DISTINCT FROM ({columns('t')})"
        )
        return int(cursor.rowcount)


def keeps_turn() -> pgtrigger.Trigger:
    """For each model whose rows say whose turn it is; each is of one ``support_request``, for good."""
    return pgtrigger.Trigger(
        name="keeps_turn",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="PERFORM requests_keep_turn(COALESCE(NEW.support_request_id, OLD.support_request_id)); RETURN NULL;",
    )
