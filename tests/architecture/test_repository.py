"""The repository itself: sizes, names, requirements, templates, and what must never be committed."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from anct_portal.declarations import LAYERS
from anct_portal.env import BASE_DIR
from common import readonly

MODULE_LINES, TEST_LINES = 400, 800
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "selectors.py", "managers.py", "misc.py", "core.py", "extras.py"}
#: Views that may write when they are merely read, and why each reader needs it.
WRITES_ON_GET: dict[str, str] = {
    "common.health.metrics": "must answer while PostgreSQL is down, which a read-only transaction would not let it",
    "common.health.ready": "must answer while PostgreSQL is down, which a read-only transaction would not let it",
    "requests.views.file.FileView": "access log of a file, written before its page is built",
    "requests.views.national.NationalFile": "access log: who opened a file is recorded before the page is built",
    "requests.views.partners.OperatorFile": "access log: who opened a file is recorded before the page is built",
    "requests.views.official.Detail": "access log: a project leader is recorded before the page is built",
    "requests.views.official.StateFragment": "access log: a project leader is recorded before the page is built",
    "requests.views.exchanges.DocumentView": "access log of a file: whoever reads its documents reads it",
    "requests.api.views.SupportRequestViewSet": "access log of a file, whatever part of it is read",
    "requests.views.drafts.Adopt": (
        "whoever signs in keeps the draft begun before; nothing else is written, "
        "and following the link twice is harmless"
    ),
}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := BASE_DIR / name).is_file()]


def relative(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def test_modules_stay_readable() -> None:
    long = {}
    for path in tracked("*.py"):
        name = relative(path)
        limit = TEST_LINES if name.startswith("tests/") else MODULE_LINES
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > limit and "/migrations/" not in name and "/golden/" not in name:
            long[name] = lines
    assert long == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [relative(path) for path in tracked("*.py") if path.name in FORBIDDEN_NAMES] == []


def test_star_imports_only_in_settings() -> None:
    starred = {
        relative(path)
        for path in tracked("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    }
    assert starred == {"tests/settings.py"}


def test_requirements_name_no_machine() -> None:
    for path in (BASE_DIR / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        for sign in ("--index-url", "--extra-index-url", "--find-links", "--trusted-host", "://", "file:", "/opt/"):
            assert sign not in text, f"{path.name}: {sign}"
        pins = re.findall(r"^[a-z0-9._\[\]-]+==[^ ]+", text, re.MULTILINE | re.IGNORECASE)
        blocks = re.split(r"\n(?=\S)", text.strip())
        hashed = [block for block in blocks if not block.startswith("#")]
        assert len(pins) == len(hashed)
        assert all("--hash=sha256:" in block for block in hashed)
    for lock in ("uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"):
        assert not (BASE_DIR / lock).exists()


def test_development_requirements_hold_those_of_production() -> None:
    pin = re.compile(r"^([a-z0-9._\[\]-]+)==(\S+)", re.MULTILINE | re.IGNORECASE)
    base, dev = (dict(pin.findall((BASE_DIR / "requirements" / f"{name}.txt").read_text())) for name in ("base", "dev"))
    assert base.items() <= dev.items()


def test_no_absolute_path_of_a_machine() -> None:
    """A path of this very machine (the project's folder, the home) in a committed file works nowhere else."""
    places = [re.escape(str(place)) for place in (BASE_DIR, Path.home()) if len(place.parts) > 1]
    machine = re.compile(rf"(?:{'|'.join(places)})/[\w.]|/home/[a-z]\w*/|/Users/[A-Za-z]\w*/")
    found = [
        f"{relative(path)}: {match.group()}"
        for path in tracked()
        if path.suffix not in (".woff2", ".png", ".ico", ".pdf", ".csv", ".gz", ".odt", ".docx", ".xlsx")
        and (match := machine.search(path.read_text(encoding="utf-8", errors="replace")))
        and path != Path(__file__)
    ]
    assert found == []


def test_every_template_is_used() -> None:
    """A template is named by a view, a mail or another template; its folder and name are written nowhere in vain."""
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in tracked("*.py", "templates")
        if path.suffix in (".py", ".html", ".txt", ".svg") and not relative(path).startswith("tests/")
    )
    #: Names that Django, django-dsfr or another library look for by themselves.
    looked_for = ("admin/", "dsfr/", "django/", "registration/", "rest_framework/", "403_csrf.html", "base.html")
    unused = []
    for path in tracked("templates"):
        name = str(path.relative_to(BASE_DIR / "templates"))
        folder, _, file = name.rpartition("/")
        stem = file.rsplit(".", 1)[0]
        built = f"{folder}/{{" in sources and f'"{stem}"' in sources  # f"requests/intake/{self.step}.html"
        if not (name.startswith(looked_for) or name in sources or f'"{folder}/{stem}"' in sources or built):
            unused.append(name)
    assert unused == []


def test_components_state_their_options() -> None:
    silent = [
        relative(path)
        for path in tracked("templates/components")
        if not re.match(r"\s*(?:\{% load [^%]*%\}\s*)*\{(?:#|% comment)", path.read_text(encoding="utf-8"))
    ]
    assert silent == []


def test_no_inline_script_or_style() -> None:
    inline = re.compile(r"""<[a-z][^>]*\s(?:style|on[a-z]+)\s*=|<script>|<style[\s>]|javascript:""", re.IGNORECASE)
    found = [
        f"{relative(path)}: {match.group()[:60]}"
        for path in tracked("templates")
        if path.suffix == ".html"
        and "/letters/" not in relative(path)  # printed, never sent to a browser
        and "/mail/" not in relative(path)  # mail readers know nothing but inline styles
        and (match := inline.search(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def views() -> list[object]:
    found: list[object] = []

    def walk(resolver: URLResolver) -> None:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern)
            elif isinstance(pattern, URLPattern):
                found.append(pattern.callback)

    walk(get_resolver())
    return found


def test_views_that_write_on_get_are_listed() -> None:
    assert len(views()) > 20
    ours = {name: why for name, why in readonly.WRITES.items() if not name.startswith("tests.")}
    assert ours == WRITES_ON_GET


@pytest.mark.parametrize("app", LAYERS)
def test_no_import_is_hidden_in_a_function_to_dodge_a_cycle(app: str) -> None:
    """An import of ours inside a function hides who knows whom; ``ready()`` is where Django asks for it.

    The PDF child is excepted: it limits itself before it loads what costs memory.
    """
    hidden = []
    for path in tracked(f"{app}/*.py", f"{app}/**/*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
                and function.name != "ready"
                and path.name != "child.py"
            ):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
                        *LAYERS,
                        "anct_portal",
                    ):
                        hidden.append(f"{relative(path)}: {node.module}")
    assert hidden == []


def test_no_query_of_a_stored_test_is_skipped() -> None:
    """A test that is skipped or expected to fail shows nothing; a missing program is a failure.

    One exception: the State's real lists may not be copied here, so a user's clone is without them. In CI they must be.
    """
    skip = re.compile(r"pytest\.mark\.(?:skip|skipif|xfail)|pytest\.(?:skip|xfail|importorskip)\(|unittest\.skip")
    found = [relative(p) for p in tracked("tests/*.py") if p != Path(__file__) and skip.search(p.read_text())]
    lists = {p for p in found if "skipif(not MEMBERS.exists() and not CI" in (BASE_DIR / p).read_text(encoding="utf-8")}
    assert set(found) == lists


def test_readme_gives_the_two_commands_that_ci_runs() -> None:
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
    makefile = (BASE_DIR / "Makefile").read_text(encoding="utf-8")
    for target in ("run", "test"):
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert re.search(r"^\s*make test$|step .*make test\b", (BASE_DIR / ".ci" / "run").read_text(), re.MULTILINE)
