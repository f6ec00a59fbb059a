"""Addresses, one module an audience."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class Reference(StringConverter):
    """A request's reference; anything else is no address, and never reaches the database."""

    regex = "[0-9]{4}-[0-9AB]{2,3}-[0-9]{5,}"


register_converter(Reference, "reference")
