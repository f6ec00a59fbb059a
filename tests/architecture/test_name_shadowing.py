"""Our app is named like a famous HTTP library: wherever Python runs for us it is ours, and the library is nowhere.

See docs/adr/0001-app-named-requests.md.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from anct_portal.env import BASE_DIR

OURS = str(BASE_DIR / "requests" / "__init__.py")
WHERE = "import requests; print(requests.__file__)"
REQUIREMENT = re.compile(r"^requests\s*(?:[<>=!~;\[(]|$)", re.IGNORECASE)


def run(*command: str, cwd: Path = BASE_DIR, **variables: str) -> str:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **variables}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_import_is_ours_here() -> None:
    import requests

    assert requests.__file__ == OURS


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-c", WHERE),
        (sys.executable, "-W", "error", "-c", f"import anct_portal; {WHERE}"),
        (sys.executable, "-c", f"import django; django.setup(); {WHERE}"),
        (sys.executable, "manage.py", "shell", "--no-imports", "-c", WHERE),
    ],
    ids=["python", "package", "django", "manage.py"],
)
def test_import_is_ours_in_a_subprocess(command: tuple[str, ...]) -> None:
    assert run(*command) == OURS


def test_celery_worker_imports_ours() -> None:
    """The worker changes its path as it pleases: the app it loads must still find our package."""
    report = (
        "import sys; sys.argv = ['celery']; import celery.bin.celery; from celery.app.utils import find_app; "
        f"app = find_app('anct_portal'); app.loader.import_default_modules(); {WHERE}"
    )
    assert run(sys.executable, "-c", report) == OURS


def test_optional_client_of_rest_framework_is_declared_absent() -> None:
    from rest_framework import compat

    import anct_portal  # noqa: F401

    assert compat.requests is None
    code = "import anct_portal, rest_framework.compat as c, celery; print(c.requests)"
    assert run(sys.executable, "-c", code) == "None"
    assert run(sys.executable, "manage.py", "check").startswith("System check identified no issues")


def test_library_is_in_no_requirement() -> None:
    for path in (BASE_DIR / "requirements").iterdir():
        names = [line for line in path.read_text().splitlines() if REQUIREMENT.match(line)]
        assert names == [], path


def test_library_is_not_installed_and_nothing_asks_for_it() -> None:
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.distribution("requests")
    asking = {
        distribution.name
        for distribution in importlib.metadata.distributions()
        for requirement in distribution.requires or ()
        if REQUIREMENT.match(requirement) and "extra ==" not in requirement
    }
    assert asking == set()


def test_tests_package_does_not_shadow_it_either() -> None:
    """Without ``tests/__init__.py`` pytest would put ``tests/`` on the path, and ``tests/requests`` would be ours."""
    for folder in (BASE_DIR / "tests", *(path for path in (BASE_DIR / "tests").rglob("*") if path.is_dir())):
        if any(folder.glob("*.py")):
            assert (folder / "__init__.py").exists(), folder
    assert "PYTHONSAFEPATH" not in (BASE_DIR / "Makefile").read_text()


def test_case_files_are_not_named_request() -> None:
    """« request » is the HTTP request; the case file is ``SupportRequest``."""
    from django.apps import apps

    names = {model.__name__ for model in apps.get_app_config("requests").get_models()}
    assert "SupportRequest" in names
    assert "Request" not in names
