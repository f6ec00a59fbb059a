"""The account that the servers run as, and the folders that it may reach.

PostgreSQL refuses to run as root. A root that calls us lends the servers the account ``nobody``, and changes the
permissions of no folder that already stands: where ``nobody`` cannot enter ``var/`` (a project under ``/root``), the
servers' folder is made under ``/var/tmp`` and ``var/servers`` points at it.
"""

import hashlib
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: Bytes of a Unix socket's path (sun_path is 108 on Linux and 104 elsewhere, the final zero included).
SOCKET_PATH_LIMIT = 103 if os.uname().sysname != "Linux" else 107
LONGEST_SOCKET = ".s.PGSQL.5432.lock"


class FolderError(Exception):
    """A folder that cannot be used, in one line."""


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


def unprivileged() -> Account | None:
    """``nobody`` when we are root; None when the servers run as ourselves."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def may_enter(path: Path, account: Account | None) -> bool:
    """The account may enter this folder, or run this program: it is asked to try."""
    if account is None:
        return os.access(path, os.X_OK)
    attempt = ["/bin/sh", "-c", 'test -x "$0"', str(path)]
    return (
        subprocess.run(attempt, cwd="/", check=False, user=account.uid, group=account.gid, extra_groups=[]).returncode
        == 0
    )


def private(path: Path, account: Account | None) -> Path:
    """Makes ``path`` a folder that only the account enters; refuses one that somebody else prepared there."""
    owner = account.uid if account else os.geteuid()
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.lstat()
        if account is not None and status.st_uid == os.geteuid() != owner:  # ours, just made: hand it over
            os.chown(path, account.uid, account.gid)
            status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
            raise FolderError(
                f"{path} appartient à un autre compte : supprimez-le, ou lancez la commande sous ce compte."
            )
        path.chmod(0o700)
    except OSError as error:
        raise FolderError(f"{path} ne peut pas être créé : {error.strerror}.") from error
    return path


def key(var: Path) -> str:
    """What tells the folders of one ``var/`` from those of another, in a few characters."""
    return hashlib.sha256(os.path.realpath(var).encode()).hexdigest()[:10]


def home(var: Path, account: Account | None) -> Path:
    """The servers' own folder: ``var/servers``, or the folder of ``/var/tmp`` that it points at."""
    pointer = var / "servers"
    if pointer.is_symlink():
        return private(Path(os.path.realpath(pointer)), account)
    if pointer.exists() or may_enter(var, account):
        return private(pointer, account)
    elsewhere = private(Path("/var/tmp") / f"portail-{key(var)}", account)  # noqa: S108  (checked by private)
    pointer.symlink_to(elsewhere)
    return elsewhere


def socket_folder(var: Path, account: Account | None, candidates: Iterable[str | None]) -> Path:
    """A private folder whose name is short enough for a socket: the first candidate that fits."""
    name = f"portail-{key(var)}"
    for candidate in candidates:
        if not candidate:
            continue
        folder = Path(candidate) / name
        fits = len(os.fsencode(folder / LONGEST_SOCKET)) <= SOCKET_PATH_LIMIT
        if fits and Path(candidate).is_dir() and os.access(candidate, os.W_OK) and may_enter(Path(candidate), account):
            return private(folder, account)
    raise FolderError(
        f"Aucun dossier assez court pour les sockets ({SOCKET_PATH_LIMIT} octets au plus) : indiquez-en un par TMPDIR."
    )


def socket_candidates(account: Account | None, runtime: str) -> list[str | None]:
    """Where sockets may stand: the session's own folder (ours only), then the temporary ones."""
    return [runtime if account is None else None, tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108
