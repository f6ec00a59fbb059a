"""Where else to go, from the directory that staff keeps."""

from django import template

from operators.models import Redirection, Subject
from territories.models import Collectivity

register = template.Library()


@register.simple_tag
def elsewhere(code: str, body: Collectivity | None = None, subject: Subject | None = None) -> dict[str, str] | None:
    """``{% elsewhere "financements" body subject as there %}``: its target and its link, or nothing when it is no
    longer proposed. One query."""
    row = Redirection.objects.active().filter(code=code).first()
    return {"target": row.target, "address": row.address(body, subject)} if row else None
