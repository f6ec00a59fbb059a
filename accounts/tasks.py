"""Housekeeping of sign-in."""

from celery import shared_task

from accounts.services import sign_in


@shared_task(name="accounts.purge_sign_in")
def purge_sign_in() -> int:
    return sign_in.purge()
