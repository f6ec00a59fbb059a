"""What each app declares about itself in a module of an agreed name: ``seeds.py``, ``integrity.py``.

The portal's own commands collect these modules, from the lowest layer up; an app with nothing to declare has none.
"""

import importlib.util
from collections.abc import Iterator
from types import ModuleType

#: Lowest first: each may know those before it (docs/architecture.md).
LAYERS = (
    "common",
    "files",
    "territories",
    "accounts",
    "notifications",
    "programmes",
    "operators",
    "committees",
    "requests",
    "reports",
)


def declared(name: str) -> Iterator[tuple[str, ModuleType]]:
    """The modules of this name, with their app, from the lowest layer up."""
    for app in LAYERS:
        path = f"{app}.{name}"
        if importlib.util.find_spec(path) is not None:
            yield app, importlib.import_module(path)
