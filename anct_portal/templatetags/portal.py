"""Tags of the page's frame."""

from django import template
from django.template.context import Context

from anct_portal import navigation as menu
from common.actor import Role

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[menu.Item]:
    """The menu of the actor of this request; the anonymous one where the page is rendered without a request."""
    actor = context.get("ACTOR")
    request = context.get("request")
    return menu.items(actor.role if actor else Role.ANONYMOUS, request.path if request else "")
