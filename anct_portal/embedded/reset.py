"""``make resetdb``: removes the embedded servers' data of ``var/`` (not that of ``var/test``) once they stopped."""

import os
import shutil
import sys
from pathlib import Path

from anct_portal import env
from anct_portal.embedded.processes import ServerError
from anct_portal.embedded.servers import Servers


def reset(var: Path) -> list[Path]:
    """Removes the data; returns what was removed. Raises ServerError while a supervisor runs there."""
    servers = Servers(var)
    servers.claim()
    pointer = var / "servers"
    removed = [path for path in (Path(os.path.realpath(pointer)), var / "mails") if path.exists()]
    for path in removed:
        shutil.rmtree(path)
    if pointer.is_symlink():
        pointer.unlink()
    servers.stop()
    return removed


if __name__ == "__main__":
    try:
        for folder in reset(env.VAR_DIR):
            print(f"Supprimé : {folder}")
    except ServerError as error:
        sys.exit(str(error))
