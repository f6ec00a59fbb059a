"""Asking clamd, by its own protocol (INSTREAM). No scanner configured: files are marked as not scanned.

clamd resets the connection over ``StreamMaxLength`` and may answer OK without scanning over ``MaxFileSize``
(MEASURED): the portal's own limit must stay below both, and any answer other than a plain OK keeps the file closed.
"""

import socket
import struct

from django.conf import settings

from common import jobs
from files.enums import ScanState

CHUNK = 64 * 1024
TIMEOUT = 60.0


def address() -> str:
    """``host:port`` or the path of a socket; empty when there is no scanner."""
    return str(settings.CLAMD_ADDRESS)


def is_configured() -> bool:
    return bool(address())


def _connect() -> socket.socket:
    where = address()
    if where.startswith("/"):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(TIMEOUT)
        link.connect(where)
        return link
    host, _, port = where.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=TIMEOUT)


def scan(data: bytes) -> ScanState:
    """Clean or infected; anything the scanner does not say plainly raises, and the job is tried again."""
    try:
        with _connect() as link:
            link.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK):
                chunk = data[start : start + CHUNK]
                link.sendall(struct.pack("!L", len(chunk)) + chunk)
            link.sendall(struct.pack("!L", 0))
            answer = b""
            while not answer.endswith(b"\0") and (part := link.recv(4096)):
                answer += part
    except OSError as error:
        raise jobs.Later(f"scanner: {error}", jobs.pause_after(5)) from error
    verdict = answer.rstrip(b"\0").decode("utf-8", "replace")
    if verdict == "stream: OK":
        return ScanState.CLEAN
    if verdict.endswith(" FOUND"):
        return ScanState.INFECTED
    raise ValueError(f"scanner answered {verdict!r}")
