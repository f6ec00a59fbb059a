"""WSGI entry point. What the first request would load is loaded here, once, before the server forks its workers."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anct_portal.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  (imports every view)
