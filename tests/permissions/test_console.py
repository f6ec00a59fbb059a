"""Every page of the matrix in Chromium, under the headers it is served with, for two of its readers: nothing that the
policy of contents forbids, nothing in the console. Django's own client answers the browser."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Browser, Route, sync_playwright

from tests.e2e.browser import open_browser
from tests.permissions.cast import TODAY, Cast
from tests.permissions.conftest import Ask
from tests.permissions.test_pages import PAGES, shown_to

pytestmark = pytest.mark.django_db

ORIGIN = "http://localhost"  # which a browser trusts as it trusts HTTPS
KINDS = {"error", "warning"}

Answer = Callable[[str, str, str], Any]


@pytest.fixture(autouse=True)
def _day() -> Iterator[None]:
    """A browser waits for time to pass."""
    with time_machine.travel(f"{TODAY}+01:00", tick=True):
        yield


@pytest.fixture
def asked(ask: Ask) -> Iterator[Answer]:
    """``ask`` from a thread of its own: Playwright's loop keeps Django's database calls away from this one."""
    with ThreadPoolExecutor(1) as thread:
        yield lambda *given: thread.submit(ask, *given).result()
        thread.submit(lambda: connection.close()).result()  # that thread’s own


@pytest.fixture
def browser(asked: Answer) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield open_browser(playwright)


class Console:
    """One browser in front of the portal; ``said`` is all that its console told."""

    def __init__(self, browser: Browser, ask: Answer) -> None:
        self.ask, self.who = ask, ""
        self.said: list[str] = []
        self.page_at: dict[str, Any] = {}
        self.context = browser.new_context(base_url=ORIGIN, locale="fr-FR", service_workers="block")
        self.context.route("**/*", self.answer)
        self.page = self.context.new_page()
        self.page.on("console", lambda one: self.said.append(one.text) if one.type in KINDS else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def answer(self, route: Route) -> None:
        address = route.request.url.removeprefix(ORIGIN)
        if address.startswith("/static/"):
            found = finders.find(address.removeprefix("/static/").partition("?")[0])
            route.fulfill(path=Path(str(found))) if found else route.fulfill(status=404)
            return
        given = self.page_at.pop(address, None) or self.ask(self.who, route.request.method, address)
        body = b"".join(given.streaming_content) if given.streaming else given.content
        route.fulfill(status=given.status_code, headers=dict(given.items()), body=body)

    def look(self, who: str, address: str) -> list[str] | None:
        """What the console said of that page; None of what is no page."""
        self.who = who
        self.said.clear()
        self.page_at = {address: self.ask(who, "GET", address)}
        if not self.page_at[address]["Content-Type"].startswith("text/html"):
            return None
        self.page.goto(address, wait_until="load")
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        return list(self.said)


def test_no_page_breaks_its_policy_nor_speaks_in_the_console(cast: Cast, asked: Answer, browser: Browser) -> None:
    console, wrong, seen = Console(browser, asked), [], 0
    for row in PAGES:
        address = reverse(row.route, kwargs=row.arguments(cast))
        for who in [*shown_to(row)][:2]:
            told = console.look(who, address)
            seen += told is not None
            wrong += [f"{who} {address}: {said}" for said in told or []]
    assert seen > 100, seen
    assert not wrong, f"{len(wrong)} on {seen} pages\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "markup",
    ["<script>1</script>", "<p style='color: red'>", "<img src='https://example.org/a.png'>", "<p onclick='1' id=b>"],
)
def test_what_the_policy_forbids_is_told(markup: str, asked: Answer, browser: Browser) -> None:
    def spoilt(who: str, method: str, address: str) -> Any:
        given = asked(who, method, address)
        given.content = given.content.replace(b"</main>", markup.encode() + b"</main>")
        return given

    told = Console(browser, spoilt).look("anon", "/accessibilite/")
    assert told and any("Content Security Policy" in said for said in told), told
