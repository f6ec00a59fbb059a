"""Posting as a browser does: what the page hides in its form comes back with what is typed."""

from typing import Any

from django.test import Client


def hidden(client: Client, address: str) -> dict[str, Any]:
    """What the form of that page hides, as it is read now."""
    return {field.name: field.value() for field in client.get(address).context["form"].hidden_fields()}


def read_and_post(client: Client, address: str, data: dict[str, Any]) -> Any:
    return client.post(address, {**hidden(client, address), **data})
