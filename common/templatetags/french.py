"""Filters of French typography, built in every template. What they print stands in ``common.french``.

An absent value (None, empty) prints nothing.
"""

import datetime as dt
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeData, SafeString, mark_safe

from common import french

register = template.Library()


def _absent(value: Any) -> bool:
    return value is None or value == ""


def _local(value: Any) -> Any:
    return timezone.localtime(value) if isinstance(value, dt.datetime) and timezone.is_aware(value) else value


@register.filter(needs_autoescape=True)
def typo(value: Any, autoescape: bool = True) -> str:
    """Spaces and signs of French print; for the portal's own words, never for what a user wrote."""
    if _absent(value):
        return ""
    if isinstance(value, SafeData):
        return mark_safe(french.typo(str(value)))  # noqa: S308
    text = french.typo(str(value))
    return escape(text) if autoescape else text


@register.filter
def number(value: Any, decimals: Any = None) -> str:
    """``{{ 15049|number }}`` → 15 049; ``{{ 19.5|number:2 }}`` → 19,50."""
    return "" if _absent(value) else french.number(value, None if decimals is None else int(decimals))


@register.filter
def euros(value: Any, unit: str = "") -> str:
    """``{{ 40200|euros }}`` → 40 200 €; ``{{ 19500000|euros:"M" }}`` → 19,5 M€."""
    return "" if _absent(value) else french.euros(value, unit)


@register.filter
def plural(value: Any, nouns: str) -> str:
    """``{{ n|plural:"demande" }}`` → 41 demandes; ``{{ n|plural:"canal,canaux" }}`` when an « s » isn't enough. The
    number is printed too."""
    singular, _, other = nouns.partition(",")
    return french.plural(value or 0, singular.strip(), other.strip())


@register.filter
def day(value: Any, options: str = "") -> str:
    """``{{ date|day }}`` → 3 mars 2026; options « semaine » (mardi 3 mars 2026), « court » (3 mars)."""
    if _absent(value):
        return ""
    return french.day(_local(value), weekday="semaine" in options, year="court" not in options)


@register.filter
def hour(value: Any) -> str:
    """``{{ moment|hour }}`` → 14 h 32, in the active time zone."""
    return "" if _absent(value) else french.hour(_local(value))


@register.filter
def moment(value: Any, options: str = "") -> str:
    """``{{ moment|moment }}`` → 17 juin 2026 à 10 h 12; « court » drops the year."""
    return "" if _absent(value) else french.moment(_local(value), year="court" not in options)


@register.filter
def phone(value: Any) -> str:
    return "" if _absent(value) else french.phone(str(value))


@register.filter
def size(value: Any) -> str:
    """``{{ file.size|size }}`` → 1,2 Mo."""
    return "" if _absent(value) else french.size(int(value))


@register.filter
def iso(value: Any) -> str:
    """For ``<time datetime="…">``."""
    return "" if _absent(value) else _local(value).isoformat()


@register.simple_tag
def of(place: Any) -> SafeString | str:
    """``{% of commune %}`` → du Prêcheur: the place's ``of_name``, or its name and liaison code."""
    return getattr(place, "of_name", None) or french.with_article(place.name, place.liaison)
