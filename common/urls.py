"""Addresses for machines: liveness, readiness, counters."""

from django.urls import path

from common import health

app_name = "health"

urlpatterns = [
    path("sante/vive", health.alive, name="alive"),
    path("sante/prete", health.ready, name="ready"),
    path("metrics", health.metrics, name="metrics"),
]
