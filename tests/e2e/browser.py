"""A person at a browser, a telephone or an office screen: what went wrong there, and the rules of every page."""

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Response, expect

from accounts.demonstration import ACCOUNTS, DOMAIN, PASSWORD
from tests.e2e.stack import DEMONSTRATION_CODE, SOON, Stack, eventually

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, SCREEN = 375, 1280
HEIGHTS = {PHONE: 812, SCREEN: 900}
#: A page may be asked with a status that the browser reports as an error: refusals are pages too.
_REFUSED = re.compile(r"the server responded with a status of (4\d\d)")
_AXE = Axe()
ACCOUNT_NAMES = frozenset(account.name for account in ACCOUNTS)


def open_browser(playwright: Playwright) -> Browser:
    """Chromium. Its absence is a failure: ``make test`` installs it, or says how."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.fail("these tests need Chromium: « apt-get install chromium »", pytrace=False)
    return playwright.chromium.launch(executable_path=program, args=FLAGS)


class _Inline(HTMLParser):
    """Finds what the policy of contents forbids in the markup that the server wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"<{tag}>")
        self.found += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]


class Visitor:
    """One person, one browser of his own. ``page`` is Playwright's; addresses are relative to the portal."""

    def __init__(
        self, portal: Stack, browser: Browser, width: int, *, scripts: bool = True, sessions: dict[str, Any]
    ) -> None:
        self.portal, self.browser, self.width, self.scripts = portal, browser, width, scripts
        self._sessions = sessions
        self.problems: list[str] = []
        self.document: Response | None = None
        self._open(None)

    def _open(self, state: Any) -> None:
        self.context = self.browser.new_context(
            base_url=self.portal.url,
            viewport={"width": self.width, "height": HEIGHTS[self.width]},
            has_touch=self.width == PHONE,
            java_script_enabled=self.scripts,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            storage_state=state,
        )
        self.context.set_default_timeout(SOON * 1000)
        self.page = self.context.new_page()
        self.watch(self.page)

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def close(self) -> None:
        self.context.close()

    def _said(self, message: ConsoleMessage) -> None:
        refused = _REFUSED.search(message.text)
        if message.type == "error" and not (refused and self.is_page(message.location.get("url", ""))):
            self.problems.append(f"{self.page.url}: {message.text} ({message.location.get('url', '')})")

    def is_page(self, url: str) -> bool:
        return url.startswith(self.portal.url) and "/static/" not in url

    def _answered(self, response: Response) -> None:
        request = response.request
        if (
            request.resource_type == "document"
            and request.frame == self.page.main_frame
            and response.status // 100 != 3
        ):
            self.document = response
        if response.status >= 500 or (response.status == 404 and not request.is_navigation_request()):
            self.problems.append(f"{response.status} {response.url}")

    # --- going about ----------------------------------------------------------------------------------------------
    def go(self, address: str) -> Response:
        response = self.page.goto(address)
        assert response is not None
        return response

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def link(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("link", name=name)

    def field(self, label: str) -> Locator:
        """What bears a label that begins with these words: hints and « facultatif » follow them."""
        return self.page.get_by_label(starting(label))

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def tick(self, label: str) -> None:
        """A box or a radio of the design system: the box itself is invisible, one touches its label."""
        box = self.field(label).first
        box.check(force=True)
        expect(box).to_be_checked()

    def press(self, name: str | re.Pattern[str]) -> None:
        """Presses a button that leads to a page, and waits for it."""
        with self.page.expect_navigation():
            self.button(name).first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        with self.page.expect_navigation():
            self.link(name).first.click()

    def text(self) -> str:
        """All that the page's main part says, folded parts included, with plain spaces."""
        return plain(self.page.locator("main").text_content() or "")

    def reads(self, *words: str) -> None:
        said = self.text()
        for each in words:
            assert plain(each) in said, f"« {each} » is not on {self.page.url}:\n{said}"

    def does_not_read(self, *words: str) -> None:
        said = plain(self.page.content())
        for each in words:
            assert plain(each) not in said, f"« {each} » is on {self.page.url}"

    def sees_within_seconds(self, *words: str) -> None:
        """The page, asked again, says it once the worker has done its part."""

        def says() -> bool:
            said = self.text()
            if all(plain(each) in said for each in words):
                return True
            self.page.wait_for_timeout(300)
            self.page.reload()
            return False

        eventually(says, f"« {' », « '.join(words)} » on {self.page.url}")

    # --- signing in -----------------------------------------------------------------------------------------------
    def sign_in(self, name: str) -> "Visitor":
        """As somebody of the demonstration, once; then with the same session in every journey."""
        if name not in self._sessions:
            if name in ACCOUNT_NAMES:
                self.sign_in_by_password(name)
            else:  # the other persons of its stories have no password
                self.go("/connexion/")
                self.sign_in_by_code(f"{name}@{DOMAIN}")
            self._sessions[name] = self.context.storage_state()
        else:
            self.context.close()
            self._open(self._sessions[name])
        return self

    def sign_in_by_password(self, name: str) -> None:
        self.go("/connexion/mot-de-passe/")
        self.fill("Adresse électronique", f"{name}@{DOMAIN}")
        self.fill("Mot de passe", PASSWORD)
        self.press("Me connecter")
        if self.page.url.endswith("/connexion/second-facteur/"):
            self.fill("Code à six chiffres", DEMONSTRATION_CODE)
            self.press("Me connecter")
        expect(self.page).not_to_have_url(re.compile("/connexion/"))

    def sign_in_by_code(self, address: str) -> None:
        """With the page that asks an address before one's eyes; leads on to where one came from."""
        known = self._codes(address)
        self.fill("Adresse électronique", address)
        self.press("Recevoir un code")
        eventually(lambda: self._codes(address) > known, f"a code for {address}")
        self.fill("Code à six chiffres", self.read_code(address))
        self.press("Continuer")

    def _codes(self, address: str) -> int:
        return sum("code" in str(message["Subject"]).lower() for message in self.portal.mails(address))

    def read_code(self, address: str) -> str:
        """The six digits that the mailbox of development shows for an address, the latest first."""
        mailbox = self.context.new_page()
        mailbox.goto(f"/_courriels/?a={address}")
        mailbox.get_by_role("table").get_by_role("link", name=re.compile("code", re.IGNORECASE)).first.click()
        found = re.search(r"\b\d{3}\s?\d{3}\b", mailbox.get_by_role("main").inner_text())
        assert found, mailbox.get_by_role("main").inner_text()
        mailbox.close()
        return found.group()

    # --- the rules of every page ----------------------------------------------------------------------------------
    def check(self, *, widths: tuple[int, ...] = ()) -> None:
        """The page keeps the rules, at each width (by default the visitor's own)."""
        for width in widths or (self.width,):
            if self.page.viewport_size != {"width": width, "height": HEIGHTS[width]}:
                self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            check_page(self)
        if widths:
            self.page.set_viewport_size({"width": self.width, "height": HEIGHTS[self.width]})


def check_page(visitor: Visitor) -> None:
    """No violation for axe, no error in the console, nothing inline, exactly one h1, nothing to scroll sideways."""
    page, where = visitor.page, f"{visitor.page.url} at {visitor.page.viewport_size['width']} px"  # type: ignore[index]
    assert page.locator("h1").count() == 1, f"{where}: {page.locator('h1').all_text_contents()}"
    assert page.title().strip(), f"{where}: no title"
    assert page.title().count("Guichet unique") == 1, f"{where}: {page.title()}"
    assert visitor.document is not None
    markup = _Inline()
    markup.feed(visitor.document.text())
    assert not markup.found, f"{where}: {markup.found}"
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{where}: scrolls sideways by {wide} px ({_widest(page)})"
    found = _AXE.run(page)
    assert found.violations_count == 0, f"{where}:\n{found.generate_report()}"
    assert not visitor.problems, f"{where}: {visitor.problems}"


def _widest(page: Page) -> Any:
    """The elements that stick out, to find them."""
    return page.evaluate(
        """() => [...document.body.querySelectorAll('*')]
            .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))"""
    )


def plain(text: str) -> str:
    """Typographic spaces and apostrophes as one types them, runs of spaces as one."""
    return re.sub(r"\s+", " ", text.replace("’", "'")).strip()


def starting(text: str) -> re.Pattern[str]:
    """What begins with these words, whatever the spaces between them."""
    return re.compile(r"^\s*" + r"\s+".join(map(re.escape, text.split())))


Open = Callable[..., Visitor]
