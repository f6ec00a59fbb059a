"""Composition root of the portal: settings, addresses, processes. It imports everybody; nobody imports it."""

# Django REST framework imports an optional HTTP client called `requests`. Our app bears that name: tell the framework
# that the client is absent, before anything (Celery included) makes it look. See docs/adr/0001-app-named-requests.md.
from rest_framework import compat

compat.requests = None  # type: ignore[assignment]

from anct_portal.celery import app as celery_app  # noqa: E402  (must follow the line above)

__all__ = ["celery_app"]
