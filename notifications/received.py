"""Mails received by the development sink: one ``.eml`` file each, written whole or not at all."""

import datetime as dt
import email
import email.policy
import os
import re
import tempfile
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

_NAME = re.compile(r"^[0-9]{19}-[a-z0-9_]+$")
#: The list shows so many; older files stay on disk.
SHOWN = 200


def directory() -> Path:
    return Path(settings.VAR_DIR) / "mails"


def keep(content: bytes) -> Path:
    """Writes a message under a name that sorts by arrival; readers never see half of one."""
    directory().mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=directory())
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    unique = Path(temporary).name.removeprefix(".").removesuffix(".part").lower()
    return Path(temporary).rename(directory() / f"{time.time_ns():019d}-{unique}.eml")


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    name: str
    at: dt.datetime
    message: EmailMessage

    @property
    def to(self) -> str:
        return str(self.message.get("To", ""))

    @property
    def sender(self) -> str:
        return str(self.message.get("From", ""))

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def reply_to(self) -> str:
        return str(self.message.get("Reply-To", ""))

    def _part(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")


def _load(path: Path) -> ReceivedMail:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    at = dt.datetime.fromtimestamp(int(path.name[:19]) / 1e9, tz=dt.UTC)
    return ReceivedMail(path.stem, at, message)


def read(name: str) -> ReceivedMail | None:
    """One mail; None when there is none of that name (a name is never a path)."""
    path = directory() / f"{name}.eml"
    return _load(path) if _NAME.match(name) and path.is_file() else None


def newest(address: str = "", limit: int = SHOWN) -> list[ReceivedMail]:
    """Newest first; with ``address``, those sent to it."""
    if not directory().is_dir():
        return []
    wanted = address.strip().lower()
    found: list[ReceivedMail] = []
    for path in sorted(directory().glob("*.eml"), reverse=True):
        mail = _load(path)
        if wanted and wanted not in mail.to.lower():
            continue
        found.append(mail)
        if len(found) == limit:
            break
    return found
