"""Addresses of this app, by audience. Files are named by their reference; solicitations and drafts by their UUID."""

from importlib import import_module

app_name = "requests"

#: One list of addresses an audience.
AUDIENCES = ("official", "desk", "national", "partners")

urlpatterns = [
    pattern for audience in AUDIENCES for pattern in import_module(f"requests.addresses.{audience}").urlpatterns
]
