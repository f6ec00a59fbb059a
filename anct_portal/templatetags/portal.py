"""Tags of the page's frame."""

from typing import Any

from django import template
from django.template.context import Context

from anct_portal import demonstration as accounts
from anct_portal import navigation as menu
from common.actor import Role

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[menu.Item]:
    """The menu of the actor of this request; the anonymous one where the page is rendered without a request."""
    actor = context.get("ACTOR")
    request = context.get("request")
    return menu.items(actor.role if actor else Role.ANONYMOUS, request.path if request else "")


@register.simple_tag(takes_context=True)
def demonstration(context: Context) -> dict[str, Any]:
    """The accounts of the demonstration, from this page: ``anct_portal.demonstration.at_hand``."""
    return accounts.at_hand(context["request"])
