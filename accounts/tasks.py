"""Housekeeping of sign-in."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from accounts.services import sign_in


@shared_task(name="accounts.purge_sign_in")
def purge_sign_in() -> int:
    SessionStore.clear_expired()
    return sign_in.purge()
