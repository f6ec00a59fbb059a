"""The Celery application. A message is only a wake-up: the row is the job (docs/adr/0003-row-is-the-job.md)."""

import os
from typing import Any

from celery import Celery, signals

from common import perimeter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anct_portal.settings")

app = Celery("anct_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_init.connect
@signals.worker_process_init.connect
def work_for_everybody(**kwargs: Any) -> None:
    perimeter.whole_process("the tasks of the portal, which no person asks for")
