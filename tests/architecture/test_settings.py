"""Settings: every module imports, every variable is documented, every scheduled task exists."""

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core import checks
from django.db import connection

from anct_portal.celery import app as celery_app
from anct_portal.checks import database_speaks_french
from anct_portal.env import BASE_DIR

READERS = {"text", "boolean", "integer", "words", "given"}


def portal_python() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(BASE_DIR.glob("anct_portal/**/*.py")):
        yield str(path.relative_to(BASE_DIR)), ast.parse(path.read_text(encoding="utf-8"))


def variables_read() -> set[str]:
    names = {"PORTAL_VAR_DIR"}
    for _, tree in portal_python():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                name = getattr(call.func, "attr", "")
                owner = getattr(getattr(call.func, "value", None), "id", "")
                if owner == "env" and name in READERS:
                    names.add(call.args[0].value)
    return names


@pytest.mark.parametrize("debug", ["True", "False"])
def test_settings_module_imports(debug: str) -> None:
    environment = {**os.environ, "DEBUG": debug, "SECRET_KEY": "x", "DJANGO_SETTINGS_MODULE": "anct_portal.settings"}
    code = "import django; django.setup(); from django.conf import settings; print(settings.DEBUG)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, debug), done.stderr


def test_production_needs_a_secret_key() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "DEBUG")}
    environment |= {"PORTAL_VAR_DIR": "/nonexistent", "DJANGO_SETTINGS_MODULE": "anct_portal.settings"}
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "set SECRET_KEY" in done.stderr


def test_settings_of_a_server_behind_a_proxy(tmp_path: Path) -> None:
    held = tmp_path / "proxies"
    held.write_text("1\n", encoding="ascii")
    environment = {**os.environ, "DEBUG": "False", "SECRET_KEY": "x", "DJANGO_SETTINGS_MODULE": "anct_portal.settings"}
    environment |= {
        "ALLOWED_HOSTS": "guichet.example",
        "CLAMD_ADDRESS": "clamd:3310",
        "TRUSTED_PROXIES_FILE": str(held),
    }
    names = ("ALLOWED_HOSTS", "CLAMD_ADDRESS", "TRUSTED_PROXIES", "SECURE_PROXY_SSL_HEADER")
    code = f"from django.conf import settings; print([getattr(settings, name) for name in {names}])"
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == [
        ["guichet.example", "127.0.0.1"], "clamd:3310", 1, ("HTTP_X_FORWARDED_PROTO", "https"),
    ]  # fmt: skip


def test_environment_is_documented_and_nothing_more() -> None:
    documented = {
        line.lstrip("# ").split("=", 1)[0]
        for line in (BASE_DIR / ".env.example").read_text(encoding="utf-8").splitlines()
        if "=" in line and line.lstrip("# ").split("=", 1)[0].isupper()
    }
    foreign = {"XDG_RUNTIME_DIR"}  # the session's, not ours to set
    assert variables_read() - foreign == documented


def test_environment_is_read_in_one_place() -> None:
    reading = {
        name
        for name, tree in portal_python()
        if any(isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") for node in ast.walk(tree))
        and any(isinstance(node, ast.Import) and any(a.name == "os" for a in node.names) for node in ast.walk(tree))
    }
    assert reading == {"anct_portal/env.py", "anct_portal/celery.py", "anct_portal/wsgi.py"}


def test_scheduled_tasks_exist_and_take_their_arguments() -> None:
    celery_app.loader.import_default_modules()
    for name, entry in celery_app.conf.beat_schedule.items():
        task = celery_app.tasks[entry["task"]]
        inspect.signature(task.run).bind(*entry.get("args", ()), **entry.get("kwargs", {}))
        assert name


def test_tasks_are_named_after_their_app() -> None:
    """A message that waits in Redis names its task: the name says where to look, and outlives a module that moves."""
    celery_app.loader.import_default_modules()
    ours = {name: task for name, task in celery_app.tasks.items() if not name.startswith("celery.")}
    assert ours
    for name, task in ours.items():
        assert name.split(".")[0] == task.run.__module__.split(".")[0], name


@pytest.mark.django_db
def test_database_of_another_ctype_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database_speaks_french(None, databases=["default"]) == []

    class Row:
        def fetchone(self) -> tuple[str, str, str]:
            return ("UTF8", "C", "C")

        def execute(self, *_: object) -> None: ...

        def __enter__(self) -> "Row":
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(connection, "cursor", Row)
    errors = database_speaks_french(None, databases=["default"])
    assert [(error.id, error.level) for error in errors] == [("anct_portal.E001", checks.ERROR)]


def test_demonstration_is_impossible_in_production() -> None:
    environment = {**os.environ, "DEBUG": "False", "SECRET_KEY": "x", "DEMONSTRATION_CODE": "123456"}
    environment["DJANGO_SETTINGS_MODULE"] = "anct_portal.settings"
    code = "from django.conf import settings; print([settings.DEMONSTRATION_CODE])"
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['']"
    line = [sys.executable, "manage.py", "seed", "--demo"]
    done = subprocess.run(line, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DEBUG=True" in done.stderr


def test_guards_stand_in_the_tests() -> None:
    assert settings.ZEAL_RAISE is True
    assert not getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False)
    assert settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
