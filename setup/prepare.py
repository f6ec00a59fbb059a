"""What every ``make`` target needs: a recent Python, ``.venv`` with the locked dependencies, the system's libraries.

Runs on whatever ``python3`` is there, before anything is installed: standard library only, and a syntax that an old
Python can read long enough to be told that it is too old. A second run finds its stamp and costs almost nothing.

``--tests`` asks for what only the tests need (Chromium). In CI (``CI=true``) a missing library is a failure, and
nothing is installed on the machine.
"""

import ctypes.util
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "dev.txt"
OLDEST = (3, 11)

#: What is looked for, and the Debian package that brings it.
LIBRARIES = (("pango-1.0", "libpango-1.0-0"), ("pangoft2-1.0", "libpangoft2-1.0-0"), ("magic", "libmagic1"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = {"libpango-1.0-0": "pango", "libpangoft2-1.0-0": "pango", "libmagic1": "libmagic", "chromium": "chromium"}


def check_python():
    if sys.version_info < OLDEST:
        found = platform.python_version()
        sys.exit(
            f"Python 3.11 ou plus récent est nécessaire, « {sys.executable} » est un {found}. "
            "Indiquez-en un autre : « make run PYTHON=python3.12 »."
        )


def stamp():
    """What the installed environment was made from."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    return f"{digest} {platform.python_version()} {ROOT}\n"


def install():
    mark = VENV / "installed"
    wanted = stamp()
    if mark.exists() and mark.read_text() == wanted:
        return
    python = VENV / "bin" / "python"
    if not python.exists():
        print("Environnement Python : .venv…", flush=True)
        make = [sys.executable, "-m", "venv", str(VENV)]
        if subprocess.run(make, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).returncode:
            shutil.rmtree(str(VENV), ignore_errors=True)
            sys.exit(f"« {' '.join(make)} » échoue. Sous Debian : « apt-get install python3-venv ».")
    print("Dépendances verrouillées : installation (une fois, quelques minutes)…", flush=True)
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
    if subprocess.run(
        [str(python), "-m", "pip", "install", *options], stdin=subprocess.DEVNULL, check=False
    ).returncode:
        sys.exit(
            "Les dépendances n’ont pas été installées : voir les lignes ci-dessus (réseau, place sur le disque ?)."
        )
    mark.write_text(wanted)


def missing_packages(for_tests):
    packages = [package for library, package in LIBRARIES if ctypes.util.find_library(library) is None]
    if for_tests and not any(shutil.which(name) for name in BROWSERS):
        packages.append("chromium")
    return packages


def check_system(for_tests):
    packages = missing_packages(for_tests)
    if not packages:
        return
    if platform.system() == "Darwin":
        names = " ".join(sorted({MAC[package] for package in packages}))
        sys.exit(f"Il manque des paquets du système : « brew install {names} ».")
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    line = " ".join(command)
    may_install = os.geteuid() == 0 and shutil.which("apt-get") and os.environ.get("CI") != "true"
    if not may_install:
        sys.exit(f"Il manque des paquets du système : « {line} ».")
    print(f"Paquets du système : {line}", flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(["apt-get", "update", "--quiet=2"], env=quiet, stdin=subprocess.DEVNULL, check=False)
    done = subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, check=False)
    if done.returncode or missing_packages(for_tests):
        sys.exit(f"L’installation des paquets a échoué : « {line} ».")


if __name__ == "__main__":
    check_python()
    install()
    check_system("--tests" in sys.argv[1:])
