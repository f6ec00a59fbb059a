"""The running portal of this test process, and the people who visit it.

``portal`` lasts as long as the process; the browser lasts as long as a module, because Playwright's event loop keeps
Django's database calls away from the tests that follow. Inside these tests: HTTP and ``portal.manage(…)`` only.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from playwright.sync_api import Browser, sync_playwright

from accounts.demonstration import PASSWORD
from tests import databases
from tests.e2e.browser import PHONE, SCREEN, Open, Visitor, open_browser
from tests.e2e.stack import Stack, running

LOG_LINES = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("e2e"))  # one portal, in one of the suite's processes


@pytest.fixture(autouse=True)
def _django_db_helper() -> None:
    """No transaction is opened around these tests: the portal's own processes read and write."""


@contextlib.contextmanager
def _portal(clones: databases.Clones, blocker: Any, folder: Path) -> Iterator[Stack]:
    with blocker.unblock():
        name = clones.create(databases.ensure_demonstration())
        _strengthen_passwords(name)
    try:
        with running(databases.url(name), folder) as stack:
            yield stack
    finally:
        clones.drop(name)


def _strengthen_passwords(name: str) -> None:
    """The demonstration of the tests was hashed quickly; the portal accepts its own hashes only."""
    hashed = Argon2PasswordHasher().encode(PASSWORD, "only the tests know it")
    with psycopg.connect(databases.url(name)) as database:
        database.execute("UPDATE accounts_user SET password = %s WHERE password LIKE 'md5$%%'", [hashed])


@pytest.fixture(scope="session")
def portal(
    clones: databases.Clones, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The portal with the demonstration, shared by the journeys: each files requests of its own."""
    with _portal(clones, django_db_blocker, tmp_path_factory.mktemp("portal")) as stack:
        yield stack


@pytest.fixture
def own_portal(
    clones: databases.Clones, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A portal that the test may break. Ask for it before the browser."""
    with _portal(clones, django_db_blocker, tmp_path_factory.mktemp("own-portal")) as stack:
        yield stack


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """The open session of each account on ``portal``: one signs in once."""
    return {}


@pytest.fixture(scope="module")
def browser(portal: Stack) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = open_browser(playwright)
        yield opened
        opened.close()


@pytest.fixture
def visitor(
    portal: Stack, browser: Browser, sessions: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Open]:
    """``visitor(width)``: somebody who has not signed in; ``visitor(width, "maire")``: an account."""
    opened: list[Visitor] = []

    def come(width: int, name: str = "", *, scripts: bool = True) -> Visitor:
        opened.append(Visitor(portal, browser, width, scripts=scripts, sessions=sessions))
        return opened[-1].sign_in(name) if name else opened[-1]

    yield come
    failed = getattr(request.node, "failed", False)
    for number, one in enumerate(opened):
        with contextlib.suppress(Exception):  # a picture helps, and must not hide why the test failed
            if failed:
                one.page.screenshot(path=portal.folder / f"{request.node.name}-{number}.png", full_page=True)
        one.close()


@pytest.fixture
def phone(visitor: Open) -> Open:
    """``phone("maire")``."""
    return lambda name="", **options: visitor(PHONE, name, **options)


@pytest.fixture
def screen(visitor: Open) -> Open:
    """``screen("instructeur")``."""
    return lambda name="", **options: visitor(SCREEN, name, **options)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.failed:
        item.failed = True  # type: ignore[attr-defined]
        for name in ("portal", "own_portal"):
            stack = getattr(item, "funcargs", {}).get(name)
            if isinstance(stack, Stack):
                for log in sorted(stack.logs.glob("*.log")):
                    lines = stack.log(log.stem).splitlines()[-LOG_LINES:]
                    report.sections.append((f"{name}: {log.stem}", "\n".join(lines)))
                report.sections.append((f"{name}: pictures", str(stack.folder)))
    return report
