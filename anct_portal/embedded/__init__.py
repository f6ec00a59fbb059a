"""Embedded PostgreSQL and Redis: the binaries of two wheels, supervised as foreground children.

``DATABASE_URL`` and ``REDIS_URL`` name the servers to use. Where one is unset, ``make run``, ``make test`` and
``python -m anct_portal.embedded -- COMMAND`` start a server of their own under ``var/``; any other command attaches to
the running one (``anct_portal.env``). Importing this module, hence the settings, starts nothing.

``binaries`` finds the programs, ``account`` the user they run as and the folders they may reach, ``processes`` starts
and stops a child, ``servers`` makes a pair of servers of them. See docs/adr/0002-one-engine-embedded-binaries.md.
"""

from typing import Any
from urllib.parse import unquote

import environ

from anct_portal import env

#: One line for whoever runs a command while nothing is running.
HOW_TO_START = (
    "Aucune base de données : lancez « make run » dans un autre terminal, "
    "ou « python -m anct_portal.embedded -- COMMANDE », ou indiquez DATABASE_URL."
)


def database(url: str) -> dict[str, Any]:
    """Django's settings for an address; without one, settings that connect nowhere (``HOW_TO_START`` says the cure)."""
    if not url:
        return {"NAME": "portal", "USER": "postgres", "PASSWORD": "", "HOST": f"{env.VAR_DIR}/run/none", "PORT": ""}
    settings = environ.Env.db_url_config(url)
    return {**settings, "HOST": unquote(settings["HOST"])}  # the folder of a socket comes percent-encoded


def redis_url(url: str) -> str:
    """The address as Celery takes it (a socket is ``redis+socket://…``); without one, a place where nobody answers."""
    return url or f"redis+socket://{env.VAR_DIR}/run/none"


def nothing_runs() -> bool:
    """No database is named and none was started here: a failed connection needs no other explanation."""
    return not env.text("DATABASE_URL", "")
