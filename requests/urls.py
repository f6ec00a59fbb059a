"""Addresses of this app, by audience. Files are named by their reference; solicitations and drafts by their UUID."""

from importlib import import_module
from importlib.util import find_spec

app_name = "requests"

#: One list of addresses an audience.
AUDIENCES = ("official", "desk", "national", "partners")

urlpatterns = [
    pattern
    for audience in AUDIENCES
    if find_spec(f"requests.addresses.{audience}")
    for pattern in import_module(f"requests.addresses.{audience}").urlpatterns
]
