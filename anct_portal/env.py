"""The only place that reads the environment. Every variable is listed in ``.env.example`` (tested).

``NAME_FILE=/path`` stands for ``NAME`` with the content of that file. A variable that is absent is looked up in what a
running ``make run`` recorded under ``var/run``, so that ``manage.py …`` beside it works on the same servers, then takes
its default.
"""

import functools
import json
import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("PORTAL_VAR_DIR") or BASE_DIR / "var")
#: Where the supervisor writes itself and the variables of its children, while it runs.
RECORD = VAR_DIR / "run" / "environment.json"


@functools.cache
def recorded() -> dict[str, str]:
    """The variables of the portal that runs in ``var/``; none when nothing runs there."""
    try:
        record = json.loads(RECORD.read_text(encoding="utf-8"))
        os.kill(record["supervisor"]["pid"], 0)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return {}
    return record["environment"]


def everything() -> dict[str, str]:
    """The whole environment, for a process that is started with more."""
    return dict(os.environ)


def _from_file(name: str) -> str | None:
    """The content of the file that ``NAME_FILE`` names, if any; raises when the file is missing."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path}: {error.strerror}") from error


def given(name: str) -> str:
    """The variable as whoever started this process set it, never as recorded; empty when it is not set."""
    return _from_file(name) or os.environ.get(name, "")


def default(name: str, value: str) -> None:
    """Gives a variable a value when it has none; for the settings of the tests."""
    os.environ.setdefault(name, value)


def _value(name: str) -> str | None:
    if (held := _from_file(name)) is not None:
        return held
    return os.environ[name] if name in os.environ else recorded().get(name)


def text(name: str, default: str | None = None) -> str:
    """The variable's value; raises when it is not set and there is no default."""
    value = _value(name)
    if value is None:
        value = default
    if value is None:
        raise ImproperlyConfigured(f"set {name} (see .env.example)")
    return value


def boolean(name: str, default: bool = False) -> bool:
    """``True`` or ``False``, spelt so; anything else raises."""
    value = _value(name)
    if value in (None, ""):
        return default
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name} must be True or False, not {value!r}")
    return value == "True"


def integer(name: str, default: int) -> int:
    value = _value(name) or str(default)
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from error


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
