"""What stands at ``/territoires/<code>/``: the codes of regions are codes of departments too, hence their prefix."""

import re
from collections.abc import Callable

from territories.models import Arrondissement, Collectivity, Department, Region

Territory = Region | Department | Arrondissement | Collectivity

_REGION = re.compile(r"REG-([0-9]{2})")
_ARRONDISSEMENT = re.compile(r"ARR-([0-9][0-9AB][0-9]{1,2})")
_DEPARTMENT = re.compile(r"[0-9][0-9AB]|9[78][0-9]")


def _region(code: str) -> Territory | None:
    return Region.objects.filter(code=code).first()


def _department(code: str) -> Territory | None:
    return Department.objects.select_related("region", "desk").filter(code=code).first()


def _arrondissement(code: str) -> Territory | None:
    return Arrondissement.objects.select_related("department__region", "department__desk").filter(code=code).first()


def _collectivity(code: str) -> Territory | None:
    bodies = Collectivity.objects.select_related("department__region", "department__desk", "arrondissement")
    return bodies.by_code(code)


_ADDRESSES: tuple[tuple[re.Pattern[str], Callable[[str], Territory | None]], ...] = (
    (_REGION, _region),
    (_ARRONDISSEMENT, _arrondissement),
    (_DEPARTMENT, _department),
    (re.compile(r"[0-9A-Z-]{1,9}"), _collectivity),
)


def resolve_code(code: str) -> Territory | None:
    """``04121`` (INSEE code, even former), ``200069193`` (SIREN), ``04``, ``2A``, ``971``, ``REG-84``, ``ARR-041``."""
    code = code.strip().upper()
    for pattern, find in _ADDRESSES:
        if match := pattern.fullmatch(code):
            return find(match[1] if match.lastindex else code)
    return None
