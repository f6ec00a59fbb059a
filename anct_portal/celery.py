"""The Celery application. A message is only a wake-up: the row is the job (docs/adr/0003-row-is-the-job.md)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anct_portal.settings")

app = Celery("anct_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
