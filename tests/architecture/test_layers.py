"""Who may know whom. import-linter sees imports; foreign keys, migrations and addresses are seen here."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.urls import URLResolver, get_resolver

from anct_portal.declarations import LAYERS
from anct_portal.env import BASE_DIR

RANK = {app: rank for rank, app in enumerate((*LAYERS, "anct_portal"))}
OURS = set(RANK)
#: The pages of the frame itself (home, legal notices): the footer of every page leads to them.
FRAME = "pages"
REVERSED = re.compile(
    r"""(?:reverse(?:_lazy)?\(\s*|redirect\(\s*|\{%\s*url\s+|url_name\s*=\s*)["']([a-z_-]+):[a-z0-9_-]+["']"""
)


def below_or_equal(user: str, used: str) -> bool:
    return RANK[used] <= RANK[user]


def test_layers_are_those_of_the_import_contract() -> None:
    import tomllib

    contracts = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert contracts[0]["layers"] == [*reversed((*LAYERS, "anct_portal"))]
    assert {app.name for app in apps.get_app_configs() if Path(app.path).parent == BASE_DIR} == OURS


def test_imports_point_down() -> None:
    import subprocess
    import sys

    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_relations_point_down() -> None:
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        app = model._meta.app_label
        if app not in OURS:
            continue
        for field in model._meta.get_fields():
            if field.is_relation and not field.auto_created and field.related_model is not None:
                target = field.related_model._meta.app_label
                if target in OURS and not below_or_equal(app, target):
                    wrong.append(f"{model._meta.label}.{field.name} → {field.related_model._meta.label}")
    assert wrong == []


def test_migrations_depend_downwards() -> None:
    graph = MigrationLoader(None).disk_migrations
    wrong = [
        f"{app}.{name} → {target}"
        for (app, name), migration in graph.items()
        if app in OURS
        for target, _ in migration.dependencies
        if target in OURS and not below_or_equal(app, target)
    ]
    assert wrong == []


def namespaces() -> dict[str, str]:
    """Namespace of an address → the app that declares it."""
    found: dict[str, str] = {}

    def walk(resolver: URLResolver) -> Iterator[tuple[str, str]]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                module = getattr(pattern.urlconf_name, "__name__", None) or str(pattern.urlconf_name)
                if pattern.namespace and module.split(".")[0] in OURS:
                    yield pattern.namespace, module.split(".")[0]
                yield from walk(pattern)

    for namespace, app in walk(get_resolver()):
        found.setdefault(namespace, app)
    return found


def uses() -> Iterator[tuple[Path, str, str]]:
    """File, the app it belongs to, the namespace that it names."""
    for app in LAYERS:
        for path in [*(BASE_DIR / app).rglob("*.py"), *(BASE_DIR / "templates" / app).rglob("*.*")]:
            for namespace in REVERSED.findall(path.read_text(encoding="utf-8")):
                yield path.relative_to(BASE_DIR), app, namespace


def test_addresses_point_down() -> None:
    declared = namespaces()
    assert {"accounts", "territories", "requests"} <= set(declared)
    wrong = [
        f"{path}: {namespace}"
        for path, app, namespace in uses()
        if namespace in declared and namespace != FRAME and not below_or_equal(app, declared[namespace])
    ]
    assert wrong == []


@pytest.mark.parametrize("app", LAYERS)
def test_templates_include_downwards(app: str) -> None:
    """A template of an app extends and includes those of lower apps and of the frame only."""
    named = re.compile(r"""\{%\s*(?:extends|include)\s+["']([a-z_]+)/""")
    wrong = [
        f"{path.relative_to(BASE_DIR)}: {target}"
        for path in (BASE_DIR / "templates" / app).rglob("*.html")
        for target in named.findall(path.read_text(encoding="utf-8"))
        if target in OURS and not below_or_equal(app, target)
    ]
    assert wrong == []
