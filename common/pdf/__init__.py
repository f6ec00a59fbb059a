"""HTML to tagged PDF (PDF/UA-1), by WeasyPrint in a child process with limits (MEASURED, « PDF »).

Guaranteed: the document is tagged, has its language and its title; table headers carry their scope; the same HTML
gives the same bytes on the same machine; nothing outside the packaged static files is ever fetched; a document that
is too large or too long to lay out costs a child process, never a worker.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

#: All that the child knows of this process's environment: no secret, no database.
INHERITED = ("PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "FONTCONFIG_FILE", "DYLD_FALLBACK_LIBRARY_PATH")


class PdfError(Exception):
    """The document could not be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost."""

    html_bytes: int = 10 * 1024 * 1024
    pdf_bytes: int = 50 * 1024 * 1024
    memory_bytes: int = 3 * 1024 * 1024 * 1024
    cpu_seconds: int = 60
    seconds: float = 90.0


DEFAULT_LIMITS = Limits()


def static_directories() -> list[str]:
    """Where packaged files may be read: the collected ones, ours, and the design system's."""
    directories = [Path(settings.STATIC_ROOT), *map(Path, settings.STATICFILES_DIRS)]
    design_system = find_spec("dsfr")
    if design_system and design_system.origin:
        directories.append(Path(design_system.origin).parent / "static")
    return [str(directory.resolve()) for directory in directories if directory.is_dir()]


def render_pdf(html: str, *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The tagged PDF of ``html``, which must have ``<html lang>`` and ``<title>``. Raises :class:`PdfError`.

    Relative links are completed by the site's address. ``{% static %}`` addresses of
    packaged files are read from disk; anything else that the document would load makes it fail.
    """
    source = html.encode()
    if len(source) > limits.html_bytes:
        raise PdfError(f"document too large: {len(source)} bytes of HTML, {limits.html_bytes} at most")
    order = {
        "base_url": f"{settings.SITE_URL}/",
        "static_prefix": urlsplit(settings.STATIC_URL).path or "/static/",
        "static_directories": static_directories(),
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "pdf_bytes": limits.pdf_bytes,
    }
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= {"LANG": "C.UTF-8", "SOURCE_DATE_EPOCH": "0"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "common.pdf.child"],
            input=json.dumps(order).encode() + b"\n" + source,
            capture_output=True,
            timeout=limits.seconds,
            cwd=settings.BASE_DIR,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PdfError(f"not made within {limits.seconds:.0f} s") from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PdfError(f"the child ended with {done.returncode}: {said[-1][:500] if said else 'without a word'}")
    return done.stdout
