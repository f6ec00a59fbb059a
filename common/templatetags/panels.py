"""``{% panels "slot" object %}``: renders what other apps registered for this slot."""

from typing import Any

from django import template
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from common.panels import panels_of

register = template.Library()


@register.simple_tag(takes_context=True)
def panels(context: RequestContext, slot: str, obj: Any = None) -> SafeString:
    request = context["request"]
    parts = []
    for index, panel in enumerate(panels_of(slot)):
        variables = panel.context(request, obj)
        if variables is None:
            continue
        identifier = f"panneau-{slot.replace('.', '-')}-{index}"
        body = render_to_string(panel.template, {"object": obj, "panel": panel, **variables}, request=request)
        parts.append(
            render_to_string(
                "common/panel.html", {"panel": panel, "panel_id": identifier, "body": body}, request=request
            )
        )
    return mark_safe("".join(parts))  # noqa: S308  (each part is a rendered template)
